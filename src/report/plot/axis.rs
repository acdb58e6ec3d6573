//! Axes: round marks with their text, and lines that lead the eye.

use super::super::number;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::metric::Unit;

/// An axis along the lower edge: marks with lines up to `top`, text below `bottom`.
pub fn below(svg: &mut Svg, scale: &Scale, unit: Unit, (top, bottom): (f64, f64), count: usize) {
    let ticks = scale.ticks(count);
    for (tick, text) in ticks.iter().zip(number::ticks(&ticks, unit)) {
        let x = scale.at(*tick);
        svg.line("grid", (x, top), (x, bottom));
        svg.text("tick", Anchor::Middle, (x, bottom + 13.0), &text);
    }
    let (from, to) = scale.pixels();
    svg.line("axis", (from, bottom), (to, bottom));
}

/// An axis along the left edge: marks with lines from `left` to `right`, text before `left`.
pub fn beside(svg: &mut Svg, scale: &Scale, unit: Unit, (left, right): (f64, f64), count: usize) {
    let ticks = scale.ticks(count);
    for (tick, text) in ticks.iter().zip(number::ticks(&ticks, unit)) {
        let y = scale.at(*tick);
        svg.line("grid", (left, y), (right, y));
        svg.text("tick", Anchor::End, (left - 5.0, y + 3.5), &text);
    }
}
