//! What makes one pair of settings another.

use super::super::{
    Crop, CropSetting, Nothing, Preprocess, PreprocessSettings, Resize, ResizeSetting, ResizeTo, Size,
};

/// Whether both give the same tensors, but for rounding in the last bits, whatever the image.
pub(super) fn is_same(one: &Preprocess, other: &Preprocess) -> bool {
    let numbers_apart =
        Preprocess { scale: other.scale, mean: other.mean.clone(), std: other.std.clone(), ..one.clone() };
    numbers_apart == *other && same_numbers(one, other)
}

/// The steps from a byte to a number are straight lines: the same if black and white become the same.
fn same_numbers(one: &Preprocess, other: &Preprocess) -> bool {
    let channels = 0..one.channels.count();
    let ends = |of: &Preprocess, channel: usize| [0.0, 255.0].map(|level| of.scaling(channel).apply(level));
    channels.into_iter().all(|channel| {
        let ([black, white], [its_black, its_white]) = (ends(one, channel), ends(other, channel));
        let span = (white - black).abs();
        (black - its_black).abs() <= 1e-4 * span && (white - its_white).abs() <= 1e-4 * span
    })
}

/// The settings that `to` has otherwise than `from`, as users write them. What belongs together is
/// said together, so that nothing of `from` is mixed in: scale, mean and deviation; everything about
/// a resize; everything about a crop.
pub(super) fn between(from: &Preprocess, to: &Preprocess) -> PreprocessSettings {
    let mut change = PreprocessSettings {
        channels: (from.channels != to.channels).then_some(to.channels),
        layout: (from.layout != to.layout).then_some(to.layout),
        exif_orientation: (from.exif_orientation != to.exif_orientation).then_some(to.exif_orientation),
        ..PreprocessSettings::default()
    };
    if (from.scale, &from.mean, &from.std) != (to.scale, &to.mean, &to.std) {
        change.scale = Some(to.scale);
        change.mean = Some(to.mean.clone());
        change.std = Some(to.std.clone());
    }
    if from.resize != to.resize {
        say_resize(&mut change, from.resize, to.resize);
    }
    // A resampler brings its own way of cropping, unless it is said.
    let resampler = |of: &Preprocess| of.resize.map(|step| step.resampler);
    if from.crop != to.crop || (to.crop.is_some() && resampler(from) != resampler(to)) {
        say_crop(&mut change, from.crop, to.crop);
    }
    change
}

fn say_resize(change: &mut PreprocessSettings, from: Option<Resize>, to: Option<Resize>) {
    let Some(step) = to else {
        change.resize = Some(ResizeSetting::None(Nothing::None));
        return;
    };
    if from.map(|from| from.to) != Some(step.to) {
        change.resize = Some(match step.to {
            ResizeTo::ShorterSide(side) => ResizeSetting::ShorterSide(side),
            ResizeTo::Exact(Size { width, height }) => ResizeSetting::Exact(width, height),
        });
    }
    let kernel = |of: Resize| (of.resampler, of.filter, of.antialias);
    if from.map(kernel) != Some(kernel(step)) {
        change.resampler = Some(step.resampler);
        change.filter = Some(step.filter);
        change.antialias = Some(step.antialias);
    }
}

fn say_crop(change: &mut PreprocessSettings, from: Option<Crop>, to: Option<Crop>) {
    let Some(crop) = to else {
        change.crop = Some(CropSetting::None(Nothing::None));
        return;
    };
    let Size { width, height } = crop.size;
    if from.map(|from| from.size) != Some(crop.size) {
        change.crop = Some(if width == height {
            CropSetting::Square(width)
        } else {
            CropSetting::Exact(width, height)
        });
    }
    change.crop_rounding = Some(crop.rounding);
    change.pad = (from.is_some_and(|from| from.pad) != crop.pad).then_some(crop.pad);
}
