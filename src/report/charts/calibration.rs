//! Reliability diagrams: a run each.

use super::{Chart, distinct, slug};
use crate::compare::{Column, Comparison};
use crate::metric::{CalibrationBin, LEVEL, Unit};
use crate::report::number;
use crate::report::plot::{Bin, Heading, Series, reliability};
use crate::stats;

/// A diagram for each run that gives probabilities.
pub(super) fn charts(comparison: &Comparison) -> Vec<Chart> {
    distinct(comparison, |column| Some(&column.calibration).filter(|bins| !bins.is_empty()))
        .iter()
        .map(|(series, column, bins)| diagram(series, column, bins))
        .collect()
}

fn diagram(series: &Series, column: &Column, bins: &[CalibrationBin]) -> Chart {
    let heading = Heading {
        title: format!("Reliability of {}", series.label),
        description: "What the run claims against what comes true, in 15 bins of confidence, with 95 % intervals \
                      (Wilson). On the dashed line confidence can be taken at its word; below it the run claims \
                      too much."
            .into(),
    };
    let error = column.reading("ece").and_then(|reading| reading.value);
    let note = error.map(|error| format!("calibration error {}", number::value(error, Unit::Score)));
    let bins: Vec<Bin> = bins.iter().map(bin).collect();
    let drawing = reliability(heading, series, &note.unwrap_or_default(), &bins);
    Chart { stem: format!("reliability-{}-{}", series.color, slug(&series.label)), drawing }
}

fn bin(bin: &CalibrationBin) -> Bin {
    let CalibrationBin { images, right, confidence } = *bin;
    let interval = stats::wilson(right, images, LEVEL).map(|ends| (ends.low, ends.high));
    Bin { images, confidence, accuracy: right as f64 / images.max(1) as f64, interval }
}
