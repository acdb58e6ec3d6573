//! The steps themselves: image → one sample of a batch.

use super::resize::{Resampler, centred, target};
use super::scaling::{LEVELS, Tables};
use super::{Channels, Image, Layout, Preprocess, Size};
use crate::error::{Error, Result};
use crate::tensor::Values;

/// What a thread keeps between images, so that none is allocated for.
#[derive(Debug, Default)]
pub struct Scratch {
    resampler: Resampler,
    grey: Vec<u8>,
    tables: Tables,
}

/// Interleaved pixels on their way: 1 or 3 channels.
#[derive(Clone, Copy)]
struct Pixels<'a> {
    bytes: &'a [u8],
    channels: usize,
    size: Size,
}

/// The part of an image that becomes the sample.
#[derive(Clone, Copy)]
struct Window<'a> {
    pixels: Pixels<'a>,
    left: usize,
    top: usize,
    size: Size,
}

impl Preprocess {
    /// Number of elements of one sample: channels × height × width.
    pub fn sample_len(&self) -> usize {
        self.channels.count() * self.size.height as usize * self.size.width as usize
    }

    /// Writes `image` as sample `index` of the batch `into`, which has elements of
    /// [`Preprocess::element`] and room for whole samples. The settings are valid
    /// ([`Preprocess::validate`]). Fails when the image does not come out at [`Preprocess::size`].
    pub fn write(&self, image: &Image, scratch: &mut Scratch, into: &mut Values, index: usize) -> Result<()> {
        image.check()?;
        let Scratch { resampler, grey, tables } = scratch;
        let pixels = self.with_channels(image, grey);
        let pixels = self.with_size(pixels, resampler)?;
        let window = self.window(pixels, image)?;
        self.place(window, tables.of(self), into, index)
    }

    /// Colour becomes grey where the model wants grey. Grey stays one channel: its repetition
    /// happens when the sample is written.
    fn with_channels<'a>(&self, image: &'a Image, grey: &'a mut Vec<u8>) -> Pixels<'a> {
        let size = Size { width: image.width, height: image.height };
        if image.channels == 3 && self.channels == Channels::Grey {
            grey.clear();
            grey.extend(image.pixels.as_chunks::<3>().0.iter().map(luma));
            return Pixels { bytes: grey, channels: 1, size };
        }
        Pixels { bytes: &image.pixels, channels: usize::from(image.channels), size }
    }

    fn with_size<'a>(&self, pixels: Pixels<'a>, resampler: &'a mut Resampler) -> Result<Pixels<'a>> {
        let Some(step) = &self.resize else { return Ok(pixels) };
        let size = target(step.to, pixels.size)?;
        if size == pixels.size {
            return Ok(pixels);
        }
        let bytes = resampler.run(step, pixels.bytes, pixels.channels, (pixels.size, size))?;
        Ok(Pixels { bytes, size, ..pixels })
    }

    fn window<'a>(&self, pixels: Pixels<'a>, image: &Image) -> Result<Window<'a>> {
        let size = self.crop.map_or(pixels.size, |crop| crop.size);
        let Some((left, top)) = centred(size, pixels.size) else {
            return Err(Error::usage(format!(
                "the crop of {size} is larger than the image of {}",
                pixels.size
            ))
            .help("resize first (`--resize LENGTH`, the new shorter side), or crop less (`--crop`)"));
        };
        if size != self.size {
            return Err(self.does_not_fit(image, size));
        }
        Ok(Window { pixels, left: left as usize, top: top as usize, size })
    }

    fn does_not_fit(&self, image: &Image, size: Size) -> Error {
        let came = if (image.width, image.height) == (size.width, size.height) {
            format!("the image has {size} pixels")
        } else {
            format!("the image of {}x{} comes out at {size} pixels", image.width, image.height)
        };
        Error::usage(format!("{came}, the model wants {}", self.size)).help(format!(
            "set `--resize {wanted}`, or `--resize LENGTH --crop {wanted}` to keep the aspect ratio",
            wanted = self.size
        ))
    }

    fn place(&self, window: Window<'_>, tables: &Values, into: &mut Values, index: usize) -> Result<()> {
        let length = self.sample_len();
        let range = index.saturating_mul(length)..index.saturating_add(1).saturating_mul(length);
        let room = into.len();
        let full = || Error::usage(format!("a batch of {room} elements has no room for sample {index}"));
        match (tables, into) {
            (Values::F32(t), Values::F32(out)) => {
                self.look_up(window, t, out.get_mut(range).ok_or_else(full)?)
            }
            (Values::F16(t), Values::F16(out)) => {
                self.look_up(window, t, out.get_mut(range).ok_or_else(full)?)
            }
            (Values::U8(t), Values::U8(out)) => self.look_up(window, t, out.get_mut(range).ok_or_else(full)?),
            (Values::I8(t), Values::I8(out)) => self.look_up(window, t, out.get_mut(range).ok_or_else(full)?),
            (tables, into) => {
                let (made, wanted) = (tables.element().name(), into.element().name());
                return Err(Error::usage(format!("preprocessing makes {made}, the batch holds {wanted}")));
            }
        }
        Ok(())
    }

    /// Scale, mean, deviation, channel order and layout in one pass over the rows of the window.
    fn look_up<T: Copy>(&self, window: Window<'_>, tables: &[T], out: &mut [T]) {
        let (channels, width) = (self.channels.count(), self.size.width as usize);
        let area = out.len() / channels;
        for (row, bytes) in window.rows().enumerate() {
            for (channel, table) in tables.as_chunks::<LEVELS>().0.iter().enumerate() {
                let source = self.source_channel(channel, window.pixels.channels);
                let bytes = bytes[source..].iter().step_by(window.pixels.channels);
                match self.layout {
                    Layout::Nchw => {
                        write_all(&mut out[channel * area + row * width..][..width], 1, bytes, table)
                    }
                    Layout::Nhwc => {
                        write_all(&mut out[row * width * channels + channel..], channels, bytes, table)
                    }
                }
            }
        }
    }

    /// Which channel of the image feeds channel `channel` of the model.
    fn source_channel(&self, channel: usize, available: usize) -> usize {
        match (available, self.channels) {
            (1, _) => 0,
            (_, Channels::Bgr) => 2 - channel,
            _ => channel,
        }
    }
}

impl<'a> Window<'a> {
    /// Interleaved bytes of each row.
    fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        let Self { pixels: Pixels { bytes, channels, size: whole }, left, top, size } = self;
        let columns = left * channels..(left + size.width as usize) * channels;
        let rows = bytes.chunks_exact(whole.width as usize * channels);
        rows.skip(top).take(size.height as usize).map(move |row| &row[columns.clone()])
    }
}

fn write_all<'a, T: Copy>(
    out: &mut [T],
    step: usize,
    bytes: impl Iterator<Item = &'a u8>,
    table: &[T; LEVELS],
) {
    for (slot, &byte) in out.iter_mut().step_by(step).zip(bytes) {
        *slot = table[usize::from(byte)];
    }
}

/// ITU-R 601 luma in the integers of Pillow's `convert("L")`.
fn luma(&[red, green, blue]: &[u8; 3]) -> u8 {
    let weighted = u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471;
    // The weights sum to 65,536, so the result is at most 255.
    ((weighted + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::super::{Crop, CropRounding, Filter, Resampler, Resize, ResizeTo, Scale};
    use super::*;
    use crate::tensor::ElementType;

    fn settings(channels: Channels, size: Size) -> Preprocess {
        Preprocess {
            exif_orientation: false,
            channels,
            resize: None,
            crop: None,
            scale: Scale::Raw,
            mean: vec![],
            std: vec![],
            layout: Layout::Nchw,
            element: ElementType::F32,
            size,
        }
    }

    fn middle(size: Size) -> Crop {
        Crop { size, rounding: CropRounding::Even, pad: false }
    }

    fn two_by_one() -> Image {
        Image { width: 2, height: 1, channels: 3, pixels: vec![10, 20, 30, 40, 50, 60] }
    }

    const TWO_BY_ONE: Size = Size { width: 2, height: 1 };

    fn written(preprocess: &Preprocess, image: &Image) -> Result<Vec<f32>> {
        let mut batch = Values::zeros(preprocess.element, preprocess.sample_len());
        preprocess.write(image, &mut Scratch::default(), &mut batch, 0)?;
        Ok(batch.to_f32())
    }

    #[test]
    fn planes_interleaving_and_colour_order_are_as_named() {
        let rgb = settings(Channels::Rgb, TWO_BY_ONE);
        assert_eq!(written(&rgb, &two_by_one()).unwrap(), [10., 40., 20., 50., 30., 60.]);
        let nhwc = Preprocess { layout: Layout::Nhwc, ..rgb.clone() };
        assert_eq!(written(&nhwc, &two_by_one()).unwrap(), [10., 20., 30., 40., 50., 60.]);
        let bgr = Preprocess { channels: Channels::Bgr, ..nhwc };
        assert_eq!(written(&bgr, &two_by_one()).unwrap(), [30., 20., 10., 60., 50., 40.]);
    }

    #[test]
    fn grey_is_repeated_for_a_colour_model() {
        let image = Image { width: 2, height: 1, channels: 1, pixels: vec![7, 9] };
        let rgb = settings(Channels::Rgb, TWO_BY_ONE);
        assert_eq!(written(&rgb, &image).unwrap(), [7., 9., 7., 9., 7., 9.]);
    }

    #[test]
    fn a_grey_picture_in_colour_keeps_its_levels() {
        for level in 0..=255 {
            assert_eq!(luma(&[level; 3]), level);
        }
    }

    #[test]
    fn bytes_go_into_byte_models_as_they_are_or_less_128() {
        let image = Image { width: 3, height: 1, channels: 1, pixels: vec![0, 128, 255] };
        let size = Size { width: 3, height: 1 };
        let unsigned = Preprocess { element: ElementType::U8, ..settings(Channels::Grey, size) };
        assert_eq!(written(&unsigned, &image).unwrap(), [0., 128., 255.]);
        let signed = Preprocess { element: ElementType::I8, ..unsigned };
        assert_eq!(written(&signed, &image).unwrap(), [-128., 0., 127.]);
    }

    #[test]
    fn half_floats_are_the_rounded_floats() {
        let unit = Preprocess { scale: Scale::Unit, ..settings(Channels::Rgb, TWO_BY_ONE) };
        let half = Preprocess { element: ElementType::F16, ..unit.clone() };
        let expected: Vec<f32> =
            written(&unit, &two_by_one()).unwrap().iter().map(|&x| half::f16::from_f32(x).to_f32()).collect();
        assert_eq!(written(&half, &two_by_one()).unwrap(), expected);
    }

    #[test]
    fn a_batch_holds_each_image_in_its_place_and_scratch_follows_the_settings() {
        let raw = settings(Channels::Grey, Size { width: 1, height: 1 });
        let unit = Preprocess { scale: Scale::Unit, ..raw.clone() };
        let image = |level| Image { width: 1, height: 1, channels: 1, pixels: vec![level] };
        let (mut scratch, mut batch) = (Scratch::default(), Values::zeros(ElementType::F32, 3));
        raw.write(&image(5), &mut scratch, &mut batch, 2).unwrap();
        unit.write(&image(255), &mut scratch, &mut batch, 0).unwrap();
        raw.write(&image(6), &mut scratch, &mut batch, 1).unwrap();
        assert_eq!(batch.to_f32(), [1., 6., 5.]);
        let error = raw.write(&image(1), &mut scratch, &mut batch, 3).unwrap_err();
        assert!(error.what.contains("no room for sample 3"), "{error}");
    }

    #[test]
    fn a_wrong_size_is_an_error_with_both_sizes_and_the_flag_to_set() {
        let error =
            written(&settings(Channels::Rgb, Size { width: 28, height: 28 }), &two_by_one()).unwrap_err();
        assert_eq!(error.what, "the image has 2x1 pixels, the model wants 28x28");
        assert!(error.help.unwrap().contains("`--resize 28x28`"));
    }

    #[test]
    fn a_crop_larger_than_the_image_is_an_error_with_both_sizes() {
        let size = Size { width: 4, height: 4 };
        let crop = Preprocess { crop: Some(middle(size)), ..settings(Channels::Rgb, size) };
        let error = written(&crop, &two_by_one()).unwrap_err();
        assert_eq!(error.what, "the crop of 4x4 is larger than the image of 2x1");
    }

    #[test]
    fn a_shorter_side_with_crop_keeps_the_middle() {
        let pixels = (0..8).flat_map(|_| [0, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200, 0, 0, 0, 0]);
        let image = Image { width: 16, height: 8, channels: 1, pixels: pixels.collect() };
        let size = Size { width: 4, height: 4 };
        let resize = Resize {
            to: ResizeTo::ShorterSide(4),
            filter: Filter::Box,
            antialias: true,
            resampler: Resampler::Pillow,
        };
        let middle =
            Preprocess { resize: Some(resize), crop: Some(middle(size)), ..settings(Channels::Grey, size) };
        assert_eq!(written(&middle, &image).unwrap(), vec![200.; 16]);
    }

    #[test]
    fn an_image_whose_numbers_do_not_fit_is_refused() {
        let image = Image { pixels: vec![1, 2, 3], ..two_by_one() };
        assert!(written(&settings(Channels::Rgb, TWO_BY_ONE), &image).is_err());
    }
}
