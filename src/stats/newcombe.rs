//! The difference of two shares that were not counted on the same things.

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

    /// Newcombe (1998), table II, (a): 56/70 − 48/80, two-sided 95 %.
    #[test]
    fn the_bounds_are_the_published_ones() {
        let low = newcombe_lower((48, 80), (56, 70), 0.975).unwrap();
        let high = -newcombe_lower((56, 70), (48, 80), 0.975).unwrap();
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
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
        assert_eq!(two_shares((0, 0), (1, 2)), None);
    }
}
