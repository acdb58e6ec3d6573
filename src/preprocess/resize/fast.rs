//! Pillow's resize by `fast_image_resize`, which rounds the weights to fewer bits: within one level of
//! 255 of Pillow, and several times faster than bit for bit.

use fast_image_resize as fir;

use super::pillow::columns_first;
use crate::error::{Error, Result};
use crate::preprocess::pixels::Grid;
use crate::preprocess::{Filter, Size};

/// The library's own memory, and what is kept between the passes.
#[derive(Debug, Default)]
pub(super) struct Fast {
    resizer: fir::Resizer,
    between: Vec<u8>,
    out: Vec<u8>,
}

impl Fast {
    /// All of `source`, resized to `to` with a kernel that widens when shrinking. In two passes in
    /// Pillow's order: the library alone begins with the columns, and where a kernel with lobes
    /// overshoots white or black in between, the order shows by many levels. What lies between the
    /// passes is never larger than the larger one of `source` and the result.
    pub fn run(&mut self, filter: Filter, source: Grid<'_, u8>, to: Size) -> Result<Grid<'_, u8>> {
        let (from, channels) = (source.size, source.channels);
        let halfway = match columns_first(from, to) {
            true => Size { width: from.width, height: to.height },
            false => Size { width: to.width, height: from.height },
        };
        let kind = if channels == 1 { fir::PixelType::U8 } else { fir::PixelType::U8x3 };
        let options = fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(kernel(filter)));
        let mut pass = |pixels: &[u8], from: Size, to: Size, out: &mut Vec<u8>| {
            out.resize(to.width as usize * to.height as usize * channels, 0);
            one_pass(&mut self.resizer, &options, kind, (pixels, from), (out, to))
        };
        pass(source.values, from, halfway, &mut self.between)?;
        pass(&self.between, halfway, to, &mut self.out)?;
        Ok(Grid { values: &self.out, channels, size: to })
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

/// Pillow has no `area`, and its `nearest` sums nothing: neither comes here.
fn kernel(filter: Filter) -> fir::FilterType {
    match filter {
        Filter::Box | Filter::Area => fir::FilterType::Box,
        Filter::Bilinear | Filter::Nearest => fir::FilterType::Bilinear,
        Filter::Hamming => fir::FilterType::Hamming,
        Filter::Bicubic => fir::FilterType::CatmullRom,
        Filter::Lanczos => fir::FilterType::Lanczos3,
    }
}
