//! Data sets as users have them on disk. Listing is cheap; only [`Dataset::image`] reads pixels.
//!
//! To add a format: a file here that lists a `Content`, and one arm in [`open`].

mod classes;
mod decode;
mod folder;
mod identity;
mod idx;
mod idx_file;
mod subset;

use std::path::Path;

use sha2::Sha256;

pub use crate::preprocess::Image;
pub use decode::decode;

use crate::error::{Error, Result};
use crate::plan::{DatasetFormat, DatasetSpec};
use crate::record::DatasetIdentity;

/// One image's name and truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable name within the data set: the path below the root, or the index.
    pub id: String,
    /// Index of the true class.
    pub label: u32,
}

/// Images with labels, addressed by index. Called from many threads at once.
pub trait Dataset: Send + Sync {
    /// What it is, by content.
    fn identity(&self) -> &DatasetIdentity;

    /// Ids and labels in order.
    fn entries(&self) -> &[Entry];

    /// Reads and decodes image `index`. The error names the image.
    fn image(&self, index: usize) -> Result<Image>;
}

/// Opens the data set that `spec` describes. The format is found from the content when it is not
/// given. Everything that is wrong with names, labels and counts comes out here, before the first
/// image is decoded.
pub fn open(spec: &DatasetSpec) -> Result<Box<dyn Dataset>> {
    let format = match spec.format {
        Some(format) => format,
        None => detect(&spec.path)?,
    };
    let content = match format {
        DatasetFormat::Idx => idx::list(spec)?,
        DatasetFormat::Folder => folder::list(spec)?,
    };
    Ok(Box::new(Selection::of(content, spec)?))
}

fn detect(path: &Path) -> Result<DatasetFormat> {
    if let Err(cause) = path.metadata() {
        return Err(unreadable(path, &cause).help("check the path; `--data` takes a file or a folder"));
    }
    if idx::is_here(path)? {
        return Ok(DatasetFormat::Idx);
    }
    if folder::is_here(path)? {
        return Ok(DatasetFormat::Folder);
    }
    Err(Error::unusable("this is no data set of a known format").at_path(path).help(
        "looked for IDX files (such as t10k-images-idx3-ubyte with t10k-labels-idx1-ubyte, plain or .gz) \
         and for a folder with one folder of .jpg, .jpeg, .png, .bmp, .webp or .gif images a class",
    ))
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    Error::unusable("the data cannot be read").because(cause).at_path(path)
}

/// What a format found: every image that it holds.
struct Content {
    /// A short name.
    name: String,
    /// The format.
    format: DatasetFormat,
    /// The split, where there are splits.
    split: Option<String>,
    /// Class names in label order.
    classes: Vec<String>,
    /// Ids and labels in order.
    entries: Vec<Entry>,
    /// Where the pixels are.
    pixels: Box<dyn Pixels>,
}

/// Where the pixels of a data set are. Implemented once for each format.
trait Pixels: Send + Sync {
    /// Reads and decodes image `index` of all that the format found.
    fn image(&self, index: usize) -> Result<Image>;

    /// Adds to `digest` what tells image `index` from another, as far as that is cheap.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()>;
}

/// The images to evaluate: all that a format found, or a subset.
struct Selection {
    identity: DatasetIdentity,
    entries: Vec<Entry>,
    /// Index of each entry within `pixels`; absent when all are used.
    indices: Option<Vec<usize>>,
    pixels: Box<dyn Pixels>,
}

impl Selection {
    fn of(content: Content, spec: &DatasetSpec) -> Result<Self> {
        let Content { name, format, split, classes, mut entries, pixels } = content;
        let indices = spec.limit.map(|limit| subset::stratified(&entries, limit, spec.seed)).transpose()?;
        if let Some(indices) = &indices {
            entries = indices.iter().map(|&index| entries[index].clone()).collect();
        }
        let sha256 = identity::digest(&entries, indices.as_deref(), pixels.as_ref())?;
        let format = match format {
            DatasetFormat::Idx => "idx",
            DatasetFormat::Folder => "folder",
        };
        let identity = DatasetIdentity {
            name,
            format: format.to_owned(),
            split,
            images: entries.len(),
            classes,
            sha256,
        };
        Ok(Self { identity, entries, indices, pixels })
    }
}

impl Dataset for Selection {
    fn identity(&self) -> &DatasetIdentity {
        &self.identity
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn image(&self, index: usize) -> Result<Image> {
        let found = match &self.indices {
            Some(indices) => indices.get(index).copied(),
            None => Some(index).filter(|&index| index < self.entries.len()),
        };
        let found = found.ok_or_else(|| {
            Error::usage(format!("image {index} of a data set of {} was asked for", self.entries.len()))
        })?;
        self.pixels.image(found)
    }
}
