//! One table for runs of which all figures are alike.

use crate::compare::{Column, Comparison};

/// A table about one run.
pub(super) trait OfRun: Sized {
    /// Of a run that stands alone; nothing where there is nothing to show.
    fn alone(column: &Column) -> Option<Self>;

    /// Of a run against what it is set against.
    fn compared(baseline: &Column, column: &Column) -> Option<Self>;

    /// Whether both say the same but for whose it is.
    fn is_like(&self, other: &Self) -> bool;

    /// The run.
    fn label(&mut self) -> &mut String;
}

/// One table for each candidate that can be compared, or for the only run. Runtimes often agree to the
/// last image; one table then stands for both.
pub(super) fn tables<T: OfRun>(comparison: &Comparison) -> Vec<T> {
    let Some(baseline) = comparison.columns.get(comparison.baseline) else { return Vec::new() };
    if comparison.columns.len() == 1 {
        return T::alone(baseline).into_iter().collect();
    }
    let compared = |column| T::compared(comparison.reference(column)?, column);
    let mut tables: Vec<T> = Vec::new();
    for mut table in comparison.columns.iter().filter_map(compared) {
        match tables.iter_mut().find(|known| known.is_like(&table)) {
            Some(known) => *known.label() += &format!(" and {}", table.label()),
            None => tables.push(table),
        }
    }
    tables
}
