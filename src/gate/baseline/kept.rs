//! What is kept of a run, and how it is read again.

use std::path::{Path, PathBuf};

use super::{BaselineAccuracy, BaselineClass, BaselineCosts, BaselineRun, BaselineSlice};
use crate::digest::hex;
use crate::error::Result;
use crate::metric::{self, Basis, METRICS, ScoredRun, Scoring};
use crate::record::{
    self, EvaluationEvidence, Evidence, LatencyEvidence, MemoryEvidence, Predictions, Round, Run, RunRecord,
    RuntimeIdentity,
};
use crate::stats;

impl BaselineRun {
    /// What is to be kept of `run`.
    pub(super) fn of(run: &Run) -> Result<Self> {
        let scored = ScoredRun::of(run)?;
        let of_images = METRICS.iter().filter(|metric| metric.spec().basis == Basis::Images);
        let value = |metric: &&dyn metric::Metric| {
            let reading = metric.read(&scored)?;
            Some((reading.metric, reading.value?))
        };
        Ok(Self {
            record: without_samples(&run.record),
            accuracy: scored.scoring.as_ref().map(|scoring| BaselineAccuracy::of(&scored, scoring)),
            metrics: of_images.filter_map(value).collect(),
            costs: BaselineCosts::of(&run.record.evidence),
        })
    }

    /// The run with its predictions, where they were kept; none where they were not.
    pub fn with_predictions(&self, path: &Path) -> Result<Option<Run>> {
        let kept = self.record.evidence.evaluation.as_ref().filter(|it| !it.predictions.is_empty());
        if kept.is_none() {
            return Ok(None);
        }
        let predictions = record::load_predictions(&self.record, path)?;
        Ok(Some(Run { record: self.record.clone(), predictions }))
    }

    /// Writes the predictions of `run` beside the baseline at `path`.
    pub(super) fn keep_predictions(&mut self, run: &Run, path: &Path, stem: &str) -> Result<()> {
        let (Some(evaluation), Some(predictions)) = (&mut self.record.evidence.evaluation, &run.predictions)
        else {
            return Ok(());
        };
        let runtime = run.record.job.runtime.to_string().replace(':', "-");
        evaluation.predictions = record::predictions_name(&format!("{stem}.{runtime}"));
        let names = class_names(&run.record, predictions);
        let place: PathBuf = path.with_file_name(&evaluation.predictions);
        evaluation.predictions_sha256 = record::write_predictions(&place, &names, predictions)?;
        Ok(())
    }
}

fn class_names(record: &RunRecord, predictions: &Predictions) -> Vec<String> {
    let named = record.dataset.as_ref().map(|data| &data.classes);
    let named = named.filter(|names| names.len() == predictions.classes());
    named.cloned().unwrap_or_else(|| (0..predictions.classes()).map(|class| class.to_string()).collect())
}

/// The record without what would make the file large, and without the place of a library on one machine:
/// its digest says which it was.
fn without_samples(record: &RunRecord) -> RunRecord {
    let evaluation = record.evidence.evaluation.as_ref().map(|evaluation| EvaluationEvidence {
        predictions: String::new(),
        predictions_sha256: String::new(),
        ..evaluation.clone()
    });
    let runtime = record.runtime.clone().map(|runtime| RuntimeIdentity { library: None, ..runtime });
    RunRecord { runtime, evidence: Evidence { evaluation, ..Evidence::default() }, ..record.clone() }
}

impl BaselineAccuracy {
    fn of(scored: &ScoredRun<'_>, scoring: &Scoring) -> Self {
        let confusion = scoring.confusion();
        let data = scored.run.record.dataset.as_ref();
        let name = |class: usize| {
            let known = data.and_then(|data| data.classes.get(class));
            known.cloned().unwrap_or_else(|| class.to_string())
        };
        let class = |class: usize| BaselineClass {
            name: name(class),
            images: confusion.support()[class],
            right: confusion.counts()[class][class],
        };
        let slice = |slice: metric::SliceReading| BaselineSlice {
            column: slice.column,
            value: slice.value,
            images: slice.images,
            right: slice.right,
        };
        let right: Vec<bool> = scoring.images().iter().map(metric::ImageScore::is_correct).collect();
        Self {
            images: scoring.count(),
            right: confusion.correct(),
            classes: (0..confusion.classes()).map(class).collect(),
            slices: metric::slices(scored).into_iter().map(slice).collect(),
            right_images: bits(&right),
        }
    }

    /// Whether each image was right, in the order of the data set; none where the bits are not as many
    /// as the images.
    pub fn right(&self) -> Option<Vec<bool>> {
        let bytes = bytes(&self.right_images)?;
        let images = usize::try_from(self.images).ok().filter(|&images| bytes.len() == images.div_ceil(8))?;
        let right: Vec<bool> =
            (0..images).map(|image| (bytes[image / 8] >> (7 - image % 8)) & 1 == 1).collect();
        (right.iter().filter(|&&right| right).count() as u64 == self.right).then_some(right)
    }
}

fn bits(right: &[bool]) -> String {
    let byte = |eight: &[bool]| {
        eight.iter().enumerate().fold(0u8, |byte, (at, &right)| byte | (u8::from(right) << (7 - at)))
    };
    hex(&right.chunks(8).map(byte).collect::<Vec<_>>())
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hexadecimal.chars().map(|digit| digit.to_digit(16).map(|it| it as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect())
}

impl BaselineCosts {
    /// The costs that a run shows.
    pub fn of(evidence: &Evidence) -> Self {
        let memories = evidence.memory.iter().chain(&evidence.launch_memory);
        let stretches = evidence.throughput.iter().flat_map(|throughput| &throughput.rounds);
        let rate = |round: &record::ThroughputRound| round.images as f64 * 1e9 / round.elapsed_ns as f64;
        Self {
            latency_ns: evidence.latency.as_ref().map(launches).unwrap_or_default(),
            images_per_second: stretches.map(rate).filter(|rate| rate.is_finite()).collect(),
            memory_bytes: memories.filter_map(memory).collect(),
            load_ns: evidence.load.iter().map(|load| load.load_ns as f64).collect(),
        }
    }
}

/// Memory of the model, as the metric of that name has it.
fn memory(evidence: &MemoryEvidence) -> Option<f64> {
    let before = evidence.before_load?.resident;
    evidence.peak_bytes.checked_sub(before).map(|bytes| bytes as f64)
}

/// The median of the block medians of each launch.
fn launches(latency: &LatencyEvidence) -> Vec<f64> {
    let launch =
        |rounds: &[Round]| stats::median(&rounds.iter().filter_map(Round::median_ns).collect::<Vec<_>>());
    latency.rounds.chunk_by(|a, b| a.launch == b.launch).filter_map(launch).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Baseline;
    use super::super::fixtures::evaluated;
    use super::*;

    #[test]
    fn a_baseline_keeps_counts_and_one_bit_an_image() {
        let baseline = Baseline::of(&[evaluated()]).unwrap();
        let kept = &baseline.runs[0];
        let accuracy = kept.accuracy.as_ref().unwrap();
        assert_eq!((accuracy.images, accuracy.right), (11, 8));
        assert_eq!(
            accuracy.right_images, "db60",
            "two right and one wrong in turn, then five bits of nothing"
        );
        let expected: Vec<bool> = (0..11).map(|image| image % 3 != 2).collect();
        assert_eq!(accuracy.right().unwrap(), expected);
        assert_eq!(accuracy.classes[0], BaselineClass { name: "coat".into(), images: 8, right: 8 });
        assert_eq!(
            kept.costs.latency_ns,
            [115.0, 200.0],
            "four rounds of the first launch, one of the second"
        );
        assert_eq!(kept.record.evidence.latency, None);
        assert!((kept.metrics["accuracy"] - 8.0 / 11.0).abs() < 1e-12);
    }

    #[test]
    fn bits_that_were_edited_do_not_count() {
        let mut accuracy = Baseline::of(&[evaluated()]).unwrap().runs.remove(0).accuracy.unwrap();
        accuracy.right_images = "ffff".into();
        assert_eq!(accuracy.right(), None, "more right than there were");
        for wrong in ["db6", "db6000", "zz", "é"] {
            accuracy.right_images = wrong.into();
            assert_eq!(accuracy.right(), None, "{wrong}");
        }
    }
}
