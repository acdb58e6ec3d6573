//! The middle of repeated measurements from all their pairs: nearly as sharp as the mean on quiet
//! data, and hardly moved by a few wild values.

use super::Interval;
use super::normal::two_sided_z;

/// Up to here the signed-rank distribution is counted out: 2⁵⁰ still is a whole number in 64 bits
/// of floating point. Beyond, the normal approximation is right to less than one rank in hundreds.
const LARGEST_EXACT: usize = 50;

/// A point and what it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// The estimate, in the unit of the values.
    pub point: f64,
    /// Its interval; none where so few values reach the level by no interval at all (five or fewer
    /// for 95 %).
    pub interval: Option<Interval>,
}

/// The median of all averages (x_i + x_j)/2 with i ≤ j (J. Hodges and E. Lehmann, 1963), with the
/// interval that Wilcoxon's signed-rank test (F. Wilcoxon, 1945) does not reject: from the k-th
/// smallest average to the k-th largest, k the smallest with P(W ≤ k) ≥ (1 − level)/2. It holds
/// its level or more for independent values from a symmetric distribution; of a skewed one it is not
/// an interval of the median, which `examples/coverage` shows. Beyond 50 values W is
/// taken as normal with mean n(n + 1)/4 and variance n(n + 1)(2n + 1)/24, with continuity
/// correction.
///
/// None for no values, one that is not finite, or a level that is none. The averages are never
/// written out: time grows with n·ln n.
pub fn hodges_lehmann(values: &[f64], level: f64) -> Option<Location> {
    let z = two_sided_z(level)?;
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let sorted = super::sorted(values.to_vec());
    let averages = sorted.len() * (sorted.len() + 1) / 2;
    let (low, high) =
        (ranked_average(&sorted, averages.div_ceil(2)), ranked_average(&sorted, averages / 2 + 1));
    let rank = match sorted.len() {
        n if n <= LARGEST_EXACT => exact_rank(n, (1.0 - level) / 2.0),
        n => normal_rank(n, z),
    };
    let interval = (rank >= 1).then(|| Interval {
        low: ranked_average(&sorted, rank),
        high: ranked_average(&sorted, averages + 1 - rank),
    });
    Some(Location { point: 0.5 * low + 0.5 * high, interval })
}

/// The smallest k with P(W ≤ k) ≥ `tail`. W is a sum over a random half of the ranks 1 to n; the
/// subsets with each sum are counted rank by rank.
fn exact_rank(n: usize, tail: f64) -> usize {
    let largest = n * (n + 1) / 2;
    let mut subsets = vec![0.0f64; largest + 1];
    subsets[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..=largest).rev() {
            subsets[sum] += subsets[sum - rank];
        }
    }
    let wanted = tail * 2.0f64.powi(n as i32);
    let mut counted = 0.0;
    subsets
        .iter()
        .position(|&count| {
            counted += count;
            counted >= wanted
        })
        .unwrap_or(0)
}

fn normal_rank(n: usize, z: f64) -> usize {
    let n = n as f64;
    let (mean, variance) = (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0);
    (mean - 0.5 - z * variance.sqrt()).ceil().max(0.0) as usize
}

/// The `rank`-th smallest average, counted from 1, by halving the ordered bit patterns of numbers
/// until one remains: exact, whatever the spread.
fn ranked_average(sorted: &[f64], rank: usize) -> f64 {
    let (mut low, mut high) = (order(sorted[0]), order(sorted[sorted.len() - 1]));
    while low < high {
        // Both may lie at opposite ends of the whole range: their difference would not fit.
        let middle = ((i128::from(low) + i128::from(high)).div_euclid(2)) as i64;
        if averages_up_to(sorted, value(middle)) >= rank { high = middle } else { low = middle + 1 }
    }
    value(low)
}

/// How many averages lie at or below a limit: the partner of the smallest value reaches furthest,
/// and each next one's less far.
fn averages_up_to(sorted: &[f64], limit: f64) -> usize {
    let mut reach = sorted.len();
    let mut count = 0;
    for (i, &smaller) in sorted.iter().enumerate() {
        while reach > i && 0.5 * smaller + 0.5 * sorted[reach - 1] > limit {
            reach -= 1;
        }
        if reach <= i {
            break;
        }
        count += reach - i;
    }
    count
}

/// A whole number with the order of the value: the bits of a negative one count backwards.
fn order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

/// The inverse of [`order`].
fn value(order: i64) -> f64 {
    f64::from_bits(if order < 0 { i64::MIN.wrapping_sub(order) } else { order } as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{OfValues, assert_close, fixture};
    use proptest::prelude::*;

    #[test]
    fn estimates_are_those_of_all_averages_written_out() {
        for case in fixture::<Vec<OfValues>>("hodges_lehmann") {
            let got = hodges_lehmann(&case.values, case.level).unwrap();
            assert_close(got.point, case.point.unwrap(), 1e-13, "point");
            case.assert_ends(got.interval.unwrap(), 1e-13);
        }
    }

    /// The critical values of Wilcoxon's table, two-sided 5 %: 0 at n = 6, 8 at 10, 52 at 20, so
    /// that the interval begins one rank further.
    #[test]
    fn ranks_are_those_of_wilcoxons_table() {
        assert_eq!([5, 6, 10, 20].map(|n| exact_rank(n, 0.025)), [0, 1, 9, 53]);
    }

    #[test]
    fn both_ways_to_the_rank_meet() {
        for n in 30..=LARGEST_EXACT {
            let z = two_sided_z(0.95).unwrap();
            assert!(exact_rank(n, 0.025).abs_diff(normal_rank(n, z)) <= 1, "{n}");
        }
    }

    #[test]
    fn too_few_values_have_a_point_and_no_interval() {
        let got = hodges_lehmann(&[1.0, 2.0, 9.0], 0.95).unwrap();
        assert_eq!(got, Location { point: 3.5, interval: None });
        assert_eq!(hodges_lehmann(&[], 0.95), None);
        assert_eq!(hodges_lehmann(&[1.0, f64::NAN], 0.95), None);
    }

    #[test]
    fn the_order_of_bits_is_that_of_values() {
        let ascending = [f64::MIN, -1.0, -1e-300, 0.0, 1e-300, 1.0, f64::MAX];
        assert!(ascending.is_sorted_by_key(|&number| order(number)));
        assert!(ascending.iter().all(|&number| value(order(number)) == number));
    }

    proptest! {
        #[test]
        fn it_mirrors_with_the_values(values in prop::collection::vec(-9.0..9.0f64, 1..80)) {
            let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
            let (one, other) = (hodges_lehmann(&values, 0.9).unwrap(), hodges_lehmann(&mirrored, 0.9).unwrap());
            prop_assert!((one.point + other.point).abs() < 1e-12);
            prop_assert_eq!(one.interval.map(|i| i.map(|end| 0.0 - end)), other.interval.map(|i| i.map(|end| end + 0.0)));
        }
    }
}
