//! What the conductor and a worker say to each other: one JSON value a line. The first line is the
//! [`Assignment`]; then each [`Command`] is answered by one [`Answer`], with [`Message::Progress`]
//! before it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::plan::Job;
use crate::record::{
    DatasetIdentity, EvaluationEvidence, LoadEvidence, MemoryEvidence, OutputEvidence, RuntimeIdentity,
    ThroughputRound, WarmUp,
};

/// The first line to a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// What to measure.
    pub job: Job,
    /// Where the predictions go.
    #[serde(with = "crate::plan::path_text")]
    pub predictions: PathBuf,
    /// Where the first launch leaves its latency inputs for later ones; none where there is no place.
    #[serde(default, with = "crate::plan::path_text::option", skip_serializing_if = "Option::is_none")]
    pub inputs: Option<PathBuf>,
}

/// A step for the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Find the runtime, open the data, load the model, run it once.
    Prepare,
    /// Run untimed until the latency settles.
    WarmUp,
    /// Load the model in one more process of the same candidate, and run it once.
    Relaunch,
    /// One block of timed runs.
    Round,
    /// One stretch of full batches on all cores.
    Throughput { round: u32, seconds: f64 },
    /// Predict every image.
    Evaluate,
    /// Read the memory once more and end.
    Finish,
    /// Leave the step under way as soon as possible. Has no answer of its own.
    Stop,
}

/// The worker's answer to a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Command::Prepare`].
    Prepared(Box<Prepared>),
    /// To [`Command::WarmUp`].
    Warm { warm_up: WarmUp, memory: Option<MemoryEvidence> },
    /// To [`Command::Relaunch`].
    Relaunched(LoadEvidence),
    /// To [`Command::Round`].
    Round { samples_ns: Vec<u64> },
    /// To [`Command::Throughput`].
    Throughput { batch: usize, streams: usize, round: ThroughputRound },
    /// To [`Command::Evaluate`]; `error` when it ended early, with the images done until then.
    Evaluated { evidence: EvaluationEvidence, error: Option<Error> },
    /// To [`Command::Finish`].
    Finished { memory: Option<MemoryEvidence> },
    /// To any command that failed.
    Failed { error: Error },
}

/// What [`Command::Prepare`] found and measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepared {
    /// The runtime that really runs.
    pub runtime: RuntimeIdentity,
    /// The data set that was opened.
    pub dataset: Option<DatasetIdentity>,
    /// Load time and first run.
    pub load: LoadEvidence,
    /// Digest of the settings that the session was made with.
    pub session_sha256: String,
    /// Images in one run of the latency pass.
    pub latency_batch: usize,
    /// Outputs on the first inputs.
    pub outputs: OutputEvidence,
    /// Why the inputs could not be left for later launches.
    pub unsaved: Option<Error>,
}

/// A line from the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// Images done so far.
    Progress { done: u64 },
    /// The answer to the last command.
    Answer { answer: Box<Answer> },
}
