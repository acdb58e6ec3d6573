//! A hash that is nearly the same for images that look the same.
//!
//! It is the hash by discrete cosine transform of C. Zauner, "Implementation and Benchmarking of
//! Perceptual Image Hash Functions", 2010, section 3.2.1: grey, 32 × 32, the 8 × 8 lowest
//! frequencies, each above or below their median. The constant one is left out, which leaves 63. By
//! the median half of the bits are set whatever the image, so that images with a black background do
//! not fall into one heap, as they would with a hash of differences between neighbours.
//! Written here, since the crates for it resample with filters that take longer than the decoding.

use std::f32::consts::PI;
use std::sync::LazyLock;

use super::thumbnail;
use crate::dataset::Image;

/// Bits of the hash.
pub(super) const BITS: u32 = 63;
/// Side of the picture that is transformed.
const SIDE: usize = 32;
/// Frequencies on each axis that are kept.
const KEPT: usize = 8;
/// A frequency below this is rounding and none of the picture's: in one of a single colour all are, and
/// two such pictures are to have one hash, whatever their sides.
const NOISE: f32 = 1.0;

static COSINES: LazyLock<[[f32; SIDE]; KEPT]> = LazyLock::new(|| {
    std::array::from_fn(|frequency| {
        std::array::from_fn(|place| {
            ((2 * place + 1) as f32 * frequency as f32 * PI / (2 * SIDE) as f32).cos()
        })
    })
});

/// The hash of `image`: [`BITS`] bits.
pub(super) fn hash(image: &Image) -> u64 {
    let grey = thumbnail::grey(&thumbnail::shrink(image, SIDE, SIDE), image.channels);
    let frequencies = lowest_frequencies(&grey).map(|it| if it.abs() < NOISE { 0.0 } else { it });
    let mut sorted = frequencies;
    sorted.sort_unstable_by(f32::total_cmp);
    let median = sorted[frequencies.len() / 2];
    frequencies.iter().fold(0, |hash, &frequency| hash << 1 | u64::from(frequency > median))
}

/// Without the constant one.
fn lowest_frequencies(grey: &[f32]) -> [f32; BITS as usize] {
    let mut across = [[0.0; KEPT]; SIDE];
    for (line, sums) in grey.chunks_exact(SIDE).zip(&mut across) {
        for (sum, cosines) in sums.iter_mut().zip(COSINES.iter()) {
            *sum = line.iter().zip(cosines).map(|(value, cosine)| value * cosine).sum();
        }
    }
    std::array::from_fn(|place| {
        let (down, right) = ((place + 1) / KEPT, (place + 1) % KEPT);
        across.iter().zip(&COSINES[down]).map(|(sums, cosine)| sums[right] * cosine).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smooth blobs whose places come from `seed`.
    pub(super) fn picture(width: u32, height: u32, seed: f32) -> Image {
        let level = |x: f32, y: f32| {
            let wave = (x * (5.0 + seed) + seed).sin() * (y * (7.0 - seed) - 2.0 * seed).cos();
            (127.0 + 110.0 * wave) as u8
        };
        let at =
            |index: u32| level((index % width) as f32 / width as f32, (index / width) as f32 / height as f32);
        Image { width, height, channels: 1, pixels: (0..width * height).map(at).collect() }
    }

    #[test]
    fn a_resized_and_a_brighter_copy_have_nearly_the_same_hash() {
        let image = picture(200, 150, 0.3);
        let mut brighter = image.clone();
        brighter.pixels.iter_mut().for_each(|level| *level = level.saturating_add(15));
        for copy in [picture(93, 70, 0.3), brighter] {
            let distance = (hash(&image) ^ hash(&copy)).count_ones();
            assert!(distance <= 4, "{distance}");
        }
        let other = (hash(&image) ^ hash(&picture(200, 150, 2.1))).count_ones();
        assert!(other > 12, "{other}");
    }

    #[test]
    fn pictures_of_one_colour_have_one_hash_whatever_their_sides() {
        for (width, height, level) in [(1, 1, 255), (100, 37, 255), (31, 97, 201), (640, 480, 3)] {
            let pixels = vec![level; (width * height) as usize];
            assert_eq!(hash(&Image { width, height, channels: 1, pixels }), 0, "{width}x{height}");
        }
    }

    #[test]
    fn about_half_of_the_bits_are_set_on_a_black_background_too() {
        let mut image = picture(28, 28, 0.7);
        image.pixels[..28 * 14].fill(0);
        assert!((28..=32).contains(&hash(&image).count_ones()));
    }
}
