//! The sections that are mostly charts.

use super::super::charts::Charts;
use super::super::markup::escape;
use super::super::number::{self, whole};
use super::super::view::clean;
use super::super::{Confusions, View};
use super::Section;
use super::element::{about, charts, folded, head, row, scrolled, table, text};
use crate::compare::{Column, Comparison};
use crate::metric::CalibrationBin;

/// Accuracy against latency and size.
pub(super) fn tradeoff(drawn: &Charts) -> Option<Section> {
    let about = about("What a run costs, and what it is worth. The figures are in the table above.");
    (!drawn.tradeoff.is_empty()).then(|| Section {
        id: "trade-off",
        title: "Trade-off",
        body: about + &charts(&drawn.tradeoff),
    })
}

/// Latency: spread, distribution, rounds.
pub(super) fn latency(drawn: &Charts) -> Option<Section> {
    let about = about("Every single timed run at batch 1. The quantiles are in the table of key figures.");
    (!drawn.latency.is_empty()).then(|| Section {
        id: "latency",
        title: "Latency",
        body: about + &charts(&drawn.latency),
    })
}

/// What is taken for what.
pub(super) fn confusion(view: &View, drawn: &Charts) -> Option<Section> {
    if drawn.confusion.is_empty() {
        return None;
    }
    let about = about("What each run takes for what, and where that changed.");
    let changes: String = view.confusions.iter().map(changes).collect();
    let matrices: String = view.confusions.iter().map(matrix).collect();
    Some(Section {
        id: "confusion",
        title: "Confusion",
        body: about + &charts(&drawn.confusion) + &changes + &matrices,
    })
}

fn changes(confusions: &Confusions) -> String {
    if confusions.changes.is_empty() {
        return String::new();
    }
    let items: String =
        confusions.changes.iter().map(|change| format!("<li>{}</li>", escape(change))).collect();
    format!(
        "<h3>{}: confusions that changed most, in images</h3><ul>{items}</ul>\n",
        escape(&confusions.label)
    )
}

/// The same counts as text.
fn matrix(confusions: &Confusions) -> String {
    let Some((names, rows)) = confusions.matrix.split_first() else { return String::new() };
    let names = ["true class, taken for"].into_iter().chain(names.iter().skip(1).map(String::as_str));
    let rows: String = rows
        .iter()
        .filter_map(|counts| counts.split_first())
        .map(|(name, counts)| row(name, counts.iter().map(|count| text(count))))
        .collect();
    let caption = format!("Confusion matrix of {}", confusions.label);
    folded(
        &caption,
        &scrolled(&caption, &table("", &caption, &(head(names) + "<tbody>" + &rows + "</tbody>"))),
    )
}

/// Whether confidence can be taken at its word.
pub(super) fn calibration(comparison: &Comparison, drawn: &Charts) -> Option<Section> {
    if drawn.calibration.is_empty() {
        return None;
    }
    let about = about("What a run claims, against what comes true.");
    let tables: String = comparison.columns.iter().map(bins).collect();
    Some(Section {
        id: "calibration",
        title: "Calibration",
        body: about + &charts(&drawn.calibration) + &tables,
    })
}

/// The bins of a run as text.
fn bins(column: &Column) -> String {
    let filled = || column.calibration.iter().filter(|bin| bin.images > 0);
    if filled().next().is_none() {
        return String::new();
    }
    let one = |bin: &CalibrationBin| {
        let right = bin.right as f64 / bin.images as f64;
        row(&number::percent(bin.confidence), [text(&number::percent(right)), text(&whole(bin.images))])
    };
    let rows: String = filled().map(one).collect();
    let caption = format!("Calibration of {} in numbers", clean(&column.record.job.label()));
    let head = head(["mean confidence", "right", "images"]);
    folded(&caption, &scrolled(&caption, &table("", &caption, &(head + "<tbody>" + &rows + "</tbody>"))))
}
