//! What of a comparison is drawn: from readings and samples to the data of each chart.

mod calibration;
mod classes;
mod confusion;
mod latency;
mod tradeoff;

use super::plot::{Series, Svg};
use super::view::clean;
use crate::compare::{Column, Comparison};

/// A chart, and the name of its file where it stands alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// `latency-ecdf`; no two charts of a comparison share it.
    pub stem: String,
    /// The drawing.
    pub drawing: Svg,
}

/// The charts of a comparison by what they answer; empty where nothing was measured of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Charts {
    /// Accuracy against latency and size.
    pub tradeoff: Vec<Chart>,
    /// Latency: spread, distribution, rounds.
    pub latency: Vec<Chart>,
    /// Recall, precision and F1 by class.
    pub classes: Vec<Chart>,
    /// What is taken for what, and how that changed.
    pub confusion: Vec<Chart>,
    /// Whether confidence can be taken at its word.
    pub calibration: Vec<Chart>,
}

impl Charts {
    /// All charts that `comparison` has the figures for.
    pub fn of(comparison: &Comparison) -> Self {
        Self {
            tradeoff: tradeoff::charts(comparison),
            latency: latency::charts(comparison),
            classes: classes::charts(comparison),
            confusion: confusion::charts(comparison),
            calibration: calibration::charts(comparison),
        }
    }

    /// All of them in the order of the page.
    pub fn iter(&self) -> impl Iterator<Item = &Chart> {
        [&self.tradeoff, &self.latency, &self.classes, &self.confusion, &self.calibration]
            .into_iter()
            .flatten()
    }
}

/// The run of column `index`: the baseline has the first colour, whatever its place.
fn series(comparison: &Comparison, index: usize) -> Series {
    let baseline = comparison.baseline;
    let color = match index {
        index if index == baseline => 0,
        index if index < baseline => index + 1,
        index => index,
    };
    let label = comparison.columns.get(index).map(|column| clean(&column.record.job.label()));
    Series { label: label.unwrap_or_default(), color }
}

/// The columns for which `of` gives something, with what it gives, the baseline first. Of columns that it
/// gives the same for, the first stands for all: runtimes often agree to the last image.
fn distinct<'a, T: PartialEq>(
    comparison: &'a Comparison,
    of: impl Fn(&'a Column) -> Option<T>,
) -> Vec<(Series, &'a Column, T)> {
    let baseline = comparison.columns.iter().enumerate().filter(|(index, _)| *index == comparison.baseline);
    let others = comparison.columns.iter().enumerate().filter(|(index, _)| *index != comparison.baseline);
    let mut found: Vec<(Series, &Column, T)> = Vec::new();
    for (index, column) in baseline.chain(others) {
        let (Some(figures), own) = (of(column), series(comparison, index)) else { continue };
        match found.iter_mut().find(|(.., known)| *known == figures) {
            Some((series, ..)) => series.label += &format!(", {}", own.label),
            None => found.push((own, column, figures)),
        }
    }
    found
}

/// A label as a part of a file's name: `ort-int8`.
fn slug(label: &str) -> String {
    let plain: String =
        label.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_name_that_every_file_system_takes() {
        assert_eq!(slug("ort · int8"), "ort-int8");
        assert_eq!(slug("ort:cuda:1 · a/b <c>, tract · d"), "ort-cuda-1-a-b-c-tract-d");
    }
}
