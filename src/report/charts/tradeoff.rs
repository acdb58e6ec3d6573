//! Accuracy against what it costs.

use super::{Chart, series};
use crate::compare::{Column, Comparison};
use crate::metric::{self, Unit};
use crate::report::number;
use crate::report::plot::{Heading, Point, Surface, scatter};

/// What accuracy is set against: the metric, its name on the axis, and the name of the file.
const COSTS: [(&str, &str, &str); 2] =
    [("latency_p50", "median latency", "accuracy-latency"), ("size", "size of the model", "accuracy-size")];

/// A chart for each cost; none with fewer than two runs that have both figures.
pub(super) fn charts(comparison: &Comparison) -> Vec<Chart> {
    COSTS.iter().filter_map(|cost| chart(comparison, *cost)).collect()
}

fn chart(
    comparison: &Comparison,
    (id, name, stem): (&'static str, &'static str, &'static str),
) -> Option<Chart> {
    let points: Vec<Point> =
        (0..comparison.columns.len()).filter_map(|index| point(comparison, index, id)).collect();
    if points.len() < 2 {
        return None;
    }
    let heading = Heading {
        title: format!("Accuracy against {name}"),
        description: "Up and to the left is better; the dashed line joins what no other run beats in both. Lines \
                      are 95 % intervals of each accuracy by itself (Wilson): the paired difference, in the table, \
                      is known better."
            .into(),
    };
    let unit = metric::spec(id).map_or(Unit::Plain, |spec| spec.unit);
    let surface = Surface { cost: (name, unit), worth: ("accuracy", Unit::Fraction) };
    Some(Chart { stem: stem.into(), drawing: scatter(heading, &surface, &points) })
}

fn point(comparison: &Comparison, index: usize, cost: &str) -> Option<Point> {
    let column = comparison.columns.get(index)?;
    let comparable = |id: &str| index == comparison.baseline || delta(column, id);
    if !comparable(cost) || !comparable("accuracy") {
        return None;
    }
    let (worth, cost_reading) = (column.reading("accuracy")?, column.reading(cost)?);
    let (accuracy, value) = (worth.value?, cost_reading.value.filter(|value| *value > 0.0)?);
    let series = series(comparison, index);
    let unit = metric::spec(cost)?.unit;
    let tip = format!("{}: {}, {}", series.label, number::percent(accuracy), number::value(value, unit));
    let interval = worth.interval.map(|interval| (interval.low, interval.high));
    Some(Point { series, cost: value, worth: accuracy, interval, tip })
}

/// Whether the figure may be set against the baseline's.
fn delta(column: &Column, id: &str) -> bool {
    column.against().is_none() && column.versus.as_ref().is_some_and(|versus| versus.delta(id).is_some())
}
