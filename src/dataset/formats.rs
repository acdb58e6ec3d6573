//! The formats that are known, and which of them a path is.

use std::path::Path;

use super::{Content, folder, idx, unreadable};
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
    /// What was looked for, in the words of an error: `looked for …, …, and …`.
    looked_for: &'static str,
}

/// In the order in which they are tried: those with a signature of their own come first.
const FORMATS: &[Format] = &[
    Format {
        format: DatasetFormat::Idx,
        is_here: idx::is_here,
        list: idx::list,
        looked_for: "IDX files (such as t10k-images-idx3-ubyte with t10k-labels-idx1-ubyte, plain or .gz)",
    },
    Format {
        format: DatasetFormat::Folder,
        is_here: folder::is_here,
        list: folder::list,
        looked_for: "a folder with one folder of .jpg, .jpeg, .png, .bmp, .webp or .gif images a class",
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
    if let Err(cause) = spec.path.metadata() {
        return Err(
            unreadable(&spec.path, &cause).help("check the path; `--data` takes a file or a folder")
        );
    }
    for format in FORMATS {
        if (format.is_here)(&spec.path)? {
            return Ok(format);
        }
    }
    Err(Error::unusable("this is no data set of a known format").at_path(&spec.path).help(looked_for()))
}

fn looked_for() -> String {
    let each: Vec<&str> = FORMATS.iter().map(|format| format.looked_for).collect();
    format!("looked for {}", each.join("; "))
}
