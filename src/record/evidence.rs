//! Raw measurements. No percentage, no mean, no verdict: those are computed from here, each time
//! anew, so that a metric added next year works on a record saved today. The one figure made here is the
//! median of a block, which both sides go by: when to stop, and what to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::stats::{self, Block};

/// What was measured; each part is there when its stage was reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Loading, once for each launch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<LoadEvidence>,
    /// Outputs on seeded inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<OutputEvidence>,
    /// Batch 1, one session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyEvidence>,
    /// The same once more, where this is the baseline of a measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinEvidence>,
    /// Full batch, all cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<ThroughputEvidence>,
    /// Memory of the worker process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryEvidence>,
    /// Memory of the processes of later launches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub launch_memory: Vec<MemoryEvidence>,
    /// The pass over the data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationEvidence>,
    /// Whether images for calibration are among those of the data set, where they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationOverlap>,
}

/// What the images that a model was calibrated with and those it is tested on have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationOverlap {
    /// What the images for calibration are called: the name of their list or data set.
    pub name: String,
    /// Images for calibration.
    pub images: usize,
    /// Images of the test, those of all shards together.
    pub test_images: usize,
    /// Images of the test that the list for calibration names.
    pub by_id: usize,
    /// Others whose file, or whose pixels where no file holds them, are those of one for calibration.
    pub by_content: usize,
    /// Ids of the first of them.
    pub first: Vec<String>,
}

impl CalibrationOverlap {
    /// Images of the test that served for calibration.
    pub fn shared(&self) -> usize {
        self.by_id + self.by_content
    }
}

/// Loading in a fresh process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoadEvidence {
    /// Reading, optimizing and setting up the session, nanoseconds.
    pub load_ns: u64,
    /// The first run at the latency batch, nanoseconds.
    pub first_run_ns: u64,
}

/// Outputs on seeded inputs: how far apart two candidates are even without data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputEvidence {
    /// `dataset` (the first inputs of the latency pool) or `seeded` (generated).
    pub source: String,
    /// Number of inputs.
    pub inputs: usize,
    /// Scores of each input, one after the other: `inputs` × classes values. A value that is not
    /// finite is stored as null.
    pub scores: Vec<Option<f32>>,
}

/// Untimed runs before the first block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarmUp {
    /// Runs made.
    pub runs: u64,
    /// Time spent in them, nanoseconds.
    pub elapsed_ns: u64,
    /// Whether the block medians had come to agree when it ended.
    pub settled: bool,
}

/// One block of back-to-back runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Round {
    /// Number of the round; blocks of all candidates with the same number belong together.
    pub round: u32,
    /// Place of this candidate in the random order of its round, from 0.
    pub position: u32,
    /// Which of the candidate's processes ran, from 0: where a process lies in memory moves its
    /// latency, so that candidates that load quickly are started several times.
    pub launch: u32,
    /// Each run, nanoseconds, in the order they were made.
    pub samples_ns: Vec<u64>,
}

impl Round {
    /// The median of its runs, nanoseconds; none without runs.
    pub fn median_ns(&self) -> Option<f64> {
        stats::median(&self.samples_ns.iter().map(|&ns| ns as f64).collect::<Vec<_>>())
    }

    /// The block medians of `rounds`; a round without runs has none.
    pub fn blocks(rounds: &[Self]) -> Vec<Block> {
        let block = |round: &Self| {
            Some(Block { round: round.round, launch: round.launch, value: round.median_ns()? })
        };
        rounds.iter().filter_map(block).collect()
    }
}

/// Timed runs at batch 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyEvidence {
    /// Images in one run: 1 unless the graph fixes another number.
    pub batch: usize,
    /// Digest of the settings that the session was made with ([`SessionOptions::digest`]).
    ///
    /// [`SessionOptions::digest`]: crate::plan::SessionOptions::digest
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session_sha256: String,
    /// Runs before the first timed one.
    pub warm_up: WarmUp,
    /// Blocks in order of time.
    pub rounds: Vec<Round>,
    /// Why it ended; none when it was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Why a process after the first, or the twin's, could not be used, the first time that it was so. What
    /// such a process was to measure, the first one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_error: Option<Error>,
}

/// Why the latency pass of a measurement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Every ratio was known as precisely as was asked for.
    Precision,
    /// The time was spent.
    Time,
}

/// The same job in a second process, measured in the same rounds: what this machine makes of no
/// difference at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TwinEvidence {
    /// Blocks in order of time.
    pub rounds: Vec<Round>,
    /// Memory of the second process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryEvidence>,
}

/// One stretch of the throughput measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThroughputRound {
    /// Number of the round.
    pub round: u32,
    /// Images finished.
    pub images: u64,
    /// Time from the common start to the last finish, nanoseconds.
    pub elapsed_ns: u64,
}

/// Full batches on all cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThroughputEvidence {
    /// Images in one run.
    pub batch: usize,
    /// Sessions side by side.
    pub streams: usize,
    /// Stretches in order of time.
    pub rounds: Vec<ThroughputRound>,
}

/// Memory of a process at one moment, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryReading {
    /// Resident: what the process occupies, shared pages included.
    pub resident: u64,
    /// Proportional set size: shared pages counted in parts (Linux).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proportional: Option<u64>,
    /// Private dirty: what the system gets back when the process ends (Linux).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dirty: Option<u64>,
}

/// Memory of the worker process, bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryEvidence {
    /// What was read: `VmRSS, VmHWM and smaps_rollup`, `resident size, sampled` …
    pub source: String,
    /// Before the model was loaded, runtime library included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_load: Option<MemoryReading>,
    /// After the model was loaded, before its first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_load: Option<MemoryReading>,
    /// After warm-up: one session at batch 1 that has run many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm: Option<MemoryReading>,
    /// Most resident until the end of warm-up: one session at batch 1.
    pub peak_bytes: u64,
    /// Most resident until the end of the run: all sessions at the full batch, image decoding included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_evaluation_bytes: Option<u64>,
}

/// At most this many images that could not be used are named; the rest is counted.
pub const NAMED: usize = 100;

/// An image that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedImage {
    /// Its id in the data set.
    pub id: String,
    /// Why.
    pub why: String,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The pass over the data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvaluationEvidence {
    /// Parquet file with one row an image, beside the record.
    pub predictions: String,
    /// Digest that this file carries, so that the file of another run is not taken for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub predictions_sha256: String,
    /// Digest of the settings that the sessions were made with: the one of the latency pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session_sha256: String,
    /// Images evaluated.
    pub images: usize,
    /// Images in one run.
    pub batch: usize,
    /// Sessions side by side.
    pub streams: usize,
    /// Wall time, nanoseconds.
    pub elapsed_ns: u64,
    /// Images whose scores held a value that is not finite; they count as wrong.
    pub not_finite: usize,
    /// Images that could not be decoded: the first [`NAMED`] of them.
    pub skipped: Vec<SkippedImage>,
    /// How many could not be decoded.
    pub skipped_count: usize,
    /// Images whose pixels an earlier pass had kept: they were neither decoded nor resized.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub from_cache: usize,
}
