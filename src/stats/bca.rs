//! The bias-corrected and accelerated bootstrap interval.

use super::normal::{normal_cdf, normal_quantile, two_sided_z};
use super::{Interval, quantile};

/// Efron's BCa interval (B. Efron, 1987; T. DiCiccio and B. Efron, 1996) from bootstrap
/// `replicates` of a figure whose value on the data is `point`. With the bias
/// z₀ = Φ⁻¹(share of replicates below the point, ties counted half) and the acceleration a, the
/// ends are the quantiles (type 7) of the replicates at Φ(z₀ + (z₀ ± z)/(1 − a·(z₀ ± z))).
///
/// Where every replicate lies on one side of the point, z₀ is infinite and would put both ends on
/// the same extreme replicate: the plain percentile interval is given instead. All replicates
/// equal give that value. None for no replicates, a value that is not finite, or a level that is
/// none. The replicates are left sorted.
pub fn bca(point: f64, replicates: &mut [f64], acceleration: f64, level: f64) -> Option<Interval> {
    let z = two_sided_z(level)?;
    let finite = point.is_finite() && acceleration.is_finite() && replicates.iter().all(|r| r.is_finite());
    if !finite || replicates.is_empty() {
        return None;
    }
    replicates.sort_unstable_by(f64::total_cmp);
    let bias = Some(bias(point, replicates)).filter(|bias| bias.is_finite());
    let end = |z: f64| quantile(replicates, bias.map_or(normal_cdf(z), |bias| share(bias, acceleration, z)));
    Some(Interval { low: end(-z)?, high: end(z)? })
}

/// z₀: how far from the middle of the sorted replicates the point lies.
fn bias(point: f64, sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|&replicate| replicate < point);
    let not_above = sorted.partition_point(|&replicate| replicate <= point);
    normal_quantile((below + not_above) as f64 / (2 * sorted.len()) as f64)
}

/// The corrected share of replicates below an end. Past its pole the correction would come back
/// from the other side; there the end is the extreme one.
fn share(bias: f64, acceleration: f64, z: f64) -> f64 {
    let moved = bias + z;
    let stretch = 1.0 - acceleration * moved;
    let corrected = if stretch > 0.0 { bias + moved / stretch } else { moved.signum() * f64::INFINITY };
    normal_cdf(corrected)
}

/// The acceleration from leave-one-out values, each with how many units have it:
/// Σ w·u³ / (6·(Σ w·u²)^1.5) with u = weighted mean − value. Zero where all are equal or none is
/// there; NaN, which [`bca`] refuses, where a value is.
pub fn jackknife_acceleration(values: &[(f64, f64)]) -> f64 {
    let weighted =
        |of: &dyn Fn(f64) -> f64| super::sum(values.iter().map(|&(value, units)| units * of(value)));
    let units = weighted(&|_| 1.0);
    if units <= 0.0 {
        return 0.0;
    }
    let mean = weighted(&|value| value) / units;
    // In units of the largest deviation, whose cube could vanish otherwise. A deviation that is
    // no more than the rounding of the mean is none.
    let largest = values.iter().map(|(value, _)| (mean - value).abs()).fold(0.0, f64::max);
    if largest <= 4.0 * f64::EPSILON * mean.abs() && !mean.is_nan() {
        return 0.0;
    }
    let deviation = |value: f64| (mean - value) / largest;
    weighted(&|value| deviation(value).powi(3))
        / (6.0 * weighted(&|value| deviation(value).powi(2)).powf(1.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        point: f64,
        replicates: Vec<f64>,
        jackknife: Vec<f64>,
        level: f64,
        low: f64,
        high: f64,
    }

    #[test]
    fn intervals_are_those_of_scipy_on_the_same_replicates() {
        for Case { point, mut replicates, jackknife, level, low, high } in fixture::<Vec<Case>>("bca") {
            let units: Vec<(f64, f64)> = jackknife.iter().map(|&value| (value, 1.0)).collect();
            let got = bca(point, &mut replicates, jackknife_acceleration(&units), level).unwrap();
            assert_close(got.low, low, 1e-10, "low");
            assert_close(got.high, high, 1e-10, "high");
        }
    }

    #[test]
    fn units_of_the_same_value_can_be_told_together() {
        let (apart, together) = ([(1.0, 1.0), (1.0, 1.0), (4.0, 1.0)], [(1.0, 2.0), (4.0, 1.0)]);
        assert_close(jackknife_acceleration(&together), jackknife_acceleration(&apart), 1e-15, "weights");
        assert_eq!(jackknife_acceleration(&[(0.1, 3.0), (0.1, 4.0)]), 0.0);
        assert_eq!(jackknife_acceleration(&[]), 0.0);
    }

    #[test]
    fn without_bias_and_acceleration_it_is_the_percentile_interval() {
        let mut replicates: Vec<f64> = (0..=1000).rev().map(f64::from).collect();
        let got = bca(500.0, &mut replicates, 0.0, 0.95).unwrap();
        assert!((got.low - 25.0).abs() < 1e-9 && (got.high - 975.0).abs() < 1e-9, "{got:?}");
    }

    #[test]
    fn a_point_outside_all_replicates_falls_back_to_percentiles() {
        let mut replicates: Vec<f64> = (0..=1000).map(f64::from).collect();
        let got = bca(-1.0, &mut replicates, 0.1, 0.95).unwrap();
        assert!((got.low - 25.0).abs() < 1e-9 && (got.high - 975.0).abs() < 1e-9, "{got:?}");
    }

    #[test]
    fn equal_replicates_are_their_value_and_broken_ones_none() {
        assert_eq!(bca(2.0, &mut [2.0; 9], 0.0, 0.95), Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(bca(2.0, &mut [2.0, f64::NAN], 0.0, 0.95), None);
        assert_eq!(bca(f64::NAN, &mut [2.0], 0.0, 0.95), None);
        assert_eq!(bca(2.0, &mut [], 0.0, 0.95), None);
        assert_eq!(bca(2.0, &mut [2.0], jackknife_acceleration(&[(f64::NAN, 1.0)]), 0.95), None);
    }

    proptest! {
        #[test]
        fn ends_are_ordered_and_within_the_replicates(
            mut replicates in prop::collection::vec(-5.0..5.0f64, 1..200), point in -6.0..6.0f64,
            acceleration in -2.0..2.0f64, level in 0.01..0.999f64,
        ) {
            let got = bca(point, &mut replicates, acceleration, level).unwrap();
            prop_assert!(got.low <= got.high, "{got:?}");
            prop_assert!(replicates[0] <= got.low && got.high <= replicates[replicates.len() - 1]);
        }
    }
}
