//! Settings that cannot be carried out are refused before the first image is read.

use super::{Filter, Preprocess, Resampler, Resize, ResizeTo, Scale, Size};
use crate::error::{Error, Result};
use crate::tensor::ElementType;

/// Most pixels of one side: what JPEG can hold, and more than any classifier takes.
const MAX_SIDE: u32 = 65_535;
/// Most pixels of an input: a typing error must not become an allocation of gigabytes.
const MAX_PIXELS: u64 = 100_000_000;

impl Preprocess {
    /// Whether the settings fit together and can be carried out; the error says which do not.
    pub fn validate(&self) -> Result<()> {
        self.resize.as_ref().map_or(Ok(()), validate_resize)?;
        self.validate_sizes()?;
        self.validate_numbers("mean", &self.mean)?;
        self.validate_numbers("std", &self.std)?;
        if let Some(std) = self.std.iter().find(|&&std| std <= 0.0) {
            return Err(Error::usage(format!("std is {std}, but it is divided by: it must be above 0"))
                .help("set `--std` to the deviation of each channel, such as 0.229,0.224,0.225; 1 changes nothing"));
        }
        self.validate_bytes()
    }

    fn validate_sizes(&self) -> Result<()> {
        sensible("the input size", self.size)?;
        let resized = self.resize.map(|step| step.to);
        match resized {
            Some(ResizeTo::Exact(size)) => sensible("the resize", size)?,
            Some(ResizeTo::ShorterSide(side)) => sensible("the resize", Size { width: side, height: side })?,
            None => {}
        }
        if let Some(crop) = self.crop {
            sensible("the crop", crop.size)?;
            self.reaches_the_model("--crop", crop.size)?;
            if crop.pad {
                return Ok(());
            }
        }
        match (resized, self.crop.map(|crop| crop.size)) {
            (Some(ResizeTo::Exact(size)), None) => self.reaches_the_model("--resize", size),
            (Some(ResizeTo::Exact(size)), Some(crop))
                if crop.width > size.width || crop.height > size.height =>
            {
                Err(Error::usage(format!("the crop of {crop} is larger than the resize to {size}")))
            }
            (Some(ResizeTo::ShorterSide(side)), Some(crop)) if side < crop.width.min(crop.height) => {
                Err(Error::usage(format!(
                    "the crop of {crop} is larger than the resize to a shorter side of {side}"
                )))
            }
            (Some(ResizeTo::ShorterSide(side)), None) if side != self.size.width.min(self.size.height) => {
                Err(Error::usage(format!(
                    "a resize to a shorter side of {side} never gives the {} that the model wants",
                    self.size
                ))
                .help(format!("add `--crop {0}`, or set `--resize {0}`", self.size)))
            }
            _ => Ok(()),
        }
    }

    fn reaches_the_model(&self, flag: &str, size: Size) -> Result<()> {
        if size == self.size {
            return Ok(());
        }
        Err(Error::usage(format!("preprocessing gives images of {size}, the model wants {}", self.size))
            .help(format!("set `{flag} {}`", self.size)))
    }

    fn validate_numbers(&self, name: &str, values: &[f32]) -> Result<()> {
        let channels = self.channels.count();
        if values.len() > 1 && values.len() != channels {
            return Err(Error::usage(format!(
                "{name} has {} values, but the images have {channels} channel{}",
                values.len(),
                if channels == 1 { "" } else { "s" }
            ))
            .help(format!("give {name} one value, or one a channel")));
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(Error::usage(format!("{name} holds {value}, which is not a number to use"))),
            None => Ok(()),
        }
    }

    /// Bytes are not scaled, and the record must not say that they were.
    fn validate_bytes(&self) -> Result<()> {
        let bytes = matches!(self.element, ElementType::U8 | ElementType::I8);
        let scaled = self.scale != Scale::Raw || !self.mean.is_empty() || !self.std.is_empty();
        if bytes && scaled {
            return Err(Error::usage(format!(
                "the model takes {} and gets bytes as they are: scale, mean and std have no effect",
                self.element.name()
            ))
            .help("set `--scale raw` without mean and std"));
        }
        Ok(())
    }
}

/// Whether the library that is followed has this filter, with or without antialias.
fn validate_resize(step: &Resize) -> Result<()> {
    use Filter::{Area, Bicubic, Bilinear, Box, Hamming, Lanczos, Nearest};
    let filters: &[Filter] = match (step.resampler, step.antialias) {
        (Resampler::Pillow | Resampler::PillowExact, true) => {
            &[Nearest, Box, Bilinear, Hamming, Bicubic, Lanczos]
        }
        (Resampler::Pillow | Resampler::PillowExact, false) => &[Nearest, Bilinear, Bicubic],
        (Resampler::Opencv, true) => &[],
        (Resampler::Opencv, false) => &[Nearest, Bilinear, Bicubic, Area],
        (Resampler::Tensorflow, true) => &[Bilinear, Bicubic, Lanczos],
        (Resampler::Tensorflow, false) => &[Nearest, Bilinear, Bicubic, Lanczos, Area],
    };
    if filters.contains(&step.filter) {
        return Ok(());
    }
    let with = if step.antialias { "with" } else { "without" };
    let names: Vec<&str> = filters.iter().map(|filter| filter.name()).collect();
    let (filter, resampler) = (step.filter.name(), step.resampler.name());
    let help = match names.is_empty() {
        true => "set `--antialias false`; what OpenCV shrinks smoothly with is `--filter area`".to_owned(),
        false => format!("{with} antialias it has {}; or set another `--resampler`", names.join(", ")),
    };
    Err(Error::usage(format!("{resampler} has no {filter} resize {with} antialias")).help(help))
}

fn sensible(what: &str, size: Size) -> Result<()> {
    let Size { width, height } = size;
    if width == 0 || height == 0 {
        return Err(Error::usage(format!("{what} is {size}: both sides must be at least 1")));
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::usage(format!("{what} is {size}: too large for an image")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Channels, Crop, CropRounding, Layout};
    use super::*;

    fn valid() -> Preprocess {
        Preprocess {
            exif_orientation: false,
            channels: Channels::Rgb,
            resize: Some(Resize {
                to: ResizeTo::ShorterSide(256),
                filter: Filter::Bilinear,
                antialias: true,
                resampler: Resampler::Pillow,
            }),
            crop: Some(Crop {
                size: Size { width: 224, height: 224 },
                rounding: CropRounding::Even,
                pad: false,
            }),
            scale: Scale::Unit,
            mean: vec![0.5; 3],
            std: vec![0.5],
            layout: Layout::Nchw,
            element: ElementType::F32,
            size: Size { width: 224, height: 224 },
        }
    }

    fn refusal(preprocess: Preprocess) -> String {
        preprocess.validate().unwrap_err().to_string()
    }

    fn resized_to(to: ResizeTo) -> Option<Resize> {
        Some(Resize { to, ..valid().resize.unwrap() })
    }

    #[test]
    fn settings_that_fit_pass() {
        valid().validate().unwrap();
    }

    #[test]
    fn counts_of_mean_and_deviation_are_held_against_the_channels() {
        let text = refusal(Preprocess { mean: vec![0.5; 2], ..valid() });
        assert!(text.contains("mean has 2 values, but the images have 3 channels"), "{text}");
        let text =
            refusal(Preprocess { channels: Channels::Grey, std: vec![0.5; 3], mean: vec![], ..valid() });
        assert!(text.contains("std has 3 values, but the images have 1 channel\n"), "{text}");
    }

    #[test]
    fn a_deviation_that_cannot_be_divided_by_is_refused() {
        for std in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(Preprocess { std: vec![std], ..valid() }.validate().is_err(), "{std}");
        }
    }

    #[test]
    fn sizes_that_can_never_reach_the_model_are_refused_with_both() {
        let small = Size { width: 28, height: 28 };
        let text = refusal(Preprocess { size: small, ..valid() });
        assert!(text.contains("gives images of 224x224, the model wants 28x28"), "{text}");
        assert!(text.contains("`--crop 28x28`"), "{text}");
        let resize = resized_to(ResizeTo::Exact(small));
        let text = refusal(Preprocess { resize, crop: None, ..valid() });
        assert!(text.contains("gives images of 28x28, the model wants 224x224"), "{text}");
        let text = refusal(Preprocess { resize, ..valid() });
        assert!(text.contains("the crop of 224x224 is larger than the resize to 28x28"), "{text}");
        let text = refusal(Preprocess { resize: resized_to(ResizeTo::ShorterSide(200)), ..valid() });
        assert!(text.contains("larger than the resize to a shorter side of 200"), "{text}");
        let text = refusal(Preprocess { crop: None, ..valid() });
        assert!(text.contains("add `--crop 224x224`"), "{text}");
    }

    #[test]
    fn a_crop_that_pads_takes_images_of_any_size() {
        let crop = Some(Crop { pad: true, ..valid().crop.unwrap() });
        Preprocess { crop, resize: resized_to(ResizeTo::ShorterSide(200)), ..valid() }.validate().unwrap();
    }

    #[test]
    fn a_filter_that_the_library_does_not_have_is_refused_with_those_it_has() {
        let with = |resampler, filter, antialias| {
            let resize = Some(Resize { resampler, filter, antialias, ..valid().resize.unwrap() });
            Preprocess { resize, ..valid() }
        };
        let text = refusal(with(Resampler::Opencv, Filter::Bilinear, true));
        assert!(text.contains("opencv has no bilinear resize with antialias"), "{text}");
        assert!(text.contains("`--filter area`"), "{text}");
        let text = refusal(with(Resampler::Tensorflow, Filter::Box, false));
        assert!(
            text.contains("without antialias it has nearest, bilinear, bicubic, lanczos, area"),
            "{text}"
        );
        refusal(with(Resampler::Pillow, Filter::Area, true));
        with(Resampler::Opencv, Filter::Area, false).validate().unwrap();
    }

    #[test]
    fn sizes_of_nothing_and_of_gigabytes_are_refused() {
        let size = |width, height| Size { width, height };
        for size in [size(0, 224), size(224, 0), size(60_000, 60_000), size(70_000, 1)] {
            let text = refusal(Preprocess { size, crop: None, resize: None, ..valid() });
            assert!(text.contains(&size.to_string()), "{text}");
        }
    }

    #[test]
    fn scaling_for_a_model_of_bytes_is_refused() {
        let text = refusal(Preprocess { element: ElementType::U8, ..valid() });
        assert!(text.contains("takes u8 and gets bytes as they are"), "{text}");
    }
}
