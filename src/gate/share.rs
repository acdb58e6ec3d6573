//! How a share of images changed, and how sure that is.

use crate::metric::paired::Discordant;
use crate::stats::{self, Outlook};

use super::{Ground, Needed, Outcome};

/// Level of the one-sided bounds that decide.
pub(super) const ONE_SIDED: f64 = 0.95;

/// Images that one side alone has right, below which there is no test: the rule of the class tables.
const TESTED: u64 = 10;

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

/// A share of images on both sides.
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
}

impl ShareChange {
    /// Images that the candidate was judged on.
    pub fn images(&self) -> u64 {
        match self {
            Self::Paired(counts) => counts.images,
            Self::Unpaired { after, .. } => after.images,
        }
    }

    /// Whether it was counted image by image.
    pub fn is_paired(&self) -> bool {
        matches!(self, Self::Paired(_))
    }

    /// Candidate − baseline; none without images.
    pub fn difference(&self) -> Option<f64> {
        match self {
            Self::Paired(Discordant { lost, won, images }) => {
                (*images > 0).then(|| (*won as f64 - *lost as f64) / *images as f64)
            }
            Self::Unpaired { before, after } => Some(after.value()? - before.value()?),
        }
    }

    /// One-sided 95 % lower bound of the difference.
    pub fn lower(&self) -> Option<f64> {
        match self {
            Self::Paired(Discordant { lost, won, images }) => {
                stats::tango_lower(*lost, *won, *images, ONE_SIDED)
            }
            Self::Unpaired { before, after } => stats::newcombe_lower(before.pair(), after.pair(), ONE_SIDED),
        }
    }

    /// One-sided 95 % upper bound of the difference.
    pub fn upper(&self) -> Option<f64> {
        let swapped = match *self {
            Self::Paired(Discordant { lost, won, images }) => {
                Self::Paired(Discordant { lost: won, won: lost, images })
            }
            Self::Unpaired { before, after } => Self::Unpaired { before: after, after: before },
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
        }
    }

    /// Whether the share fell by more than `margin`: not inferior, inferior, or neither is sure.
    pub fn held_to(&self, margin: f64) -> (Outcome, Ground) {
        let Some((lower, upper)) = self.lower().zip(self.upper()) else {
            let why = "no image was evaluated by both".into();
            return (Outcome::CannotTell, Ground::NotMeasured { why, missing: "images (--data)".into() });
        };
        match (lower > -margin, upper < -margin) {
            (true, _) => (Outcome::Pass, Ground::Decided),
            (false, true) => (Outcome::Fail, Ground::Decided),
            (false, false) => (Outcome::CannotTell, Ground::TooWide { needed: self.needed(margin) }),
        }
    }

    /// Images in all that would decide.
    fn needed(&self, margin: f64) -> Option<Needed> {
        let Self::Paired(Discordant { lost, won, images }) = *self else { return None };
        match stats::outlook(lost, won, images, margin, ONE_SIDED)? {
            Outlook::Yes { images } | Outlook::No { images } => Some(Needed::Images(images)),
            Outlook::Never => None,
        }
    }
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
}
