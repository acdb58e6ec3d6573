//! The interval of a median by resampling.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::{Interval, normal::two_sided_z, quantile};

/// The percentile bootstrap interval of the median: the outer quantiles (type 7) of the medians of
/// `resamples` draws with replacement (B. Efron, 1979). The same seed gives the same interval.
///
/// It costs milliseconds, and at a few values the resampled median repeats few of them: prefer
/// [`super::median_interval`] unless the bootstrap itself is asked for. None for no values, one
/// that is not a number, no resamples or a level that is none.
pub fn bootstrap_median(values: &[f64], resamples: usize, seed: u64, level: f64) -> Option<Interval> {
    two_sided_z(level)?;
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let sorted = super::sorted(values.to_vec());
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut draw = vec![0; sorted.len()];
    let medians = (0..resamples).map(|_| {
        draw.iter_mut().for_each(|rank| *rank = rng.random_range(0..sorted.len()));
        middle(&sorted, &mut draw)
    });
    let medians = super::sorted(medians.collect());
    let tail = (1.0 - level) / 2.0;
    Some(Interval { low: quantile(&medians, tail)?, high: quantile(&medians, 1.0 - tail)? })
}

/// The median of the drawn ranks' values. Ranks are selected instead of values, and of an even
/// number the lower middle is the largest of those before the upper one.
fn middle(sorted: &[f64], draw: &mut [usize]) -> f64 {
    let even = draw.len() % 2 == 0;
    let half = draw.len() / 2;
    let (before, &mut upper, _) = draw.select_nth_unstable(half);
    let lower = if even { before.iter().copied().max().unwrap_or(upper) } else { upper };
    0.5 * sorted[lower] + 0.5 * sorted[upper]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{binomial_lower_tail, median};

    /// The resampled median of an odd number of values is at most the k-th smallest with
    /// probability P(Binomial(n, k/n) > n/2): the ends are known without any draw.
    #[test]
    fn ends_are_those_of_the_exact_distribution() {
        let values: Vec<f64> = (1..=41).map(f64::from).collect();
        let up_to = |k: u64| 1.0 - binomial_lower_tail(20, 41, k as f64 / 41.0);
        let rank = |p: f64| (1..=41).find(|&k| up_to(k) >= p).unwrap() as f64;
        let got = bootstrap_median(&values, 20_000, 7, 0.95).unwrap();
        assert_eq!((got.low, got.high), (rank(0.025), rank(0.975)));
    }

    #[test]
    fn the_middle_of_a_draw_is_its_median() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for draw in [vec![3, 0, 0, 2], vec![1, 3, 0], vec![2, 2]] {
            let values: Vec<f64> = draw.iter().map(|&rank| sorted[rank]).collect();
            assert_eq!(Some(middle(&sorted, &mut draw.clone())), median(&values));
        }
    }

    #[test]
    fn a_seed_repeats_itself_and_nothing_has_no_interval() {
        let values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6];
        assert_eq!(bootstrap_median(&values, 500, 1, 0.9), bootstrap_median(&values, 500, 1, 0.9));
        assert_eq!(bootstrap_median(&[], 500, 1, 0.9), None);
        assert_eq!(bootstrap_median(&values, 0, 1, 0.9), None);
        assert_eq!(bootstrap_median(&[f64::NAN], 10, 1, 0.9), None);
    }
}
