//! How sure a figure is: intervals and tests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Confidence level of every interval whose figure says nothing else.
pub const LEVEL: f64 = 0.95;

/// How an interval was made. `docs/methods.md` has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Wilson's score interval of a proportion.
    Wilson,
    /// Tango's score interval of the difference of two paired proportions.
    Tango,
    /// Bonett and Price's adjusted Wald interval of the same difference.
    BonettPrice,
    /// Newcombe's interval of the difference of two proportions of different images.
    Newcombe,
    /// Bias-corrected and accelerated bootstrap over images, the same resample for both runs.
    PairedBca,
    /// Normal interval of the difference of two calibration errors, each less what noise is expected
    /// to add to it, with the variance of the images' influences. The plain difference need not be its
    /// middle.
    DebiasedNormal,
    /// Student's t over the medians of log ratios of the launches.
    StudentOverLaunches,
    /// Interval of the median of log ratios from the order of the rounds, interpolated as by
    /// Hettmansperger and Sheather.
    OrderOfRounds,
    /// Wilcoxon's signed-rank interval around the Hodges–Lehmann estimate, over rounds.
    SignedRank,
}

/// A two-sided interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower end, in the unit of the figure.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence level, 0.95 unless the figure says otherwise.
    pub level: f64,
    /// How it was made.
    pub method: IntervalMethod,
}

impl Interval {
    /// Whether `value` lies within, the ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// How a p-value was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestMethod {
    /// McNemar's test with the mid-p correction.
    McnemarMidP,
    /// McNemar's exact test.
    McnemarExact,
    /// Stuart and Maxwell's test of marginal homogeneity.
    StuartMaxwell,
}

/// A two-sided test of no difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Test {
    /// Which.
    pub method: TestMethod,
    /// Probability of a difference as large or larger if there were none.
    pub p: f64,
    /// The same after Benjamini and Hochberg's correction for the number of classes tested: those with
    /// too few images that differ are not tested, and do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
}
