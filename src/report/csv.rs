//! Every figure as a tidy table: a row for each metric, run and class, in the units of the JSON report.

use std::io;

use csv::Writer;

use super::view::clean;
use crate::compare::{ClassDelta, Column, Comparison, Delta};
use crate::metric::{self, Interval, MetricSpec, PairReading, Reading, Test};

/// The columns.
const HEAD: [&str; 20] = [
    "run",
    "runtime",
    "variant",
    "baseline_run",
    "metric",
    "class",
    "unit",
    "better",
    "value",
    "low",
    "high",
    "level",
    "n",
    "difference",
    "difference_relative",
    "difference_low",
    "difference_high",
    "difference_level",
    "p",
    "p_adjusted",
];

/// A figure; what is unknown is empty.
#[derive(Default)]
struct Figure<'a> {
    class: &'a str,
    value: Option<f64>,
    interval: Option<Interval>,
    n: Option<u64>,
    absolute: Option<f64>,
    relative: Option<f64>,
    change: Option<Interval>,
    test: Option<Test>,
}

/// Writes all figures of `comparison`, the runs in their order, each metric followed by its classes.
/// Shares are fractions from 0 to 1, times nanoseconds, sizes bytes; differences are candidate − baseline.
pub fn csv(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Writer::from_writer(out);
    table.write_record(HEAD)?;
    for (index, column) in comparison.columns.iter().enumerate() {
        let against = comparison.reference(column).map(|other| clean(&other.record.job.label()));
        for (spec, figure) in figures(column, comparison.unpaired(index)) {
            table.write_record(row(column, against.as_deref().unwrap_or_default(), spec, &figure))?;
        }
    }
    table.flush()
}

/// `unpaired`: the difference to the baseline on other data.
fn figures<'a>(column: &'a Column, unpaired: Option<&'a Delta>) -> Vec<(&'static MetricSpec, Figure<'a>)> {
    let versus = column.versus.as_ref();
    let single = column.readings.iter().flat_map(|reading| {
        let unpaired = unpaired.filter(|delta| delta.metric == reading.metric);
        let delta = versus.and_then(|versus| versus.delta(&reading.metric)).or(unpaired);
        let all = [of_run(reading, delta)].into_iter().chain(of_classes(column, reading, delta));
        all.map(|figure| (reading.metric.as_str(), figure)).collect::<Vec<_>>()
    });
    let pair = versus.into_iter().flat_map(|versus| &versus.pair);
    let pair = pair.map(|reading| (reading.metric.as_str(), of_pair(reading)));
    single.chain(pair).filter_map(|(id, figure)| Some((metric::spec(id)?, figure))).collect()
}

fn of_run(reading: &Reading, delta: Option<&Delta>) -> Figure<'static> {
    Figure {
        class: "",
        value: reading.value,
        interval: reading.interval,
        n: Some(reading.n),
        absolute: delta.and_then(|delta| delta.absolute),
        relative: delta.and_then(|delta| delta.relative),
        change: delta.and_then(|delta| delta.interval),
        test: delta.and_then(|delta| delta.test),
    }
}

fn of_pair(reading: &PairReading) -> Figure<'static> {
    let PairReading { value, interval, n, test, .. } = reading;
    Figure { value: *value, interval: *interval, n: Some(*n), test: *test, ..Figure::default() }
}

/// A figure for each class, where the metric lists classes.
fn of_classes<'a>(column: &'a Column, reading: &'a Reading, delta: Option<&'a Delta>) -> Vec<Figure<'a>> {
    let (Some(values), Some(classes)) = (&reading.per_class, &column.classes) else { return Vec::new() };
    let deltas = delta.and_then(|delta| delta.per_class.as_ref());
    let one = |(class, value): (usize, &Option<f64>)| {
        let change: Option<&ClassDelta> = deltas.and_then(|deltas| deltas.get(class));
        let intervals = reading.per_class_interval.as_ref();
        Figure {
            class: classes.names.get(class).map_or("", String::as_str),
            value: *value,
            interval: intervals.and_then(|intervals| *intervals.get(class)?),
            n: classes.support.get(class).copied(),
            absolute: change.and_then(|change| change.absolute),
            relative: None,
            change: change.and_then(|change| change.interval),
            test: change.and_then(|change| change.test),
        }
    };
    values.iter().enumerate().map(one).collect()
}

fn row(column: &Column, against: &str, spec: &MetricSpec, figure: &Figure<'_>) -> [String; 20] {
    let job = &column.record.job;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let end = |interval: Option<Interval>, of: fn(Interval) -> f64| number(interval.map(of));
    [
        clean(&job.label()),
        clean(&job.runtime.to_string()),
        clean(&job.variant),
        against.to_owned(),
        spec.id.to_owned(),
        clean(figure.class),
        word(&spec.unit),
        word(&spec.better),
        number(figure.value),
        end(figure.interval, |it| it.low),
        end(figure.interval, |it| it.high),
        end(figure.interval, |it| it.level),
        figure.n.map(|n| n.to_string()).unwrap_or_default(),
        number(figure.absolute),
        number(figure.relative),
        end(figure.change, |it| it.low),
        end(figure.change, |it| it.high),
        end(figure.change, |it| it.level),
        number(figure.test.map(|test| test.p)),
        number(figure.test.and_then(|test| test.p_adjusted)),
    ]
}

/// The name that the JSON report has for it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
