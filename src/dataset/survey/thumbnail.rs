//! Small pictures of images: by the mean of the area that each pixel covers.

use crate::dataset::Image;

/// An image in `width` × `height` pixels of the same channels, each 0 to 255, interleaved. Lines are
/// added up first, since whole lines are added many values at a time.
pub(super) fn shrink(image: &Image, width: usize, height: usize) -> Vec<f32> {
    let channels = usize::from(image.channels);
    let length = image.width as usize * channels;
    let (across, down) = (spans(image.width as usize, width), spans(image.height as usize, height));
    let mut small = vec![0.0; width * height * channels];
    let mut sums = vec![0.0; length];
    for (lines, target) in down.iter().zip(small.chunks_exact_mut(width * channels)) {
        sums.fill(0.0);
        for (y, share) in lines.pixels() {
            let line = &image.pixels[y * length..][..length];
            sums.iter_mut().zip(line).for_each(|(sum, &level)| *sum += share * f32::from(level));
        }
        narrow(&sums, channels, &across, target);
    }
    small
}

/// One line of pixels, made narrower.
fn narrow(pixels: &[f32], channels: usize, across: &[Span], line: &mut [f32]) {
    for (span, target) in across.iter().zip(line.chunks_exact_mut(channels)) {
        for (x, share) in span.pixels() {
            let pixel = &pixels[x * channels..][..channels];
            target.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += share * value);
        }
    }
}

/// The pixels that one pixel of the small picture covers, whole or in part.
struct Span {
    start: f64,
    end: f64,
}

impl Span {
    /// Each with its share; the shares add up to 1.
    fn pixels(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        let (first, last) = (self.start.floor() as usize, (self.end.ceil() as usize).max(1));
        (first..last).map(move |pixel| {
            let covered = self.end.min(pixel as f64 + 1.0) - self.start.max(pixel as f64);
            (pixel, (covered / (self.end - self.start)) as f32)
        })
    }
}

fn spans(length: usize, pieces: usize) -> Vec<Span> {
    let at = |piece: usize| length as f64 * piece as f64 / pieces as f64;
    (0..pieces).map(|piece| Span { start: at(piece), end: at(piece + 1).min(length as f64) }).collect()
}

/// Grey of a picture of 1 or 3 channels: ITU-R 601 luma.
pub(super) fn grey(pixels: &[f32], channels: u8) -> Vec<f32> {
    match channels {
        1 => pixels.to_vec(),
        _ => pixels.chunks_exact(3).map(|rgb| 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]).collect(),
    }
}

/// An image in colour, as large as fits a square of `side` with its proportions kept.
pub fn fit(image: &Image, side: u32) -> Image {
    let longest = image.width.max(image.height).max(1);
    let scaled = |length: u32| (u64::from(length) * u64::from(side) / u64::from(longest)).max(1) as u32;
    let (width, height) = (scaled(image.width), scaled(image.height));
    let small = shrink(image, width as usize, height as usize);
    let level = |value: &f32| value.round() as u8;
    let pixels = match image.channels {
        1 => small.iter().flat_map(|value| [level(value); 3]).collect(),
        _ => small.iter().map(level).collect(),
    };
    Image { width, height, channels: 3, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_what_it_covers() {
        let image = Image { width: 3, height: 2, channels: 1, pixels: vec![0, 30, 60, 90, 120, 150] };
        assert_eq!(shrink(&image, 1, 1), [75.0]);
        let halves = shrink(&image, 2, 1);
        assert!((halves[0] - 55.0).abs() < 1e-3 && (halves[1] - 95.0).abs() < 1e-3, "{halves:?}");
        assert_eq!(shrink(&image, 3, 2), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]);
        assert_eq!(shrink(&image, 6, 2)[..6], [0.0, 0.0, 30.0, 30.0, 60.0, 60.0]);
    }

    #[test]
    fn proportions_are_kept() {
        let image = Image { width: 300, height: 100, channels: 1, pixels: vec![7; 30_000] };
        let small = fit(&image, 60);
        assert_eq!((small.width, small.height, small.channels), (60, 20, 3));
        assert!(small.pixels.iter().all(|&level| level == 7));
    }
}
