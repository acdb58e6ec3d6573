//! Which images to evaluate on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shard;

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

/// Which images of a data set are meant; all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Part {
    /// True classes, each by its name or its index; all where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Values by column; an image must have one of them in each column.
    #[serde(rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, Vec<String>>,
    /// File with the ids of the images, one a line.
    #[serde(with = "super::path_text::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub list: Option<PathBuf>,
}

impl Part {
    /// Whether every image is meant.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The conditions in words, one each: `classes cat, dog`, `source = phone or web`, `list ids.txt`.
    pub fn describe(&self) -> Vec<String> {
        let classes = (!self.classes.is_empty()).then(|| format!("classes {}", self.classes.join(", ")));
        let named = |value: &String| if value.is_empty() { "(none)".to_owned() } else { value.clone() };
        let values = |(column, values): (&String, &Vec<String>)| {
            format!("{column} = {}", values.iter().map(named).collect::<Vec<_>>().join(" or "))
        };
        let list = self.list.as_ref().map(|list| format!("list {}", list.display()));
        classes.into_iter().chain(self.conditions.iter().map(values)).chain(list).collect()
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
    pub class_names: Vec<String>,
    /// Whether those come from the model or the files that it ships with, which know nothing of this data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub model_names_classes: bool,
    /// The images that are meant.
    #[serde(default, skip_serializing_if = "Part::is_everything")]
    pub part: Part,
    /// At most this many of those, drawn with `seed`, stratified by class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The stretch of those that this job evaluates; all where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Columns that tell images apart in the report, besides those with few values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<String>,
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
            columns: DataColumns::default(),
            class_names: Vec::new(),
            model_names_classes: false,
            part: Part::default(),
            limit: None,
            shard: None,
            slices: Vec::new(),
            seed: 7,
            on_bad_image: OnBadImage::default(),
            cache_bytes: 0,
        }
    }
}
