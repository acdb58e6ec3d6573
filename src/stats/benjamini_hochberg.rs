//! Many tests at once: which of them hold if a share of false finds is allowed.

use super::by_p::by_p;

/// Adjusted p-values of Benjamini and Hochberg (1995), in the order of the input: sorted upwards,
/// min over j ≥ i of p₍j₎·m/j, at most 1. Those up to q are the finds among which a share of q is
/// expected to be false. A NaN is no test: it stays NaN and is not counted in m.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = by_p(p);
    let tests = order.len() as f64;
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut smallest = 1.0f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        // The factor first: it is at least 1, so that rounding never lowers a p.
        smallest = smallest.min(p[i] * (tests / (rank + 1) as f64));
        adjusted[i] = smallest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        p: Vec<f64>,
        adjusted: Vec<f64>,
    }

    #[test]
    fn values_are_those_of_statsmodels() {
        for Case { p, adjusted } in fixture::<Vec<Case>>("benjamini_hochberg") {
            for (got, wanted) in benjamini_hochberg(&p).into_iter().zip(adjusted) {
                assert_close(got, wanted, 1e-14, &format!("{p:?}"));
            }
        }
    }

    #[test]
    fn what_was_not_tested_does_not_cost_the_others() {
        let adjusted = benjamini_hochberg(&[0.01, f64::NAN, 0.04]);
        assert_eq!((adjusted[0], adjusted[2]), (0.02, 0.04));
        assert!(adjusted[1].is_nan());
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn adjusting_never_lowers_and_keeps_the_order(p in prop::collection::vec(0.0..=1.0f64, 1..40)) {
            let adjusted = benjamini_hochberg(&p);
            for i in 0..p.len() {
                prop_assert!(p[i] <= adjusted[i] && adjusted[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
