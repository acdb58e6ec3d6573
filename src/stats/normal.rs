//! The standard normal distribution.

use std::f64::consts::SQRT_2;

use statrs::function::erf::erfc_inv;

/// Φ(x): the probability of a value up to `x`. Holds 13 digits down to the smallest numbers, since
/// it never subtracts from 1.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// Φ⁻¹(p): the value that the probability `p` lies below; −∞ for 0, ∞ for 1, NaN outside.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    // Adding zero turns the −0 of the middle into 0.
    -SQRT_2 * erfc_inv(2.0 * p) + 0.0
}

/// The z of a two-sided level: 1.96 for 0.95. None unless the level lies between 0 and 1, ends
/// excluded.
pub fn two_sided_z(level: f64) -> Option<f64> {
    one_sided_z(0.5 + level / 2.0).filter(|_| level > 0.0)
}

/// The z of a one-sided level: 1.645 for 0.95, negative below 0.5. None unless the level lies
/// between 0 and 1, ends excluded.
pub(super) fn one_sided_z(level: f64) -> Option<f64> {
    (level > 0.0 && level < 1.0).then(|| normal_quantile(level)).filter(|z| z.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};

    #[derive(serde::Deserialize)]
    struct Normal {
        cdf: Vec<(f64, f64)>,
        quantile: Vec<(f64, f64)>,
    }

    #[test]
    fn both_directions_hold_in_the_far_tails() {
        let reference: Normal = fixture("normal");
        for (x, wanted) in reference.cdf {
            assert_close(normal_cdf(x), wanted, 1e-12, &format!("cdf {x}"));
        }
        for (p, wanted) in reference.quantile {
            assert_close(normal_quantile(p), wanted, 1e-13, &format!("quantile {p}"));
        }
    }

    #[test]
    fn what_has_no_quantile_is_not_a_number() {
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.1).is_nan() && normal_quantile(f64::NAN).is_nan());
    }

    #[test]
    fn a_level_is_a_share_between_none_and_all() {
        assert!((two_sided_z(0.95).unwrap() - 1.959963984540054).abs() < 1e-14);
        assert!((one_sided_z(0.95).unwrap() - 1.6448536269514722).abs() < 1e-14);
        for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
            assert_eq!(two_sided_z(level), None, "{level}");
        }
    }
}
