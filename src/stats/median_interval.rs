//! The interval of a median from the order of the values alone.

use super::Interval;
use super::binomial::binomial_lower_tail;
use super::normal::two_sided_z;
use super::search::first;

/// The interval of the median behind independent values. From the d-th smallest value to the d-th
/// largest it holds the median with γ_d = 1 − 2·P(Binomial(n, ½) ≤ d − 1), whatever their
/// distribution; between the two d whose γ enclose the level, Hettmansperger and Sheather's
/// interpolation (1986) with I = (γ_d − level)/(γ_d − γ_{d+1}) moves each end by the fraction
/// λ = (n − d)·I/(d + (n − 2d)·I) towards the next value.
///
/// This and not the bootstrap is what to ask after each round: it needs no random numbers, takes
/// microseconds, and keeps its level where the resampled median repeats few values. Of 10,000
/// draws each of normal, heavy-tailed and skewed values it held the median in 93.7 % (n = 7) to
/// 95.5 % from 6 to 60 values; the percentile bootstrap in 86.6 % at 7, 92.5 % at 15 and 93.9 %
/// at 30, whatever the distribution (`examples/coverage`).
///
/// None where even the extremes do not reach the level (five or fewer values for 95 %), for a
/// value that is not a number, or a level that is none.
pub fn median_interval(values: &[f64], level: f64) -> Option<Interval> {
    two_sided_z(level)?;
    if values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let n = values.len();
    let reached = |d: u64| 1.0 - 2.0 * binomial_lower_tail(d - 1, n as u64, 0.5);
    // γ falls with d: the last that still reaches the level, at most half of the values.
    let d = first(1..n as u64 / 2 + 1, |d| reached(d) < level).checked_sub(1).filter(|&d| d > 0)?;
    let sorted = super::sorted(values.to_vec());
    let share = (reached(d) - level) / (reached(d) - reached(d + 1));
    let d = d as usize;
    let towards = if n > 2 * d { interpolation(n, d, share) } else { 0.0 };
    let between = |outer: f64, inner: f64| outer + towards * (inner - outer);
    Some(Interval { low: between(sorted[d - 1], sorted[d]), high: between(sorted[n - d], sorted[n - d - 1]) })
}

/// λ of the formula above.
fn interpolation(n: usize, d: usize, share: f64) -> f64 {
    let (all, rank) = (n as f64, d as f64);
    (all - rank) * share / (rank + (all - 2.0 * rank) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{OfValues, fixture};
    use proptest::prelude::*;

    #[test]
    fn ends_are_those_of_scipys_binomial_and_the_formula() {
        for case in fixture::<Vec<OfValues>>("median_interval") {
            case.assert_ends(median_interval(&case.values, case.level).unwrap(), 1e-10);
        }
    }

    #[test]
    fn five_values_do_not_reach_95_percent() {
        assert_eq!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        assert!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.95).is_some());
        assert_eq!(median_interval(&[], 0.95), None);
        assert_eq!(median_interval(&[f64::NAN; 9], 0.95), None);
    }

    proptest! {
        #[test]
        fn it_holds_the_median_and_widens_with_the_level(
            values in prop::collection::vec(-9.0..9.0f64, 12..90), level in 0.1..0.99f64,
        ) {
            let (narrow, wide) = (median_interval(&values, 0.9 * level).unwrap(), median_interval(&values, level).unwrap());
            prop_assert!(narrow.contains(crate::stats::median(&values).unwrap()));
            prop_assert!(wide.low <= narrow.low + 1e-12 && narrow.high <= wide.high + 1e-12);
        }
    }
}
