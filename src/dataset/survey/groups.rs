//! Which images are the same, by their places: to the pixel, or to the eye.

use std::collections::{BTreeSet, HashMap};

use super::look::{Looked, Seen};
use super::near::{self, Likeness, Pair};
use super::source::Source;
use super::watch::Watch;
use crate::error::Result;

/// An image by the number of its source and its index there.
pub(super) type Place = (u32, u32);

/// Images that are the same.
#[derive(Default)]
pub(super) struct Groups {
    /// Places of images whose pixels are the same.
    pub exact: Vec<Vec<Place>>,
    /// Pictures that look the same, at least two a group, each with its places.
    pub near: Vec<Vec<Vec<Place>>>,
    /// Whether so many images look alike that not all pairs were compared.
    pub incomplete: bool,
}

impl Groups {
    /// Finds what is the same among all `looked` at. Reads those that may look alike once more.
    pub(super) fn find(sources: &[Source], looked: &[Vec<Looked>], watch: &Watch<'_>) -> Result<Self> {
        let distinct = Distinct::of(looked);
        let (alike, incomplete) = alike(sources, looked, &distinct, watch)?;
        let places = |group: Vec<usize>| {
            let mut pictures: Vec<Vec<Place>> =
                group.into_iter().map(|one| distinct.places(one).to_vec()).collect();
            pictures.sort_unstable();
            pictures
        };
        let mut near: Vec<Vec<Vec<Place>>> = alike.into_iter().map(places).collect();
        let exact = (0..distinct.count()).map(|one| distinct.places(one)).filter(|places| places.len() > 1);
        let mut exact: Vec<Vec<Place>> = exact.map(<[Place]>::to_vec).collect();
        near.sort_unstable();
        exact.sort_unstable();
        Ok(Self { exact, near, incomplete })
    }
}

/// The pictures that there are, each with all its places.
struct Distinct {
    /// All places, those of one picture together.
    order: Vec<Place>,
    /// Where the places of each picture begin, and the end of the last.
    starts: Vec<usize>,
}

impl Distinct {
    fn of(looked: &[Vec<Looked>]) -> Self {
        let indices = looked
            .iter()
            .enumerate()
            .flat_map(|(source, looked)| (0..looked.len()).map(move |index| (source as u32, index as u32)));
        let mut order: Vec<Place> = indices.filter(|place| seen(looked, *place).is_some()).collect();
        let picture = |place: Place| seen(looked, place).map(|seen| seen.pixels);
        order.sort_unstable_by_key(|&place| (picture(place), place));
        let mut starts = vec![0];
        for places in order.chunk_by(|&a, &b| picture(a) == picture(b)) {
            starts.push(starts.last().copied().unwrap_or(0) + places.len());
        }
        Self { order, starts }
    }

    fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn places(&self, one: usize) -> &[Place] {
        &self.order[self.starts[one]..self.starts[one + 1]]
    }

    /// The first place of a picture.
    fn first(&self, one: usize) -> Place {
        self.order[self.starts[one]]
    }
}

/// What was seen at `place`; none where it could not be read.
fn seen(looked: &[Vec<Looked>], (source, index): Place) -> Option<&Seen> {
    looked[source as usize][index as usize].seen()
}

/// Groups of pictures that look the same, and whether not all pairs were compared.
fn alike(
    sources: &[Source],
    looked: &[Vec<Looked>],
    distinct: &Distinct,
    watch: &Watch<'_>,
) -> Result<(Vec<Vec<usize>>, bool)> {
    let hash = |one| seen(looked, distinct.first(one)).map_or(0, |seen| seen.hash);
    let hashes: Vec<u64> = (0..distinct.count()).map(hash).collect();
    let (pairs, incomplete) = near::candidates(&hashes, watch)?;
    let meant: BTreeSet<u32> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    let meant: Vec<u32> = meant.into_iter().collect();
    let likenesses = watch.each("comparing those alike", meant.len(), |at| {
        let (source, index) = distinct.first(meant[at] as usize);
        // What could be read a moment ago and no longer can is like nothing.
        sources[source as usize].image(index as usize).ok().map(|image| Likeness::of(&image))
    })?;
    let likeness = |one: u32| meant.binary_search(&one).ok().and_then(|at| likenesses[at].as_ref());
    let are_like = |(one, other): Pair| match (likeness(one), likeness(other)) {
        (Some(one), Some(other)) => one.is_like(other),
        _ => false,
    };
    let like = watch.each("comparing those alike", pairs.len(), |at| are_like(pairs[at]))?;
    let like = pairs.iter().zip(like).filter(|(_, like)| *like).map(|(pair, _)| *pair);
    Ok((joined(distinct.count(), like), incomplete))
}

/// The groups that `pairs` of numbers below `count` make, each in order.
fn joined(count: usize, pairs: impl Iterator<Item = Pair>) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..count).collect();
    for (one, other) in pairs {
        let (one, other) = (root(&mut parents, one as usize), root(&mut parents, other as usize));
        parents[one.max(other)] = one.min(other);
    }
    let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
    for one in 0..count {
        let root = root(&mut parents, one);
        if root != one {
            groups.entry(root).or_insert_with(|| vec![root]).push(one);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_unstable();
    groups
}

fn root(parents: &mut [usize], mut one: usize) -> usize {
    while parents[one] != one {
        parents[one] = parents[parents[one]];
        one = parents[one];
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_groups() {
        let groups = joined(7, [(5, 6), (0, 3), (3, 4), (0, 4)].into_iter());
        assert_eq!(groups, [vec![0, 3, 4], vec![5, 6]]);
    }

    #[test]
    fn pictures_are_told_by_their_pixels_in_all_sources() {
        let look = |pixels: u128| {
            let seen = crate::dataset::survey::look::sample(pixels);
            if pixels == 0 {
                Looked::Unreadable(Box::new(crate::Error::unusable("torn")))
            } else {
                Looked::Seen(seen)
            }
        };
        let looked = vec![vec![look(7), look(0), look(5)], vec![look(7), look(7)]];
        let distinct = Distinct::of(&looked);
        assert_eq!(distinct.count(), 2);
        assert_eq!((distinct.places(0), distinct.first(0)), (&[(0, 2)][..], (0, 2)));
        assert_eq!(distinct.places(1), [(0, 0), (1, 0), (1, 1)]);
        assert_eq!(Distinct::of(&[]).count(), 0);
    }
}
