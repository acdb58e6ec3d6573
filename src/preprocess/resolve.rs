//! Partial settings and the facts of the graph become complete settings.

use super::{Channels, Crop, Filter, Layout, Preprocess, PreprocessSettings, Resize, ResizeTo, Scale, Size};
use crate::error::{Error, Result};
use crate::tensor::ElementType;

/// What a graph says about the input that takes the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputFacts {
    /// Length of the channel axis, where it is fixed.
    pub channels: Option<usize>,
    /// Rows, where they are fixed.
    pub height: Option<u32>,
    /// Columns, where they are fixed.
    pub width: Option<u32>,
    /// Order of the axes.
    pub layout: Layout,
    /// Type of the elements.
    pub element: ElementType,
}

impl PreprocessSettings {
    /// Completes the settings from the graph and the defaults, and validates the result.
    ///
    /// Defaults, for what neither settings nor graph say: channels by their number (1 grey, 3 RGB);
    /// images of another size than the model's are resized to exactly that size, unless a resize or
    /// a crop was said; Pillow's bilinear with antialias, or bilinear without it in another library;
    /// a crop in the middle that Pillow's or the other library's users take; floats from 0 to 1 without
    /// mean and deviation; bytes as they are. Scale, mean and std said for a model of bytes are left out.
    pub fn resolve(self, facts: InputFacts) -> Result<Preprocess> {
        let said = self.expanded();
        let channels = resolve_channels(said.channels, facts.channels)?;
        let size = said.resolve_size(facts)?;
        let (scale, mean, std) = match facts.element {
            ElementType::U8 | ElementType::I8 => (Scale::Raw, vec![], vec![]),
            ElementType::F32 | ElementType::F16 => (
                said.scale.unwrap_or(Scale::Unit),
                said.mean.clone().unwrap_or_default(),
                said.std.clone().unwrap_or_default(),
            ),
        };
        let preprocess = Preprocess {
            exif_orientation: said.exif_orientation.unwrap_or(false),
            channels,
            resize: said.resolve_resize(size),
            crop: said.resolve_crop(),
            scale,
            mean,
            std,
            layout: said.layout.unwrap_or(facts.layout),
            element: facts.element,
            size,
        };
        preprocess.validate()?;
        Ok(preprocess)
    }

    fn crop_window(&self) -> Option<Size> {
        self.crop.and_then(|crop| crop.size())
    }

    /// The graph's size; where it leaves a side open, that of the crop or the exact resize.
    fn resolve_size(&self, facts: InputFacts) -> Result<Size> {
        let said = self.crop_window().or(match self.resize.and_then(|resize| resize.to()) {
            Some(ResizeTo::Exact(size)) => Some(size),
            _ => None,
        });
        let width = facts.width.or(said.map(|size| size.width));
        let height = facts.height.or(said.map(|size| size.height));
        match (width, height) {
            (Some(width), Some(height)) => Ok(Size { width, height }),
            _ => Err(Error::usage("the model leaves the size of its input open, and none was given")
                .help("set `--resize WIDTHxHEIGHT`, or `--resize LENGTH --crop LENGTH`")),
        }
    }

    fn resolve_resize(&self, size: Size) -> Option<Resize> {
        let to = match (self.resize, self.crop_window()) {
            (Some(resize), _) => resize.to()?,
            (None, Some(_)) => return None,
            (None, None) => ResizeTo::Exact(size),
        };
        let resampler = self.resampler.unwrap_or_default();
        Some(Resize {
            to,
            filter: self.filter.unwrap_or(Filter::Bilinear),
            antialias: self.antialias.unwrap_or(resampler.antialiases()),
            resampler,
        })
    }

    fn resolve_crop(&self) -> Option<Crop> {
        let usual = self.resampler.unwrap_or_default().crop_rounding();
        Some(Crop {
            size: self.crop_window()?,
            rounding: self.crop_rounding.unwrap_or(usual),
            pad: self.pad.unwrap_or(false),
        })
    }
}

fn resolve_channels(said: Option<Channels>, axis: Option<usize>) -> Result<Channels> {
    match (said, axis) {
        (Some(channels), Some(axis)) if channels.count() != axis => Err(Error::usage(format!(
            "`channels` makes {} channel{}, the model takes {axis}",
            channels.count(),
            if channels.count() == 1 { "" } else { "s" }
        ))
        .help("set `--channels grey`, `rgb` or `bgr`; if the axis is not the channels', set `--layout`")),
        (Some(channels), _) => Ok(channels),
        (None, Some(1)) => Ok(Channels::Grey),
        (None, Some(3)) => Ok(Channels::Rgb),
        (None, Some(axis)) => {
            Err(Error::usage(format!("the model takes images of {axis} channels; images have 1 or 3"))
                .help("if another axis holds the channels, set `--layout nchw` or `--layout nhwc`"))
        }
        (None, None) => Err(Error::usage("the model leaves the number of channels open, and none was given")
            .help("set `--channels grey`, `rgb` or `bgr`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CropRounding, CropSetting, Preset, Resampler, ResizeSetting};
    use super::*;

    fn fashion() -> InputFacts {
        InputFacts {
            channels: Some(1),
            height: Some(28),
            width: Some(28),
            layout: Layout::Nchw,
            element: ElementType::F32,
        }
    }

    fn open_size() -> InputFacts {
        InputFacts { channels: Some(3), height: None, width: None, ..fashion() }
    }

    fn preset(preset: Preset) -> PreprocessSettings {
        PreprocessSettings { preset: Some(preset), ..PreprocessSettings::default() }
    }

    #[test]
    fn a_graph_alone_is_enough() {
        let resolved = PreprocessSettings::default().resolve(fashion()).unwrap();
        assert_eq!((resolved.channels, resolved.scale), (Channels::Grey, Scale::Unit));
        let size = Size { width: 28, height: 28 };
        let to = ResizeTo::Exact(size);
        let (filter, resampler) = (Filter::Bilinear, Resampler::Pillow);
        assert_eq!(resolved.resize, Some(Resize { to, filter, antialias: true, resampler }));
        assert_eq!((resolved.crop, resolved.size), (None, size));
    }

    #[test]
    fn the_imagenet_preset_gives_an_open_graph_its_size() {
        let resolved = preset(Preset::Imagenet).resolve(open_size()).unwrap();
        assert_eq!(resolved.size, Size { width: 224, height: 224 });
        assert_eq!(resolved.resize.unwrap().to, ResizeTo::ShorterSide(256));
        assert_eq!(resolved.mean, [0.485, 0.456, 0.406]);
    }

    #[test]
    fn what_is_said_beside_a_preset_wins() {
        let settings =
            PreprocessSettings { crop: Some(CropSetting::Square(160)), ..preset(Preset::Imagenet) };
        assert_eq!(settings.resolve(open_size()).unwrap().size, Size { width: 160, height: 160 });
    }

    #[test]
    fn another_library_brings_its_own_habits() {
        let settings = PreprocessSettings { resampler: Some(Resampler::Opencv), ..preset(Preset::Imagenet) };
        let resolved = settings.resolve(open_size()).unwrap();
        assert!(!resolved.resize.unwrap().antialias);
        assert_eq!(resolved.crop.unwrap().rounding, CropRounding::Down);
    }

    #[test]
    fn an_open_graph_without_a_size_is_an_error_that_names_the_flags() {
        let shorter = PreprocessSettings {
            resize: Some(ResizeSetting::ShorterSide(256)),
            ..PreprocessSettings::default()
        };
        for settings in [PreprocessSettings::default(), shorter] {
            let error = settings.resolve(open_size()).unwrap_err();
            assert!(error.help.unwrap().contains("--crop"));
        }
    }

    #[test]
    fn a_model_of_bytes_gets_bytes_whatever_the_preset_scales() {
        let facts = InputFacts { element: ElementType::U8, ..fashion() };
        let resolved = preset(Preset::FashionMnist).resolve(facts).unwrap();
        assert_eq!((resolved.scale, resolved.mean.len(), resolved.std.len()), (Scale::Raw, 0, 0));
    }

    #[test]
    fn channels_that_do_not_fit_are_refused_with_both_numbers() {
        let error = preset(Preset::KerasCaffe).resolve(fashion()).unwrap_err();
        assert_eq!(error.what, "`channels` makes 3 channels, the model takes 1");
        let error = PreprocessSettings::default()
            .resolve(InputFacts { channels: Some(28), ..fashion() })
            .unwrap_err();
        assert!(error.help.unwrap().contains("--layout"));
    }

    #[test]
    fn every_preset_resolves_for_the_models_it_is_made_for() {
        use clap::ValueEnum;
        for &name in Preset::value_variants() {
            let grey = matches!(name, Preset::Mnist | Preset::FashionMnist);
            let side = name.settings().crop_window().map_or(224, |size| size.width);
            let facts = InputFacts {
                channels: Some(if grey { 1 } else { 3 }),
                height: Some(side),
                width: Some(side),
                ..fashion()
            };
            preset(name).resolve(facts).unwrap();
        }
    }
}
