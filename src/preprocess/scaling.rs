//! A byte becomes a number through a table of 256 entries a channel, so that a pixel costs one look-up.

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
    let levels =
        || (0..preprocess.channels.count()).flat_map(|channel| (0..=u8::MAX).map(move |x| (channel, x)));
    let number = |(channel, byte)| scaled(preprocess, channel, byte);
    match preprocess.element {
        ElementType::F32 => Values::F32(levels().map(number).collect()),
        ElementType::F16 => Values::F16(levels().map(|level| f16::from_f32(number(level))).collect()),
        ElementType::U8 => Values::U8(levels().map(|(_, byte)| byte).collect()),
        ElementType::I8 => Values::I8(levels().map(|(_, byte)| (byte ^ 0x80) as i8).collect()),
    }
}

/// `(scale(x) − mean) / std`, each step rounded to `f32`: what NumPy and PyTorch compute on `f32`
/// arrays. The order matters in the last bit, so it is fixed here.
fn scaled(preprocess: &Preprocess, channel: usize, byte: u8) -> f32 {
    let x = f32::from(byte);
    let mut value = match preprocess.scale {
        Scale::Raw => x,
        Scale::Unit => x / 255.0,
        Scale::Signed => x / 127.5 - 1.0,
    };
    if let Some(mean) = of_channel(&preprocess.mean, channel) {
        value -= mean;
    }
    if let Some(std) = of_channel(&preprocess.std, channel) {
        value /= std;
    }
    value
}

/// One value serves all channels.
fn of_channel(values: &[f32], channel: usize) -> Option<f32> {
    values.get(channel).or(values.first()).copied()
}
