//! The table: a column for each run, a row for each metric. Titles, units and directions come from
//! the metrics' own specs, so that a new metric appears here without a change.

use super::number;
use super::outcomes;
use super::view::{Tone, clean};
use crate::compare::{Column, Comparison};
use crate::metric::{self, Basis, Better, METRICS, MetricSpec, PAIR_METRICS, PairReading, Reading, Unit};
use crate::record::Outcome;

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnHead {
    /// `ort · fp32`.
    pub label: String,
    /// `baseline`, `could not run` …; empty for a candidate that completed.
    pub note: String,
    /// How the note is meant.
    pub tone: Tone,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The value with its unit, or a sign that there is none.
    pub value: String,
    /// The difference to the baseline with its sign and unit; empty where there is none.
    pub change: String,
    /// What it says about the candidate.
    pub tone: Tone,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub title: String,
    /// Whether a reader in a hurry wants it.
    pub headline: bool,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// Metrics that answer one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The question in a word or two.
    pub title: &'static str,
    /// Its metrics.
    pub rows: Vec<Row>,
}

/// Where metrics stand. One that is not listed comes last, under the name of [`OTHERS`].
const SECTIONS: &[(&str, &[&str])] = &[
    ("footprint", &["size", "size_ratio", "memory_model", "memory_peak", "load", "first_run"]),
    (
        "speed",
        &[
            "latency_p50",
            "speed_up",
            "latency_p90",
            "latency_p99",
            "latency_min",
            "latency_mean",
            "throughput",
            "throughput_ratio",
        ],
    ),
    (
        "accuracy",
        &[
            "accuracy",
            "top5",
            "macro_f1",
            "macro_precision",
            "macro_recall",
            "weighted_f1",
            "weighted_precision",
            "weighted_recall",
            "log_loss",
        ],
    ),
    (
        "against the baseline",
        &[
            "agreement",
            "flips_right_to_wrong",
            "flips_wrong_to_right",
            "flips_wrong_to_other_wrong",
            "output_max_abs",
            "output_mean_abs",
            "output_cosine",
        ],
    ),
];

/// What a reader in a hurry wants.
const HEADLINES: &[&str] = &[
    "size",
    "memory_model",
    "memory_peak",
    "load",
    "latency_p50",
    "speed_up",
    "latency_p99",
    "throughput",
    "accuracy",
    "top5",
    "macro_f1",
    "log_loss",
    "agreement",
    "flips_right_to_wrong",
    "flips_wrong_to_right",
];

/// What takes the place of accuracy where there is no data.
const DISTANCES: &[&str] = &["output_max_abs", "output_cosine"];

/// Title of the metrics that [`SECTIONS`] does not know.
const OTHERS: &str = "more";

/// A relative difference of timings or memory below this is called neither better nor worse: two
/// measurements of one and the same model differ by as much.
pub(super) const WITHIN_NOISE: f64 = 0.02;

/// Measured a single time: too little to call one side better.
const ONCE: &[&str] = &["load", "first_run"];

/// Heads of the columns.
pub(super) fn heads(comparison: &Comparison) -> Vec<ColumnHead> {
    let head = |(index, column): (usize, &Column)| {
        let ended = outcomes::word(&column.record.outcome);
        let note = match (index == comparison.baseline && comparison.columns.len() > 1, ended) {
            (true, Some(ended)) => format!("baseline, {ended}"),
            (true, None) => "baseline".into(),
            (false, ended) => ended.unwrap_or_default().to_owned(),
        };
        let tone = if ended.is_some() { Tone::Worse } else { Tone::Plain };
        ColumnHead { label: clean(&column.record.job.label()), note, tone }
    };
    comparison.columns.iter().enumerate().map(head).collect()
}

/// The table.
pub(super) fn sections(comparison: &Comparison) -> Vec<Section> {
    let listed = SECTIONS.iter().map(|(title, ids)| (*title, ids.to_vec()));
    listed
        .chain([(OTHERS, unlisted())])
        .map(|(title, ids)| Section {
            title,
            rows: ids.iter().filter_map(|id| row(comparison, id)).collect(),
        })
        .filter(|section| !section.rows.is_empty())
        .collect()
}

fn unlisted() -> Vec<&'static str> {
    let single = METRICS.iter().map(|metric| metric.spec().id);
    let pair = PAIR_METRICS.iter().map(|metric| metric.spec().id);
    single.chain(pair).filter(|id| !SECTIONS.iter().any(|(_, ids)| ids.contains(id))).collect()
}

fn evaluated(comparison: &Comparison) -> bool {
    comparison.columns.iter().any(|column| column.reading("accuracy").is_some())
}

/// The row of metric `id`, if any run has it.
fn row(comparison: &Comparison, id: &str) -> Option<Row> {
    let spec = metric::spec(id)?;
    let has = |column: &Column| {
        column.reading(id).is_some() || column.versus.as_ref().is_some_and(|versus| versus.pair(id).is_some())
    };
    comparison.columns.iter().any(has).then(|| Row {
        title: spec.title.to_owned(),
        headline: HEADLINES.contains(&id) || (DISTANCES.contains(&id) && !evaluated(comparison)),
        cells: comparison.columns.iter().map(|column| cell(column, spec)).collect(),
    })
}

fn cell(column: &Column, spec: &MetricSpec) -> Cell {
    let pair = column.versus.as_ref().and_then(|versus| versus.pair(spec.id));
    match (column.reading(spec.id), pair) {
        (Some(reading), _) => single(column, spec, reading),
        (None, Some(reading)) => paired(spec, reading),
        (None, None) => missing(),
    }
}

fn single(column: &Column, spec: &MetricSpec, reading: &Reading) -> Cell {
    let Some(value) = reading.value else { return missing() };
    // Of a model that does not run, nothing is a gain.
    let runs = !matches!(column.record.outcome, Outcome::CouldNotRun { .. });
    let delta = column.versus.as_ref().filter(|_| runs).and_then(|versus| versus.delta(spec.id));
    let change = delta.and_then(|d| number::difference(spec.difference, spec.unit, d.absolute, d.relative));
    let small = delta.and_then(|delta| delta.relative).is_some_and(|change| change.abs() < WITHIN_NOISE);
    let tone = match (&change, delta.and_then(|delta| delta.absolute)) {
        (Some(text), _) if number::reads_as_zero(text) => Tone::Same,
        (Some(_), _) if spec.basis == Basis::Machine && small => Tone::Same,
        (Some(_), _) if ONCE.contains(&spec.id) => Tone::Plain,
        (Some(_), Some(difference)) => tone(spec.better, difference),
        _ => Tone::Plain,
    };
    Cell { value: number::value(value, spec.unit), change: change.unwrap_or_default(), tone }
}

/// A ratio is itself the comparison; other figures of a pair have no better or worse of their own.
fn paired(spec: &MetricSpec, reading: &PairReading) -> Cell {
    let Some(value) = reading.value else { return missing() };
    let text = number::value(value, spec.unit);
    let tone = match spec.unit {
        Unit::Ratio if text == number::ratio(1.0) => Tone::Same,
        Unit::Ratio if spec.basis == Basis::Machine && (value - 1.0).abs() < WITHIN_NOISE => Tone::Same,
        Unit::Ratio => tone(spec.better, value - 1.0),
        _ => Tone::Plain,
    };
    Cell { value: text, change: String::new(), tone }
}

fn missing() -> Cell {
    Cell { value: "·".into(), change: String::new(), tone: Tone::Missing }
}

/// What a difference of this sign says.
pub(super) fn tone(better: Better, difference: f64) -> Tone {
    match better {
        _ if difference == 0.0 => Tone::Same,
        Better::Neither => Tone::Plain,
        Better::Higher if difference > 0.0 => Tone::Better,
        Better::Lower if difference < 0.0 => Tone::Better,
        Better::Higher | Better::Lower => Tone::Worse,
    }
}
