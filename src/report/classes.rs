//! The classes of a candidate against the baseline's, those that lost most first; of a run that
//! stands alone, those that it knows worst.

use super::alike::OfRun;
use super::figures::{Cell, tone};
use super::number::{self, counted};
use super::view::{Tone, clean};
use crate::compare::{CHANGED, ClassDelta, Classes, Column, Versus};
use crate::metric::Better;

/// Differences up to this, 0.3 percentage points, are summed up and not listed. A hair more, so that
/// 0.3 with a rounding error is still within.
const QUIET: f64 = 0.003 + 1e-9;

/// The rates of a class that are compared: the metrics whose readings list the classes.
const RATES: [&str; 3] = ["macro_recall", "macro_precision", "macro_f1"];

/// Classes of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassTable {
    /// The run.
    pub label: String,
    /// The run that it is set against; empty without one.
    pub against: String,
    /// Whether it is set against a baseline.
    pub compares: bool,
    /// All classes, worst first.
    pub rows: Vec<ClassRow>,
}

/// One class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// Its name.
    pub name: String,
    /// Images of it.
    pub images: String,
    /// The baseline's recall; empty without one.
    pub recall_before: String,
    /// The run's recall and its difference in percentage points.
    pub recall: Cell,
    /// Precision, as recall.
    pub precision: Cell,
    /// F1, as recall.
    pub f1: Cell,
    /// p of the change of recall, corrected for the number of classes; empty where it was not tested.
    pub p: String,
    /// The largest loss and the largest gain of recall, precision and F1.
    extremes: (f64, f64),
}

impl OfRun for ClassTable {
    fn alone(column: &Column) -> Option<Self> {
        let classes = column.classes.as_ref()?;
        let recalls = column.reading(RATES[0])?.per_class.as_ref()?;
        let mut order: Vec<usize> = (0..classes.names.len()).collect();
        // A class without images has no recall and stands last.
        let recall = |class: usize| recalls.get(class).copied().flatten().unwrap_or(f64::INFINITY);
        order.sort_by(|a, b| recall(*a).total_cmp(&recall(*b)));
        let rows = order.into_iter().map(|class| row(None, column, classes, class)).collect();
        let label = clean(&column.record.job.label());
        Some(Self { label, against: String::new(), compares: false, rows })
    }

    fn compared(baseline: &Column, column: &Column) -> Option<Self> {
        let (versus, classes) = (column.versus.as_ref()?, column.classes.as_ref()?);
        versus.delta(RATES[0])?.per_class.as_ref()?;
        let mut rows: Vec<ClassRow> = (0..classes.names.len())
            .map(|class| row(Some((baseline, versus)), column, classes, class))
            .collect();
        // Stable: classes that lost alike stay in label order.
        rows.sort_by(|a, b| a.extremes.0.total_cmp(&b.extremes.0));
        let [label, against] = [column, baseline].map(|run| clean(&run.record.job.label()));
        Some(Self { label, against, compares: true, rows })
    }

    fn is_like(&self, other: &Self) -> bool {
        self.against == other.against && self.rows == other.rows
    }

    fn label(&mut self) -> &mut String {
        &mut self.label
    }
}

impl ClassTable {
    /// The classes that lost more than a trifle, at most `limit`, and a line about all others.
    pub fn worst(&self, limit: usize) -> (&[ClassRow], Option<String>) {
        if !self.compares {
            let (shown, rest) = self.rows.split_at(limit.min(self.rows.len()));
            let line =
                || format!("… {} with a higher recall", counted(rest.len() as u64, "class", "classes"));
            return (shown, (!rest.is_empty()).then(line));
        }
        let losers = self.rows.iter().take_while(|row| row.extremes.0 < -QUIET).count();
        let (shown, rest) = self.rows.split_at(losers.min(limit));
        (shown, sum_up(rest, shown.is_empty()))
    }
}

fn row(against: Option<(&Column, &Versus)>, column: &Column, classes: &Classes, class: usize) -> ClassRow {
    let changes = RATES.map(|id| {
        let delta = against.and_then(|(_, versus)| versus.delta(id));
        delta.and_then(|delta| delta.per_class.as_ref()?.get(class)?.absolute)
    });
    let value =
        |of: &Column, id| per_class(of.reading(id).and_then(|reading| reading.per_class.as_ref()), class);
    let known = || changes.into_iter().flatten();
    let judged = |id| against.and_then(|(_, versus)| versus.delta(id)?.per_class.as_ref()?.get(class));
    let cell = |index: usize| {
        let sure = judged(RATES[index]).is_some_and(beyond_chance);
        cell(value(column, RATES[index]), changes[index], against.is_some(), sure)
    };
    let p = judged(RATES[0]).and_then(|delta| delta.test?.p_adjusted).map(number::probability);
    let before = |(baseline, _)| value(baseline, RATES[0]).map_or_else(|| "·".into(), number::percent);
    ClassRow {
        name: clean(&classes.names[class]),
        images: number::whole(classes.support.get(class).copied().unwrap_or_default()),
        recall_before: against.map(before).unwrap_or_default(),
        recall: cell(0),
        precision: cell(1),
        f1: cell(2),
        p: p.unwrap_or_default(),
        extremes: (known().fold(0.0, f64::min), known().fold(0.0, f64::max)),
    }
}

fn per_class(values: Option<&Vec<Option<f64>>>, class: usize) -> Option<f64> {
    values?.get(class).copied().flatten()
}

/// By the test, which is corrected for the number of classes. Precision and F1 have none, and of many
/// uncorrected intervals some always exclude 0.
fn beyond_chance(delta: &ClassDelta) -> bool {
    delta.test.and_then(|test| test.p_adjusted).is_some_and(|p| p < CHANGED)
}

/// `compares`: whether the lack of a change is worth a sign. `sure`: whether the change is more than
/// chance explains.
fn cell(value: Option<f64>, change: Option<f64>, compares: bool, sure: bool) -> Cell {
    let dot = || "·".to_owned();
    let value = value.map_or_else(dot, number::percent);
    match change.map(|change| (number::points(change), change)) {
        None if compares => Cell::new(value, dot(), Tone::Missing),
        None => Cell::new(value, String::new(), Tone::Plain),
        Some((text, _)) if !sure || number::reads_as_zero(&text) => Cell::new(value, text, Tone::Same),
        Some((text, change)) => Cell::new(value, text, tone(Better::Higher, change)),
    }
}

/// A line about the classes that are not listed.
fn sum_up(rest: &[ClassRow], nothing_listed: bool) -> Option<String> {
    let count = |of: &dyn Fn(&ClassRow) -> bool| rest.iter().filter(|row| of(row)).count() as u64;
    let lost = count(&|row| row.extremes.0 < -QUIET);
    let gained = count(&|row| row.extremes.0 >= -QUIET && row.extremes.1 > QUIET);
    let quiet = rest.len() as u64 - lost - gained;
    if quiet > 0 && quiet == rest.len() as u64 && nothing_listed {
        return Some(format!("no class moved by more than {} pp in recall, precision or F1", bound()));
    }
    let classes = |count| counted(count, "class", "classes");
    let mut parts = Vec::new();
    if lost > 0 {
        let most = rest.iter().map(|row| row.extremes.0).fold(0.0, f64::min);
        parts.push(format!("{} lost up to {} pp", classes(lost), number::points_bare(most)));
    }
    if gained > 0 {
        let most =
            rest.iter().filter(|row| row.extremes.0 >= -QUIET).map(|row| row.extremes.1).fold(0.0, f64::max);
        parts.push(format!("{} gained up to {} pp", classes(gained), number::points_bare(most)));
    }
    if quiet > 0 {
        parts.push(format!("{} within ±{} pp in recall, precision and F1", classes(quiet), bound()));
    }
    (!parts.is_empty()).then(|| format!("… {}", parts.join(" · ")))
}

fn bound() -> String {
    format!("{:.1}", QUIET * 100.0)
}
