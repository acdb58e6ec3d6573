//! What somebody said about preprocessing: on the command line, in `bench.toml`, in a model's
//! metadata. Each says a part; the parts are laid over each other, the first wins.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channels, CropRounding, Filter, Layout, Preset, Resampler, ResizeTo, Scale, Size};
use crate::error::{Error, Result};

/// Settings of which each may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreprocessSettings {
    /// Settings by name; the others here win over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// Whether pictures are turned upright as EXIF says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exif_orientation: Option<bool>,
    /// `"grey"`, `"rgb"`, `"bgr"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Channels>,
    /// `256` (the shorter side), `[width, height]`, or `"none"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<ResizeSetting>,
    /// `"pillow"`, `"pillow-exact"`, `"opencv"`, `"tensorflow"`: whose arithmetic the resize follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resampler: Option<Resampler>,
    /// `"nearest"`, `"box"`, `"bilinear"`, `"hamming"`, `"bicubic"`, `"lanczos"`, `"area"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Whether the kernel widens when shrinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub antialias: Option<bool>,
    /// `224`, `[width, height]`, or `"none"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<CropSetting>,
    /// `"even"` (torchvision, timm), `"down"` (MLPerf, Keras): which middle, where the margin is odd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_rounding: Option<CropRounding>,
    /// Whether an image smaller than the crop gets black borders, as in torchvision and Hugging Face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pad: Option<bool>,
    /// `"raw"`, `"unit"`, `"signed"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// One value, or one a channel; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Vec<f32>>,
    /// One value, or one a channel; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<Vec<f32>>,
    /// `"nchw"`, `"nhwc"`; otherwise found from the graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

/// A resize as users write it: `256`, `[320, 240]` or `320x240`, `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a length (the shorter side), [width, height], or \"none\"")]
pub enum ResizeSetting {
    /// The shorter side gets this length.
    ShorterSide(u32),
    /// Exactly this width and height.
    Exact(u32, u32),
    /// No resize, whatever a weaker source says.
    None(Nothing),
}

/// A centre crop as users write it: `224`, `[320, 240]` or `320x240`, `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a length (a square), [width, height], or \"none\"")]
pub enum CropSetting {
    /// A square of this side.
    Square(u32),
    /// This width and height.
    Exact(u32, u32),
    /// No crop, whatever a weaker source says.
    None(Nothing),
}

/// The word `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nothing {
    /// Switched off.
    None,
}

impl ResizeSetting {
    /// What the resize leads to, if there is one.
    pub fn to(self) -> Option<ResizeTo> {
        match self {
            Self::ShorterSide(length) => Some(ResizeTo::ShorterSide(length)),
            Self::Exact(width, height) => Some(ResizeTo::Exact(Size { width, height })),
            Self::None(_) => None,
        }
    }
}

impl CropSetting {
    /// The window, if there is one.
    pub fn size(self) -> Option<Size> {
        match self {
            Self::Square(side) => Some(Size { width: side, height: side }),
            Self::Exact(width, height) => Some(Size { width, height }),
            Self::None(_) => None,
        }
    }
}

/// `256`, `320x240` or `none`, as on the command line.
enum Lengths {
    One(u32),
    Two(u32, u32),
    None,
}

impl FromStr for Lengths {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let length = |text: &str| text.parse().map_err(drop);
        match text.split_once(['x', 'X']) {
            _ if text == "none" => Ok(Self::None),
            Some((width, height)) => Ok(Self::Two(length(width)?, length(height)?)),
            None => Ok(Self::One(length(text)?)),
        }
    }
}

impl FromStr for ResizeSetting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(Lengths::One(length)) => Ok(Self::ShorterSide(length)),
            Ok(Lengths::Two(width, height)) => Ok(Self::Exact(width, height)),
            Ok(Lengths::None) => Ok(Self::None(Nothing::None)),
            Err(()) => Err(Error::usage(format!("`{text}` is not a resize"))
                .help("write 256 (the shorter side), 320x240 (width x height) or none")),
        }
    }
}

impl FromStr for CropSetting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(Lengths::One(side)) => Ok(Self::Square(side)),
            Ok(Lengths::Two(width, height)) => Ok(Self::Exact(width, height)),
            Ok(Lengths::None) => Ok(Self::None(Nothing::None)),
            Err(()) => Err(Error::usage(format!("`{text}` is not a crop"))
                .help("write 224 (a square), 320x240 (width x height) or none")),
        }
    }
}

impl PreprocessSettings {
    /// Lays these settings over `weaker` ones: what is said here wins, but for what it
    /// [hides](Self::hides). A preset counts as said by whoever named it.
    pub fn overlay(self, weaker: Self) -> Self {
        let (strong, weak) = (self.expanded(), weaker.expanded());
        let hidden = strong.hides(&weak);
        let shown = |key| !hidden.contains(&key);
        Self {
            preset: None,
            exif_orientation: strong.exif_orientation.or(weak.exif_orientation),
            channels: strong.channels.or(weak.channels),
            resize: strong.resize.or(weak.resize),
            resampler: strong.resampler.or(weak.resampler),
            filter: strong.filter.or(weak.filter),
            antialias: strong.antialias.or(weak.antialias.filter(|_| shown("antialias"))),
            crop: strong.crop.or(weak.crop),
            crop_rounding: strong.crop_rounding.or(weak.crop_rounding.filter(|_| shown("crop_rounding"))),
            pad: strong.pad.or(weak.pad),
            scale: strong.scale.or(weak.scale),
            mean: strong.mean.or(weak.mean.filter(|_| shown("mean"))),
            std: strong.std.or(weak.std.filter(|_| shown("std"))),
            layout: strong.layout.or(weak.layout),
        }
    }

    /// Keys that `weaker` says in vain beside these settings: mean and deviation belong to a scale,
    /// antialiasing and the rounding of a crop to a library, and here is another. Both without presets.
    pub fn hides(&self, weaker: &Self) -> Vec<&'static str> {
        let another_scale = self.scale.zip(weaker.scale).is_some_and(|(one, other)| one != other);
        let another_library =
            self.resampler.zip(weaker.resampler).is_some_and(|(one, other)| !one.same_library(other));
        let belonging = [(another_scale, ["mean", "std"]), (another_library, ["antialias", "crop_rounding"])];
        belonging.into_iter().filter(|(another, _)| *another).flat_map(|(_, keys)| keys).collect()
    }

    /// The preset's settings written out.
    pub fn expanded(mut self) -> Self {
        match self.preset.take() {
            Some(preset) => self.overlay(preset.settings()),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_toml(text: &str) -> PreprocessSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn settings_read_as_users_write_them() {
        let settings = from_toml(
            "preset = \"imagenet\"\nchannels = \"bgr\"\nresize = 232\nfilter = \"bicubic\"\nantialias = false\n\
             crop = [320, 240]\nscale = \"signed\"\nmean = [0.5]\nstd = []\nlayout = \"nhwc\"",
        );
        assert_eq!(settings.preset, Some(Preset::Imagenet));
        assert_eq!(settings.resize, Some(ResizeSetting::ShorterSide(232)));
        assert_eq!(settings.crop, Some(CropSetting::Exact(320, 240)));
        assert_eq!(settings.mean, Some(vec![0.5]));
        let settings = from_toml("resize = [32, 24]\ncrop = \"none\"");
        assert_eq!(settings.resize.unwrap().to(), Some(ResizeTo::Exact(Size { width: 32, height: 24 })));
        assert_eq!(settings.crop.unwrap().size(), None);
    }

    #[test]
    fn a_misspelt_setting_is_refused_with_those_that_exist() {
        let error = toml::from_str::<PreprocessSettings>("chanels = \"grey\"").unwrap_err().to_string();
        assert!(error.contains("chanels") && error.contains("channels"), "{error}");
        let error = toml::from_str::<PreprocessSettings>("preset = \"imagnet\"").unwrap_err().to_string();
        assert!(error.contains("imagenet"), "{error}");
        let error = toml::from_str::<PreprocessSettings>("resize = \"big\"").unwrap_err().to_string();
        assert!(error.contains("the shorter side"), "{error}");
    }

    #[test]
    fn flags_are_written_as_a_length_a_size_or_none() {
        assert_eq!("256".parse::<ResizeSetting>().unwrap(), ResizeSetting::ShorterSide(256));
        assert_eq!("320x240".parse::<CropSetting>().unwrap(), CropSetting::Exact(320, 240));
        assert_eq!("none".parse::<CropSetting>().unwrap(), CropSetting::None(Nothing::None));
        for text in ["", "x", "12x", "-1", "1x2x3", "None!"] {
            assert!(text.parse::<ResizeSetting>().unwrap_err().help.unwrap().contains("320x240"), "{text}");
        }
    }

    #[test]
    fn the_first_who_says_something_wins_and_a_preset_counts_as_said() {
        let flags = from_toml("preset = \"imagenet\"\ncrop = 192");
        let file = from_toml("resize = 300\ncrop = 300\nlayout = \"nhwc\"");
        let both = flags.overlay(file);
        assert_eq!(both.crop, Some(CropSetting::Square(192)));
        assert_eq!(both.resize, Some(ResizeSetting::ShorterSide(256)));
        assert_eq!(both.layout, Some(Layout::Nhwc));
    }

    #[test]
    fn mean_and_deviation_do_not_follow_into_another_scale() {
        let metadata = from_toml("scale = \"unit\"\nmean = [0.286]\nstd = [0.353]");
        let other = from_toml("scale = \"signed\"").overlay(metadata.clone());
        assert_eq!((other.mean, other.std), (None, None));
        let same = from_toml("scale = \"unit\"").overlay(metadata.clone());
        assert_eq!(same.mean, Some(vec![0.286]));
        let mean_only = from_toml("mean = [0.5]").overlay(metadata);
        assert_eq!((mean_only.mean, mean_only.std), (Some(vec![0.5]), Some(vec![0.353])));
    }

    #[test]
    fn antialiasing_does_not_follow_to_another_library() {
        let opencv = from_toml("resampler = \"opencv\"").overlay(from_toml("preset = \"imagenet\""));
        assert_eq!((opencv.resampler, opencv.antialias), (Some(Resampler::Opencv), None));
        assert_eq!(opencv.crop, Some(CropSetting::Square(224)));
        let said = from_toml("antialias = true").overlay(from_toml("resampler = \"tensorflow\""));
        assert_eq!((said.resampler, said.antialias), (Some(Resampler::Tensorflow), Some(true)));
    }
}
