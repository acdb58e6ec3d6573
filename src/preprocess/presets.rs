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
    /// MLPerf's reference for ResNet-50 in TensorFlow: OpenCV area to shorter side 256, crop 224, levels less the mean.
    MlperfVgg,
    /// MLPerf's reference for MobileNet: OpenCV bilinear to shorter side 256, crop 224, −1 to 1.
    MlperfMobilenet,
    /// torchvision's Inception V3: shorter side 342, crop 299.
    TorchvisionInceptionV3,
    /// torchvision's EfficientNet B0: bicubic, shorter side 256, crop 224.
    TorchvisionEfficientnetB0,
    /// torchvision's EfficientNet B1, V1 weights: bicubic, shorter side 256, crop 240.
    TorchvisionEfficientnetB1,
    /// torchvision's EfficientNet B1, V2 weights: bilinear, shorter side 255, crop 240.
    #[serde(rename = "torchvision-efficientnet-b1-v2-weights")]
    #[value(name = "torchvision-efficientnet-b1-v2-weights")]
    TorchvisionEfficientnetB1V2Weights,
    /// torchvision's EfficientNet B2: bicubic, shorter side 288, crop 288.
    TorchvisionEfficientnetB2,
    /// torchvision's EfficientNet B3: bicubic, shorter side 320, crop 300.
    TorchvisionEfficientnetB3,
    /// torchvision's EfficientNet B4: bicubic, shorter side 384, crop 380.
    TorchvisionEfficientnetB4,
    /// torchvision's EfficientNet B5: bicubic, shorter side 456, crop 456.
    TorchvisionEfficientnetB5,
    /// torchvision's EfficientNet B6: bicubic, shorter side 528, crop 528.
    TorchvisionEfficientnetB6,
    /// torchvision's EfficientNet B7: bicubic, shorter side 600, crop 600.
    TorchvisionEfficientnetB7,
    /// torchvision's EfficientNetV2 S: bilinear, shorter side 384, crop 384.
    TorchvisionEfficientnetV2Small,
    /// torchvision's EfficientNetV2 M: bilinear, shorter side 480, crop 480.
    TorchvisionEfficientnetV2Medium,
    /// torchvision's EfficientNetV2 L: bicubic, shorter side 480, crop 480, mean and deviation 0.5.
    TorchvisionEfficientnetV2Large,
    /// torchvision's ConvNeXt Tiny: shorter side 236, crop 224. Base and Large: `imagenet-v2-weights`.
    TorchvisionConvnextTiny,
    /// torchvision's ConvNeXt Small: shorter side 230, crop 224.
    TorchvisionConvnextSmall,
    /// torchvision's ViT-L/16: shorter side 242, crop 224. The other first weights: `imagenet`.
    TorchvisionVitL16,
    /// torchvision's SWAG weights with a linear head (ViT, RegNet) and MaxViT: bicubic, shorter side and crop 224.
    TorchvisionSwagLinear,
    /// torchvision's SWAG weights of ViT-B/16 and RegNet, end to end: bicubic, shorter side and crop 384.
    #[serde(rename = "torchvision-swag-384")]
    #[value(name = "torchvision-swag-384")]
    TorchvisionSwag384,
    /// torchvision's SWAG weights of ViT-L/16, end to end: bicubic, shorter side and crop 512.
    #[serde(rename = "torchvision-swag-512")]
    #[value(name = "torchvision-swag-512")]
    TorchvisionSwag512,
    /// torchvision's SWAG weights of ViT-H/14, end to end: bicubic, shorter side and crop 518.
    #[serde(rename = "torchvision-swag-518")]
    #[value(name = "torchvision-swag-518")]
    TorchvisionSwag518,
    /// torchvision's Swin Tiny: bicubic, shorter side 232, crop 224.
    TorchvisionSwinTiny,
    /// torchvision's Swin Small: bicubic, shorter side 246, crop 224.
    TorchvisionSwinSmall,
    /// torchvision's Swin Base: bicubic, shorter side 238, crop 224.
    TorchvisionSwinBase,
    /// torchvision's SwinV2 Tiny and Small: bicubic, shorter side 260, crop 256.
    TorchvisionSwinV2Small,
    /// torchvision's SwinV2 Base: bicubic, shorter side 272, crop 256.
    TorchvisionSwinV2Base,
}

impl Preset {
    /// The settings behind the name.
    pub fn settings(self) -> PreprocessSettings {
        use Filter::{Bicubic, Bilinear};
        match self {
            Self::Imagenet => torchvision(256, 224, Bilinear),
            Self::ImagenetV2Weights => torchvision(232, 224, Bilinear),
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
            Self::MlperfVgg => PreprocessSettings {
                mean: Some(vec![123.68, 116.78, 103.94]),
                ..mlperf(Filter::Area, scaled(Scale::Raw))
            },
            Self::MlperfMobilenet => mlperf(Bilinear, normalised(&[0.5], &[0.5])),
            Self::TorchvisionInceptionV3 => torchvision(342, 299, Bilinear),
            Self::TorchvisionEfficientnetB0 => torchvision(256, 224, Bicubic),
            Self::TorchvisionEfficientnetB1 => torchvision(256, 240, Bicubic),
            Self::TorchvisionEfficientnetB1V2Weights => torchvision(255, 240, Bilinear),
            Self::TorchvisionEfficientnetB2 => torchvision(288, 288, Bicubic),
            Self::TorchvisionEfficientnetB3 => torchvision(320, 300, Bicubic),
            Self::TorchvisionEfficientnetB4 => torchvision(384, 380, Bicubic),
            Self::TorchvisionEfficientnetB5 => torchvision(456, 456, Bicubic),
            Self::TorchvisionEfficientnetB6 => torchvision(528, 528, Bicubic),
            Self::TorchvisionEfficientnetB7 => torchvision(600, 600, Bicubic),
            Self::TorchvisionEfficientnetV2Small => torchvision(384, 384, Bilinear),
            Self::TorchvisionEfficientnetV2Medium => torchvision(480, 480, Bilinear),
            Self::TorchvisionEfficientnetV2Large => PreprocessSettings {
                mean: Some(vec![0.5; 3]),
                std: Some(vec![0.5; 3]),
                ..torchvision(480, 480, Bicubic)
            },
            Self::TorchvisionConvnextTiny => torchvision(236, 224, Bilinear),
            Self::TorchvisionConvnextSmall => torchvision(230, 224, Bilinear),
            Self::TorchvisionVitL16 => torchvision(242, 224, Bilinear),
            Self::TorchvisionSwagLinear => torchvision(224, 224, Bicubic),
            Self::TorchvisionSwag384 => torchvision(384, 384, Bicubic),
            Self::TorchvisionSwag512 => torchvision(512, 512, Bicubic),
            Self::TorchvisionSwag518 => torchvision(518, 518, Bicubic),
            Self::TorchvisionSwinTiny => torchvision(232, 224, Bicubic),
            Self::TorchvisionSwinSmall => torchvision(246, 224, Bicubic),
            Self::TorchvisionSwinBase => torchvision(238, 224, Bicubic),
            Self::TorchvisionSwinV2Small => torchvision(260, 256, Bicubic),
            Self::TorchvisionSwinV2Base => torchvision(272, 256, Bicubic),
        }
    }
}

fn torchvision(shorter_side: u32, crop: u32, filter: Filter) -> PreprocessSettings {
    PreprocessSettings {
        channels: Some(Channels::Rgb),
        resize: Some(ResizeSetting::ShorterSide(shorter_side)),
        resampler: Some(Resampler::Pillow),
        filter: Some(filter),
        antialias: Some(true),
        crop: Some(CropSetting::Square(crop)),
        ..normalised(&IMAGENET_MEAN, &IMAGENET_STD)
    }
}

/// 87.5 % of the middle, resized by OpenCV.
fn mlperf(filter: Filter, numbers: PreprocessSettings) -> PreprocessSettings {
    PreprocessSettings {
        channels: Some(Channels::Rgb),
        resize: Some(ResizeSetting::ShorterSide(256)),
        resampler: Some(Resampler::Opencv),
        filter: Some(filter),
        antialias: Some(false),
        crop: Some(CropSetting::Square(224)),
        ..numbers
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
