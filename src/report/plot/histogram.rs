//! How values are spread: one histogram a run, below each other on one axis.

use super::scale::Scale;
use super::svg::{Anchor, Svg};
use super::{Heading, Series, WIDTH, axis, palette};
use crate::metric::Unit;

/// Bars of a histogram.
const BARS: usize = 56;
/// Height of a run's name.
const NAME: f64 = 18.0;
/// Room at the left and right edge, for the text of the outermost marks.
const EDGE: f64 = 18.0;

/// The values of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The run.
    pub series: Series,
    /// What is counted.
    pub values: Vec<f64>,
    /// A value to mark, and what it is: `median 0.211 ms`.
    pub mark: Option<(f64, String)>,
}

/// Histograms of all `runs` on one axis from `low` to `high`; what lies beyond is not drawn. The bars
/// of each run share its tallest one's height, so that runs of different length compare.
pub fn histograms(heading: Heading, unit: Unit, runs: &[Histogram], (low, high): (f64, f64)) -> Svg {
    let room = super::strip_height(runs.len());
    let bottom = runs.len() as f64 * (NAME + room) + 4.0;
    let mut svg = Svg::new(heading, WIDTH, bottom + 20.0);
    let scale = of_unit(unit, (low, high));
    axis::below(&mut svg, &scale, unit, (NAME, bottom), 5);
    for (index, run) in runs.iter().enumerate() {
        strip(&mut svg, run, &scale, (index as f64 * (NAME + room), room));
    }
    svg
}

fn of_unit(unit: Unit, values: (f64, f64)) -> Scale {
    let pixels = (EDGE, WIDTH - EDGE);
    match unit {
        Unit::Nanoseconds | Unit::Bytes => Scale::of_sizes(values, pixels),
        _ => Scale::linear(values, pixels),
    }
}

fn strip(svg: &mut Svg, run: &Histogram, scale: &Scale, (top, room): (f64, f64)) {
    let foot = top + NAME + room;
    svg.open(&palette::series(run.series.color));
    bars(svg, &counts(&run.values, scale), scale, (foot, room));
    if let Some((value, _)) = run.mark.as_ref().filter(|(value, _)| scale.holds(*value)) {
        let x = scale.at(*value);
        svg.line("line", (x, foot - room - 1.0), (x, foot));
    }
    svg.close();
    svg.text("name", Anchor::Start, (EDGE, top + 12.0), &run.series.label);
    if let Some((_, text)) = &run.mark {
        svg.text("tick", Anchor::End, (WIDTH - EDGE, top + 12.0), text);
    }
}

/// Values by bar; those beyond the ends of the scale are left out.
fn counts(values: &[f64], scale: &Scale) -> [usize; BARS] {
    let (from, to) = scale.pixels();
    let mut counts = [0; BARS];
    for value in values.iter().filter(|value| scale.holds(**value)) {
        let share = (scale.at(*value) - from) / (to - from);
        counts[((share * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    counts
}

fn bars(svg: &mut Svg, counts: &[usize; BARS], scale: &Scale, (foot, room): (f64, f64)) {
    let (from, to) = scale.pixels();
    let (width, tallest) = ((to - from) / BARS as f64, counts.iter().copied().max().unwrap_or(0).max(1));
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // What is there is seen, however rare.
        let height = (room * *count as f64 / tallest as f64).max(1.0);
        svg.rect("soft", (from + index as f64 * width, foot - height), (width - 0.5, height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading() -> Heading {
        Heading { title: "latency".into(), description: "by run".into() }
    }

    fn run(color: usize, values: &[f64]) -> Histogram {
        Histogram {
            series: Series { label: format!("run {color}"), color },
            values: values.to_vec(),
            mark: Some((values[0], "median".into())),
        }
    }

    #[test]
    fn every_value_within_is_in_a_bar() {
        let scale = Scale::linear((0.0, 10.0), (0.0, 100.0));
        let counts = counts(&[0.0, 5.0, 10.0, 10.1, -1.0], &scale);
        assert_eq!((counts[0], counts[BARS / 2], counts[BARS - 1]), (1, 1, 1));
        assert_eq!(counts.iter().sum::<usize>(), 3);
    }

    #[test]
    fn each_run_has_its_strip_and_its_colour() {
        let svg =
            histograms(heading(), Unit::Nanoseconds, &[run(0, &[1e5, 2e5]), run(1, &[9e5])], (1e5, 1e6));
        let text = svg.embedded();
        for part in ["class=\"s0\"", "class=\"s1\"", ">run 0<", ">run 1<", ">1 ms<"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert_eq!(text.matches("<rect").count(), 3);
    }
}
