//! An upper bound of a high quantile that never flatters: the early stopping rule of MLPerf
//! LoadGen.

use super::binomial::binomial_lower_tail;

/// How many of `n` values may lie above a limit so that the `p`-quantile is within it with
/// `confidence` (one-sided): the largest t with P(Binomial(n, 1 − p) ≤ t) ≤ 1 − confidence. None
/// where `n` is too small for t ≥ 1 (662 values for p = 0.99 at 0.99), or a share is outside 0 to
/// 1, ends excluded.
pub fn overlatency_allowed(n: u64, p: f64, confidence: f64) -> Option<u64> {
    let share = |value: f64| value > 0.0 && value < 1.0;
    if !share(p) || !share(confidence) {
        return None;
    }
    let fits = |t: u64| binomial_lower_tail(t, n, 1.0 - p) <= 1.0 - confidence;
    // The probability rises with t and is 1 at t = n, which therefore never fits.
    let (mut fitting, mut beyond) = (0, n);
    while beyond - fitting > 1 {
        let middle = u64::midpoint(fitting, beyond);
        if fits(middle) { fitting = middle } else { beyond = middle }
    }
    (fitting >= 1).then_some(fitting)
}

/// An upper confidence bound of the `p`-quantile of values in ascending order, in their unit: the
/// t-th largest, t from [`overlatency_allowed`], as LoadGen reports it for its single-stream
/// scenario. One rank on the careful side: the bound itself would allow the (t + 1)-th. None where
/// there are too few values.
pub fn quantile_upper_bound(sorted: &[f64], p: f64, confidence: f64) -> Option<f64> {
    let t = overlatency_allowed(sorted.len() as u64, p, confidence)?;
    sorted.iter().rev().nth(t as usize - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_smallest_counts() {
        let table = [
            (0.50, [11, 14, 22, 35]),
            (0.90, [64, 81, 127, 197]),
            (0.95, [130, 165, 259, 398]),
            (0.97, [219, 277, 433, 667]),
            (0.99, [662, 838, 1_307, 2_010]),
            (0.999, [6_636, 8_403, 13_105, 20_140]),
        ];
        for (p, smallest) in table {
            for (t, n) in [1, 2, 5, 10].into_iter().zip(smallest) {
                assert_eq!(overlatency_allowed(n, p, 0.99), Some(t), "p {p} n {n}");
                assert_eq!(overlatency_allowed(n - 1, p, 0.99).unwrap_or(0), t - 1, "p {p} n {n} less one");
            }
        }
    }

    #[test]
    fn the_bound_is_the_largest_value_that_is_allowed() {
        let values: Vec<f64> = (1..=838).map(f64::from).collect();
        assert_eq!(quantile_upper_bound(&values, 0.99, 0.99), Some(837.0));
        assert_eq!(quantile_upper_bound(&values[..661], 0.99, 0.99), None);
    }

    #[test]
    fn what_is_no_share_has_no_bound() {
        for (p, confidence) in [(0.0, 0.99), (1.0, 0.99), (0.5, 1.0), (f64::NAN, 0.99), (0.5, f64::NAN)] {
            assert_eq!(overlatency_allowed(1000, p, confidence), None);
        }
        assert_eq!(overlatency_allowed(0, 0.5, 0.99), None);
        assert_eq!(quantile_upper_bound(&[], 0.5, 0.99), None);
    }
}
