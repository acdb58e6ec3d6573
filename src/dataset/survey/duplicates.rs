//! Images that occur more than once, by name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::counts::Rows;
use super::groups::{Groups, Place};
use super::source::Source;
use crate::error::Result;

/// Images that occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Duplicates {
    /// Images whose pixels are the same, whatever files hold them.
    pub exact: Repeated,
    /// Images that look the same: written or resized anew, a little brighter. Mirrored, turned and
    /// cropped ones are not among them.
    pub near: Repeated,
    /// What two splits share, or a split and what it is compared with; a pair of splits that shares
    /// nothing is not listed.
    pub between: Vec<Between>,
    /// Whether so many images look alike that not all pairs were compared.
    pub incomplete: bool,
}

/// Groups of images that are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Repeated {
    /// Pictures that could be left out: all but one of each group, copies to the pixel counted in
    /// `exact` alone.
    pub surplus: usize,
    /// Groups with images of several classes: at most one of the labels is right.
    pub across_classes: usize,
    /// Groups with images of several splits.
    pub across_splits: usize,
    /// The groups; those across splits first, then those across classes.
    pub groups: Vec<Group>,
}

/// Images that are the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Whether they are of several classes.
    pub across_classes: bool,
    /// Whether they are of several splits.
    pub across_splits: bool,
    /// The images.
    pub images: Vec<Member>,
}

/// An image of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Its split.
    pub split: String,
    /// Its id.
    pub id: String,
    /// Its class.
    pub class: String,
}

/// What two lists of images share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Between {
    /// A split; of two the one that is evaluated, since it is taken first.
    pub split: String,
    /// The other split, or what the split is compared with.
    pub other: String,
    /// Whether `other` is no split and only compared with.
    pub beside: bool,
    /// Images of `split` that are in `other` to the pixel.
    pub exact: usize,
    /// Images of `split` that only look like one in `other`.
    pub near: usize,
    /// Images of `split` whose id is in `other`; none where ids of the two mean different images.
    pub by_id: Option<usize>,
    /// Images of `split` that are in `other`, to the pixel or nearly, those to the pixel first.
    pub images: Vec<Shared>,
}

/// An image that is in two lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shared {
    /// Its id in the split.
    pub id: String,
    /// The id of the first like it in the other list.
    pub other: String,
    /// Whether it is the same to the pixel.
    pub exact: bool,
}

impl Duplicates {
    /// What `groups` tell of `sources`.
    pub(super) fn of(sources: &[Source], groups: &Groups, rows: &Rows) -> Result<Self> {
        let own = |places: &[Place]| -> Vec<Place> {
            places.iter().copied().filter(|(source, _)| !sources[*source as usize].is_beside()).collect()
        };
        let exact = groups.exact.iter().map(|places| own(places)).filter(|places| places.len() > 1);
        let pictures = |group: &Vec<Vec<Place>>| -> Vec<Vec<Place>> {
            group.iter().map(|places| own(places)).filter(|places| !places.is_empty()).collect()
        };
        let near = groups.near.iter().map(pictures).filter(|group| group.len() > 1);
        let (exact, near): (Vec<_>, Vec<_>) = (exact.collect(), near.collect());
        Ok(Self {
            exact: Repeated {
                surplus: exact.iter().map(|places| places.len() - 1).sum(),
                ..repeated(sources, rows, &exact)?
            },
            near: Repeated {
                surplus: near.iter().map(|pictures| pictures.len() - 1).sum(),
                ..repeated(sources, rows, &near.iter().map(|pictures| pictures.concat()).collect::<Vec<_>>())?
            },
            between: between(sources, groups)?,
            incomplete: groups.incomplete,
        })
    }
}

fn repeated(sources: &[Source], rows: &Rows, groups: &[Vec<Place>]) -> Result<Repeated> {
    let mut groups: Vec<Group> =
        groups.iter().map(|places| group(sources, rows, places)).collect::<Result<_>>()?;
    groups.sort_by_key(|group| Reverse((group.across_splits, group.across_classes)));
    Ok(Repeated {
        surplus: 0,
        across_classes: groups.iter().filter(|group| group.across_classes).count(),
        across_splits: groups.iter().filter(|group| group.across_splits).count(),
        groups,
    })
}

fn group(sources: &[Source], rows: &Rows, places: &[Place]) -> Result<Group> {
    let (mut images, mut classes) = (Vec::with_capacity(places.len()), Vec::with_capacity(places.len()));
    for &(number, index) in places {
        let source = &sources[number as usize];
        let entry = source.entry(index as usize)?;
        let class = source.class(entry.label);
        // Two classes may have one name.
        classes.push(rows.row_of(number as usize, entry.label));
        images.push(Member { split: source.name().to_owned(), id: entry.id, class });
    }
    Ok(Group {
        across_classes: classes.iter().any(|class| *class != classes[0]),
        across_splits: places.iter().any(|place| place.0 != places[0].0),
        images,
    })
}

/// What each two sources share, of which the first is of the data set. A pair of splits that shares nothing is left out; that nothing is
/// shared with what was asked for is an answer.
fn between(sources: &[Source], groups: &Groups) -> Result<Vec<Between>> {
    let near: Vec<Vec<Place>> = groups.near.iter().map(|pictures| pictures.concat()).collect();
    let mut all = Vec::new();
    for (here, split) in sources.iter().enumerate().filter(|(_, split)| !split.is_beside()) {
        for (there, other) in sources.iter().enumerate().skip(here + 1) {
            let (here, there) = (here as u32, there as u32);
            let exact = shared(&groups.exact, here, there);
            let mut like = shared(&near, here, there);
            like.retain(|index, _| !exact.contains_key(index));
            if !other.is_beside() && exact.is_empty() && like.is_empty() {
                continue;
            }
            all.push(Between {
                split: split.name().to_owned(),
                other: other.name().to_owned(),
                beside: other.is_beside(),
                exact: exact.len(),
                near: like.len(),
                by_id: by_id(split, other)?,
                images: named(split, other, [(&exact, true), (&like, false)])?,
            });
        }
    }
    Ok(all)
}

/// Images of source `here` in whose group is one of `there`, each with the first such.
fn shared(groups: &[Vec<Place>], here: u32, there: u32) -> BTreeMap<u32, u32> {
    let mut found = BTreeMap::new();
    for group in groups {
        let Some(&(_, other)) = group.iter().find(|(source, _)| *source == there) else { continue };
        found.extend(group.iter().filter(|(source, _)| *source == here).map(|(_, index)| (*index, other)));
    }
    found
}

fn named(split: &Source, other: &Source, found: [(&BTreeMap<u32, u32>, bool); 2]) -> Result<Vec<Shared>> {
    let pairs = found.into_iter().flat_map(|(pairs, exact)| pairs.iter().map(move |pair| (pair, exact)));
    pairs
        .map(|((&index, &like), exact)| {
            let (id, other) = (split.entry(index as usize)?.id, other.entry(like as usize)?.id);
            Ok(Shared { id, other, exact })
        })
        .collect()
}

/// Images of `split` that `other` names too, where both name images alike.
fn by_id(split: &Source, other: &Source) -> Result<Option<usize>> {
    if !split.shares_ids_with(other) {
        return Ok(None);
    }
    let theirs = ids(other)?;
    let mut count = 0;
    for index in 0..split.count() {
        count += usize::from(theirs.contains(&split.entry(index)?.id));
    }
    Ok(Some(count))
}

/// The ids of a source.
pub(super) fn ids(source: &Source) -> Result<HashSet<String>> {
    (0..source.count()).map(|index| Ok(source.entry(index)?.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_told_of_the_first_of_two() {
        let groups = [vec![(0, 1), (0, 2), (1, 9), (1, 12)], vec![(0, 5), (0, 6)], vec![(1, 1), (2, 2)]];
        assert_eq!(shared(&groups, 0, 1), [(1, 9), (2, 9)].into());
        assert_eq!(shared(&groups, 0, 2), [].into());
        assert_eq!(shared(&groups, 1, 2), [(1, 2)].into());
    }
}
