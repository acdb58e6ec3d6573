//! The verdict on a candidate: is it good enough, and is it worth it? Three outcomes each, and where
//! it cannot be told, what is missing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Column, Criteria, Margin, Versus};
use crate::metric::paired::Discordant;
use crate::metric::{Interval, IntervalMethod, PairReading};
use crate::record::{Outcome, RunRecord};
use crate::stats::{self, Outlook};

/// Level of the one-sided bounds that decide whether a candidate is good enough.
pub const ONE_SIDED: f64 = 0.95;

/// Adjusted p below which a class is said to have changed.
pub const CHANGED: f64 = 0.05;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The measurement does not tell.
    CannotTell,
}

/// The verdict on a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether it may replace the baseline; absent where the two were not evaluated on the same images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_enough: Option<GoodEnough>,
    /// Whether it is worth it; absent where it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth_it: Option<WorthIt>,
    /// Its speed against the baseline's model in its own runtime; absent where the baseline ran in the
    /// same runtime, or its model was not timed in this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_runtime: Option<OwnRuntime>,
}

/// Whether a candidate pays in its own runtime, whatever another runtime makes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OwnRuntime {
    /// Index of the run of the baseline's model in this runtime.
    pub reference: usize,
    /// The speed-up over that run.
    pub gain: Gain,
}

/// Non-inferiority of the accuracy: yes if the one-sided 95 % lower bound of the difference (Tango's
/// score bound) is above −margin, no if the upper bound is below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoodEnough {
    /// The answer.
    pub answer: Answer,
    /// What was asked for.
    pub margin: Margin,
    /// The same as a share of all images.
    pub margin_share: f64,
    /// Candidate's accuracy − baseline's, on the images that both evaluated.
    pub difference: f64,
    /// One-sided 95 % lower bound of that.
    pub lower: f64,
    /// One-sided 95 % upper bound.
    pub upper: f64,
    /// Images that both evaluated.
    pub images: u64,
    /// What would decide; absent where it is decided, or where no number of images would decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlook: Option<ImagesNeeded>,
    /// Classes that lost recall by more than chance explains (McNemar within the class, Benjamini and
    /// Hochberg over the classes tested, q = 0.05), as indices, the largest loss first.
    pub classes_lost: Vec<usize>,
}

/// How many images would decide, and which way, if both go on to be right and wrong at the same rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImagesNeeded {
    /// The answer that they would give.
    pub answer: Answer,
    /// Images in all.
    pub images: u64,
}

/// What a candidate gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorthIt {
    /// Yes: it is surely not slower, and better in something. No: it is slower, or not better in
    /// anything. Cannot tell: neither; without a speed-up nothing is worth it for sure.
    pub answer: Answer,
    /// Speed, throughput, size and memory, as far as they were measured.
    pub gains: Vec<Gain>,
}

/// How a candidate compares in one respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Better, beyond the threshold and beyond chance.
    Better,
    /// The whole interval lies within the threshold.
    Same,
    /// Worse, beyond the threshold and beyond chance.
    Worse,
    /// None of these can be said.
    Unclear,
}

/// One respect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gain {
    /// Id of the ratio: `speed_up`, `throughput_ratio`, `size_ratio`, `memory_ratio`.
    pub metric: String,
    /// What is said.
    pub change: Change,
    /// The ratio; above 1 the candidate is better.
    pub ratio: f64,
    /// Its interval; absent for a ratio that is exact, and for one that was measured too seldom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Relative differences up to this are not called any: the larger of the noise, for what is
    /// measured, and the smallest effect asked for.
    pub threshold: f64,
    /// How many times as many rounds would decide, roughly; only where it is unclear and that would help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds_needed: Option<f64>,
}

/// The verdict on the run of `record`, which was set against the baseline as `versus` says, and in its
/// own runtime against the run and with the speed-up of `own`. `floor`: what the machine makes of no
/// difference.
pub(super) fn verdict(
    record: &RunRecord,
    baseline: &Column,
    versus: &Versus,
    own: Option<&(usize, PairReading)>,
    floor: f64,
    criteria: &Criteria,
) -> Verdict {
    // Whatever was measured of a run that failed, nobody can ship it.
    let runs = matches!(record.outcome, Outcome::Completed | Outcome::Interrupted { .. });
    Verdict {
        good_enough: good_enough(baseline, versus, criteria),
        worth_it: runs.then(|| worth_it(record, versus, floor, criteria)).flatten(),
        own_runtime: own.and_then(|(reference, speed_up)| {
            let gain = gain(speed_up, floor, criteria, record)?;
            Some(OwnRuntime { reference: *reference, gain })
        }),
    }
}

/// What the machine made of no difference, where the run was measured twice.
pub(super) fn floor(column: &Column) -> Option<f64> {
    column.reading("noise_floor").and_then(|reading| reading.value)
}

fn good_enough(baseline: &Column, versus: &Versus, criteria: &Criteria) -> Option<GoodEnough> {
    let delta = versus.delta("accuracy")?;
    let Discordant { lost, won, images } = delta.discordant?;
    // On the images that both evaluated the baseline may have another accuracy than over all.
    let accuracy = baseline.reading("accuracy")?.value?;
    let margin_share = criteria.margin.in_shares(accuracy);
    let lower = stats::tango_lower(lost, won, images, ONE_SIDED)?;
    let upper = -stats::tango_lower(won, lost, images, ONE_SIDED)?;
    let answer = is_not_inferior(lower, upper, margin_share);
    let outlook = match stats::outlook(lost, won, images, margin_share, ONE_SIDED) {
        Some(Outlook::Yes { images }) => Some(ImagesNeeded { answer: Answer::Yes, images }),
        Some(Outlook::No { images }) => Some(ImagesNeeded { answer: Answer::No, images }),
        Some(Outlook::Never) | None => None,
    };
    Some(GoodEnough {
        answer,
        margin: criteria.margin,
        margin_share,
        difference: delta.absolute?,
        lower,
        upper,
        images,
        outlook: outlook.filter(|_| answer == Answer::CannotTell),
        classes_lost: classes_lost(versus),
    })
}

/// Whether a loss is within `margin`, by the one-sided bounds of the difference: surely, surely not, or
/// neither.
pub fn is_not_inferior(lower: f64, upper: f64, margin: f64) -> Answer {
    match (lower > -margin, upper < -margin) {
        (true, _) => Answer::Yes,
        (false, true) => Answer::No,
        (false, false) => Answer::CannotTell,
    }
}

fn classes_lost(versus: &Versus) -> Vec<usize> {
    let recalls = versus.delta("macro_recall").and_then(|delta| delta.per_class.as_ref());
    let lost = |(class, delta): (usize, &super::ClassDelta)| {
        let p = delta.test.as_ref()?.p_adjusted?;
        let by = delta.absolute?;
        (p < CHANGED && by < 0.0).then_some((class, by))
    };
    let mut lost: Vec<(usize, f64)> = recalls.into_iter().flatten().enumerate().filter_map(lost).collect();
    lost.sort_by(|a, b| a.1.total_cmp(&b.1));
    lost.into_iter().map(|(class, _)| class).collect()
}

/// Ratios that say what is gained.
const GAINS: [&str; 4] = ["speed_up", "throughput_ratio", "size_ratio", "memory_ratio"];

/// What rests on one process of each side, or on pages that an allocator may keep, repeats to within
/// this: throughput, memory, and a speed-up over too few launches.
pub const ONE_PROCESS: f64 = 0.1;

fn worth_it(record: &RunRecord, versus: &Versus, floor: f64, criteria: &Criteria) -> Option<WorthIt> {
    let of = |id: &&str| gain(versus.pair(id)?, floor, criteria, record);
    let gains: Vec<Gain> = GAINS.iter().filter_map(of).collect();
    let has = |wanted: Change| gains.iter().any(|gain| gain.change == wanted);
    let speed = gains.iter().find(|gain| gain.metric == "speed_up");
    let answer = match speed.map(|gain| (gain.change, gain)) {
        Some((Change::Worse, _)) => Answer::No,
        Some((_, gain)) if gain.not_worse() && has(Change::Better) => Answer::Yes,
        Some((_, gain)) if gain.not_worse() && !has(Change::Unclear) => Answer::No,
        // Nothing pays for a latency that nobody knows.
        _ => Answer::CannotTell,
    };
    (!gains.is_empty()).then_some(WorthIt { answer, gains })
}

impl Gain {
    /// Whether it is surely not worse by more than the threshold.
    fn not_worse(&self) -> bool {
        let low = self.interval.map_or(0.0, |interval| interval.low);
        matches!(self.change, Change::Better | Change::Same) || low >= 1.0 / (1.0 + self.threshold)
    }
}

fn gain(reading: &PairReading, floor: f64, criteria: &Criteria, record: &RunRecord) -> Option<Gain> {
    let ratio = reading.value.filter(|ratio| *ratio > 0.0)?;
    let interval = reading.interval;
    let id = reading.metric.as_str();
    let over_launches = interval.is_some_and(|i| i.method == IntervalMethod::StudentOverLaunches);
    let noise = match id {
        "size_ratio" => 0.0,
        "speed_up" if over_launches => floor,
        "speed_up" | "throughput_ratio" => floor.max(ONE_PROCESS),
        _ => ONE_PROCESS,
    };
    let (low, high) = match (id, interval) {
        (_, Some(interval)) => (interval.low, interval.high),
        ("size_ratio" | "memory_ratio", None) => (ratio, ratio),
        (_, None) => (0.0, f64::INFINITY),
    };
    let (change, threshold) =
        (change(ratio, low, high, noise, criteria.min_effect), noise.max(criteria.min_effect));
    let rounds_needed = interval
        .filter(|_| change == Change::Unclear && id == "speed_up" && record.evidence.latency.is_some())
        .and_then(|interval| more_rounds(ratio, &interval, threshold));
    Some(Gain { metric: reading.metric.clone(), change, ratio, interval, threshold, rounds_needed })
}

/// Better or worse: the whole interval beyond the noise, and the ratio beyond the smallest effect
/// asked for too; the same: all of the interval within the larger of the two.
pub fn change(ratio: f64, low: f64, high: f64, noise: f64, min_effect: f64) -> Change {
    let (noise, limit) = (1.0 + noise, 1.0 + noise.max(min_effect));
    if low > noise && ratio > limit {
        Change::Better
    } else if high < 1.0 / noise && ratio < 1.0 / limit {
        Change::Worse
    } else if low >= 1.0 / limit && high <= limit {
        Change::Same
    } else {
        Change::Unclear
    }
}

/// The width of an interval falls with the root of the number of rounds; it must shrink to the
/// distance from the ratio to the nearest end that it straddles.
fn more_rounds(ratio: f64, interval: &Interval, threshold: f64) -> Option<f64> {
    let (half, limit) = ((interval.high / interval.low).ln() / 2.0, (1.0 + threshold).ln());
    let from_middle = ratio.ln().abs();
    let room = if from_middle > limit { from_middle } else { limit - from_middle };
    let times = (half / room).powi(2);
    (times.is_finite() && times > 1.0).then_some(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Options, Resampling, compare_with};
    use crate::metric::fixtures::{latency, predictions, run};
    use crate::record::{Run, Stage};

    #[test]
    fn a_gain_must_be_beyond_chance_and_worth_a_name() {
        for (ratio, low, high, wanted) in [
            (1.24, 1.23, 1.25, Change::Better),
            (1.015, 1.012, 1.018, Change::Same),
            (1.03, 0.99, 1.07, Change::Unclear),
            (1.03, 1.005, 1.055, Change::Better),
            (0.5, 0.4, 0.6, Change::Worse),
            (1.0, 0.95, 1.05, Change::Unclear),
            (1.01, 1.005, 1.03, Change::Unclear),
        ] {
            assert_eq!(change(ratio, low, high, 0.0, 0.02), wanted, "{ratio} [{low}, {high}]");
        }
    }

    #[test]
    fn swapping_the_sides_swaps_better_and_worse() {
        for (ratio, low, high) in [(1.24, 1.23, 1.25), (1.03, 0.99, 1.07), (1.015, 1.012, 1.018)] {
            let swapped = change(1.0 / ratio, 1.0 / high, 1.0 / low, 0.0, 0.02);
            let wanted = match change(ratio, low, high, 0.0, 0.02) {
                Change::Better => Change::Worse,
                Change::Worse => Change::Better,
                other => other,
            };
            assert_eq!(swapped, wanted);
        }
    }

    #[test]
    fn a_noise_floor_above_the_difference_hides_it() {
        assert_eq!(change(1.04, 1.03, 1.05, 0.02, 0.02), Change::Better);
        assert_eq!(change(1.04, 1.03, 1.05, 0.06, 0.02), Change::Same);
        // Beyond the noise by its middle alone.
        assert_eq!(change(1.24, 1.03, 1.49, 0.117, 0.02), Change::Unclear);
    }

    #[test]
    fn four_times_the_rounds_halve_an_interval() {
        use crate::metric::IntervalMethod::StudentOverLaunches as method;
        let interval = Interval { low: 0.04f64.exp().recip(), high: 0.04f64.exp(), level: 0.95, method };
        let times = more_rounds(1.0, &interval, 0.02f64.exp_m1()).unwrap();
        assert!((times - 4.0).abs() < 1e-9, "{times}");
    }

    /// Two runs over `n` images of two classes that agree but for images that one side alone has
    /// right: `lost` by the candidate, `won` by it, the first `lost` in class 0.
    fn runs(n: usize, wrong_in_both: usize, lost: usize, won: usize) -> Vec<Run> {
        let (right, wrong): (&[f32], &[f32]) = (&[2.0, 0.0], &[0.0, 2.0]);
        let ids: Vec<String> = (0..n).map(|image| image.to_string()).collect();
        let rows = |is_right: &dyn Fn(usize) -> bool| {
            let row = |(image, id)| (id, 0, if is_right(image) { right } else { wrong });
            let rows: Vec<_> = ids.iter().map(String::as_str).enumerate().map(row).collect();
            predictions(2, &rows)
        };
        let (mut one, mut other) = (run("fp32"), run("int8"));
        let shared = |image: usize| image < n - wrong_in_both;
        one.predictions = Some(rows(&|image| shared(image) && !(lost..lost + won).contains(&image)));
        other.predictions = Some(rows(&|image| shared(image) && image >= lost));
        vec![one, other]
    }

    fn judged(runs: Vec<Run>, margin: &str) -> Verdict {
        let criteria = Criteria { margin: margin.parse().unwrap(), ..Criteria::default() };
        let resampling = Resampling { resamples: 200, ..Resampling::default() };
        let comparison = compare_with(runs, 0, &Options { criteria, resampling }).unwrap();
        comparison.columns[1].verdict.clone().unwrap()
    }

    fn quality(runs: Vec<Run>, margin: &str) -> GoodEnough {
        judged(runs, margin).good_enough.unwrap()
    }

    #[test]
    fn a_few_images_lost_and_won_of_many_are_good_enough() {
        let found = quality(runs(4000, 200, 20, 20), "0.5");
        assert_eq!((found.answer, found.images, found.difference), (Answer::Yes, 4000, 0.0));
        assert!(-0.005 < found.lower && found.lower < 0.0 && found.upper > 0.0);
        assert_eq!(found.outlook, None);
    }

    #[test]
    fn a_loss_beyond_the_margin_is_not_and_names_the_class() {
        let found = quality(runs(4000, 200, 120, 10), "0.5");
        assert_eq!(found.answer, Answer::No);
        assert!(found.upper < -0.005);
        assert_eq!(found.classes_lost, [0]);
    }

    #[test]
    fn few_images_cannot_tell_and_say_how_many_would() {
        let found = quality(runs(400, 20, 4, 4), "0.5");
        assert_eq!(found.answer, Answer::CannotTell);
        let outlook = found.outlook.unwrap();
        assert_eq!(outlook.answer, Answer::Yes);
        // The same rates on that many images do decide, on a tenth fewer they do not.
        let scaled = |images: u64| {
            let pairs = (4 * images).div_ceil(400) as usize;
            quality(runs(images as usize, images as usize / 20, pairs, pairs), "0.5").answer
        };
        assert_eq!(scaled(outlook.images * 11 / 10), Answer::Yes);
        assert_eq!(scaled(outlook.images * 9 / 10), Answer::CannotTell);
    }

    #[test]
    fn the_margin_decides() {
        let answer = |margin: &str| quality(runs(4000, 200, 40, 10), margin).answer;
        assert_eq!(
            ["0.3", "2", "99%-of-baseline", "90%-of-baseline", "101%-of-errors", "150%-of-errors"]
                .map(answer),
            [Answer::No, Answer::Yes, Answer::CannotTell, Answer::Yes, Answer::No, Answer::Yes]
        );
    }

    #[test]
    fn smaller_but_slower_is_not_worth_it_and_says_both() {
        let mut both = runs(100, 0, 0, 0);
        both[1].record.model.bytes = 300;
        let block = |ns: u64| latency(&vec![&[ns, ns][..]; 20]);
        both[0].record.evidence.latency = Some(block(1000));
        both[1].record.evidence.latency = Some(block(1500));
        let found = judged(both, "0.5").worth_it.unwrap();
        let change = |id: &str| found.gains.iter().find(|gain| gain.metric == id).unwrap().change;
        assert_eq!((change("speed_up"), change("size_ratio")), (Change::Worse, Change::Better));
        assert_eq!(found.answer, Answer::No);
    }

    #[test]
    fn smaller_and_as_fast_is_worth_it_and_nothing_gained_is_not() {
        let mut both = runs(100, 0, 0, 0);
        let block = |ns: u64| latency(&vec![&[ns, ns][..]; 20]);
        for run in &mut both {
            run.record.evidence.latency = Some(block(1000));
        }
        assert_eq!(judged(both.clone(), "0.5").worth_it.unwrap().answer, Answer::No);
        both[1].record.model.bytes = 300;
        assert_eq!(judged(both, "0.5").worth_it.unwrap().answer, Answer::Yes);
    }

    #[test]
    fn a_model_that_does_not_run_is_not_judged_on_worth() {
        let mut both = runs(100, 0, 0, 0);
        both[1].record.model.bytes = 300;
        both[1].record.outcome = Outcome::CouldNotRun {
            stage: Stage::Prepare,
            error: crate::error::Error::unsupported("no such operator"),
        };
        assert_eq!(judged(both, "0.5").worth_it, None);
    }
}
