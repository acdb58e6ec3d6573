//! Manifests: a text file with a line for each image that names its file and its label.
//!
//! | file | lines |
//! |---|---|
//! | `.csv`, `.tsv` | a header with a column of paths, one of labels, and slice columns; then rows |
//! | `.jsonl`, `.ndjson` | an object with the same fields |
//! | `.txt` | `file label`, as in MLPerf's `val_map.txt` |
//! | `y_labels.csv` | `file,classes,label` without a header, as in MLPerf Tiny |
//!
//! Paths are relative to the manifest, and stay below its folder. A column `split` divides it into splits.

mod delimited;
mod find;
mod header;
mod json_lines;
mod line;
mod listing;
mod split_column;
mod table;
mod unlisted;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::classes::{self, ClassNames};
use super::inside::{Root, explained};
use super::labels::{self, Labels};
use super::text_column::TextColumn;
use super::{Content, Image, Images, Picture, files, splits};
use crate::error::{Error, Result};
use crate::plan::{DataColumns, DatasetSpec, OnBadImage};
use find::{Kind, Manifest};
use split_column::SplitColumn;
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

/// The splits of the manifests in a folder, or of the rows of the one manifest.
pub(super) fn splits(spec: &DatasetSpec) -> Result<Vec<String>> {
    let told = find::splits_in(&spec.path)?;
    if !told.is_empty() {
        return Ok(told);
    }
    let found = find::find(spec)?;
    let table = read(&found, &spec.columns)?;
    let column = SplitColumn::of(&table).filter(|_| found.split.is_none());
    Ok(column.map(|column| column.names().into_iter().map(str::to_owned).collect()).unwrap_or_default())
}

/// Lists the images and reads the labels.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    let found = find::find(spec)?;
    let table = read(&found, &spec.columns)?;
    let Manifest { path, name, split, .. } = found;
    if table.count() == 0 {
        return Err(Error::unusable("the manifest names no image")
            .at_path(&path)
            .help("add a row for each image"));
    }
    let (split, rows) = split_and_rows(split, &table, spec).map_err(|error| error.at_path(&path))?;
    let folder = files::parent(&path);
    let names = class_names(spec, folder, &table).map_err(|error| error.at_path(&path))?;
    let Labels { labels, classes } = labels::from_texts(&table.labels, names, &|row| table.place(row))?;
    let images = ManifestImages::new(table, labels, rows, folder, spec.on_bad_image)?;
    let passed_over = match spec.path.is_dir() {
        true => unlisted::beside(&spec.path, &path, &images.table, &images.root)?,
        false => None,
    };
    let columns = images.table.columns.names();
    Ok(Content { name, split, classes, passed_over, columns, images: Box::new(images) })
}

fn read(manifest: &Manifest, asked: &DataColumns) -> Result<Table> {
    match manifest.kind {
        Kind::Delimited => delimited::read(&manifest.path, asked),
        Kind::JsonLines => json_lines::read(&manifest.path, asked),
        Kind::Listing if *asked != DataColumns::default() => {
            Err(Error::usage("the manifest has no columns that have names")
                .because("a .txt file has `file label` in each line")
                .at_path(&manifest.path)
                .help("leave `--image-column` and `--label-column` out, or name a .csv, .tsv or .jsonl file"))
        }
        Kind::Listing => listing::read(&manifest.path),
    }
}

/// The split that is meant, and its rows where they are not all: what the `told` name of the manifest
/// tells, else what a column of it does.
fn split_and_rows(
    told: Option<String>,
    table: &Table,
    spec: &DatasetSpec,
) -> Result<(Option<String>, Option<Vec<usize>>)> {
    let asked = spec.split.as_deref();
    let column = SplitColumn::of(table).filter(|column| told.is_none() && !column.is_asked_for(spec));
    match column {
        Some(column) => column.choose(asked).map(|(split, rows)| (Some(split), Some(rows))),
        None => splits::check(told.as_deref(), asked).map(|()| (told, None)),
    }
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
    /// The rows that are meant, where they are not all.
    rows: Option<Vec<usize>>,
    ids: bool,
    /// Whether a file that is not there is told when it is read, as any other bad image.
    skip: bool,
}

impl ManifestImages {
    /// Refuses paths that lead out of `folder`.
    fn new(
        mut table: Table,
        labels: Vec<u32>,
        rows: Option<Vec<usize>>,
        folder: &Path,
        on_bad_image: OnBadImage,
    ) -> Result<Self> {
        let root = Root::new(folder);
        for row in 0..labels.len() {
            root.find(table.path(row)).map_err(|error| error.at(table.place(row)))?;
        }
        table.columns = table.columns.complete();
        table.labels = TextColumn::default();
        let ids = table.paths.are_distinct();
        Ok(Self { table, root, labels, rows, ids, skip: on_bad_image == OnBadImage::Skip })
    }

    /// The row of image `index`.
    fn row(&self, index: usize) -> usize {
        self.rows.as_ref().map_or(index, |rows| rows[index])
    }

    /// The path of image `index`, as the manifest has it.
    fn path(&self, index: usize) -> &str {
        self.table.path(self.row(index))
    }

    fn file(&self, index: usize) -> Result<PathBuf> {
        self.root.find(self.path(index)).map_err(|error| error.at(self.place(index)))
    }
}

impl Images for ManifestImages {
    fn count(&self) -> usize {
        self.rows.as_ref().map_or(self.labels.len(), Vec::len)
    }

    fn id(&self, index: usize) -> String {
        if self.ids { self.path(index).to_owned() } else { self.row(index).to_string() }
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[self.row(index)]
    }

    fn read(&self, index: usize) -> Result<Picture> {
        let bytes = files::read_file(&self.file(index)?)
            .map_err(|error| explained(error.at(self.place(index)), self.path(index)))?;
        match raw_side(self.path(index), bytes.len()).filter(|_| self.table.classes.is_some()) {
            Some(side) => {
                Ok(Picture::Pixels(Image { width: side, height: side, channels: 3, pixels: bytes }))
            }
            None => Ok(Picture::File(bytes)),
        }
    }

    fn place(&self, index: usize) -> String {
        format!("{} ({})", self.table.place(self.row(index)), self.path(index).escape_debug())
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
                return Err(explained(error, self.path(index)));
            }
        }
        Ok(())
    }

    fn files(&self, index: usize) -> Vec<PathBuf> {
        self.file(index).into_iter().collect()
    }

    fn value(&self, column: usize, index: usize) -> &str {
        self.table.columns.value(column, self.row(index))
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
