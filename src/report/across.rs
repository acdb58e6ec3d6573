//! The data sets of a page that is on several: by accuracy, each with the run that stands for it, and why
//! nothing there is paired.

use super::number::{self, counted};
use super::view::clean;
use crate::compare::{Column, Comparison, OnData};
use crate::metric::{ACCURACY, ECE, Interval, LOG_LOSS, MACRO_F1, MetricSpec};

/// Texts of a data set.
const COLUMNS: usize = 11;

/// The data sets of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Across {
    /// One for each data set, the highest accuracy first: a text for each of [`Across::HEADS`].
    pub rows: Vec<[String; COLUMNS]>,
    /// What to know before two of them are set against each other: sentences without full stop.
    pub notes: Vec<String>,
}

impl Across {
    /// What the texts of a row are, what is least needed last.
    pub const HEADS: [&'static str; COLUMNS] = [
        "data set",
        "accuracy",
        "interval",
        "difference",
        "its interval",
        "classes",
        "commonest",
        "macro F1",
        "log loss",
        "ECE",
        "run",
    ];

    /// None where all runs are on the same data.
    pub(super) fn of(comparison: &Comparison) -> Option<Self> {
        let rows: Vec<_> = comparison.across.iter().filter_map(|on| row(comparison, on)).collect();
        (!rows.is_empty()).then(|| Self { rows, notes: notes(comparison) })
    }
}

fn row(comparison: &Comparison, on: &OnData) -> Option<[String; COLUMNS]> {
    let column = comparison.columns.get(on.column)?;
    let [change, ends] = difference(comparison, on);
    let (data, label) = (clean(&on.data), clean(&column.record.job.label()));
    // Its data is named in the first place of the row.
    let run = label.strip_suffix(&format!(" · {data}")).unwrap_or(&label).to_owned();
    let own = column.reading(ACCURACY.id).and_then(|reading| reading.interval);
    let ends_of_own = own.map(|it| number::interval(it.low, it.high, ACCURACY.unit));
    Some([
        data,
        value(column, &ACCURACY),
        ends_of_own.unwrap_or_default(),
        change,
        ends,
        number::whole(on.classes as u64),
        number::percent(on.commonest),
        value(column, &MACRO_F1),
        value(column, &LOG_LOSS),
        value(column, &ECE),
        run,
    ])
}

fn value(column: &Column, spec: &MetricSpec) -> String {
    let value = column.reading(spec.id).and_then(|reading| reading.value);
    value.map_or_else(|| "·".into(), |value| number::value(value, spec.unit))
}

/// The difference to the run on the baseline's data and its interval; the word for the baseline itself.
fn difference(comparison: &Comparison, on: &OnData) -> [String; 2] {
    let Some(delta) = &on.difference else {
        let word = if on.column == comparison.baseline { "baseline" } else { "·" };
        return [word.into(), String::new()];
    };
    let change = number::difference(ACCURACY.difference, ACCURACY.unit, delta.absolute, delta.relative);
    let ends = |it: Interval| number::interval_of_difference(it.low, it.high, ACCURACY.unit);
    [change.unwrap_or_default(), delta.interval.map(ends).unwrap_or_default()]
}

const INDEPENDENT: &str = "images of different data cannot be paired: a difference here is that of two independent \
                           samples, its interval (Newcombe) is wider than one of paired runs, and there is no test";

const OWN: &str = "every other run is set against the first that was evaluated on its own data";

fn notes(comparison: &Comparison) -> Vec<String> {
    let own = comparison.columns.iter().any(|column| column.against().is_some());
    let own = own.then(|| OWN.to_owned());
    [INDEPENDENT.to_owned(), not_alike(&comparison.across)].into_iter().chain(own).collect()
}

/// Why the higher accuracy is not the better model.
fn not_alike(across: &[OnData]) -> String {
    let chance = |on: &OnData| {
        let classes = counted(on.classes as u64, "class", "classes");
        format!("{} of {} ({classes})", number::percent(on.commonest), clean(&on.data))
    };
    let chances: Vec<String> = across.iter().map(chance).collect();
    format!(
        "data sets are not equally hard, so that there is no verdict between them: always naming the commonest \
         class is right on {}",
        chances.join(", ")
    )
}
