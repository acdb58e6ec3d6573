//! How a share of images changed, and how sure that is.

use crate::compare::{Answer, ONE_SIDED, is_not_inferior};
use crate::metric::LEVEL;
use crate::metric::paired::{Discordant, TESTED};
use crate::stats::{self, Outlook};

use super::{Ground, Needed, Outcome};

/// Images that have something, of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that have it.
    pub hits: u64,
    /// All.
    pub images: u64,
}

impl Share {
    fn pair(self) -> (u64, u64) {
        (self.hits, self.images)
    }

    /// hits / images.
    pub fn value(self) -> Option<f64> {
        (self.images > 0).then(|| self.hits as f64 / self.images as f64)
    }
}

/// A share of images on both sides, or a rate of a class that is made of such.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShareChange {
    /// Image by image: Tango's bounds, McNemar's test.
    Paired(Discordant),
    /// As two samples, where it is not known which images the baseline had right: Newcombe's bounds, the
    /// score test.
    Unpaired {
        /// The baseline's.
        before: Share,
        /// The candidate's.
        after: Share,
    },
    /// Precision or F1 of a class, with the resampled interval of the comparison.
    Resampled {
        /// Candidate − baseline; none where one side has no such rate.
        difference: Option<f64>,
        /// Both ends of the two-sided 95 % interval; none where too few images make the difference.
        ends: Option<(f64, f64)>,
        /// Images of the class.
        images: u64,
    },
}

impl ShareChange {
    /// Images that the candidate was judged on.
    pub fn images(&self) -> u64 {
        match self {
            Self::Paired(counts) => counts.images,
            Self::Unpaired { after, .. } => after.images,
            Self::Resampled { images, .. } => *images,
        }
    }

    /// Whether both sides were counted on the same images.
    pub fn is_paired(&self) -> bool {
        !matches!(self, Self::Unpaired { .. })
    }

    /// Candidate − baseline; none without images.
    pub fn difference(&self) -> Option<f64> {
        match self {
            Self::Paired(Discordant { lost, won, images }) => {
                (*images > 0).then(|| (*won as f64 - *lost as f64) / *images as f64)
            }
            Self::Unpaired { before, after } => Some(after.value()? - before.value()?),
            Self::Resampled { difference, .. } => *difference,
        }
    }

    /// Lower bound of the difference, one-sided 95 % for shares.
    pub fn lower(&self) -> Option<f64> {
        match self {
            Self::Paired(Discordant { lost, won, images }) => {
                stats::tango_lower(*lost, *won, *images, ONE_SIDED)
            }
            Self::Unpaired { before, after } => stats::newcombe_lower(before.pair(), after.pair(), ONE_SIDED),
            Self::Resampled { ends, .. } => ends.map(|(low, _)| low),
        }
    }

    /// Upper bound of the difference, likewise.
    pub fn upper(&self) -> Option<f64> {
        let swapped = match *self {
            Self::Paired(Discordant { lost, won, images }) => {
                Self::Paired(Discordant { lost: won, won: lost, images })
            }
            Self::Unpaired { before, after } => Self::Unpaired { before: after, after: before },
            Self::Resampled { ends, .. } => return ends.map(|(_, high)| high),
        };
        swapped.lower().map(|bound| -bound)
    }

    /// Two-sided p of no difference; none where too few images changed sides to test.
    pub fn p(&self) -> Option<f64> {
        match self {
            Self::Paired(counts) => {
                (counts.count() >= TESTED).then(|| stats::mcnemar_mid_p(counts.lost, counts.won))
            }
            Self::Unpaired { before, after } => {
                let wrong = |share: &Share| share.images - share.hits;
                let rarest = (before.hits + after.hits).min(wrong(before) + wrong(after));
                (rarest >= TESTED).then(|| stats::two_shares(before.pair(), after.pair())).flatten()
            }
            Self::Resampled { difference, ends, .. } => p_of_interval((*difference)?, (*ends)?),
        }
    }

    /// Probability of a loss like this one or a larger one where there is none, also where images are too
    /// few to test; none where nothing was lost.
    pub fn chance_of_loss(&self) -> Option<f64> {
        self.difference().filter(|difference| *difference < 0.0)?;
        let two_sided = match self {
            Self::Paired(counts) => Some(stats::mcnemar_mid_p(counts.lost, counts.won)),
            Self::Unpaired { before, after } => stats::two_shares(before.pair(), after.pair()),
            Self::Resampled { .. } => self.p(),
        };
        two_sided.map(|p| p / 2.0)
    }

    /// Whether the share fell by more than `margin`: not inferior, inferior, or neither is sure.
    pub fn held_to(&self, margin: f64) -> (Outcome, Ground) {
        let Some((lower, upper)) = self.lower().zip(self.upper()) else {
            return (Outcome::CannotTell, self.without_bounds());
        };
        match is_not_inferior(lower, upper, margin) {
            Answer::Yes => (Outcome::Pass, Ground::Decided),
            Answer::No => (Outcome::Fail, Ground::Decided),
            Answer::CannotTell => (Outcome::CannotTell, Ground::TooWide { needed: self.needed(margin) }),
        }
    }

    fn without_bounds(&self) -> Ground {
        match self {
            Self::Resampled { difference: Some(_), .. } => {
                Ground::NoInterval { why: "too few images make the difference".into() }
            }
            Self::Resampled { difference: None, .. } => Ground::NotMeasured {
                why: "one side never predicts this class, so that it has no such rate".into(),
                missing: "hold recall or F1 of this class".into(),
            },
            Self::Paired(_) | Self::Unpaired { .. } => Ground::NotMeasured {
                why: "no image was evaluated by both".into(),
                missing: "images (--data)".into(),
            },
        }
    }

    /// Images in all that would decide.
    fn needed(&self, margin: f64) -> Option<Needed> {
        let Self::Paired(Discordant { lost, won, images }) = *self else { return None };
        Some(match stats::outlook(lost, won, images, margin, ONE_SIDED)? {
            Outlook::Yes { images } | Outlook::No { images } => Needed::Images(images),
            Outlook::Never => Needed::NoNumber,
        })
    }
}

/// p of no difference, as far as an interval tells: the half of it that lies towards zero, taken for a
/// normal one. None where nothing differs.
fn p_of_interval(difference: f64, (low, high): (f64, f64)) -> Option<f64> {
    let half = if difference < 0.0 { high - difference } else { difference - low };
    let z = stats::two_sided_z(LEVEL)?;
    (difference != 0.0 && half > 0.0).then(|| 2.0 * stats::normal_cdf(-z * difference.abs() / half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(lost: u64, won: u64, images: u64) -> ShareChange {
        ShareChange::Paired(Discordant { lost, won, images })
    }

    #[test]
    fn each_outcome_of_a_margin() {
        assert_eq!(paired(20, 18, 10_000).held_to(0.005).0, Outcome::Pass);
        assert_eq!(paired(200, 20, 10_000).held_to(0.005).0, Outcome::Fail);
        assert_eq!(paired(5, 100, 200).held_to(0.0).0, Outcome::Pass, "better is never worse");
        let (outcome, ground) = paired(8, 6, 1000).held_to(0.005);
        let Ground::TooWide { needed: Some(Needed::Images(images)) } = ground else { panic!("{ground:?}") };
        assert!(outcome == Outcome::CannotTell && images > 1000);
    }

    #[test]
    fn two_samples_show_less_than_pairs() {
        let share = |hits| Share { hits, images: 1000 };
        let unpaired = ShareChange::Unpaired { before: share(900), after: share(880) };
        let pairs = paired(30, 10, 1000);
        assert!((unpaired.difference().unwrap() - pairs.difference().unwrap()).abs() < 1e-12);
        assert!(unpaired.lower() < pairs.lower() && unpaired.upper() > pairs.upper());
        assert!(unpaired.p().unwrap() > pairs.p().unwrap());
    }

    #[test]
    fn without_images_nothing_can_be_told() {
        assert_eq!(paired(0, 0, 0).held_to(0.01).0, Outcome::CannotTell);
    }

    #[test]
    fn a_difference_on_the_margin_itself_is_decided_by_no_number_of_images() {
        let (outcome, ground) = paired(5, 0, 1000).held_to(0.005);
        assert_eq!(outcome, Outcome::CannotTell);
        assert_eq!(ground, Ground::TooWide { needed: Some(Needed::NoNumber) });
    }

    #[test]
    fn the_chance_of_a_loss_is_half_of_the_two_sided_one_and_there_is_none_of_a_gain() {
        assert!((paired(6, 0, 60).chance_of_loss().unwrap() - 0.5f64.powi(7)).abs() < 1e-12);
        assert_eq!((paired(6, 0, 60).p(), paired(0, 6, 60).chance_of_loss()), (None, None));
    }

    fn resampled(difference: f64, low: f64, high: f64) -> ShareChange {
        ShareChange::Resampled { difference: Some(difference), ends: Some((low, high)), images: 100 }
    }

    #[test]
    fn a_resampled_rate_is_decided_by_its_whole_interval() {
        assert_eq!(resampled(-0.10, -0.15, -0.06).held_to(0.05).0, Outcome::Fail);
        assert_eq!(resampled(-0.02, -0.04, 0.01).held_to(0.05).0, Outcome::Pass);
        assert_eq!(resampled(-0.05, -0.09, -0.01).held_to(0.05).0, Outcome::CannotTell);
    }

    #[test]
    fn a_resampled_interval_that_ends_at_zero_has_p_of_a_twentieth() {
        assert!((resampled(-0.1, -0.3, 0.0).p().unwrap() - 0.05).abs() < 1e-9);
        assert!((resampled(0.1, 0.0, 0.3).p().unwrap() - 0.05).abs() < 1e-9);
        assert_eq!(resampled(0.0, -0.1, 0.1).p(), None);
    }

    #[test]
    fn a_rate_without_interval_or_value_says_why() {
        let of = |difference| ShareChange::Resampled { difference, ends: None, images: 9 }.held_to(0.05);
        assert!(matches!(of(Some(-0.1)), (Outcome::CannotTell, Ground::NoInterval { .. })));
        assert!(matches!(of(None), (Outcome::CannotTell, Ground::NotMeasured { .. })));
    }
}
