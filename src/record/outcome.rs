//! How a candidate's run ended. "Cannot run" is an answer, not an accident.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The steps of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Runtime found, data opened, model loaded and optimized.
    Prepare,
    /// Untimed runs.
    WarmUp,
    /// Timed runs at batch 1.
    Latency,
    /// Timed runs at the full batch on all cores.
    Throughput,
    /// Predictions for every image.
    Evaluate,
}

/// How a candidate's run ended; whatever was measured before stays in the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Everything asked for was measured.
    Completed,
    /// The runtime cannot run this model, or is not here.
    CouldNotRun {
        /// Where it ended.
        stage: Stage,
        /// Why.
        error: Error,
    },
    /// Something failed on the way.
    Failed {
        /// Where it ended.
        stage: Stage,
        /// Why.
        error: Error,
    },
    /// The worker process died or stopped answering.
    Crashed {
        /// Where it ended.
        stage: Stage,
        /// `killed by signal 9 …`, `exit status 134` …
        how: String,
        /// The last lines that it wrote to stderr.
        stderr: String,
    },
    /// The user or the system asked to stop.
    Interrupted {
        /// Where it ended.
        stage: Stage,
    },
}

impl Outcome {
    /// Whether everything asked for was measured.
    pub fn is_completed(&self) -> bool {
        matches!(self, Self::Completed)
    }
}
