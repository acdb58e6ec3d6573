//! The waist of the program: what was measured, raw, with the identity of all that took part.
//! Everything to the left fills a [`RunRecord`]; everything to the right reads one.

mod check;
mod environment;
mod evidence;
mod file;
mod identity;
mod merge;
mod outcome;
mod parquet;
mod part_identity;
mod predictions;
mod seal;
mod slice_column;
mod store;
mod timestamp;

pub(crate) use check::nonsense;
pub use environment::{Environment, Quota};
pub use evidence::{
    CalibrationOverlap, Ended, EvaluationEvidence, Evidence, LatencyEvidence, LoadEvidence, MemoryEvidence,
    MemoryReading, NAMED, OutputEvidence, Round, SkippedImage, ThroughputEvidence, ThroughputRound,
    TwinEvidence, WarmUp,
};
pub(crate) use file::{cannot_write, check_writable, write_together, write_whole, write_whole_by};
pub use identity::{
    DatasetIdentity, ModelIdentity, PassedOver, RuntimeIdentity, ShardIdentity, ToolIdentity, WholeIdentity,
};
pub use merge::{Merged, merge};
pub use outcome::{Outcome, Stage};
pub use parquet::{PredictionsWriter, read_predictions, write_predictions};
pub use predictions::{Prediction, Predictions};
pub use slice_column::SliceColumn;
pub use store::{
    find_record, flips_name, load, load_folder, load_predictions, predictions_name, save, save_record,
};
pub use timestamp::timestamp;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Job;

/// Version of the record's layout. A breaking change raises it and adds an upgrade to the store.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything known about one candidate after its run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Layout of this record.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: ToolIdentity,
    /// Name of the measurement: records that share it were measured in turns.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub measurement: String,
    /// Start of the measurement, RFC 3339 in UTC.
    pub started_at: String,
    /// End of the measurement, RFC 3339 in UTC.
    pub finished_at: String,
    /// What was asked for.
    pub job: Job,
    /// The model file.
    pub model: ModelIdentity,
    /// The data, once it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetIdentity>,
    /// The runtime that really ran, once it was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeIdentity>,
    /// The machine.
    pub environment: Environment,
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured until then.
    pub evidence: Evidence,
}

/// A record and its predictions, live or loaded: what metrics read.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The record.
    pub record: RunRecord,
    /// One prediction an image, when the model was evaluated on data.
    pub predictions: Option<Predictions>,
}
