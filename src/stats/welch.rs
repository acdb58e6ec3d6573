//! Two samples of measurements that do not belong together in pairs.

use super::{Interval, mean, student_quantile, sum};

/// Welch's interval of mean(second) − mean(first) at a two-sided `level`: d ± t·√(s₁²/n₁ + s₂²/n₂), t with
/// the degrees of freedom of Welch and Satterthwaite (B. L. Welch, Biometrika 34, 1947). None with fewer
/// than two values on a side, values that are not finite, or a level that is none.
pub fn welch(first: &[f64], second: &[f64], level: f64) -> Option<Interval> {
    let ((m1, v1), (m2, v2)) = (spread(first)?, spread(second)?);
    let error = v1 + v2;
    let degrees = match error > 0.0 {
        true => {
            error.powi(2) / (v1.powi(2) / (first.len() - 1) as f64 + v2.powi(2) / (second.len() - 1) as f64)
        }
        false => (first.len() + second.len() - 2) as f64,
    };
    let half = student_quantile(0.5 + level / 2.0, degrees)? * error.sqrt();
    let (low, high) = (m2 - m1 - half, m2 - m1 + half);
    (low.is_finite() && high.is_finite()).then_some(Interval { low, high })
}

/// Mean, and the square of its standard error.
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let (middle, n) = (mean(values)?, values.len() as f64);
    let squares = sum(values.iter().map(|value| (value - middle).powi(2)));
    (values.len() > 1).then(|| (middle, squares / (n - 1.0) / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    #[test]
    fn the_interval_is_scipys() {
        let found = welch(&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 9.0], 0.95).unwrap();
        assert!(
            (found.low + 5.557_543_515_568_682).abs() < 1e-7
                && (found.high - 10.557_543_515_568_682).abs() < 1e-9,
            "{found:?}"
        );
    }

    #[test]
    fn one_value_has_no_spread_and_equal_values_no_width() {
        assert_eq!(welch(&[1.0], &[1.0, 2.0], 0.95), None);
        let same = welch(&[2.0; 3], &[3.0; 3], 0.95).unwrap();
        assert_eq!((same.low, same.high), (1.0, 1.0));
    }
}
