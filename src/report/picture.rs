//! Small pictures inside a page: a PNG of what is small anyway, a JPEG of photographs.

use std::collections::BTreeMap;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use libjpeg_turbo_rs::{Encoder, PixelFormat};

use crate::error::{Error, Result};
use crate::preprocess::Image;

/// Longest side of a picture; longer ones are made smaller.
const SIDE: u32 = 112;

/// Up to this side a picture is kept as it is, to the pixel: MNIST's, CIFAR's.
const TINY: u32 = 64;

/// Quality of a JPEG: faults are not seen at this size.
const QUALITY: u8 = 80;

/// A picture as an image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    media: &'static str,
    bytes: Vec<u8>,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Pictures by where their images are and by their ids, and why there are none or fewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// The pictures that there are, by [`Gallery::reference`](super::Gallery::reference) and id: other data
    /// may have other images of the same ids.
    pub by_id: BTreeMap<(usize, String), Picture>,
    /// Why some are missing, for the reader.
    pub note: Option<String>,
}

impl Picture {
    /// `image` made small. Fails where its numbers do not fit together.
    pub fn of(image: &Image) -> Result<Self> {
        let expected = u64::from(image.width) * u64::from(image.height) * u64::from(image.channels);
        if expected == 0 || expected != image.pixels.len() as u64 || !matches!(image.channels, 1 | 3) {
            return Err(Error::unusable("the pixels of an image do not fit its size"));
        }
        let longest = image.width.max(image.height);
        let (width, height) = (scaled(image.width, longest), scaled(image.height, longest));
        let small = shrunk(image, width, height);
        let (media, bytes) = match longest <= TINY {
            true => ("image/png", png(&small, image.channels, width, height)?),
            false => ("image/jpeg", jpeg(&small, image.channels, width, height)?),
        };
        Ok(Self { media, bytes, width, height })
    }

    /// The picture as an address that holds it.
    pub fn data_uri(&self) -> String {
        format!("data:{};base64,{}", self.media, base64(&self.bytes))
    }

    /// Whether its pixels are to be seen as squares when it is drawn larger.
    pub fn is_tiny(&self) -> bool {
        self.width.max(self.height) <= TINY
    }
}

fn scaled(side: u32, longest: u32) -> u32 {
    if longest <= SIDE {
        side
    } else {
        (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1) as u32
    }
}

/// Averages over the pixels that each new one covers.
fn shrunk(image: &Image, width: u32, height: u32) -> Vec<u8> {
    let channels = usize::from(image.channels);
    let mut pixels = Vec::with_capacity(width as usize * height as usize * channels);
    for row in 0..height {
        let rows = covered(row, height, image.height);
        for column in 0..width {
            let columns = covered(column, width, image.width);
            for channel in 0..channels {
                pixels.push(mean(image, rows.clone(), columns.clone(), channel));
            }
        }
    }
    pixels
}

/// The old pixels behind new pixel `index` of `new`, one at least.
fn covered(index: u32, new: u32, old: u32) -> std::ops::Range<usize> {
    let edge = |index: u32| (u64::from(index) * u64::from(old) / u64::from(new)) as usize;
    edge(index)..edge(index + 1).max(edge(index) + 1)
}

fn mean(image: &Image, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>, channel: usize) -> u8 {
    let (channels, width) = (usize::from(image.channels), image.width as usize);
    let count = (rows.len() * columns.len()) as u64;
    let value = |row: usize, column: usize| image.pixels.get((row * width + column) * channels + channel);
    let sum: u64 = rows
        .flat_map(|row| columns.clone().map(move |column| (row, column)))
        .filter_map(|(row, column)| value(row, column))
        .map(|&value| u64::from(value))
        .sum();
    u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)
}

fn png(pixels: &[u8], channels: u8, width: u32, height: u32) -> Result<Vec<u8>> {
    let color = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(pixels, width, height, color).map_err(not_written)?;
    Ok(bytes)
}

fn jpeg(pixels: &[u8], channels: u8, width: u32, height: u32) -> Result<Vec<u8>> {
    let format = if channels == 1 { PixelFormat::Grayscale } else { PixelFormat::Rgb };
    let encoder = Encoder::new(pixels, width as usize, height as usize, format);
    encoder.quality(QUALITY).encode().map_err(not_written)
}

fn not_written(cause: impl std::fmt::Display) -> Error {
    Error::unusable("a small picture cannot be made").because(cause)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        for place in 0..4 {
            let letter = LETTERS[((bits >> (18 - 6 * place)) & 63) as usize];
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        let cases = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        assert_eq!(cases.map(|text| base64(text.as_bytes())), expected);
    }

    fn image(width: u32, height: u32, channels: u8) -> Image {
        let pixels = (0..width * height * u32::from(channels)).map(|at| (at % 251) as u8).collect();
        Image { width, height, channels, pixels }
    }

    #[test]
    fn a_tiny_picture_keeps_its_pixels_and_a_photograph_becomes_small() {
        let tiny = Picture::of(&image(28, 28, 1)).unwrap();
        assert!(tiny.is_tiny() && tiny.data_uri().starts_with("data:image/png;base64,iVBOR"));
        let back = image::load_from_memory(&tiny.bytes).unwrap().into_luma8();
        assert_eq!(back.into_raw(), image(28, 28, 1).pixels);

        let photo = Picture::of(&image(640, 480, 3)).unwrap();
        assert_eq!((photo.width, photo.height, photo.is_tiny()), (112, 84, false));
        assert!(photo.data_uri().starts_with("data:image/jpeg;base64,/9j/") && photo.bytes.len() < 12_000);
    }

    #[test]
    fn shrinking_takes_the_mean() {
        let image =
            Image { width: 4, height: 2, channels: 1, pixels: vec![0, 10, 100, 100, 20, 30, 100, 101] };
        assert_eq!(shrunk(&image, 2, 1), [15, 100]);
    }

    #[test]
    fn pixels_that_do_not_fit_are_an_error() {
        let broken = Image { width: 2, height: 2, channels: 3, pixels: vec![0; 5] };
        assert!(Picture::of(&broken).is_err());
        assert!(Picture::of(&Image { width: 0, height: 0, channels: 1, pixels: vec![] }).is_err());
    }
}
