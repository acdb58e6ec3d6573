//! Other settings on trial: each against those in use, on the same images, corrected for their number.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metric::{ImageScore, LEVEL};
use crate::stats::{self, Interval, Outlook};

/// Probability that any of the settings on trial is called better or worse though none is.
pub const TRIAL_ERROR: f64 = 0.05;

/// What one pair of settings did on every image, and what of it is weighed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// Whether each image was right, in the order of the data.
    pub right: Vec<bool>,
    /// Mean over images of −ln p(true class); none where an image has no probability.
    pub log_loss: Option<f64>,
}

impl Trial {
    /// Of the scores of every image.
    pub fn of(scores: &[ImageScore]) -> Self {
        let logs: Option<Vec<f64>> =
            scores.iter().map(|image| image.probability.map(|p| -p.log_of_truth)).collect();
        let log_loss = logs.and_then(|logs| stats::mean(&logs));
        Self { right: scores.iter().map(ImageScore::is_correct).collect(), log_loss }
    }

    /// Share of the images that are right; 0 where there are none.
    pub fn accuracy(&self) -> f64 {
        let right = self.right.iter().filter(|right| **right).count();
        right as f64 / self.right.len().max(1) as f64
    }
}

/// How settings stand to those in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Significantly more images right.
    Better,
    /// Significantly fewer.
    Worse,
    /// These images do not tell them apart.
    Same,
}

/// Settings on trial, weighed against those in use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    /// Images.
    pub images: u64,
    /// Images right only by the settings in use.
    pub lost: u64,
    /// Images right only by these.
    pub won: u64,
    /// Tango's interval of the difference, for this pair alone.
    pub interval: Option<Interval>,
    /// McNemar's mid-p.
    pub p: f64,
    /// The same after Holm's correction for all on trial.
    pub corrected: f64,
}

impl Weighed {
    /// Difference of the accuracies.
    pub fn difference(&self) -> f64 {
        (self.won as f64 - self.lost as f64) / self.images.max(1) as f64
    }

    /// What the corrected p says.
    pub fn standing(&self) -> Standing {
        match self.corrected < TRIAL_ERROR {
            true if self.won > self.lost => Standing::Better,
            true => Standing::Worse,
            false => Standing::Same,
        }
    }
}

/// Weighs each of `others` against `current`, on the same images in the same order.
pub fn weigh(current: &Trial, others: &[&Trial]) -> Vec<Weighed> {
    let mut weighed: Vec<Weighed> = others.iter().map(|other| pair(current, other)).collect();
    let p: Vec<f64> = weighed.iter().map(|pair| pair.p).collect();
    for (pair, corrected) in weighed.iter_mut().zip(stats::holm(&p)) {
        pair.corrected = corrected;
    }
    weighed
}

/// Which of `others` cannot be told from `best`, at 5 % each: none of them is ruled out too lightly.
pub fn as_good(best: &Trial, others: &[&Trial]) -> Vec<bool> {
    others.iter().map(|other| pair(best, other).p >= TRIAL_ERROR).collect()
}

/// Images at which what was seen would be significant beside `tried` settings, if it went on at the
/// same rates; none where there is no difference to find.
pub fn needed(pair: &Weighed, tried: usize) -> Option<u64> {
    // The first step of Holm's procedure: all tests are paid for.
    let level = 1.0 - TRIAL_ERROR / (2.0 * tried.max(1) as f64);
    let (behind, ahead) = (pair.lost.min(pair.won), pair.lost.max(pair.won));
    match stats::outlook(behind, ahead, pair.images, 0.0, level)? {
        Outlook::Yes { images } => Some(images),
        Outlook::No { .. } | Outlook::Never => None,
    }
}

/// Share of the images that naming their most frequent class always would get right.
pub fn chance(labels: &[u32]) -> f64 {
    let mut counts = BTreeMap::<u32, usize>::new();
    labels.iter().for_each(|label| *counts.entry(*label).or_default() += 1);
    counts.into_values().max().unwrap_or(0) as f64 / labels.len().max(1) as f64
}

/// Whether the best of the accuracies of `tried` settings is not above [`chance`], by Wilson's
/// interval corrected for their number, and far from good: too few images to tell are no reason for
/// alarm, and neither are images of a single class.
pub fn is_at_chance(best: f64, images: u64, chance: f64, tried: usize) -> bool {
    let level = 1.0 - TRIAL_ERROR / tried as f64;
    let right = (best * images as f64).round() as u64;
    let halfway = (1.0 + chance) / 2.0;
    let interval = stats::wilson(right, images, level);
    chance < 1.0 && interval.is_some_and(|interval| interval.low <= chance && interval.high < halfway)
}

fn pair(current: &Trial, other: &Trial) -> Weighed {
    let both = || current.right.iter().zip(&other.right);
    let count = |of: (bool, bool)| both().filter(|(one, other)| (**one, **other) == of).count() as u64;
    let (lost, won, images) = (count((true, false)), count((false, true)), both().count() as u64);
    let p = stats::mcnemar_mid_p(lost, won);
    Weighed { images, lost, won, interval: stats::tango(lost, won, images, LEVEL), p, corrected: p }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_naming_the_most_frequent_class() {
        assert_eq!(chance(&[2, 0, 2, 1]), 0.5);
        assert_eq!(chance(&[]), 0.0);
    }

    #[test]
    fn a_model_that_guesses_is_at_chance_and_one_that_knows_a_little_is_not() {
        assert!(is_at_chance(0.12, 500, 0.1, 20));
        assert!(is_at_chance(0.004, 500, 0.1, 20), "worse than chance: labels are shifted");
        assert!(!is_at_chance(0.3, 500, 0.1, 20));
    }

    #[test]
    fn few_images_and_a_single_class_raise_no_alarm() {
        assert!(!is_at_chance(1.0, 3, 1.0 / 3.0, 20));
        assert!(!is_at_chance(0.9, 500, 1.0, 20));
        assert!(!is_at_chance(0.0, 0, 0.0, 20));
    }

    /// So many images that both have right, that only the first has, and that only the second has.
    fn trials(both: usize, lost: usize, won: usize) -> (Trial, Trial) {
        let of = |pairs: &dyn Fn(usize) -> bool| Trial {
            right: (0..both + lost + won).map(pairs).collect(),
            log_loss: None,
        };
        (of(&|image| image < both + lost), of(&|image| image < both || image >= both + lost))
    }

    #[test]
    fn a_pair_is_weighed_by_the_images_on_which_it_parts() {
        let (current, other) = trials(400, 10, 40);
        let weighed = weigh(&current, &[&other])[0];
        assert_eq!((weighed.images, weighed.lost, weighed.won), (450, 10, 40));
        assert!((weighed.difference() - 30.0 / 450.0).abs() < 1e-12);
        assert_eq!(weighed.interval, stats::tango(10, 40, 450, 0.95));
        assert_eq!(weighed.standing(), Standing::Better);
        assert_eq!(weigh(&other, &[&current])[0].standing(), Standing::Worse);
    }

    #[test]
    fn what_one_trial_shows_twenty_may_hide() {
        let (current, other) = trials(450, 5, 15);
        assert!(weigh(&current, &[&other])[0].corrected < TRIAL_ERROR);
        let twenty = vec![&other; 20];
        let weighed = weigh(&current, &twenty);
        assert!(weighed.iter().all(|pair| pair.standing() == Standing::Same && pair.p < TRIAL_ERROR));
    }

    #[test]
    fn the_images_needed_are_significant_beside_all_others() {
        let (current, other) = trials(450, 5, 15);
        let images = needed(&weigh(&current, &[&other])[0], 20).unwrap();
        let times = images.div_ceil(470) as usize;
        let (current, other) = trials(450 * times, 5 * times, 15 * times);
        let weighed = weigh(&current, &[&other; 20]);
        assert_eq!(weighed[0].standing(), Standing::Better, "{images} {:?}", weighed[0]);
        let (current, other) = trials(450, 7, 7);
        assert_eq!(needed(&weigh(&current, &[&other])[0], 20), None);
    }

    #[test]
    fn no_images_show_nothing() {
        let none = Trial::default();
        let weighed = weigh(&none, &[&none])[0];
        assert_eq!((weighed.standing(), weighed.interval, none.accuracy()), (Standing::Same, None, 0.0));
    }

    #[test]
    fn what_is_as_good_as_the_best_is_said() {
        let (best, near) = trials(400, 6, 4);
        let far = Trial { right: best.right.iter().map(|_| false).collect(), log_loss: None };
        assert_eq!(as_good(&best, &[&near, &far]), [true, false]);
    }
}
