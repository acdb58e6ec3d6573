//! A comparison as text, before any format lays it out.

use super::across::Across;
use super::alike;
use super::classes::ClassTable;
use super::confusion::Confusions;
use super::facts::{self, Fact};
use super::figures::{self, ColumnHead, Section};
use super::markup::steers;
use super::outcomes::{self, Trouble};
use super::slices::SliceTable;
use super::summary::{self, Statement};
use crate::compare::Comparison;

/// What a figure says about the candidate, for colour and signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Better than the baseline.
    Better,
    /// Worse than the baseline.
    Worse,
    /// The same as the baseline in the digits shown.
    Same,
    /// Neither: the baseline itself, or a figure without direction.
    Plain,
    /// Not there.
    Missing,
}

/// A comparison as text. Every number has its unit, and nothing is left to compute.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What was measured, where and how.
    pub facts: Vec<Fact>,
    /// One for each run, in the order asked for.
    pub columns: Vec<ColumnHead>,
    /// Index of the baseline in `columns`.
    pub baseline: usize,
    /// The figures, one cell for each of `columns`.
    pub sections: Vec<Section>,
    /// The data sets, where the runs are on several.
    pub across: Option<Across>,
    /// Classes of each candidate against the baseline's, worst first.
    pub classes: Vec<ClassTable>,
    /// Slices of each candidate against the baseline's, worst first; empty where the data has none.
    pub slices: Vec<SliceTable>,
    /// What each run takes for what, the baseline first.
    pub confusions: Vec<Confusions>,
    /// Runs that did not complete, with the reason.
    pub troubles: Vec<Trouble>,
    /// What a reader must know before trusting a figure.
    pub warnings: Vec<String>,
    /// The answer in words, one statement for each candidate.
    pub summary: Vec<Statement>,
    /// What they are set against: the baseline, by its label, or the first run on the data of each.
    pub against: String,
}

impl View {
    /// The text of `comparison`.
    pub fn of(comparison: &Comparison) -> Self {
        Self {
            facts: facts::of(comparison),
            columns: figures::heads(comparison),
            baseline: comparison.baseline,
            sections: figures::sections(comparison),
            across: Across::of(comparison),
            classes: alike::tables(comparison),
            slices: alike::tables(comparison),
            confusions: Confusions::all(comparison),
            troubles: outcomes::troubles(comparison),
            warnings: comparison.warnings.iter().map(|warning| clean(&warning.message)).collect(),
            summary: summary::of(comparison),
            against: summary::against(comparison),
        }
    }

    /// The same for a reader in a hurry: the figures that decide, and no matrix.
    pub fn headlines(mut self) -> Self {
        for section in &mut self.sections {
            section.rows.retain(|row| row.headline);
        }
        self.sections.retain(|section| !section.rows.is_empty());
        self.confusions.clear();
        self
    }

    /// Label of the baseline.
    pub fn baseline_label(&self) -> &str {
        self.columns.get(self.baseline).map_or("", |head| &head.label)
    }

    /// Whether any figure is set against another.
    pub fn compares(&self) -> bool {
        self.columns.len() > 1
    }
}

/// A user's text on one line and without control characters: a class name or a message of a crashed
/// process must not be able to move the cursor.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim().chars();
    while let Some(character) = rest.next() {
        match character {
            // Colours and cursor movements, as runtimes put into their logs: ESC [ … letter.
            '\u{1b}' if rest.as_str().starts_with('[') => {
                rest.next();
                rest.by_ref().find(|end| matches!(end, '@'..='~'));
            }
            '\n' | '\t' => out.push(' '),
            '\r' => {}
            steering if steers(steering) => out.extend(steering.escape_default()),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_s_text_cannot_steer_the_terminal() {
        assert_eq!(clean("cat\u{202e}dog"), "cat\\u{202e}dog");
        assert_eq!(clean(" cat\n\u{1b}[31;1mdog\u{1b}[0m\u{7}\r\n"), "cat dog\\u{7}");
    }
}
