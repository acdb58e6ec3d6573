//! A baseline that lives in a repository: small, reviewed like code. It names model, data,
//! preprocessing, runtime and machine, and holds which images were right, one bit each, so that a later
//! candidate is compared image by image without any prediction being kept. With predictions, which
//! agreement and resampled metrics need, they lie beside it in Parquet, as beside a record.

mod check;
mod kept;

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::json_text;
use crate::plan::RuntimeSpec;
use crate::record::{self, Outcome, Run, RunRecord, ToolIdentity};
use crate::regular_file;

/// Version of the baseline's layout. A breaking change raises it.
pub const BASELINE_VERSION: u32 = 1;

/// One model, in each runtime that it was measured in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Layout of this file.
    pub baseline_version: u32,
    /// The program that wrote it.
    pub tool: ToolIdentity,
    /// When, RFC 3339 in UTC.
    pub saved_at: String,
    /// One for each runtime.
    pub runs: Vec<BaselineRun>,
}

/// What is kept of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineRun {
    /// The record without raw samples: job, model, data, runtime, machine.
    pub record: RunRecord,
    /// What was right; absent where the model was not evaluated on images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<BaselineAccuracy>,
    /// Values of the metrics of images, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// What the machine had a part in.
    pub costs: BaselineCosts,
}

/// What was right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineAccuracy {
    /// Images evaluated.
    pub images: u64,
    /// Those predicted right.
    pub right: u64,
    /// The same of each class, in label order.
    pub classes: Vec<BaselineClass>,
    /// The same of each slice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<BaselineSlice>,
    /// One bit for each image in the order of the data set, 1 for right, in hexadecimal; the highest bit
    /// of a byte is its first image.
    pub right_images: String,
}

/// Images of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineClass {
    /// Its name.
    pub name: String,
    /// Its images.
    pub images: u64,
    /// Those predicted right.
    pub right: u64,
}

/// Images of a slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineSlice {
    /// The column.
    pub column: String,
    /// What it says about these images.
    pub value: String,
    /// The images.
    pub images: u64,
    /// Those predicted right.
    pub right: u64,
}

/// What the machine had a part in; empty where it was not measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BaselineCosts {
    /// Median latency of each launch at the batch of the latency pass, nanoseconds.
    pub latency_ns: Vec<f64>,
    /// Images a second of each stretch.
    pub images_per_second: Vec<f64>,
    /// Memory of the model in each launch, bytes.
    pub memory_bytes: Vec<f64>,
    /// Time to load in each launch, nanoseconds.
    pub load_ns: Vec<f64>,
}

impl Baseline {
    /// What is to be kept of `runs`: one model, each run in a runtime of its own. Fails where they are of
    /// several models, two are of one runtime, or one did not complete.
    pub fn of(runs: &[Run]) -> Result<Self> {
        for (index, run) in runs.iter().enumerate() {
            check(run, &runs[..index])?;
        }
        if runs.is_empty() {
            return Err(
                Error::usage("a baseline needs a run").help("name a record: bench baseline save last")
            );
        }
        Ok(Self {
            baseline_version: BASELINE_VERSION,
            tool: ToolIdentity::current(),
            saved_at: record::timestamp(),
            runs: runs.iter().map(BaselineRun::of).collect::<Result<_>>()?,
        })
    }

    /// The run in `runtime`, if there is one.
    pub fn in_runtime(&self, runtime: &RuntimeSpec) -> Option<&BaselineRun> {
        self.runs.iter().find(|run| run.record.job.runtime == *runtime)
    }

    /// Whether the file at `path` says that it is a baseline, of whatever version.
    pub fn is_one(path: &Path) -> bool {
        let text = regular_file::read_to_string(path).unwrap_or_default();
        serde_json::from_str::<Outline>(&text).is_ok()
    }

    /// Reads a baseline. Predictions stay on disk.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |what: &str, cause: &dyn std::fmt::Display| {
            Error::unusable(what)
                .because(cause)
                .at_path(path)
                .help("give a file that `bench baseline save` made, or save it anew")
        };
        let text =
            regular_file::read_to_string(path).map_err(|e| wrong("the baseline cannot be read", &e))?;
        let outline: Outline =
            serde_json::from_str(&text).map_err(|e| wrong("this is not a baseline of bench", &e))?;
        if outline.baseline_version > BASELINE_VERSION {
            let cause = format!(
                "its layout is version {}, and this program reads up to {BASELINE_VERSION}",
                outline.baseline_version
            );
            return Err(wrong("the baseline was written by a newer bench", &cause));
        }
        let damaged = "the baseline is damaged or was edited";
        let baseline: Self = serde_json::from_str(&text).map_err(|e| wrong(damaged, &e))?;
        check::nonsense(&baseline).map_or(Ok(baseline), |why| Err(wrong(damaged, &why)))
    }

    /// Writes it; with `predictions`, those of `runs` beside it, one file a runtime.
    pub fn write(mut self, path: &Path, runs: &[Run], predictions: bool) -> Result<()> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (kept, run) in self.runs.iter_mut().zip(runs).filter(|_| predictions) {
            kept.keep_predictions(run, path, &stem)?;
        }
        let text = json_text::indented(&self).map_err(|e| {
            Error::unusable("the baseline cannot be written as JSON").because(e).at_path(path)
        })?;
        record::write_whole(path, text.as_bytes())
    }
}

/// What tells a baseline of another layout.
#[derive(Deserialize)]
struct Outline {
    baseline_version: u32,
}

fn check(run: &Run, before: &[Run]) -> Result<()> {
    let (record, label) = (&run.record, run.record.job.label());
    if record.outcome != Outcome::Completed {
        return Err(Error::usage(format!("{label} did not complete, and cannot be a baseline"))
            .help("measure it again, or name other records"));
    }
    let Some(first) = before.first() else { return Ok(()) };
    if first.record.model.sha256 != record.model.sha256 {
        let names = format!("{} and {label}", first.record.job.label());
        return Err(Error::usage(format!("a baseline is one model, and {names} are two"))
            .help("name the one with --variant, or its records alone"));
    }
    let twice = before.iter().any(|other| other.record.job.runtime == record.job.runtime);
    match twice {
        true => {
            Err(Error::usage(format!("two of these runs are {label}"))
                .help("name one record for each runtime"))
        }
        false => Ok(()),
    }
}

/// The published JSON schema of [`Baseline`].
pub fn baseline_schema() -> serde_json::Value {
    schemars::schema_for!(Baseline).to_value()
}

#[cfg(test)]
mod fixtures {
    //! A run to keep.

    use super::*;
    use crate::metric::fixtures::{latency, predictions, run};
    use crate::record::EvaluationEvidence;

    /// Eleven images, two right and one wrong in turn, and five rounds in two launches.
    pub(super) fn evaluated() -> Run {
        let mut run = run("fp32");
        let right = [3.0, 0.0, 0.0];
        let rows: Vec<(String, u32)> =
            (0..11).map(|index| (index.to_string(), u32::from(index % 3 == 2))).collect();
        let rows: Vec<(&str, u32, &[f32])> =
            rows.iter().map(|(id, label)| (id.as_str(), *label, &right[..])).collect();
        run.predictions = Some(predictions(3, &rows));
        run.record.evidence.latency = Some(latency(&[&[100], &[110], &[120], &[130], &[200]]));
        run.record.evidence.evaluation = Some(EvaluationEvidence {
            predictions: "01.predictions.parquet".into(),
            predictions_sha256: String::new(),
            session_sha256: String::new(),
            images: 11,
            batch: 1,
            streams: 1,
            elapsed_ns: 1,
            not_finite: 0,
            skipped: Vec::new(),
            skipped_count: 0,
            from_cache: 0,
        });
        run
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::evaluated;
    use super::*;
    use crate::metric::fixtures::run;

    #[test]
    fn a_baseline_comes_back_from_disk_as_it_went_with_and_without_predictions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let runs = [evaluated()];
        let baseline = Baseline::of(&runs).unwrap();
        baseline.clone().write(&path, &runs, false).unwrap();
        let read = Baseline::read(&path).unwrap();
        assert_eq!(read, baseline);
        assert_eq!(read.runs[0].with_predictions(&path).unwrap(), None);
        baseline.write(&path, &runs, true).unwrap();
        let back = Baseline::read(&path).unwrap().runs[0].with_predictions(&path).unwrap().unwrap();
        assert_eq!(back.predictions, runs[0].predictions);
        assert!(folder.path().join("baseline.ort.predictions.parquet").exists());
    }

    #[test]
    fn a_baseline_is_one_model_that_ran_once_in_each_runtime() {
        let help = |runs: &[Run]| Baseline::of(runs).unwrap_err().help.unwrap();
        assert!(help(&[run("fp32"), run("int8")]).contains("--variant"));
        assert!(help(&[run("fp32"), run("fp32")]).contains("one record for each runtime"));
        let mut broken = run("fp32");
        broken.record.outcome = Outcome::Interrupted { stage: record::Stage::Latency };
        assert!(help(&[broken]).contains("measure it again"));
        assert!(help(&[]).contains("bench baseline save"));
    }

    #[test]
    fn what_is_no_baseline_or_a_newer_one_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.json");
        for (text, told) in [
            ("{}", "not a baseline"),
            ("{\"baseline_version\": 99, \"news\": 1}", "newer bench"),
            ("{\"baseline_version\": 1, \"runs\": 3}", "damaged"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Baseline::read(&path).unwrap_err();
            assert!(error.what.contains(told) && error.help.is_some(), "{error}");
        }
        assert!(
            Baseline::read(&folder.path().join("none.json")).unwrap_err().what.contains("cannot be read")
        );
    }
}
