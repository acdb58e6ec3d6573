//! Whether confidence can be taken at its word: what was claimed against what came true, bin by bin.

use super::super::number;
use super::scale::Scale;
use super::svg::{Anchor, Svg, step};
use super::{Heading, Series, WIDTH, axis, palette};
use crate::metric::Unit;

const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = TOP + RIGHT - LEFT;
/// Height of the bars that say how many images each bin holds.
const BARS: f64 = 46.0;

/// The images of a bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// How many.
    pub images: u64,
    /// Their mean confidence, from 0 to 1.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
    /// How sure that share is.
    pub interval: Option<(f64, f64)>,
}

/// The reliability diagram of one run: on the diagonal, 80 % sure is right 80 times of 100; below it the
/// run claims too much. Bars below say how many images have such a confidence.
pub fn reliability(heading: Heading, series: &Series, note: &str, bins: &[Bin]) -> Svg {
    let foot = BOTTOM + 34.0 + BARS;
    let mut svg = Svg::new(heading, WIDTH, foot + 16.0);
    let x = Scale::linear((0.0, 1.0), (LEFT, RIGHT));
    let y = Scale::linear((0.0, 1.0), (BOTTOM, TOP));
    svg.text("name", Anchor::Start, (LEFT, 13.0), &series.label);
    svg.text("tick", Anchor::End, (RIGHT, 13.0), note);
    axis::below(&mut svg, &x, Unit::Fraction, (TOP, BOTTOM), 5);
    axis::beside(&mut svg, &y, Unit::Fraction, (LEFT, RIGHT), 5);
    svg.line("guide", (LEFT, BOTTOM), (RIGHT, TOP));
    svg.open(&palette::series(series.color));
    curve(&mut svg, bins, &x, &y);
    bars(&mut svg, bins, &x, foot);
    svg.close();
    svg.text("note", Anchor::Start, (LEFT, foot + 12.0), "images by confidence");
    svg
}

fn filled(bins: &[Bin]) -> impl Iterator<Item = &Bin> {
    bins.iter().filter(|bin| bin.images > 0)
}

fn curve(svg: &mut Svg, bins: &[Bin], x: &Scale, y: &Scale) {
    let at = |bin: &Bin| (x.at(bin.confidence), y.at(bin.accuracy));
    let path = filled(bins).enumerate().map(|(index, bin)| step(if index == 0 { 'M' } else { 'L' }, at(bin)));
    svg.path("thin", &path.collect::<String>());
    let most = bins.iter().map(|bin| bin.images).max().unwrap_or(0).max(1) as f64;
    for bin in filled(bins) {
        // The area says how many images there are, and a few are still seen.
        let radius = 2.2 + 3.3 * (bin.images as f64 / most).sqrt();
        if let Some((low, high)) = bin.interval {
            svg.line("thin", (x.at(bin.confidence), y.at(low)), (x.at(bin.confidence), y.at(high)));
        }
        svg.circle("dot", at(bin), radius, &tip(bin));
    }
}

fn tip(bin: &Bin) -> String {
    let (claimed, right) = (number::percent(bin.confidence), number::percent(bin.accuracy));
    format!("{}: {claimed} sure, {right} right", number::counted(bin.images, "image", "images"))
}

fn bars(svg: &mut Svg, bins: &[Bin], x: &Scale, foot: f64) {
    let most = bins.iter().map(|bin| bin.images).max().unwrap_or(0).max(1) as f64;
    let width = (RIGHT - LEFT) / bins.len().max(1) as f64;
    for (index, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.images > 0) {
        let height = (BARS * bin.images as f64 / most).max(1.0);
        let left = x.at(0.0) + index as f64 * width;
        svg.rect("soft", (left + 0.5, foot - height), (width - 1.0, height));
    }
    svg.line("axis", (LEFT, foot), (RIGHT, foot));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_bins_are_left_out_and_full_ones_lie_where_they_claim() {
        let full =
            |confidence, accuracy| Bin { images: 10, confidence, accuracy, interval: Some((0.0, 1.0)) };
        let empty = Bin { images: 0, confidence: 0.0, accuracy: 0.0, interval: None };
        let heading = Heading { title: "t".into(), description: "d".into() };
        let series = Series { label: "ort · int8".into(), color: 1 };
        let text = reliability(heading, &series, "0.05", &[empty, full(0.5, 0.5), full(1.0, 0.9)]).embedded();
        assert_eq!((text.matches("<circle").count(), text.matches("<rect").count()), (2, 2));
        assert!(text.contains("10 images: 50.00 % sure, 50.00 % right"), "{text}");
        let middle = (LEFT + RIGHT) / 2.0;
        assert!(text.contains(&format!("cx=\"{middle}\"")), "{text}");
    }
}
