//! Confusion matrices of every run, and what changed against the baseline's.

use super::{Chart, distinct, slug};
use crate::compare::{Classes, Comparison};
use crate::metric::{Difference, Unit};
use crate::report::number;
use crate::report::plot::{Cell, Heading, Heatmap, Series, Tint, heatmap};
use crate::report::view::clean;

/// Rows and columns.
const AXES: (&str, &str) = ("true class", "predicted class");

/// The baseline's matrix, then each candidate's and its change; none where no run was evaluated.
pub(super) fn charts(comparison: &Comparison) -> Vec<Chart> {
    let runs = distinct(comparison, |column| column.classes.as_ref());
    runs.iter()
        .flat_map(|(series, column, classes)| {
            // Only where the images are the same do counts compare.
            let before = comparison.reference(column).filter(|_| column.is_paired());
            let before = before.and_then(|before| before.classes.as_ref());
            let change = before.map(|before| change(series, classes, before));
            [Some(counts(series, classes)), change]
        })
        .flatten()
        .collect()
}

fn counts(series: &Series, classes: &Classes) -> Chart {
    let cells = classes
        .confusion
        .iter()
        .zip(&classes.support)
        .map(|(row, support)| row.iter().map(|&count| counted(count, *support)).collect());
    let heading = Heading {
        title: format!("Confusion of {}", series.label),
        description:
            "Images by true and predicted class. The stronger the colour, the larger the share of the true class; \
                      what lies off the diagonal is wrong."
                .into(),
    };
    chart("confusion", series, heading, classes, cells.collect())
}

fn counted(count: u64, support: u64) -> Cell {
    let text = if count == 0 { String::new() } else { number::whole(count) };
    Cell { tint: Tint::of_share(count as f64 / support.max(1) as f64), text }
}

fn change(series: &Series, now: &Classes, before: &Classes) -> Chart {
    let largest = differences(now, before).map(|(.., by)| by.unsigned_abs()).max().unwrap_or(0).max(1);
    let size = now.names.len();
    let mut cells = vec![vec![Cell { tint: Tint::None, text: String::new() }; size]; size];
    for (truth, prediction, by) in differences(now, before).filter(|(.., by)| *by != 0) {
        // More on the diagonal is better, and fewer off it.
        let better = if truth == prediction { by } else { -by };
        let text = number::difference(Difference::Absolute, Unit::Count, Some(by as f64), None);
        cells[truth][prediction] =
            Cell { tint: Tint::of_change(better as f64 / largest as f64), text: text.unwrap_or_default() };
    }
    let heading = Heading {
        title: format!("What changed in {}", series.label),
        description:
            "Images more or fewer than the baseline has. Blue is better: more on the diagonal, fewer \
                      off it; orange is worse."
                .into(),
    };
    chart("confusion-change", series, heading, now, cells)
}

/// Each cell with what it has more than before.
fn differences<'a>(now: &'a Classes, before: &'a Classes) -> impl Iterator<Item = (usize, usize, i64)> + 'a {
    let size = now.names.len();
    let count = |classes: &Classes, truth: usize, prediction: usize| {
        let count = classes.confusion.get(truth).and_then(|row| row.get(prediction)).copied();
        i64::try_from(count.unwrap_or_default()).unwrap_or(i64::MAX)
    };
    (0..size).flat_map(move |truth| {
        (0..size).map(move |prediction| {
            (truth, prediction, count(now, truth, prediction) - count(before, truth, prediction))
        })
    })
}

fn chart(kind: &str, series: &Series, heading: Heading, classes: &Classes, cells: Vec<Vec<Cell>>) -> Chart {
    let names = classes.names.iter().map(|name| clean(name)).collect();
    let drawing = heatmap(heading, &Heatmap { names, axes: AXES, cells });
    Chart { stem: format!("{kind}-{}-{}", series.color, slug(&series.label)), drawing }
}
