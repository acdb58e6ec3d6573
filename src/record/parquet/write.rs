//! Predictions into a file, a group of rows at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnPath;
use tempfile::NamedTempFile;

use super::{CLASSES, ParquetResult, SLICE, schema};
use crate::error::{Error, Result};
use crate::record::file::{cannot_write, create_beside, put_in_place};
use crate::record::{Predictions, seal};

/// Metadata key of the digest.
const SHA256: &str = "sha256";

/// Rows held in memory before they go to the file: at 1,000 classes 4 MB, however many images follow.
pub(super) const ROW_GROUP: usize = 1024;

/// Writes predictions as they come. Nothing is at `path` until [`PredictionsWriter::finish`].
pub struct PredictionsWriter {
    path: PathBuf,
    file: FileWriter,
    group: Predictions,
}

type FileWriter = SerializedFileWriter<NamedTempFile>;
type GroupWriter<'a> = SerializedRowGroupWriter<'a, NamedTempFile>;

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
