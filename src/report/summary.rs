//! The answer in plain words. It says what the figures say and no more: no verdict, and no word on
//! whether a difference is more than chance.

use super::figures::{WITHIN_NOISE, tone};
use super::number;
use super::outcomes;
use super::view::{Tone, clean};
use crate::compare::{Column, Comparison, Versus};
use crate::metric::Better;
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
    .map(|(_, column)| Statement {
        about: clean(&column.record.job.label()),
        lines: statement(comparison, column),
    })
    .filter(|statement| !statement.lines.is_empty())
    .collect()
}

fn statement(comparison: &Comparison, column: &Column) -> Vec<Line> {
    let mut lines: Vec<Line> = ended(&column.record.outcome).into_iter().collect();
    let baseline = comparison.columns.get(comparison.baseline);
    match (&column.versus, baseline) {
        (Some(versus), Some(baseline)) => {
            lines.extend(quality(baseline, column, versus));
            lines.extend(distance(column, versus));
            lines.extend(speed(baseline, column, versus));
            // Of a model that does not run, the size is no gain.
            lines.extend(
                footprint(versus).filter(|_| !matches!(column.record.outcome, Outcome::CouldNotRun { .. })),
            );
            lines.extend(own_runtime(comparison, column));
        }
        _ => lines.extend(alone(column)),
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

/// What it costs in accuracy.
fn quality(baseline: &Column, column: &Column, versus: &Versus) -> Option<Line> {
    let change = versus.delta("accuracy")?.absolute?;
    let (before, now) = (value(baseline, "accuracy")?, value(column, "accuracy")?);
    let points = number::points_bare(change.abs());
    let text = match tone(Better::Higher, change) {
        _ if number::reads_as_zero(&points) => format!("accuracy {}, as the baseline", number::percent(now)),
        Tone::Worse => better_or_worse(now, &points, "lower", before),
        _ => better_or_worse(now, &points, "higher", before),
    };
    let flips = flips(versus).map(|flips| format!("; {flips}")).unwrap_or_default();
    let tone = if number::reads_as_zero(&points) { Tone::Same } else { tone(Better::Higher, change) };
    Some(Line::new(text + &flips, tone))
}

fn better_or_worse(now: f64, points: &str, word: &str, before: f64) -> String {
    let points = points.trim_start_matches(['+', '−']);
    let (now, before) = (number::percent(now), number::percent(before));
    format!("accuracy {now}, {points} percentage points {word} than {before}")
}

/// How many answers changed, and which way.
fn flips(versus: &Versus) -> Option<String> {
    let count = |id: &str| versus.pair(id).and_then(|reading| reading.value);
    let (lost, won) = (count("flips_right_to_wrong")?, count("flips_wrong_to_right")?);
    let images = versus.pair("flips_right_to_wrong")?.n;
    if lost + won == 0.0 {
        return Some("no image went from right to wrong or back".into());
    }
    let images = number::whole(images);
    Some(format!(
        "of {images} images {} went from right to wrong, {} back",
        number::count(lost),
        number::count(won)
    ))
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

/// What it gains in speed.
fn speed(baseline: &Column, column: &Column, versus: &Versus) -> Option<Line> {
    let ratio = versus.pair("speed_up")?.value?;
    let (words, tone) = times("faster", "slower", "as fast as the baseline", ratio);
    let (before, now) = (value(baseline, "latency_p50")?, value(column, "latency_p50")?);
    let text = format!(
        "{words} at batch {} ({} against {})",
        batch(&column.record),
        number::duration(now),
        number::duration(before)
    );
    let throughput = versus.pair("throughput_ratio").and_then(|reading| reading.value);
    let throughput = throughput.map(|ratio| {
        format!(", {}", times("the throughput", "less throughput", "throughput as the baseline", ratio).0)
    });
    Some(Line::new(text + &throughput.unwrap_or_default(), tone))
}

/// A ratio above one is `better`; one below is turned round, so that no reader has to.
fn times(better: &str, worse: &str, same: &str, ratio: f64) -> (String, Tone) {
    let text = number::ratio(ratio);
    match ratio {
        ratio if (ratio - 1.0).abs() < WITHIN_NOISE => (format!("{same} ({text})"), Tone::Same),
        ratio if ratio > 1.0 => (format!("{text} {better}"), Tone::Better),
        ratio => (format!("{} {worse}", number::ratio(1.0 / ratio)), Tone::Worse),
    }
}

fn batch(record: &RunRecord) -> usize {
    record.evidence.latency.as_ref().map_or(1, |latency| latency.batch)
}

/// What it gains in size and memory.
fn footprint(versus: &Versus) -> Option<Line> {
    let relative = |id: &str| versus.delta(id).and_then(|delta| delta.relative);
    let size = relative("size").filter(|change| *change != 0.0);
    let size = size.map(|change| share(change, "smaller", "larger", "same size"));
    let memory =
        relative("memory_model").map(|change| share(change, "less memory", "more memory", "same memory"));
    let parts: Vec<(String, Tone)> = size.into_iter().chain(memory).collect();
    let tone = parts.iter().map(|(_, tone)| *tone).reduce(both)?;
    let words: Vec<String> = parts.into_iter().map(|(text, _)| text).collect();
    Some(Line::new(words.join(", "), tone))
}

fn share(change: f64, less: &str, more: &str, same: &str) -> (String, Tone) {
    let text = number::relative_change(change);
    let bare = text.trim_start_matches(['+', '−']);
    match tone(Better::Lower, change) {
        _ if number::reads_as_zero(&text) => (same.to_owned(), Tone::Same),
        Tone::Better => (format!("{bare} {less}"), Tone::Better),
        tone => (format!("{bare} {more}"), tone),
    }
}

/// The tone of two figures in one line: none where they disagree.
fn both(one: Tone, other: Tone) -> Tone {
    match (one, other) {
        (Tone::Same, tone) | (tone, Tone::Same) => tone,
        (one, other) if one == other => one,
        _ => Tone::Plain,
    }
}

/// Against the baseline's model in the candidate's own runtime: whether quantization pays there,
/// whatever another runtime makes of it.
fn own_runtime(comparison: &Comparison, column: &Column) -> Option<Line> {
    let baseline = &comparison.columns.get(comparison.baseline)?.record;
    let own = &column.record.job;
    if own.runtime == baseline.job.runtime || column.record.model.sha256 == baseline.model.sha256 {
        return None;
    }
    let reference = comparison.columns.iter().find(|other| {
        other.record.job.runtime == own.runtime
            && other.record.model.sha256 == baseline.model.sha256
            && timings_compare(&other.record, &column.record)
    })?;
    let (before, now) = (value(reference, "latency_p50")?, value(column, "latency_p50")?);
    let (words, tone) = times("faster", "slower", "as fast", before / now);
    let joint = if tone == Tone::Same { "as" } else { "than" };
    Some(Line::new(
        format!(
            "within {}: {words} {joint} {} ({} against {})",
            clean(&own.runtime.to_string()),
            clean(&reference.record.job.variant),
            number::duration(now),
            number::duration(before)
        ),
        tone,
    ))
}

/// Whether two runs were timed on the same machine with the same settings.
fn timings_compare(one: &RunRecord, other: &RunRecord) -> bool {
    let (a, b) = (&one.environment, &other.environment);
    (&a.host, &a.cpu, a.cores) == (&b.host, &b.cpu, b.cores)
        && one.job.session == other.job.session
        && batch(one) == batch(other)
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
