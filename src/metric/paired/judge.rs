//! All differences of two runs on the same images, each with how sure it is.

use std::collections::BTreeMap;

use super::bootstrap::{
    self, Jackknife, Resampling, add_one_each_way, effective_images, expanded, images_of,
};
use super::calibration::Calibration;
use super::cells::Cells;
use super::losses::Losses;
use super::rates::{self, Rate, RateResampler};
use super::shares::Discordant;
use super::{classes, shares};
use crate::metric::rates::{AveragedRate, BALANCED, MACRO, WEIGHTED};
use crate::metric::{
    ACCURACY, BRIER, ECE, ImageScore, Interval, IntervalMethod, LOG_LOSS, Scoring, TOP5, Test,
};
use crate::stats;

/// Streams of random numbers.
const RATES: u64 = 0;
const LOSSES: u64 = 1;

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
    /// Images that the difference rests on, for figures that are resampled: Σu² over the square of
    /// the largest influence that one image can have.
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
    judge_calibration(baseline, candidate, options, &mut judged);
    judged
}

/// The interval of a resampled figure, or why there is none.
struct Resampled {
    rests_on: f64,
    interval: Option<Interval>,
    no_interval: Option<String>,
}

impl Resampled {
    fn without(rests_on: f64, why: String) -> Self {
        Self { rests_on, interval: None, no_interval: Some(why) }
    }

    fn with(
        rests_on: f64,
        ends: Option<stats::Interval>,
        method: IntervalMethod,
        options: &Resampling,
    ) -> Self {
        let of = |stats::Interval { low, high }| Interval { low, high, level: options.level, method };
        match ends.map(of) {
            None => Self::without(rests_on, "a value is not finite".into()),
            interval => Self { rests_on, interval, no_interval: None },
        }
    }
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
    let differences: Vec<RateDifference> = RateDifference::all(cells, rates);
    let enough: Vec<Rate> = differences
        .iter()
        .filter(|difference| too_few(difference.rests_on, options).is_none())
        .map(|difference| difference.rate)
        .collect();
    let mut drawn = bootstrap::replicates(&RateResampler::new(cells, &enough), options, RATES).into_iter();
    let judged = |difference: RateDifference| match too_few(difference.rests_on, options) {
        Some(why) => Resampled::without(difference.rests_on, why),
        None => difference.judged(drawn.next().unwrap_or_default(), options),
    };
    differences.into_iter().map(judged).collect()
}

/// The difference of a rate, before it is resampled.
struct RateDifference {
    rate: Rate,
    point: f64,
    left: Jackknife,
    /// The most that one image can do, for the rate of a class.
    largest: Option<f64>,
    rests_on: f64,
}

impl RateDifference {
    fn all(cells: &Cells, rates: &[Rate]) -> Vec<Self> {
        let largest = rates::largest_influences(cells, rates);
        let of_rate = |((&rate, (point, left)), largest): ((&Rate, (f64, Jackknife)), Option<f64>)| {
            let rests_on =
                largest.map_or_else(|| effective_images(&left), |largest| images_of(largest, &left));
            Self { rate, point, left, largest, rests_on }
        };
        rates.iter().zip(rates::jackknife(cells, rates)).zip(largest).map(of_rate).collect()
    }

    fn judged(self, mut replicates: Vec<f64>, options: &Resampling) -> Resampled {
        let Self { point, mut left, largest, rests_on, .. } = self;
        let Some(largest) = largest else {
            return Resamples { point, left, replicates }.judged(rests_on, rests_on, options);
        };
        add_one_each_way(largest, &mut left, &mut replicates, options);
        Resamples { point, left, replicates }.judged(rests_on, rests_on + 2.0, options)
    }
}

fn judge_losses(baseline: &Scoring, candidate: &Scoring, options: &Resampling, judged: &mut Judgement) {
    let Some(losses) = Losses::of(baseline, candidate) else { return };
    let drawn = bootstrap::replicates(&losses, options, LOSSES);
    let statistics = [&LOG_LOSS, &BRIER].into_iter().zip(losses.jackknife()).zip(drawn);
    for ((spec, (point, left)), replicates) in statistics {
        let rests_on = effective_images(&left);
        let found = match too_few(rests_on, options) {
            Some(why) => Resampled::without(rests_on, why),
            None => Resamples { point, left, replicates }.judged(rests_on, rests_on, options),
        };
        judged.0.insert(spec.id, found.into());
    }
}

/// Calibration error is the one figure that no resampling does justice to.
fn judge_calibration(baseline: &Scoring, candidate: &Scoring, options: &Resampling, judged: &mut Judgement) {
    let Some(calibration) = Calibration::of(baseline, candidate) else { return };
    let rests_on = calibration.rests_on();
    let ends = || calibration.interval(options.level);
    let found = match too_few(rests_on, options) {
        Some(why) => Resampled::without(rests_on, why),
        None => Resampled::with(rests_on, ends(), IntervalMethod::DebiasedNormal, options),
    };
    judged.0.insert(ECE.id, found.into());
}

/// Why a difference that rests on so many images has no interval.
fn too_few(rests_on: f64, options: &Resampling) -> Option<String> {
    let needed = options.fewest_images;
    let why =
        || format!("the difference rests on about {rests_on:.0} images, and an interval needs {needed}");
    match rests_on {
        0.0 => Some("no image makes a difference".into()),
        _ => (rests_on < needed).then(why),
    }
}

/// A difference, the same with one image left out, and the same on every resample.
struct Resamples {
    point: f64,
    left: Jackknife,
    replicates: Vec<f64>,
}

impl Resamples {
    /// `images` are those that the interval is as wide as, `rests_on` those that are told.
    fn judged(mut self, rests_on: f64, images: f64, options: &Resampling) -> Resampled {
        let acceleration = stats::jackknife_acceleration(&self.left);
        let ends = expanded(options.level, images)
            .and_then(|level| stats::bca(self.point, &mut self.replicates, acceleration, level));
        Resampled::with(rests_on, ends, IntervalMethod::PairedBca, options)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    use super::*;
    use crate::metric::fixtures::predictions;
    use crate::plan::Activation;

    /// Two sides of 600 images in four classes; `noise` is what the candidate has added.
    fn sides(noise: f64, images: usize) -> [Scoring; 2] {
        let mut random = Pcg64::seed_from_u64(5);
        let ids: Vec<String> = (0..images).map(|image| image.to_string()).collect();
        let mut rows = [Vec::new(), Vec::new()];
        for image in 0..images {
            let scores: [f32; 4] = std::array::from_fn(|class| {
                random.random::<f32>() + if class == image % 4 { 0.5 } else { 0.0 }
            });
            let moved = scores.map(|score| score + noise as f32 * random.random::<f32>());
            rows[0].push((image % 4, scores));
            rows[1].push((image % 4, moved));
        }
        rows.map(|rows| {
            let rows: Vec<_> =
                rows.iter().zip(&ids).map(|((label, s), id)| (id.as_str(), *label as u32, &s[..])).collect();
            Scoring::of(&predictions(4, &rows), Activation::Logits).unwrap()
        })
    }

    fn options(resamples: usize) -> Resampling {
        Resampling { resamples, ..Resampling::default() }
    }

    #[test]
    fn every_difference_of_a_noisy_candidate_has_an_interval_around_it() {
        let [one, other] = sides(0.8, 600);
        let judged = judge(&one, &other, &options(500));
        let difference = |of: &dyn Fn(&Scoring) -> f64| of(&other) - of(&one);
        let macro_f1 = difference(&|side| MACRO[2].average(side.confusion().class_counts()).unwrap());
        let log_loss = difference(&|side| {
            let images = side.probabilities().unwrap();
            -images.iter().map(|image| image.log_of_truth).sum::<f64>() / images.len() as f64
        });
        for (id, point) in [("macro_f1", macro_f1), ("log_loss", log_loss)] {
            let interval = judged.of(id).unwrap().interval.unwrap();
            assert!(interval.contains(point), "{id}: {point} {interval:?}");
            assert!(interval.high - interval.low < 0.2);
        }
        for id in ["balanced_accuracy", "weighted_f1", "macro_precision", "brier", "ece"] {
            assert!(judged.of(id).unwrap().interval.is_some(), "{id}");
        }
        assert!(judged.of("macro_f1").unwrap().classes.iter().all(|class| class.interval.is_some()));
    }

    /// With as many images in each class, balanced accuracy is accuracy, whose resampled spread is
    /// known: √(b + c − (c − b)²/n)/n.
    #[test]
    fn the_resampled_spread_of_accuracy_is_the_one_of_the_formula() {
        let [one, other] = sides(0.8, 2000);
        let judged = judge(&one, &other, &options(4000));
        let Discordant { lost, won, images } = judged.of("accuracy").unwrap().discordant.unwrap();
        let (b, c, n) = (lost as f64, won as f64, images as f64);
        let half = 1.96 * (b + c - (c - b).powi(2) / n).sqrt() / n;
        let interval = judged.of("weighted_recall").unwrap().interval.unwrap();
        assert!(((interval.high - interval.low) / 2.0 / half - 1.0).abs() < 0.06, "{interval:?} {half}");
        let rests_on = judged.of("weighted_recall").unwrap().rests_on.unwrap();
        assert!((rests_on / (b + c) - 1.0).abs() < 0.05, "{rests_on} of {}", b + c);
    }

    #[test]
    fn a_class_rests_on_as_many_images_as_changed_where_all_are_alike() {
        let rows = |wrong: &[usize]| {
            let ids: Vec<String> = (0..400).map(|image| image.to_string()).collect();
            let right = [[1.0f32, 0.0], [0.0, 1.0]];
            let of_image = |i: usize| right[(i % 2) ^ usize::from(wrong.contains(&i))];
            let scores: Vec<[f32; 2]> = (0..400).map(of_image).collect();
            let rows: Vec<_> = (0..400).map(|i| (ids[i].as_str(), (i % 2) as u32, &scores[i][..])).collect();
            Scoring::of(&predictions(2, &rows), Activation::Logits).unwrap()
        };
        let judged = judge(&rows(&[]), &rows(&[0, 2, 4, 6]), &options(2000));
        let [lost, gained] = &judged.of("macro_precision").unwrap().classes[..] else { panic!() };
        // All that was taken for class 0 is of it on both sides: its precision stays 1.
        assert!(lost.interval.is_none() && lost.rests_on.unwrap() < 1e-9, "{lost:?}");
        assert!((gained.rests_on.unwrap() - 4.0).abs() < 0.4, "{gained:?}");
        let interval = gained.interval.unwrap();
        assert!(interval.low < -0.05 && interval.high > 0.0, "four of one side can be chance: {interval:?}");
    }

    #[test]
    fn the_seed_decides_and_the_number_of_threads_does_not() {
        let [one, other] = sides(0.8, 300);
        let with = |seed, threads| {
            judge(&one, &other, &Resampling { seed, threads: NonZero::new(threads), ..options(200) })
        };
        assert_eq!(with(1, 1), with(1, 3));
        assert_ne!(with(1, 1), with(2, 1));
    }

    #[test]
    fn a_candidate_that_changes_nothing_has_no_resampled_interval_and_says_why() {
        let [one, _] = sides(0.0, 100);
        let judged = judge(&one, &one, &options(100));
        let f1 = judged.of("macro_f1").unwrap();
        assert_eq!((f1.interval, f1.rests_on), (None, Some(0.0)));
        assert_eq!(f1.no_interval.as_deref(), Some("no image makes a difference"));
        assert!(judged.of("accuracy").unwrap().interval.unwrap().contains(0.0));
        let recall = &judged.of("macro_recall").unwrap().classes[0];
        assert!(recall.test.is_none() && recall.untested.is_some() && recall.interval.is_some());
    }

    #[test]
    fn an_image_without_prediction_is_wrong_and_takes_the_losses_away() {
        let rows: [(&str, u32, &[f32]); 2] = [("a", 0, &[1.0, 0.0]), ("b", 1, &[f32::NAN, 0.0])];
        let side = Scoring::of(&predictions(2, &rows), Activation::Logits).unwrap();
        let judged = judge(&side, &side, &options(50));
        assert!(judged.of("log_loss").is_none() && judged.of("accuracy").is_some());
    }

    #[test]
    fn no_image_says_nothing() {
        let none = Scoring::of(&predictions(2, &[]), Activation::Logits).unwrap();
        assert_eq!(judge(&none, &none, &options(10)), Judgement::default());
    }
}
