//! A part of a data set that has its classes in the same proportions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use crate::error::{Error, Result};

/// Stream of random numbers that ties are drawn from.
const TIES: u128 = 1;

/// Indices of `limit` of `count` images, nothing when there are not more than that: each class gets its share by
/// the method of largest remainders (ties are drawn, or half of a thousand classes would never be
/// seen), the members are drawn with `seed`, and the order of the data set is kept. The same on every
/// platform.
pub(super) fn stratified(
    count: usize,
    label: impl Fn(usize) -> u32,
    limit: usize,
    seed: u64,
) -> Result<Option<Vec<usize>>> {
    if limit == 0 {
        return Err(
            Error::usage("a limit of 0 images leaves nothing to evaluate").help("set `--limit` to 1 or more")
        );
    }
    if limit >= count {
        return Ok(None);
    }
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for index in 0..count {
        members.entry(label(index)).or_default().push(index);
    }
    let counts: Vec<usize> = members.values().map(Vec::len).collect();
    let mut random = Pcg64::seed_from_u64(seed);
    let mut chosen: Vec<usize> = Vec::with_capacity(limit);
    // A sequence of its own, so that the members do not depend on how ties fell.
    let quotas = quotas(&counts, limit, &mut Pcg64::new(seed.into(), TIES));
    for (class, quota) in members.into_values().zip(quotas) {
        chosen.extend(draw(class, quota, &mut random));
    }
    chosen.sort_unstable();
    Ok(Some(chosen))
}

/// Shares of `limit` in proportion to `counts`, in integers.
fn quotas(counts: &[usize], limit: usize, ties: &mut Pcg64) -> Vec<usize> {
    let total: usize = counts.iter().sum();
    let exact = |count: usize| count as u128 * limit as u128;
    let mut quotas: Vec<usize> =
        counts.iter().map(|&count| (exact(count) / total as u128) as usize).collect();
    let left = limit - quotas.iter().sum::<usize>();
    let mut by_remainder = draw((0..counts.len()).collect(), counts.len(), ties);
    by_remainder.sort_by_key(|&class| Reverse(exact(counts[class]) % total as u128));
    for &class in by_remainder.iter().take(left) {
        quotas[class] += 1;
    }
    quotas
}

/// The first `quota` places of a Fisher–Yates shuffle.
pub(in crate::dataset) fn draw(mut members: Vec<usize>, quota: usize, random: &mut Pcg64) -> Vec<usize> {
    for place in 0..quota {
        let other = place + below(random, members.len() - place);
        members.swap(place, other);
    }
    members.truncate(quota);
    members
}

/// A number below `bound` by multiplication. Written out, since the library's own way may change
/// between versions and a seed is part of a record; the bias is below bound / 2^64.
fn below(random: &mut Pcg64, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The images that are drawn, all of them where there are not more than the limit.
    fn drawn(labels: &[u32], limit: usize, seed: u64) -> Vec<usize> {
        let chosen = stratified(labels.len(), |index| labels[index], limit, seed).unwrap();
        chosen.unwrap_or_else(|| (0..labels.len()).collect())
    }

    #[test]
    fn largest_remainders_get_what_is_left_over() {
        // 10 of 17 + 53 + 30: exact shares 1.7, 5.3, 3.0.
        assert_eq!(quotas(&[17, 53, 30], 10, &mut Pcg64::seed_from_u64(7)), [2, 5, 3]);
    }

    #[test]
    fn a_limit_below_the_number_of_classes_leaves_out_others_with_every_seed() {
        let labels: Vec<u32> = (0..100).collect();
        let mut seen = [false; 100];
        for seed in 0..20 {
            let drawn = drawn(&labels, 50, seed);
            assert_eq!(drawn.len(), 50);
            drawn.into_iter().for_each(|image| seen[image] = true);
        }
        assert!(seen.iter().all(|&seen| seen));
    }

    #[test]
    fn the_draw_for_a_seed_is_fixed_for_ever() {
        let labels: Vec<u32> = (0..40).map(|index| index % 4).collect();
        assert_eq!(drawn(&labels, 8, 7), [0, 3, 12, 15, 18, 26, 33, 37]);
    }

    #[test]
    fn another_seed_draws_others() {
        let labels = vec![0; 1000];
        let draw = |seed| drawn(&labels, 20, seed);
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn no_limit_that_leaves_nothing_or_more_than_all() {
        assert!(stratified(2, |_| 0, 0, 7).is_err());
        assert_eq!(drawn(&[0, 1], 5, 7), [0, 1]);
    }

    proptest! {
        #[test]
        fn proportions_are_kept_to_within_one_image(
            labels in prop::collection::vec(0u32..6, 1..300),
            limit in 1usize..320,
            seed: u64,
        ) {
            let chosen = drawn(&labels, limit, seed);
            prop_assert_eq!(chosen.len(), limit.min(labels.len()));
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]), "order kept, none twice");
            for label in 0..6 {
                let of = |indices: &mut dyn Iterator<Item = usize>| {
                    indices.filter(|&index| labels[index] == label).count() as f64
                };
                let share = of(&mut (0..labels.len())) * chosen.len() as f64 / labels.len() as f64;
                prop_assert!((of(&mut chosen.iter().copied()) - share).abs() < 1.0);
            }
        }
    }
}
