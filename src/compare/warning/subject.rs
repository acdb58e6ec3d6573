//! What was measured: the images, the scores, the model.

use super::warning;
use crate::compare::{Warning, WarningCode};
use crate::metric::ScoredRun;
use crate::record::RunRecord;

/// Named by the data alone, so that all runs of a comparison warn once.
pub(super) fn passed_over(record: &RunRecord) -> Option<Warning> {
    let data = record.dataset.as_ref()?;
    let passed_over = data.passed_over.as_ref()?;
    let (count, first) = (passed_over.count, &passed_over.first);
    let files = if count == 1 { "file or folder is" } else { "files or folders are" };
    let message = format!("{}: {count} {files} not read as an image (first: {first})", data.name);
    Some(Warning { code: WarningCode::FilesPassedOver, message })
}

/// Nothing but their order says that the model's classes are those of the data. Named by the data alone, too.
pub(super) fn other_names(record: &RunRecord) -> Option<Warning> {
    let data = record.dataset.as_ref().filter(|data| !data.own_classes.is_empty())?;
    let first = |names: &[String]| {
        names.iter().take(2).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let message = format!(
        "{}: the data calls its classes {} …, the model {} …, none of them the same, so that they go together by their order: `bench run … --explain` lists them, and --class-names says what they are",
        data.name,
        first(&data.own_classes),
        first(&data.classes)
    );
    Some(Warning { code: WarningCode::OtherClassNames, message })
}

pub(super) fn skipped(record: &RunRecord) -> Option<Warning> {
    let evaluation = record.evidence.evaluation.as_ref().filter(|e| e.skipped_count > 0)?;
    let (skipped, all) = (evaluation.skipped_count, evaluation.skipped_count + evaluation.images);
    let example = evaluation.skipped.first().map(|image| format!(" (first: {}, {})", image.id, image.why));
    let text = format!(
        "{skipped} of {all} images could not be decoded and were left out{}",
        example.unwrap_or_default()
    );
    Some(warning(record, WarningCode::ImagesSkipped, &text))
}

/// Figures of a part of the images that nobody asked for: those before a failure or an interruption.
pub(super) fn not_reached(record: &RunRecord) -> Option<Warning> {
    let evaluation = record.evidence.evaluation.as_ref()?;
    let all = record.dataset.as_ref()?.images;
    let not_reached = all.saturating_sub(evaluation.images + evaluation.skipped_count);
    let text = format!(
        "it ended after {} of {all} images: accuracy and classes are of those, which may be all of one kind",
        evaluation.images
    );
    (not_reached > 0).then(|| warning(record, WarningCode::ImagesNotReached, &text))
}

/// Named by the data alone, as above. One image is enough to be told: nobody knows how much better a
/// model does on images that set its ranges.
pub(super) fn calibration(record: &RunRecord) -> Option<Warning> {
    let data = record.dataset.as_ref()?;
    let overlap = record.evidence.calibration.as_ref().filter(|overlap| overlap.shared() > 0)?;
    let (shared, test) = (overlap.shared(), overlap.test_images);
    let more = match shared.saturating_sub(overlap.first.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "{}: {shared} of {test} test images are among the {} of {} for calibration ({} by id, {} by content: {}{more}), \
         so that a model calibrated with them looks more accurate than it is; calibrate with other images, or \
         test on others (--list)",
        data.name,
        overlap.images,
        overlap.name,
        overlap.by_id,
        overlap.by_content,
        overlap.first.join(", ")
    );
    Some(Warning { code: WarningCode::CalibrationOverlap, message })
}

pub(super) fn not_finite(scored: &ScoredRun<'_>) -> Option<Warning> {
    let record = &scored.run.record;
    let outputs = record.evidence.outputs.iter().flat_map(|outputs| &outputs.scores);
    let nulls = outputs.filter(|score| score.is_none()).count();
    let text = match scored.scoring.as_ref().map(|scoring| (scoring.not_finite(), scoring.count())) {
        Some((bad, all)) if bad > 0 => {
            format!("{bad} of {all} images gave scores with NaN or an infinity; they count as wrong")
        }
        _ if nulls > 0 => format!("{nulls} scores on the sample inputs are NaN or infinite"),
        _ => return None,
    };
    Some(warning(record, WarningCode::NotFinite, &text))
}

/// The remarks on the model. One about tract says nothing about a run in another runtime.
pub(super) fn quantization(record: &RunRecord) -> impl Iterator<Item = Warning> {
    let elsewhere = |remark: &str| record.job.runtime.name != "tract" && remark.contains("tract");
    let remarks = record.model.remarks.iter().filter(move |remark| !elsewhere(remark));
    let variant = &record.job.variant;
    // Named by the model alone, so that the same remark in two runtimes is one warning.
    remarks.map(move |remark| Warning {
        code: WarningCode::Quantization,
        message: format!("{variant}: {remark}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::warning::of_run;
    use crate::metric::fixtures::{outputs, predictions, run};
    use crate::record::{CalibrationOverlap, EvaluationEvidence, PassedOver, Run, SkippedImage};

    fn told(run: &Run) -> Vec<Warning> {
        of_run(&ScoredRun::of(run).unwrap())
    }

    fn evaluation(images: usize) -> EvaluationEvidence {
        EvaluationEvidence {
            predictions: "int8.parquet".into(),
            predictions_sha256: String::new(),
            session_sha256: String::new(),
            images,
            batch: 4,
            streams: 1,
            elapsed_ns: 1,
            not_finite: 0,
            skipped: Vec::new(),
            skipped_count: 0,
            from_cache: 0,
        }
    }

    #[test]
    fn images_that_were_not_reached_are_told_where_the_figures_stand() {
        let mut run = run("int8");
        run.record.dataset.as_mut().unwrap().images = 10;
        let skipped = EvaluationEvidence { skipped_count: 2, ..evaluation(8) };
        run.record.evidence.evaluation = Some(skipped);
        assert!(told(&run).iter().all(|warning| warning.code != WarningCode::ImagesNotReached));
        run.record.evidence.evaluation = Some(evaluation(3));
        let [warning] = &told(&run)[..] else { panic!("one warning") };
        assert_eq!(warning.code, WarningCode::ImagesNotReached);
        assert!(
            warning.message.starts_with("ort · int8: it ended after 3 of 10 images"),
            "{}",
            warning.message
        );
    }

    #[test]
    fn skipped_images_are_counted_and_the_first_is_named() {
        let mut run = run("int8");
        let bad = SkippedImage { id: "cat/3.jpg".into(), why: "file is empty".into() };
        let skipped = EvaluationEvidence { skipped: vec![bad], skipped_count: 2, ..evaluation(8) };
        run.record.evidence.evaluation = Some(skipped);
        assert_eq!(
            told(&run)[0].message,
            "ort · int8: 2 of 10 images could not be decoded and were left out (first: cat/3.jpg, file is empty)"
        );
    }

    #[test]
    fn files_among_the_images_are_counted_and_the_first_is_named() {
        let mut run = run("int8");
        let passed_over = Some(PassedOver { count: 3, first: "cat/3.tiff".into() });
        run.record.dataset.as_mut().unwrap().passed_over = passed_over;
        let message = &told(&run)[0].message;
        assert_eq!(message, "shirts: 3 files or folders are not read as an image (first: cat/3.tiff)");
    }

    #[test]
    fn images_that_served_for_calibration_are_counted_and_the_first_are_named() {
        let mut run = run("int8");
        let overlap = |by_id, by_content| CalibrationOverlap {
            name: "calib.txt".into(),
            images: 100,
            test_images: 8,
            by_id,
            by_content,
            first: vec!["cat/1.jpg".into(), "dog/2.jpg".into()],
        };
        run.record.evidence.calibration = Some(overlap(0, 0));
        assert_eq!(told(&run), []);
        run.record.evidence.calibration = Some(overlap(2, 1));
        let [warning] = &told(&run)[..] else { panic!("one warning") };
        assert_eq!(warning.code, WarningCode::CalibrationOverlap);
        let message = &warning.message;
        assert!(
            message.starts_with("shirts: 3 of 8 test images are among the 100 of calib.txt"),
            "{message}"
        );
        assert!(message.contains("2 by id, 1 by content: cat/1.jpg, dog/2.jpg and 1 more"), "{message}");
        assert!(message.contains("--list"), "{message}");
    }

    #[test]
    fn nan_is_told_from_predictions_or_from_sample_inputs() {
        let mut run = run("int8");
        run.record.evidence.outputs = Some(outputs(1, &[1.0, 2.0]));
        run.record.evidence.outputs.as_mut().unwrap().scores[0] = None;
        assert!(told(&run)[0].message.contains("1 scores on the sample inputs"));

        run.predictions = Some(predictions(2, &[("a", 0, &[f32::NAN, 0.0])]));
        assert!(told(&run)[0].message.contains("1 of 1 images"));
        assert_eq!(told(&run).len(), 1);
    }

    #[test]
    fn a_remark_about_tract_is_told_in_tract_only() {
        let mut run = run("int8");
        run.record.model.remarks =
            vec!["s8 activations are slow on x86".into(), "tract lacks QLinearAdd".into()];
        assert_eq!(told(&run).len(), 1);
        run.record.job.runtime.name = "tract".into();
        assert_eq!(told(&run).len(), 2);
    }
}
