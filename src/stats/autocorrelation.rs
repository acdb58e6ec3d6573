//! Whether measurements taken one after another hang together.

use statrs::function::beta::checked_beta_reg;

use super::sum;

/// How values move with their order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Spearman's rank correlation with the order: 1 rises throughout, −1 falls throughout.
    pub correlation: f64,
    /// Two-sided probability of one at least as far from 0 if the order meant nothing.
    pub p: f64,
}

/// Correlation of each value with the one before: Σ (x_i − x̄)(x_{i+1} − x̄)/Σ (x_i − x̄)². Of
/// independent values it lies within about ±2/√n of −1/n in 95 of 100 cases. None for fewer than
/// three values, all equal ones, or one that is not finite.
pub fn lag_one(values: &[f64]) -> Option<f64> {
    let deviations = deviations(values).filter(|all| all.len() >= 3)?;
    let products = deviations.windows(2).map(|pair| pair[0] * pair[1]);
    Some(sum(products) / sum(deviations.iter().map(|deviation| deviation * deviation)))
}

/// Spearman's test of the values against their order (C. Spearman, 1904): the correlation r of
/// ranks, equal values sharing their mean rank, with p from t = r·√((n − 2)/(1 − r²)) on n − 2
/// degrees of freedom. None as for [`lag_one`].
pub fn trend(values: &[f64]) -> Option<Trend> {
    if values.len() < 3 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let ranks = deviations(&mean_ranks(values))?;
    let order = deviations(&(0..values.len()).map(|i| i as f64).collect::<Vec<_>>())?;
    let product = |a: &[f64], b: &[f64]| sum(a.iter().zip(b).map(|(x, y)| x * y));
    let scale = (product(&ranks, &ranks) * product(&order, &order)).sqrt();
    let correlation = (product(&ranks, &order) / scale).clamp(-1.0, 1.0);
    let degrees = (values.len() - 2) as f64;
    // Student's tail through the beta function, whose argument ν/(ν + t²) is 1 − r² here.
    let p = checked_beta_reg(degrees / 2.0, 0.5, 1.0 - correlation * correlation).ok()?;
    Some(Trend { correlation, p })
}

/// Differences from the mean, in units of the largest; none where there is no difference.
fn deviations(values: &[f64]) -> Option<Vec<f64>> {
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
    if values.iter().any(|value| !value.is_finite()) || low >= high {
        return None;
    }
    let mean = super::mean(values)?;
    let largest = (high - mean).max(mean - low);
    Some(values.iter().map(|value| (value - mean) / largest).collect())
}

/// The rank of each value, counted from 1; equal ones have the mean of theirs.
fn mean_ranks(values: &[f64]) -> Vec<f64> {
    let sorted = super::sorted(values.to_vec());
    let rank = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let not_above = sorted.partition_point(|other| other <= value);
        (below + not_above + 1) as f64 / 2.0
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};

    #[derive(serde::Deserialize)]
    struct Case {
        values: Vec<f64>,
        lag_one: f64,
        correlation: f64,
        p: f64,
    }

    #[test]
    fn values_are_those_of_scipy_and_statsmodels() {
        for Case { values, lag_one: lag, correlation, p } in fixture::<Vec<Case>>("trend") {
            let got = trend(&values).unwrap();
            assert_close(lag_one(&values).unwrap(), lag, 1e-10, "lag one");
            assert_close(got.correlation, correlation, 1e-10, "correlation");
            assert_close(got.p, p, 1e-9, "p");
        }
    }

    #[test]
    fn a_rise_throughout_is_certain_and_a_swing_is_negative() {
        let got = trend(&[1.0, 2.0, 4.0, 8.0, 16.0]).unwrap();
        assert_eq!((got.correlation, got.p), (1.0, 0.0));
        assert!(lag_one(&[1.0, -1.0, 1.0, -1.0]).unwrap() < -0.7);
    }

    #[test]
    fn what_does_not_move_has_no_trend() {
        for values in [&[][..], &[1.0, 2.0], &[3.0; 9], &[1.0, f64::NAN, 2.0]] {
            assert_eq!((lag_one(values), trend(values)), (None, None));
        }
    }
}
