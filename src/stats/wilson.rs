//! How far a share of counted successes can be trusted.

use super::Interval;
use super::normal::two_sided_z;

/// Wilson's score interval for the probability behind `successes` of `n` (E. B. Wilson, 1927):
/// the π with |p̂ − π| ≤ z·√(π(1 − π)/n), that is
/// (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n).
///
/// It stays within 0 and 1 and does not shrink to nothing at 0 or `n` successes. None for `n` = 0,
/// more successes than `n`, or a level that is none.
pub fn wilson(successes: u64, n: u64, level: f64) -> Option<Interval> {
    let z = two_sided_z(level).filter(|_| n > 0 && successes <= n)?;
    let of = |count: u64| around(count as f64 / n as f64, n as f64, z);
    let Interval { low, high } = of(successes);
    // The upper end from the failures where they are fewer: all successes then end at 1 exactly.
    Some(Interval { low, high: if successes > n / 2 { 1.0 - of(n - successes).low } else { high } })
}

/// Both roots of (p̂ − π)² = z²·π(1 − π)/n. The lower one is their product, p̂²/(1 + z²/n), over the
/// upper one, so that a small share keeps its digits.
pub(super) fn around(share: f64, n: f64, z: f64) -> Interval {
    let spread = z * z / n;
    let sum = share + spread / 2.0 + (spread * (share * (1.0 - share) + spread / 4.0)).sqrt();
    Interval { low: share * share / sum, high: sum / (1.0 + spread) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        successes: u64,
        n: u64,
        level: f64,
        low: f64,
        high: f64,
    }

    /// Statsmodels subtracts at the lower end, which costs it digits where the share is small.
    #[test]
    fn intervals_are_those_of_statsmodels() {
        for Case { successes, n, level, low, high } in fixture::<Vec<Case>>("wilson") {
            let got = wilson(successes, n, level).unwrap();
            assert_close(got.low, low, 1e-9, &format!("{successes}/{n} at {level}"));
            assert_close(got.high, high, 1e-12, &format!("{successes}/{n} at {level}"));
        }
    }

    #[test]
    fn nothing_tried_says_nothing() {
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(wilson(2, 1, 0.95), None);
        assert_eq!(wilson(1, 2, 1.0), None);
    }

    #[test]
    fn all_or_none_still_leaves_doubt_on_one_side() {
        let (none, all) = (wilson(0, 50, 0.95).unwrap(), wilson(50, 50, 0.95).unwrap());
        assert_eq!((none.low, all.high), (0.0, 1.0));
        assert!(none.high > 0.05 && all.low < 0.95);
    }

    proptest! {
        #[test]
        fn it_holds_the_share_and_widens_with_the_level(
            n in 1u64..1_000_000_000, part in 0.0..=1.0f64, level in 0.01..0.999f64,
        ) {
            let successes = ((n as f64 * part) as u64).min(n);
            let (narrow, wide) = (wilson(successes, n, level * 0.9).unwrap(), wilson(successes, n, level).unwrap());
            prop_assert!(narrow.contains(successes as f64 / n as f64));
            prop_assert!(0.0 <= wide.low && wide.low <= narrow.low && narrow.high <= wide.high && wide.high <= 1.0);
            let mirrored = wilson(n - successes, n, level).unwrap();
            prop_assert!((mirrored.low - (1.0 - wide.high)).abs() < 1e-15);
        }
    }
}
