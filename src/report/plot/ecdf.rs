//! Which share of runs was as fast as that: the empirical distribution, in which every quantile can be
//! read.

use super::legend::{self, Mark};
use super::scale::Scale;
use super::svg::{Svg, step};
use super::{Heading, Series, WIDTH, axis, palette};
use crate::metric::Unit;
use crate::stats;

const LEFT: f64 = 40.0;
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 200.0;

/// Places along a curve; more cannot be told apart.
const STEPS: usize = 160;

/// The values of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The run.
    pub series: Series,
    /// Its values in ascending order.
    pub sorted: Vec<f64>,
    /// Quantiles to mark: the share, and what is said of it.
    pub marks: Vec<(f64, String)>,
}

/// The distributions of all `curves` from `low` to `high`.
pub fn ecdf(heading: Heading, unit: Unit, curves: &[Curve], (low, high): (f64, f64)) -> Svg {
    let series: Vec<Series> = curves.iter().map(|curve| curve.series.clone()).collect();
    let foot = BOTTOM + 24.0;
    let height = foot + legend::height(&series, RIGHT - LEFT);
    let mut svg = Svg::new(heading, WIDTH, height);
    let (x, y) = (Scale::of_sizes((low, high), (LEFT, RIGHT)), Scale::linear((0.0, 1.0), (BOTTOM, TOP)));
    axis::below(&mut svg, &x, unit, (TOP, BOTTOM), 5);
    axis::beside(&mut svg, &y, Unit::Fraction, (LEFT, RIGHT), 4);
    for run in curves {
        svg.open(&palette::series(run.series.color));
        svg.path("line", &path(&run.sorted, &x, &y));
        marks(&mut svg, run, &x, &y);
        svg.close();
    }
    legend::draw(&mut svg, &series, Mark::Line, (LEFT, foot), RIGHT - LEFT);
    svg
}

fn path(sorted: &[f64], x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    for index in 0..=STEPS {
        let share = index as f64 / STEPS as f64;
        let Some(value) = stats::quantile(sorted, share).filter(|value| x.holds(*value)) else { continue };
        path += &step(if path.is_empty() { 'M' } else { 'L' }, (x.at(value), y.at(share)));
    }
    path
}

fn marks(svg: &mut Svg, run: &Curve, x: &Scale, y: &Scale) {
    for (share, text) in &run.marks {
        if let Some(value) = stats::quantile(&run.sorted, *share).filter(|value| x.holds(*value)) {
            let tip = format!("{} {text}", run.series.label);
            svg.circle(legend::dot(run.series.color), (x.at(value), y.at(*share)), 3.5, &tip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_from_the_foot_to_the_head_and_marks_its_quantiles() {
        let curve = Curve {
            series: Series { label: "ort · int8".into(), color: 1 },
            sorted: (1..=100).map(f64::from).collect(),
            marks: vec![(0.5, "p50 50.5 ns".into())],
        };
        let heading = Heading { title: "t".into(), description: "d".into() };
        let text = ecdf(heading, Unit::Nanoseconds, &[curve], (1.0, 100.0)).embedded();
        assert!(text.contains("d=\"M40 200L"), "{text}");
        assert!(text.contains("L344 10\""), "{text}");
        assert!(text.contains("<title>ort · int8 p50 50.5 ns</title>"), "{text}");
    }

    #[test]
    fn no_values_draw_no_curve() {
        let x = Scale::linear((0.0, 1.0), (0.0, 1.0));
        assert_eq!(path(&[], &x, &x), "");
    }
}
