//! Data sets as users have them on disk. Listing is cheap; only [`Dataset::image`] reads pixels.
//!
//! To add a format: a file here that lists a `Content`, and one arm in [`open`].

mod classes;
mod decode;
mod file_names;
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
use crate::record::{DatasetIdentity, PassedOver};

/// One image's name and truth. Made when it is asked for, so that a data set holds little an image.
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

    /// Number of images.
    fn count(&self) -> usize {
        self.identity().images
    }

    /// Id and label of image `index`.
    fn entry(&self, index: usize) -> Result<Entry>;

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
    /// What lay among the images and was not read.
    passed_over: Option<PassedOver>,
    /// The images in order.
    images: Box<dyn Images>,
}

/// The images of a data set, as many as the format found. Implemented once for each format; callers
/// keep indices below [`Images::count`].
trait Images: Send + Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Stable name of image `index`.
    fn id(&self, index: usize) -> String;

    /// Index of the true class of image `index`.
    fn label(&self, index: usize) -> u32;

    /// Reads and decodes image `index`.
    fn image(&self, index: usize) -> Result<Image>;

    /// Adds to `digest` what tells image `index` from another, as far as that is cheap.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()>;
}

/// The images to evaluate: all that a format found, or a subset.
struct Selection {
    identity: DatasetIdentity,
    /// Indices within `images`; absent when all are used.
    indices: Option<Vec<usize>>,
    images: Box<dyn Images>,
}

impl Selection {
    fn of(content: Content, spec: &DatasetSpec) -> Result<Self> {
        let Content { name, format, split, classes, passed_over, images } = content;
        let indices = match spec.limit {
            Some(limit) => subset::stratified(images.count(), |index| images.label(index), limit, spec.seed)?,
            None => None,
        };
        let sha256 = identity::digest(indices.as_deref(), images.as_ref())?;
        let format = match format {
            DatasetFormat::Idx => "idx",
            DatasetFormat::Folder => "folder",
        };
        let identity = DatasetIdentity {
            name,
            format: format.to_owned(),
            split,
            images: indices.as_ref().map_or(images.count(), Vec::len),
            classes,
            sha256,
            passed_over,
        };
        Ok(Self { identity, indices, images })
    }

    /// Index of image `index` among all that the format found.
    fn original(&self, index: usize) -> Result<usize> {
        let found = match &self.indices {
            Some(indices) => indices.get(index).copied(),
            None => Some(index).filter(|&index| index < self.images.count()),
        };
        found.ok_or_else(|| {
            Error::usage(format!("image {index} of a data set of {} was asked for", self.count()))
        })
    }
}

impl Dataset for Selection {
    fn identity(&self) -> &DatasetIdentity {
        &self.identity
    }

    fn entry(&self, index: usize) -> Result<Entry> {
        let index = self.original(index)?;
        Ok(Entry { id: self.images.id(index), label: self.images.label(index) })
    }

    fn image(&self, index: usize) -> Result<Image> {
        self.images.image(self.original(index)?)
    }
}
