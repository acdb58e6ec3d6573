//! Many tests at once: which of them hold if not a single one may be false.

use super::by_p::by_p;

/// Adjusted p-values of Holm (S. Holm, "A simple sequentially rejective multiple test procedure",
/// Scandinavian Journal of Statistics 6, 1979), in the order of the input: sorted upwards, max over
/// j ≤ i of (m − j + 1)·p₍j₎, at most 1. Calling those below α finds makes a false one with a
/// probability of at most α, however the tests hang together. A NaN is no test: it stays NaN and is
/// not counted in m.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = by_p(p);
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut largest = 0.0f64;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max(p[i] * (order.len() - rank) as f64).min(1.0);
        adjusted[i] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::benjamini_hochberg;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        p: Vec<f64>,
        adjusted: Vec<f64>,
    }

    #[test]
    fn values_are_those_of_statsmodels() {
        for Case { p, adjusted } in fixture::<Vec<Case>>("holm") {
            for (got, wanted) in holm(&p).into_iter().zip(adjusted) {
                assert_close(got, wanted, 1e-14, &format!("{p:?}"));
            }
        }
    }

    /// Four tests at 0.005, 0.01, 0.03 and 0.04, the example by which textbooks explain the
    /// procedure: at 5 % the first two hold, and the third stops the fourth.
    #[test]
    fn an_example_of_the_literature() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (got, wanted) in adjusted.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - wanted).abs() < 1e-12, "{got} {wanted}");
        }
    }

    #[test]
    fn what_was_not_tested_does_not_cost_the_others() {
        let adjusted = holm(&[0.01, f64::NAN, 0.04]);
        assert_eq!((adjusted[0], adjusted[2]), (0.02, 0.04));
        assert!(adjusted[1].is_nan());
        assert!(holm(&[]).is_empty());
    }

    /// The procedure as Holm wrote it, without adjusted values: from the smallest p on, each is held
    /// to α over the tests that are left, and the first that fails ends it.
    fn rejected(p: &[f64], alpha: f64) -> Vec<bool> {
        let mut left: Vec<usize> = (0..p.len()).collect();
        left.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
        let mut rejected = vec![false; p.len()];
        while let Some(&smallest) = left.first() {
            if p[smallest] * left.len() as f64 > alpha {
                break;
            }
            rejected[smallest] = true;
            left.remove(0);
        }
        rejected
    }

    proptest! {
        #[test]
        fn adjusted_values_reject_what_the_steps_reject(
            p in prop::collection::vec(0.0..=0.2f64, 1..40), alpha in 0.001..0.5f64,
        ) {
            let adjusted: Vec<bool> = holm(&p).into_iter().map(|p| p <= alpha).collect();
            prop_assert_eq!(adjusted, rejected(&p, alpha));
        }

        #[test]
        fn it_lies_between_the_rate_of_false_finds_and_all_tests_paid_for(
            p in prop::collection::vec(0.0..=1.0f64, 1..40),
        ) {
            let (found, strict) = (benjamini_hochberg(&p), holm(&p));
            for i in 0..p.len() {
                prop_assert!(found[i] <= strict[i] + 1e-12);
                prop_assert!(strict[i] <= (p[i] * p.len() as f64).min(1.0));
            }
        }
    }
}
