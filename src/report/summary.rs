//! The answer in plain words: how each run ended, the verdict on it, and what it does in its own
//! runtime.

use super::number;
use super::outcomes;
use super::verdict;
use super::view::{Tone, clean};
use crate::compare::{Column, Comparison, Versus};
use crate::record::{Outcome, RunRecord};

/// What is to be said about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The run.
    pub about: String,
    /// Sentences without full stop, one thought each.
    pub lines: Vec<Line>,
}

/// One thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The words.
    pub text: String,
    /// What they say about the run.
    pub tone: Tone,
}

impl Line {
    fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// One statement for each candidate, or for the only run.
pub(super) fn of(comparison: &Comparison) -> Vec<Statement> {
    let runs = comparison.columns.iter().enumerate();
    let alone = comparison.columns.len() == 1;
    runs.filter(|(index, column)| {
        alone || *index != comparison.baseline || !column.record.outcome.is_completed()
    })
    .map(|(index, column)| Statement {
        about: clean(&column.record.job.label()),
        lines: statement(comparison, index, column),
    })
    .filter(|statement| !statement.lines.is_empty())
    .collect()
}

/// What candidates are set against.
pub(super) fn against(comparison: &Comparison) -> String {
    let several = comparison.columns.iter().any(|column| column.against().is_some());
    match comparison.columns.get(comparison.baseline) {
        Some(baseline) if !several && comparison.across.is_empty() => clean(&baseline.record.job.label()),
        _ => "the first run on the same data".into(),
    }
}

fn statement(comparison: &Comparison, index: usize, column: &Column) -> Vec<Line> {
    let mut lines: Vec<Line> = ended(&column.record.outcome).into_iter().collect();
    match (&column.versus, comparison.reference(column)) {
        (Some(_), Some(_)) if comparison.unpaired(index).is_some() => lines.push(no_verdict()),
        (Some(versus), Some(baseline)) => {
            lines.extend(judged(baseline, column, versus));
            lines.extend(own_runtime(comparison, column));
        }
        _ => lines.extend(alone(column)),
    }
    lines
}

/// Of a run that stands for other data than the baseline's: a model for another task replaces none.
fn no_verdict() -> Line {
    Line::new("no verdict: on other data than the baseline, see across data sets", Tone::Plain)
}

/// The verdict, and what it rests on.
fn judged(baseline: &Column, column: &Column, versus: &Versus) -> Vec<Line> {
    let Some(found) = &column.verdict else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(good) = &found.good_enough {
        lines.push(verdict::good_enough(column, good));
        lines.extend(verdict::changes(column, versus, good));
    }
    lines.extend(distance(column, versus));
    if let Some(worth) = &found.worth_it {
        let times = value(baseline, "latency_p50").zip(value(column, "latency_p50"));
        lines.push(verdict::worth_it(worth, times));
    }
    lines
}

/// That it did not complete, and why.
fn ended(outcome: &Outcome) -> Option<Line> {
    let what = outcomes::while_doing(outcome)?;
    let text = match outcomes::reason(outcome) {
        Some(reason) => format!("{what}: {reason}"),
        None => what,
    };
    Some(Line::new(text, Tone::Worse))
}

/// Without data, how far the outputs are apart.
fn distance(column: &Column, versus: &Versus) -> Option<Line> {
    if column.reading("accuracy").is_some() {
        return None;
    }
    let (largest, mean) = (versus.pair("output_max_abs")?, versus.pair("output_mean_abs")?.value?);
    let inputs = number::counted(largest.n, "input", "inputs");
    let (far, tone) = match largest.value? {
        0.0 => (format!("outputs equal the baseline's on {inputs}"), Tone::Same),
        largest => {
            let (largest, mean) = (number::plain(largest), number::plain(mean));
            (format!("outputs differ by at most {largest} (mean {mean}) on {inputs}"), Tone::Plain)
        }
    };
    let accuracy = match column.record.job.dataset {
        None => "accuracy is unknown without data",
        Some(_) => "accuracy was not measured",
    };
    Some(Line::new(format!("{far}; {accuracy}"), tone))
}

fn batch(record: &RunRecord) -> usize {
    record.evidence.latency.as_ref().map_or(1, |latency| latency.batch)
}

/// Against the baseline's model in the candidate's own runtime: whether quantization pays there,
/// whatever another runtime makes of it.
fn own_runtime(comparison: &Comparison, column: &Column) -> Option<Line> {
    let own = column.verdict.as_ref()?.own_runtime.as_ref()?;
    let reference = comparison.columns.get(own.reference)?;
    let (before, now) = (value(reference, "latency_p50")?, value(column, "latency_p50")?);
    let variant = clean(&reference.record.job.variant);
    let (words, tone) = verdict::against(&own.gain, &variant);
    let runtime = clean(&column.record.job.runtime.to_string());
    let times = format!("{} against {}", number::duration(now), number::duration(before));
    Some(Line::new(format!("within {runtime}: {words} ({times})"), tone))
}

/// What a run says for itself, when there is nothing to set it against.
fn alone(column: &Column) -> Option<Line> {
    let accuracy =
        value(column, "accuracy").map(|accuracy| format!("accuracy {}", number::percent(accuracy)));
    let latency = value(column, "latency_p50")
        .map(|ns| format!("median latency {} at batch {}", number::duration(ns), batch(&column.record)));
    let throughput = value(column, "throughput").map(|rate| format!("throughput {}", number::rate(rate)));
    let parts: Vec<String> = [accuracy, latency, throughput].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Line::new(parts.join(", "), Tone::Plain))
}

fn value(column: &Column, id: &str) -> Option<f64> {
    column.reading(id).and_then(|reading| reading.value)
}
