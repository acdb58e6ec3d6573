//! Settings in layers: flags, environment, `bench.toml`, the model's own metadata, the files that it
//! ships with. The first layer that says something about a setting wins, and every setting remembers
//! which one it was.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{Activation, DatasetFormat, GateSettings, OnBadImage, Optimization, RuntimeSpec, cache_size};
use crate::error::{Error, Result};
use crate::preprocess::PreprocessSettings;

/// Most images in a batch, threads in a run, and images in a limit.
pub const MOST: usize = 1_000_000_000;

/// Most seconds of timed runs: a day.
pub const LONGEST_SECONDS: f64 = 86_400.0;

/// Name of the settings file.
pub const FILE_NAME: &str = "bench.toml";

/// Everything that can be set; what is absent is left to the layers below.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `[data]`: which images.
    #[serde(skip_serializing_if = "is_default")]
    pub data: DataSettings,
    /// `[preprocess]`: image to tensor.
    #[serde(skip_serializing_if = "is_default")]
    pub preprocess: PreprocessSettings,
    /// `[model]`: how to read the output.
    #[serde(skip_serializing_if = "is_default")]
    pub model: ModelSettings,
    /// `[measure]`: where and how long to measure.
    #[serde(skip_serializing_if = "is_default")]
    pub measure: MeasureSettings,
    /// `[verdict]`: what is accepted.
    #[serde(skip_serializing_if = "is_default")]
    pub verdict: VerdictSettings,
    /// `[gate]`: what fails a candidate.
    #[serde(skip_serializing_if = "is_default")]
    pub gate: GateSettings,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Which images to evaluate on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// File or folder; in a settings file, relative to it.
    #[serde(with = "super::path_text::option", skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Format, when it is not to be found from the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<DatasetFormat>,
    /// Split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Column of a table with the images or their paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_column: Option<String>,
    /// Column of a table with the labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Class names in label order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_names: Option<Vec<String>>,
    /// Only images of these true classes, by name or index. Not called `classes` here, so that names
    /// and choice are not taken for each other.
    #[serde(rename = "classes", skip_serializing_if = "Option::is_none")]
    pub only_classes: Option<Vec<String>>,
    /// Only images that have one of these values in each of these columns.
    #[serde(rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, Vec<String>>,
    /// Only images whose ids are in this file; in a settings file, relative to it.
    #[serde(with = "super::path_text::option", skip_serializing_if = "Option::is_none")]
    pub list: Option<PathBuf>,
    /// The images that models were calibrated with, to hold those of the test against: a list of ids, or
    /// a data set; in a settings file, relative to it.
    #[serde(with = "super::path_text::option", skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
    /// The split that the images for calibration are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration_split: Option<String>,
    /// Columns that tell images apart in the report, however many values they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slices: Option<Vec<String>>,
    /// At most this many images, stratified by class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// What to do with an image that cannot be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_bad_image: Option<OnBadImage>,
    /// Most disk that decoded pixels may take: `4GiB`, `0` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_size: Option<String>,
}

/// How to read the model's output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Name of the output with the scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What its numbers are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<Activation>,
    /// Whether the first score is that of background, which is no class of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_class: Option<bool>,
    /// Whether `preprocessor_config.json` and `config.json` beside the model are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_files: Option<bool>,
}

/// Where and how long to measure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeasureSettings {
    /// Runtimes to measure in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtimes: Option<Vec<RuntimeSpec>>,
    /// Images in one run of the throughput and accuracy passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Threads inside one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Most seconds of timed runs at batch 1 for each candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
    /// Percent to which every ratio of latencies is to be known: the measurement ends when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// Seed of everything random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Graph optimization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimization: Option<Optimization>,
    /// Whether idle pool threads spin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spinning: Option<bool>,
    /// Settings of the runtime's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub session: BTreeMap<String, String>,
}

/// What is accepted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct VerdictSettings {
    /// Accuracy that may be lost: `0.5` percentage points, `99%-of-baseline`, `110%-of-errors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<String>,
    /// Percent below which a difference of latency, throughput, size or memory is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_effect: Option<f64>,
    /// Resamples behind the intervals of figures that have no formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resamples: Option<u32>,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag.
    Flag,
    /// A `BENCH_*` variable.
    Environment,
    /// A settings file.
    File(PathBuf),
    /// The model's `metadata_props`.
    Metadata(PathBuf),
    /// A file that the model ships with, and the field of it.
    Beside(PathBuf, String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Metadata(path) => write!(f, "metadata of {}", path.display()),
            Self::Beside(path, field) => write!(f, "{}: {field}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// What one source says.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Who says it.
    pub source: Source,
    /// What it says.
    pub settings: Settings,
}

/// Settings merged from all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The winners.
    pub settings: Settings,
    /// For each setting given anywhere, `section.key`: who won.
    pub sources: BTreeMap<String, Source>,
}

impl Resolved {
    /// Flags are checked as they are read; files are not, so everything is checked here.
    fn validate(&self) -> Result<()> {
        let (measure, data) = (&self.settings.measure, &self.settings.data);
        let counts = [
            ("measure.batch", measure.batch),
            ("measure.threads", measure.threads),
            ("data.limit", data.limit),
        ];
        for (key, count) in counts {
            if count.is_some_and(|count| count == 0 || count > MOST) {
                return Err(self.out_of_range(key, &format!("a whole number from 1 to {MOST}")));
            }
        }
        if measure.precision.is_some_and(|percent| !(percent > 0.0 && percent <= 100.0)) {
            return Err(self.out_of_range("measure.precision", "a number of percent above 0 and at most 100"));
        }
        if let Some(Err(error)) = data.cache_size.as_deref().map(cache_size::bytes) {
            return Err(error.at(format!("data.cache_size, {}", self.source("data.cache_size"))));
        }
        let verdict = &self.settings.verdict;
        if verdict.min_effect.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err(self.out_of_range("verdict.min_effect", "a number of percent from 0 to 100"));
        }
        if verdict.resamples.is_some_and(|count| !(100..=1_000_000).contains(&count)) {
            return Err(self.out_of_range("verdict.resamples", "a whole number from 100 to 1000000"));
        }
        match measure.time {
            Some(time) if !(time > 0.0 && time <= LONGEST_SECONDS) => {
                Err(self.out_of_range("measure.time", "a number of seconds above 0 and at most 86400"))
            }
            _ => Ok(()),
        }
    }

    fn out_of_range(&self, key: &str, wanted: &str) -> Error {
        Error::usage(format!("{key} must be {wanted}")).at(self.source(key).to_string())
    }

    /// Who decided `section.key`.
    pub fn source(&self, key: &str) -> &Source {
        self.sources.get(key).unwrap_or(&Source::Default)
    }
}

/// Merges layers, strongest first.
pub fn resolve(layers: &[Layer]) -> Result<Resolved> {
    let mut merged = Table::new();
    let mut sources = BTreeMap::new();
    for layer in layers {
        let mut settings = layer.settings.clone();
        settings.preprocess = settings.preprocess.expanded();
        let table = Table::try_from(&settings)
            .map_err(|e| Error::usage("settings cannot be merged").because(e).at(layer.source.to_string()))?;
        overlay(&mut merged, table, &layer.source, &mut sources);
    }
    let settings = merged
        .try_into()
        .map_err(|e: toml::de::Error| Error::usage("settings cannot be merged").because(e))?;
    let resolved = Resolved { settings, sources };
    resolved.validate()?;
    Ok(resolved)
}

fn overlay(merged: &mut Table, layer: Table, source: &Source, sources: &mut BTreeMap<String, Source>) {
    for (section, value) in layer {
        let Value::Table(keys) = value else { continue };
        let Value::Table(known) = merged.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()))
        else {
            continue;
        };
        let foreign: Vec<&str> = if section == "preprocess" { foreign(known, &keys) } else { Vec::new() };
        for (key, value) in keys {
            if known.contains_key(&key) || foreign.contains(&key.as_str()) {
                continue;
            }
            sources.insert(format!("{section}.{key}"), source.clone());
            known.insert(key, value);
        }
    }
}

/// What a weaker layer says in vain: mean and deviation belong to its scale, antialiasing and the
/// rounding of the crop to its resampler, and here is another.
fn foreign(stronger: &Table, weaker: &Table) -> Vec<&'static str> {
    let belonging = [("scale", ["mean", "std"]), ("resampler", ["antialias", "crop_rounding"])];
    let another = |key: &str| matches!((stronger.get(key), weaker.get(key)), (Some(here), Some(there)) if here != there);
    belonging.into_iter().filter(|(key, _)| another(key)).flat_map(|(_, keys)| keys).collect()
}

/// The settings file that applies: beside the model, else upward from `working`.
pub fn discover(model: &Path, working: &Path) -> Option<PathBuf> {
    let beside = model.parent().map(|folder| folder.join(FILE_NAME));
    let upward = working.ancestors().map(|folder| folder.join(FILE_NAME));
    // Whatever has the name is meant: one that is no file is refused when it is read.
    beside.into_iter().chain(upward).find(|path| path.symlink_metadata().is_ok())
}

/// Reads a settings file; a data path in it becomes relative to the file.
pub fn read_file(path: &Path) -> Result<Layer> {
    let unreadable = |cause: &dyn fmt::Display| {
        Error::usage("the settings file cannot be read").because(cause).at_path(path).help(format!(
            "a file of the name {FILE_NAME} holds settings; repair, rename or remove what is there"
        ))
    };
    if !path.metadata().map_err(|e| unreadable(&e))?.is_file() {
        return Err(unreadable(&"it is a folder, or something else that is no file"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(&e))?;
    let mut settings: Settings = toml::from_str(&text).map_err(|e| {
        Error::usage("the settings file is not understood")
            .because(e.message())
            .at(place_in(path, &text, e.span()))
            .help("docs/guide.md lists every setting")
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let data = &mut settings.data;
    for place in [&mut data.path, &mut data.list, &mut data.calibration].into_iter().flatten() {
        *place = folder.join(&place);
    }
    Ok(Layer { source: Source::File(path.to_owned()), settings })
}

fn place_in(path: &Path, text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let line = span.and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(source: Source, text: &str) -> Layer {
        Layer { source, settings: toml::from_str(text).unwrap() }
    }

    #[test]
    fn the_first_layer_wins_and_is_remembered() {
        let file = Source::File("bench.toml".into());
        let resolved = resolve(&[
            layer(Source::Flag, "[measure]\nbatch = 8"),
            layer(file.clone(), "[measure]\nbatch = 64\nthreads = 2\n[data]\npath = \"d\""),
        ])
        .unwrap();
        assert_eq!(resolved.settings.measure.batch, Some(8));
        assert_eq!(resolved.settings.measure.threads, Some(2));
        assert_eq!(resolved.source("measure.batch"), &Source::Flag);
        assert_eq!(resolved.source("measure.threads"), &file);
        assert_eq!(resolved.source("measure.seed"), &Source::Default);
    }

    #[test]
    fn a_scale_hides_the_mean_of_the_layers_below() {
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nscale = \"signed\""),
            layer(
                Source::Metadata("m.onnx".into()),
                "[preprocess]\nscale = \"unit\"\nmean = [0.3]\nstd = [0.4]\nchannels = \"grey\"",
            ),
        ])
        .unwrap();
        assert_eq!(resolved.settings.preprocess.mean, None);
        assert!(resolved.settings.preprocess.channels.is_some());
    }

    #[test]
    fn a_resampler_hides_the_antialiasing_of_the_layers_below() {
        let file = Source::Beside("preprocessor_config.json".into(), "resample".into());
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nresampler = \"opencv\""),
            layer(
                file.clone(),
                "[preprocess]\nresampler = \"pillow\"\nfilter = \"bicubic\"\nantialias = true",
            ),
        ])
        .unwrap();
        assert_eq!(resolved.settings.preprocess.antialias, None);
        assert_eq!(resolved.source("preprocess.filter"), &file);
        assert_eq!(resolved.source("preprocess.filter").to_string(), "preprocessor_config.json: resample");
    }

    #[test]
    fn a_preset_counts_as_said_by_the_layer_that_names_it() {
        let file = Source::File("bench.toml".into());
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nmean = [0.5]"),
            layer(file.clone(), "[preprocess]\npreset = \"fashion-mnist\""),
        ])
        .unwrap();
        assert_eq!(resolved.settings.preprocess.mean, Some(vec![0.5]));
        assert_eq!(resolved.source("preprocess.mean"), &Source::Flag);
        assert_eq!(resolved.source("preprocess.std"), &file);
    }

    #[test]
    fn values_out_of_range_are_refused_with_their_source() {
        for text in
            ["batch = 0", "threads = 0", "time = -1.0", "time = nan", "time = 1e300", "precision = 0.0"]
        {
            let file = Source::File("bench.toml".into());
            let error = resolve(&[layer(file, &format!("[measure]\n{text}"))]).unwrap_err();
            assert_eq!(error.place.as_deref(), Some("bench.toml"), "{text}");
        }
    }

    #[test]
    fn a_folder_in_the_place_of_the_file_is_found_and_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::create_dir(&path).unwrap();
        assert_eq!(discover(&folder.path().join("m.onnx"), Path::new("/")), Some(path.clone()));
        let error = read_file(&path).unwrap_err();
        assert!(error.cause.unwrap().contains("folder") && error.help.unwrap().contains("rename"));
    }

    #[test]
    fn an_unknown_setting_is_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "[measure]\nbatch = 8\nbatchs = 9\n").unwrap();
        let error = read_file(&path).unwrap_err();
        assert!(error.place.unwrap().ends_with("bench.toml:3"));
        assert!(error.cause.unwrap().contains("batchs"));
    }

    #[test]
    fn a_data_path_is_relative_to_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let text = "[data]\npath = \"images\"\nlist = \"ids.txt\"\ncalibration = \"calib\"\n";
        std::fs::write(&path, text).unwrap();
        let data = read_file(&path).unwrap().settings.data;
        let beside = |name: &str| Some(folder.path().join(name));
        assert_eq!(data.path, beside("images"));
        assert_eq!((data.list, data.calibration), (beside("ids.txt"), beside("calib")));
    }

    #[test]
    fn names_of_classes_a_choice_of_them_and_conditions_are_read_by_their_keys() {
        let text =
            "[data]\nclass_names = [\"a\", \"b\"]\nclasses = [\"b\"]\nwhere = { source = [\"web\"] }\n";
        let weaker = layer(Source::File("bench.toml".into()), text);
        let resolved = resolve(&[layer(Source::Flag, "[data]\nclasses = [\"a\"]"), weaker]).unwrap();
        let data = &resolved.settings.data;
        assert_eq!(data.only_classes, Some(vec!["a".into()]));
        assert_eq!(data.class_names, Some(vec!["a".into(), "b".into()]));
        assert_eq!(data.conditions, [("source".into(), vec!["web".into()])].into());
        assert_eq!(resolved.source("data.classes"), &Source::Flag);
    }

    #[test]
    fn the_file_beside_the_model_goes_before_the_one_above_the_working_directory() {
        let folder = tempfile::tempdir().unwrap();
        let (models, work) = (folder.path().join("models"), folder.path().join("work/deep"));
        std::fs::create_dir_all(&models).unwrap();
        std::fs::create_dir_all(&work).unwrap();
        std::fs::write(folder.path().join("work").join(FILE_NAME), "").unwrap();
        let model = models.join("m.onnx");
        assert_eq!(discover(&model, &work), Some(folder.path().join("work").join(FILE_NAME)));
        std::fs::write(models.join(FILE_NAME), "").unwrap();
        assert_eq!(discover(&model, &work), Some(models.join(FILE_NAME)));
    }
}
