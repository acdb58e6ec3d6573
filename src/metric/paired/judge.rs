//! All differences of two runs on the same images, each with how sure it is.

use std::collections::BTreeMap;

use super::bootstrap::{self, Jackknife, Resampling, effective_images, expanded};
use super::cells::Cells;
use super::losses::{LossResampler, Losses};
use super::rates::{self, Rate, RateResampler};
use super::shares::Discordant;
use super::{classes, shares};
use crate::metric::rates::{AveragedRate, BALANCED, MACRO, WEIGHTED};
use crate::metric::{
    ACCURACY, BRIER, ECE, ImageScore, Interval, IntervalMethod, LOG_LOSS, Scoring, TOP5, Test,
};
use crate::stats;

/// How sure one difference is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// The interval of the difference.
    pub interval: Option<Interval>,
    /// The same by a simpler method, as a check.
    pub interval_check: Option<Interval>,
    /// Test of no difference.
    pub test: Option<Test>,
    /// The same by a stricter method, as a check.
    pub test_check: Option<Test>,
    /// Images that one side alone has right, for shares of images.
    pub discordant: Option<Discordant>,
    /// Images that the difference rests on, for figures that are resampled: (Σu²)² / Σu⁴ over the
    /// influence u of each image.
    pub rests_on: Option<f64>,
    /// Why there is no interval.
    pub no_interval: Option<String>,
    /// One a class, where the metric has classes.
    pub classes: Vec<JudgedClass>,
}

/// How sure the difference of one class is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgedClass {
    /// The interval of the difference.
    pub interval: Option<Interval>,
    /// Test of no difference, with the correction for the number of classes tested.
    pub test: Option<Test>,
    /// Images of the class that one side alone has right, for recall.
    pub discordant: Option<Discordant>,
    /// Images that the difference rests on, for figures that are resampled.
    pub rests_on: Option<f64>,
    /// Why there is no test.
    pub untested: Option<String>,
    /// Why there is no interval.
    pub no_interval: Option<String>,
}

/// What is said of the difference of each metric, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement(BTreeMap<&'static str, Judged>);

impl Judgement {
    /// Of metric `id`.
    pub fn of(&self, id: &str) -> Option<&Judged> {
        self.0.get(id)
    }
}

/// Judges the differences of two runs; both scorings are of the same images in the same order, as
/// [`crate::metric::ScoredPair::on_shared_images`] gives them.
pub fn judge(baseline: &Scoring, candidate: &Scoring, options: &Resampling) -> Judgement {
    let mut judged = Judgement::default();
    if baseline.count() == 0 || baseline.count() != candidate.count() {
        return judged;
    }
    let share = |holds| shares::judge(baseline, candidate, holds, options.level);
    judged.0.insert(ACCURACY.id, share(ImageScore::is_correct));
    judged.0.insert(TOP5.id, share(|image| image.in_top5));
    let cells = Cells::of(baseline.images(), candidate.images(), baseline.confusion().classes());
    judge_rates(&cells, options, &mut judged);
    let [_, recall, _] = &MACRO;
    judged.0.entry(recall.id()).or_default().classes = classes::judge(baseline, candidate, options.level);
    judge_losses(baseline, candidate, options, &mut judged);
    judged
}

/// The interval of a resampled figure, or why there is none.
struct Resampled {
    rests_on: f64,
    interval: Option<Interval>,
    no_interval: Option<String>,
}

impl From<Resampled> for Judged {
    fn from(Resampled { rests_on, interval, no_interval }: Resampled) -> Self {
        Self { rests_on: Some(rests_on), interval, no_interval, ..Self::default() }
    }
}

impl From<Resampled> for JudgedClass {
    fn from(Resampled { rests_on, interval, no_interval }: Resampled) -> Self {
        Self { rests_on: Some(rests_on), interval, no_interval, ..Self::default() }
    }
}

fn judge_rates(cells: &Cells, options: &Resampling, judged: &mut Judgement) {
    let averages: Vec<&'static AveragedRate> =
        [&BALANCED].into_iter().chain(&MACRO).chain(&WEIGHTED).collect();
    let [precision, _, f1] = &MACRO;
    let by_class = [precision, f1];
    let classes = || 0..cells.classes;
    let rates: Vec<Rate> = averages
        .iter()
        .map(|&rate| Rate::Average(rate))
        .chain(by_class.iter().flat_map(|&rate| classes().map(move |class| Rate::OfClass(rate, class))))
        .collect();
    let mut intervals = of_rates(cells, &rates, options).into_iter();
    for rate in averages {
        judged.0.insert(rate.id(), intervals.next().map(Judged::from).unwrap_or_default());
    }
    for rate in by_class {
        let of_classes = intervals.by_ref().take(cells.classes).map(JudgedClass::from).collect();
        judged.0.entry(rate.id()).or_default().classes = of_classes;
    }
}

/// Only rates that rest on enough images are resampled: with a thousand classes, most do not.
fn of_rates(cells: &Cells, rates: &[Rate], options: &Resampling) -> Vec<Resampled> {
    let points = rates::jackknife(cells, rates);
    let enough: Vec<bool> =
        points.iter().map(|(_, left)| effective_images(left) >= options.fewest_images).collect();
    let resampled: Vec<Rate> =
        rates.iter().zip(&enough).filter(|(_, enough)| **enough).map(|(rate, _)| *rate).collect();
    let drawn = bootstrap::replicates(&RateResampler::new(cells, &resampled), options, 0);
    let mut drawn = drawn.into_iter();
    let of_rate = |((point, left), enough): ((f64, Jackknife), bool)| {
        let replicates = if enough { drawn.next().unwrap_or_default() } else { Vec::new() };
        interval(point, &left, replicates, options)
    };
    points.into_iter().zip(enough).map(of_rate).collect()
}

fn judge_losses(baseline: &Scoring, candidate: &Scoring, options: &Resampling, judged: &mut Judgement) {
    let Some(losses) = Losses::of(baseline, candidate) else { return };
    let drawn = bootstrap::replicates(&LossResampler::new(&losses), options, 1);
    let statistics = [&LOG_LOSS, &BRIER, &ECE].into_iter().zip(losses.jackknife()).zip(drawn);
    for ((spec, (point, left)), replicates) in statistics {
        judged.0.insert(spec.id, interval(point, &left, replicates, options).into());
    }
}

fn interval(point: f64, left: &Jackknife, mut replicates: Vec<f64>, options: &Resampling) -> Resampled {
    let rests_on = effective_images(left);
    let without = |why: String| Resampled { rests_on, interval: None, no_interval: Some(why) };
    if rests_on == 0.0 {
        return without("no image makes a difference".into());
    }
    if rests_on < options.fewest_images {
        let needed = options.fewest_images;
        return without(format!(
            "the difference rests on about {rests_on:.0} images, and resampling needs {needed}"
        ));
    }
    let acceleration = stats::jackknife_acceleration(left);
    let (level, method) = (options.level, IntervalMethod::PairedBca);
    let ends =
        expanded(level, rests_on).and_then(|level| stats::bca(point, &mut replicates, acceleration, level));
    match ends {
        Some(stats::Interval { low, high }) => {
            let interval = Some(Interval { low, high, level, method });
            Resampled { rests_on, interval, no_interval: None }
        }
        None => without("the resamples lie on one side of the difference".into()),
    }
}
