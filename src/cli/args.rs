//! Flags that several commands share, and how they become a layer of settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::criteria::CriteriaArgs;
use crate::plan::{
    Activation, CommaList, DataSettings, DatasetFormat, LONGEST_SECONDS, Layer, MOST, MeasureSettings,
    ModelSettings, OnBadImage, Optimization, RuntimeSpec, Settings, Source,
};
use crate::preprocess::{
    Channels, CropRounding, CropSetting, Filter, Layout, PreprocessSettings, Preset, Resampler,
    ResizeSetting, Scale,
};

/// Where and how to run models.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Measuring")]
pub struct SessionArgs {
    /// Runtimes, comma-separated: ort, ort:cuda, tract [default: ort,tract; ort for a command that takes one]
    #[arg(long = "runtime", value_name = "NAME", value_delimiter = ',', env = "BENCH_RUNTIME")]
    runtimes: Vec<RuntimeSpec>,
    /// Images in one run of the throughput and accuracy passes [default: 4 to 32 in ort, more of smaller ones; 1 in tract]
    #[arg(long, value_name = "N", value_parser = positive, env = "BENCH_BATCH")]
    batch: Option<usize>,
    /// Threads inside one run; throughput and accuracy use all cores through several sessions [default: 1]
    #[arg(long, value_name = "N", value_parser = positive, env = "BENCH_THREADS")]
    threads: Option<usize>,
    /// Seed of every random choice [default: 7]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64), env = "BENCH_SEED")]
    seed: Option<u64>,
    /// Graph optimization [default: all]
    #[arg(long, value_name = "LEVEL", env = "BENCH_OPTIMIZATION")]
    optimization: Option<Optimization>,
    /// Let idle pool threads sleep instead of spin (matters with --threads above 1)
    #[arg(long)]
    no_spin: bool,
    /// A setting of the runtime's own, such as session.qdqisint8allowed=1; repeatable
    #[arg(long = "session", value_name = "KEY=VALUE", value_parser = key_value)]
    session: Vec<(String, String)>,
}

/// How long to measure.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Measuring")]
pub struct TimingArgs {
    /// Most seconds of timed runs for each candidate; it ends earlier at --precision [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, env = "BENCH_TIME")]
    time: Option<f64>,
    /// Percent to which every speed-up is to be known: half the width of its interval [default: 1]
    #[arg(long, value_name = "PERCENT", value_parser = percent, env = "BENCH_PRECISION")]
    precision: Option<f64>,
}

/// Which images models were calibrated with.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub struct CalibrationArgs {
    /// Images that a model was calibrated with, a list of ids or a data set: warn where test images are among them
    #[arg(long, value_name = "LIST|PATH", env = "BENCH_CALIBRATION")]
    calibration: Option<PathBuf>,
    /// Split that those are of [default: that of the test for a list, else as for --data]
    #[arg(long, value_name = "NAME", env = "BENCH_CALIBRATION_SPLIT")]
    calibration_split: Option<String>,
}

/// Which images.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Images with labels: a folder with one folder a class, a list, or files of one of many formats (`bench list formats`)
    #[arg(long, value_name = "PATH", env = "BENCH_DATA")]
    data: Option<PathBuf>,
    /// Format, when it is not to be found from the content
    #[arg(long, value_name = "FORMAT", env = "BENCH_FORMAT")]
    format: Option<DatasetFormat>,
    /// Split, where the data set has several [default: test]
    #[arg(long, value_name = "NAME", env = "BENCH_SPLIT")]
    split: Option<String>,
    /// Column of a table with the images or their paths [default: found by type and name]
    #[arg(long, value_name = "NAME", env = "BENCH_IMAGE_COLUMN")]
    image_column: Option<String>,
    /// Column of a table with the labels [default: found by type and name]
    #[arg(long, value_name = "NAME", env = "BENCH_LABEL_COLUMN")]
    label_column: Option<String>,
    /// At most N images, drawn with the seed and stratified by class
    #[arg(long, value_name = "N", value_parser = positive, env = "BENCH_LIMIT")]
    limit: Option<usize>,
    /// What to do with an image that cannot be decoded [default: fail]
    #[arg(long, value_name = "WHAT", env = "BENCH_ON_BAD_IMAGE")]
    on_bad_image: Option<OnBadImage>,
    /// Most disk that decoded pixels may take, 0 for none [default: 4GiB]
    #[arg(long, value_name = "SIZE", env = "BENCH_CACHE_SIZE")]
    cache_size: Option<String>,
    /// Class names in label order, comma-separated; one that holds a comma in double quotes
    #[arg(long, value_name = "NAMES", env = "BENCH_CLASS_NAMES")]
    class_names: Vec<CommaList>,
    /// Only images of these true classes, likewise, by name or index
    #[arg(long, value_name = "CLASSES", env = "BENCH_CLASSES")]
    classes: Vec<CommaList>,
    /// Only images that have one of these values in a column of the data; repeatable
    #[arg(long = "where", value_name = "COLUMN=VALUE,…", value_parser = condition)]
    conditions: Vec<(String, Vec<String>)>,
    /// Only images whose ids are in this file, one a line
    #[arg(long, value_name = "FILE", env = "BENCH_LIST")]
    list: Option<PathBuf>,
    /// Columns whose values have an accuracy each, besides those with few values; comma-separated
    #[arg(long = "slice", value_name = "COLUMN", env = "BENCH_SLICE")]
    slices: Vec<CommaList>,
}

/// How images become tensors, and outputs become classes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Model input and output")]
pub struct ModelArgs {
    /// Named preprocessing: imagenet, keras-tf, fashion-mnist … (`bench list presets`)
    #[arg(long, value_name = "NAME", env = "BENCH_PRESET")]
    preset: Option<Preset>,
    /// Turn pictures upright as their EXIF says; Pillow and most training pipelines do not
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        env = "BENCH_EXIF_ORIENTATION"
    )]
    exif_orientation: Option<bool>,
    /// grey, rgb or bgr [default: from the model's input]
    #[arg(long, value_name = "ORDER", env = "BENCH_CHANNELS")]
    channels: Option<Channels>,
    /// Shorter side, WIDTHxHEIGHT, or none
    #[arg(long, value_name = "SIZE", env = "BENCH_RESIZE")]
    resize: Option<ResizeSetting>,
    /// Centre crop after the resize: a side, WIDTHxHEIGHT, or none
    #[arg(long, value_name = "SIZE", env = "BENCH_CROP")]
    crop: Option<CropSetting>,
    /// Which middle where the margin of the crop is odd: even (torchvision) or down (MLPerf, Keras)
    /// [default: even with pillow, else down]
    #[arg(long, value_name = "NAME", env = "BENCH_CROP_ROUNDING")]
    crop_rounding: Option<CropRounding>,
    /// Whether an image smaller than the crop gets black borders, as in torchvision [default: false]
    #[arg(long, value_name = "BOOL", env = "BENCH_PAD")]
    pad: Option<bool>,
    /// Whose resize: pillow (torchvision, timm, Hugging Face), pillow-exact (bit for bit, slower), opencv or
    /// tensorflow (Keras) [default: pillow]
    #[arg(long, value_name = "LIBRARY", env = "BENCH_RESAMPLER")]
    resampler: Option<Resampler>,
    /// nearest, box, bilinear, hamming, bicubic, lanczos or area [default: bilinear]
    #[arg(long, value_name = "NAME", env = "BENCH_FILTER")]
    filter: Option<Filter>,
    /// Whether the filter widens when shrinking, as Pillow's does [default: true with pillow, else false]
    #[arg(long, value_name = "BOOL", env = "BENCH_ANTIALIAS")]
    antialias: Option<bool>,
    /// raw (0 to 255), unit (0 to 1) or signed (-1 to 1) [default: unit]
    #[arg(long, value_name = "NAME", env = "BENCH_SCALE")]
    scale: Option<Scale>,
    /// Subtracted after scaling, one value or one a channel
    #[arg(
        long,
        value_name = "VALUES",
        value_delimiter = ',',
        env = "BENCH_MEAN",
        allow_negative_numbers = true
    )]
    mean: Vec<f32>,
    /// Divided by after the mean, one value or one a channel
    #[arg(long, value_name = "VALUES", value_delimiter = ',', env = "BENCH_STD")]
    std: Vec<f32>,
    /// nchw or nhwc [default: from the model's input]
    #[arg(long, value_name = "ORDER", env = "BENCH_LAYOUT")]
    layout: Option<Layout>,
    /// Name of the output with the scores, when there are several
    #[arg(long, value_name = "NAME", env = "BENCH_OUTPUT")]
    output: Option<String>,
    /// What the scores are [default: from the end of the graph]
    #[arg(long, value_name = "KIND", env = "BENCH_SCORES")]
    scores: Option<Activation>,
    /// Whether the first output is background, which is no class of the data (1001 outputs for ImageNet)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true, env = "BENCH_BACKGROUND_CLASS")]
    background_class: Option<bool>,
    /// Whether preprocessor_config.json and config.json beside the model are read [default: true]
    #[arg(long, value_name = "BOOL", env = "BENCH_CONFIG_FILES")]
    config_files: Option<bool>,
}

/// The settings of a command that evaluates and neither times nor judges.
#[derive(Args, Clone, Debug)]
pub struct EvaluationArgs {
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    model: ModelArgs,
}

impl EvaluationArgs {
    /// Two layers: what the flags say, and what the environment says.
    pub fn layers(&self, matches: &ArgMatches) -> [Layer; 2] {
        both(|source| self.said(&Given { matches, source }))
    }

    fn said(&self, given: &Given<'_>) -> Settings {
        Settings {
            data: self.data.settings(given),
            preprocess: self.model.preprocess(given),
            model: self.model.settings(given),
            measure: self.session.settings(given),
            ..Settings::default()
        }
    }
}

/// The layers of flags and environment.
fn both(said: impl Fn(ValueSource) -> Settings) -> [Layer; 2] {
    [
        Layer { source: Source::Flag, settings: said(ValueSource::CommandLine) },
        Layer { source: Source::Environment, settings: said(ValueSource::EnvVariable) },
    ]
}

/// All settings that can be given as flags or `BENCH_*` variables.
#[derive(Args, Clone, Debug)]
pub struct SettingArgs {
    #[command(flatten)]
    evaluation: EvaluationArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    calibration: CalibrationArgs,
    #[command(flatten)]
    /// What is accepted.
    pub criteria: CriteriaArgs,
}

impl SettingArgs {
    /// Two layers: what the flags say, and what the environment says.
    pub fn layers(&self, matches: &ArgMatches) -> [Layer; 2] {
        both(|source| {
            let given = Given { matches, source };
            let mut settings = self.evaluation.said(&given);
            settings.measure.time = given.one("time", &self.timing.time);
            settings.measure.precision = given.one("precision", &self.timing.precision);
            let CalibrationArgs { calibration, calibration_split } = &self.calibration;
            settings.data.calibration = given.one("calibration", calibration);
            settings.data.calibration_split = given.one("calibration_split", calibration_split);
            settings.verdict = self.criteria.said(matches, source);
            settings
        })
    }
}

/// Picks the values that came from one source.
struct Given<'a> {
    matches: &'a ArgMatches,
    source: ValueSource,
}

impl Given<'_> {
    fn has(&self, id: &str) -> bool {
        self.matches.value_source(id) == Some(self.source)
    }

    fn one<T: Clone>(&self, id: &str, value: &Option<T>) -> Option<T> {
        value.clone().filter(|_| self.has(id))
    }

    fn list<T: Clone>(&self, id: &str, values: &[T]) -> Option<Vec<T>> {
        (self.has(id) && !values.is_empty()).then(|| values.to_vec())
    }

    fn texts(&self, id: &str, lists: &[CommaList]) -> Option<Vec<String>> {
        self.list(id, &CommaList::flat(lists))
    }
}

impl SessionArgs {
    fn settings(&self, given: &Given<'_>) -> MeasureSettings {
        MeasureSettings {
            runtimes: given.list("runtimes", &self.runtimes),
            batch: given.one("batch", &self.batch),
            threads: given.one("threads", &self.threads),
            seed: given.one("seed", &self.seed),
            optimization: given.one("optimization", &self.optimization),
            spinning: (given.has("no_spin") && self.no_spin).then_some(false),
            session: given.list("session", &self.session).map(BTreeMap::from_iter).unwrap_or_default(),
            ..MeasureSettings::default()
        }
    }
}

impl DataArgs {
    fn settings(&self, given: &Given<'_>) -> DataSettings {
        DataSettings {
            path: given.one("data", &self.data),
            format: given.one("format", &self.format),
            split: given.one("split", &self.split),
            image_column: given.one("image_column", &self.image_column),
            label_column: given.one("label_column", &self.label_column),
            class_names: given.texts("class_names", &self.class_names),
            only_classes: given.texts("classes", &self.classes),
            conditions: given.list("conditions", &self.conditions).map(joined).unwrap_or_default(),
            list: given.one("list", &self.list),
            slices: given.texts("slices", &self.slices),
            limit: given.one("limit", &self.limit),
            on_bad_image: given.one("on_bad_image", &self.on_bad_image),
            cache_size: given.one("cache_size", &self.cache_size),
            ..DataSettings::default()
        }
    }
}

impl ModelArgs {
    fn settings(&self, given: &Given<'_>) -> ModelSettings {
        ModelSettings {
            output: given.one("output", &self.output),
            scores: given.one("scores", &self.scores),
            background_class: given.one("background_class", &self.background_class),
            config_files: given.one("config_files", &self.config_files),
        }
    }

    fn preprocess(&self, given: &Given<'_>) -> PreprocessSettings {
        PreprocessSettings {
            preset: given.one("preset", &self.preset),
            exif_orientation: given.one("exif_orientation", &self.exif_orientation),
            channels: given.one("channels", &self.channels),
            resize: given.one("resize", &self.resize),
            filter: given.one("filter", &self.filter),
            antialias: given.one("antialias", &self.antialias),
            crop: given.one("crop", &self.crop),
            crop_rounding: given.one("crop_rounding", &self.crop_rounding),
            pad: given.one("pad", &self.pad),
            resampler: given.one("resampler", &self.resampler),
            scale: given.one("scale", &self.scale),
            mean: given.list("mean", &self.mean),
            std: given.list("std", &self.std),
            layout: given.one("layout", &self.layout),
        }
    }
}

pub(super) fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 && number <= MOST => Ok(number),
        _ => Err(format!("it must be a whole number from 1 to {MOST}")),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST_SECONDS => Ok(seconds),
        _ => Err("it must be a number of seconds above 0 and at most 86400".into()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent),
        _ => Err("it must be a number of percent above 0 and at most 100".into()),
    }
}

fn condition(text: &str) -> Result<(String, Vec<String>), String> {
    match text.split_once('=') {
        // Nothing after the sign is the value of empty cells.
        Some((column, "")) if !column.is_empty() => Ok((column.into(), vec![String::new()])),
        Some((column, values)) if !column.is_empty() => Ok((column.into(), values.parse::<CommaList>()?.0)),
        _ => Err("write COLUMN=VALUE, or COLUMN=VALUE,VALUE for either".into()),
    }
}

/// A column that is named again has more values to choose from.
fn joined(conditions: Vec<(String, Vec<String>)>) -> BTreeMap<String, Vec<String>> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    conditions.into_iter().for_each(|(column, values)| columns.entry(column).or_default().extend(values));
    columns
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("write KEY=VALUE".into()),
    }
}
