//! The formats that are known, and which of them a path is.

use std::path::Path;

use super::{
    Content, arrays, cifar, folder, idx, manifest, parquet, prefixed, unclear, unreadable, webdataset,
};
use crate::error::{Error, Result};
use crate::plan::{DatasetFormat, DatasetSpec};

/// A way in which images with labels lie on disk.
pub(super) struct Format {
    /// Its name.
    pub format: DatasetFormat,
    /// Whether it is what lies at a path that exists. Looks at names and first bytes, not at all.
    is_here: fn(&Path) -> Result<bool>,
    /// Lists the images of the split that is asked for; decodes none.
    pub list: fn(&DatasetSpec) -> Result<Content>,
    /// Names the splits that `list` can be asked for; none where there is but one list of images.
    pub splits: fn(&Path) -> Result<Vec<String>>,
    /// What was looked for, in the words of an error: `looked for …, …, and …`.
    looked_for: &'static str,
}

/// In the order in which they are tried: those with a signature of their own come first.
const FORMATS: &[Format] = &[
    Format {
        format: DatasetFormat::Idx,
        is_here: idx::is_here,
        list: idx::list,
        splits: idx::splits,
        looked_for: "IDX files (such as t10k-images-idx3-ubyte with t10k-labels-idx1-ubyte, plain or .gz)",
    },
    Format {
        format: DatasetFormat::Cifar,
        is_here: cifar::binary::is_here,
        list: cifar::binary::list,
        splits: cifar::binary::splits,
        looked_for: "CIFAR's binary files (test_batch.bin and data_batch_1.bin …, or test.bin and train.bin)",
    },
    Format {
        format: DatasetFormat::CifarPython,
        is_here: cifar::python::is_here,
        list: cifar::python::list,
        splits: cifar::python::splits,
        looked_for: "CIFAR's Python files (test_batch and data_batch_1 …, or test and train)",
    },
    Format {
        format: DatasetFormat::Parquet,
        is_here: parquet::is_here,
        list: parquet::list,
        splits: parquet::splits,
        looked_for: "Parquet files with a column of images, as Hugging Face data sets have them",
    },
    Format {
        format: DatasetFormat::Manifest,
        is_here: manifest::is_here,
        list: manifest::list,
        splits: manifest::splits,
        looked_for: "a .csv, .tsv or .jsonl file with columns path and label, val_map.txt or y_labels.csv",
    },
    Format {
        format: DatasetFormat::Prefixed,
        is_here: prefixed::is_here,
        list: prefixed::list,
        splits: prefixed::splits,
        looked_for: "a folder of images called cat.0.jpg, dog.0.jpg …",
    },
    Format {
        format: DatasetFormat::Folder,
        is_here: folder::is_here,
        list: folder::list,
        splits: folder::splits,
        looked_for: "a folder with one folder of .jpg, .jpeg, .png, .bmp, .webp or .gif images a class",
    },
    // Behind the folder: an archive that was downloaded often lies beside what was unpacked from it.
    Format {
        format: DatasetFormat::Webdataset,
        is_here: webdataset::is_here,
        list: webdataset::list,
        splits: webdataset::splits,
        looked_for: "WebDataset shards (.tar, a folder of them, or NAME-{000..012}.tar)",
    },
    // After folders of images, beside which arrays of other things may lie.
    Format {
        format: DatasetFormat::Npz,
        is_here: arrays::is_here,
        list: arrays::list,
        splits: arrays::splits,
        looked_for: "an .npz file, or .npy files, with arrays called images and labels, or x_test and y_test",
    },
];

/// The format that `spec` asks for, or that is found at its path.
pub(super) fn of(spec: &DatasetSpec) -> Result<&'static Format> {
    if let Some(asked) = spec.format {
        return FORMATS
            .iter()
            .find(|format| format.format == asked)
            .ok_or_else(|| Error::usage(format!("format `{}` cannot be read", asked.name())));
    }
    match spec.path.metadata() {
        // A pattern stands for files without being one.
        Err(cause) if !webdataset::is_pattern(&spec.path) => {
            return Err(
                unreadable(&spec.path, &cause).help("check the path; `--data` takes a file or a folder")
            );
        }
        _ => {}
    }
    for format in FORMATS {
        if (format.is_here)(&spec.path)? {
            if format.format == DatasetFormat::Folder {
                unclear::refuse_list_beside_one_class(&spec.path)?;
            }
            return Ok(format);
        }
    }
    Err(unclear::unknown(&spec.path, &looked_for()))
}

/// Every format, in the order in which they are tried, and what is looked for.
pub fn known() -> impl Iterator<Item = (DatasetFormat, &'static str)> {
    FORMATS.iter().map(|format| (format.format, format.looked_for))
}

fn looked_for() -> String {
    let each: Vec<&str> = FORMATS.iter().map(|format| format.looked_for).collect();
    format!("looked for {}", each.join("; "))
}
