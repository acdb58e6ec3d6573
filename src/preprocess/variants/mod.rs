//! What else the preprocessing might have been: a small grid about the settings in use, fixed before
//! any image is read, so that a test can be corrected for its size.
//!
//! Numbers (scale, mean, deviation) are crossed with the order of colours, since the two go wrong
//! together; of the steps in space one is changed at a time.

mod change;
mod numbers;
mod space;

use super::{Layout, Preprocess, PreprocessSettings};

/// Other settings to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// What is changed, in a few words: `BGR · [-1,1]`.
    pub name: String,
    /// Whether it is [`Surroundings::overruled`].
    pub is_overruled: bool,
    /// The change alone, as users write it: laid over the settings in use it gives `preprocess`.
    pub change: PreprocessSettings,
    /// The settings in full.
    pub preprocess: Preprocess,
}

/// What is known of the settings besides themselves.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Layouts that the input's shape allows.
    pub layouts: Vec<Layout>,
    /// What files and the model itself say, where flags or variables have overruled it.
    pub overruled: Option<Preprocess>,
}

/// Every plausible variant of `current`, each once and none that gives the same tensors whatever the
/// image. All are valid.
pub fn variants(current: &Preprocess, about: &Surroundings) -> Vec<Variant> {
    let mut grid = Grid { current, variants: Vec::new() };
    if let Some(overruled) = &about.overruled {
        grid.add("the model's own settings", overruled.clone());
        grid.variants.iter_mut().for_each(|variant| variant.is_overruled = true);
    }
    numbers::add(&mut grid);
    space::add(&mut grid);
    for &layout in &about.layouts {
        grid.add(layout.name(), Preprocess { layout, ..current.clone() });
    }
    grid.variants
}

/// Variants as they are collected.
struct Grid<'a> {
    current: &'a Preprocess,
    variants: Vec<Variant>,
}

impl Grid<'_> {
    /// Adds a variant unless it is invalid or there already.
    fn add(&mut self, name: impl Into<String>, preprocess: Preprocess) {
        let others = self.variants.iter().map(|variant| &variant.preprocess);
        let known = others.chain([self.current]).any(|other| change::is_same(other, &preprocess));
        if known || preprocess.validate().is_err() {
            return;
        }
        let change = change::between(self.current, &preprocess);
        self.variants.push(Variant { name: name.into(), is_overruled: false, change, preprocess });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Channels, InputFacts, Preset, ResizeTo, Scale, Size};
    use super::*;
    use crate::tensor::ElementType;

    fn facts(channels: usize, side: u32, element: ElementType) -> InputFacts {
        let layout = Layout::Nchw;
        InputFacts { channels: Some(channels), height: Some(side), width: Some(side), layout, element }
    }

    fn resolved(text: &str, facts: InputFacts) -> Preprocess {
        toml::from_str::<PreprocessSettings>(text).unwrap().resolve(facts).unwrap()
    }

    fn imagenet() -> Preprocess {
        resolved("preset = \"imagenet\"", facts(3, 224, ElementType::F32))
    }

    fn grid(current: &Preprocess) -> Vec<Variant> {
        variants(current, &Surroundings::default())
    }

    fn names(current: &Preprocess) -> Vec<String> {
        grid(current).into_iter().map(|variant| variant.name).collect()
    }

    #[test]
    fn the_grid_of_a_colour_model_is_this_one() {
        insta::assert_snapshot!(names(&imagenet()).join("\n"), @r"
        0 to 255
        [0,1]
        [-1,1]
        0 to 255, mean of Caffe
        BGR
        BGR · 0 to 255
        BGR · [0,1]
        BGR · [-1,1]
        BGR · 0 to 255, mean of Caffe
        filter nearest
        filter bicubic
        filter lanczos
        without antialias
        bilinear of OpenCV
        bilinear of TensorFlow
        area of OpenCV
        stretched to 224x224
        shorter side 224, crop 224x224
        ");
    }

    #[test]
    fn the_grid_of_a_grey_model_knows_the_grey_data_sets() {
        let wrong = resolved("scale = \"signed\"", facts(1, 28, ElementType::F32));
        insta::assert_snapshot!(names(&wrong).join("\n"), @r"
        0 to 255
        [0,1]
        [0,1], mean and std of MNIST
        [0,1], mean and std of Fashion-MNIST
        filter nearest
        filter bicubic
        filter lanczos
        without antialias
        bilinear of OpenCV
        bilinear of TensorFlow
        area of OpenCV
        shorter side 28, crop 28x28
        shorter side 32, crop 28x28
        ");
    }

    #[test]
    fn a_model_of_bytes_has_no_numbers_to_try() {
        let bytes = resolved("", facts(3, 224, ElementType::U8));
        let names = names(&bytes);
        assert!(names.contains(&"BGR".to_owned()), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("mean") || name.contains('[')), "{names:?}");
    }

    #[test]
    fn the_settings_in_use_are_not_among_them_by_another_name() {
        // x / 255, less 0.5, by 0.5 is x / 127.5 − 1 but for the last bit.
        let halves = resolved("mean = [0.5]\nstd = [0.5]", facts(3, 224, ElementType::F32));
        let names = names(&halves);
        assert!(names.contains(&"BGR".to_owned()), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("[-1,1]")), "{names:?}");
        let every = grid(&imagenet());
        assert!(every.iter().all(|variant| variant.preprocess != imagenet()));
    }

    #[test]
    fn what_a_flag_overruled_is_the_first_to_be_tried() {
        let facts = facts(1, 28, ElementType::F32);
        let own = resolved("preset = \"fashion-mnist\"", facts);
        let wrong = resolved("scale = \"signed\"", facts);
        let about = Surroundings { overruled: Some(own.clone()), ..Surroundings::default() };
        let tried = variants(&wrong, &about);
        assert_eq!((tried[0].name.as_str(), &tried[0].preprocess), ("the model's own settings", &own));
        assert_eq!(tried.iter().filter(|variant| variant.is_overruled).count(), 1);
        assert_eq!(tried.iter().filter(|variant| variant.preprocess == own).count(), 1);
        assert_eq!(variants(&own, &about), grid(&own));
    }

    #[test]
    fn another_layout_is_tried_only_where_the_shape_allows_it() {
        let tried = |layouts: &[Layout]| {
            let about = Surroundings { layouts: layouts.to_vec(), ..Surroundings::default() };
            variants(&imagenet(), &about).iter().any(|variant| variant.preprocess.layout == Layout::Nhwc)
        };
        assert!(!tried(&[Layout::Nchw]));
        assert!(tried(&[Layout::Nchw, Layout::Nhwc]));
    }

    #[test]
    fn a_mean_goes_with_its_colour() {
        let swapped = grid(&imagenet()).into_iter().find(|variant| variant.name == "BGR").unwrap();
        assert_eq!(swapped.preprocess.channels, Channels::Bgr);
        assert_eq!(swapped.preprocess.mean, [0.406, 0.456, 0.485]);
        assert_eq!(swapped.change.mean, Some(vec![0.406, 0.456, 0.485]));
        assert_eq!((swapped.change.resize, swapped.change.layout), (None, None));
    }

    #[test]
    fn a_change_laid_over_the_settings_gives_the_variant() {
        use clap::ValueEnum;
        let presets = Preset::value_variants().iter().map(|preset| preset.settings());
        let others =
            ["", "resampler = \"opencv\"\nfilter = \"area\"", "resampler = \"tensorflow\"\ncrop = 224"];
        for said in presets.chain(others.map(|text| toml::from_str(text).unwrap())) {
            let side = said.crop.and_then(|crop| crop.size()).map_or(224, |size| size.width);
            let channels = if said.mean.as_ref().is_some_and(|mean| mean.len() == 1) { 1 } else { 3 };
            let facts = facts(channels, side, ElementType::F32);
            let Ok(current) = said.clone().resolve(facts) else { continue };
            for variant in grid(&current) {
                let again = variant.change.clone().overlay(said.clone()).resolve(facts).unwrap();
                assert_eq!(again, variant.preprocess, "{} of {said:?}", variant.name);
                let written = toml::to_string(&variant.change).unwrap();
                assert_eq!(toml::from_str::<PreprocessSettings>(&written).unwrap(), variant.change);
            }
        }
    }

    #[test]
    fn no_grid_is_so_large_that_its_correction_hides_what_is_there() {
        use clap::ValueEnum;
        for preset in Preset::value_variants() {
            for (channels, side) in [(1, 28), (3, 32), (3, 224)] {
                let facts = facts(channels, side, ElementType::F32);
                let said = PreprocessSettings { resize: None, crop: None, ..preset.settings() };
                let Ok(current) = said.resolve(facts) else { continue };
                let count = grid(&current).len();
                assert!((12..=30).contains(&count), "{preset:?} {channels}x{side}: {count}");
            }
        }
    }

    #[test]
    fn shapes_that_are_not_square_are_not_cropped_out_of_squares() {
        let wide = InputFacts { width: Some(320), ..facts(3, 224, ElementType::F32) };
        let current = resolved("", wide);
        let size = Size { width: 320, height: 224 };
        assert!(grid(&current).iter().all(|variant| variant.preprocess.crop.is_none()));
        assert_eq!(current.resize.map(|step| step.to), Some(ResizeTo::Exact(size)));
        assert_eq!(current.scale, Scale::Unit);
    }
}
