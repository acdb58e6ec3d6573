//! Readers of the files that models ship with: what they say about preprocessing and class names, as
//! settings. JSON text in, plain data out; where the files lie is not known here.
//!
//! A field that is missing has the default of the processor that the file names. Where that
//! default is not certain, the file is refused with the name of the field: a wrong filter or mean
//! costs as much accuracy as int8 does, and nobody would see it.

mod fields;
mod hugging_face;
mod labels;
mod normalisation;
mod processors;
mod sizes;
mod timm;

pub use hugging_face::{hugging_face, model_type};
pub use labels::{Labels, labels};
pub use timm::timm;

use super::{CropRounding, CropSetting, Filter, PreprocessSettings, Resampler, Size};

/// Settings that one field of a file, or several together, decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The field or fields, such as `size` or `rescale_factor, image_mean`.
    pub key: String,
    /// What they mean here.
    pub settings: PreprocessSettings,
}

/// All that a file says about preprocessing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Settings with the fields that decide them. No setting is said twice with different values.
    pub said: Vec<Said>,
    /// What the file asks for and does not get, each a sentence without a full stop.
    pub remarks: Vec<String>,
}

impl Found {
    /// Adds settings with the fields that decide them.
    fn say(&mut self, key: impl Into<String>, settings: PreprocessSettings) {
        self.said.push(Said { key: key.into(), settings });
    }

    /// Everything that was said, in one.
    pub fn settings(&self) -> PreprocessSettings {
        self.said.iter().fold(PreprocessSettings::default(), |all, said| all.overlay(said.settings.clone()))
    }
}

/// A filter of Pillow, which always widens when it shrinks.
fn pillow(filter: Filter) -> PreprocessSettings {
    PreprocessSettings {
        resampler: Some(Resampler::Pillow),
        filter: Some(filter),
        antialias: Some(true),
        ..PreprocessSettings::default()
    }
}

/// A crop of `size`; its rounding goes with the library, so that is said with it.
fn cropped(size: Size, rounding: CropRounding) -> PreprocessSettings {
    PreprocessSettings {
        resampler: Some(Resampler::Pillow),
        crop: Some(CropSetting::Exact(size.width, size.height)),
        crop_rounding: Some(rounding),
        ..PreprocessSettings::default()
    }
}

/// A finite value that is above 0 and whose quotients stay within `f32`.
fn is_factor(value: f64) -> bool {
    value.is_finite() && (1e-12..=1e12).contains(&value)
}
