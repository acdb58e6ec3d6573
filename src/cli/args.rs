//! Flags that several commands share, and how they become a layer of settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};

use crate::error::{Error, Result};
use crate::plan::{
    Activation, DataSettings, DatasetFormat, Layer, MeasureSettings, ModelSettings, OnBadImage, Optimization,
    RuntimeSpec, Settings, Source,
};
use crate::preprocess::PreprocessSettings;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When standard output is a terminal and NO_COLOR is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to measure and where.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Measuring")]
pub struct MeasureArgs {
    /// Runtimes, comma-separated: ort, ort:cuda, tract [default: ort,tract]
    #[arg(long = "runtime", value_name = "NAME", value_delimiter = ',', env = "BENCH_RUNTIME")]
    runtimes: Vec<RuntimeSpec>,
    /// Images in one run of the throughput and accuracy passes [default: 32]
    #[arg(long, value_name = "N", value_parser = positive, env = "BENCH_BATCH")]
    batch: Option<usize>,
    /// Threads inside one run; throughput and accuracy use all cores through several sessions [default: 1]
    #[arg(long, value_name = "N", value_parser = positive, env = "BENCH_THREADS")]
    threads: Option<usize>,
    /// Seconds of timed runs for each candidate [default: 3]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, env = "BENCH_TIME")]
    time: Option<f64>,
    /// Seed of every random choice [default: 7]
    #[arg(long, value_name = "N", env = "BENCH_SEED")]
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

/// Which images.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Images with labels: a folder with one folder a class, or a folder of IDX files
    #[arg(long, value_name = "PATH", env = "BENCH_DATA")]
    data: Option<PathBuf>,
    /// Format, when it is not to be found from the content
    #[arg(long, value_name = "FORMAT", env = "BENCH_FORMAT")]
    format: Option<DatasetFormat>,
    /// Split, where the data set has several [default: test]
    #[arg(long, value_name = "NAME", env = "BENCH_SPLIT")]
    split: Option<String>,
    /// At most N images, drawn with the seed and stratified by class
    #[arg(long, value_name = "N", value_parser = positive, env = "BENCH_LIMIT")]
    limit: Option<usize>,
    /// What to do with an image that cannot be decoded [default: fail]
    #[arg(long, value_name = "WHAT", env = "BENCH_ON_BAD_IMAGE")]
    on_bad_image: Option<OnBadImage>,
    /// Class names in label order, comma-separated
    #[arg(long, value_name = "NAMES", value_delimiter = ',', env = "BENCH_CLASSES")]
    classes: Vec<String>,
}

/// How images become tensors, and outputs become classes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Model input and output")]
pub struct ModelArgs {
    /// Named preprocessing: imagenet, keras-tf, fashion-mnist … (`bench list presets`)
    #[arg(long, value_name = "NAME", env = "BENCH_PRESET")]
    preset: Option<String>,
    /// grey, rgb or bgr [default: from the model's input]
    #[arg(long, value_name = "ORDER", env = "BENCH_CHANNELS")]
    channels: Option<String>,
    /// Shorter side, or WIDTHxHEIGHT
    #[arg(long, value_name = "SIZE", env = "BENCH_RESIZE")]
    resize: Option<String>,
    /// Centre crop after the resize: a side, or WIDTHxHEIGHT
    #[arg(long, value_name = "SIZE", env = "BENCH_CROP")]
    crop: Option<String>,
    /// nearest, box, bilinear, bicubic or lanczos [default: bilinear]
    #[arg(long, value_name = "NAME", env = "BENCH_FILTER")]
    filter: Option<String>,
    /// Whether the filter widens when shrinking, as Pillow's does [default: true]
    #[arg(long, value_name = "BOOL", env = "BENCH_ANTIALIAS")]
    antialias: Option<bool>,
    /// raw (0 to 255), unit (0 to 1) or signed (-1 to 1) [default: unit]
    #[arg(long, value_name = "NAME", env = "BENCH_SCALE")]
    scale: Option<String>,
    /// Subtracted after scaling, one value or one a channel
    #[arg(long, value_name = "VALUES", value_delimiter = ',', env = "BENCH_MEAN", allow_negative_numbers = true)]
    mean: Vec<f64>,
    /// Divided by after the mean, one value or one a channel
    #[arg(long, value_name = "VALUES", value_delimiter = ',', env = "BENCH_STD")]
    std: Vec<f64>,
    /// nchw or nhwc [default: from the model's input]
    #[arg(long, value_name = "ORDER", env = "BENCH_LAYOUT")]
    layout: Option<String>,
    /// Name of the output with the scores, when there are several
    #[arg(long, value_name = "NAME", env = "BENCH_OUTPUT")]
    output: Option<String>,
    /// What the scores are [default: from the end of the graph]
    #[arg(long, value_name = "KIND", env = "BENCH_SCORES")]
    scores: Option<Activation>,
}

/// All settings that can be given as flags or `BENCH_*` variables.
#[derive(Args, Clone, Debug)]
pub struct SettingArgs {
    #[command(flatten)]
    measure: MeasureArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    model: ModelArgs,
}

impl SettingArgs {
    /// Two layers: what the flags say, and what the environment says.
    pub fn layers(&self, matches: &ArgMatches) -> Result<[Layer; 2]> {
        Ok([
            Layer { source: Source::Flag, settings: self.from(matches, ValueSource::CommandLine)? },
            Layer { source: Source::Environment, settings: self.from(matches, ValueSource::EnvVariable)? },
        ])
    }

    fn from(&self, matches: &ArgMatches, source: ValueSource) -> Result<Settings> {
        let given = Given { matches, source };
        Ok(Settings {
            data: self.data.settings(&given),
            preprocess: self.model.preprocess(&given)?,
            model: self.model.settings(&given),
            measure: self.measure.settings(&given),
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
}

impl MeasureArgs {
    fn settings(&self, given: &Given<'_>) -> MeasureSettings {
        MeasureSettings {
            runtimes: given.list("runtimes", &self.runtimes),
            batch: given.one("batch", &self.batch),
            threads: given.one("threads", &self.threads),
            time: given.one("time", &self.time),
            seed: given.one("seed", &self.seed),
            optimization: given.one("optimization", &self.optimization),
            spinning: (given.has("no_spin") && self.no_spin).then_some(false),
            session: given.list("session", &self.session).map(BTreeMap::from_iter).unwrap_or_default(),
        }
    }
}

impl DataArgs {
    fn settings(&self, given: &Given<'_>) -> DataSettings {
        DataSettings {
            path: given.one("data", &self.data),
            format: given.one("format", &self.format),
            split: given.one("split", &self.split),
            classes: given.list("classes", &self.classes),
            limit: given.one("limit", &self.limit),
            on_bad_image: given.one("on_bad_image", &self.on_bad_image),
        }
    }
}

impl ModelArgs {
    fn settings(&self, given: &Given<'_>) -> ModelSettings {
        ModelSettings { output: given.one("output", &self.output), scores: given.one("scores", &self.scores) }
    }

    /// The flags have the names and values of the settings file, so they are read as one.
    fn preprocess(&self, given: &Given<'_>) -> Result<PreprocessSettings> {
        let mut table = toml::Table::new();
        let texts = [
            ("preset", &self.preset),
            ("channels", &self.channels),
            ("filter", &self.filter),
            ("scale", &self.scale),
            ("layout", &self.layout),
        ];
        for (key, value) in texts {
            if let Some(value) = given.one(key, value) {
                table.insert(key.into(), value.into());
            }
        }
        for (key, value) in [("resize", &self.resize), ("crop", &self.crop)] {
            if let Some(value) = given.one(key, value) {
                table.insert(key.into(), size(key, &value)?);
            }
        }
        for (key, values) in [("mean", &self.mean), ("std", &self.std)] {
            if let Some(values) = given.list(key, values) {
                table.insert(key.into(), values.into());
            }
        }
        if let Some(antialias) = given.one("antialias", &self.antialias) {
            table.insert("antialias".into(), antialias.into());
        }
        table.try_into().map_err(|e: toml::de::Error| {
            Error::usage("a preprocessing flag is not understood").because(e.message()).help("see `bench compare --help`")
        })
    }
}

/// `224` or `320x240` as the settings file writes it: `224` or `[320, 240]`.
fn size(flag: &str, text: &str) -> Result<toml::Value> {
    let number = |part: &str| part.parse::<u32>().ok().filter(|&side| side > 0).map(i64::from);
    let parsed = match text.split_once('x') {
        Some((width, height)) => number(width).zip(number(height)).map(|(w, h)| vec![w, h].into()),
        None => number(text).map(toml::Value::from),
    };
    parsed.ok_or_else(|| {
        Error::usage(format!("--{flag} {text} is not a size")).help("write a side such as 224, or WIDTHxHEIGHT such as 320x240")
    })
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("it must be a whole number above 0".into()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("it must be a number of seconds above 0 and at most 86400".into()),
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("write KEY=VALUE".into()),
    }
}
