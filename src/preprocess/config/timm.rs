//! `config.json` of timm: the `pretrained_cfg` of a model.

use super::fields::{Fields, REPAIR, shown};
use super::normalisation::Steps;
use super::processors::{IMAGENET_MEAN, IMAGENET_STD};
use super::sizes::{computed, side};
use super::{Found, cropped, fields, pillow};
use crate::error::{Error, Result};
use crate::preprocess::{CropRounding, Filter, PreprocessSettings, ResizeSetting, Size};

/// What timm takes where a configuration is silent.
const DEFAULT_SIZE: Size = Size { width: 224, height: 224 };
const DEFAULT_PART: f64 = 0.875;

/// Reads the text of a `config.json`, if it is timm's. A model that was trained at one size and is
/// better at another has both in its file: the one at `test` is taken where the graph's input has
/// that size, `graph`, and not that of the training.
pub fn timm(text: &str, graph: Option<Size>) -> Result<Option<Found>> {
    let mut root = Fields::parse(text)?;
    let Some(config) = pretrained(&mut root)? else { return Ok(None) };
    let mut reader = Reader { config, found: Found::default() };
    reader.geometry(graph)?;
    reader.filter()?;
    reader.normalisation()?;
    Ok(Some(reader.found))
}

/// The part about preprocessing; before timm 0.9 it was the whole file.
fn pretrained(root: &mut Fields) -> Result<Option<Fields>> {
    if let Some(config) = root.object("pretrained_cfg")? {
        return Ok(Some(config));
    }
    Ok((root.has("architecture") && root.has("input_size")).then(|| root.clone()))
}

struct Reader {
    config: Fields,
    found: Found,
}

/// A size with its crop, and the fields that hold them.
struct Evaluated {
    size: Size,
    part: f64,
    keys: [&'static str; 2],
}

impl Reader {
    fn geometry(&mut self, graph: Option<Size>) -> Result<()> {
        let Evaluated { size, part, keys: [size_key, part_key] } = self.evaluated(graph)?;
        let mode = self.config.text("crop_mode")?.unwrap_or_else(|| "center".into());
        let scaled = |side: u32| computed(part_key, (f64::from(side) / part).floor());
        let (width, height) = (scaled(size.width)?, scaled(size.height)?);
        let resize = match mode.as_str() {
            "center" if size.width == size.height => ResizeSetting::ShorterSide(width),
            "squash" => ResizeSetting::Exact(width, height),
            "center" => return Err(unable("crop_mode", "`center` with a size that is not square", size_key)),
            "border" => return Err(unable("crop_mode", "`border`, which pads the image", size_key)),
            other => return Err(unable("crop_mode", &format!("`{other}`"), size_key)),
        };
        if let Some(border) = self.config.get("crop_border_pixels").filter(|value| value.as_u64() != Some(0))
        {
            return Err(unable("crop_border_pixels", &shown(border), size_key));
        }
        let resize = PreprocessSettings { resize: Some(resize), ..PreprocessSettings::default() };
        let crop = PreprocessSettings { pad: Some(true), ..cropped(size, CropRounding::Even) };
        self.found.say(format!("{size_key}, {part_key}"), resize);
        self.found.say(size_key, crop);
        Ok(())
    }

    /// Size and part of the crop: those of the test where the graph has that size.
    fn evaluated(&mut self, graph: Option<Size>) -> Result<Evaluated> {
        let trained = self.size("input_size")?;
        let tested = self.size("test_input_size")?;
        let (part, test_part) = (self.part("crop_pct")?, self.part("test_crop_pct")?);
        let trained_size = trained.unwrap_or(DEFAULT_SIZE);
        match tested {
            Some(size) if graph == Some(size) && size != trained_size => Ok(Evaluated {
                size,
                part: test_part.or(part).unwrap_or(DEFAULT_PART),
                keys: ["test_input_size", if test_part.is_some() { "test_crop_pct" } else { "crop_pct" }],
            }),
            _ => {
                if let Some(size) = tested.filter(|&size| size != trained_size && graph.is_none()) {
                    self.found.remarks.push(format!(
                        "`test_input_size` is {size}: timm's figures are at that size, this is at {trained_size}"
                    ));
                }
                let part = part.unwrap_or(DEFAULT_PART);
                Ok(Evaluated { size: trained_size, part, keys: ["input_size", "crop_pct"] })
            }
        }
    }

    /// Height and width of `[channels, height, width]`.
    fn size(&mut self, key: &str) -> Result<Option<Size>> {
        let Some(value) = self.config.get(key).cloned() else { return Ok(None) };
        match value.as_array().map(Vec::as_slice) {
            Some([_, height, width]) => {
                Ok(Some(Size { width: side(key, width)?, height: side(key, height)? }))
            }
            _ => Err(fields::wrong(key, &value, "[channels, height, width]")),
        }
    }

    fn part(&mut self, key: &str) -> Result<Option<f64>> {
        match self.config.number(key)? {
            Some(part) if !(part > 0.0 && part <= 1.0) => {
                Err(Error::usage(format!("`{key}` is {part}, which is not a part above 0 and at most 1"))
                    .help(REPAIR))
            }
            part => Ok(part),
        }
    }

    fn filter(&mut self) -> Result<()> {
        let name = self.config.text("interpolation")?;
        let filter = match name.as_deref() {
            None | Some("bicubic") => Filter::Bicubic,
            Some("nearest") => Filter::Nearest,
            Some("bilinear") => Filter::Bilinear,
            Some("box") => Filter::Box,
            Some("hamming") => Filter::Hamming,
            Some("lanczos") => Filter::Lanczos,
            Some(other) => return Err(unable("interpolation", &format!("`{other}`"), "interpolation")),
        };
        self.found.say(key_of(name.is_some(), "interpolation"), pillow(filter));
        Ok(())
    }

    fn normalisation(&mut self) -> Result<()> {
        let mean = self.config.per_channel("mean")?;
        let std = self.config.per_channel("std")?;
        let keys = [key_of(mean.is_some(), "mean"), key_of(std.is_some(), "std")];
        let folded = Steps {
            factor: Some(1.0 / 255.0),
            mean: mean.unwrap_or_else(|| IMAGENET_MEAN.to_vec()),
            std: std.unwrap_or_else(|| IMAGENET_STD.to_vec()),
            ..Steps::default()
        }
        .folded()?;
        let scaled = PreprocessSettings { scale: Some(folded.scale), ..PreprocessSettings::default() };
        let [mean_key, std_key] = keys;
        self.found.say("pretrained_cfg", scaled.clone());
        self.found.say(mean_key, PreprocessSettings { mean: Some(folded.mean), ..scaled.clone() });
        self.found.say(std_key, PreprocessSettings { std: Some(folded.std), ..scaled });
        Ok(())
    }
}

fn key_of(said: bool, key: &str) -> String {
    if said { key.to_owned() } else { "default of timm".to_owned() }
}

fn unable(key: &str, what: &str, size_key: &str) -> Error {
    Error::usage(format!("`{key}` is {what}, which bench cannot carry out")).help(format!(
        "set `config_files = false` under [model] in bench.toml (`--config-files false`) and give what comes \
         nearest: --resize and --crop from `{size_key}`, --filter, --mean and --std"
    ))
}
