//! Which images to evaluate on.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A data-set format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetFormat {
    /// The IDX files of MNIST and Fashion-MNIST, plain or `.gz`.
    Idx,
    /// The binary files of CIFAR-10 and CIFAR-100.
    Cifar,
    /// The pickled files of CIFAR-10 and CIFAR-100; nothing in them is run.
    CifarPython,
    /// Arrays of NumPy, called images and labels: an `.npz` file, or `.npy` files.
    Npz,
    /// Images of all classes in one folder, called cat.0.jpg, dog.0.jpg ….
    Prefixed,
    /// A folder with one folder of images a class.
    Folder,
    /// Parquet files with an image column, as Hugging Face data sets have them.
    Parquet,
    /// A list of image files with labels: CSV, TSV, JSON Lines, `val_map.txt`, `y_labels.csv`.
    Manifest,
    /// WebDataset shards: tar archives of `key.jpg` with `key.cls` or `key.json`.
    Webdataset,
}

impl DatasetFormat {
    /// Its name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idx => "idx",
            Self::Cifar => "cifar",
            Self::CifarPython => "cifar-python",
            Self::Npz => "npz",
            Self::Prefixed => "prefixed",
            Self::Folder => "folder",
            Self::Parquet => "parquet",
            Self::Manifest => "manifest",
            Self::Webdataset => "webdataset",
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

/// Which columns of a table hold what, where they are not to be found by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataColumns {
    /// The image or its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl DataColumns {
    fn is_unsaid(&self) -> bool {
        *self == Self::default()
    }
}

/// A data set and the part of it to use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetSpec {
    /// File or folder, or a pattern with braces for shards.
    #[serde(with = "super::path_text")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// The format, when it is not to be found from the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DatasetFormat>,
    /// `train`, `test` …, where the format has splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Columns of a table, where the user named them.
    #[serde(default, skip_serializing_if = "DataColumns::is_unsaid")]
    pub columns: DataColumns,
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
}

impl DatasetSpec {
    /// The whole data set at `path`, of whatever format it is.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            format: None,
            split: None,
            columns: DataColumns::default(),
            classes: Vec::new(),
            limit: None,
            seed: 7,
            on_bad_image: OnBadImage::default(),
        }
    }
}
