//! Which images to evaluate on.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A data-set format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DatasetFormat {
    /// The IDX files of MNIST and Fashion-MNIST, plain or `.gz`.
    Idx,
    /// A folder with one folder of images a class.
    Folder,
}

impl DatasetFormat {
    /// Its name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idx => "idx",
            Self::Folder => "folder",
        }
    }
}

/// What to do with an image that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnBadImage {
    /// End the evaluation with an error that names the image.
    #[default]
    Fail,
    /// Leave it out, count it and list it.
    Skip,
}

/// A data set and the part of it to use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetSpec {
    /// File or folder.
    #[serde(with = "super::path_text")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// The format, when it is not to be found from the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DatasetFormat>,
    /// `train`, `test` …, where the format has splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Class names that replace the data set's own, in label order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// At most this many images, drawn with `seed`, stratified by class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Seed of the draw.
    pub seed: u64,
    /// What to do with an image that cannot be decoded.
    #[serde(default)]
    pub on_bad_image: OnBadImage,
    /// Most bytes that decoded pixels may take on disk, those of other data included; 0 for none.
    #[serde(default)]
    pub cache_bytes: u64,
}

impl DatasetSpec {
    /// The whole data set at `path`, of whatever format it is.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            format: None,
            split: None,
            classes: Vec::new(),
            limit: None,
            seed: 7,
            on_bad_image: OnBadImage::default(),
            cache_bytes: 0,
        }
    }
}
