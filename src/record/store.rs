//! Records on disk: `<stem>.json`, and beside it `<stem>.predictions.parquet` with one row an image.
//! A comparison adds `<stem>.flips.csv`, which is made from these and read by nobody here.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::check;
use super::file::write_whole;
use super::parquet::{digest_of, read_predictions, write_predictions};
use super::{Predictions, Run, RunRecord, SCHEMA_VERSION};
use crate::error::{Error, Result};
use crate::json_text;
use crate::regular_file;

/// Saves a run as `<stem>.json` in `folder`, which is made where it is missing, and returns the
/// file's path. Predictions go to `<stem>.predictions.parquet` beside it, and the saved record
/// names that file.
pub fn save(run: &Run, folder: &Path, stem: &str) -> Result<PathBuf> {
    let mut record = run.record.clone();
    if let (Some(evaluation), Some(predictions)) = (&mut record.evidence.evaluation, &run.predictions) {
        evaluation.predictions = predictions_name(stem);
        let path = folder.join(&evaluation.predictions);
        let names = class_names(&run.record, predictions.classes());
        evaluation.predictions_sha256 = write_predictions(&path, &names, predictions)?;
    }
    let path = folder.join(format!("{stem}.json"));
    save_record(&record, &path)?;
    Ok(path)
}

/// Saves a record alone, for predictions that already lie beside it under the name it gives.
pub fn save_record(record: &RunRecord, path: &Path) -> Result<()> {
    let text = json_text::indented(record).map_err(|error| {
        Error::unusable("the record cannot be written as JSON").because(error).at_path(path)
    })?;
    write_whole(path, text.as_bytes())
}

/// Name of the predictions of record `stem`.
pub fn predictions_name(stem: &str) -> String {
    format!("{stem}.predictions.parquet")
}

/// Name of the flips of record `stem` against the baseline that it was measured with.
pub fn flips_name(stem: &str) -> String {
    format!("{stem}.flips.csv")
}

/// Loads a record and its predictions.
pub fn load(path: &Path) -> Result<Run> {
    let text = read(path)?;
    let record = parse(&text, path)?;
    let predictions = load_predictions(&record, path)?;
    Ok(Run { record, predictions })
}

/// Loads all records of a folder, in the order of their file names. Reports in it are passed over.
pub fn load_folder(folder: &Path) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for path in json_files(folder)? {
        let text = read(&path)?;
        if !is_report(&text) {
            let record = parse(&text, &path)?;
            let predictions = load_predictions(&record, &path)?;
            runs.push(Run { record, predictions });
        }
    }
    if runs.is_empty() {
        return Err(Error::unusable("there is no record in this folder").at_path(folder).help(
            "to measure a model, name its `.onnx` file; `bench compare … --record FOLDER` saves records",
        ));
    }
    Ok(runs)
}

/// A record or a predictions file in `folder`, if there is one; a folder that does not exist has none.
pub fn find_record(folder: &Path) -> Result<Option<PathBuf>> {
    if !folder.exists() {
        return Ok(None);
    }
    let is_record = |path: &PathBuf| match path.extension() {
        Some(extension) if extension == "json" => read(path).is_ok_and(|text| looks_like_record(&text)),
        Some(extension) if extension == "parquet" => path
            .file_stem()
            .is_some_and(|stem| Path::new(stem).extension().is_some_and(|e| e == "predictions")),
        _ => false,
    };
    Ok(files(folder)?.into_iter().find(is_record))
}

/// The fields that tell what a JSON file is; everything else is skipped.
#[derive(Deserialize)]
struct Outline {
    schema_version: Option<u64>,
    job: Option<IgnoredAny>,
    columns: Option<IgnoredAny>,
}

fn is_report(text: &str) -> bool {
    serde_json::from_str::<Outline>(text).is_ok_and(|outline| outline.columns.is_some())
}

fn looks_like_record(text: &str) -> bool {
    serde_json::from_str::<Outline>(text).is_ok_and(|outline| {
        outline.schema_version.is_some() && outline.job.is_some() && outline.columns.is_none()
    })
}

fn parse(text: &str, path: &Path) -> Result<RunRecord> {
    let not_a_record = |what: &str| {
        Error::unusable(what)
            .at_path(path)
            .help("give a record that `bench compare … --record FOLDER` saved, or a model (.onnx)")
    };
    let outline: Outline = serde_json::from_str(text)
        .map_err(|error| not_a_record("this is not a record of bench: not a JSON object").because(error))?;
    match outline {
        Outline { columns: Some(_), .. } => Err(not_a_record("this is a report, not a record")),
        Outline { schema_version: Some(version), .. } if version > u64::from(SCHEMA_VERSION) => {
            Err(too_new(version).at_path(path))
        }
        Outline { schema_version: Some(_), job: Some(_), .. } => {
            let edited = |cause: String| {
                Error::unusable("the record is damaged or was edited")
                    .because(cause)
                    .at_path(path)
                    .help("restore the file, or measure again")
            };
            let record = serde_json::from_str(text)
                .map_err(|error| edited(format!("{error}{}", line_of(text, &error))))?;
            check::nonsense(&record).map_or(Ok(record), |why| Err(edited(why)))
        }
        _ => Err(not_a_record("this is JSON, but not a record of bench")),
    }
}

/// The line that an error is about: it names the field, which the error does not.
fn line_of(text: &str, error: &serde_json::Error) -> String {
    let line = error.line().checked_sub(1).and_then(|line| text.lines().nth(line));
    line.map(|line| format!(": `{}`", line.trim().chars().take(80).collect::<String>())).unwrap_or_default()
}

fn too_new(version: u64) -> Error {
    Error::unusable("the record was written by a newer bench")
        .because(format!("its layout is version {version}, and this program reads up to {SCHEMA_VERSION}"))
        .help("update bench, or measure again with this version")
}

/// The predictions of `record`, which is or would be saved at `path`.
pub fn load_predictions(record: &RunRecord, path: &Path) -> Result<Option<Predictions>> {
    let Some(evaluation) = &record.evidence.evaluation else { return Ok(None) };
    let beside = path.with_file_name(&evaluation.predictions);
    if !beside.exists() {
        return Err(Error::unusable(format!(
            "the record's predictions are missing: {}",
            evaluation.predictions
        ))
        .at_path(&beside)
        .help(format!("copy that file beside {}, or measure again", path.display())));
    }
    let foreign = |why: String| {
        Error::unusable("the predictions do not belong to the record")
            .because(why)
            .at_path(&beside)
            .help("restore the file that was saved with the record, or measure again")
    };
    let known = &evaluation.predictions_sha256;
    if !known.is_empty() && digest_of(&beside).as_ref() != Some(known) {
        return Err(foreign("they carry another digest, so they are of another run".into()));
    }
    let predictions = read_predictions(&beside)?;
    if predictions.len() != evaluation.images {
        let (rows, images) = (predictions.len(), evaluation.images);
        return Err(foreign(format!("they have {rows} rows, and the record has {images} images")));
    }
    Ok(Some(predictions))
}

/// Class names of the data, or the labels where the data set is unknown.
fn class_names(record: &RunRecord, count: usize) -> Vec<String> {
    match &record.dataset {
        Some(dataset) if dataset.classes.len() == count => dataset.classes.clone(),
        _ => (0..count).map(|label| label.to_string()).collect(),
    }
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = files(folder)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    Ok(paths)
}

/// All that is in `folder`, in the order of the names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::unusable("the folder cannot be read").because(error).at_path(folder);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    let bytes = regular_file::read(path)
        .map_err(|error| Error::unusable("the record cannot be read").because(error).at_path(path))?;
    String::from_utf8(bytes).map_err(|_| {
        Error::unusable("this is not a record of bench: not text")
            .at_path(path)
            .help("give a record that `bench compare … --record FOLDER` saved, or a model (.onnx)")
    })
}
