//! The values of one page.

use std::collections::VecDeque;

use parquet::basic::Type;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;

use super::damaged;
use crate::error::{Error, Result};

/// Values decoded at a time: a page can hold millions of small ones in few bytes.
const BATCH: usize = 4096;

/// What a table has at one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Null,
    /// A number, or 0 and 1 for a truth value.
    Int(i64),
    /// Bytes; a part of the page.
    Bytes(ByteArray),
}

/// Hands the values of `page`, as many as `count`, to `found`. Its dictionary comes before it in
/// `pages`, where it has one.
pub(super) fn each(
    column: &ColumnDescPtr,
    pages: Vec<Page>,
    count: usize,
    found: &mut dyn FnMut(Cell) -> Result<()>,
) -> Result<()> {
    match column.physical_type() {
        Type::BOOLEAN => read::<BoolType>(column, pages, count, |value| Cell::Int(value.into()), found),
        Type::INT32 => read::<Int32Type>(column, pages, count, |value| Cell::Int(value.into()), found),
        Type::INT64 => read::<Int64Type>(column, pages, count, Cell::Int, found),
        Type::BYTE_ARRAY => read::<ByteArrayType>(column, pages, count, Cell::Bytes, found),
        other => Err(Error::unsupported(format!("columns of type {other} are not read here"))),
    }
}

fn read<T: DataType>(
    column: &ColumnDescPtr,
    pages: Vec<Page>,
    count: usize,
    cell: fn(T::T) -> Cell,
    found: &mut dyn FnMut(Cell) -> Result<()>,
) -> Result<()> {
    let mut reader = ColumnReaderImpl::<T>::new(column.clone(), Box::new(Ready(pages.into())));
    let there = column.max_def_level();
    let (mut levels, mut values, mut left) = (Vec::new(), Vec::new(), count);
    while left > 0 {
        levels.clear();
        values.clear();
        let read = reader.read_records(BATCH.min(left), Some(&mut levels), None, &mut values);
        let (rows, ..) = read.map_err(damaged)?;
        if rows == 0 {
            return Err(damaged(format!("{left} of {count} values are missing")));
        }
        left -= rows;
        let mut values = values.drain(..);
        for row in 0..rows {
            let null = levels.get(row).is_some_and(|&level| level != there);
            let value = if null { None } else { values.next() };
            found(value.map_or(Cell::Null, cell))?;
        }
    }
    Ok(())
}

/// Pages that were read before.
struct Ready(VecDeque<Page>);

impl Iterator for Ready {
    type Item = std::result::Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pop_front().map(Ok)
    }
}

impl PageReader for Ready {
    fn get_next_page(&mut self) -> std::result::Result<Option<Page>, ParquetError> {
        Ok(self.0.pop_front())
    }

    fn peek_next_page(&mut self) -> std::result::Result<Option<PageMetadata>, ParquetError> {
        Ok(self.0.front().map(|page| PageMetadata {
            num_rows: None,
            num_levels: Some(page.num_values() as usize),
            is_dict: page.is_dictionary_page(),
        }))
    }

    fn skip_next_page(&mut self) -> std::result::Result<(), ParquetError> {
        self.0.pop_front();
        Ok(())
    }
}
