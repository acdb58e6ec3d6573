//! `preprocessor_config.json` of Hugging Face's transformers.

use serde_json::Value;

use super::fields::{Fields, shown, wrong};
use super::normalisation::Steps;
use super::processors::{Named, Processor, Rule};
use super::sizes::{self, Edges};
use super::{Found, cropped, fields, pillow};
use crate::error::{Error, Result};
use crate::preprocess::{
    Channels, CropRounding, CropSetting, Filter, Nothing, PreprocessSettings, ResizeSetting, Scale, Size,
};

/// Fields that say nothing about the pixels of a photograph.
const IDLE: &[&str] = &[
    "_processor_class",
    "_valid_processor_keys",
    "auto_map",
    "data_format",
    "device",
    "disable_grouping",
    "do_reduce_labels",
    "input_data_format",
    "model_input_names",
    "num_channels",
    "processor_class",
    "reduce_labels",
    "return_tensors",
    "transformers_version",
];

/// Each step with the fields that it needs.
const STEPS: &[(&str, &[&str])] = &[
    ("do_resize", &["size", "resample"]),
    ("do_center_crop", &["crop_size"]),
    ("do_rescale", &["rescale_factor"]),
    ("do_normalize", &["image_mean", "image_std"]),
];

/// Reads the text of a `preprocessor_config.json`. `model_type`, from the `config.json` beside it,
/// names the processor where the file itself does not.
pub fn hugging_face(text: &str, model_type: Option<&str>) -> Result<Found> {
    let mut fields = Fields::parse(text)?;
    let mut reader =
        Reader { processor: processor(&mut fields, model_type)?, fields, found: Found::default() };
    reader.refuse_incomplete()?;
    reader.channels()?;
    reader.geometry()?;
    reader.normalisation()?;
    reader.remarks();
    Ok(reader.found)
}

/// The `model_type` of the text of a `config.json`, if that is what it is.
pub fn model_type(text: &str) -> Option<String> {
    Fields::parse(text).ok()?.text("model_type").ok()?
}

fn processor(fields: &mut Fields, model_type: Option<&str>) -> Result<Named> {
    let class = match fields.text("image_processor_type")? {
        Some(class) => Some(class),
        None => fields.text("feature_extractor_type")?,
    };
    let by_type = || model_type.and_then(Named::of_model);
    let nameless = || Named { name: "a processor without a name".into(), known: None };
    Ok(class.map(|class| Named::of_class(&class)).or_else(by_type).unwrap_or_else(nameless))
}

/// A crop, if there is one, with the field that decides it.
type Crop = (String, Option<Size>);

struct Reader {
    fields: Fields,
    processor: Named,
    found: Found,
}

impl Reader {
    /// All that a processor without certain defaults leaves out, at once.
    fn refuse_incomplete(&mut self) -> Result<()> {
        if self.processor.known.is_some() {
            return Ok(());
        }
        let mut missing = Vec::new();
        for (step, fields) in STEPS {
            if !self.fields.has(step) {
                missing.push(*step);
            }
            if self.fields.flag(step)? != Some(false) {
                missing.extend(fields.iter().copied().filter(|field| !self.fields.has(field)));
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(self.missing(&missing)) }
    }

    fn missing(&self, fields: &[&str]) -> Error {
        let list: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        let (list, one) = (list.join(", "), fields.len() == 1);
        let (is, its, default) = if one { ("is", "its", "default") } else { ("are", "their", "defaults") };
        Error::usage(format!(
            "{list} {is} missing, and {its} {default} in {} {is} not certain",
            self.processor.name
        ))
        .help(format!(
            "add {list} to the file as the model was trained with it, or set `config_files = false` under \
                 [model] in bench.toml (`--config-files false`) and give the settings yourself"
        ))
    }

    fn channels(&mut self) -> Result<()> {
        let default = Some(self.processor.rule() == Rule::MobileVit);
        let (key, flip) = self.flag("do_flip_channel_order", default)?;
        let said = match self.fields.flag("do_convert_rgb")? {
            _ if flip => Some((key, Channels::Bgr)),
            Some(true) => Some(("do_convert_rgb".to_owned(), Channels::Rgb)),
            _ => None,
        };
        if let Some((key, channels)) = said {
            self.found
                .say(key, PreprocessSettings { channels: Some(channels), ..PreprocessSettings::default() });
        }
        Ok(())
    }

    fn geometry(&mut self) -> Result<()> {
        let (key, resizes) = self.flag("do_resize", self.default(|_| true))?;
        let size = if resizes { Some(self.size()?) } else { None };
        let (size_key, edges) = size.unzip();
        let (resize, crop) = match (self.processor.rule(), edges) {
            (Rule::ConvNext, edges) => self.conv_next(edges)?,
            (Rule::Levit, Some(Edges::Shorter(side))) => {
                let side = sizes::computed("size", 256.0 / 224.0 * f64::from(side))?;
                (Some(Edges::Shorter(side)), self.crop()?)
            }
            (Rule::PoolFormer, Some(edges)) => (Some(self.pool_former(edges)?), self.crop()?),
            (_, edges) => (edges, self.crop()?),
        };
        match resizes {
            true => self.filter()?,
            false => ["size", "resample"].iter().for_each(|&idle| self.fields.pass(idle)),
        }
        let resize = match resize {
            Some(Edges::Exact(size)) => ResizeSetting::Exact(size.width, size.height),
            Some(Edges::Shorter(side)) => ResizeSetting::ShorterSide(side),
            None => ResizeSetting::None(Nothing::None),
        };
        let settings = PreprocessSettings { resize: Some(resize), ..PreprocessSettings::default() };
        self.found.say(size_key.unwrap_or(key), settings);
        let (key, crop) = crop;
        self.found.say(key, crop.map_or_else(no_crop, |size| cropped(size, CropRounding::Down)));
        Ok(())
    }

    fn size(&mut self) -> Result<(String, Edges)> {
        let square = match self.fields.flag("default_to_square")? {
            None => self.processor.known.and_then(|known| known.square),
            said => said,
        };
        match self.fields.get("size") {
            Some(value) => Ok(("size".into(), sizes::edges("size", value, square)?)),
            None => self.otherwise("size", self.processor.known.and_then(|known| known.size)),
        }
    }

    /// The crop of a processor that has one, with the field that decides it.
    fn crop(&mut self) -> Result<Crop> {
        let (key, crops) = self.flag("do_center_crop", self.processor.known.and_then(|known| known.crops))?;
        match self.fields.get("crop_size") {
            _ if !crops => Ok((key, None)),
            Some(value) => Ok(("crop_size".into(), Some(sizes::window("crop_size", value)?))),
            None => {
                let square = |known: &Processor| Size { width: known.crop, height: known.crop };
                self.otherwise("crop_size", self.default(square)).map(|(key, size)| (key, Some(size)))
            }
        }
    }

    fn conv_next(&mut self, edges: Option<Edges>) -> Result<(Option<Edges>, Crop)> {
        let (key, part) = self.crop_pct(224.0 / 256.0)?;
        match edges {
            None => Ok((None, (key, None))),
            Some(Edges::Shorter(side)) => {
                let square = Size { width: side, height: side };
                if side >= 384 {
                    return Ok((Some(Edges::Exact(square)), ("size".into(), None)));
                }
                let resize = sizes::computed("crop_pct", f64::from(side) / part)?;
                Ok((Some(Edges::Shorter(resize)), (format!("size, {key}"), Some(square))))
            }
            Some(Edges::Exact(_)) => Err(Error::usage(format!(
                "`size` has a height and a width, but {} takes a shortest_edge alone",
                self.processor.name
            ))
            .help(fields::REPAIR)),
        }
    }

    fn pool_former(&mut self, edges: Edges) -> Result<Edges> {
        let (_, part) = self.crop_pct(0.9)?;
        match edges {
            Edges::Shorter(side) => Ok(Edges::Shorter(sizes::computed("crop_pct", f64::from(side) / part)?)),
            Edges::Exact(size) if size.width == size.height => {
                Ok(Edges::Shorter(sizes::computed("crop_pct", f64::from(size.width) / part)?))
            }
            Edges::Exact(size) => Ok(Edges::Exact(Size {
                width: sizes::computed("crop_pct", f64::from(size.width) / part)?,
                height: sizes::computed("crop_pct", f64::from(size.height) / part)?,
            })),
        }
    }

    fn crop_pct(&mut self, default: f64) -> Result<(String, f64)> {
        match self.fields.number("crop_pct")? {
            Some(part) if part > 0.0 && part <= 1.0 => Ok(("crop_pct".into(), part)),
            Some(part) => {
                Err(Error::usage(format!("`crop_pct` is {part}, which is not a part above 0 and at most 1"))
                    .help(fields::REPAIR))
            }
            None => Ok((self.default_key(), default)),
        }
    }

    fn filter(&mut self) -> Result<()> {
        let (key, filter) = match self.fields.get("resample") {
            Some(value) => ("resample".into(), resample(value)?),
            None => {
                let default = self.processor.known.and_then(|known| known.filter);
                self.otherwise("resample", default)?
            }
        };
        self.found.say(key, pillow(filter));
        Ok(())
    }

    fn normalisation(&mut self) -> Result<()> {
        let (rescale_key, rescales) = self.flag("do_rescale", self.default(|_| true))?;
        if self.processor.rule() == Rule::MobileVit {
            let (scale, factor) = self.factor(rescale_key, rescales)?;
            let keys = Keys { scale, mean: self.default_key(), std: self.default_key() };
            return self.say_normalisation(&Steps { factor, ..Steps::default() }, keys);
        }
        let (normalise_key, normalises) =
            self.flag("do_normalize", self.default(|known| known.normalises))?;
        let (scale_key, factor) = self.factor(rescale_key, rescales)?;
        let mut steps = Steps { factor, ..Steps::default() };
        let mut keys = Keys { scale: scale_key, mean: normalise_key.clone(), std: normalise_key };
        let mean = self.fields.per_channel("image_mean")?;
        let std = self.fields.per_channel("image_std")?;
        if normalises {
            (keys.mean, steps.mean) = self.triple("image_mean", mean.clone(), |known| known.mean)?;
            (keys.std, steps.std) = self.triple("image_std", std.clone(), |known| known.std)?;
        }
        if self.processor.rule() == Rule::EfficientNet {
            steps.offset = rescales && self.flag("rescale_offset", Some(false))?.1;
            if self.flag("include_top", Some(true))?.1 {
                (keys.std, steps.std_again) = self.triple("image_std", std, |known| known.std)?;
                keys.std += ", include_top";
            }
        }
        self.refuse_flipped(&steps)?;
        self.say_normalisation(&steps, keys)
    }

    /// What levels are multiplied by, if by anything, with the field that decides it.
    fn factor(&mut self, key: String, rescales: bool) -> Result<(String, Option<f64>)> {
        Ok(match self.fields.number("rescale_factor")? {
            _ if !rescales => (key, None),
            Some(factor) => ("rescale_factor".into(), Some(factor)),
            None => (key, Some(1.0 / 255.0)),
        })
    }

    /// Mean and deviation are in the order of the channels, but whether before or after they were
    /// turned around, the file does not tell.
    fn refuse_flipped(&self, steps: &Steps) -> Result<()> {
        let uneven = |values: &[f64]| values.windows(2).any(|pair| pair[0] != pair[1]);
        let flipped = self.found.said.iter().any(|said| said.settings.channels == Some(Channels::Bgr));
        if flipped && (uneven(&steps.mean) || uneven(&steps.std)) {
            return Err(Error::usage(
                "`do_flip_channel_order` is true, and it is not known whether `image_mean` and \
                 `image_std` are for the order before or after",
            )
            .help("say it by --channels bgr, --mean and --std in the order blue, green, red, and --config-files false"));
        }
        Ok(())
    }

    fn say_normalisation(&mut self, steps: &Steps, keys: Keys) -> Result<()> {
        let folded = steps.folded()?;
        // The scale stands beside mean and deviation: under a stronger source's scale they are dropped.
        let scaled = PreprocessSettings { scale: Some(folded.scale), ..PreprocessSettings::default() };
        let folds = folded.scale == Scale::Raw && steps.factor.is_some_and(|factor| factor != 1.0);
        let with_scale = |key: String| if folds { format!("{}, {key}", keys.scale) } else { key };
        let mean = PreprocessSettings { mean: Some(folded.mean), ..scaled.clone() };
        let std = PreprocessSettings { std: Some(folded.std), ..scaled.clone() };
        self.found.say(keys.scale.clone(), scaled);
        self.found.say(with_scale(keys.mean), mean);
        self.found.say(with_scale(keys.std), std);
        Ok(())
    }

    fn triple(
        &self,
        key: &str,
        said: Option<Vec<f64>>,
        default: impl Fn(&Processor) -> super::processors::Triple,
    ) -> Result<(String, Vec<f64>)> {
        match said {
            Some(values) => Ok((key.to_owned(), values)),
            None => self.otherwise(key, self.default(default).map(|values| values.to_vec())),
        }
    }

    /// What the file asks for and does not get.
    fn remarks(&mut self) {
        IDLE.iter().for_each(|&key| self.fields.pass(key));
        let name = &self.processor.name;
        if self.processor.known.is_none() {
            self.found.remarks.push(format!("{name} is not known here: it was read by its fields alone"));
        }
        for (key, value) in self.fields.left() {
            self.found.remarks.push(format!("`{key}` is {}, and has no effect here", shown(value)));
        }
    }

    fn flag(&mut self, key: &str, default: Option<bool>) -> Result<(String, bool)> {
        match self.fields.flag(key)? {
            Some(said) => Ok((key.to_owned(), said)),
            None => self.otherwise(key, default),
        }
    }

    fn default<T>(&self, of: impl Fn(&Processor) -> T) -> Option<T> {
        self.processor.known.map(of)
    }

    fn default_key(&self) -> String {
        format!("default of {}", self.processor.name)
    }

    /// The default of a field that is missing; an error where it is not certain.
    fn otherwise<T>(&self, key: &str, default: Option<T>) -> Result<(String, T)> {
        default.map(|value| (self.default_key(), value)).ok_or_else(|| self.missing(&[key]))
    }
}

fn no_crop() -> PreprocessSettings {
    PreprocessSettings { crop: Some(CropSetting::None(Nothing::None)), ..PreprocessSettings::default() }
}

/// Which fields decided scale, mean and deviation.
struct Keys {
    scale: String,
    mean: String,
    std: String,
}

/// Pillow's number of a filter.
fn resample(value: &Value) -> Result<Filter> {
    match fields::whole(value) {
        Some(0) => Ok(Filter::Nearest),
        Some(1) => Ok(Filter::Lanczos),
        Some(2) => Ok(Filter::Bilinear),
        Some(3) => Ok(Filter::Bicubic),
        Some(4) => Ok(Filter::Box),
        Some(5) => Ok(Filter::Hamming),
        _ => Err(wrong(
            "resample",
            value,
            "a filter of Pillow (0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming)",
        )),
    }
}
