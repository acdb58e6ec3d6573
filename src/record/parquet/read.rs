//! Predictions out of a file, which may be damaged or made by somebody else.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::Type;

use super::{CLASSES, ParquetResult, SLICE, schema};
use crate::error::{Error, Result};
use crate::parquet_metadata::{look_over_pages, looked_over};
use crate::record::{Predictions, seal};
use crate::regular_file;

/// The digest that was given when the file at `path` was written; none for another file.
pub(in crate::record) fn digest_of(path: &Path) -> Option<String> {
    seal::read(&mut regular_file::open(path).ok()?).ok()?
}

/// Reads a file that a [`PredictionsWriter`](super::PredictionsWriter) wrote.
pub fn read_predictions(path: &Path) -> Result<Predictions> {
    let file = regular_file::open(path).map_err(|error| {
        Error::unusable("the predictions cannot be read")
            .because(error)
            .at_path(path)
            .help("the Parquet file belongs beside its record: copy it there, or measure again")
    })?;
    guarded(|| read_file(file)).map_err(|error| {
        Error::unusable("this is not a predictions file of bench, or it is damaged")
            .because(error)
            .at_path(path)
            .help("measure again, or restore the file")
    })
}

/// Runs what may panic on a file that was damaged before it was sealed: the library slices and unwraps.
fn guarded<T>(decode: impl FnOnce() -> ParquetResult<T>) -> ParquetResult<T> {
    let gave_up = || ParquetError::General("the decoder gave up".into());
    // Whatever was half made in there is dropped with the panic.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(gave_up()))
}

fn read_file(mut file: File) -> ParquetResult<Predictions> {
    if !seal::is_intact(&mut file)? {
        return Err(ParquetError::General("its content does not match its digest".into()));
    }
    let reader = opened(file)?;
    let file_metadata = reader.metadata().file_metadata();
    let metadata = file_metadata.key_value_metadata();
    let slices = slice_names(file_metadata.schema());
    if file_metadata.schema().get_fields() != schema(&slices)?.get_fields() {
        return Err(ParquetError::General("its columns are not id, label, scores and slices".into()));
    }
    let mut predictions = Predictions::new(class_count(metadata)?).with_slices(&slices);
    for index in 0..reader.num_row_groups() {
        read_group(reader.get_row_group(index)?.as_ref(), &mut predictions)?;
    }
    Ok(predictions)
}

/// The library reads on for as long as the counts in the footer and in the headers of pages say.
fn opened(mut file: File) -> ParquetResult<SerializedFileReader<File>> {
    let said = |error: Error| ParquetError::General(error.cause.unwrap_or(error.what));
    looked_over(&mut file).map_err(said)?;
    let (mut pages, file_end) = (file.try_clone()?, file.metadata()?.len());
    let reader = SerializedFileReader::new(file)?;
    for column in reader.metadata().row_groups().iter().flat_map(|group| group.columns()) {
        let (start, length) = column.byte_range();
        let end = start.checked_add(length).filter(|&end| end <= file_end);
        let end = end.ok_or_else(|| ParquetError::General("a column lies beyond the end".into()))?;
        look_over_pages(&mut pages, start..end).map_err(said)?;
    }
    Ok(reader)
}

/// The columns that the data set has of its own, without what stands before their names.
fn slice_names(schema: &Type) -> Vec<String> {
    let name = |field: &Arc<Type>| field.name().strip_prefix(SLICE).map(str::to_owned);
    schema.get_fields().iter().filter_map(name).collect()
}

/// The value under `key`.
fn entry<'a>(metadata: Option<&'a Vec<KeyValue>>, key: &str) -> Option<&'a str> {
    metadata?.iter().find(|pair| pair.key == key)?.value.as_deref()
}

fn class_count(metadata: Option<&Vec<KeyValue>>) -> ParquetResult<usize> {
    entry(metadata, CLASSES)
        .and_then(|names| serde_json::from_str::<Vec<String>>(names).ok())
        .map(|names| names.len())
        .filter(|count| *count > 0)
        .ok_or_else(|| ParquetError::General("its metadata holds no class names".into()))
}

fn read_group(group: &dyn RowGroupReader, predictions: &mut Predictions) -> ParquetResult<()> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
    let ids = read_column::<ByteArrayType>(group, 0, rows)?;
    let labels = read_column::<Int32Type>(group, 1, rows)?;
    let scores = read_column::<FloatType>(group, 2, rows)?;
    let classes = predictions.classes();
    if ids.len() != rows || labels.len() != rows || scores.len() != rows * classes {
        return Err(ParquetError::General(format!("a row has not {classes} scores")));
    }
    let slices = read_slices(group, predictions.slices().len(), rows)?;
    for (row, ((id, label), scores)) in ids.iter().zip(labels).zip(scores.chunks_exact(classes)).enumerate() {
        let values = slices.iter().map(|column| column[row].as_utf8()).collect::<ParquetResult<Vec<_>>>()?;
        predictions.push_sliced(id.as_utf8()?.to_owned(), label.cast_unsigned(), scores, &values);
    }
    Ok(())
}

/// The slices of a group: `count` columns of `rows` values after id, label and scores.
fn read_slices(group: &dyn RowGroupReader, count: usize, rows: usize) -> ParquetResult<Vec<Vec<ByteArray>>> {
    let columns = (0..count).map(|column| read_column::<ByteArrayType>(group, 3 + column, rows));
    let columns = columns.collect::<ParquetResult<Vec<_>>>()?;
    match columns.iter().all(|column| column.len() == rows) {
        true => Ok(columns),
        false => Err(ParquetError::General("a row has not one value in each column".into())),
    }
}

fn read_column<T: DataType>(
    group: &dyn RowGroupReader,
    index: usize,
    rows: usize,
) -> ParquetResult<Vec<T::T>> {
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(index)?);
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    reader.read_records(rows, Some(&mut defined), Some(&mut repeated), &mut values)?;
    // Lists of unequal length can add up to the right sum; the starts of the lists tell.
    let length = values.len() / rows.max(1);
    let uneven = repeated.iter().enumerate().any(|(at, level)| (*level == 0) != (at % length.max(1) == 0));
    if uneven {
        return Err(ParquetError::General("its rows have different numbers of scores".into()));
    }
    Ok(values)
}
