//! The difference of two shares that were not counted on the same things.

use super::Interval;
use super::normal::{normal_cdf, one_sided_z};
use super::wilson::around;

/// The bound below which p₂ − p₁ lies with a one-sided probability of at most 1 − `level`: Newcombe's
/// square-and-add from the Wilson bounds of each share (R. Newcombe, "Interval estimation for the
/// difference between independent proportions", Statistics in Medicine 17, 1998, method 10):
/// d − √((p₂ − l₂)² + (u₁ − p₁)²). Counts are (successes, trials) of the first and the second sample.
///
/// None without trials, for more successes than trials, or a level that is none.
pub fn newcombe_lower(first: (u64, u64), second: (u64, u64), level: f64) -> Option<f64> {
    let z = one_sided_z(level)?;
    let [(p1, _, u1), (p2, l2, _)] = [bounds(first, z)?, bounds(second, z)?];
    Some((p2 - p1) - ((p2 - l2).powi(2) + (u1 - p1).powi(2)).sqrt())
}

/// The two-sided interval of p₂ − p₁ that [`newcombe_lower`] gives from either side. None as for that.
pub fn newcombe(first: (u64, u64), second: (u64, u64), level: f64) -> Option<Interval> {
    let one_sided = Some(0.5 + level / 2.0).filter(|_| level > 0.0)?;
    let low = newcombe_lower(first, second, one_sided)?;
    Some(Interval { low, high: -newcombe_lower(second, first, one_sided)? })
}

/// Two-sided p of the score test of equal shares: z = d / √(p(1 − p)(1/n₁ + 1/n₂)) with the share p of
/// both together. 1 where both samples are all successes or none. None as for [`newcombe_lower`].
pub fn two_shares(first: (u64, u64), second: (u64, u64)) -> Option<f64> {
    let [n1, n2] = [first, second].map(|(hits, n)| (n > 0 && hits <= n).then_some(n as f64));
    let (n1, n2) = n1.zip(n2)?;
    let pooled = (first.0 + second.0) as f64 / (n1 + n2);
    let spread = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    let difference = second.0 as f64 / n2 - first.0 as f64 / n1;
    Some(if spread > 0.0 { 2.0 * normal_cdf(-(difference / spread).abs()) } else { 1.0 })
}

/// The share, and its Wilson bounds z standard errors away.
fn bounds((hits, n): (u64, u64), z: f64) -> Option<(f64, f64, f64)> {
    let (share, n) = (n > 0 && hits <= n).then(|| (hits as f64 / n as f64, n as f64))?;
    let ends = around(share, n, z);
    Some((share, ends.low, ends.high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Newcombe (1998), table II, method 10: the difference of the second share to the first.
    #[test]
    fn the_bounds_are_the_published_ones() {
        for (second, first, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
        ] {
            let got = newcombe(first, second, 0.95).unwrap();
            assert!((got.low - low).abs() < 5e-5 && (got.high - high).abs() < 5e-5, "{second:?}: {got:?}");
        }
    }

    #[test]
    fn no_difference_is_no_surprise_and_a_large_one_is() {
        assert_eq!(two_shares((5, 10), (50, 100)), Some(1.0));
        assert_eq!(two_shares((10, 10), (20, 20)), Some(1.0));
        // z = 0.2 / sqrt(104/150 · 46/150 · (1/70 + 1/80)) = 2.6502
        assert!((two_shares((48, 80), (56, 70)).unwrap() - 0.008045).abs() < 1e-5);
    }

    #[test]
    fn impossible_counts_have_no_answer() {
        assert_eq!(newcombe_lower((1, 0), (1, 2), 0.95), None);
        assert_eq!(newcombe_lower((3, 2), (1, 2), 0.95), None);
        assert_eq!(newcombe((1, 0), (1, 2), 0.95), None);
        assert!([0.0, -0.5, 1.0].iter().all(|&level| newcombe((1, 2), (1, 2), level).is_none()));
        assert_eq!(two_shares((0, 0), (1, 2)), None);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_difference_and_turns_with_the_sides(
            counts in prop::array::uniform2((1u64..5000, 0.0..=1.0f64)), level in 0.01..0.999f64,
        ) {
            let [first, second] = counts.map(|(n, part)| (((n as f64 * part) as u64).min(n), n));
            let share = |(hits, n): (u64, u64)| hits as f64 / n as f64;
            let got = newcombe(first, second, level).unwrap();
            prop_assert!(got.contains(share(second) - share(first)), "{got:?}");
            prop_assert!(got.low >= -1.0 - 1e-15 && got.high <= 1.0 + 1e-15, "{got:?}");
            let turned = newcombe(second, first, level).unwrap();
            prop_assert_eq!((turned.low, turned.high), (-got.high, -got.low));
        }
    }
}
