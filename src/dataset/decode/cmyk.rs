//! JPEGs of four channels, as Adobe's programs write them.

use libjpeg_turbo_rs::{ColorSpace, Decoder};

use super::jpeg;
use crate::error::{Error, Result};

/// Four channels become RGB as in Pillow: they are taken to be inverted, as Adobe writes them, and
/// black takes its share of each colour, rounded.
pub(super) fn rgb_from_inverted(pixels: &[u8]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(pixels.len() / 4 * 3);
    for pixel in pixels.chunks_exact(4) {
        let white = u32::from(pixel[3]);
        rgb.extend(pixel[..3].iter().map(|&colour| {
            let ink = (255 - u32::from(colour)) * white + 128;
            (white - (((ink >> 8) + ink) >> 8)) as u8
        }));
    }
    rgb
}

/// Whether some channel has fewer samples than another. The decoder smooths these only roughly, so
/// that [`interleaved`] does it.
pub(super) fn is_sampled_unevenly(decoder: &Decoder<'_>) -> bool {
    factors(decoder).any(|factor| factor != Some((1, 1)))
}

/// How many columns and rows a sample of each channel stands for; nothing where that is no whole number.
fn factors(decoder: &Decoder<'_>) -> impl Iterator<Item = Option<(usize, usize)>> {
    let channels = &decoder.header().components;
    let columns = channels.iter().map(|channel| channel.horizontal_sampling).max().unwrap_or(1);
    let rows = channels.iter().map(|channel| channel.vertical_sampling).max().unwrap_or(1);
    let whole = |most: u8, own: u8| (own > 0 && most.is_multiple_of(own)).then(|| usize::from(most / own));
    channels.iter().map(move |channel| {
        whole(columns, channel.horizontal_sampling).zip(whole(rows, channel.vertical_sampling))
    })
}

/// The four channels of every pixel, as libjpeg gives them with its smooth upsampling.
pub(super) fn interleaved(decoder: Decoder<'_>) -> Result<Vec<u8>> {
    let in_luma = decoder.jpeg_color_space() == ColorSpace::Ycck;
    let factors = factors(&decoder).collect::<Option<Vec<_>>>().ok_or_else(|| {
        Error::unusable("the JPEG stores its channels at sizes that are no whole parts of each other")
    })?;
    let raw = decoder.decode_raw().map_err(jpeg::broken)?;
    let channels =
        factors.iter().zip(&raw.planes).zip(&raw.plane_widths).map(|((&factor, samples), &stride)| {
            let (width, height) = (raw.width.div_ceil(factor.0), raw.height.div_ceil(factor.1));
            Plane { samples, stride, width, height }.enlarged(factor, raw.width, raw.height)
        });
    let channels: Vec<Vec<u8>> = channels.collect();
    let [one, two, three, black] = channels.as_slice() else {
        return Err(Error::unusable(format!("the JPEG has {} channels, not 4", channels.len())));
    };
    let pixels = one.iter().zip(two).zip(three).zip(black);
    Ok(pixels
        .flat_map(|(((&one, &two), &three), &black)| match in_luma {
            true => inverted_rgb(one, two, three, black),
            false => [one, two, three, black],
        })
        .collect())
}

/// libjpeg's fixed-point colours, turned round: 255 less red, green and blue.
fn inverted_rgb(luma: u8, blue: u8, red: u8, black: u8) -> [u8; 4] {
    const HALF: i32 = 1 << 15;
    let (luma, blue, red) = (i32::from(luma), i32::from(blue) - 128, i32::from(red) - 128);
    let inverted = |colour: i32| (255 - luma - colour).clamp(0, 255) as u8;
    [
        inverted((91_881 * red + HALF) >> 16),
        inverted((-22_554 * blue - 46_802 * red + HALF) >> 16),
        inverted((116_130 * blue + HALF) >> 16),
        black,
    ]
}

/// The samples of one channel; rows have `stride` of them, of which the picture has `width`.
struct Plane<'a> {
    samples: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl Plane<'_> {
    /// One sample for each of `width` x `height` pixels. Between two samples libjpeg goes three
    /// quarters with the nearer one, but only where one of the two factors is 2 and the other at
    /// most 2, and not along rows of one or two samples.
    fn enlarged(&self, factor: (usize, usize), width: usize, height: usize) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = match factor {
                (2, 1) if self.width > 2 => widened(&self.row(y), 2, (1, 2)),
                (2, 2) if self.width > 2 => widened(&self.between_rows(y), 4, (8, 7)),
                (1, 2) => {
                    let bias = 1 + y as u32 % 2;
                    self.between_rows(y).iter().map(|&sum| ((sum + bias) >> 2) as u8).collect()
                }
                (columns, rows) => {
                    let row = self.row(y / rows);
                    (0..width).map(|x| row[x / columns] as u8).collect()
                }
            };
            pixels.extend(&row[..width]);
        }
        pixels
    }

    fn row(&self, y: usize) -> Vec<u32> {
        let start = y.min(self.height - 1) * self.stride;
        self.samples[start..start + self.width].iter().map(|&sample| sample.into()).collect()
    }

    /// Three times the row of samples that pixel row `y` lies in, and once the row next to it.
    fn between_rows(&self, y: usize) -> Vec<u32> {
        let near = y / 2;
        let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
        self.row(near).iter().zip(self.row(far)).map(|(&near, far)| 3 * near + far).collect()
    }
}

/// Two pixels for every value: three parts of it and one of its neighbour, shifted down. Left and
/// right pixel are rounded differently, so that no level is favoured.
fn widened(values: &[u32], shift: u32, (left, right): (u32, u32)) -> Vec<u8> {
    let last = values.len() - 1;
    let pair = |(at, &value): (usize, &u32)| {
        let (before, after) = (values[at.saturating_sub(1)], values[(at + 1).min(last)]);
        [3 * value + before + left, 3 * value + after + right].map(|sum| (sum >> shift) as u8)
    };
    values.iter().enumerate().flat_map(pair).collect()
}
