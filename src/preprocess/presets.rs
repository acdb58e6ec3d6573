//! Settings that many models share, by name. A preset is only a set of settings: anything said
//! beside it wins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channels, CropSetting, Filter, PreprocessSettings, Resampler, ResizeSetting, Scale};

const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];
/// Blue, green, red, in levels of 255.
const CAFFE_MEAN: [f32; 3] = [103.939, 116.779, 123.68];

/// A named set of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// torchvision's first weights: shorter side 256, crop 224, 0 to 1, ImageNet mean and deviation.
    Imagenet,
    /// torchvision's V2 weights: as `imagenet` with a shorter side of 232.
    ImagenetV2Weights,
    /// `preprocess_input` of Keras, mode tf: −1 to 1. MobileNet V1 and V2, Inception, Xception.
    KerasTf,
    /// `preprocess_input` of Keras, mode torch: 0 to 1, ImageNet mean and deviation. DenseNet.
    KerasTorch,
    /// `preprocess_input` of Keras, mode caffe: BGR levels less the ImageNet mean. ResNet, VGG.
    KerasCaffe,
    /// Grey, 0 to 1, mean 0.1307, deviation 0.3081.
    Mnist,
    /// Grey, 0 to 1, mean 0.2860, deviation 0.3530.
    FashionMnist,
    /// 0 to 1, mean and per-pixel deviation of CIFAR-10 (0.2470 …; some recipes use 0.2023 …).
    Cifar10,
    /// 0 to 1, mean and per-pixel deviation of CIFAR-100.
    Cifar100,
    /// 0 to 1.
    Unit,
    /// −1 to 1.
    Signed,
    /// 0 to 255.
    Raw,
}

impl Preset {
    /// The settings behind the name.
    pub fn settings(self) -> PreprocessSettings {
        match self {
            Self::Imagenet => torchvision(256),
            Self::ImagenetV2Weights => torchvision(232),
            Self::KerasTf | Self::Signed => scaled(Scale::Signed),
            Self::KerasTorch => normalised(&IMAGENET_MEAN, &IMAGENET_STD),
            Self::KerasCaffe => PreprocessSettings {
                channels: Some(Channels::Bgr),
                mean: Some(CAFFE_MEAN.to_vec()),
                ..scaled(Scale::Raw)
            },
            Self::Mnist => grey(0.1307, 0.3081),
            Self::FashionMnist => grey(0.2860, 0.3530),
            Self::Cifar10 => normalised(&[0.4914, 0.4822, 0.4465], &[0.2470, 0.2435, 0.2616]),
            Self::Cifar100 => normalised(&[0.5071, 0.4867, 0.4408], &[0.2675, 0.2565, 0.2761]),
            Self::Unit => scaled(Scale::Unit),
            Self::Raw => scaled(Scale::Raw),
        }
    }
}

fn torchvision(shorter_side: u32) -> PreprocessSettings {
    PreprocessSettings {
        channels: Some(Channels::Rgb),
        resize: Some(ResizeSetting::ShorterSide(shorter_side)),
        resampler: Some(Resampler::Pillow),
        filter: Some(Filter::Bilinear),
        antialias: Some(true),
        crop: Some(CropSetting::Square(224)),
        ..normalised(&IMAGENET_MEAN, &IMAGENET_STD)
    }
}

fn grey(mean: f32, std: f32) -> PreprocessSettings {
    PreprocessSettings { channels: Some(Channels::Grey), ..normalised(&[mean], &[std]) }
}

fn normalised(mean: &[f32], std: &[f32]) -> PreprocessSettings {
    PreprocessSettings { mean: Some(mean.to_vec()), std: Some(std.to_vec()), ..scaled(Scale::Unit) }
}

/// Without mean and deviation, and that is meant: a weaker source does not add them.
fn scaled(scale: Scale) -> PreprocessSettings {
    PreprocessSettings {
        scale: Some(scale),
        mean: Some(vec![]),
        std: Some(vec![]),
        ..PreprocessSettings::default()
    }
}
