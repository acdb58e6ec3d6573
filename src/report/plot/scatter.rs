//! What is paid for what: accuracy against a cost, and the runs that no other beats in both.

use super::legend::{self, Mark};
use super::scale::Scale;
use super::svg::{Anchor, Svg, step};
use super::{Heading, Series, WIDTH, axis, palette};
use crate::metric::Unit;

const LEFT: f64 = 48.0;
const RIGHT: f64 = WIDTH - 20.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 220.0;

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The run.
    pub series: Series,
    /// The cost; less is better.
    pub cost: f64,
    /// The worth; more is better.
    pub worth: f64,
    /// How sure the worth is.
    pub interval: Option<(f64, f64)>,
    /// What a resting mouse is shown.
    pub tip: String,
}

/// What the axes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surface {
    /// Name and unit of the cost.
    pub cost: (&'static str, Unit),
    /// Name and unit of the worth.
    pub worth: (&'static str, Unit),
}

/// All `points`, and a line along those that no other beats.
pub fn scatter(heading: Heading, surface: &Surface, points: &[Point]) -> Svg {
    let series: Vec<Series> = points.iter().map(|point| point.series.clone()).collect();
    let foot = BOTTOM + 36.0;
    let mut svg = Svg::new(heading, WIDTH, foot + legend::height(&series, WIDTH - LEFT));
    let x = Scale::of_sizes(padded(points.iter().map(|point| point.cost)), (LEFT, RIGHT));
    let ends =
        points.iter().flat_map(|point| point.interval.map_or([point.worth; 2], |(low, high)| [low, high]));
    let y = Scale::linear(spread(ends), (BOTTOM, TOP));
    axis::below(&mut svg, &x, surface.cost.1, (TOP, BOTTOM), 5);
    axis::beside(&mut svg, &y, surface.worth.1, (LEFT, RIGHT), 5);
    svg.path("guide", &front(points, &x, &y));
    for point in points {
        mark(&mut svg, point, &x, &y);
    }
    svg.text("note", Anchor::Start, (2.0, 10.0), surface.worth.0);
    svg.text("note", Anchor::End, (RIGHT, BOTTOM + 27.0), surface.cost.0);
    legend::draw(&mut svg, &series, Mark::Dot, (LEFT, foot), WIDTH - LEFT);
    svg
}

fn mark(svg: &mut Svg, point: &Point, x: &Scale, y: &Scale) {
    let at = (x.at(point.cost), y.at(point.worth));
    svg.open(&palette::series(point.series.color));
    if let Some((low, high)) = point.interval {
        svg.line("thin", (at.0, y.at(low)), (at.0, y.at(high)));
    }
    svg.circle(legend::dot(point.series.color), at, 5.0, &point.tip);
    svg.close();
}

/// The points that no other beats in cost and worth, the cheapest first.
pub fn unbeaten(points: &[Point]) -> Vec<&Point> {
    let beats = |one: &Point, other: &Point| {
        one.cost <= other.cost
            && one.worth >= other.worth
            && (one.cost, one.worth) != (other.cost, other.worth)
    };
    let mut front: Vec<&Point> =
        points.iter().filter(|point| !points.iter().any(|other| beats(other, point))).collect();
    front.sort_by(|one, other| one.cost.total_cmp(&other.cost));
    front
}

/// Steps: between two runs, what the cheaper one gives is what there is.
fn front(points: &[Point], x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    let mut before = None;
    for point in unbeaten(points) {
        let at = (x.at(point.cost), y.at(point.worth));
        match before {
            None => path += &step('M', at),
            Some(height) => path += &(step('L', (at.0, height)) + &step('L', at)),
        }
        before = Some(at.1);
    }
    path
}

/// A little room at both ends, in ratio.
fn padded(costs: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = ends(costs);
    (low * 0.85, high * 1.15)
}

/// A little room at both ends.
fn spread(worths: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = ends(worths);
    let room = ((high - low) * 0.15).max(0.002);
    (low - room, high + room)
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(color: usize, cost: f64, worth: f64) -> Point {
        let series = Series { label: format!("run {color}"), color };
        Point { series, cost, worth, interval: None, tip: String::new() }
    }

    const SURFACE: Surface = Surface { cost: ("size", Unit::Bytes), worth: ("accuracy", Unit::Fraction) };

    #[test]
    fn a_run_that_is_dearer_and_worse_is_beaten() {
        let points = [point(0, 8e6, 0.94), point(1, 2e6, 0.93), point(2, 9e6, 0.93), point(3, 2e6, 0.92)];
        let front: Vec<usize> = unbeaten(&points).iter().map(|point| point.series.color).collect();
        assert_eq!(front, [1, 0]);
    }

    #[test]
    fn equal_runs_do_not_beat_each_other() {
        assert_eq!(unbeaten(&[point(0, 1.0, 0.9), point(1, 1.0, 0.9)]).len(), 2);
    }

    #[test]
    fn every_run_is_drawn_and_named() {
        let heading = Heading { title: "t".into(), description: "d".into() };
        let text = scatter(heading, &SURFACE, &[point(0, 8e6, 0.94), point(1, 2e6, 0.93)]).embedded();
        assert_eq!(text.matches("r=\"5\"").count(), 2);
        assert!(text.contains(">run 1<") && text.contains(" MB<"), "{text}");
        assert!(!text.contains("NaN") && !text.contains("inf"));
    }
}
