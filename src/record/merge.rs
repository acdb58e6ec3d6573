//! Records of the parts of a data set become the record of the whole: what one machine would have
//! written that evaluated all images itself.
//!
//! All parts are given at once, in any order. Some of them alone make no record, since a record with
//! a hole in it would be taken for one of another data set. What hangs on a machine is no part of
//! it; processor, host and the paths of files are those of the first part, the time that the passes
//! took is the sum of all.

use std::collections::HashMap;

use super::part_identity::{differences, differences_of_verdict, processor};
use super::{EvaluationEvidence, Evidence, NAMED, Predictions, Run, RunRecord, ShardIdentity};
use crate::error::{Error, Result};
use crate::plan::{Passes, Shard};

/// A run of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The run.
    pub run: Run,
    /// What a reader should know about how it came to be, a sentence each.
    pub remarks: Vec<String>,
}

/// Joins the runs of all parts of a data set, each with the name of its file. Fails, with the names
/// of the parts and with both values, where one is missing, there twice, unfinished, or of another
/// model, data set, preprocessing, runtime or setting than the first.
pub fn merge(runs: Vec<(String, Run)>) -> Result<Merged> {
    let mut parts = runs.into_iter().map(|(name, run)| Part::of(name, run)).collect::<Result<Vec<_>>>()?;
    parts.sort_by_key(|part| part.shard);
    let Some((first, others)) = parts.split_first() else {
        return Err(Error::usage("there is nothing to merge").help("give the records of all shards"));
    };
    others.iter().try_for_each(|other| belong_together(first, other))?;
    complete(&parts)?;
    let remarks =
        |of: fn(&Part, &Part) -> Option<String>| others.iter().filter_map(move |other| of(first, other));
    let remarks = remarks(other_processor).chain(remarks(judged_otherwise)).collect();
    let predictions = Some(joined(&parts)?);
    Ok(Merged { run: Run { record: record(&parts, first), predictions }, remarks })
}

/// One part: a finished evaluation of a shard.
struct Part {
    name: String,
    shard: Shard,
    identity: ShardIdentity,
    record: RunRecord,
    evaluation: EvaluationEvidence,
    predictions: Predictions,
}

impl Part {
    fn of(name: String, run: Run) -> Result<Self> {
        let Run { record, predictions } = run;
        let refused = |what: String| Err(Error::usage(what).at(name.clone()));
        let Some(identity) = record.dataset.as_ref().and_then(|data| data.shard.clone()) else {
            return refused("this is no record of a shard".into())
                .map_err(|error| error.help("`bench run MODEL --data PATH --shard 1/4 -o FILE` makes one"));
        };
        let shard = identity.shard;
        let evaluation = record.evidence.evaluation.clone().filter(|_| record.outcome.is_completed());
        let (Some(evaluation), Some(predictions)) = (evaluation, predictions) else {
            return refused(format!("shard {shard} was not evaluated to its end"))
                .map_err(|error| error.help("evaluate it again"));
        };
        let (images, expected) =
            (evaluation.images + evaluation.skipped_count, shard.range(identity.whole.images));
        if images != expected.len() || predictions.len() != evaluation.images {
            let expected = expected.len();
            return refused(format!("shard {shard} has {images} images and should have {expected}"))
                .map_err(|error| error.help("the record is damaged or was edited; evaluate it again"));
        }
        Ok(Self { name, shard, identity, record, evaluation, predictions })
    }

    /// `shard 2/4 (part2.json)`.
    fn told(&self) -> String {
        format!("shard {} ({})", self.shard, self.name)
    }
}

fn belong_together(first: &Part, other: &Part) -> Result<()> {
    let mut found = differences(&first.record, &other.record);
    let columns = |part: &Part| {
        let names: Vec<&str> = part.predictions.slices().iter().map(|column| column.name()).collect();
        names.join(", ")
    };
    if columns(first) != columns(other) {
        found.push(format!("slices ({} and {})", columns(first), columns(other)));
    }
    if first.shard.count() != other.shard.count() {
        let (one, two) = (first.shard.count(), other.shard.count());
        found.insert(0, format!("number of shards ({one} and {two})"));
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("{} and {} are not parts of one run", first.told(), other.told()))
        .because(format!("they differ in {}", found.join(", ")))
        .help("evaluate all shards with the same model, data, runtime and settings"))
}

/// No part is missing and none is there twice. All are of the same count by now.
fn complete(parts: &[Part]) -> Result<()> {
    if let Some(pair) = parts.windows(2).find(|pair| pair[0].shard == pair[1].shard) {
        let (shard, one, two) = (pair[0].shard, &pair[0].name, &pair[1].name);
        return Err(
            Error::usage(format!("shard {shard} is there twice: {one} and {two}")).help("give it once")
        );
    }
    let Some(count) = parts.first().map(|part| part.shard.count()) else { return Ok(()) };
    let there = |index: &u32| parts.binary_search_by_key(index, |part| part.shard.index()).is_ok();
    let missing: Vec<String> =
        (1..=count).filter(|index| !there(index)).map(|k| format!("{k}/{count}")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let shown = missing.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    let more = missing.len().saturating_sub(10);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(Error::usage(format!("of {count} shards these are missing: {shown}{more}"))
        .help("give the records of all shards at once"))
}

fn other_processor(first: &Part, other: &Part) -> Option<String> {
    let (one, two) = (processor(&first.record.environment), processor(&other.record.environment));
    (one != two).then(|| {
        format!(
            "shard {} ran on {two}, shard {} on {one}: int8 results can differ between processors",
            other.shard, first.shard
        )
    })
}

fn judged_otherwise(first: &Part, other: &Part) -> Option<String> {
    let found = differences_of_verdict(&first.record, &other.record);
    (!found.is_empty()).then(|| {
        let (one, two) = (first.shard, other.shard);
        format!(
            "shards {one} and {two} were to be judged otherwise, by {}: those of {one} are kept",
            found.join(", ")
        )
    })
}

/// The rows of all parts, one part after the other.
fn joined(parts: &[Part]) -> Result<Predictions> {
    let mut whole = parts.first().map(|part| part.predictions.emptied()).unwrap_or_default();
    let mut seen: HashMap<&str, Shard> = HashMap::new();
    for part in parts {
        for (index, row) in part.predictions.iter().enumerate() {
            if let Some(shard) = seen.insert(row.id, part.shard) {
                return Err(Error::usage(format!(
                    "image {} is in shard {shard} and in shard {}",
                    row.id, part.shard
                ))
                .at(part.name.clone())
                .help("evaluate both shards again on the same data"));
            }
            whole.push_sliced(
                row.id.to_owned(),
                row.label,
                row.scores,
                &part.predictions.slice_values(index),
            );
        }
    }
    Ok(whole)
}

fn record(parts: &[Part], first: &Part) -> RunRecord {
    let records = || parts.iter().map(|part| &part.record);
    let mut record = first.record.clone();
    // RFC 3339 in UTC sorts as text.
    record.started_at = records().map(|record| record.started_at.clone()).min().unwrap_or_default();
    record.finished_at = records().map(|record| record.finished_at.clone()).max().unwrap_or_default();
    record.job.protocol.passes = Passes::Accuracy;
    if let Some(data) = &mut record.job.dataset {
        data.shard = None;
    }
    if let Some(data) = &mut record.dataset {
        data.shard = None;
        (data.images, data.sha256) = (first.identity.whole.images, first.identity.whole.sha256.clone());
    }
    // Each part held all of the test against the images for calibration.
    let calibration = records().find_map(|record| record.evidence.calibration.clone());
    record.evidence =
        Evidence { evaluation: Some(evaluation(parts, first)), calibration, ..Evidence::default() };
    record
}

fn evaluation(parts: &[Part], first: &Part) -> EvaluationEvidence {
    let all = || parts.iter().map(|part| &part.evaluation);
    EvaluationEvidence {
        // Given when the record is saved.
        predictions: String::new(),
        predictions_sha256: String::new(),
        images: all().map(|part| part.images).sum(),
        elapsed_ns: all().map(|part| part.elapsed_ns).sum(),
        not_finite: all().map(|part| part.not_finite).sum(),
        skipped: all().flat_map(|part| part.skipped.iter().cloned()).take(NAMED).collect(),
        skipped_count: all().map(|part| part.skipped_count).sum(),
        from_cache: all().map(|part| part.from_cache).sum(),
        ..first.evaluation.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::record::{self, Outcome, SkippedImage, Stage, WholeIdentity};

    /// A run of the whole over `images` images of two classes, every seventh of them bad.
    fn whole(images: usize) -> Run {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/records/two-classes/01-ort-fp32.json");
        let mut run = record::load(golden.as_ref()).unwrap();
        let record = &mut run.record;
        record.job.protocol.passes = Passes::Accuracy;
        let data = record.dataset.as_mut().unwrap();
        data.images = images;
        let evaluation = record.evidence.evaluation.take().unwrap();
        record.evidence = Evidence { evaluation: Some(evaluation), ..Evidence::default() };
        evaluated(&mut run, 0..images);
        run
    }

    /// Gives the run the rows of these images.
    fn evaluated(run: &mut Run, range: std::ops::Range<usize>) {
        let mut rows = Predictions::new(2).with_slices(&["source".into()]);
        let evaluation = run.record.evidence.evaluation.as_mut().unwrap();
        (evaluation.skipped, evaluation.skipped_count) = (Vec::new(), 0);
        for index in range.clone() {
            let id = format!("{index}.png");
            if index % 7 == 3 {
                evaluation.skipped.push(SkippedImage { id, why: "the file is empty".into() });
                evaluation.skipped.truncate(NAMED);
                evaluation.skipped_count += 1;
            } else {
                let values = [["web", "phone", ""][index % 3]];
                rows.push_sliced(id, index as u32 % 2, &[index as f32, 0.5], &values);
            }
        }
        evaluation.images = rows.len();
        evaluation.not_finite = rows.len();
        evaluation.elapsed_ns = 1_000 * range.len() as u64;
        run.predictions = Some(rows);
    }

    fn shards(whole: &Run, count: u32) -> Vec<(String, Run)> {
        (1..=count)
            .map(|index| (format!("part{index}.json"), shard(whole, Shard::new(index, count).unwrap())))
            .collect()
    }

    fn shard(whole: &Run, shard: Shard) -> Run {
        let mut run = whole.clone();
        let data = run.record.dataset.as_mut().unwrap();
        let all = WholeIdentity { images: data.images, sha256: data.sha256.clone() };
        let range = shard.range(data.images);
        (data.images, data.sha256) = (range.len(), format!("{shard}"));
        data.shard = Some(ShardIdentity { shard, whole: all });
        run.record.job.dataset.as_mut().unwrap().shard = Some(shard);
        evaluated(&mut run, range);
        run
    }

    /// The files that a run is saved as.
    fn bytes(run: &Run) -> (Vec<u8>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = record::save(run, folder.path(), "run").unwrap();
        let beside = folder.path().join(record::predictions_name("run"));
        (std::fs::read(path).unwrap(), std::fs::read(beside).unwrap())
    }

    fn refused(parts: Vec<(String, Run)>) -> Error {
        merge(parts).unwrap_err()
    }

    proptest! {
        #[test]
        fn the_shards_in_any_order_make_the_record_of_the_whole(
            images in 1usize..60,
            count in 1u32..=20,
            swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..20),
        ) {
            let whole = whole(images);
            let mut parts = shards(&whole, count);
            for (one, two) in swaps {
                let (one, two) = (one.index(parts.len()), two.index(parts.len()));
                parts.swap(one, two);
            }
            let merged = merge(parts).unwrap();
            prop_assert_eq!(merged.run, unnamed(whole));
            prop_assert!(merged.remarks.is_empty());
        }
    }

    /// As before it is saved.
    fn unnamed(mut run: Run) -> Run {
        let evaluation = run.record.evidence.evaluation.as_mut().unwrap();
        (evaluation.predictions, evaluation.predictions_sha256) = (String::new(), String::new());
        run
    }

    #[test]
    fn the_files_are_those_of_the_whole_to_the_byte_in_any_order() {
        for (images, count) in [(1, 1), (3, 20), (40, 7), (2_500, 3)] {
            let whole = whole(images);
            let mut parts = shards(&whole, count);
            let forth = merge(parts.clone()).unwrap();
            parts.reverse();
            let back = merge(parts).unwrap();
            assert!(bytes(&forth.run) == bytes(&whole), "{images} images in {count} shards");
            assert!(bytes(&back.run) == bytes(&whole), "{images} images in {count} shards, backwards");
        }
    }

    #[test]
    fn a_shard_that_is_missing_or_there_twice_is_named() {
        let whole = whole(40);
        let mut parts = shards(&whole, 4);
        let twice = parts[1].clone();
        parts.remove(2);
        assert!(refused(parts.clone()).what.contains("of 4 shards these are missing: 3/4"));
        parts.push((String::from("copy.json"), twice.1));
        let error = refused(parts);
        assert_eq!(error.what, "shard 2/4 is there twice: part2.json and copy.json");
        assert!(refused(Vec::new()).what.contains("nothing"));
        // Part of the parts makes no record, so there is no order of merging to choose.
        assert!(refused(shards(&whole, 30)[..2].to_vec()).what.contains("and 18 more"));
    }

    #[test]
    fn what_does_not_belong_together_is_named_with_both_values() {
        type Change = fn(&mut Run);
        let cases: [(Change, &str); 8] = [
            (|run| run.record.model.sha256 = "0f".into(), "model.sha256 ("),
            (
                |run| run.record.dataset.as_mut().unwrap().shard.as_mut().unwrap().whole.sha256 = "0f".into(),
                "data.whole.sha256 (ddd",
            ),
            (|run| run.record.job.preprocess.mean = vec![0.5], "job.preprocess.mean"),
            (
                |run| run.record.runtime.as_mut().unwrap().version = "1.23.0".into(),
                "runtime.version (1.24.1 and 1.23.0)",
            ),
            (|run| run.record.job.session.threads = 2, "job.session.threads (1 and 2)"),
            (|run| run.record.job.dataset.as_mut().unwrap().seed = 8, "job.dataset.seed (7 and 8)"),
            (
                |run| run.record.job.dataset.as_mut().unwrap().limit = Some(5),
                "job.dataset.limit (none and 5)",
            ),
            (|run| run.record.evidence.evaluation.as_mut().unwrap().batch = 1, "batch (32 and 1)"),
        ];
        for (change, expected) in cases {
            let mut parts = shards(&whole(40), 3);
            change(&mut parts[2].1);
            let error = refused(parts);
            assert_eq!(
                error.what,
                "shard 1/3 (part1.json) and shard 3/3 (part3.json) are not parts of one run"
            );
            assert!(error.cause.as_ref().unwrap().contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn what_decides_no_prediction_does_not_part_shards_and_the_first_says_how_to_judge() {
        let mut parts = shards(&whole(40), 2);
        let margin = |margin: &str| Some(margin.to_owned());
        parts[0].1.record.job.verdict.margin = margin("0.5");
        let other = &mut parts[1].1.record.job;
        other.verdict.margin = margin("1");
        let data = other.dataset.as_mut().unwrap();
        (data.cache_bytes, data.model_names_classes) = (0, true);
        (other.protocol.latency_seconds, other.protocol.warm_up_seconds) = (9.0, 0.1);
        let merged = merge(parts).unwrap();
        assert_eq!(merged.run.record.job.verdict.margin, margin("0.5"));
        assert!(merged.remarks[0].contains("by margin (0.5 and 1): those of 1/2"), "{:?}", merged.remarks);
    }

    #[test]
    fn where_files_lie_and_what_machine_it_was_does_not_part_shards() {
        let mut parts = shards(&whole(40), 2);
        let other = &mut parts[1].1.record;
        other.job.model.path = "/mnt/net.onnx".into();
        other.job.sources.insert("data.class_names".into(), "metadata of /mnt/net.onnx".into());
        other.job.sources.insert("measure.seed".into(), "flag".into());
        other.job.dataset.as_mut().unwrap().path = "/mnt/images".into();
        (other.environment.host, other.environment.cpu) = ("beta".into(), "Xeon".into());
        let merged = merge(parts).unwrap();
        assert_eq!(merged.run.record.environment.host, "somewhere");
        assert_eq!(merged.remarks.len(), 1);
        assert!(merged.remarks[0].contains("shard 2/2 ran on Xeon"), "{}", merged.remarks[0]);
    }

    #[test]
    fn shards_of_other_counts_are_no_parts_of_one_run() {
        let whole = whole(40);
        let mixed = vec![shards(&whole, 2).remove(0), shards(&whole, 3).remove(1)];
        assert!(refused(mixed).cause.unwrap().contains("number of shards (2 and 3)"));
    }

    #[test]
    fn an_unfinished_shard_and_a_whole_run_are_refused() {
        let whole = whole(40);
        let mut parts = shards(&whole, 2);
        parts[1].1.record.outcome = Outcome::Interrupted { stage: Stage::Evaluate };
        let error = refused(parts);
        assert!(error.what.contains("shard 2/2 was not evaluated to its end"), "{error}");
        let error = refused(vec![("all.json".into(), whole)]);
        assert!(error.help.unwrap().contains("--shard"));
    }

    #[test]
    fn rows_that_are_too_few_or_there_twice_are_refused() {
        let whole = whole(40);
        let mut parts = shards(&whole, 2);
        evaluated(&mut parts[1].1, 20..30);
        assert!(refused(parts.clone()).what.contains("10 images and should have 20"));
        evaluated(&mut parts[1].1, 0..20);
        assert!(refused(parts).what.contains("image 0.png is in shard 1/2 and in shard 2/2"));
    }
}
