//! How long and how often to measure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which figures a job is to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Passes {
    /// All of them: loading, latency, throughput, memory, and accuracy where there is data.
    #[default]
    All,
    /// One prediction an image, and no figure that hangs on the machine.
    Accuracy,
}

impl Passes {
    /// Whether this is every figure.
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// Rounds of the latency pass after which candidates go on in new processes.
pub const ROUNDS_A_LAUNCH: u32 = 4;

/// The measuring protocol of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Protocol {
    /// Seed of everything random: order within rounds, choice of inputs, generated inputs.
    pub seed: u64,
    /// Which figures are wanted.
    #[serde(default, skip_serializing_if = "Passes::is_all")]
    pub passes: Passes,
    /// Images in one run of the throughput and accuracy passes; none for what the runtime does best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Most seconds of timed runs at batch 1 for this candidate.
    pub latency_seconds: f64,
    /// The latency pass ends earlier when every ratio is known to within this share: half the width
    /// of its 95 % interval.
    pub precision: f64,
    /// Fewest rounds before that is asked.
    pub least_rounds: u32,
    /// Shortest block of back-to-back runs in a round, milliseconds.
    pub block_ms: f64,
    /// Longest block, for runs so slow that few fit into the shortest, milliseconds.
    pub longest_block_ms: f64,
    /// Seconds of the throughput measurement for this candidate.
    pub throughput_seconds: f64,
    /// Most seconds of warm-up before the first timed block.
    pub warm_up_seconds: f64,
    /// Distinct inputs that the latency blocks go through in turn.
    pub latency_inputs: usize,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            seed: 7,
            passes: Passes::All,
            batch: None,
            latency_seconds: 5.0,
            precision: 0.01,
            least_rounds: 20,
            block_ms: 50.0,
            longest_block_ms: 200.0,
            throughput_seconds: 1.5,
            warm_up_seconds: 2.0,
            latency_inputs: 64,
        }
    }
}
