//! Resampling and centre crop, by the size and rounding rules of torchvision and the kernels of
//! Pillow. Results are within one level of 255 of Pillow's: both compute in integers with two
//! passes, but round the weights differently.

use fast_image_resize as fir;

use super::{Filter, Resize, ResizeTo, Size};
use crate::error::{Error, Result};

/// Most pixels that a resize may lead to: a 1x60000 strip must not grow to gigabytes.
const MAX_PIXELS: u64 = 100_000_000;

/// The size that `to` leads to from `from`. With a shorter side, the longer one is cut to an
/// integer, not rounded, as torchvision does.
pub(super) fn target(to: ResizeTo, from: Size) -> Result<Size> {
    let (width, height) = match to {
        ResizeTo::Exact(size) => (u64::from(size.width), u64::from(size.height)),
        ResizeTo::ShorterSide(length) => {
            let short = u64::from(from.width.min(from.height)).max(1);
            let scaled = |side: u32| u64::from(length) * u64::from(side) / short;
            (scaled(from.width), scaled(from.height))
        }
    };
    let to = Size { width: clamped(width), height: clamped(height) };
    refuse_huge(from, to)?;
    Ok(to)
}

fn clamped(side: u64) -> u32 {
    u32::try_from(side).unwrap_or(u32::MAX)
}

/// Top left corner of a centred window. An odd margin is halved to the even neighbour, as Python's
/// `round` and so torchvision does.
pub(super) fn centred(window: Size, within: Size) -> Option<(u32, u32)> {
    let offset = |outer: u32, inner: u32| {
        let margin = outer.checked_sub(inner)?;
        let half = margin / 2;
        Some(if margin % 2 == 1 { half + half % 2 } else { half })
    };
    Some((offset(within.width, window.width)?, offset(within.height, window.height)?))
}

/// A resampler and its memory, kept between images.
#[derive(Debug, Default)]
pub(super) struct Resampler {
    resizer: fir::Resizer,
    between: Vec<u8>,
    out: Vec<u8>,
}

impl Resampler {
    /// Resamples interleaved `pixels` of `from` with 1 or 3 `channels`. First the rows, then the
    /// columns, as Pillow does: the library alone begins with the columns, and where a kernel with
    /// lobes overshoots white or black in between, the order shows by many levels.
    pub(super) fn run<'a>(
        &'a mut self,
        step: &Resize,
        pixels: &[u8],
        channels: usize,
        (from, to): (Size, Size),
    ) -> Result<&'a [u8]> {
        let halfway = Size { width: to.width, height: from.height };
        refuse_huge(from, halfway)?;
        let kind = if channels == 1 { fir::PixelType::U8 } else { fir::PixelType::U8x3 };
        let options = fir::ResizeOptions::new().resize_alg(algorithm(step));
        let mut pass = |pixels: &[u8], from: Size, to: Size, out: &mut Vec<u8>| {
            out.resize(to.width as usize * to.height as usize * channels, 0);
            one_pass(&mut self.resizer, &options, kind, (pixels, from), (out, to))
        };
        pass(pixels, from, halfway, &mut self.between)?;
        pass(&self.between, halfway, to, &mut self.out)?;
        Ok(&self.out)
    }
}

fn one_pass(
    resizer: &mut fir::Resizer,
    options: &fir::ResizeOptions,
    kind: fir::PixelType,
    (pixels, from): (&[u8], Size),
    (out, to): (&mut [u8], Size),
) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::unusable(format!("an image of {from} cannot be resized to {to}")).because(error)
    };
    let source =
        fir::images::ImageRef::new(from.width, from.height, pixels, kind).map_err(|error| failed(&error))?;
    let mut target =
        fir::images::Image::from_slice_u8(to.width, to.height, out, kind).map_err(|error| failed(&error))?;
    resizer.resize(&source, &mut target, options).map_err(|error| failed(&error))
}

fn refuse_huge(from: Size, to: Size) -> Result<()> {
    if u64::from(to.width) * u64::from(to.height) <= MAX_PIXELS {
        return Ok(());
    }
    Err(Error::unusable(format!("an image of {from} would be resized to {to} pixels"))
        .help("leave this image out (`--on-bad-image skip`), or resize to an exact size"))
}

fn algorithm(step: &Resize) -> fir::ResizeAlg {
    let kernel = match step.filter {
        Filter::Nearest => return fir::ResizeAlg::Nearest,
        Filter::Box => fir::FilterType::Box,
        Filter::Bilinear => fir::FilterType::Bilinear,
        Filter::Hamming => fir::FilterType::Hamming,
        Filter::Area => fir::FilterType::Box,
        Filter::Bicubic => fir::FilterType::CatmullRom,
        Filter::Lanczos => fir::FilterType::Lanczos3,
    };
    if step.antialias { fir::ResizeAlg::Convolution(kernel) } else { fir::ResizeAlg::Interpolation(kernel) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
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
    fn odd_margins_are_halved_to_even_as_in_python() {
        // round(0.5) = 0, round(1.5) = 2, round(2.5) = 2
        let left = |margin: u32| centred(size(10, 10), size(10 + margin, 10)).unwrap().0;
        assert_eq!([left(0), left(1), left(2), left(3), left(5)], [0, 0, 1, 2, 2]);
        assert_eq!(centred(size(10, 10), size(9, 30)), None);
    }
}
