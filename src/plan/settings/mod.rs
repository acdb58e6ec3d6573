//! Settings in layers: flags, environment, `bench.toml`, the model's own metadata, the files that it
//! ships with. The first layer that says something about a setting wins, and every setting remembers
//! which one it was.
//!
//! | | |
//! |---|---|
//! | here | everything that can be set |
//! | `layers` | what each source says, and who wins |
//! | `file` | `bench.toml`: which one applies, and what is in it |

mod file;
mod layers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file::{discover, read_file};
pub use layers::{Layer, Resolved, Source, resolve};

use super::{Activation, DatasetFormat, GateSettings, OnBadImage, Optimization, RuntimeSpec};
use crate::preprocess::PreprocessSettings;

/// Most images in a batch, threads in a run, and images in a limit.
pub const MOST: usize = 1_000_000_000;

/// Most seconds of timed runs: a day.
pub const LONGEST_SECONDS: f64 = 86_400.0;

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
    #[serde(with = "crate::plan::path_text::option", skip_serializing_if = "Option::is_none")]
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
    #[serde(with = "crate::plan::path_text::option", skip_serializing_if = "Option::is_none")]
    pub list: Option<PathBuf>,
    /// The images that models were calibrated with, to hold those of the test against: a list of ids, or
    /// a data set; in a settings file, relative to it.
    #[serde(with = "crate::plan::path_text::option", skip_serializing_if = "Option::is_none")]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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

impl VerdictSettings {
    /// Whether nobody said anything.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
