//! Which colour is which run.

use super::super::layout;
use super::svg::{Anchor, Svg};
use super::{Series, palette};

/// Height of a line.
const LINE: f64 = 16.0;

/// Pixels of a letter, on average.
const LETTER: f64 = 6.1;

/// How an entry is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// With a piece of line.
    Line,
    /// With a dot.
    Dot,
}

/// Height that the legend of `series` takes in `width`.
pub fn height(series: &[Series], width: f64) -> f64 {
    let lines = places(series, width).last().map_or(0, |(line, _)| line + 1);
    lines as f64 * LINE
}

/// Draws it from `top` down.
pub fn draw(svg: &mut Svg, series: &[Series], mark: Mark, (left, top): (f64, f64), width: f64) {
    for (entry, (line, x)) in series.iter().zip(places(series, width)) {
        let (x, y) = (left + x, top + line as f64 * LINE + 11.0);
        svg.open(&palette::series(entry.color));
        match mark {
            Mark::Line => svg.line("line", (x, y - 4.0), (x + 18.0, y - 4.0)),
            Mark::Dot => svg.circle(dot(entry.color), (x + 9.0, y - 4.0), 4.0, ""),
        }
        svg.close();
        svg.text("", Anchor::Start, (x + 23.0, y), &entry.label);
    }
}

/// The mark of a run: a ring for the baseline.
pub fn dot(color: usize) -> &'static str {
    if color == 0 { "ring" } else { "dot" }
}

/// Line and place of each entry, as many in a line as fit.
fn places(series: &[Series], width: f64) -> Vec<(usize, f64)> {
    let (mut line, mut x) = (0, 0.0);
    let mut places = Vec::new();
    for entry in series {
        let room = 23.0 + layout::width(&entry.label) as f64 * LETTER + 12.0;
        if x > 0.0 && x + room > width {
            (line, x) = (line + 1, 0.0);
        }
        places.push((line, x));
        x += room;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_do_not_fit_go_to_the_next_line() {
        let series: Vec<Series> =
            (0..3).map(|color| Series { label: "ort · percentile".into(), color }).collect();
        assert_eq!(places(&series, 300.0).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!((height(&series, 300.0), height(&series, 1000.0), height(&[], 300.0)), (32.0, 16.0, 0.0));
    }
}
