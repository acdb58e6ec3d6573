//! A column of a row group: where its pages are, and their values.
//!
//! The headers of the pages are stepped through once, which is a read of 512 bytes for each page, of
//! usually 1 MB. The offset index, which says the same, is optional, is in few files, and would have
//! to be held against the headers all the same.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::CompressionCodec;
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescPtr;

use super::values::{self, Cell};
use super::{damaged, guarded};
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::parquet_metadata::{Header, Kind, beyond};
use crate::regular_file;

/// Most values of a page that is held as a whole.
const MAX_IMAGES: usize = 1 << 20;

/// A column of a row group.
pub(super) struct Chunk {
    path: Arc<Path>,
    /// Number of the row group in the file.
    group: usize,
    column: ColumnDescPtr,
    codec: CompressionCodec,
    bytes: Range<u64>,
    rows: usize,
}

/// Where a page is.
#[derive(Clone, Debug)]
pub(super) struct Span {
    header: Header,
    /// Where its bytes begin, after the header.
    at: u64,
    /// First row within the row group.
    pub first: usize,
}

impl Span {
    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.header.values as usize
    }
}

/// The pages of a chunk.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    dictionary: Option<Span>,
    /// In the order of rows; none is empty.
    pub data: Vec<Span>,
}

impl Pages {
    /// Bytes that page `index` takes in memory, with the dictionary that it refers to.
    pub(super) fn weight(&self, index: usize) -> usize {
        let page = &self.data[index].header;
        let dictionary = self.dictionary.as_ref().filter(|_| page.uses_dictionary());
        page.unpacked as usize + dictionary.map_or(0, |span| span.header.unpacked as usize)
    }
}

impl Chunk {
    /// The column that `described` is, in row group `group`, of `rows` rows, of the file at `path`,
    /// which has `length` bytes.
    pub(super) fn of(
        path: &Arc<Path>,
        length: u64,
        group: usize,
        rows: usize,
        described: &ColumnChunkMetaData,
    ) -> Result<Self> {
        let bytes = byte_range(described, length)?;
        if usize::try_from(described.num_values()).ok() != Some(rows) {
            let values = described.num_values();
            return Err(damaged(format!("a column has {values} values in a row group of {rows} rows")));
        }
        if described.file_path().is_some() {
            return Err(Error::unsupported("the columns lie in other files"));
        }
        let (column, codec) = (described.column_descr_ptr(), described.compression_codec());
        Ok(Self { path: path.clone(), group, column, codec, bytes, rows })
    }

    /// Where the pages are, each header checked and all rows accounted for.
    pub(super) fn pages(&self) -> Result<Pages> {
        self.scan().map_err(|error| self.located(error))
    }

    /// Hands every value of the column to `found`. Errors that `found` gives come back as they are.
    pub(super) fn each(&self, found: &mut dyn FnMut(Cell) -> Result<()>) -> Result<()> {
        let pages = self.pages()?;
        let used = pages.data.iter().any(|page| page.header.uses_dictionary());
        let dictionary = if used { self.dictionary(&pages)? } else { None };
        for span in &pages.data {
            self.values(span, dictionary.clone(), found)?;
        }
        Ok(())
    }

    /// The values of page `index`.
    pub(super) fn page(&self, pages: &Pages, index: usize) -> Result<Vec<Cell>> {
        let span = &pages.data[index];
        if span.rows() > MAX_IMAGES {
            return Err(self.located(damaged(format!("a page has {} images", span.rows()))));
        }
        let dictionary = if span.header.uses_dictionary() { self.dictionary(pages)? } else { None };
        let mut cells = Vec::new();
        self.values(span, dictionary, &mut |cell| {
            cells.push(cell);
            Ok(())
        })?;
        Ok(cells)
    }

    fn values(
        &self,
        span: &Span,
        dictionary: Option<Page>,
        found: &mut dyn FnMut(Cell) -> Result<()>,
    ) -> Result<()> {
        if dictionary.is_none() && span.header.uses_dictionary() {
            return Err(self.located(damaged("a page refers to a dictionary that is not there")));
        }
        let page = self.load(span)?;
        let pages = dictionary.into_iter().chain([page]).collect();
        guarded(|| values::each(&self.column, pages, span.rows(), found)).map_err(|error| self.located(error))
    }

    fn dictionary(&self, pages: &Pages) -> Result<Option<Page>> {
        pages.dictionary.as_ref().map(|span| self.load(span)).transpose()
    }

    fn load(&self, span: &Span) -> Result<Page> {
        let levels = self.column.max_def_level() > 0;
        let bytes = read_at(&mut self.open()?, span.at, u64::from(span.header.packed))
            .map_err(|cause| unreadable(&self.path, &cause))?;
        guarded(|| span.header.page(self.codec, bytes, levels)).map_err(|error| self.located(error))
    }

    /// Opened for each page: threads then share no position, and a thousand shards no descriptors.
    fn open(&self) -> Result<File> {
        regular_file::open(&self.path).map_err(|cause| unreadable(&self.path, &cause))
    }

    fn scan(&self) -> Result<Pages> {
        let mut file = self.open()?;
        let (mut pages, mut at, mut first) =
            (Pages { dictionary: None, data: Vec::new() }, self.bytes.start, 0);
        while at < self.bytes.end && first < self.rows {
            let (header, length) = Header::read_at(&mut file, &(at..self.bytes.end))?;
            let span = Span { at: at + length, first, header };
            at = span.at + u64::from(span.header.packed);
            if at > self.bytes.end {
                return Err(beyond());
            }
            match span.header.kind {
                Kind::Dictionary => pages.dictionary = Some(span),
                Kind::Data | Kind::DataV2 { .. } if span.rows() > 0 => {
                    first += span.rows();
                    pages.data.push(span);
                }
                _ => {}
            }
        }
        if first == self.rows {
            return Ok(pages);
        }
        Err(damaged(format!("a row group has {} rows, its pages have {first}", self.rows)))
    }

    fn located(&self, mut error: Error) -> Error {
        error.place.get_or_insert_with(|| {
            let column = self.column.path().parts().join(".");
            format!("{}, row group {}, column {column}", self.path.display(), self.group)
        });
        error
    }
}

/// Where the pages of a column are. Some writers say 0 for a dictionary that is not there.
fn byte_range(described: &ColumnChunkMetaData, length: u64) -> Result<Range<u64>> {
    let data = described.data_page_offset();
    let start = described.dictionary_page_offset().filter(|&at| at > 0 && at < data).unwrap_or(data);
    let (start, size) = (u64::try_from(start).ok(), u64::try_from(described.compressed_size()).ok());
    match (start, size) {
        (Some(start), Some(size)) if start.checked_add(size).is_some_and(|end| end <= length) => {
            Ok(start..start + size)
        }
        _ => Err(damaged("a column is said to lie beyond the end of the file")),
    }
}

/// `length` was held against the size of the file.
fn read_at(file: &mut File, at: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
