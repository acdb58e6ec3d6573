//! Manifests: a text file with a line for each image that names its file and its label.
//!
//! | file | lines |
//! |---|---|
//! | `.csv`, `.tsv` | a header with a column of paths, one of labels, and slice columns; then rows |
//! | `.jsonl`, `.ndjson` | an object with the same fields |
//! | `.txt` | `file label`, as in MLPerf's `val_map.txt` |
//! | `y_labels.csv` | `file,classes,label` without a header, as in MLPerf Tiny |
//!
//! Paths are relative to the manifest, and stay below its folder.

mod delimited;
mod find;
mod header;
mod json_lines;
mod line;
mod listing;
mod table;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::classes::{self, ClassNames};
use super::inside::{Root, explained};
use super::labels::{self, Labels};
use super::text_column::TextColumn;
use super::{Content, Image, Images, Picture, files};
use crate::error::{Error, Result};
use crate::plan::{DatasetSpec, OnBadImage};
use find::{Kind, Manifest};
use table::Table;

/// Whether `path` is a manifest or a folder that holds one under a usual name.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    find::is_here(path)
}

/// Tables in the folder at `path` that list images by their first line, whatever they are called.
pub(super) fn lists_in(path: &Path) -> Result<Vec<PathBuf>> {
    find::lists_in(path)
}

/// Whether `path` has the extension of a table.
pub(super) fn is_called_as_one(path: &Path) -> bool {
    find::is_table(path)
}

/// The splits of the manifests in a folder.
pub(super) fn splits(path: &Path) -> Result<Vec<String>> {
    find::splits_in(path)
}

/// Lists the images and reads the labels.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    let Manifest { path, kind, name, split } = find::find(spec)?;
    let table = match kind {
        Kind::Delimited => delimited::read(&path, &spec.columns)?,
        Kind::JsonLines => json_lines::read(&path, &spec.columns)?,
        Kind::Listing => listing::read(&path)?,
    };
    if table.labels.count() == 0 {
        return Err(Error::unusable("the manifest names no image")
            .at_path(&path)
            .help("add a row for each image"));
    }
    let folder = files::parent(&path);
    let names = class_names(spec, folder, &table).map_err(|error| error.at_path(&path))?;
    let Labels { labels, classes } = labels::from_texts(&table.labels, names, &|row| table.place(row))?;
    let images = ManifestImages::new(table, labels, folder, spec.on_bad_image)?;
    let columns = images.table.columns.names();
    Ok(Content { name, split, classes, passed_over: None, columns, images: Box::new(images) })
}

/// Those given; else those of `classes.txt`; else numbers, where the manifest says how many.
fn class_names(spec: &DatasetSpec, folder: &Path, table: &Table) -> Result<Option<ClassNames>> {
    let given = classes::given(spec, [folder])?;
    match table.classes {
        Some(count) => classes::or_own(given, classes::numbered(count)).map(Some),
        None => Ok(given),
    }
}

/// Paths, labels and slice columns in memory; ids are the paths where no two are alike.
struct ManifestImages {
    table: Table,
    root: Root,
    labels: Vec<u32>,
    ids: bool,
    /// Whether a file that is not there is told when it is read, as any other bad image.
    skip: bool,
}

impl ManifestImages {
    /// Refuses paths that lead out of `folder`.
    fn new(mut table: Table, labels: Vec<u32>, folder: &Path, on_bad_image: OnBadImage) -> Result<Self> {
        let root = Root::new(folder);
        for row in 0..labels.len() {
            root.find(table.path(row)).map_err(|error| error.at(table.place(row)))?;
        }
        table.columns = table.columns.complete();
        table.labels = TextColumn::default();
        let ids = table.paths.are_distinct();
        Ok(Self { table, root, labels, ids, skip: on_bad_image == OnBadImage::Skip })
    }

    fn file(&self, index: usize) -> Result<PathBuf> {
        self.root.find(self.table.path(index)).map_err(|error| error.at(self.place(index)))
    }
}

impl Images for ManifestImages {
    fn count(&self) -> usize {
        self.labels.len()
    }

    fn id(&self, index: usize) -> String {
        if self.ids { self.table.path(index).to_owned() } else { index.to_string() }
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }

    fn read(&self, index: usize) -> Result<Picture> {
        let bytes = files::read_file(&self.file(index)?)
            .map_err(|error| explained(error.at(self.place(index)), self.table.path(index)))?;
        match raw_side(self.table.path(index), bytes.len()).filter(|_| self.table.classes.is_some()) {
            Some(side) => {
                Ok(Picture::Pixels(Image { width: side, height: side, channels: 3, pixels: bytes }))
            }
            None => Ok(Picture::File(bytes)),
        }
    }

    fn place(&self, index: usize) -> String {
        format!("{} ({})", self.table.place(index), self.table.path(index).escape_debug())
    }

    /// The length of the file: reading every file would cost as much as the evaluation.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        match self.file(index)?.metadata() {
            Ok(file) => digest.update(file.len().to_le_bytes()),
            // No file is as long.
            Err(_) if self.skip => digest.update(u64::MAX.to_le_bytes()),
            Err(cause) => {
                let error =
                    Error::unusable("the image is not there").because(cause).at(self.place(index)).help(
                        "correct the path, which is relative to the manifest, or set `--on-bad-image skip`",
                    );
                return Err(explained(error, self.table.path(index)));
            }
        }
        Ok(())
    }

    fn files(&self, index: usize) -> Vec<PathBuf> {
        self.file(index).into_iter().collect()
    }

    fn value(&self, column: usize, index: usize) -> &str {
        self.table.columns.value(column, index)
    }

    fn left_out(&self) -> &[String] {
        self.table.columns.left_out()
    }
}

/// Side of the square RGB image that a `.bin` file of `length` bytes is: those that MLPerf Tiny names
/// in `y_labels.csv` are pixels and nothing else.
fn raw_side(path: &str, length: usize) -> Option<u32> {
    let side = u32::try_from((length / 3).isqrt()).ok()?;
    let fits = side > 0 && side as usize * side as usize * 3 == length;
    (path.ends_with(".bin") && fits).then_some(side)
}

#[cfg(test)]
mod tests;
