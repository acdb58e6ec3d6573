//! Parquet files with a column of images, as Hugging Face data sets have them: one file, or shards
//! named by their split. Labels, names and slice columns are read when the files are listed; images
//! by their row, a page at a time.
//!
//! A file can say whatever it likes of itself, and the library that decodes it believes much of it. So
//! footers and headers of pages are looked over first (`parquet_metadata`), pages are unpacked here
//! (`codec`), and the library sees only pages whose sizes are known.

mod build;
mod cache;
mod chunk;
mod codec;
mod features;
mod layout;
mod page;
mod shards;
mod values;

use std::ffi::OsString;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use sha2::{Digest, Sha256};

use super::columns::Columns;
use super::file_names::FileNames;
use super::inside::{Root, explained};
use super::{Content, Images, Picture, files, unreadable};
use crate::error::{Error, Result};
use crate::parquet_metadata::{MAGIC, damaged, looked_over};
use crate::plan::DatasetSpec;
use crate::regular_file;
use cache::PageCache;
use chunk::{Chunk, Pages};
use values::Cell;

/// Whether `path` is a Parquet file, or a folder that holds some.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    if path.is_dir() {
        return shards::are_in(path);
    }
    // A file cut short at its start is still meant as one.
    if !path.is_file() || path.extension().is_some_and(|extension| extension == "parquet") {
        return Ok(path.is_file());
    }
    let mut start = Vec::new();
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    file.take(4).read_to_end(&mut start).map_err(|cause| unreadable(path, &cause))?;
    Ok(start == MAGIC)
}

/// The splits that the names of the files in a folder tell.
pub(super) fn splits(path: &Path) -> Result<Vec<String>> {
    shards::names(path)
}

/// The first folder of images in the one at `path`, where other folders in it hold Parquet files.
pub(super) fn images_beside(path: &Path) -> Result<Option<OsString>> {
    shards::images_beside(path)
}

/// Lists the images: reads all columns but that of the images.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    guarded(|| build::content(spec, shards::find(spec)?))
}

/// What the file at `path` says of itself.
fn footer(path: &Path) -> Result<ParquetMetaData> {
    let mut file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let decoded = looked_over(&mut file)
        .and_then(|bytes| guarded(|| ParquetMetaDataReader::decode_metadata(&bytes).map_err(damaged)));
    decoded.map_err(|error| error.within(path))
}

/// Runs what may panic on a damaged file: the library that decodes Parquet slices and unwraps.
fn guarded<T>(decode: impl FnOnce() -> Result<T>) -> Result<T> {
    // Whatever was half made in there is dropped with the panic.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(damaged("the decoder gave up")))
}

/// One of the files.
struct Shard {
    path: Arc<Path>,
    /// First row among those of all files.
    first: usize,
    /// What paths in it are relative to.
    root: Root,
}

/// The images of a row group.
struct Group {
    /// First row among those of all files.
    first: usize,
    images: Chunk,
    /// Found when the first image is read.
    pages: OnceLock<Result<Pages>>,
    /// What the file says of the column of images: sizes, and the least and greatest bytes.
    fingerprint: [u8; 32],
}

/// The rows of all files, one after another. Memory holds their labels, names and slice columns, and
/// the pages of images that are in use.
struct ParquetImages {
    shards: Vec<Shard>,
    groups: Vec<Group>,
    labels: Vec<u32>,
    /// What stands beside the bytes of each image; empty for nothing.
    paths: Option<FileNames>,
    /// Whether the paths tell the images apart.
    ids: bool,
    columns: Columns,
    cache: PageCache,
}

impl ParquetImages {
    fn path(&self, index: usize) -> Option<&str> {
        self.paths.as_ref()?.get(index).to_str().filter(|path| !path.is_empty())
    }

    fn shard(&self, index: usize) -> &Shard {
        &self.shards[self.shards.partition_point(|shard| shard.first <= index) - 1]
    }

    fn cell(&self, index: usize) -> Result<Cell> {
        let number = self.groups.partition_point(|group| group.first <= index) - 1;
        let group = &self.groups[number];
        let pages = group.pages.get_or_init(|| group.images.pages()).as_ref().map_err(Error::clone)?;
        let row = index - group.first;
        let page = pages.data.partition_point(|page| page.first <= row) - 1;
        let cells = self.cache.get((number, page), pages.weight(page), || group.images.page(pages, page))?;
        Ok(cells[row - pages.data[page].first].clone())
    }

    /// The image that lies beside the file, where the row has no bytes.
    fn beside(&self, index: usize) -> Result<Picture> {
        let path = self.path(index).ok_or_else(|| Error::unusable("the row has no image"))?;
        let file = self.shard(index).root.find(path)?;
        let bytes = files::read_file(&file).map_err(|error| explained(error.at(self.place(index)), path));
        bytes.map(Picture::File)
    }
}

impl Images for ParquetImages {
    fn count(&self) -> usize {
        self.labels.len()
    }

    fn id(&self, index: usize) -> String {
        self.path(index).filter(|_| self.ids).map_or_else(|| index.to_string(), str::to_owned)
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }

    fn read(&self, index: usize) -> Result<Picture> {
        match self.cell(index)? {
            Cell::Bytes(bytes) => Ok(Picture::File(bytes.data().to_vec())),
            Cell::Null | Cell::Int(_) => self.beside(index),
        }
    }

    fn place(&self, index: usize) -> String {
        let shard = self.shard(index);
        let row = format!("{}, row {}", shard.path.display(), index - shard.first);
        match self.path(index) {
            Some(path) => format!("{row} ({})", path.escape_debug()),
            None => row,
        }
    }

    /// Without reading the row it is not known whether its image lies beside the table.
    fn files(&self, index: usize) -> Vec<PathBuf> {
        let shard = self.shard(index);
        let beside = self.path(index).and_then(|path| shard.root.find(path).ok());
        std::iter::once(shard.path.to_path_buf()).chain(beside).collect()
    }

    /// What the file says of the row group: reading every image would cost as much as the evaluation.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        let group = self.groups.partition_point(|group| group.first <= index) - 1;
        digest.update(self.groups[group].fingerprint);
        Ok(())
    }

    fn value(&self, column: usize, index: usize) -> &str {
        self.columns.value(column, index)
    }

    fn left_out(&self) -> &[String] {
        self.columns.left_out()
    }
}

#[cfg(test)]
mod tests;
