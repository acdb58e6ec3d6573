//! Settings in words: in full for `--explain` and reports, in one line for the head of a table.

use super::{
    Channels, Crop, CropRounding, Filter, Layout, Preprocess, Preset, Resampler, Resize, ResizeTo, Scale,
};
use crate::tensor::ElementType;

impl Preprocess {
    /// Every setting as name (that of `bench.toml`, where it has one) and value, in order of the steps.
    pub fn describe(&self) -> Vec<(String, String)> {
        let none = || "none".to_owned();
        let of_resize =
            |value: fn(&Resize) -> &'static str| self.resize.as_ref().map_or("none", value).to_owned();
        let of_crop = |value: fn(&Crop) -> &'static str| self.crop.as_ref().map_or("none", value).to_owned();
        let resize = match self.resize.map(|step| step.to) {
            Some(ResizeTo::Exact(size)) => size.to_string(),
            Some(ResizeTo::ShorterSide(side)) => format!("shorter side {side}"),
            None => none(),
        };
        [
            ("exif_orientation", if self.exif_orientation { "applied" } else { "ignored" }.to_owned()),
            ("channels", self.channels.name().to_owned()),
            ("resize", resize),
            ("resampler", of_resize(|step| step.resampler.name())),
            ("filter", of_resize(|step| step.filter.name())),
            ("antialias", of_resize(|step| yes(step.antialias))),
            ("crop", self.crop.map_or_else(none, |crop| crop.size.to_string())),
            ("crop_rounding", of_crop(|crop| crop.rounding.name())),
            ("pad", of_crop(|crop| yes(crop.pad))),
            ("scale", self.scale_in_words().to_owned()),
            ("mean", numbers(&self.mean).unwrap_or_else(none)),
            ("std", numbers(&self.std).unwrap_or_else(none)),
            ("layout", self.layout.name().to_owned()),
            ("element", self.element.name().to_owned()),
            ("size", self.size.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// One line: `1x28x28 f32 NCHW · grey · [0,1] · mean 0.286 std 0.353`.
    pub fn summary(&self) -> String {
        let shape: Vec<String> = self.shape(1)[1..].iter().map(usize::to_string).collect();
        let mut parts = vec![
            format!("{} {} {}", shape.join("x"), self.element.name(), self.layout.name()),
            self.channels.name().to_owned(),
        ];
        parts.extend(self.exif_orientation.then(|| "upright by EXIF".to_owned()));
        parts.extend(self.resize.as_ref().map(|step| self.resize_in_words(step)));
        parts.extend(self.crop.map(crop_in_words));
        parts.push(self.scale_in_words().to_owned());
        let mean = numbers(&self.mean).map(|mean| format!("mean {mean}"));
        let std = numbers(&self.std).map(|std| format!("std {std}"));
        let normalised: Vec<String> = mean.into_iter().chain(std).collect();
        if !normalised.is_empty() {
            parts.push(normalised.join(" "));
        }
        parts.join(" · ")
    }

    /// An exact resize to the model's own size leaves the images that have it as they are, and must
    /// not read as if it had touched them.
    fn resize_in_words(&self, step: &Resize) -> String {
        let kernel = kernel_in_words(step);
        match step.to {
            ResizeTo::Exact(size) if size == self.size => format!("other sizes to {size} {kernel}"),
            ResizeTo::Exact(size) => format!("resize {size} {kernel}"),
            ResizeTo::ShorterSide(side) => format!("shorter side {side} {kernel}"),
        }
    }

    fn scale_in_words(&self) -> &'static str {
        match (self.element, self.scale) {
            (ElementType::I8, _) => "bytes less 128",
            (ElementType::U8, _) => "bytes as they are",
            (_, Scale::Raw) => "0 to 255",
            (_, Scale::Unit) => "[0,1]",
            (_, Scale::Signed) => "[-1,1]",
        }
    }
}

/// Pillow with antialias goes without saying, and so does OpenCV without.
fn kernel_in_words(step: &Resize) -> String {
    let filter = step.filter.name();
    match (step.resampler, step.filter, step.antialias) {
        (Resampler::PillowExact, _, true) => format!("{filter} bit for bit"),
        (Resampler::PillowExact, _, false) => format!("{filter} without antialias bit for bit"),
        (Resampler::Pillow, Filter::Nearest, _) | (Resampler::Pillow, _, true) => filter.to_owned(),
        (Resampler::Pillow, _, false) => format!("{filter} without antialias"),
        (Resampler::Tensorflow, _, true) => format!("{filter} as TensorFlow with antialias"),
        (Resampler::Tensorflow, _, false) => format!("{filter} as TensorFlow"),
        (Resampler::Opencv, ..) => format!("{filter} as OpenCV"),
    }
}

fn crop_in_words(crop: Crop) -> String {
    let rounded = if crop.rounding == CropRounding::Down { " rounded down" } else { "" };
    let padded = if crop.pad { " padded" } else { "" };
    format!("crop {}{rounded}{padded}", crop.size)
}

fn yes(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

fn numbers(values: &[f32]) -> Option<String> {
    let text: Vec<String> = values.iter().map(f32::to_string).collect();
    (!text.is_empty()).then(|| text.join(","))
}

impl Channels {
    /// Name as shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Rgb => "RGB",
            Self::Bgr => "BGR",
        }
    }
}

impl Filter {
    /// Name as shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Box => "box",
            Self::Bilinear => "bilinear",
            Self::Hamming => "hamming",
            Self::Bicubic => "bicubic",
            Self::Lanczos => "lanczos",
            Self::Area => "area",
        }
    }
}

impl Resampler {
    /// Name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pillow => "pillow",
            Self::PillowExact => "pillow-exact",
            Self::Opencv => "opencv",
            Self::Tensorflow => "tensorflow",
        }
    }
}

impl CropRounding {
    /// Name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Down => "down",
        }
    }
}

impl Layout {
    /// Name as shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nchw => "NCHW",
            Self::Nhwc => "NHWC",
        }
    }
}

impl Preset {
    /// Name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imagenet => "imagenet",
            Self::ImagenetV2Weights => "imagenet-v2-weights",
            Self::KerasTf => "keras-tf",
            Self::KerasTorch => "keras-torch",
            Self::KerasCaffe => "keras-caffe",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Unit => "unit",
            Self::Signed => "signed",
            Self::Raw => "raw",
            Self::MlperfVgg => "mlperf-vgg",
            Self::MlperfMobilenet => "mlperf-mobilenet",
            Self::TorchvisionInceptionV3 => "torchvision-inception-v3",
            Self::TorchvisionEfficientnetB0 => "torchvision-efficientnet-b0",
            Self::TorchvisionEfficientnetB1 => "torchvision-efficientnet-b1",
            Self::TorchvisionEfficientnetB1V2Weights => "torchvision-efficientnet-b1-v2-weights",
            Self::TorchvisionEfficientnetB2 => "torchvision-efficientnet-b2",
            Self::TorchvisionEfficientnetB3 => "torchvision-efficientnet-b3",
            Self::TorchvisionEfficientnetB4 => "torchvision-efficientnet-b4",
            Self::TorchvisionEfficientnetB5 => "torchvision-efficientnet-b5",
            Self::TorchvisionEfficientnetB6 => "torchvision-efficientnet-b6",
            Self::TorchvisionEfficientnetB7 => "torchvision-efficientnet-b7",
            Self::TorchvisionEfficientnetV2Small => "torchvision-efficientnet-v2-small",
            Self::TorchvisionEfficientnetV2Medium => "torchvision-efficientnet-v2-medium",
            Self::TorchvisionEfficientnetV2Large => "torchvision-efficientnet-v2-large",
            Self::TorchvisionConvnextTiny => "torchvision-convnext-tiny",
            Self::TorchvisionConvnextSmall => "torchvision-convnext-small",
            Self::TorchvisionVitL16 => "torchvision-vit-l16",
            Self::TorchvisionSwagLinear => "torchvision-swag-linear",
            Self::TorchvisionSwag384 => "torchvision-swag-384",
            Self::TorchvisionSwag512 => "torchvision-swag-512",
            Self::TorchvisionSwag518 => "torchvision-swag-518",
            Self::TorchvisionSwinTiny => "torchvision-swin-tiny",
            Self::TorchvisionSwinSmall => "torchvision-swin-small",
            Self::TorchvisionSwinBase => "torchvision-swin-base",
            Self::TorchvisionSwinV2Small => "torchvision-swin-v2-small",
            Self::TorchvisionSwinV2Base => "torchvision-swin-v2-base",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::super::{InputFacts, PreprocessSettings};
    use super::*;

    fn open(side: u32) -> InputFacts {
        InputFacts {
            channels: None,
            height: Some(side),
            width: Some(side),
            layout: Layout::Nchw,
            element: ElementType::F32,
        }
    }

    fn resolved(preset: Preset, channels: usize, side: u32, element: ElementType) -> Preprocess {
        let facts = InputFacts { channels: Some(channels), element, ..open(side) };
        PreprocessSettings { preset: Some(preset), ..PreprocessSettings::default() }.resolve(facts).unwrap()
    }

    #[test]
    fn one_line_says_all_that_changes_a_number() {
        let fashion = resolved(Preset::FashionMnist, 1, 28, ElementType::F32);
        assert_eq!(
            fashion.summary(),
            "1x28x28 f32 NCHW · grey · other sizes to 28x28 bilinear · [0,1] · mean 0.286 std 0.353"
        );
        let imagenet = resolved(Preset::Imagenet, 3, 224, ElementType::F32);
        assert_eq!(
            imagenet.summary(),
            "3x224x224 f32 NCHW · RGB · shorter side 256 bilinear · crop 224x224 · [0,1] · \
             mean 0.485,0.456,0.406 std 0.229,0.224,0.225"
        );
        let upright = Preprocess { exif_orientation: true, resize: None, ..fashion };
        let expected = "1x28x28 f32 NCHW · grey · upright by EXIF · [0,1] · mean 0.286 std 0.353";
        assert_eq!(upright.summary(), expected);
        let opencv =
            PreprocessSettings { resampler: Some(Resampler::Opencv), ..PreprocessSettings::default() };
        let opencv = opencv.overlay(Preset::Imagenet.settings());
        let opencv = opencv.resolve(InputFacts { channels: Some(3), ..open(224) }).unwrap();
        let steps = "shorter side 256 bilinear as OpenCV · crop 224x224 rounded down";
        assert!(opencv.summary().contains(steps), "{}", opencv.summary());
        let bytes = Preprocess { resize: None, ..resolved(Preset::Raw, 3, 32, ElementType::U8) };
        assert_eq!(bytes.summary(), "3x32x32 u8 NCHW · RGB · bytes as they are");
    }

    #[test]
    fn the_description_has_every_field_once() {
        let described = resolved(Preset::Imagenet, 3, 224, ElementType::F32).describe();
        let names: Vec<&str> = described.iter().map(|(name, _)| name.as_str()).collect();
        let fields = [
            "exif_orientation",
            "channels",
            "resize",
            "resampler",
            "filter",
            "antialias",
            "crop",
            "crop_rounding",
            "pad",
            "scale",
            "mean",
            "std",
            "layout",
            "element",
            "size",
        ];
        assert_eq!(names, fields);
        assert_eq!(described[2].1, "shorter side 256");
    }

    #[test]
    fn a_preset_is_shown_as_it_is_typed() {
        for &preset in Preset::value_variants() {
            assert_eq!(preset.to_possible_value().unwrap().get_name(), preset.name());
            let toml = format!("preset = \"{}\"", preset.name());
            assert_eq!(toml::from_str::<PreprocessSettings>(&toml).unwrap().preset, Some(preset));
        }
    }
}
