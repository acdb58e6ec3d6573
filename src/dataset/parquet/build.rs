//! Reads everything but the images: file by file, so that only one footer is held at a time.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parquet::data_type::ByteArray;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use sha2::{Digest, Sha256};

use super::cache::PageCache;
use super::chunk::Chunk;
use super::layout::Layout;
use super::shards::Shards;
use super::values::Cell;
use super::{Columns, Content, FileNames, Group, ParquetImages, Root, Shard, damaged, footer};
use crate::dataset::classes::{self, ClassNames};
use crate::dataset::labels::{self, Labels};
use crate::dataset::text_column::{TextColumn, check_length};
use crate::dataset::{files, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// Most rows of all files together.
const MAX_ROWS: usize = 50_000_000;

/// What the files at `shards` hold.
pub(super) fn content(spec: &DatasetSpec, found: Shards) -> Result<Content> {
    let Shards { name, split, files } = found;
    let mut build = Build::default();
    for path in &files {
        build.add(path, spec)?;
    }
    let (images, classes) = build.finish(spec, &files)?;
    let columns = images.columns.names();
    Ok(Content { name, split, classes, passed_over: None, columns, images: Box::new(images) })
}

/// The labels as they stand in the files.
enum Column {
    Indices(Vec<u32>),
    Texts(TextColumn),
}

impl Column {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Indices(indices) if indices.is_empty())
    }
}

impl Default for Column {
    fn default() -> Self {
        Self::Indices(Vec::new())
    }
}

/// What was read so far.
#[derive(Default)]
struct Build {
    layout: Option<Layout>,
    shards: Vec<Shard>,
    groups: Vec<Group>,
    rows: usize,
    labels: Column,
    paths: FileNames,
    columns: Columns,
}

impl Build {
    fn add(&mut self, path: &Path, spec: &DatasetSpec) -> Result<()> {
        let metadata = footer(path)?;
        let layout = Layout::find(&metadata, &spec.columns).map_err(|error| error.at_path(path))?;
        let layout = self.same_layout(layout).map_err(|error| error.at_path(path))?;
        let file = Opened::of(path, &metadata)?;
        let folder = files::parent(path);
        self.shards.push(Shard { path: file.path.clone(), first: self.rows, root: Root::new(folder) });
        for number in 0..metadata.num_row_groups() {
            self.add_group(&file, number, &layout)?;
        }
        Ok(())
    }

    fn same_layout(&mut self, layout: Layout) -> Result<Layout> {
        let first = self.layout.get_or_insert_with(|| layout.clone());
        if *first == layout {
            return Ok(layout);
        }
        Err(Error::unusable("the file has other columns or classes than the first")
            .help("take all files from one version of the data set, or name one of them"))
    }

    fn add_group(&mut self, file: &Opened<'_>, number: usize, layout: &Layout) -> Result<()> {
        let group = file.metadata.row_group(number);
        let rows = file.rows(group)?;
        if rows == 0 {
            return Ok(());
        }
        if self.rows + rows > MAX_ROWS {
            return Err(Error::unusable(format!("there are more than {MAX_ROWS} rows")).at_path(&file.path));
        }
        let chunk = |column: usize| file.chunk(number, rows, group.column(column));
        let first = self.rows;
        self.rows += rows;
        self.add_labels(&chunk(layout.label)?, first)?;
        if let Some(column) = layout.path {
            self.add_paths(&chunk(column)?, first)?;
        }
        self.add_slices(layout, first, &chunk)?;
        let fingerprint = fingerprint(group.column(layout.image));
        self.groups.push(Group { first, images: chunk(layout.image)?, pages: OnceLock::new(), fingerprint });
        Ok(())
    }

    fn add_labels(&mut self, chunk: &Chunk, first: usize) -> Result<()> {
        let Self { labels, shards, .. } = self;
        let mut row = first;
        chunk.each(&mut |cell| {
            let added = add_label(labels, cell).map_err(|error| error.at(place(shards, row)));
            row += 1;
            added
        })
    }

    fn add_paths(&mut self, chunk: &Chunk, first: usize) -> Result<()> {
        let Self { paths, shards, .. } = self;
        let mut row = first;
        chunk.each(&mut |cell| {
            match &cell {
                Cell::Bytes(bytes) => paths.push(OsStr::new(
                    short_text(bytes, "the path of the image")
                        .map_err(|error| error.at(place(shards, row)))?,
                )),
                Cell::Null | Cell::Int(_) => paths.push(OsStr::new("")),
            }
            row += 1;
            Ok(())
        })
    }

    fn add_slices(
        &mut self,
        layout: &Layout,
        first: usize,
        chunk: &dyn Fn(usize) -> Result<Chunk>,
    ) -> Result<()> {
        let Self { columns, shards, .. } = self;
        for said in &layout.slices {
            let Some(column) = columns.add(&said.name).filter(|&column| columns.wants(column)) else {
                continue;
            };
            let mut row = first;
            chunk(said.column)?.each(&mut |cell| {
                let text =
                    value(&cell, said.names.as_deref()).map_err(|error| error.at(place(shards, row)))?;
                columns.say(column, row, &text);
                row += 1;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn finish(self, spec: &DatasetSpec, files: &[PathBuf]) -> Result<(ParquetImages, ClassNames)> {
        let Self { layout, shards, groups, rows, labels, paths, columns } = self;
        let layout = layout.filter(|_| rows > 0).ok_or_else(|| {
            let place = files.first().map_or_else(String::new, |file| file.display().to_string());
            Error::unusable("there are no rows")
                .at(place)
                .help("take another split with --split, or fetch the files again")
        })?;
        let names = class_names(spec, layout.classes.as_deref(), files)?;
        let at = |row: usize| place(&shards, row);
        let Labels { labels, classes } = match labels {
            Column::Indices(indices) => labels::from_indices(indices, names, &at)?,
            Column::Texts(texts) => labels::from_texts(&texts, names, &at)?,
        };
        let columns = columns.complete();
        let paths = layout.path.map(|_| paths);
        let ids = paths.as_ref().is_some_and(FileNames::are_distinct);
        let cache = PageCache::default();
        Ok((ParquetImages { shards, groups, labels, paths, ids, columns, cache }, classes))
    }
}

/// One of the files while it is read.
struct Opened<'a> {
    path: Arc<Path>,
    length: u64,
    metadata: &'a ParquetMetaData,
}

impl<'a> Opened<'a> {
    fn of(path: &Path, metadata: &'a ParquetMetaData) -> Result<Self> {
        let length = path.metadata().map_err(|cause| unreadable(path, &cause))?.len();
        Ok(Self { path: path.into(), length, metadata })
    }

    fn rows(&self, group: &RowGroupMetaData) -> Result<usize> {
        usize::try_from(group.num_rows())
            .map_err(|_| damaged("a row group has a negative number of rows").at_path(&self.path))
    }

    fn chunk(&self, number: usize, rows: usize, described: &ColumnChunkMetaData) -> Result<Chunk> {
        Chunk::of(&self.path, self.length, number, rows, described).map_err(|error| {
            let column = described.column_path().parts().join(".");
            error.at(format!("{}, row group {number}, column {column}", self.path.display()))
        })
    }
}

/// Where row `row` of all files is.
fn place(shards: &[Shard], row: usize) -> String {
    let shard = shards.partition_point(|shard| shard.first <= row);
    match shards.get(shard.wrapping_sub(1)) {
        Some(shard) => format!("{}, row {}", shard.path.display(), row - shard.first),
        None => format!("row {row}"),
    }
}

fn add_label(labels: &mut Column, cell: Cell) -> Result<()> {
    match (labels, cell) {
        (_, Cell::Null) => Err(labels::missing()),
        (Column::Indices(indices), Cell::Int(label)) => {
            indices.push(labels::index(label.into())?);
            Ok(())
        }
        (Column::Texts(texts), Cell::Bytes(bytes)) => {
            texts.push(short_text(&bytes, "the label")?);
            Ok(())
        }
        (labels @ Column::Indices(_), Cell::Bytes(bytes)) if labels.is_empty() => {
            let mut texts = TextColumn::default();
            texts.push(short_text(&bytes, "the label")?);
            *labels = Column::Texts(texts);
            Ok(())
        }
        _ => Err(Error::unusable("the labels of one file are numbers, those of another texts")
            .help("take all files from one version of the data set, or name one of them")),
    }
}

/// What a cell says, its number by name where it has one.
fn value<'a>(cell: &'a Cell, names: Option<&'a [String]>) -> Result<Cow<'a, str>> {
    match cell {
        Cell::Null => Ok(Cow::Borrowed("")),
        Cell::Bytes(bytes) => text(bytes, "a column").map(Cow::Borrowed),
        Cell::Int(number) => {
            let name = names.zip(usize::try_from(*number).ok()).and_then(|(names, at)| names.get(at));
            Ok(name.map_or_else(|| number.to_string().into(), |name| name.as_str().into()))
        }
    }
}

/// A text that is held for as long as the data set is open.
fn short_text<'a>(bytes: &'a ByteArray, what: &str) -> Result<&'a str> {
    check_length(what, bytes.len())?;
    text(bytes, what)
}

fn text<'a>(bytes: &'a ByteArray, what: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes.data()).map_err(|cause| {
        Error::unusable(format!("{what} is not UTF-8"))
            .because(cause)
            .help("write the file again, with texts in UTF-8")
    })
}

/// Those given; else those of the file; else those of a `classes.txt` beside it.
fn class_names(spec: &DatasetSpec, own: Option<&[String]>, shards: &[PathBuf]) -> Result<Option<ClassNames>> {
    match own {
        Some(own) => classes::or_own(classes::given(spec, [])?, own.to_vec()).map(Some),
        None => classes::given(spec, shards.first().map(|shard| files::parent(shard))),
    }
}

fn fingerprint(images: &ColumnChunkMetaData) -> [u8; 32] {
    let mut digest = Sha256::new();
    for number in [images.num_values(), images.compressed_size(), images.uncompressed_size()] {
        digest.update(number.to_le_bytes());
    }
    let ends = images.statistics().map(|told| [told.min_bytes_opt(), told.max_bytes_opt()]);
    for end in ends.into_iter().flatten() {
        let end = end.unwrap_or_default();
        digest.update((end.len() as u64).to_le_bytes());
        digest.update(end);
    }
    digest.finalize().into()
}
