//! Whether two paired answers are right equally often, from the pairs where only one is.

use super::binomial::{binomial_lower_tail, binomial_probability};

/// McNemar's test in its exact form (Q. McNemar, 1947): with k = min(b, c) of n = b + c,
/// p = min(1, 2·P(Binomial(n, ½) ≤ k)). Two-sided; 1 where nothing differs. Never above the
/// nominal error, and mostly well below it: [`mcnemar_mid_p`] is the one to report.
pub fn mcnemar_exact(b: u64, c: u64) -> f64 {
    let (k, n) = smaller_of_all(b, c);
    (2.0 * binomial_lower_tail(k, n, 0.5)).min(1.0)
}

/// The mid-p form: half of the probability of what was seen is left out,
/// p = 2·P(Binomial(n, ½) ≤ k) − P(Binomial(n, ½) = k); 1 for b = c. Its error stays near the
/// nominal one where the exact form is too careful (M. Fagerland, S. Lydersen and P. Laake, 2013).
pub fn mcnemar_mid_p(b: u64, c: u64) -> f64 {
    if b == c {
        return 1.0;
    }
    let (k, n) = smaller_of_all(b, c);
    (2.0 * binomial_lower_tail(k, n, 0.5) - binomial_probability(k, n, 0.5)).clamp(0.0, 1.0)
}

/// The smaller count and both together. Counts whose sum no 64 bits hold are halved: their p is 0
/// or 1 either way.
fn smaller_of_all(b: u64, c: u64) -> (u64, u64) {
    match b.checked_add(c) {
        Some(n) => (b.min(c), n),
        None => (b.min(c) / 2, b / 2 + c / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        b: u64,
        c: u64,
        exact: f64,
        mid_p: f64,
    }

    #[test]
    fn probabilities_are_those_of_scipy_and_statsmodels() {
        for Case { b, c, exact, mid_p } in fixture::<Vec<Case>>("mcnemar") {
            assert_close(mcnemar_exact(b, c), exact, 1e-11, &format!("exact {b} {c}"));
            assert_close(mcnemar_mid_p(b, c), mid_p, 1e-11, &format!("mid-p {b} {c}"));
        }
    }

    #[test]
    fn published_values_to_four_digits() {
        let table = [
            (10, 20, 0.0987, 0.0708),
            (30, 50, 0.0330, 0.0257),
            (5, 15, 0.0414, 0.0266),
            (60, 90, 0.0176, 0.0144),
            (100, 130, 0.0556, 0.0482),
            (200, 250, 0.0208, 0.0185),
        ];
        for (b, c, exact, mid_p) in table {
            assert!((mcnemar_exact(b, c) - exact).abs() < 5e-5, "{b} {c}");
            assert!((mcnemar_mid_p(b, c) - mid_p).abs() < 5e-5, "{b} {c}");
        }
    }

    #[test]
    fn equal_counts_never_differ() {
        for count in [0, 1, 7, 1_000_000_000] {
            assert_eq!((mcnemar_exact(count, count), mcnemar_mid_p(count, count)), (1.0, 1.0));
        }
    }

    #[test]
    fn counts_beyond_all_reason_still_have_an_answer() {
        assert_eq!(mcnemar_exact(u64::MAX, 3), 0.0);
        assert_eq!(mcnemar_mid_p(u64::MAX, u64::MAX), 1.0);
    }

    proptest! {
        #[test]
        fn the_sides_do_not_matter_and_mid_p_is_never_the_larger(b in 0u64..1_000_000_000, c in 0u64..1_000_000_000) {
            let (exact, mid_p) = (mcnemar_exact(b, c), mcnemar_mid_p(b, c));
            prop_assert_eq!((exact, mid_p), (mcnemar_exact(c, b), mcnemar_mid_p(c, b)));
            prop_assert!((0.0..=1.0).contains(&mid_p) && mid_p <= exact && exact <= 1.0);
        }
    }
}
