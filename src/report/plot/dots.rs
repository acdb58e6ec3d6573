//! Rates of classes: a row for each class, a dot for each run, and how sure each is.

use super::super::layout;
use super::legend::{self, Mark};
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use super::{Heading, Series, WIDTH, axis, palette};
use crate::metric::Unit;

/// Room for names.
const LEFT: f64 = 112.0;
const RIGHT: f64 = WIDTH - 18.0;

/// Columns of the longest name that is shown in full.
const NAME: usize = 18;

/// Height of a row, and how far its dots lie apart.
const ROW: f64 = 13.0;
const APART: f64 = 3.5;

/// A class.
#[derive(Clone, Debug, PartialEq)]
pub struct DotRow {
    /// Its name.
    pub name: String,
    /// One for each run, in the order of the legend.
    pub dots: Vec<Dot>,
}

/// A run's rate of a class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dot {
    /// From 0 to 1; none where it is undefined.
    pub value: Option<f64>,
    /// How sure it is.
    pub interval: Option<(f64, f64)>,
    /// What a resting mouse is shown.
    pub tip: String,
}

/// All `rows` in the order given, on one axis from the lowest value to 1.
pub fn dots(heading: Heading, series: &[Series], rows: &[DotRow]) -> Svg {
    let head = legend::height(series, WIDTH) + 6.0;
    let height = ROW.max(APART * series.len() as f64 + 6.0);
    let bottom = head + rows.len() as f64 * height + 4.0;
    let mut svg = Svg::new(heading, WIDTH, bottom + 20.0);
    let x = Scale::linear((lowest(rows), 1.0), (LEFT, RIGHT));
    legend::draw(&mut svg, series, Mark::Dot, (0.0, 0.0), WIDTH);
    axis::below(&mut svg, &x, Unit::Fraction, (head, bottom), 4);
    for (index, row) in rows.iter().enumerate() {
        let middle = head + (index as f64 + 0.5) * height;
        svg.text("small", Anchor::End, (LEFT - 8.0, middle + 3.0), &layout::cut(&row.name, NAME, "…"));
        for (place, (run, dot)) in series.iter().zip(&row.dots).enumerate() {
            let offset = (place as f64 - (series.len() as f64 - 1.0) / 2.0) * APART;
            mark(&mut svg, run, dot, &x, middle + offset);
        }
    }
    svg
}

/// A round value at or below everything that is drawn.
fn lowest(rows: &[DotRow]) -> f64 {
    let dots = rows.iter().flat_map(|row| &row.dots);
    let ends = dots.filter_map(|dot| dot.interval.map(|(low, _)| low).or(dot.value));
    // 0.95 at most: classes that are all perfect would have no axis.
    (ends.fold(0.95, f64::min) * 20.0).floor() / 20.0
}

fn mark(svg: &mut Svg, run: &Series, dot: &Dot, x: &Scale, y: f64) {
    let Some(value) = dot.value else { return };
    svg.open(&palette::series(run.color));
    if let Some((low, high)) = dot.interval {
        svg.line("thin", (x.at(low), y), (x.at(high), y));
    }
    svg.circle(legend::dot(run.color), (x.at(value), y), 3.0, &dot.tip);
    svg.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(rows: &[DotRow]) -> String {
        let series = ["fp32", "int8"].into_iter().enumerate();
        let series: Vec<Series> =
            series.map(|(color, label)| Series { label: label.into(), color }).collect();
        dots(Heading { title: "recall".into(), description: "by class".into() }, &series, rows).embedded()
    }

    #[test]
    fn a_class_has_a_dot_for_each_run_that_knows_its_rate() {
        let dot = |value| Dot { value, interval: value.map(|v: f64| (v - 0.1, v + 0.1)), tip: String::new() };
        let rows = [DotRow { name: "Shirt".into(), dots: vec![dot(Some(0.8)), dot(None)] }];
        let text = chart(&rows);
        assert!(text.contains(">Shirt<") && text.contains(">70 %<"), "{text}");
        // One in the legend for each run, and one in the row.
        assert_eq!((text.matches("class=\"ring\"").count(), text.matches("class=\"dot\"").count()), (2, 1));
        assert_eq!(text.matches("class=\"thin\"").count(), 1);
    }

    #[test]
    fn the_axis_reaches_what_is_lowest() {
        let row = |low| DotRow {
            name: String::new(),
            dots: vec![Dot { value: Some(0.9), interval: Some((low, 1.0)), tip: String::new() }],
        };
        assert_eq!((lowest(&[row(0.62)]), lowest(&[row(0.99)]), lowest(&[])), (0.6, 0.95, 0.95));
    }
}
