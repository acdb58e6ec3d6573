//! Sizes: what a resize leads to, and which part of it a crop keeps.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::preprocess::{Crop, CropRounding, ResizeTo, Size};

/// Most pixels that a resize may lead to: a 1x60000 strip must not grow to gigabytes.
const MAX_PIXELS: u64 = 100_000_000;

/// The size that `to` leads to from `from`. With a shorter side, the longer one is cut to an
/// integer, not rounded, as torchvision, Hugging Face and MLPerf do.
pub(in crate::preprocess) fn target(to: ResizeTo, from: Size) -> Result<Size> {
    let (width, height) = match to {
        ResizeTo::Exact(size) => (u64::from(size.width), u64::from(size.height)),
        ResizeTo::ShorterSide(length) => {
            let short = u64::from(from.width.min(from.height)).max(1);
            let scaled = |side: u32| u64::from(length) * u64::from(side) / short;
            (scaled(from.width), scaled(from.height))
        }
    };
    let to = Size { width: clamped(width), height: clamped(height) };
    if u64::from(to.width) * u64::from(to.height) <= MAX_PIXELS {
        return Ok(to);
    }
    Err(Error::unusable(format!("an image of {from} would be resized to {to} pixels"))
        .help("leave this image out (`--on-bad-image skip`), or resize to an exact size"))
}

fn clamped(side: u64) -> u32 {
    u32::try_from(side).unwrap_or(u32::MAX)
}

/// The part of an image of `whole` that becomes the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::preprocess) struct Window {
    /// The image, resized.
    pub whole: Size,
    /// First column; below 0 where borders are added.
    pub left: i64,
    /// First row; below 0 where borders are added.
    pub top: i64,
    /// What is kept, borders included.
    pub size: Size,
}

impl Window {
    /// Everything.
    pub fn all(whole: Size) -> Self {
        Self { whole, left: 0, top: 0, size: whole }
    }

    /// The middle; none where the image is smaller and gets no borders.
    pub fn centred(crop: Crop, whole: Size) -> Option<Self> {
        let size = crop.size;
        if !crop.pad && (size.width > whole.width || size.height > whole.height) {
            return None;
        }
        let offset = |outer: u32, inner: u32| half(i64::from(outer) - i64::from(inner), crop.rounding);
        let (left, top) = (offset(whole.width, size.width), offset(whole.height, size.height));
        Some(Self { whole, left, top, size })
    }

    /// Columns of the image that are kept.
    pub fn columns(&self) -> Range<usize> {
        visible(self.left, self.size.width, self.whole.width)
    }

    /// Rows of the image that are kept.
    pub fn rows(&self) -> Range<usize> {
        visible(self.top, self.size.height, self.whole.height)
    }
}

/// Half of the margin, where it is odd by the rule. Missing pixels are a margin below 0; there
/// torchvision adds the smaller half before the image, and what cuts down adds the larger one.
fn half(margin: i64, rounding: CropRounding) -> i64 {
    match rounding {
        CropRounding::Even if margin % 2 == 1 => margin / 2 + margin / 2 % 2,
        CropRounding::Even => margin / 2,
        CropRounding::Down => margin.div_euclid(2),
    }
}

fn visible(first: i64, length: u32, whole: u32) -> Range<usize> {
    let within = |at: i64| at.clamp(0, i64::from(whole)) as usize;
    within(first)..within(first + i64::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    fn crop(size: Size, rounding: CropRounding, pad: bool) -> Crop {
        Crop { size, rounding, pad }
    }

    #[test]
    fn the_longer_side_is_cut_as_in_torchvision() {
        // int(32 * 61 / 47) = int(41.53…)
        assert_eq!(target(ResizeTo::ShorterSide(32), size(61, 47)).unwrap(), size(41, 32));
        assert_eq!(target(ResizeTo::ShorterSide(256), size(375, 500)).unwrap(), size(256, 341));
        assert_eq!(target(ResizeTo::ShorterSide(9), size(9, 9)).unwrap(), size(9, 9));
    }

    #[test]
    fn a_strip_that_would_grow_to_gigabytes_is_refused() {
        let error = target(ResizeTo::ShorterSide(256), size(1, 60_000)).unwrap_err();
        assert!(error.what.contains("1x60000 would be resized to 256x15360000"), "{error}");
    }

    #[test]
    fn odd_margins_are_halved_by_the_rule() {
        let left = |margin: u32, rounding| {
            let crop = crop(size(10, 10), rounding, false);
            Window::centred(crop, size(10 + margin, 10)).unwrap().left
        };
        // Python: round(0.5) = 0, round(1.5) = 2, round(2.5) = 2
        assert_eq!([0, 1, 2, 3, 5].map(|margin| left(margin, CropRounding::Even)), [0, 0, 1, 2, 2]);
        assert_eq!([0, 1, 2, 3, 5].map(|margin| left(margin, CropRounding::Down)), [0, 0, 1, 1, 2]);
    }

    #[test]
    fn a_crop_larger_than_the_image_has_borders_where_they_are_asked_for() {
        let window = |rounding, pad| Window::centred(crop(size(8, 4), rounding, pad), size(5, 9));
        assert_eq!(window(CropRounding::Even, false), None);
        // torchvision pads 3 columns as (3 // 2, (3 + 1) // 2), then cuts from round(2.5).
        let even = window(CropRounding::Even, true).unwrap();
        assert_eq!((even.left, even.top), (-1, 2));
        assert_eq!((even.columns(), even.rows()), (0..5, 2..6));
        assert_eq!(window(CropRounding::Down, true).unwrap().left, -2);
    }
}
