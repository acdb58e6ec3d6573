//! A level becomes a number: a byte through a table of 256 entries a channel, so that a pixel costs one
//! look-up, a float by computing.

use half::f16;

use super::{Preprocess, Scale};
use crate::tensor::{ElementType, Values};

/// Levels of a byte.
pub(super) const LEVELS: usize = 256;

/// The part of the settings that a table depends on.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    channels: usize,
    scale: Scale,
    mean: Vec<f32>,
    std: Vec<f32>,
    element: ElementType,
}

impl Key {
    fn of(preprocess: &Preprocess) -> Self {
        Self {
            channels: preprocess.channels.count(),
            scale: preprocess.scale,
            mean: preprocess.mean.clone(),
            std: preprocess.std.clone(),
            element: preprocess.element,
        }
    }

    fn is_of(&self, preprocess: &Preprocess) -> bool {
        self.channels == preprocess.channels.count()
            && self.scale == preprocess.scale
            && self.mean == preprocess.mean
            && self.std == preprocess.std
            && self.element == preprocess.element
    }
}

/// The tables of the settings that were used last.
#[derive(Debug, Default)]
pub(super) struct Tables {
    made: Option<(Key, Values)>,
}

impl Tables {
    /// One table of 256 elements a channel, in the order of the settings' channels.
    pub(super) fn of(&mut self, preprocess: &Preprocess) -> &Values {
        let stale = self.made.as_ref().is_none_or(|(key, _)| !key.is_of(preprocess));
        if stale {
            self.made = None;
        }
        &self.made.get_or_insert_with(|| (Key::of(preprocess), tables(preprocess))).1
    }
}

fn tables(preprocess: &Preprocess) -> Values {
    match preprocess.element {
        ElementType::F32 => Values::F32(levels(preprocess)),
        ElementType::F16 => Values::F16(levels(preprocess)),
        ElementType::U8 => Values::U8(levels(preprocess)),
        ElementType::I8 => Values::I8(levels(preprocess)),
    }
}

fn levels<T: Element>(preprocess: &Preprocess) -> Vec<T> {
    let all = |channel| {
        let scaling = preprocess.scaling(channel);
        (0..=u8::MAX).map(move |byte| T::of(f32::from(byte), scaling))
    };
    (0..preprocess.channels.count()).flat_map(all).collect()
}

/// `(x / divisor − offset − mean) / std` of one channel, each step rounded to `f32`: what NumPy and
/// PyTorch compute on `f32` arrays. The order matters in the last bit, so it is fixed here; steps
/// that are not wanted divide by 1 or subtract 0, which changes nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaling {
    divisor: f32,
    offset: f32,
    mean: f32,
    std: f32,
}

impl Scaling {
    /// The number of a `level` of 0 to 255.
    pub(super) fn apply(self, level: f32) -> f32 {
        (level / self.divisor - self.offset - self.mean) / self.std
    }
}

impl Preprocess {
    /// From levels of 0 to 255 to the numbers of a channel, in the order of the settings' channels.
    pub(super) fn scaling(&self, channel: usize) -> Scaling {
        let (divisor, offset) = match self.scale {
            Scale::Raw => (1.0, 0.0),
            Scale::Unit => (255.0, 0.0),
            Scale::Signed => (127.5, 1.0),
        };
        let mean = of_channel(&self.mean, channel).unwrap_or(0.0);
        let std = of_channel(&self.std, channel).unwrap_or(1.0);
        Scaling { divisor, offset, mean, std }
    }
}

/// One value serves all channels.
fn of_channel(values: &[f32], channel: usize) -> Option<f32> {
    values.get(channel).or(values.first()).copied()
}

/// What a level becomes in a tensor.
pub(super) trait Element: Copy {
    fn of(level: f32, scaling: Scaling) -> Self;
}

impl Element for f32 {
    fn of(level: f32, scaling: Scaling) -> Self {
        scaling.apply(level)
    }
}

impl Element for f16 {
    fn of(level: f32, scaling: Scaling) -> Self {
        f16::from_f32(scaling.apply(level))
    }
}

/// Bytes are not scaled; what lies between two levels is cut, as in `tf.cast`.
impl Element for u8 {
    fn of(level: f32, _: Scaling) -> Self {
        level as u8
    }
}

/// The byte less 128.
impl Element for i8 {
    fn of(level: f32, scaling: Scaling) -> Self {
        (u8::of(level, scaling) ^ 0x80) as i8
    }
}
