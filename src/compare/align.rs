//! Two runs side by side: which images both evaluated, and how far their timings compare.

use std::collections::HashMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Warning, WarningCode, difference, warning};
use crate::metric::{ScoredPair, ScoredRun, Timing};
use crate::record::{Predictions, RunRecord};

/// Sets `candidate` against `baseline` and warns of all that keeps them from being compared.
pub fn align<'a>(
    baseline: &'a ScoredRun<'a>,
    candidate: &'a ScoredRun<'a>,
) -> (ScoredPair<'a>, Vec<Warning>) {
    let mut warnings = Vec::new();
    let images = shared_images(baseline, candidate, &mut warnings);
    warnings.extend(other_runtime(&baseline.run.record, &candidate.run.record));
    let timing = timing(&baseline.run.record, &candidate.run.record, &mut warnings);
    (ScoredPair { baseline, candidate, images, timing }, warnings)
}

/// Rows of the images that both evaluated, in the baseline's order; none where either was not
/// evaluated or the evaluations do not compare.
fn shared_images(
    baseline: &ScoredRun<'_>,
    candidate: &ScoredRun<'_>,
    warnings: &mut Vec<Warning>,
) -> Option<Vec<(usize, usize)>> {
    let (a, b) = (baseline.run.predictions.as_ref()?, candidate.run.predictions.as_ref()?);
    let names = names(&baseline.run.record, &candidate.run.record);
    let mut refuse = |code, reason: String| {
        warnings.push(Warning { code, message: format!("{names} {reason}") });
        None
    };
    if let Some(difference) = difference::of_data(baseline, candidate) {
        let reason =
            format!("were evaluated on different data, {difference}: their accuracies cannot be paired");
        return refuse(WarningCode::DifferentData, reason);
    }
    let settings = difference::of_preprocessing(
        &baseline.run.record.job.preprocess,
        &candidate.run.record.job.preprocess,
    );
    if !settings.is_empty() {
        let settings = settings.join(", ");
        let reason = format!("differ in preprocessing, {settings}: their accuracies are not compared");
        return refuse(WarningCode::DifferentPreprocessing, reason);
    }
    let rows = match rows_by_id(a, b) {
        Ok(rows) => rows,
        Err(reason) => {
            let reason = format!("{reason}: their accuracies are not compared");
            return refuse(WarningCode::DifferentData, reason);
        }
    };
    warnings.extend(partial(&names, &rows, a, b));
    warnings.extend(other_decoder(&names, &baseline.run.record, &candidate.run.record));
    Some(rows)
}

/// What a reader must know before trusting the figures of `candidate` beside those of a record of which no
/// predictions are left.
pub fn beside(baseline: &RunRecord, candidate: &ScoredRun<'_>) -> Vec<Warning> {
    let record = &candidate.run.record;
    let names = names(baseline, record);
    let pair = [other_decoder(&names, baseline, record), other_runtime(baseline, record)];
    warning::of_run(candidate).into_iter().chain(pair.into_iter().flatten()).collect()
}

/// Matches rows by the id of their image, whatever their order.
fn rows_by_id(a: &Predictions, b: &Predictions) -> Result<Vec<(usize, usize)>, String> {
    let theirs = index(b)?;
    index(a)?;
    let shared = a.iter().enumerate().filter_map(|(row, one)| Some((row, one, *theirs.get(one.id)?)));
    let mut rows = Vec::with_capacity(a.len().min(b.len()));
    for (row, one, other_row) in shared {
        if b.get(other_row).is_some_and(|other| other.label != one.label) {
            return Err(format!("give image {} different labels", one.id));
        }
        rows.push((row, other_row));
    }
    match rows.is_empty() && !(a.is_empty() && b.is_empty()) {
        true => Err("evaluated no image in common".into()),
        false => Ok(rows),
    }
}

fn index(predictions: &Predictions) -> Result<HashMap<&str, usize>, String> {
    let mut rows = HashMap::with_capacity(predictions.len());
    for (row, prediction) in predictions.iter().enumerate() {
        if rows.insert(prediction.id, row).is_some() {
            return Err(format!("cannot be paired, because image {} occurs twice", prediction.id));
        }
    }
    Ok(rows)
}

fn partial(names: &str, rows: &[(usize, usize)], a: &Predictions, b: &Predictions) -> Option<Warning> {
    let shared = rows.len();
    (shared < a.len() || shared < b.len()).then(|| Warning {
        code: WarningCode::ImagesSkipped,
        message: format!(
            "{names} are compared on the {shared} images that both evaluated, of {} and {}",
            a.len(),
            b.len()
        ),
    })
}

/// Named, not refused: two versions of an exact decoder give the same pixels, and a record must not be
/// worthless for every update of a library.
fn other_decoder(names: &str, a: &RunRecord, b: &RunRecord) -> Option<Warning> {
    let difference = difference::of_decoder(a, b)?;
    let message = format!(
        "{names} had their image files decoded by different decoders, {difference}: a few levels in a pixel can \
         change predictions; evaluate both again with one version of bench to rule that out"
    );
    Some(Warning { code: WarningCode::DifferentDecoder, message })
}

/// Named, not refused: a newer library may be the very thing that is compared.
fn other_runtime(a: &RunRecord, b: &RunRecord) -> Option<Warning> {
    let difference = difference::of_runtime(a, b)?;
    let message = format!(
        "{} ran in different libraries, {difference}: what sets them apart may be the library's doing; measure \
         both in one to see the models alone",
        names(a, b)
    );
    Some(Warning { code: WarningCode::DifferentRuntime, message })
}

/// How far timings compare; what keeps them apart is added to the warnings.
pub(super) fn timing(a: &RunRecord, b: &RunRecord, warnings: &mut Vec<Warning>) -> Timing {
    if !(is_timed(a) && is_timed(b)) {
        return Timing::Incomparable;
    }
    let names = names(a, b);
    let differences = difference::of_machine(a, b);
    if !differences.is_empty() {
        let message = format!(
            "{names} were measured on different machines or settings, {}: their latency, throughput and memory are not compared",
            differences.join(", ")
        );
        warnings.push(Warning { code: WarningCode::DifferentMachine, message });
        return Timing::Incomparable;
    }
    if overlap(a, b) {
        return Timing::Interleaved;
    }
    let message = format!(
        "{names} were measured at different times, so that drift of the machine is in their speed-up; measure them in one comparison to cancel it"
    );
    warnings.push(Warning { code: WarningCode::NotInterleaved, message });
    Timing::Apart
}

/// Whether there is any figure that hangs on the machine.
fn is_timed(record: &RunRecord) -> bool {
    let evidence = &record.evidence;
    !evidence.load.is_empty()
        || evidence.latency.is_some()
        || evidence.throughput.is_some()
        || evidence.memory.is_some()
}

/// Candidates of one comparison are all started before the first timed block and end after the
/// last, so their times overlap; runs made one after the other do not.
pub(super) fn overlap(a: &RunRecord, b: &RunRecord) -> bool {
    if !a.measurement.is_empty() || !b.measurement.is_empty() {
        return a.measurement == b.measurement;
    }
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let span = |record: &RunRecord| Some((instant(&record.started_at)?, instant(&record.finished_at)?));
    span(a).zip(span(b)).is_some_and(|(a, b)| a.0 < b.1 && b.0 < a.1)
}

fn names(a: &RunRecord, b: &RunRecord) -> String {
    format!("{} and {}", b.job.label(), a.job.label())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::fixtures::{latency, predictions, run};
    use crate::record::{Run, RuntimeIdentity};

    fn evaluated(variant: &str, rows: &[(&str, u32)]) -> Run {
        let mut run = run(variant);
        let rows: Vec<_> = rows.iter().map(|&(id, label)| (id, label, &[1.0f32, 0.0, 0.0][..])).collect();
        run.predictions = Some(predictions(3, &rows));
        run
    }

    /// Rows of the same image, baseline's and candidate's.
    type Rows = Vec<(usize, usize)>;

    fn aligned(a: &Run, b: &Run) -> (Option<Rows>, Timing, Vec<Warning>) {
        let (a, b) = (ScoredRun::of(a).unwrap(), ScoredRun::of(b).unwrap());
        let (pair, warnings) = align(&a, &b);
        (pair.images, pair.timing, warnings)
    }

    /// What the only warning says.
    fn refused(a: &Run, b: &Run, code: WarningCode) -> String {
        let (images, _, warnings) = aligned(a, b);
        assert_eq!(images, None);
        assert_eq!(warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), [code]);
        warnings[0].message.clone()
    }

    const ROWS: [(&str, u32); 3] = [("a", 0), ("b", 1), ("c", 2)];

    #[test]
    fn images_are_matched_by_id_not_by_place() {
        let (a, b) = (evaluated("fp32", &ROWS), evaluated("int8", &[("c", 2), ("a", 0), ("b", 1)]));
        let (images, _, warnings) = aligned(&a, &b);
        assert_eq!(images.unwrap(), [(0, 1), (1, 2), (2, 0)]);
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn images_that_one_side_left_out_are_left_out_and_counted() {
        let (a, b) = (evaluated("fp32", &ROWS), evaluated("int8", &[("a", 0), ("c", 2)]));
        let (images, _, warnings) = aligned(&a, &b);
        assert_eq!(images.unwrap(), [(0, 0), (2, 1)]);
        assert_eq!(warnings[0].code, WarningCode::ImagesSkipped);
        assert!(warnings[0].message.contains("the 2 images that both evaluated, of 3 and 2"));
    }

    #[test]
    fn other_data_is_refused_by_both_names() {
        let (a, mut b) = (evaluated("fp32", &ROWS), evaluated("int8", &ROWS));
        let data = b.record.dataset.as_mut().unwrap();
        (data.name, data.sha256) = ("shoes".into(), "0f".into());
        let message = refused(&a, &b, WarningCode::DifferentData);
        assert!(message.contains("shirts (4 images, 5e7) and shoes (4 images, 0f)"), "{message}");
        assert!(message.starts_with("ort · int8 and ort · fp32 "), "{message}");
    }

    #[test]
    fn another_number_of_classes_or_other_labels_are_other_data() {
        let a = evaluated("fp32", &ROWS);
        let mut four = run("int8");
        four.predictions = Some(predictions(4, &[("a", 0, &[0.0; 4])]));
        assert!(refused(&a, &four, WarningCode::DifferentData).contains("3 and 4 classes"));

        let relabelled = evaluated("int8", &[("a", 0), ("b", 2), ("c", 2)]);
        assert!(refused(&a, &relabelled, WarningCode::DifferentData).contains("image b"));
        let strangers = evaluated("int8", &[("x", 0)]);
        assert!(refused(&a, &strangers, WarningCode::DifferentData).contains("no image in common"));
        let doubled = evaluated("int8", &[("a", 0), ("a", 0)]);
        assert!(refused(&a, &doubled, WarningCode::DifferentData).contains("occurs twice"));
    }

    #[test]
    fn other_preprocessing_is_refused_by_the_names_of_the_settings() {
        let (a, mut b) = (evaluated("fp32", &ROWS), evaluated("int8", &ROWS));
        b.record.job.preprocess.mean = vec![0.5];
        assert!(refused(&a, &b, WarningCode::DifferentPreprocessing).contains("preprocessing, mean:"));
    }

    #[test]
    fn another_decoder_is_warned_of_and_the_images_still_compared() {
        let decoded = |variant, decoder: &str| {
            let mut run = evaluated(variant, &ROWS);
            run.record.dataset.as_mut().unwrap().decoder = Some(decoder.into());
            run
        };
        let (images, _, warnings) = aligned(&decoded("fp32", "a 1.0"), &decoded("int8", "a 2.0"));
        assert_eq!((images.unwrap().len(), warnings[0].code), (3, WarningCode::DifferentDecoder));
        assert!(warnings[0].message.contains("decoders, a 1.0 and a 2.0"), "{}", warnings[0].message);
        assert_eq!(aligned(&decoded("fp32", "a 1.0"), &decoded("int8", "a 1.0")).2, []);
    }

    fn timed(variant: &str, started: &str, finished: &str) -> Run {
        let mut run = run(variant);
        run.record.evidence.latency = Some(latency(&[&[100]]));
        (run.record.started_at, run.record.finished_at) = (started.into(), finished.into());
        run
    }

    #[test]
    fn only_runs_that_were_under_way_together_are_paired_by_round() {
        let a = timed("fp32", "2030-01-01T10:00:00Z", "2030-01-01T10:02:00Z");
        let together = timed("int8", "2030-01-01T10:00:01.5Z", "2030-01-01T10:02:01Z");
        let later = timed("int8", "2030-01-01T10:02:00Z", "2030-01-01T10:04:00Z");
        let undated = timed("int8", "yesterday", "today");
        assert_eq!(aligned(&a, &together).1, Timing::Interleaved);
        for apart in [later, undated] {
            let (_, timing, warnings) = aligned(&a, &apart);
            assert_eq!((timing, warnings[0].code), (Timing::Apart, WarningCode::NotInterleaved));
        }
    }

    #[test]
    fn timings_of_two_machines_are_refused_by_what_differs() {
        let a = timed("fp32", "2030-01-01T10:00:00Z", "2030-01-01T10:02:00Z");
        let mut b = a.clone();
        b.record.environment.host = "beta".into();
        let (_, timing, warnings) = aligned(&a, &b);
        assert_eq!((timing, warnings[0].code), (Timing::Incomparable, WarningCode::DifferentMachine));
        assert!(warnings[0].message.contains("host (alpha and beta)"), "{}", warnings[0].message);
    }

    #[test]
    fn another_version_of_the_runtime_is_named_and_still_compared() {
        let ran = |variant, version| {
            let mut run = timed(variant, "2030-01-01T10:00:00Z", "2030-01-01T10:02:00Z");
            run.record.runtime = Some(RuntimeIdentity::new("ort", version, "CPU", None));
            run
        };
        let (_, timing, warnings) = aligned(&ran("fp32", "1.24.1"), &ran("int8", "1.23.0"));
        assert_eq!((timing, warnings[0].code), (Timing::Interleaved, WarningCode::DifferentRuntime));
        assert!(warnings[0].message.contains("ort 1.24.1 and 1.23.0"), "{}", warnings[0].message);
        assert_eq!(aligned(&ran("fp32", "1.24.1"), &ran("int8", "1.24.1")).2, []);
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(
            order in Just((0..20u32).collect::<Vec<_>>()).prop_shuffle(), kept in 1..20usize,
        ) {
            let ids: Vec<String> = (0..20).map(|i| i.to_string()).collect();
            let rows: Vec<_> = ids.iter().zip(0..).map(|(id, i)| (id.as_str(), i % 3)).collect();
            let shuffled: Vec<_> = order.iter().take(kept).map(|&i| rows[i as usize]).collect();
            let (a, b) = (evaluated("fp32", &rows), evaluated("int8", &shuffled));
            let images = aligned(&a, &b).0.unwrap();
            prop_assert_eq!(images.len(), kept);
            prop_assert!(images.iter().all(|&(one, two)| rows[one].0 == shuffled[two].0));
            prop_assert!(images.is_sorted());
        }
    }
}
