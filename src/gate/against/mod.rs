//! A candidate against a baseline of the repository. Which images the baseline had right is known bit by
//! bit, so that accuracy, classes and slices are compared image by image; where the two did not evaluate
//! all the same images, the shares are compared as those of two samples.

mod costs;
mod evaluations;

use std::collections::BTreeMap;

use self::costs::costs;
use self::evaluations::Evaluations;
use super::Scope;
use super::baseline::BaselineRun;
use super::case::{Case, FlipCounts, MetricChange, remarks};
use super::share::ShareChange;
use crate::compare::{beside, of_evaluations};
use crate::error::{Error, Result};
use crate::metric::paired::Discordant;
use crate::metric::{self, METRICS, ScoredRun};
use crate::record::{Run, RunRecord};

impl BaselineRun {
    /// Refuses a candidate that is evaluated on other data or with other preprocessing, with the
    /// difference.
    pub fn refuse_other_data(&self, candidate: &RunRecord) -> Result<()> {
        let both = self.accuracy.is_some() && candidate.dataset.is_some();
        match of_evaluations(&self.record, candidate).filter(|_| both) {
            None => Ok(()),
            Some(difference) => Err(Error::usage(format!(
                "the baseline and {} are not evaluated alike: {difference}",
                candidate.job.label()
            ))
            .help(
                "evaluate the candidate as the baseline was, or accept the new way: bench baseline accept",
            )),
        }
    }
}

impl Case {
    /// `candidate` against the counts of `baseline`. Fails where the two were evaluated on other data or
    /// with other preprocessing, or a label has no class.
    pub fn against(baseline: &BaselineRun, candidate: &Run) -> Result<Self> {
        baseline.refuse_other_data(&candidate.record)?;
        let scored = ScoredRun::of(candidate)?;
        let sides = Evaluations::of(baseline, &scored);
        let accuracy = sides.as_ref().map(Evaluations::all).map_err(Clone::clone);
        let flips = accuracy.as_ref().ok().and_then(flips);
        let same_model = baseline.record.model.sha256 == candidate.record.model.sha256;
        let (slices, unsliced) = sides.as_ref().map(|sides| sides.slices(candidate)).unwrap_or_default();
        Ok(Self {
            scope: scope(baseline, candidate),
            variant: candidate.record.job.variant.clone(),
            run: candidate.record.outcome.clone(),
            baseline_run: baseline.record.outcome.clone(),
            // Where it is not known which images were right, nothing is known to be the same.
            identical: same_model && (accuracy.is_err() || flips.is_some_and(|it| it.lost + it.won == 0)),
            baseline_accuracy: baseline.accuracy.as_ref().and_then(|it| it.share().value()),
            classes: sides.as_ref().map(|sides| sides.classes(candidate)).unwrap_or_default(),
            class_rates: BTreeMap::new(),
            slices,
            unsliced,
            accuracy,
            metrics: metrics(baseline, &scored),
            flips,
            costs: costs(baseline, candidate),
            bytes: (baseline.record.model.bytes, candidate.record.model.bytes),
            remarks: remarks(&beside(&baseline.record, &scored)),
        })
    }

    /// A case of the baseline's predictions, as one of the baseline itself: its costs are those that the
    /// file holds, since its record has no samples.
    pub fn with_costs_of(mut self, baseline: &BaselineRun, candidate: &Run) -> Self {
        self.costs = costs(baseline, candidate);
        self.scope = scope(baseline, candidate);
        self
    }
}

fn scope(baseline: &BaselineRun, candidate: &Run) -> Scope {
    Scope {
        runtime: candidate.record.job.runtime.to_string(),
        candidate: candidate.record.job.label(),
        baseline: format!("baseline · {}", baseline.record.job.variant),
        class: None,
        slice: None,
    }
}

/// Only pairs show what went from right to wrong.
fn flips(change: &ShareChange) -> Option<FlipCounts> {
    match *change {
        ShareChange::Paired(Discordant { lost, won, images }) => {
            Some(FlipCounts { lost, won, other: None, images })
        }
        ShareChange::Unpaired { .. } | ShareChange::Resampled { .. } => None,
    }
}

/// Values alone: without the baseline's predictions nothing says how sure the differences are.
fn metrics(baseline: &BaselineRun, scored: &ScoredRun<'_>) -> BTreeMap<String, MetricChange> {
    let change = |metric: &&dyn metric::Metric| {
        let before = *baseline.metrics.get(metric.spec().id)?;
        let reading = metric.read(scored)?;
        let why = "the baseline keeps no predictions to resample (bench baseline save --with-predictions)";
        let change = MetricChange {
            baseline: before,
            difference: reading.value? - before,
            interval: Err(why.into()),
            images: reading.n,
        };
        Some((reading.metric, change))
    };
    METRICS.iter().filter_map(change).collect()
}

#[cfg(test)]
mod fixtures {
    //! A baseline and candidates.

    use crate::gate::{Baseline, BaselineRun};
    use crate::metric::fixtures::{predictions, run};
    use crate::record::{EvaluationEvidence, Run, SkippedImage};

    /// `images` of three classes in turn; `right` says which are predicted right.
    pub(super) fn evaluated(variant: &str, images: usize, right: impl Fn(usize) -> bool) -> Run {
        let scores = |place: usize| {
            let class = if right(place) { place % 3 } else { (place + 1) % 3 };
            std::array::from_fn::<f32, 3, _>(|at| f32::from(u8::from(at == class)))
        };
        let rows: Vec<(String, u32, [f32; 3])> =
            (0..images).map(|place| (place.to_string(), (place % 3) as u32, scores(place))).collect();
        let rows: Vec<(&str, u32, &[f32])> =
            rows.iter().map(|(id, label, it)| (id.as_str(), *label, &it[..])).collect();
        let mut run = run(variant);
        run.predictions = Some(predictions(3, &rows));
        run
    }

    /// What is kept of `run`.
    pub(super) fn baseline(run: Run) -> BaselineRun {
        Baseline::of(&[run]).unwrap().runs.remove(0)
    }

    /// The same with these images left out.
    pub(super) fn without(mut run: Run, skipped: &[&str]) -> Run {
        let image = |id: &&str| SkippedImage { id: (*id).to_owned(), why: "cut short".into() };
        run.record.evidence.evaluation = Some(EvaluationEvidence {
            predictions: String::new(),
            predictions_sha256: String::new(),
            session_sha256: String::new(),
            images: run.predictions.as_ref().unwrap().len(),
            batch: 1,
            streams: 1,
            elapsed_ns: 1,
            not_finite: 0,
            skipped: skipped.iter().map(image).collect(),
            skipped_count: skipped.len(),
            from_cache: 0,
        });
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::against::fixtures::{baseline, evaluated, without};

    #[test]
    fn images_that_were_left_out_are_remarked_on() {
        let kept = baseline(evaluated("fp32", 300, |_| true));
        let case = Case::against(&kept, &without(evaluated("int8", 299, |_| true), &["8"])).unwrap();
        assert_eq!(case.remarks.len(), 1);
        assert!(case.remarks[0].contains("1 of 300 images could not be decoded"), "{:?}", case.remarks);
    }

    #[test]
    fn the_same_model_with_the_same_answers_is_identical() {
        let run = evaluated("fp32", 30, |place| place % 7 != 0);
        let case = Case::against(&baseline(run.clone()), &run).unwrap();
        assert!(case.identical);
        let other = evaluated("fp32", 30, |_| true);
        assert!(!Case::against(&baseline(run), &other).unwrap().identical);
    }

    #[test]
    fn other_data_and_other_preprocessing_are_refused_with_the_difference() {
        let kept = baseline(evaluated("fp32", 30, |_| true));
        let mut other = evaluated("int8", 30, |_| true);
        other.record.dataset.as_mut().unwrap().sha256 = "abc".into();
        let error = Case::against(&kept, &other).unwrap_err();
        assert!(error.what.contains("other data") && error.what.contains("abc"), "{error}");
        let mut other = evaluated("int8", 30, |_| true);
        other.record.job.preprocess.mean = vec![0.5];
        let error = Case::against(&kept, &other).unwrap_err();
        assert!(error.what.contains("other preprocessing, mean"), "{error}");
    }
}
