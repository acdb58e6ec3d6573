//! The binomial distribution, exact to 12 digits for any number of trials.

use std::f64::consts::TAU;

/// P(X = k) for X ~ Binomial(n, p), by Loader's saddle-point form (C. Loader, "Fast and accurate
/// computation of binomial probabilities", 2000): no difference of large logarithms is taken, so
/// that a billion trials lose no digits. Zero for k > n; NaN for a `p` outside 0 to 1.
pub fn binomial_probability(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n {
        return 0.0;
    }
    if n == 0 {
        return 1.0;
    }
    if k == 0 {
        // ln(1 − p) must not lose what a small p has.
        return (n as f64 * (-p).ln_1p()).exp();
    }
    if k == n {
        return (n as f64 * p.ln()).exp();
    }
    let (all, hits, misses) = (n as f64, k as f64, (n - k) as f64);
    let exponent = stirling_error(all)
        - stirling_error(hits)
        - stirling_error(misses)
        - deviance(hits, all * p)
        - deviance(misses, all * (1.0 - p));
    (all / (TAU * hits * misses)).sqrt() * exponent.exp()
}

/// P(X ≤ k) for X ~ Binomial(n, p). The terms are added from the largest downwards, each from the
/// one before, until they no longer count: about 10·√n steps at most. NaN for a `p`
/// outside 0 to 1.
pub fn binomial_lower_tail(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n {
        return 1.0;
    }
    // Above the mean the terms rise first: the other side is the shorter and the exact one.
    if k as f64 > n as f64 * p {
        return 1.0 - falling_terms(n - k - 1, n, 1.0 - p);
    }
    falling_terms(k, n, p)
}

/// P(X ≤ k) where `k` is not above the mean, so that every term below it is smaller.
fn falling_terms(k: u64, n: u64, p: f64) -> f64 {
    let odds = (1.0 - p) / p;
    let first = binomial_probability(k, n, p);
    let (mut share, mut sum) = (1.0, 1.0);
    for i in (1..=k).rev() {
        share *= i as f64 / (n - i + 1) as f64 * odds;
        sum += share;
        if share < sum * 1e-17 {
            break;
        }
    }
    (first * sum).min(1.0)
}

/// ln n! − ln(√(2πn)·(n/e)ⁿ): what Stirling's formula leaves out. The series ends below 1e-16
/// from 16 on; smaller ones are taken from the factorial itself.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let log_factorial: f64 = (2..=n as u64).map(|i| i as f64).product::<f64>().ln();
        return log_factorial - (0.5 * (TAU * n).ln() + n * n.ln() - n);
    }
    let square = n * n;
    let tail = 1.0 / 1260.0 - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 / square) / square) / square;
    (1.0 / 12.0 - (1.0 / 360.0 - tail / square) / square) / n
}

/// x·ln(x/m) + m − x, without loss where `x` is near `m`: with v = (x − m)/(x + m) it is
/// (x − m)·v + 2x·(v³/3 + v⁵/5 + …).
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    let v = difference / (x + mean);
    if v.abs() >= 0.1 {
        return x * (x / mean).ln() - difference;
    }
    let (mut sum, mut power) = (difference * v, 2.0 * x * v);
    for odd in (3..60).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        k: u64,
        n: u64,
        p: f64,
        probability: f64,
        lower: f64,
    }

    #[test]
    fn probabilities_and_tails_are_those_of_fifty_digit_arithmetic() {
        for Case { k, n, p, probability, lower } in fixture::<Vec<Case>>("binomial") {
            let case = format!("k {k} n {n} p {p}");
            assert_close(binomial_probability(k, n, p), probability, 1e-11, &case);
            assert_close(binomial_lower_tail(k, n, p), lower, 1e-11, &case);
        }
    }

    #[test]
    fn what_is_certain_or_impossible_is_so() {
        assert_eq!(binomial_probability(0, 5, 0.0), 1.0);
        assert_eq!(binomial_probability(5, 5, 1.0), 1.0);
        assert_eq!(binomial_probability(3, 5, 0.0), 0.0);
        assert_eq!(binomial_probability(6, 5, 0.5), 0.0);
        assert_eq!(binomial_lower_tail(0, 0, 0.3), 1.0);
        assert_eq!(binomial_lower_tail(2, 5, 0.0), 1.0);
        assert_eq!(binomial_lower_tail(2, 5, 1.0), 0.0);
        assert!(binomial_lower_tail(2, 5, 1.5).is_nan());
    }

    proptest! {
        #[test]
        fn probabilities_add_up_to_the_tail(n in 1u64..300, p in 0.001..0.999f64, part in 0.0..1.0f64) {
            let k = (part * n as f64) as u64;
            let sum: f64 = (0..=k).map(|i| binomial_probability(i, n, p)).sum();
            prop_assert!((sum - binomial_lower_tail(k, n, p)).abs() < 1e-12);
        }
    }
}
