//! What the images are like: sizes, channels, kinds of files.

use std::collections::BTreeMap;

use serde::Serialize;

use super::look::{Kind, Seen};

/// Most sizes that are named.
const SIZES: usize = 5;

/// What the images are like; those that cannot be read are in none of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measures {
    /// Images by kind of file.
    pub kinds: BTreeMap<Kind, usize>,
    /// Images by their number of channels: 1 is grey, 3 is colour.
    pub channels: BTreeMap<u8, usize>,
    /// Images whose file has the name of another kind.
    pub misnamed: usize,
    /// Images whose metadata ask for them to be turned or mirrored.
    pub turned: usize,
    /// The first of those that stand out.
    pub first: First,
    /// How many different sizes there are.
    pub sizes: usize,
    /// The most common sizes, with the number of images of each.
    pub common: Vec<Size>,
    /// Pixels from left to right; none where no image can be read.
    pub width: Option<Spread<u32>>,
    /// Pixels from top to bottom.
    pub height: Option<Spread<u32>>,
    /// Width / height.
    pub aspect: Option<Spread<f64>>,
}

/// The first image of each kind that may be an oversight: whoever is told of one wants to look at it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct First {
    /// With the name of another kind of file.
    pub misnamed: Option<Noticed>,
    /// With metadata that ask for it to be turned or mirrored.
    pub turned: Option<Noticed>,
    /// In grey.
    pub grey: Option<Noticed>,
    /// In colour.
    pub in_colour: Option<Noticed>,
}

/// An image by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noticed {
    /// Its split.
    pub split: String,
    /// Its id.
    pub id: String,
}

/// A size and how often it occurs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Images of this size.
    pub images: usize,
}

/// How a measure is distributed over images: each is that of an image, the nearest in rank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread<T> {
    /// The least.
    pub least: T,
    /// A twentieth of the images have at most this.
    pub low: T,
    /// Half of the images have at most this.
    pub median: T,
    /// A twentieth of the images have at least this.
    pub high: T,
    /// The greatest.
    pub greatest: T,
}

impl Measures {
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Seen>) -> Self {
        let mut measures = Self::default();
        let mut sizes: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        for seen in all {
            measures.count(seen);
            *sizes.entry((seen.width, seen.height)).or_default() += 1;
        }
        measures.sizes = sizes.len();
        measures.width = spread(sizes.iter().map(|(&(width, _), &images)| (width, images)), u32::cmp);
        measures.height = spread(sizes.iter().map(|(&(_, height), &images)| (height, images)), u32::cmp);
        let aspect = |(&(width, height), &images): (&(u32, u32), &usize)| {
            (f64::from(width) / f64::from(height), images)
        };
        measures.aspect = spread(sizes.iter().map(aspect), f64::total_cmp);
        let size = |((width, height), images)| Size { width, height, images };
        measures.common = sizes.into_iter().map(size).collect();
        measures.common.sort_by_key(|size| std::cmp::Reverse(size.images));
        measures.common.truncate(SIZES);
        measures
    }

    fn count(&mut self, seen: &Seen) {
        *self.kinds.entry(seen.kind).or_default() += 1;
        *self.channels.entry(seen.channels).or_default() += 1;
        self.misnamed += usize::from(seen.misnamed);
        self.turned += usize::from(seen.turned);
    }
}

/// Of values, each with its number of images.
fn spread<T: Copy>(
    values: impl Iterator<Item = (T, usize)>,
    order: fn(&T, &T) -> std::cmp::Ordering,
) -> Option<Spread<T>> {
    let mut values: Vec<(T, usize)> = values.collect();
    values.sort_by(|(a, _), (b, _)| order(a, b));
    let images: usize = values.iter().map(|(_, images)| images).sum();
    let last = images.checked_sub(1)?;
    let at = |rank: usize| {
        let mut before = 0;
        let holds = |(_, images): &&(T, usize)| {
            before += images;
            rank < before
        };
        values.iter().find(holds).map(|(value, _)| *value)
    };
    Some(Spread {
        least: at(0)?,
        low: at(last / 20)?,
        median: at(last / 2)?,
        high: at(last - last / 20)?,
        greatest: at(last)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_counts_images_and_not_values() {
        let of = |values: &[(u32, usize)]| spread(values.iter().copied(), u32::cmp);
        let found = of(&[(30, 1), (10, 98), (20, 2)]).unwrap();
        assert_eq!(found, Spread { least: 10, low: 10, median: 10, high: 10, greatest: 30 });
        let found = of(&(1..=101).map(|value| (value, 1)).collect::<Vec<_>>()).unwrap();
        assert_eq!(found, Spread { least: 1, low: 6, median: 51, high: 96, greatest: 101 });
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn sizes_are_counted_together() {
        let seen = |(index, height): (u32, u32)| {
            let seen = crate::dataset::survey::look::sample(u128::from(index));
            Seen { width: if index < 6 { 8 } else { 16 }, height, misnamed: index == 0, ..seen }
        };
        let seen: Vec<Seen> = (0..9).zip([8, 8, 8, 8, 8, 32, 8, 8, 8]).map(seen).collect();
        let measures = Measures::of(seen.iter());
        assert_eq!((measures.channels, measures.kinds), ([(1, 9)].into(), [(Kind::Pixels, 9)].into()));
        assert_eq!((measures.sizes, measures.misnamed, measures.turned), (3, 1, 0));
        assert_eq!(measures.common[0], Size { width: 8, height: 8, images: 5 });
        let aspect = measures.aspect.unwrap();
        assert_eq!((aspect.least, aspect.median, aspect.greatest), (0.25, 1.0, 2.0));
        assert_eq!(Measures::of([].iter()), Measures::default());
    }
}
