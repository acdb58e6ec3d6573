//! Data sets as users have them on disk. Listing is cheap; only [`Dataset::image`] reads pixels.
//!
//! To add a format: a file or folder here that lists a `Content`, and one row in `formats::FORMATS`. A
//! format says where the bytes of each image are; the rest is done here for all of them alike:
//!
//! | | |
//! |---|---|
//! | `formats` | which format a path is |
//! | `unclear` | what is said where that cannot be told |
//! | `folder`, `prefixed`, `idx`, `cifar`, `arrays`, `parquet`, `manifest`, `webdataset` | the formats |
//! | `files`, `file_names`, `shard_numbers`, `inside` | files of images, their names, the numbers in these, and paths that a table names |
//! | `splits`, `classes`, `labels`, `column_names`, `columns` | which split is meant, what its classes are called, which class each image is of, where a table says it, and what else is said of it |
//! | `wording` | counts and texts in messages |
//! | `raw` | pixels that lie in files without any encoding |
//! | `decode` | from the bytes of an image file to pixels |
//! | `selection` | the images that are meant, so many of them, and the stretch of those that one of several machines evaluates |
//! | `survey` | what is in a data set, image by image, and how to divide it |

mod arrays;
mod cifar;
mod classes;
mod column_names;
mod columns;
mod decode;
#[cfg(test)]
mod empty_files;
#[cfg(test)]
mod fake;
mod file_names;
mod file_stamp;
mod files;
mod folder;
mod formats;
mod idx;
mod inside;
mod labels;
mod manifest;
mod parquet;
mod prefixed;
mod raw;
mod selection;
mod shard_numbers;
mod splits;
pub mod survey;
#[cfg(test)]
mod table_fixtures;
mod text_column;
mod unclear;
mod webdataset;
mod wording;

use std::path::{Path, PathBuf};

use sha2::Sha256;

pub use crate::preprocess::Image;
pub use decode::{JPEG_DECODER, decode};
pub use formats::known as formats;

use classes::ClassNames;
use selection::Selection;

use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::preprocess::Decoding;
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
    /// What it is: names and labels of the images, and their pixels or, where those are in files of images,
    /// the lengths of these.
    fn identity(&self) -> &DatasetIdentity;

    /// Number of images.
    fn count(&self) -> usize {
        self.identity().images
    }

    /// Id and label of image `index`.
    fn entry(&self, index: usize) -> Result<Entry>;

    /// Reads and decodes image `index`. The error names the image.
    fn image(&self, index: usize) -> Result<Image>;

    /// A number that is another one once the bytes of image `index` are others, as far as the file
    /// system tells. Nothing where there is nothing to decode, so that keeping pixels saves nothing.
    fn stamp(&self, index: usize) -> Option<u64>;

    /// Names of the columns by which figures are told apart.
    fn slices(&self) -> &[String] {
        &[]
    }

    /// What each of [`Dataset::slices`] says about image `index`.
    fn slice_values(&self, _index: usize) -> Result<Vec<&str>> {
        Ok(Vec::new())
    }
}

/// Opens the data set that `spec` describes. The format is found from the content when it is not
/// given. Everything that is wrong with names, labels and counts comes out here, before the first
/// image is decoded.
pub fn open(spec: &DatasetSpec) -> Result<Box<dyn Dataset>> {
    open_with(spec, Decoding::default())
}

/// As [`open`], with image files decoded as a model's preprocessing wants it.
pub fn open_with(spec: &DatasetSpec, decoding: Decoding) -> Result<Box<dyn Dataset>> {
    Ok(Box::new(select(spec, decoding)?))
}

fn select(spec: &DatasetSpec, decoding: Decoding) -> Result<Selection> {
    let format = formats::of(spec)?;
    format.check_columns(spec)?;
    let content = (format.list)(spec)?;
    Selection::of(content, format.format.name(), spec, decoding)
}

/// The splits of the data set at the path of `spec`, the one first that is taken where none is asked
/// for. None where the format has no splits, or the path names one of them.
fn splits_of(spec: &DatasetSpec) -> Result<Vec<String>> {
    let mut found = (formats::of(spec)?.splits)(spec)?;
    found.sort_by_key(|split| splits::rank(split));
    Ok(found)
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    Error::unusable("the data cannot be read").because(cause).at_path(path)
}

/// What a format found: every image that it holds.
struct Content {
    /// A short name.
    name: String,
    /// The split, where there are splits.
    split: Option<String>,
    /// What the classes are called.
    classes: ClassNames,
    /// What lay among the images and was not read.
    passed_over: Option<PassedOver>,
    /// Names of the columns that say more about an image than its label, for [`Images::value`].
    columns: Vec<String>,
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

    /// Reads image `index` without decoding it. The error says where it was looked for, and what to
    /// do about it.
    fn read(&self, index: usize) -> Result<Picture>;

    /// Where image `index` is, in the words of an error: the path of its file, the row of a table.
    fn place(&self, index: usize) -> String;

    /// Adds to `digest` what tells image `index` from another, as far as that is cheap.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()>;

    /// The files that image `index` may be read from, the one that is surely there first; none where
    /// there is nothing to decode.
    fn files(&self, _index: usize) -> Vec<PathBuf> {
        Vec::new()
    }

    /// What column `column` of [`Content::columns`] says about image `index`.
    fn value(&self, _column: usize, _index: usize) -> &str {
        ""
    }

    /// Names of columns that are there and were left out, since they tell single images apart.
    fn left_out(&self) -> &[String] {
        &[]
    }
}

/// What a format holds of one image.
#[derive(Debug)]
enum Picture {
    /// The bytes of an image file.
    File(Vec<u8>),
    /// Pixels that need no decoding.
    Pixels(Image),
}
