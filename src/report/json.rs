//! The report for programs. Unlike a record it holds no raw samples: medians by round stand for
//! them, and `bench compare --record FOLDER` keeps the records with everything.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::{Classes, Column, Comparison, Criteria, OnData, Verdict, Versus, Warning};
use crate::json_text;
use crate::metric::{CalibrationBin, METRICS, MetricSpec, PAIR_METRICS, Reading, SliceReading};
use crate::plan::Job;
use crate::record::{
    CalibrationOverlap, DatasetIdentity, Ended, Environment, LatencyEvidence, LoadEvidence, MemoryEvidence,
    ModelIdentity, Outcome, Round, RunRecord, RuntimeIdentity, SkippedImage, ThroughputEvidence,
    ToolIdentity, TwinEvidence, WarmUp,
};

/// Version of the report's layout. A breaking change raises it.
pub const REPORT_SCHEMA_VERSION: u32 = 1;

/// A comparison as one JSON document. Times are nanoseconds and sizes bytes, as the names say;
/// shares are fractions from 0 to 1; a value that is undefined is null, with the reason beside it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReportDocument {
    /// Layout of this document.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: ToolIdentity,
    /// Start of the first run, RFC 3339 in UTC.
    pub started_at: String,
    /// End of the last run, RFC 3339 in UTC.
    pub finished_at: String,
    /// What each metric is: definition, unit, direction.
    pub metrics: Vec<MetricSpec>,
    /// Index of the baseline in `columns`.
    pub baseline: usize,
    /// What is accepted.
    pub criteria: Criteria,
    /// One for each run, in the order asked for.
    pub columns: Vec<ReportColumn>,
    /// One for each data set, the highest accuracy first; absent where all runs are on the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub across: Vec<OnData>,
    /// What a reader must know before trusting a figure.
    pub warnings: Vec<Warning>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReportColumn {
    /// `ort · int8`: its name in tables, with that of its data where runs are on several.
    pub label: String,
    /// What was asked for.
    pub job: Job,
    /// The model file.
    pub model: ModelIdentity,
    /// The data, once it was opened.
    pub dataset: Option<DatasetIdentity>,
    /// The runtime that really ran, once it was loaded.
    pub runtime: Option<RuntimeIdentity>,
    /// The machine.
    pub environment: Environment,
    /// How it ended.
    pub outcome: Outcome,
    /// Loading.
    pub load: Vec<LoadEvidence>,
    /// Latency by round.
    pub latency: Option<LatencySummary>,
    /// Throughput by round.
    pub throughput: Option<ThroughputEvidence>,
    /// Memory.
    pub memory: Option<MemoryEvidence>,
    /// The pass over the data.
    pub evaluation: Option<EvaluationSummary>,
    /// What the images for calibration share with those of the data, where they were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationOverlap>,
    /// Its metrics.
    pub readings: Vec<Reading>,
    /// Counts by class.
    pub classes: Option<Classes>,
    /// Accuracy by what the columns of the data set say about the images; empty without such columns.
    pub slices: Vec<SliceReading>,
    /// The bins behind the calibration error, the least confident first: 15 of equal width; empty where
    /// there is no such error.
    pub reliability: Vec<CalibrationBin>,
    /// Set against the baseline, or the first run on its own data; null for the baseline itself.
    pub versus: Option<Versus>,
    /// Whether it is good enough and worth it; null for the baseline itself.
    pub verdict: Option<Verdict>,
}

/// Latency without the single samples.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LatencySummary {
    /// Images in one run.
    pub batch: usize,
    /// Runs before the first timed one.
    pub warm_up: WarmUp,
    /// Blocks in order of time.
    pub rounds: Vec<RoundSummary>,
    /// Why it ended; null when it was cut short.
    pub ended: Option<Ended>,
    /// The baseline's second measurement, in the same rounds.
    pub twin: Vec<RoundSummary>,
}

/// One block of back-to-back runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoundSummary {
    /// Number of the round; blocks of all runs with the same number belong together.
    pub round: u32,
    /// Place of the run in the order of its round, from 0.
    pub position: u32,
    /// Which of its processes ran, from 0.
    pub launch: u32,
    /// Number of runs.
    pub runs: usize,
    /// Median time of a run, nanoseconds; null without runs.
    pub median_ns: Option<f64>,
}

/// The pass over the data, without the predictions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EvaluationSummary {
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
    /// How many images could not be decoded.
    pub skipped_count: usize,
    /// The first hundred of them by name.
    pub skipped: Vec<SkippedImage>,
    /// Images whose pixels an earlier pass had kept: they were neither decoded nor resized.
    pub from_cache: usize,
}

impl ReportDocument {
    /// The document of `comparison`; equal comparisons give equal documents.
    pub fn of(comparison: &Comparison) -> Self {
        let records = || comparison.columns.iter().map(|column| &column.record);
        // RFC 3339 in UTC sorts as text.
        let started_at = records().map(|record| &record.started_at).min().cloned();
        let finished_at = records().map(|record| &record.finished_at).max().cloned();
        Self {
            schema_version: REPORT_SCHEMA_VERSION,
            tool: ToolIdentity::current(),
            started_at: started_at.unwrap_or_default(),
            finished_at: finished_at.unwrap_or_default(),
            metrics: metrics(comparison),
            baseline: comparison.baseline,
            criteria: comparison.criteria,
            columns: comparison.columns.iter().map(ReportColumn::of).collect(),
            across: comparison.across.clone(),
            warnings: comparison.warnings.clone(),
        }
    }

    /// The document as indented JSON with a newline at its end.
    pub fn to_json(&self) -> serde_json::Result<String> {
        json_text::indented(self)
    }
}

impl ReportColumn {
    fn of(column: &Column) -> Self {
        let RunRecord { job, model, dataset, runtime, environment, outcome, evidence, .. } =
            column.record.clone();
        Self {
            label: job.label(),
            job,
            model,
            dataset,
            runtime,
            environment,
            outcome,
            load: evidence.load,
            latency: evidence.latency.as_ref().map(|it| LatencySummary::of(it, evidence.twin.as_ref())),
            throughput: evidence.throughput,
            memory: evidence.memory,
            evaluation: evidence.evaluation.map(|evaluation| EvaluationSummary {
                images: evaluation.images,
                batch: evaluation.batch,
                streams: evaluation.streams,
                elapsed_ns: evaluation.elapsed_ns,
                not_finite: evaluation.not_finite,
                skipped_count: evaluation.skipped_count,
                skipped: evaluation.skipped,
                from_cache: evaluation.from_cache,
            }),
            calibration: evidence.calibration,
            readings: column.readings.clone(),
            classes: column.classes.clone(),
            slices: column.slices.clone(),
            reliability: column.calibration.clone(),
            versus: column.versus.clone(),
            verdict: column.verdict.clone(),
        }
    }
}

impl LatencySummary {
    fn of(latency: &LatencyEvidence, twin: Option<&TwinEvidence>) -> Self {
        let rounds = latency.rounds.iter().map(RoundSummary::of).collect();
        let twin = twin.iter().flat_map(|twin| &twin.rounds).map(RoundSummary::of).collect();
        Self { batch: latency.batch, warm_up: latency.warm_up.clone(), rounds, ended: latency.ended, twin }
    }
}

impl RoundSummary {
    fn of(round: &Round) -> Self {
        Self {
            round: round.round,
            position: round.position,
            launch: round.launch,
            runs: round.samples_ns.len(),
            median_ns: round.median_ns(),
        }
    }
}

/// Specs of the metrics that appear in the comparison.
pub(super) fn metrics(comparison: &Comparison) -> Vec<MetricSpec> {
    let appears = |id: &str| {
        let in_pair =
            |column: &Column| column.versus.as_ref().is_some_and(|versus| versus.pair(id).is_some());
        comparison.columns.iter().any(|column| column.reading(id).is_some() || in_pair(column))
    };
    let single = METRICS.iter().map(|metric| metric.spec());
    let pair = PAIR_METRICS.iter().map(|metric| metric.spec());
    single.chain(pair).filter(|spec| appears(spec.id)).copied().collect()
}

/// The published JSON schema of [`ReportDocument`].
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(ReportDocument).to_value()
}
