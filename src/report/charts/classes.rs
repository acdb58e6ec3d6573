//! Recall, precision and F1 of every class and run, and how F1 is spread over the classes.

use super::{Chart, distinct};
use crate::compare::{Column, Comparison};
use crate::metric::Unit;
use crate::report::number;
use crate::report::plot::{Dot, DotRow, Heading, Histogram, Series, dots, histograms};
use crate::report::view::clean;
use crate::stats;

/// The rates of a class by the metric that lists them, with their names.
const RATES: [(&str, &str); 3] =
    [("macro_recall", "Recall"), ("macro_precision", "Precision"), ("macro_f1", "F1")];

/// Classes that are drawn; of more, those that changed most.
const MOST: usize = 120;

/// Fewest classes that have a spread.
const SPREAD: usize = 5;

/// A run with its classes.
type Evaluated<'a> = (Series, &'a Column);

/// A chart of each rate, and the spread of F1; none where no run was evaluated.
pub(super) fn charts(comparison: &Comparison) -> Vec<Chart> {
    let found = distinct(comparison, |column| column.classes.as_ref());
    let Some(first) = found.first().map(|(.., classes)| *classes) else { return Vec::new() };
    let names = &first.names;
    // Runs on other data have other classes, and do not belong in the same rows.
    let alike = found.into_iter().filter(|(.., classes)| classes.names == *names);
    let runs: Vec<Evaluated<'_>> = alike.map(|(series, column, _)| (series, column)).collect();
    let order = order(&runs, names.len());
    let mut charts: Vec<Chart> = RATES.iter().map(|rate| of_rate(&runs, names, &order, *rate)).collect();
    charts.extend((names.len() >= SPREAD).then(|| spread(&runs)));
    charts
}

/// The classes that lost most recall first; without a candidate, those with the lowest.
fn order(runs: &[Evaluated<'_>], classes: usize) -> Vec<usize> {
    let key = |class: usize| -> f64 {
        let loss = |column: &Column| {
            let delta = column.versus.as_ref()?.delta(RATES[0].0)?;
            delta.per_class.as_ref()?.get(class)?.absolute
        };
        let losses: Vec<f64> = runs.iter().filter_map(|(_, column)| loss(column)).collect();
        let worst = losses.iter().copied().fold(f64::INFINITY, f64::min);
        match worst.is_finite() {
            true => worst,
            false => runs.first().and_then(|(_, column)| rate(column, RATES[0].0, class)).unwrap_or(1.0),
        }
    };
    let mut order: Vec<usize> = (0..classes).collect();
    order.sort_by(|one, other| key(*one).total_cmp(&key(*other)));
    order
}

fn rate(column: &Column, metric: &str, class: usize) -> Option<f64> {
    *column.reading(metric)?.per_class.as_ref()?.get(class)?
}

fn interval(column: &Column, metric: &str, class: usize) -> Option<(f64, f64)> {
    let interval = column.reading(metric)?.per_class_interval.as_ref()?.get(class)?.as_ref()?;
    Some((interval.low, interval.high))
}

fn of_rate(
    runs: &[Evaluated<'_>],
    names: &[String],
    order: &[usize],
    (metric, title): (&str, &str),
) -> Chart {
    let dot = |column: &Column, class: usize, name: &str| {
        let value = rate(column, metric, class);
        let said = value.map(|value| format!("{name}: {}", number::percent(value)));
        Dot { value, interval: interval(column, metric, class), tip: said.unwrap_or_default() }
    };
    let row = |class: &usize| {
        let name = clean(names.get(*class).map_or("", String::as_str));
        DotRow { dots: runs.iter().map(|(_, column)| dot(column, *class, &name)).collect(), name }
    };
    let rows: Vec<DotRow> = order.iter().take(MOST).map(row).collect();
    let heading =
        Heading { title: format!("{title} by class"), description: description(runs, metric, names.len()) };
    let series: Vec<Series> = runs.iter().map(|(series, _)| series.clone()).collect();
    Chart { stem: title.to_lowercase() + "-by-class", drawing: dots(heading, &series, &rows) }
}

fn description(runs: &[Evaluated<'_>], metric: &str, classes: usize) -> String {
    let first =
        if runs.len() > 1 { "Classes that lost most recall first" } else { "The lowest recall first" };
    let sure = if metric == RATES[0].0 { "; lines are 95 % intervals (Wilson)" } else { "" };
    let some = match classes > MOST {
        true => format!("; {MOST} of {} classes", number::whole(classes as u64)),
        false => String::new(),
    };
    format!("{first}{sure}{some}.")
}

fn spread(runs: &[Evaluated<'_>]) -> Chart {
    let rows: Vec<Histogram> = runs.iter().filter_map(|(series, column)| f1(series, column)).collect();
    let lowest = rows.iter().flat_map(|row| &row.values).copied().fold(0.95, f64::min);
    let heading = Heading {
        title: "How F1 is spread over the classes".into(),
        description:
            "Each class counts once; the line is the median class. A tail to the left is a class that \
                      the average hides."
                .into(),
    };
    let drawing = histograms(heading, Unit::Fraction, &rows, ((lowest * 20.0).floor() / 20.0, 1.0));
    Chart { stem: "f1-distribution".into(), drawing }
}

fn f1(series: &Series, column: &Column) -> Option<Histogram> {
    let values: Vec<f64> =
        column.reading(RATES[2].0)?.per_class.as_ref()?.iter().flatten().copied().collect();
    let median = stats::median(&values)?;
    let mark = Some((median, format!("median {}", number::percent(median))));
    Some(Histogram { series: series.clone(), values, mark })
}
