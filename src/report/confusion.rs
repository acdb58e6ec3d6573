//! What a run takes for what: its confusion matrix where it is small enough to be read, and the
//! confusions that changed most against the baseline's.

use super::number;
use super::view::clean;
use crate::compare::{Classes, Column, Comparison};

/// A matrix of more classes is too wide to be read; the JSON report holds it.
const READABLE: usize = 12;

/// Confusions listed for each candidate.
const LISTED: usize = 5;

/// The confusions of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusions {
    /// The run.
    pub label: String,
    /// A row for each true class: its name, then the images of each predicted class. The first row
    /// has the names. Empty where there are too many classes.
    pub matrix: Vec<Vec<String>>,
    /// `Shirt taken for Coat: 61, 52 before`, the largest change first; empty for the baseline.
    pub changes: Vec<String>,
}

impl Confusions {
    /// One for each run that was evaluated, the baseline first, and then those that compare with another
    /// or stand for other data.
    pub(super) fn all(comparison: &Comparison) -> Vec<Self> {
        let Some(baseline) = comparison.columns.get(comparison.baseline) else { return Vec::new() };
        let others = comparison.columns.iter().enumerate().filter(|(index, _)| *index != comparison.baseline);
        let own = baseline.classes.as_ref().map(|classes| Self::of(baseline, classes, None));
        let others = others.filter_map(|(index, column)| {
            let classes = column.classes.as_ref()?;
            // Only where the images are the same do counts compare.
            let before = comparison.reference(column).filter(|_| column.is_paired());
            let shown = before.is_some() || comparison.unpaired(index).is_some();
            shown.then(|| Self::of(column, classes, before.and_then(|before| before.classes.as_ref())))
        });
        own.into_iter().chain(others).collect()
    }

    fn of(column: &Column, classes: &Classes, before: Option<&Classes>) -> Self {
        Self {
            label: clean(&column.record.job.label()),
            matrix: if classes.names.len() <= READABLE { matrix(classes) } else { Vec::new() },
            changes: before.map(|before| changes(classes, before)).unwrap_or_default(),
        }
    }
}

fn matrix(classes: &Classes) -> Vec<Vec<String>> {
    let names = || classes.names.iter().map(|name| clean(name));
    let head = [String::new()].into_iter().chain(names()).collect();
    let rows = names().zip(&classes.confusion).map(|(name, counts)| {
        let counts =
            counts.iter().map(|&count| if count == 0 { "·".to_owned() } else { number::whole(count) });
        [name].into_iter().chain(counts).collect()
    });
    [head].into_iter().chain(rows).collect()
}

/// A wrong answer by truth and prediction, with its images now and before.
struct Confusion {
    truth: usize,
    prediction: usize,
    now: u64,
    before: u64,
}

fn changes(now: &Classes, before: &Classes) -> Vec<String> {
    let count = |classes: &Classes, truth: usize, prediction: usize| {
        classes.confusion.get(truth).and_then(|row| row.get(prediction)).copied().unwrap_or_default()
    };
    let classes = now.names.len();
    let pairs = (0..classes).flat_map(|truth| (0..classes).map(move |prediction| (truth, prediction)));
    let mut all: Vec<Confusion> = pairs
        .filter(|(truth, prediction)| truth != prediction)
        .map(|(truth, prediction)| Confusion {
            truth,
            prediction,
            now: count(now, truth, prediction),
            before: count(before, truth, prediction),
        })
        .filter(|confusion| confusion.now != confusion.before)
        .collect();
    all.sort_by_key(|confusion| std::cmp::Reverse(confusion.now.abs_diff(confusion.before)));
    all.iter().take(LISTED).map(|confusion| line(confusion, now)).collect()
}

fn line(confusion: &Confusion, classes: &Classes) -> String {
    let name = |class: usize| clean(&classes.names[class]);
    let (now, before) = (number::whole(confusion.now), number::whole(confusion.before));
    format!("{} taken for {}: {now}, {before} before", name(confusion.truth), name(confusion.prediction))
}
