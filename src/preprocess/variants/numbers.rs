//! From bytes to numbers: the usual ways, with red first and with blue first.

use super::super::{Channels, Preprocess, Preset, Scale};
use super::Grid;
use crate::tensor::ElementType;

/// Up to this side, a colour model may be one of CIFAR's.
const SMALL: u32 = 64;

/// A way to make numbers of bytes, mean and deviation in the order red, green, blue.
struct Numbers {
    name: &'static str,
    scale: Scale,
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Numbers {
    fn plain(name: &'static str, scale: Scale) -> Self {
        Self { name, scale, mean: Vec::new(), std: Vec::new() }
    }

    fn of(name: &'static str, preset: Preset) -> Self {
        let said = preset.settings();
        let turn = said.channels == Some(Channels::Bgr);
        let values = |said: Option<Vec<f32>>| turned(said.unwrap_or_default(), turn);
        Self {
            name,
            scale: said.scale.unwrap_or(Scale::Unit),
            mean: values(said.mean),
            std: values(said.std),
        }
    }

    /// The settings in use, however they came about.
    fn in_use(current: &Preprocess) -> Self {
        let turn = current.channels == Channels::Bgr;
        let values = |values: &[f32]| turned(values.to_vec(), turn);
        Self { name: "", scale: current.scale, mean: values(&current.mean), std: values(&current.std) }
    }

    fn over(&self, current: &Preprocess, channels: Channels) -> Preprocess {
        let turn = channels == Channels::Bgr;
        let values = |values: &[f32]| turned(values.to_vec(), turn);
        let (mean, std) = (values(&self.mean), values(&self.std));
        Preprocess { channels, scale: self.scale, mean, std, ..current.clone() }
    }
}

/// A mean belongs to its colour: it goes where the colour goes.
fn turned(mut values: Vec<f32>, turn: bool) -> Vec<f32> {
    if turn {
        values.reverse();
    }
    values
}

/// Adds every way in every order of colours.
pub(super) fn add(grid: &mut Grid<'_>) {
    let current = grid.current;
    for channels in orders(current.channels) {
        for numbers in ways(current) {
            let turned = (channels != current.channels).then(|| channels.name());
            let words = turned.into_iter().chain(Some(numbers.name).filter(|name| !name.is_empty()));
            grid.add(words.collect::<Vec<_>>().join(" · "), numbers.over(current, channels));
        }
    }
}

/// The order in use first.
fn orders(current: Channels) -> Vec<Channels> {
    match current {
        Channels::Grey => vec![Channels::Grey],
        Channels::Rgb => vec![Channels::Rgb, Channels::Bgr],
        Channels::Bgr => vec![Channels::Bgr, Channels::Rgb],
    }
}

fn ways(current: &Preprocess) -> Vec<Numbers> {
    let mut ways = vec![Numbers::in_use(current)];
    if matches!(current.element, ElementType::U8 | ElementType::I8) {
        return ways;
    }
    ways.extend([
        Numbers::plain("0 to 255", Scale::Raw),
        Numbers::plain("[0,1]", Scale::Unit),
        Numbers::plain("[-1,1]", Scale::Signed),
    ]);
    if current.channels == Channels::Grey {
        ways.push(Numbers::of("[0,1], mean and std of MNIST", Preset::Mnist));
        ways.push(Numbers::of("[0,1], mean and std of Fashion-MNIST", Preset::FashionMnist));
        return ways;
    }
    ways.push(Numbers::of("[0,1], mean and std of ImageNet", Preset::KerasTorch));
    if current.size.width.max(current.size.height) <= SMALL {
        ways.push(Numbers::of("[0,1], mean and std of CIFAR-10", Preset::Cifar10));
    }
    ways.push(Numbers::of("0 to 255, mean of Caffe", Preset::KerasCaffe));
    ways
}
