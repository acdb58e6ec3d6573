//! A candidate against a baseline of the repository. Which images the baseline had right is known bit by
//! bit, so that accuracy, classes and slices are compared image by image; where the two did not evaluate
//! all the same images, the shares are compared as those of two samples.

use std::collections::BTreeMap;

use super::Scope;
use super::baseline::{BaselineAccuracy, BaselineCosts, BaselineRun};
use super::case::{Case, CostChange, FlipCounts, GroupChange, MetricChange, Unknown};
use super::share::{Share, ShareChange};
use crate::compare::{ONE_PROCESS, of_evaluations, of_machine};
use crate::error::{Error, Result};
use crate::metric::paired::Discordant;
use crate::metric::{self, LEVEL, METRICS, ScoredRun, Scoring};
use crate::plan::RuleKind;
use crate::record::{Run, RunRecord};
use crate::stats;

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
        let sides = Sides::of(baseline.accuracy.as_ref(), scored.scoring.as_ref());
        let accuracy = sides.as_ref().map(Sides::all).map_err(Clone::clone);
        let flips = accuracy.as_ref().ok().and_then(flips);
        let same_model = baseline.record.model.sha256 == candidate.record.model.sha256;
        Ok(Self {
            scope: scope(baseline, candidate),
            run: candidate.record.outcome.clone(),
            // Where it is not known which images were right, nothing is known to be the same.
            identical: same_model && (accuracy.is_err() || flips.is_some_and(|it| it.lost + it.won == 0)),
            baseline_accuracy: baseline.metrics.get("accuracy").copied(),
            classes: sides.as_ref().map(Sides::classes).unwrap_or_default(),
            slices: sides.as_ref().map(|sides| sides.slices(candidate)).unwrap_or_default(),
            accuracy,
            metrics: metrics(baseline, &scored),
            flips,
            costs: costs(baseline, candidate),
            bytes: (baseline.record.model.bytes, candidate.record.model.bytes),
        })
    }

    /// The same case with the costs that the baseline's file holds: its record has no samples.
    pub fn with_costs_of(mut self, baseline: &BaselineRun, candidate: &Run) -> Self {
        self.costs = costs(baseline, candidate);
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
        ShareChange::Unpaired { .. } => None,
    }
}

/// Both evaluations.
struct Sides<'a> {
    before: &'a BaselineAccuracy,
    after: &'a Scoring,
    /// Whether the baseline had each image right; none where the two are not of the same images.
    right: Option<Vec<bool>>,
}

impl<'a> Sides<'a> {
    fn of(before: Option<&'a BaselineAccuracy>, after: Option<&'a Scoring>) -> Result<Self, Unknown> {
        let data = "evaluate it on the baseline's images: --data PATH";
        match (before, after) {
            (Some(before), Some(after)) => {
                let right = before.right().filter(|right| right.len() as u64 == after.count());
                Ok(Self { before, after, right })
            }
            (Some(_), None) => Err(Unknown::lacking("the candidate was not evaluated on images", data)),
            (None, Some(_)) => Err(Unknown::lacking(
                "the baseline was not evaluated on images",
                "save one that was: bench baseline accept",
            )),
            (None, None) => Err(Unknown::unasked("neither was evaluated on images", data)),
        }
    }

    fn all(&self) -> ShareChange {
        self.change(
            Share { hits: self.before.right, images: self.before.images },
            Share { hits: self.after.confusion().correct(), images: self.after.count() },
            |_| true,
        )
    }

    /// Over the images that `belongs` says of by their place.
    fn change(&self, before: Share, after: Share, belongs: impl Fn(usize) -> bool) -> ShareChange {
        let Some(right) = &self.right else { return ShareChange::Unpaired { before, after } };
        let mut counts = Discordant::default();
        let images = right.iter().zip(self.after.images()).enumerate();
        for (_, (&before, image)) in images.filter(|(place, _)| belongs(*place)) {
            counts.images += 1;
            counts.lost += u64::from(before && !image.is_correct());
            counts.won += u64::from(!before && image.is_correct());
        }
        ShareChange::Paired(counts)
    }

    fn classes(&self) -> Vec<GroupChange> {
        let confusion = self.after.confusion();
        let of = |(class, known): (usize, &super::BaselineClass)| {
            let images = confusion.support().get(class).copied().unwrap_or_default();
            let after = Share { hits: confusion.counts().get(class).map_or(0, |row| row[class]), images };
            let before = Share { hits: known.right, images: known.images };
            let belongs = |place: usize| self.after.images()[place].label as usize == class;
            let change = self.change(before, after, belongs);
            let name = known.name.clone();
            (images > 0).then_some(GroupChange { name, column: None, change, p: None })
        };
        tested(self.before.classes.iter().enumerate().filter_map(of).collect())
    }

    fn slices(&self, candidate: &Run) -> Vec<GroupChange> {
        let Some(predictions) = &candidate.predictions else { return Vec::new() };
        let right = |place: usize| self.after.images()[place].is_correct();
        let of = |known: &super::BaselineSlice| {
            let column = predictions.slices().iter().find(|column| column.name() == known.column)?;
            let belongs = |place: usize| column.value(place) == known.value;
            let images = (0..predictions.len()).filter(|&place| belongs(place));
            let (images, hits) =
                images.fold((0, 0), |(images, hits), place| (images + 1, hits + u64::from(right(place))));
            let before = Share { hits: known.right, images: known.images };
            let change = self.change(before, Share { hits, images }, belongs);
            let name = format!("{}={}", known.column, known.value);
            (images > 0).then_some(GroupChange { name, column: Some(known.column.clone()), change, p: None })
        };
        tested(self.before.slices.iter().filter_map(of).collect())
    }
}

/// The tests of all groups share one correction.
fn tested(mut groups: Vec<GroupChange>) -> Vec<GroupChange> {
    let p: Vec<Option<f64>> = groups.iter().map(|group| group.change.p()).collect();
    let mut adjusted =
        stats::benjamini_hochberg(&p.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    for (group, _) in groups.iter_mut().zip(p).filter(|(_, p)| p.is_some()) {
        group.p = adjusted.next();
    }
    groups
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

/// What a side-by-side measurement would bring.
const SIDE_BY_SIDE: &str = "measure the baseline's model beside the candidate: --baseline-model FILE";

/// Costs measured at different times, compared only on one machine with one setting.
fn costs(baseline: &BaselineRun, candidate: &Run) -> BTreeMap<RuleKind, Result<CostChange, Unknown>> {
    let differences = of_machine(&baseline.record, &candidate.record);
    let (before, after) = (&baseline.costs, BaselineCosts::of(&candidate.record.evidence));
    let inverse = |rates: &[f64]| rates.iter().map(|rate| 1.0 / rate).collect::<Vec<_>>();
    let all = [
        (RuleKind::Latency, before.latency_ns.clone(), after.latency_ns),
        (RuleKind::Throughput, inverse(&before.images_per_second), inverse(&after.images_per_second)),
        (RuleKind::Memory, before.memory_bytes.clone(), after.memory_bytes),
        (RuleKind::Load, before.load_ns.clone(), after.load_ns),
    ];
    all.into_iter().map(|(kind, before, after)| (kind, apart(&before, &after, &differences))).collect()
}

fn apart(before: &[f64], after: &[f64], differences: &[String]) -> Result<CostChange, Unknown> {
    if before.is_empty() || after.is_empty() {
        return Err(Unknown::unasked("it was not measured on both sides", SIDE_BY_SIDE));
    }
    if !differences.is_empty() {
        let why = format!("the baseline was measured otherwise: {}", differences.join(", "));
        return Err(Unknown::unasked(&why, SIDE_BY_SIDE));
    }
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    let growth = stats::median(after).zip(stats::median(before)).map(|(after, before)| after / before - 1.0);
    let interval = stats::welch(&logs(before), &logs(after), LEVEL);
    let growth = growth.filter(|growth| growth.is_finite()).ok_or_else(|| {
        Unknown::lacking("a figure of it is zero", "save the baseline again: bench baseline accept")
    })?;
    Ok(CostChange {
        growth,
        interval: interval
            .map(|log| (log.low.exp_m1(), log.high.exp_m1()))
            .ok_or_else(|| "it rests on a single launch".into()),
        floor: ONE_PROCESS,
        fixed: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Baseline;
    use crate::metric::sample::{latency, predictions, run, sliced};

    /// `images` of three classes in turn; `right` says which are predicted right.
    fn evaluated(variant: &str, images: usize, right: impl Fn(usize) -> bool) -> Run {
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

    fn baseline(run: Run) -> BaselineRun {
        Baseline::of(&[run]).unwrap().runs.remove(0)
    }

    #[test]
    fn bits_pair_accuracy_and_classes_image_by_image() {
        let kept = baseline(evaluated("fp32", 300, |place| place % 10 != 0));
        let candidate = evaluated("int8", 300, |place| place % 3 != 1 || place % 2 == 0);
        let case = Case::against(&kept, &candidate).unwrap();
        let Ok(ShareChange::Paired(all)) = case.accuracy else { panic!("{:?}", case.accuracy) };
        // Odd places of class 1 that are no multiples of ten are lost; multiples of ten are won.
        assert_eq!((all.lost, all.won, all.images), (50, 30, 300));
        let ShareChange::Paired(shirt) = case.classes[1].change else { panic!() };
        assert_eq!((shirt.lost, shirt.won, shirt.images), (50, 10, 100));
        assert!(case.classes[1].p.unwrap() < 1e-5 && case.classes[0].p.is_some());
        assert_eq!(case.flips, Some(FlipCounts { lost: 50, won: 30, other: None, images: 300 }));
    }

    #[test]
    fn other_images_are_compared_as_two_samples() {
        let kept = baseline(evaluated("fp32", 300, |place| place % 10 != 0));
        let case = Case::against(&kept, &evaluated("int8", 299, |_| true)).unwrap();
        let Ok(ShareChange::Unpaired { before, after }) = case.accuracy else { panic!() };
        assert_eq!((before, after), (Share { hits: 270, images: 300 }, Share { hits: 299, images: 299 }));
        assert_eq!((case.flips, case.classes[0].change.is_paired()), (None, false));
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

    #[test]
    fn slices_are_paired_by_what_the_candidate_says_of_the_images() {
        let run = |right: fn(usize) -> bool| {
            let mut run = run("any");
            let ids: Vec<String> = (0..60).map(|place| place.to_string()).collect();
            let value = |place: usize| [["phone"], ["web"]][place % 2];
            let scores = |place| if right(place) { [1.0f32, 0.0] } else { [0.0, 1.0] };
            let rows: Vec<_> =
                (0..60).map(|place| (ids[place].as_str(), 0, scores(place), value(place))).collect();
            let rows: Vec<(&str, u32, &[f32], &[&str])> = rows
                .iter()
                .map(|(id, label, scores, value)| (*id, *label, &scores[..], &value[..]))
                .collect();
            run.predictions = Some(sliced(2, &["source"], &rows));
            run
        };
        let case = Case::against(&baseline(run(|_| true)), &run(|place| place % 4 != 1)).unwrap();
        let web = case.slices.iter().find(|group| group.name == "source=web").unwrap();
        assert_eq!(web.change, ShareChange::Paired(Discordant { lost: 15, won: 0, images: 30 }));
    }

    #[test]
    fn latency_of_another_host_is_not_compared_and_of_this_one_by_launches() {
        let timed = |variant: &str, ns: [u64; 8]| {
            let mut run = run(variant);
            let rounds: Vec<[u64; 1]> = ns.map(|ns| [ns]).to_vec();
            run.record.evidence.latency =
                Some(latency(&rounds.iter().map(|round| &round[..]).collect::<Vec<_>>()));
            run
        };
        let kept = baseline(timed("fp32", [100, 101, 100, 101, 102, 102, 102, 102]));
        let slower = timed("int8", [200, 200, 200, 200, 202, 202, 202, 202]);
        let case = Case::against(&kept, &slower).unwrap();
        let change = case.costs[&RuleKind::Latency].clone().unwrap();
        let (low, high) = change.interval.unwrap();
        assert!(change.growth > 0.9 && low < change.growth && change.growth < high && change.fixed);
        let mut elsewhere = slower;
        elsewhere.record.environment.host = "beta".into();
        let case = Case::against(&kept, &elsewhere).unwrap();
        let unknown = case.costs[&RuleKind::Latency].clone().unwrap_err();
        assert!(
            unknown.why.contains("host (alpha and beta)") && unknown.missing.contains("--baseline-model")
        );
    }
}
