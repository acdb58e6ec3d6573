//! Differences of shares of images, from the images that one side alone has right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::judge::Judged;
use crate::metric::{ImageScore, Interval, IntervalMethod, Scoring, Test, TestMethod};
use crate::stats;

/// Images on which the two sides part: all that the difference of two shares rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Discordant {
    /// Images that only the baseline has right: b.
    pub lost: u64,
    /// Images that only the candidate has right: c.
    pub won: u64,
    /// Images in all.
    pub images: u64,
}

impl Discordant {
    /// Adds an image.
    pub(super) fn add(&mut self, baseline: bool, candidate: bool) {
        self.images += 1;
        self.lost += u64::from(baseline && !candidate);
        self.won += u64::from(candidate && !baseline);
    }

    /// b + c.
    pub fn count(&self) -> u64 {
        self.lost + self.won
    }

    /// Tango's interval of (c − b)/n.
    pub(super) fn tango(self, level: f64) -> Option<Interval> {
        let ends = stats::tango(self.lost, self.won, self.images, level)?;
        Some(Interval { low: ends.low, high: ends.high, level, method: IntervalMethod::Tango })
    }

    fn bonett_price(self, level: f64) -> Option<Interval> {
        let ends = stats::bonett_price(self.lost, self.won, self.images, level)?;
        Some(Interval { low: ends.low, high: ends.high, level, method: IntervalMethod::BonettPrice })
    }

    /// McNemar's test with the mid-p correction.
    pub(super) fn mid_p(self) -> Test {
        let p = stats::mcnemar_mid_p(self.lost, self.won);
        Test { method: TestMethod::McnemarMidP, p, p_adjusted: None }
    }

    fn exact(self) -> Test {
        let p = stats::mcnemar_exact(self.lost, self.won);
        Test { method: TestMethod::McnemarExact, p, p_adjusted: None }
    }

    /// All that is said of the difference.
    fn judged(self, level: f64) -> Judged {
        Judged {
            interval: self.tango(level),
            interval_check: self.bonett_price(level),
            test: Some(self.mid_p()),
            test_check: Some(self.exact()),
            discordant: Some(self),
            ..Judged::default()
        }
    }
}

/// The difference of the shares of images for which `holds`.
pub(super) fn judge(
    baseline: &Scoring,
    candidate: &Scoring,
    holds: fn(&ImageScore) -> bool,
    level: f64,
) -> Judged {
    let mut discordant = Discordant::default();
    for (a, b) in baseline.images().iter().zip(candidate.images()) {
        discordant.add(holds(a), holds(b));
    }
    discordant.judged(level)
}
