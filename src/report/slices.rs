//! Accuracy by what the columns of the data set say about the images: of a candidate against the
//! baseline's, the slices that lost most first; of a run that stands alone, those that it knows worst.

use super::alike::OfRun;
use super::figures::{Cell, tone};
use super::number::{self, counted};
use super::view::{Tone, clean};
use crate::compare::{CHANGED, Column, SliceDelta};
use crate::metric::{Better, Interval, SliceReading, Unit};

/// Slices of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceTable {
    /// The run.
    pub label: String,
    /// The run that it is set against; empty without one.
    pub against: String,
    /// Whether it is set against a baseline.
    pub compares: bool,
    /// All slices, worst first.
    pub rows: Vec<SliceRow>,
}

/// One slice.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceRow {
    /// The column and what it says: `source: phone`.
    pub name: String,
    /// Images of it.
    pub images: String,
    /// The baseline's accuracy; empty without one.
    pub before: String,
    /// The run's accuracy and its difference in percentage points.
    pub accuracy: Cell,
    /// The interval of the difference; of the accuracy where the run stands alone.
    pub interval: String,
    /// p of the change, corrected for the number of slices; empty where it was not tested.
    pub p: String,
}

impl OfRun for SliceTable {
    fn alone(column: &Column) -> Option<Self> {
        let mut slices: Vec<&SliceReading> = column.slices.iter().collect();
        slices.sort_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
        Self::of(column, None, slices.into_iter().map(lone_row).collect())
    }

    fn compared(baseline: &Column, column: &Column) -> Option<Self> {
        let mut slices: Vec<&SliceDelta> = column.versus.as_ref()?.slices.iter().collect();
        // Stable: slices that lost alike stay in the order of the data.
        slices.sort_by(|a, b| a.absolute.total_cmp(&b.absolute));
        let rows = slices.into_iter().map(|slice| row(baseline, column, slice));
        Self::of(column, Some(baseline), rows.collect())
    }

    fn is_like(&self, other: &Self) -> bool {
        self.against == other.against && self.rows == other.rows
    }

    fn label(&mut self) -> &mut String {
        &mut self.label
    }
}

impl SliceTable {
    fn of(column: &Column, baseline: Option<&Column>, rows: Vec<SliceRow>) -> Option<Self> {
        let label = |run: &Column| clean(&run.record.job.label());
        let (against, compares) = (baseline.map(label).unwrap_or_default(), baseline.is_some());
        (!rows.is_empty()).then(|| Self { label: label(column), against, compares, rows })
    }

    /// The first `limit` slices, and a line about all others.
    pub fn worst(&self, limit: usize) -> (&[SliceRow], Option<String>) {
        let (shown, rest) = self.rows.split_at(limit.min(self.rows.len()));
        let more = counted(rest.len() as u64, "slice", "slices");
        let line = match self.compares {
            true => format!("… {more} with a smaller loss or a gain"),
            false => format!("… {more} with a higher accuracy"),
        };
        (shown, (!rest.is_empty()).then_some(line))
    }
}

fn row(baseline: &Column, column: &Column, slice: &SliceDelta) -> SliceRow {
    let reading = |of: &Column| {
        let same =
            |reading: &&SliceReading| (&reading.column, &reading.value) == (&slice.column, &slice.value);
        of.slices
            .iter()
            .find(same)
            .map_or_else(|| "·".to_owned(), |reading| number::percent(reading.accuracy))
    };
    let p = slice.test.and_then(|test| test.p_adjusted);
    let sure = p.is_some_and(|p| p < CHANGED);
    let ends = |it: Interval| number::interval_of_difference(it.low, it.high, Unit::Fraction);
    SliceRow {
        name: name(&slice.column, &slice.value),
        images: number::whole(slice.discordant.map_or(0, |count| count.images)),
        before: reading(baseline),
        accuracy: cell(reading(column), slice.absolute, sure),
        interval: slice.interval.map(ends).unwrap_or_default(),
        p: p.map(number::probability).unwrap_or_default(),
    }
}

fn lone_row(slice: &SliceReading) -> SliceRow {
    let ends = |interval: Interval| number::interval(interval.low, interval.high, Unit::Fraction);
    SliceRow {
        name: name(&slice.column, &slice.value),
        images: number::whole(slice.images),
        before: String::new(),
        accuracy: Cell::new(number::percent(slice.accuracy), String::new(), Tone::Plain),
        interval: slice.interval.map(ends).unwrap_or_default(),
        p: String::new(),
    }
}

fn name(column: &str, value: &str) -> String {
    let value = if value.is_empty() { "(none)" } else { value };
    format!("{}: {}", clean(column), clean(value))
}

/// `sure`: whether the change is more than chance explains.
fn cell(value: String, change: f64, sure: bool) -> Cell {
    let text = number::points(change);
    match sure && !number::reads_as_zero(&text) {
        true => Cell::new(value, text, tone(Better::Higher, change)),
        false => Cell::new(value, text, Tone::Same),
    }
}
