//! The image processors of Hugging Face's transformers and their defaults, as far as they are certain:
//! as far as every implementation of the class (NumPy and torchvision in release 4.57, both of
//! release 5.23) agrees. Between the two releases the filter of ConvNext, MobileViT and Pvt went from
//! bilinear to bicubic, that of EfficientNet from nearest to bicubic; Beit resizes to 256 and crops in
//! NumPy, and does neither in torchvision. `fixtures/make_configs.py` holds this table against the
//! library.

use super::sizes::Edges;
use crate::preprocess::{Filter, Size};

/// Means and deviations that processors share.
pub(super) type Triple = [f64; 3];

const HALF: Triple = [0.5; 3];
pub(super) const IMAGENET_MEAN: Triple = [0.485, 0.456, 0.406];
pub(super) const IMAGENET_STD: Triple = [0.229, 0.224, 0.225];
const CLIP_MEAN: Triple = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const CLIP_STD: Triple = [0.268_629_54, 0.261_302_58, 0.275_777_11];

/// What a processor does with a field that its file leaves out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Processor {
    /// Name of the class without `ImageProcessor`.
    pub name: &'static str,
    /// The default of `size`, where it is certain.
    pub size: Option<Edges>,
    /// Whether an integer as `size` is a square, and not the shorter side, where it is certain.
    pub square: Option<bool>,
    /// The default of `resample`, where it is certain.
    pub filter: Option<Filter>,
    /// The default of `do_center_crop`, where it is certain.
    pub crops: Option<bool>,
    /// The default of `crop_size`.
    pub crop: u32,
    /// The default of `do_normalize`.
    pub normalises: bool,
    /// The default of `image_mean`.
    pub mean: Triple,
    /// The default of `image_std`.
    pub std: Triple,
    /// What sets it apart.
    pub rule: Rule,
}

/// Steps that only one processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Resize, crop, rescale, normalise.
    Plain,
    /// A `size` below 384 is the crop after a resize to `size / crop_pct`; from 384 on there is no crop.
    ConvNext,
    /// The shorter side becomes 256/224 of `size`.
    Levit,
    /// The shorter side becomes `size / crop_pct`.
    PoolFormer,
    /// `rescale_offset` shifts by −1, `include_top` divides by the deviation once more.
    EfficientNet,
    /// `do_flip_channel_order` is on, and nothing is normalised.
    MobileVit,
}

const PLAIN: Processor = Processor {
    name: "",
    size: square(224),
    square: Some(true),
    filter: Some(Filter::Bilinear),
    crops: Some(false),
    crop: 224,
    normalises: true,
    mean: HALF,
    std: HALF,
    rule: Rule::Plain,
};

const CROPPED: Processor = Processor { size: shorter(256), square: Some(false), crops: Some(true), ..PLAIN };

const CLIP: Processor = Processor {
    size: shorter(224),
    filter: Some(Filter::Bicubic),
    mean: CLIP_MEAN,
    std: CLIP_STD,
    ..CROPPED
};

const PROCESSORS: &[Processor] = &[
    Processor { name: "ViT", ..PLAIN },
    Processor { name: "DeiT", size: square(256), filter: Some(Filter::Bicubic), crops: Some(true), ..PLAIN },
    Processor { name: "Beit", size: None, filter: Some(Filter::Bicubic), crops: None, ..PLAIN },
    Processor { name: "MobileNetV1", ..CROPPED },
    Processor { name: "MobileNetV2", ..CROPPED },
    Processor {
        name: "MobileViT",
        size: shorter(224),
        filter: None,
        crop: 256,
        normalises: false,
        rule: Rule::MobileVit,
        ..CROPPED
    },
    Processor {
        name: "ConvNext",
        size: shorter(384),
        square: Some(false),
        filter: None,
        rule: Rule::ConvNext,
        ..PLAIN
    },
    Processor {
        name: "EfficientNet",
        size: square(346),
        filter: None,
        crop: 289,
        rule: Rule::EfficientNet,
        ..PLAIN
    },
    Processor {
        name: "Levit",
        size: shorter(224),
        filter: Some(Filter::Bicubic),
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        rule: Rule::Levit,
        ..CROPPED
    },
    Processor {
        name: "PoolFormer",
        size: shorter(224),
        filter: Some(Filter::Bicubic),
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        rule: Rule::PoolFormer,
        ..CROPPED
    },
    Processor { name: "Bit", ..CLIP },
    Processor { name: "CLIP", ..CLIP },
    Processor { name: "Siglip", square: None, filter: Some(Filter::Bicubic), ..PLAIN },
    Processor { name: "Pvt", filter: None, mean: IMAGENET_MEAN, std: IMAGENET_STD, ..PLAIN },
];

/// The processor that transformers takes for a `model_type` of `config.json`, where a preprocessor
/// file does not name one.
const BY_MODEL_TYPE: &[(&str, &str)] = &[
    ("beit", "Beit"),
    ("bit", "Bit"),
    ("convnext", "ConvNext"),
    ("convnextv2", "ConvNext"),
    ("cvt", "ConvNext"),
    ("data2vec-vision", "Beit"),
    ("deit", "DeiT"),
    ("dinov2", "Bit"),
    ("efficientnet", "EfficientNet"),
    ("focalnet", "Bit"),
    ("levit", "Levit"),
    ("mobilenet_v1", "MobileNetV1"),
    ("mobilenet_v2", "MobileNetV2"),
    ("mobilevit", "MobileViT"),
    ("mobilevitv2", "MobileViT"),
    ("poolformer", "PoolFormer"),
    ("pvt", "Pvt"),
    ("pvt_v2", "Pvt"),
    ("regnet", "ConvNext"),
    ("resnet", "ConvNext"),
    ("swiftformer", "ViT"),
    ("swin", "ViT"),
    ("swinv2", "ViT"),
    ("vit", "ViT"),
    ("vit_msn", "ViT"),
];

const fn square(side: u32) -> Option<Edges> {
    Some(Edges::Exact(Size { width: side, height: side }))
}

const fn shorter(side: u32) -> Option<Edges> {
    Some(Edges::Shorter(side))
}

/// A processor as a file names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// As written, for messages.
    pub name: String,
    /// Its defaults, if they are certain.
    pub known: Option<&'static Processor>,
}

impl Named {
    /// From the name of a class: `ViTImageProcessor`, `ViTImageProcessorFast`, or in older files
    /// `ViTFeatureExtractor`, which became the former.
    pub fn of_class(class: &str) -> Self {
        let plain = class.trim_end_matches("Fast").trim_end_matches("Pil");
        let short = plain.strip_suffix("ImageProcessor").or_else(|| plain.strip_suffix("FeatureExtractor"));
        Self { name: class.to_owned(), known: short.and_then(by_name) }
    }

    /// From the `model_type` of `config.json`.
    pub fn of_model(model_type: &str) -> Option<Self> {
        let (_, short) = BY_MODEL_TYPE.iter().find(|(known, _)| *known == model_type)?;
        Some(Self { name: format!("{short}ImageProcessor"), known: by_name(short) })
    }

    /// What sets it apart; an unknown processor is taken at its fields.
    pub fn rule(&self) -> Rule {
        self.known.map_or(Rule::Plain, |known| known.rule)
    }
}

fn by_name(short: &str) -> Option<&'static Processor> {
    PROCESSORS.iter().find(|processor| processor.name == short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_known_by_all_its_names() {
        let names =
            ["ViTImageProcessor", "ViTImageProcessorFast", "ViTFeatureExtractor", "ViTImageProcessorPil"];
        for class in names {
            assert_eq!(Named::of_class(class).known.unwrap().name, "ViT", "{class}");
        }
        for class in ["", "ViT", "ImageProcessor", "FastFastFast", "VideoMAEImageProcessor"] {
            assert!(Named::of_class(class).known.is_none(), "{class}");
        }
    }

    #[test]
    fn every_model_type_leads_to_a_known_processor() {
        for (model_type, _) in BY_MODEL_TYPE {
            assert!(Named::of_model(model_type).unwrap().known.is_some(), "{model_type}");
        }
        assert!(Named::of_model("llama").is_none());
    }
}
