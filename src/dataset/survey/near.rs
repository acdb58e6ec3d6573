//! Images that look the same: candidates by their hashes, then the pictures of the candidates.
//!
//! Two hashes that differ in at most six of 63 bits agree in at least one of seven bands of nine
//! bits. So images are put into heaps by each band, and only those of one heap are compared: work
//! grows with the square of a heap, and a heap holds one image in about 500. Hashes of small or plain
//! pictures coincide; that is why candidates are then read again and compared themselves.

use super::perceptual::BITS;
use super::thumbnail::{grey, shrink};
use super::watch::Watch;
use crate::dataset::Image;
use crate::error::Result;

/// Most bits in which the hashes of images that look the same differ.
const MOST_BITS: u32 = 6;
const BANDS: u32 = MOST_BITS + 1;
const BAND: u32 = BITS / BANDS;
/// Most images of its heap that an image is compared with, and most that it may look like: beyond
/// that a data set is of flat pictures, and the search would not end.
const MOST_COMPARED: usize = 1 << 14;
const MOST_LIKE: usize = 64;

/// Side of the grey pictures that are compared: all of a picture of MNIST or CIFAR.
const SIDE: usize = 32;
/// Side of the pictures in colour.
const COLOUR_SIDE: usize = 8;
/// Least correlation of the levels, of their changes from pixel to pixel, and of the colours. The
/// second one tells two shirts of the same cut from one shirt: outlines make up most of the first.
const LEAST_LEVELS: f32 = 0.98;
const LEAST_CHANGES: f32 = 0.9;
const LEAST_COLOURS: f32 = 0.95;
/// Below this spread (of 255) a picture is one colour, and has no correlation.
const FLAT: f32 = 2.0;
/// Spread that the levels of pictures are brought to before they are compared.
const SPREAD: f32 = 32.0;
/// Most levels between flat pictures of one colour.
const SAME_COLOUR: i16 = 4;

/// Two that may look the same.
pub(super) type Pair = (u32, u32);

/// Pairs of hashes that are near each other, and whether there were too many to name all.
pub(super) fn candidates(hashes: &[u64], watch: &Watch<'_>) -> Result<(Vec<Pair>, bool)> {
    let found = watch.each_alone("comparing", BANDS as usize, |band| in_band(hashes, band as u32))?;
    let cut = found.iter().any(|(_, cut)| *cut);
    Ok((found.into_iter().flat_map(|(pairs, _)| pairs).collect(), cut))
}

/// Band `number` of a hash.
fn band(hash: u64, number: u32) -> u64 {
    hash >> (number * BAND) & ((1 << BAND) - 1)
}

/// The pairs that agree in band `number` and in none before it, and whether some were left out.
fn in_band(hashes: &[u64], number: u32) -> (Vec<Pair>, bool) {
    let hash = |index: u32| hashes[index as usize];
    let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
    order.sort_unstable_by_key(|&index| (band(hash(index), number), hash(index), index));
    let (mut pairs, mut cut) = (Vec::new(), false);
    for heap in order.chunk_by(|&a, &b| band(hash(a), number) == band(hash(b), number)) {
        for (place, &one) in heap.iter().enumerate() {
            cut |= of_one(hashes, number, one, &heap[place + 1..], &mut pairs);
        }
    }
    (pairs, cut)
}

/// Adds the pairs of `one` with those of its heap that come after it; whether some were left out.
fn of_one(hashes: &[u64], number: u32, one: u32, others: &[u32], pairs: &mut Vec<Pair>) -> bool {
    let mut like = 0;
    for (compared, &other) in others.iter().enumerate() {
        if like == MOST_LIKE || compared == MOST_COMPARED {
            return true;
        }
        let differing = hashes[one as usize] ^ hashes[other as usize];
        if differing.count_ones() <= MOST_BITS {
            like += 1;
            if (0..number).all(|before| band(differing, before) != 0) {
                pairs.push((one.min(other), one.max(other)));
            }
        }
    }
    false
}

/// A small picture to compare with others: about 1.2 kB.
pub(super) struct Likeness {
    /// Grey levels around 128 with a spread of [`SPREAD`], whatever those of the picture are.
    levels: Vec<u8>,
    /// The picture in colour, coarse.
    colours: Vec<u8>,
    flat: bool,
}

impl Likeness {
    pub(super) fn of(image: &Image) -> Self {
        let grey = grey(&shrink(image, SIDE, SIDE), image.channels);
        let small = shrink(image, COLOUR_SIDE, COLOUR_SIDE);
        let colours = match image.channels {
            1 => small.iter().flat_map(|&level| [level.round() as u8; 3]).collect(),
            _ => small.iter().map(|&level| level.round() as u8).collect(),
        };
        let Spread { mean, deviation } = Spread::of(&grey);
        let level = |&level: &f32| (128.0 + SPREAD * (level - mean) / deviation.max(FLAT)).round() as u8;
        Self { levels: grey.iter().map(level).collect(), colours, flat: deviation < FLAT }
    }

    /// Whether the two look the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        if self.flat || other.flat {
            return self.flat && other.flat && self.has_colour_of(other);
        }
        self.has_levels_of(other)
            && correlation(&changes(&self.levels), &changes(&other.levels)) >= LEAST_CHANGES
            && correlation(&numbers(&self.colours), &numbers(&other.colours)) >= LEAST_COLOURS
    }

    /// Whether the levels correlate. Of levels with one mean and one spread that follows from the squares
    /// of their differences, which are quick to add up: most candidates end here.
    fn has_levels_of(&self, other: &Self) -> bool {
        let square = |(&a, &b): (&u8, &u8)| u32::from(a.abs_diff(b)).pow(2);
        let squares: u32 = self.levels.iter().zip(&other.levels).map(square).sum();
        let correlation = 1.0 - squares as f32 / (2.0 * SPREAD * SPREAD * self.levels.len() as f32);
        correlation >= LEAST_LEVELS
    }

    fn has_colour_of(&self, other: &Self) -> bool {
        let near = |(&a, &b): (&u8, &u8)| (i16::from(a) - i16::from(b)).abs() <= SAME_COLOUR;
        self.colours.iter().zip(&other.colours).all(near)
    }
}

fn numbers(levels: &[u8]) -> Vec<f32> {
    levels.iter().map(|&level| f32::from(level)).collect()
}

/// From each pixel to the next on its right and to the one below.
fn changes(levels: &[u8]) -> Vec<f32> {
    let change = |from: u8, to: u8| f32::from(to) - f32::from(from);
    let across = levels.chunks_exact(SIDE).flat_map(|line| line.windows(2).map(|two| change(two[0], two[1])));
    let down = levels.iter().zip(levels.iter().skip(SIDE)).map(|(&above, &below)| change(above, below));
    across.chain(down).collect()
}

struct Spread {
    mean: f32,
    deviation: f32,
}

impl Spread {
    fn of(values: &[f32]) -> Self {
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let squares: f32 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, deviation: (squares / count).sqrt() }
    }
}

/// Pearson's; 0 where one does not vary.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (of_a, of_b) = (Spread::of(a), Spread::of(b));
    let together: f32 = a.iter().zip(b).map(|(x, y)| (x - of_a.mean) * (y - of_b.mean)).sum();
    let scale = of_a.deviation * of_b.deviation * a.len() as f32;
    if scale > 0.0 { together / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noise(seed: u32) -> Image {
        let level = |index: u32| (index.wrapping_mul(2_654_435_761).wrapping_add(seed * 97_000) >> 13) as u8;
        Image { width: 28, height: 28, channels: 1, pixels: (0..784).map(level).collect() }
    }

    proptest! {
        #[test]
        fn every_pair_within_the_distance_is_found_once(
            hash in 0u64..1 << BITS,
            bits in prop::collection::btree_set(0u32..BITS, 0..=7),
            others in prop::collection::vec(0u64..1 << BITS, 0..20),
        ) {
            let near = bits.iter().fold(hash, |hash, bit| hash ^ 1 << bit);
            let mut hashes = vec![hash, near];
            hashes.extend(others);
            let (pairs, _) = candidates(&hashes, &Watch::NONE).unwrap();
            let found = pairs.iter().filter(|pair| **pair == (0, 1)).count();
            prop_assert_eq!(found, usize::from(bits.len() <= 6));
        }
    }

    #[test]
    fn many_of_one_hash_do_not_take_for_ever() {
        let (pairs, cut) = candidates(&vec![5; 20_000], &Watch::NONE).unwrap();
        assert!(cut && pairs.len() <= 20_000 * MOST_LIKE);
    }

    #[test]
    fn a_copy_with_a_little_noise_is_like_and_another_picture_is_not() {
        let image = noise(1);
        let mut copy = image.clone();
        copy.pixels.iter_mut().step_by(3).for_each(|level| *level = level.saturating_add(4));
        assert!(Likeness::of(&image).is_like(&Likeness::of(&copy)));
        assert!(!Likeness::of(&image).is_like(&Likeness::of(&noise(2))));
    }

    #[test]
    fn the_same_outline_in_another_colour_is_another_picture() {
        let tinted = |tint: [u8; 3]| {
            let grey = noise(1);
            let pixels = grey.pixels.iter().flat_map(|&level| tint.map(|tint| level / 3 + tint)).collect();
            Likeness::of(&Image { channels: 3, pixels, ..grey })
        };
        assert!(tinted([150, 0, 0]).is_like(&tinted([150, 2, 1])));
        assert!(!tinted([150, 0, 0]).is_like(&tinted([0, 0, 150])));
    }

    #[test]
    fn flat_pictures_are_alike_by_their_colour() {
        let flat =
            |level: u8| Likeness::of(&Image { width: 9, height: 9, channels: 3, pixels: vec![level; 243] });
        assert!(flat(100).is_like(&flat(102)));
        assert!(!flat(100).is_like(&flat(140)));
        assert!(!flat(100).is_like(&Likeness::of(&noise(1))));
    }
}
