//! The simple interval of a paired difference, as a check on the score interval.

use super::Interval;
use super::normal::two_sided_z;

/// Bonett and Price's adjusted Wald interval for δ = (c − b)/n (D. Bonett and R. Price, 2012):
/// with p_b = (b + 1)/(n + 2) and p_c = (c + 1)/(n + 2), p_c − p_b ± z·√((p_b + p_c − (p_c −
/// p_b)²)/(n + 2)), clipped to −1 and 1. None for `n` = 0, b + c > n or a level that is none.
pub fn bonett_price(b: u64, c: u64, n: u64, level: f64) -> Option<Interval> {
    let z = two_sided_z(level)?;
    if n == 0 || b.checked_add(c).is_none_or(|discordant| discordant > n) {
        return None;
    }
    let pairs = n as f64 + 2.0;
    let (only_first, only_second) = ((b as f64 + 1.0) / pairs, (c as f64 + 1.0) / pairs);
    let point = only_second - only_first;
    let half = z * ((only_first + only_second - point * point) / pairs).sqrt();
    Some(Interval { low: point - half, high: point + half }.clip(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::tango;
    use proptest::prelude::*;

    /// The airway counts of the test of `tango`: p = 2/23 and 8/23, by hand
    /// 6/23 ± 1.96·√((10/23 − (6/23)²)/23).
    #[test]
    fn an_example_worked_by_hand() {
        let got = bonett_price(1, 7, 21, 0.95).unwrap();
        let half = 1.959963984540054 * ((10.0 / 23.0 - (6.0f64 / 23.0).powi(2)) / 23.0).sqrt();
        assert!(
            (got.low - (6.0 / 23.0 - half)).abs() < 1e-14 && (got.high - (6.0 / 23.0 + half)).abs() < 1e-14
        );
        assert!((got.low - 0.013).abs() < 1e-3 && (got.high - 0.508).abs() < 1e-3, "{got:?}");
    }

    #[test]
    fn impossible_counts_have_no_interval() {
        assert_eq!(bonett_price(0, 0, 0, 0.95), None);
        assert_eq!(bonett_price(2, 2, 3, 0.95), None);
        assert_eq!(bonett_price(u64::MAX, u64::MAX, u64::MAX, 0.95), None);
    }

    #[test]
    fn with_many_pairs_it_is_tangos() {
        let (simple, score) =
            (bonett_price(400, 350, 50_000, 0.95).unwrap(), tango(400, 350, 50_000, 0.95).unwrap());
        assert!((simple.low - score.low).abs() < 2e-5 && (simple.high - score.high).abs() < 2e-5);
    }

    proptest! {
        #[test]
        fn it_mirrors_with_the_sides_and_stays_within_the_limits(
            b in 0u64..500_000_000, c in 0u64..500_000_000, more in 0u64..1000, level in 0.01..0.999f64,
        ) {
            let n = b + c + more + 1;
            let (one, other) = (bonett_price(b, c, n, level).unwrap(), bonett_price(c, b, n, level).unwrap());
            prop_assert!((one.low + other.high).abs() < 1e-15 && (one.high + other.low).abs() < 1e-15);
            prop_assert!(-1.0 <= one.low && one.low <= one.high && one.high <= 1.0);
        }
    }
}
