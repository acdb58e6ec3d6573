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
    pub splits: fn(&DatasetSpec) -> Result<Vec<String>>,
    /// Which of its columns a user may name.
    named_columns: NamedColumns,
    /// What was looked for, in the words of an error: `looked for …, …, and …`.
    looked_for: &'static str,
}

/// Which columns of a format `--image-column` and `--label-column` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamedColumns {
    None,
    Labels,
    ImagesAndLabels,
}

impl Format {
    /// Refuses the name of a column that the format has none of: it would be passed over in silence.
    pub(super) fn check_columns(&self, spec: &DatasetSpec) -> Result<()> {
        let images = spec.columns.image.is_some() && self.named_columns != NamedColumns::ImagesAndLabels;
        let labels = spec.columns.label.is_some() && self.named_columns == NamedColumns::None;
        let flag = match (images, labels) {
            (true, _) => "--image-column",
            (false, true) => "--label-column",
            (false, false) => return Ok(()),
        };
        Err(Error::usage(format!("`{flag}` says nothing here: data of format {} have no such column", self.format.name()))
            .at_path(&spec.path)
            .help(format!(
                "leave it out, also of bench.toml and the environment; columns are named of .csv, .tsv and .jsonl files and of Parquet{}",
                if images { "" } else { ", and fields of the JSON of WebDataset" }
            )))
    }
}

/// In the order in which they are tried: those with a signature of their own come first.
const FORMATS: &[Format] = &[
    Format {
        format: DatasetFormat::Idx,
        is_here: idx::is_here,
        list: idx::list,
        splits: |spec| idx::splits(&spec.path),
        named_columns: NamedColumns::None,
        looked_for: "IDX files (such as t10k-images-idx3-ubyte with t10k-labels-idx1-ubyte, plain or .gz)",
    },
    Format {
        format: DatasetFormat::Cifar,
        is_here: cifar::binary::is_here,
        list: cifar::binary::list,
        splits: |spec| cifar::binary::splits(&spec.path),
        named_columns: NamedColumns::Labels,
        looked_for: "CIFAR's binary files (test_batch.bin and data_batch_1.bin …, or test.bin and train.bin)",
    },
    Format {
        format: DatasetFormat::CifarPython,
        is_here: cifar::python::is_here,
        list: cifar::python::list,
        splits: |spec| cifar::python::splits(&spec.path),
        named_columns: NamedColumns::Labels,
        looked_for: "CIFAR's Python files (test_batch and data_batch_1 …, or test and train)",
    },
    Format {
        format: DatasetFormat::Parquet,
        is_here: parquet::is_here,
        list: parquet::list,
        splits: |spec| parquet::splits(&spec.path),
        named_columns: NamedColumns::ImagesAndLabels,
        looked_for: "Parquet files with a column of images, as Hugging Face data sets have them",
    },
    Format {
        format: DatasetFormat::Manifest,
        is_here: manifest::is_here,
        list: manifest::list,
        splits: manifest::splits,
        named_columns: NamedColumns::ImagesAndLabels,
        looked_for: "a .csv, .tsv or .jsonl file with columns path and label, val_map.txt or y_labels.csv",
    },
    Format {
        format: DatasetFormat::Prefixed,
        is_here: prefixed::is_here,
        list: prefixed::list,
        splits: |spec| prefixed::splits(&spec.path),
        named_columns: NamedColumns::None,
        looked_for: "a folder of images called cat.0.jpg, dog.0.jpg …",
    },
    Format {
        format: DatasetFormat::Folder,
        is_here: folder::is_here,
        list: folder::list,
        splits: |spec| folder::splits(&spec.path),
        named_columns: NamedColumns::None,
        looked_for: "a folder with one folder of .jpg, .jpeg, .jfif, .png, .bmp, .webp or .gif images a class",
    },
    // Behind the folder: an archive that was downloaded often lies beside what was unpacked from it.
    Format {
        format: DatasetFormat::Webdataset,
        is_here: webdataset::is_here,
        list: webdataset::list,
        splits: |spec| webdataset::splits(&spec.path),
        named_columns: NamedColumns::Labels,
        looked_for: "WebDataset shards (.tar, a folder of them, or NAME-{000..012}.tar)",
    },
    // After folders of images, beside which arrays of other things may lie.
    Format {
        format: DatasetFormat::Npz,
        is_here: arrays::is_here,
        list: arrays::list,
        splits: |spec| arrays::splits(&spec.path),
        named_columns: NamedColumns::None,
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
            match format.format {
                DatasetFormat::Folder => unclear::refuse_list_beside_one_class(&spec.path)?,
                DatasetFormat::Parquet => unclear::refuse_images_beside_parquet(&spec.path)?,
                _ => {}
            }
            return Ok(format);
        }
    }
    Err(unclear::unknown(&spec.path, &looked_for()))
}

/// Whether the folder at `path` is a data set of a known format.
pub(super) fn is_known(path: &Path) -> bool {
    FORMATS.iter().any(|format| (format.is_here)(path).unwrap_or(false))
}

/// Every format, in the order in which they are tried, and what is looked for.
pub fn known() -> impl Iterator<Item = (DatasetFormat, &'static str)> {
    FORMATS.iter().map(|format| (format.format, format.looked_for))
}

fn looked_for() -> String {
    let each: Vec<&str> = FORMATS.iter().map(|format| format.looked_for).collect();
    format!("looked for {}", each.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::empty_files::folder_of;
    use crate::dataset::open;
    use crate::plan::DataColumns;

    #[test]
    fn folders_of_images_beside_folders_of_parquet_are_not_chosen_between() {
        let of_file = |names: &[&str]| of(&DatasetSpec::at(folder_of(names).path())).map(|it| it.format);
        for export in ["exports/a.parquet", "exports/test/0000.parquet", "test/0000.parquet"] {
            for image in ["cat/1.png", "train/cat/1.png"] {
                let folder = folder_of(&[export, image]);
                let error = of(&DatasetSpec::at(folder.path())).err().unwrap();
                assert!(error.what.contains(image.split('/').next().unwrap()), "{export}, {image}: {error}");
                assert!(error.help.unwrap().contains("--format folder"));
                for asked in [DatasetFormat::Folder, DatasetFormat::Parquet] {
                    let spec = DatasetSpec { format: Some(asked), ..DatasetSpec::at(folder.path()) };
                    assert_eq!(of(&spec).unwrap().format, asked);
                }
            }
        }
        // Rows may name images beside their file, and a table at the top is the data set's.
        for clear in [&["test/0.parquet", "test/images/1.png"][..], &["test.parquet", "cat/1.png"]] {
            assert_eq!(of_file(clear).unwrap(), DatasetFormat::Parquet, "{clear:?}");
        }
    }

    #[test]
    fn a_column_of_data_that_has_none_is_refused_by_its_flag() {
        let scenes: [&[&str]; 3] =
            [&["a/1.png", "b/1.png"], &["t10k-images-idx3-ubyte"], &["cat.0.jpg", "dog.0.jpg"]];
        for names in scenes {
            let folder = folder_of(names);
            let refused = |image: Option<&str>, label: Option<&str>| {
                let columns =
                    DataColumns { image: image.map(str::to_owned), label: label.map(str::to_owned) };
                open(&DatasetSpec { columns, ..DatasetSpec::at(folder.path()) }).err().unwrap()
            };
            let error = refused(None, Some("class"));
            assert!(error.what.starts_with("`--label-column` says nothing here"), "{names:?}: {error}");
            assert!(error.help.unwrap().contains("WebDataset"));
            assert!(refused(Some("image"), None).what.starts_with("`--image-column`"), "{names:?}");
        }
        let columns = DataColumns { image: Some("jpg".into()), label: None };
        let shards =
            DatasetSpec { columns, ..DatasetSpec::at("fixtures/shards/shapes/shapes-test-000000.tar") };
        assert!(open(&shards).err().unwrap().what.starts_with("`--image-column`"));
    }
}
