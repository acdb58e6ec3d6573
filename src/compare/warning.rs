//! What a reader must know about a single run.

use super::{Warning, WarningCode};
use crate::metric::ScoredRun;
use crate::record::RunRecord;
use crate::stats;

/// Warnings of one run.
pub(super) fn of_run(scored: &ScoredRun<'_>) -> Vec<Warning> {
    let record = &scored.run.record;
    let found = [
        passed_over(record),
        skipped(record),
        not_finite(scored),
        not_settled(record),
        busy(record),
        unsteady(record),
    ];
    found.into_iter().flatten().chain(quantization(record)).collect()
}

fn warning(record: &RunRecord, code: WarningCode, text: &str) -> Warning {
    Warning { code, message: format!("{}: {text}", record.job.label()) }
}

/// Named by the data alone, so that all runs of a comparison warn once.
fn passed_over(record: &RunRecord) -> Option<Warning> {
    let data = record.dataset.as_ref()?;
    let passed_over = data.passed_over.as_ref()?;
    let (count, first) = (passed_over.count, &passed_over.first);
    let files = if count == 1 { "file or folder is" } else { "files or folders are" };
    let message = format!("{}: {count} {files} no image that can be read (first: {first})", data.name);
    Some(Warning { code: WarningCode::FilesPassedOver, message })
}

fn skipped(record: &RunRecord) -> Option<Warning> {
    let evaluation = record.evidence.evaluation.as_ref().filter(|e| e.skipped_count > 0)?;
    let (skipped, all) = (evaluation.skipped_count, evaluation.skipped_count + evaluation.images);
    let example = evaluation.skipped.first().map(|image| format!(" (first: {}, {})", image.id, image.why));
    let text = format!(
        "{skipped} of {all} images could not be decoded and were left out{}",
        example.unwrap_or_default()
    );
    Some(warning(record, WarningCode::ImagesSkipped, &text))
}

fn not_finite(scored: &ScoredRun<'_>) -> Option<Warning> {
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

fn not_settled(record: &RunRecord) -> Option<Warning> {
    let warm_up = &record.evidence.latency.as_ref()?.warm_up;
    let seconds = warm_up.elapsed_ns as f64 / 1e9;
    let text = format!(
        "warm-up ended after {} runs ({seconds:.1} s) before block medians agreed; its latencies may drift",
        warm_up.runs
    );
    (!warm_up.settled).then(|| warning(record, WarningCode::NotSettled, &text))
}

/// Other work per core above which timings are in doubt.
const BUSY: f64 = 0.5;

/// Named by the machine alone, so that all runs of a comparison warn once.
fn busy(record: &RunRecord) -> Option<Warning> {
    let here = &record.environment;
    let load = here.load_average.filter(|load| *load > BUSY * here.cores as f64)?;
    record.evidence.latency.as_ref()?;
    let message = format!(
        "the machine was busy: a load of {load:.1} on {} cores when the measurement began; timings are in doubt, \
         ratios less so",
        here.cores
    );
    Some(Warning { code: WarningCode::Busy, message })
}

/// Block medians of an undisturbed run lie closer together than this, relative to their median.
const STEADY: f64 = 0.1;

fn unsteady(record: &RunRecord) -> Option<Warning> {
    let rounds = &record.evidence.latency.as_ref()?.rounds;
    let median_of = |samples: &[u64]| stats::median(&samples.iter().map(|&ns| ns as f64).collect::<Vec<_>>());
    let medians = stats::sorted(rounds.iter().filter_map(|round| median_of(&round.samples_ns)).collect());
    let quantile = |p| stats::quantile(&medians, p);
    let (low, middle, high) = (quantile(0.1)?, quantile(0.5)?, quantile(0.9)?);
    let spread = (high - low) / middle;
    let text = format!(
        "its latency moved by {:.0} % between rounds; run again on a quiet machine, or longer with --time",
        spread * 100.0
    );
    (medians.len() >= 5 && spread > STEADY).then(|| warning(record, WarningCode::Unsteady, &text))
}

/// The remarks on the model. One about tract says nothing about a run in another runtime.
fn quantization(record: &RunRecord) -> impl Iterator<Item = Warning> {
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
    use crate::metric::sample::{latency, outputs, predictions, run};
    use crate::record::{EvaluationEvidence, PassedOver, Run, SkippedImage};

    fn told(run: &Run) -> Vec<Warning> {
        of_run(&ScoredRun::of(run).unwrap())
    }

    #[test]
    fn a_sound_run_has_no_warning() {
        let mut run = run("fp32");
        run.record.evidence.latency = Some(latency(&[&[100]]));
        run.predictions = Some(predictions(2, &[("a", 0, &[1.0, 0.0])]));
        assert_eq!(told(&run), []);
    }

    #[test]
    fn skipped_images_are_counted_and_the_first_is_named() {
        let mut run = run("int8");
        let bad = SkippedImage { id: "cat/3.jpg".into(), why: "file is empty".into() };
        run.record.evidence.evaluation = Some(EvaluationEvidence {
            predictions: "int8.parquet".into(),
            predictions_sha256: String::new(),
            images: 8,
            batch: 4,
            streams: 1,
            elapsed_ns: 1,
            not_finite: 0,
            skipped: vec![bad],
            skipped_count: 2,
        });
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
        assert_eq!(message, "shirts: 3 files or folders are no image that can be read (first: cat/3.tiff)");
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
    fn a_warm_up_that_did_not_settle_is_told_with_its_length() {
        let mut run = run("int8");
        let mut evidence = latency(&[&[100]]);
        evidence.warm_up.settled = false;
        run.record.evidence.latency = Some(evidence);
        let warnings = told(&run);
        assert_eq!(warnings[0].code, WarningCode::NotSettled);
        assert!(warnings[0].message.contains("after 10 runs (1.5 s)"), "{}", warnings[0].message);
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
