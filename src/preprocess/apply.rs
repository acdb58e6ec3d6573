//! The steps themselves: image → one sample of a batch.

use super::pixels::{Grid, Pixels};
use super::resize::{Resizer, Window, target};
use super::scaling::{Element, LEVELS, Tables};
use super::{Channels, Image, Layout, Preprocess, Resampler, Scale, Size};
use crate::error::{Error, Result};
use crate::tensor::{ElementType, Values};

/// What a thread keeps between images, so that none is allocated for.
#[derive(Debug, Default)]
pub struct Scratch {
    resizer: Resizer,
    grey: Vec<u8>,
    tables: Tables,
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
        self.write_keeping(image, scratch, into, index, |_, _| {})
    }

    /// As [`Preprocess::write`]; on the way, `keep` is shown the number of channels and the pixels as
    /// they are after resize and crop, where they are bytes. [`Preprocess::write_pixels`] goes on from
    /// there.
    pub fn write_keeping(
        &self,
        image: &Image,
        scratch: &mut Scratch,
        into: &mut Values,
        index: usize,
        keep: impl FnOnce(u8, &[u8]),
    ) -> Result<()> {
        image.check()?;
        let Scratch { resizer, grey, tables } = scratch;
        let source = self.with_channels(image, grey);
        let window = self.window(image)?;
        match resizer.run(self.resize, source, window)? {
            Pixels::Bytes(pixels) => {
                // 1 or 3.
                keep(pixels.channels as u8, pixels.values);
                self.place_bytes(pixels, tables.of(self), into, index)
            }
            Pixels::Floats(pixels) => self.place_floats(pixels, into, index),
        }
    }

    /// Writes pixels that [`Preprocess::write_keeping`] showed with these settings as sample `index`
    /// of the batch `into`.
    pub fn write_pixels(
        &self,
        channels: u8,
        pixels: &[u8],
        scratch: &mut Scratch,
        into: &mut Values,
        index: usize,
    ) -> Result<()> {
        let grid = Grid { values: pixels, channels: usize::from(channels), size: self.size };
        let wanted = self.size.width as usize * self.size.height as usize * grid.channels;
        if ![1, 3].contains(&channels) || pixels.len() != wanted {
            return Err(Error::usage(format!(
                "{} bytes are no {} of {channels} channels",
                pixels.len(),
                self.size
            )));
        }
        self.place_bytes(grid, scratch.tables.of(self), into, index)
    }

    /// The steps up to the pixels that [`Preprocess::write_keeping`] shows, as text: equal for
    /// settings that lead to the same pixels. Nothing where pixels are floats, which are not shown.
    pub fn pixels_identity(&self) -> Option<String> {
        if self.resize.is_some_and(|step| step.resampler == Resampler::Tensorflow) {
            return None;
        }
        let pixels = Self {
            scale: Scale::Raw,
            mean: Vec::new(),
            std: Vec::new(),
            layout: Layout::Nchw,
            element: ElementType::U8,
            ..self.clone()
        };
        serde_json::to_string(&pixels).ok()
    }

    /// Colour becomes grey where the model wants grey. Grey stays one channel: its repetition
    /// happens when the sample is written.
    fn with_channels<'a>(&self, image: &'a Image, grey: &'a mut Vec<u8>) -> Grid<'a, u8> {
        let size = Size { width: image.width, height: image.height };
        if image.channels == 3 && self.channels == Channels::Grey {
            grey.clear();
            grey.extend(image.pixels.as_chunks::<3>().0.iter().map(luma));
            return Grid { values: grey, channels: 1, size };
        }
        Grid { values: &image.pixels, channels: usize::from(image.channels), size }
    }

    /// What the crop keeps of the resized image.
    fn window(&self, image: &Image) -> Result<Window> {
        let from = Size { width: image.width, height: image.height };
        let whole = self.resize.map_or(Ok(from), |step| target(step.to, from))?;
        let window = match self.crop {
            Some(crop) => Window::centred(crop, whole).ok_or_else(|| too_small(crop.size, whole))?,
            None => Window::all(whole),
        };
        if window.size != self.size {
            return Err(self.does_not_fit(from, window.size));
        }
        Ok(window)
    }

    fn does_not_fit(&self, from: Size, size: Size) -> Error {
        let came = if from == size {
            format!("the image has {size} pixels")
        } else {
            format!("the image of {from} comes out at {size} pixels")
        };
        Error::usage(format!("{came}, the model wants {}", self.size)).help(format!(
            "set `--resize {wanted}`, or `--resize LENGTH --crop {wanted}` to keep the aspect ratio",
            wanted = self.size
        ))
    }

    fn place_bytes(
        &self,
        pixels: Grid<'_, u8>,
        tables: &Values,
        into: &mut Values,
        index: usize,
    ) -> Result<()> {
        match (tables, into) {
            (Values::F32(tables), Values::F32(out)) => self.look_up(pixels, tables, out, index),
            (Values::F16(tables), Values::F16(out)) => self.look_up(pixels, tables, out, index),
            (Values::U8(tables), Values::U8(out)) => self.look_up(pixels, tables, out, index),
            (Values::I8(tables), Values::I8(out)) => self.look_up(pixels, tables, out, index),
            (tables, into) => {
                let (made, wanted) = (tables.element().name(), into.element().name());
                Err(Error::usage(format!("preprocessing makes {made}, the batch holds {wanted}")))
            }
        }
    }

    fn look_up<T: Copy>(
        &self,
        pixels: Grid<'_, u8>,
        tables: &[T],
        into: &mut [T],
        index: usize,
    ) -> Result<()> {
        let tables = tables.as_chunks::<LEVELS>().0;
        self.place(pixels, self.sample(into, index)?, |channel| {
            let table = &tables[channel];
            move |byte: u8| table[usize::from(byte)]
        });
        Ok(())
    }

    fn place_floats(&self, pixels: Grid<'_, f32>, into: &mut Values, index: usize) -> Result<()> {
        match into {
            Values::F32(out) => self.compute(pixels, out, index),
            Values::F16(out) => self.compute(pixels, out, index),
            Values::U8(out) => self.compute(pixels, out, index),
            Values::I8(out) => self.compute(pixels, out, index),
        }
    }

    fn compute<T: Element>(&self, pixels: Grid<'_, f32>, into: &mut [T], index: usize) -> Result<()> {
        self.place(pixels, self.sample(into, index)?, |channel| {
            let scaling = self.scaling(channel);
            move |level: f32| T::of(level, scaling)
        });
        Ok(())
    }

    fn sample<'a, T>(&self, into: &'a mut [T], index: usize) -> Result<&'a mut [T]> {
        let (length, room) = (self.sample_len(), into.len());
        let range = index.saturating_mul(length)..index.saturating_add(1).saturating_mul(length);
        into.get_mut(range)
            .ok_or_else(|| Error::usage(format!("a batch of {room} elements has no room for sample {index}")))
    }

    /// Scale, mean, deviation, channel order and layout in one pass over the rows. `convert` gives
    /// what makes an element of a value, for each channel.
    fn place<S: Copy, T, F: Fn(S) -> T>(
        &self,
        pixels: Grid<'_, S>,
        out: &mut [T],
        convert: impl Fn(usize) -> F,
    ) {
        match pixels.channels {
            1 => self.place_pixels(pixels.values.as_chunks::<1>().0, out, convert),
            _ => self.place_pixels(pixels.values.as_chunks::<3>().0, out, convert),
        }
    }

    fn place_pixels<S: Copy, T, F: Fn(S) -> T, const CHANNELS: usize>(
        &self,
        pixels: &[[S; CHANNELS]],
        out: &mut [T],
        convert: impl Fn(usize) -> F,
    ) {
        let (channels, width) = (self.channels.count(), self.size.width as usize);
        let area = out.len() / channels;
        for (row, pixels) in pixels.chunks_exact(width).enumerate() {
            for channel in 0..channels {
                let (source, convert) = (self.source_channel(channel, CHANNELS), convert(channel));
                let made = pixels.iter().map(|pixel| convert(pixel[source]));
                match self.layout {
                    Layout::Nchw => write_all(out[channel * area + row * width..][..width].iter_mut(), made),
                    Layout::Nhwc => {
                        write_all(out[row * width * channels + channel..].iter_mut().step_by(channels), made)
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

fn too_small(crop: Size, image: Size) -> Error {
    Error::usage(format!("the crop of {crop} is larger than the image of {image}")).help(
        "resize first (`--resize LENGTH`, the new shorter side), crop less (`--crop`), \
         or add black borders as torchvision does (`--pad true`)",
    )
}

fn write_all<'a, T: 'a>(out: impl Iterator<Item = &'a mut T>, values: impl Iterator<Item = T>) {
    for (slot, value) in out.zip(values) {
        *slot = value;
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
    fn pixels_that_were_kept_make_the_same_sample() {
        let step = Resize {
            to: ResizeTo::ShorterSide(6),
            filter: Filter::Bilinear,
            antialias: true,
            resampler: Resampler::Pillow,
        };
        let size = Size { width: 4, height: 4 };
        let crop = Some(Crop { size, rounding: CropRounding::Even, pad: false });
        for channels in [Channels::Grey, Channels::Rgb, Channels::Bgr] {
            for (image_channels, layout) in [(1, Layout::Nchw), (3, Layout::Nhwc)] {
                let preprocess = Preprocess {
                    resize: Some(step),
                    crop,
                    layout,
                    scale: Scale::Signed,
                    ..settings(channels, size)
                };
                let levels = (0..9 * 12 * usize::from(image_channels)).map(|level| (level * 7) as u8);
                let image =
                    Image { width: 12, height: 9, channels: image_channels, pixels: levels.collect() };
                let (mut scratch, mut kept) = (Scratch::default(), None);
                let [mut first, mut second] =
                    [(); 2].map(|()| Values::zeros(ElementType::F32, preprocess.sample_len()));
                let keep = |channels: u8, pixels: &[u8]| kept = Some((channels, pixels.to_vec()));
                preprocess.write_keeping(&image, &mut scratch, &mut first, 0, keep).unwrap();
                let (channels, pixels) = kept.unwrap();
                assert!(pixels.len() <= preprocess.sample_len());
                preprocess.write_pixels(channels, &pixels, &mut scratch, &mut second, 0).unwrap();
                assert_eq!(first.to_f32(), second.to_f32());
            }
        }
    }

    #[test]
    fn what_leads_to_the_same_pixels_has_one_identity() {
        let size = Size { width: 2, height: 1 };
        let raw = settings(Channels::Rgb, size);
        let scaled = Preprocess { scale: Scale::Unit, mean: vec![0.5], layout: Layout::Nhwc, ..raw.clone() };
        assert_eq!(raw.pixels_identity(), scaled.pixels_identity());
        let upright = Preprocess { exif_orientation: true, ..raw.clone() };
        assert_ne!(raw.pixels_identity(), upright.pixels_identity());
        let (filter, antialias) = (Filter::Bilinear, false);
        let step = |resampler| Some(Resize { to: ResizeTo::Exact(size), filter, antialias, resampler });
        let opencv = Preprocess { resize: step(Resampler::Opencv), ..raw.clone() };
        assert_ne!(raw.pixels_identity(), opencv.pixels_identity());
        let floats = Preprocess { resize: step(Resampler::Tensorflow), ..raw };
        assert_eq!(floats.pixels_identity(), None);
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
    fn a_crop_that_pads_puts_black_around_before_the_scaling() {
        let size = Size { width: 4, height: 2 };
        let image = Image { width: 2, height: 1, channels: 1, pixels: vec![10, 20] };
        let padded = |rounding| {
            let crop = Some(Crop { pad: true, rounding, ..middle(size) });
            let grey = Preprocess { crop, mean: vec![1.0], ..settings(Channels::Grey, size) };
            written(&grey, &image).unwrap()
        };
        assert_eq!(padded(CropRounding::Even), [-1., 9., 19., -1., -1., -1., -1., -1.]);
        assert_eq!(padded(CropRounding::Down), [-1., -1., -1., -1., -1., 9., 19., -1.]);
    }

    #[test]
    fn tensorflow_keeps_what_lies_between_two_levels_and_byte_models_cut_it() {
        let image = Image { width: 2, height: 1, channels: 1, pixels: vec![10, 20] };
        let size = Size { width: 4, height: 1 };
        let resize = Resize {
            to: ResizeTo::Exact(size),
            filter: Filter::Bilinear,
            antialias: false,
            resampler: Resampler::Tensorflow,
        };
        let grown = Preprocess { resize: Some(resize), ..settings(Channels::Grey, size) };
        assert_eq!(written(&grown, &image).unwrap(), [10., 12.5, 17.5, 20.]);
        let scaled = Preprocess { scale: Scale::Unit, mean: vec![0.5], ..grown.clone() };
        assert_eq!(written(&scaled, &image).unwrap()[1], 12.5 / 255.0 - 0.5);
        let bytes = Preprocess { element: ElementType::I8, ..grown.clone() };
        assert_eq!(written(&bytes, &image).unwrap(), [-118., -116., -111., -108.]);
        let half = Preprocess { element: ElementType::F16, ..grown };
        assert_eq!(written(&half, &image).unwrap(), [10., 12.5, 17.5, 20.]);
    }

    #[test]
    fn an_image_whose_numbers_do_not_fit_is_refused() {
        let image = Image { pixels: vec![1, 2, 3], ..two_by_one() };
        assert!(written(&settings(Channels::Rgb, TWO_BY_ONE), &image).is_err());
    }
}
