//! Ratios of paired measurements.

use super::median;

/// exp(median ln(a / b)) over pairs (a, b): the typical ratio when each pair was measured together,
/// so that what slows both cancels. The logarithm makes the result for (b, a) its inverse. None
/// for no pairs; not finite where a value is zero or less.
pub fn median_ratio(pairs: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<f64> = pairs.iter().map(|(a, b)| (a / b).ln()).collect();
    if logs.iter().any(|log| !log.is_finite()) {
        return Some(f64::NAN);
    }
    median(&logs).map(f64::exp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drift_that_hits_both_sides_cancels() {
        let pairs = [(20.0, 10.0), (200.0, 100.0), (2000.0, 1000.0)];
        assert!((median_ratio(&pairs).unwrap() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn swapping_the_sides_inverts_the_ratio() {
        let pairs = [(3.0, 2.0), (5.0, 4.0), (7.0, 1.0), (2.0, 9.0)];
        let swapped = pairs.map(|(a, b)| (b, a));
        let product = median_ratio(&pairs).unwrap() * median_ratio(&swapped).unwrap();
        assert!((product - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_zero_has_no_ratio() {
        assert!(median_ratio(&[(0.0, 1.0), (1.0, 1.0)]).unwrap().is_nan());
        assert_eq!(median_ratio(&[]), None);
    }
}
