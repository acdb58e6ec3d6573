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

mod read;
mod write;

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

pub(super) use read::digest_of;
pub use read::read_predictions;
pub use write::{PredictionsWriter, write_predictions};

type ParquetResult<T> = std::result::Result<T, ParquetError>;

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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::write::ROW_GROUP;
    use super::*;
    use crate::record::{Prediction, Predictions, seal};

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
        let of = |(index, row): (usize, Prediction<'_>)| {
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
        let _ = seal::close(&mut std::fs::File::options().read(true).write(true).open(path).unwrap());
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
