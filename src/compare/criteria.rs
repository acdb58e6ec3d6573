//! What a reader accepts: how much accuracy may be lost, and what is worth naming.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Resampling;

/// How a comparison is made and judged.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Options {
    /// How differences are resampled.
    pub resampling: Resampling,
    /// What is accepted.
    pub criteria: Criteria,
}

/// What is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Criteria {
    /// How much accuracy may be lost.
    pub margin: Margin,
    /// Smallest relative difference of latency, throughput, size or memory that is called one.
    pub min_effect: f64,
}

impl Default for Criteria {
    fn default() -> Self {
        Self { margin: Margin::Points(0.005), min_effect: 0.02 }
    }
}

/// How much accuracy a candidate may lose and still be good enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// This share of all images: 0.005 is half a percentage point.
    Points(f64),
    /// Down to this share of the baseline's accuracy: 0.99 keeps 99 % of it, as in MLPerf.
    OfBaseline(f64),
    /// Up to this many times the baseline's errors: 1.1 allows a tenth more.
    Errors(f64),
}

impl Margin {
    /// The margin as a share of all images, for a baseline of this accuracy. What depends on the
    /// baseline takes its accuracy as measured; the bound does not count how sure that is, which is
    /// some hundredths of the margin.
    pub fn in_shares(self, baseline_accuracy: f64) -> f64 {
        match self {
            Self::Points(points) => points,
            Self::OfBaseline(share) => (1.0 - share) * baseline_accuracy,
            Self::Errors(times) => (times - 1.0) * (1.0 - baseline_accuracy),
        }
    }
}

impl FromStr for Margin {
    type Err = String;

    /// `0.5` (percentage points), `99%-of-baseline`, `110%-of-errors`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str, low: f64, high: f64| {
            let number = text.trim().trim_end_matches('%').trim().parse::<f64>().ok();
            number.filter(|number| (low..=high).contains(number))
        };
        let found = match text.trim().split_once("-of-") {
            None => number(text, 0.0, 100.0).map(|points| Self::Points(points / 100.0)),
            Some((share, "baseline")) if number(share, 0.0, 0.0).is_some() => {
                return Err(
                    "0%-of-baseline would accept a candidate that is never right; write a share above 0, \
                            such as 99%-of-baseline"
                        .into(),
                );
            }
            Some((share, "baseline")) => {
                number(share, 0.0, 100.0).map(|share| Self::OfBaseline(share / 100.0))
            }
            Some((share, "errors")) => {
                number(share, 100.0, 10_000.0).map(|times| Self::Errors(times / 100.0))
            }
            Some(_) => None,
        };
        found.ok_or_else(|| {
            "write percentage points (0.5), a share of the baseline's accuracy (99%-of-baseline), or of its \
             errors (110%-of-errors)"
                .into()
        })
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As it was written, without the noise of the last bits.
        let percent = |share: f64| (share * 1e12).round() / 1e10;
        match self {
            Self::Points(points) => write!(f, "{}", percent(*points)),
            Self::OfBaseline(share) => write!(f, "{}%-of-baseline", percent(*share)),
            Self::Errors(times) => write!(f, "{}%-of-errors", percent(*times)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_margin_is_read_and_written_alike() {
        for (text, margin) in [
            ("0.5", Margin::Points(0.005)),
            ("0.125", Margin::Points(0.00125)),
            ("7", Margin::Points(0.07)),
            ("99%-of-baseline", Margin::OfBaseline(0.99)),
            ("99.995%-of-baseline", Margin::OfBaseline(0.99995)),
            ("110%-of-errors", Margin::Errors(1.1)),
        ] {
            let read: Margin = text.parse().unwrap();
            assert_eq!(read, margin);
            assert_eq!(read.to_string(), text);
        }
        assert_eq!("1 %".parse::<Margin>().unwrap(), Margin::Points(0.01));
    }

    #[test]
    fn what_is_no_margin_is_refused_with_the_forms() {
        for text in
            ["-1", "nan", "0%-of-baseline", "101%-of-baseline", "50%-of-errors", "99%-of-everything", ""]
        {
            assert!(text.parse::<Margin>().unwrap_err().contains("99%-of-baseline"), "{text}");
        }
    }

    #[test]
    fn margins_that_depend_on_the_baseline_become_shares_of_all_images() {
        assert!((Margin::OfBaseline(0.99).in_shares(0.76) - 0.0076).abs() < 1e-12);
        assert!((Margin::Errors(1.1).in_shares(0.94) - 0.006).abs() < 1e-12);
        assert_eq!(Margin::Points(0.005).in_shares(0.5), 0.005);
    }
}
