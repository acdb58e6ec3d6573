//! The table: a column for each run, a row for each metric. Titles, units and directions come from
//! the metrics' own specs, so that a new metric appears here without a change.

use super::number;
use super::outcomes;
use super::view::{Tone, clean};
use crate::compare::{Change, Column, Comparison, Delta};
use crate::metric::{
    self, Basis, Better, ECE, METRICS, MetricSpec, PAIR_METRICS, PairReading, Reading, Unit,
};
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
    /// Whether the value is an interval, which takes the room of value and difference.
    pub wide: bool,
}

impl Cell {
    /// A value with its difference to the baseline.
    pub(super) fn new(value: String, change: String, tone: Tone) -> Self {
        Self { value, change, tone, wide: false }
    }
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
    (
        "footprint",
        &[
            "size",
            "size_ratio",
            "memory_model",
            "memory_ratio",
            "memory_loaded",
            "memory_growth",
            "memory_peak",
            "memory_proportional",
            "memory_private_dirty",
            "load",
            "first_run",
        ],
    ),
    (
        "speed",
        &[
            "latency_p50",
            "speed_up",
            "speed_up_hodges_lehmann",
            "noise_floor",
            "latency_p90",
            "latency_p90_upper",
            "latency_p99",
            "latency_p99_upper",
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
            "balanced_accuracy",
            "top5",
            "macro_f1",
            "macro_precision",
            "macro_recall",
            "weighted_f1",
            "weighted_precision",
            "weighted_recall",
            "log_loss",
            "brier",
            "ece",
        ],
    ),
    (
        "against the baseline",
        &[
            "agreement",
            "kappa",
            "class_shift",
            "flips_right_to_wrong",
            "flips_wrong_to_right",
            "flips_wrong_to_other_wrong",
            "output_max_abs",
            "output_mean_abs",
            "output_cosine",
            "output_sqnr",
            "output_kl",
            "top5_overlap",
            "margin_change",
            "margin_change_median",
        ],
    ),
];

/// What a reader in a hurry wants.
const HEADLINES: &[&str] = &[
    "size",
    "memory_model",
    "load",
    "latency_p50",
    "speed_up",
    "noise_floor",
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

/// Metrics whose interval a reader in a hurry wants too.
const HEADLINE_INTERVALS: &[&str] = &["speed_up", "accuracy"];

/// What takes the place of accuracy where there is no data.
const DISTANCES: &[&str] = &["output_max_abs", "output_cosine"];

/// Title of the metrics that [`SECTIONS`] does not know.
const OTHERS: &str = "more";

/// Heads of the columns.
pub(super) fn heads(comparison: &Comparison) -> Vec<ColumnHead> {
    let head = |(index, column): (usize, &Column)| {
        let ended = outcomes::word(&column.record.outcome);
        let role = match index == comparison.baseline {
            true => (comparison.columns.len() > 1).then_some("baseline"),
            false => comparison.unpaired(index).map(|_| "baseline there"),
        };
        let note = [role, ended].into_iter().flatten().collect::<Vec<_>>().join(", ");
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
        .map(|(title, ids)| Section { title, rows: ids.iter().flat_map(|id| rows(comparison, id)).collect() })
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

/// The rows of metric `id`, if any run has it: its values, and the intervals of their differences to
/// the baseline.
fn rows(comparison: &Comparison, id: &str) -> Vec<Row> {
    let Some(spec) = metric::spec(id) else { return Vec::new() };
    let has = |column: &Column| {
        column.reading(id).is_some() || column.versus.as_ref().is_some_and(|versus| versus.pair(id).is_some())
    };
    if !comparison.columns.iter().any(has) {
        return Vec::new();
    }
    let headline = HEADLINES.contains(&id)
        || (DISTANCES.contains(&id) && !evaluated(comparison))
        || (id == ECE.id && !comparison.across.is_empty());
    let cells = comparison.columns.iter().map(|column| cell(column, spec)).collect();
    let mut rows = vec![Row { title: spec.title.to_owned(), headline, cells }];
    let intervals: Vec<Cell> = comparison.columns.iter().map(|column| interval_cell(column, spec)).collect();
    if intervals.iter().any(|cell| cell.wide) {
        let headline = headline && HEADLINE_INTERVALS.contains(&id);
        rows.push(Row { title: "  interval".into(), headline, cells: intervals });
    }
    rows
}

fn cell(column: &Column, spec: &MetricSpec) -> Cell {
    let pair = column.versus.as_ref().and_then(|versus| versus.pair(spec.id));
    match (column.reading(spec.id), pair) {
        (Some(reading), _) => single(column, spec, reading),
        (None, Some(reading)) => paired(column, spec, reading),
        (None, None) => missing(),
    }
}

/// The interval of the difference, or of the ratio itself.
fn interval_cell(column: &Column, spec: &MetricSpec) -> Cell {
    let versus = column.versus.as_ref();
    let delta = versus.and_then(|versus| versus.delta(spec.id));
    let of_delta = delta.and_then(|delta| delta.interval);
    let of_pair = versus.and_then(|versus| versus.pair(spec.id)).and_then(|reading| reading.interval);
    let text = match (of_delta, of_pair) {
        (Some(interval), _) => number::interval_of_difference(interval.low, interval.high, spec.unit),
        (None, Some(interval)) => number::interval(interval.low, interval.high, spec.unit),
        // Why there is none, where there could be one, is in the JSON.
        (None, None) => return Cell::new(String::new(), String::new(), Tone::Plain),
    };
    Cell { wide: true, ..Cell::new(text, String::new(), Tone::Plain) }
}

fn single(column: &Column, spec: &MetricSpec, reading: &Reading) -> Cell {
    let Some(value) = reading.value else { return missing() };
    // Of a model that does not run, nothing is a gain.
    let runs = !matches!(column.record.outcome, Outcome::CouldNotRun { .. });
    let delta = column.versus.as_ref().filter(|_| runs).and_then(|versus| versus.delta(spec.id));
    let change = delta.and_then(|d| number::difference(spec.difference, spec.unit, d.absolute, d.relative));
    let tone = match (&change, delta) {
        (Some(text), _) if number::reads_as_zero(text) => Tone::Same,
        (Some(_), Some(delta)) => sure(column, spec, delta),
        _ => Tone::Plain,
    };
    Cell::new(number::value(value, spec.unit), change.unwrap_or_default(), tone)
}

/// What a difference says, where it says something: an accuracy beyond chance, a timing or memory as
/// the verdict has it from the paired ratio. What has no interval has no sign.
fn sure(column: &Column, spec: &MetricSpec, delta: &Delta) -> Tone {
    let direction = delta.absolute.map_or(Tone::Same, |difference| tone(spec.better, difference));
    match spec.basis {
        Basis::Model => direction,
        Basis::Machine => gained(column, spec.id),
        Basis::Images if delta.interval.is_some_and(|interval| !interval.contains(0.0)) => direction,
        Basis::Images => Tone::Same,
    }
}

/// What the verdict says of the ratio behind metric `id`.
fn gained(column: &Column, id: &str) -> Tone {
    let ratio = match id {
        "latency_p50" | "speed_up" | "speed_up_hodges_lehmann" => "speed_up",
        "throughput" | "throughput_ratio" => "throughput_ratio",
        "memory_model" | "memory_ratio" => "memory_ratio",
        "size_ratio" => "size_ratio",
        _ => return Tone::Same,
    };
    let worth = column.verdict.as_ref().and_then(|verdict| verdict.worth_it.as_ref());
    let gain = worth.and_then(|worth| worth.gains.iter().find(|gain| gain.metric == ratio));
    match gain.map(|gain| gain.change) {
        Some(Change::Better) => Tone::Better,
        Some(Change::Worse) => Tone::Worse,
        Some(Change::Same | Change::Unclear) | None => Tone::Same,
    }
}

/// A ratio is itself the comparison; other figures of a pair have no better or worse of their own.
fn paired(column: &Column, spec: &MetricSpec, reading: &PairReading) -> Cell {
    let Some(value) = reading.value else { return missing() };
    let tone = if spec.unit == Unit::Ratio { gained(column, spec.id) } else { Tone::Plain };
    Cell::new(number::value(value, spec.unit), String::new(), tone)
}

fn missing() -> Cell {
    Cell::new("·".into(), String::new(), Tone::Missing)
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
