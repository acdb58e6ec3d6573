//! Sums that do not lose small terms beside large ones.

/// Sum with Neumaier's compensation (A. Neumaier, 1974): the error does not grow with the number
/// of terms, so a mean over a million images is as good as one over ten.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (total, lost) = values.into_iter().fold((0.0f64, 0.0f64), |(total, lost), value| {
        let next = total + value;
        let rounding =
            if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        (next, lost + rounding)
    });
    // Beside an infinity the compensation is NaN; the plain total says what happened.
    if total.is_finite() { total + lost } else { total }
}

/// Arithmetic mean; none for no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values.iter().copied()) / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_term_is_not_lost_beside_large_ones() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
    }

    #[test]
    fn an_infinity_stays_one() {
        assert_eq!(sum([1.0, f64::INFINITY]), f64::INFINITY);
        assert!(sum([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn no_values_have_no_mean() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
    }
}
