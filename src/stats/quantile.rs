//! Quantiles of type 7 (Hyndman and Fan, 1996): linear between the order statistics, as numpy, R
//! and spreadsheets have them by default.

/// The values in ascending order. Total order, so that a NaN goes to an end and nothing panics.
pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The `p`-quantile of values in ascending order, `p` from 0 to 1 (clamped): with
/// h = (n − 1)·p it lies at the fraction h − ⌊h⌋ between the values of rank ⌊h⌋ and ⌊h⌋ + 1,
/// counted from 0. None for no values or a `p` that is NaN.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    if p.is_nan() {
        return None;
    }
    let position = last as f64 * p.clamp(0.0, 1.0);
    let rank = (position.floor() as usize).min(last);
    let (low, high) = (sorted[rank], sorted[(rank + 1).min(last)]);
    Some(low + (high - low) * (position - rank as f64))
}

/// The middle value, or the mean of the two in the middle; none for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values.to_vec()), 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Case {
        values: Vec<f64>,
        p: Vec<f64>,
        quantiles: Vec<f64>,
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let text = include_str!("../../fixtures/metrics/quantiles.json");
        for case in serde_json::from_str::<Vec<Case>>(text).unwrap() {
            let values = sorted(case.values);
            for (&p, &wanted) in case.p.iter().zip(&case.quantiles) {
                let got = quantile(&values, p).unwrap();
                assert!((got - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "p {p}: {got} {wanted}");
            }
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0], f64::NAN), None);
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_nan_goes_to_the_end_of_the_order() {
        let values = sorted(vec![f64::NAN, 2.0, 1.0]);
        assert_eq!(values[..2], [1.0, 2.0]);
        assert!(values[2].is_nan());
    }

    proptest! {
        #[test]
        fn a_quantile_lies_within_the_values_and_rises_with_p(
            values in prop::collection::vec(-1e9..1e9f64, 1..50), p in 0.0..1.0f64, q in 0.0..1.0f64,
        ) {
            let values = sorted(values);
            let (low, high) = (quantile(&values, p.min(q)).unwrap(), quantile(&values, p.max(q)).unwrap());
            prop_assert!(values[0] <= low && low <= high + 1e-6 && high <= values[values.len() - 1] + 1e-6);
        }
    }
}
