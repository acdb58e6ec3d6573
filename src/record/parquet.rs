//! Predictions as a Parquet file: one row an image, readable by pandas, Polars, DuckDB and others.
//!
//! | column | type | content |
//! |---|---|---|
//! | `id` | string | the image's id in its data set |
//! | `label` | int32 | true class |
//! | `scores` | list of float | one score a class, as the model gave them |
//! | `slice_…` | string | what a column of the data set says about the image, one for each such column |
//!
//! The class names, in label order, are a JSON list under the key `classes` of the file's metadata;
//! `sha256` is the digest of the file with zeros in its place.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type};
use tempfile::NamedTempFile;

use super::file::{cannot_write, create_beside, put_in_place};
use super::{Predictions, seal};
use crate::error::{Error, Result};

/// The columns of every file, in the layout that the Parquet format prescribes for lists, with
/// nothing nullable.
const SCHEMA: &str = "message predictions {
    REQUIRED BYTE_ARRAY id (STRING);
    REQUIRED INT32 label;
    REQUIRED GROUP scores (LIST) { REPEATED GROUP list { REQUIRED FLOAT element; } }
}";

/// Stands before the names of the columns that the data set has of its own.
const SLICE: &str = "slice_";

/// Metadata key of the class names.
const CLASSES: &str = "classes";

/// Metadata key of the digest.
const SHA256: &str = "sha256";

/// Rows held in memory before they go to the file: at 1,000 classes 4 MB, however many images follow.
const ROW_GROUP: usize = 1024;

/// Writes predictions as they come. Nothing is at `path` until [`PredictionsWriter::finish`].
pub struct PredictionsWriter {
    path: PathBuf,
    file: FileWriter,
    group: Predictions,
}

type FileWriter = SerializedFileWriter<NamedTempFile>;

impl PredictionsWriter {
    /// Starts a file for predictions over `classes`, named in label order, with the columns `slices`;
    /// its folder is made where it is missing.
    pub fn create(path: &Path, classes: &[String], slices: &[String]) -> Result<Self> {
        let failed = |error: ParquetError| cannot_write(path, &error);
        let schema = schema(slices).map_err(failed)?;
        let properties = properties(classes, slices);
        let file =
            SerializedFileWriter::new(create_beside(path)?, Arc::new(schema), properties).map_err(failed)?;
        let group = Predictions::new(classes.len()).with_slices(slices);
        Ok(Self { path: path.to_owned(), file, group })
    }

    /// Adds the prediction of one image; `scores` has one value a class and `values` one a slice.
    pub fn push(&mut self, id: &str, label: u32, scores: &[f32], values: &[&str]) -> Result<()> {
        if scores.len() != self.group.classes() {
            let (got, wanted) = (scores.len(), self.group.classes());
            return Err(Error::unusable(format!("{got} scores for {wanted} classes")).at(id));
        }
        if values.len() != self.group.slices().len() {
            let (got, wanted) = (values.len(), self.group.slices().len());
            return Err(Error::unusable(format!("{got} values for {wanted} columns")).at(id));
        }
        self.group.push_sliced(id.to_owned(), label, scores, values);
        if self.group.len() == ROW_GROUP { self.flush() } else { Ok(()) }
    }

    /// Completes the file, puts it in its place, and gives the digest by which a record knows it.
    pub fn finish(mut self) -> Result<String> {
        self.flush()?;
        let Self { path, file, .. } = self;
        let mut file = file.into_inner().map_err(|error| cannot_write(&path, &error))?;
        let digest = seal::close(file.as_file_mut()).map_err(|error| cannot_write(&path, &error))?;
        put_in_place(file, &path)?;
        Ok(digest)
    }

    /// Writes the rows held as one row group.
    fn flush(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let empty = self.group.emptied();
        let group = std::mem::replace(&mut self.group, empty);
        write_group(&mut self.file, &group).map_err(|error| cannot_write(&self.path, &error))
    }
}

/// Writes all of `predictions` to `path` and gives the digest of the file.
pub fn write_predictions(path: &Path, classes: &[String], predictions: &Predictions) -> Result<String> {
    let slices: Vec<String> = predictions.slices().iter().map(|column| column.name().to_owned()).collect();
    let mut writer = PredictionsWriter::create(path, classes, &slices)?;
    for (index, row) in predictions.iter().enumerate() {
        writer.push(row.id, row.label, row.scores, &predictions.slice_values(index))?;
    }
    writer.finish()
}

/// The digest that [`PredictionsWriter::finish`] gave for the file at `path`; none for another file.
pub(super) fn digest_of(path: &Path) -> Option<String> {
    seal::read(&mut File::open(path).ok()?).ok()?
}

/// Reads a file that [`PredictionsWriter`] wrote.
pub fn read_predictions(path: &Path) -> Result<Predictions> {
    let file = File::open(path).map_err(|error| {
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

/// The columns of every file, and one of strings for each slice.
fn schema(slices: &[String]) -> ParquetResult<Type> {
    let mut fields = parse_message_type(SCHEMA)?.get_fields().to_vec();
    for name in slices {
        let column = Type::primitive_type_builder(&format!("{SLICE}{name}"), PhysicalType::BYTE_ARRAY)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::String))
            .build()?;
        fields.push(Arc::new(column));
    }
    Type::group_type_builder("predictions").with_fields(fields).build()
}

fn properties(classes: &[String], slices: &[String]) -> Arc<WriterProperties> {
    let names = serde_json::Value::from(classes.to_vec()).to_string();
    // The names of columns are free text, so the path is made of one part.
    let path = |name: &String| ColumnPath::new(vec![format!("{SLICE}{name}")]);
    let mut properties = WriterProperties::builder();
    for name in slices {
        properties = properties.set_column_dictionary_enabled(path(name), true);
    }
    let properties = properties
        .set_compression(Compression::SNAPPY)
        // Ids and scores hardly repeat, so a dictionary or statistics would only add bytes.
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(format!("bench {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            KeyValue::new(CLASSES.to_owned(), names),
            KeyValue::new(SHA256.to_owned(), seal::blank()),
        ]))
        .build();
    Arc::new(properties)
}

type ParquetResult<T> = std::result::Result<T, ParquetError>;
type GroupWriter<'a> = SerializedRowGroupWriter<'a, NamedTempFile>;

fn write_group(file: &mut FileWriter, rows: &Predictions) -> ParquetResult<()> {
    let ids: Vec<ByteArray> = rows.iter().map(|row| row.id.into()).collect();
    // Parquet keeps unsigned numbers in signed columns of the same width, bit for bit.
    let labels: Vec<i32> = rows.iter().map(|row| row.label.cast_signed()).collect();
    let scores: Vec<f32> = rows.iter().flat_map(|row| row.scores).copied().collect();
    let (defined, repeated) = levels(rows.len(), rows.classes());

    let mut group = file.next_row_group()?;
    write_column::<ByteArrayType>(&mut group, &ids, None, None)?;
    write_column::<Int32Type>(&mut group, &labels, None, None)?;
    write_column::<FloatType>(&mut group, &scores, Some(&defined), Some(&repeated))?;
    for column in rows.slices() {
        let values: Vec<ByteArray> = (0..rows.len()).map(|row| column.value(row).into()).collect();
        write_column::<ByteArrayType>(&mut group, &values, None, None)?;
    }
    group.close()?;
    Ok(())
}

/// Definition and repetition levels of `rows` lists of `classes` values: a value is defined at
/// level 1, and level 0 of repetition starts a list.
fn levels(rows: usize, classes: usize) -> (Vec<i16>, Vec<i16>) {
    let repeated = (0..rows * classes).map(|index| i16::from(index % classes != 0)).collect();
    (vec![1; rows * classes], repeated)
}

fn write_column<T: DataType>(
    group: &mut GroupWriter<'_>,
    values: &[T::T],
    defined: Option<&[i16]>,
    repeated: Option<&[i16]>,
) -> ParquetResult<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has fewer columns than the rows".into()));
    };
    column.typed::<T>().write_batch(values, defined, repeated)?;
    column.close()
}

fn read_file(mut file: File) -> ParquetResult<Predictions> {
    if !seal::is_intact(&mut file)? {
        return Err(ParquetError::General("its content does not match its digest".into()));
    }
    let reader = SerializedFileReader::new(file)?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    fn there_and_back(predictions: &Predictions) -> Predictions {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write_predictions(&path, &names(predictions.classes()), predictions).unwrap();
        read_predictions(&path).unwrap()
    }

    /// Rows as bits, because NaN is not equal to itself.
    fn bits(predictions: &Predictions) -> Vec<(String, u32, Vec<u32>, Vec<&str>)> {
        let of = |(index, row): (usize, super::super::Prediction<'_>)| {
            let scores = row.scores.iter().map(|score| score.to_bits()).collect();
            (row.id.to_owned(), row.label, scores, predictions.slice_values(index))
        };
        predictions.iter().enumerate().map(of).collect()
    }

    prop_compose! {
        fn any_predictions()(classes in 1_usize..6, names in prop::collection::btree_set(any::<String>(), 0..3))(
            rows in prop::collection::vec(
                (
                    any::<String>(),
                    any::<u32>(),
                    prop::collection::vec(any::<u32>(), classes),
                    prop::collection::vec("[ab]{0,2}|é", names.len()),
                ),
                0..20,
            ),
            classes in Just(classes),
            names in Just(names),
        ) -> Predictions {
            let names: Vec<String> = names.into_iter().collect();
            let mut predictions = Predictions::new(classes).with_slices(&names);
            for (id, label, scores, values) in rows {
                let scores: Vec<f32> = scores.into_iter().map(f32::from_bits).collect();
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                predictions.push_sliced(id, label, &scores, &values);
            }
            predictions
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written_to_the_last_bit(predictions in any_predictions()) {
            let read = there_and_back(&predictions);
            prop_assert_eq!(read.classes(), predictions.classes());
            prop_assert_eq!(bits(&read), bits(&predictions));
            prop_assert_eq!(read.slices(), predictions.slices());
        }
    }

    #[test]
    fn nan_with_a_payload_infinities_and_negative_zero_survive() {
        let scores = [f32::from_bits(0x7fc0_1234), f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE / 2.0];
        let mut predictions = Predictions::new(4);
        predictions.push("a".into(), 3, &scores);
        assert_eq!(bits(&there_and_back(&predictions)), bits(&predictions));
    }

    #[test]
    fn more_rows_than_a_group_come_back_in_order() {
        let mut predictions = Predictions::new(2);
        for index in 0..3 * ROW_GROUP as u32 + 5 {
            predictions.push(format!("{index}.png"), index % 2, &[index as f32, 0.5]);
        }
        assert_eq!(there_and_back(&predictions), predictions);
    }

    #[test]
    fn nothing_is_there_until_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = PredictionsWriter::create(&path, &names(2), &[]).unwrap();
        writer.push("a", 0, &[0.1, 0.9], &[]).unwrap();
        assert!(!path.exists());
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_row_with_too_few_scores_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            PredictionsWriter::create(&folder.path().join("a.parquet"), &names(3), &["source".into()])
                .unwrap();
        let error = writer.push("cat/1.png", 0, &[0.5], &["web"]).unwrap_err();
        assert_eq!(
            (error.what.as_str(), error.place.as_deref()),
            ("1 scores for 3 classes", Some("cat/1.png"))
        );
        let error = writer.push("cat/1.png", 0, &[0.5; 3], &[]).unwrap_err();
        assert_eq!(error.what, "0 values for 1 columns");
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut predictions = Predictions::new(2);
        predictions.push("a".into(), 0, &[0.1, 0.9]);
        write_predictions(&path, &names(2), &predictions).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 4, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(read_predictions(&path).unwrap_err().place.unwrap().ends_with("a.parquet"));
        }
    }

    /// Makes the digest of a changed file fit, as only somebody who means to deceive would.
    fn seal_again(path: &Path) {
        let mut bytes = std::fs::read(path).unwrap();
        let mark = seal::blank().len() - 64;
        let at = bytes.windows(mark).rposition(|window| window == &seal::blank().as_bytes()[..mark]);
        let Some(digits) = at.and_then(|at| bytes.get_mut(at + mark..at + mark + 64)) else { return };
        digits.fill(b'0');
        std::fs::write(path, &bytes).unwrap();
        let _ = seal::close(&mut File::options().read(true).write(true).open(path).unwrap());
    }

    #[test]
    fn no_flipped_byte_brings_the_reader_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut predictions = Predictions::new(2).with_slices(&["source".into()]);
        for index in 0..40_u32 {
            predictions.push_sliced(
                index.to_string(),
                index % 2,
                &[0.1, 0.9],
                &[["phone", "web"][index as usize / 20]],
            );
        }
        write_predictions(&path, &names(2), &predictions).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= flip;
                std::fs::write(&path, &damaged).unwrap();
                // What matters is that it returns; a changed score is a score.
                let _ = read_predictions(&path);
                seal_again(&path);
                let _ = read_predictions(&path);
            }
        }
    }
}
