//! `cv2.resize` of 8-bit images: weights of 11 bits for bilinear and bicubic, floats for areas.

use super::separable::{Arithmetic, RoundedOnce};
use super::taps::{Axis, Taps};
use crate::preprocess::Filter;

/// Bits of a weight behind the point.
const BITS: u32 = 11;
const ONE: f32 = (1 << BITS) as f32;

/// What `cv2.resize` does for a filter, which depends on the sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    Nearest,
    Linear,
    Cubic,
    /// `INTER_AREA` where an image grows: bilinear with other weights.
    GrowingArea,
    /// Whole pixels are averaged.
    WholeAreas(WholeAreas),
    /// Parts of pixels are averaged.
    Areas,
}

impl Method {
    /// Halving is one thing in bilinear and area, and both have to shrink (or stay) for an area.
    pub fn of(filter: Filter, across: &Axis, down: &Axis) -> Self {
        let cells = whole(across).zip(whole(down));
        let of_cells =
            |(width, height)| WholeAreas { cells: width * height, halving: (width, height) == (2, 2) };
        match filter {
            Filter::Nearest => Self::Nearest,
            Filter::Bicubic => Self::Cubic,
            Filter::Area if across.scale() < 1.0 || down.scale() < 1.0 => Self::GrowingArea,
            Filter::Area => cells.map_or(Self::Areas, |cells| Self::WholeAreas(of_cells(cells))),
            _ => match cells.map(of_cells) {
                Some(areas) if areas.halving => Self::WholeAreas(areas),
                _ => Self::Linear,
            },
        }
    }
}

/// Pixels of the source in one of the target, if that is a whole number to the last bit.
fn whole(axis: &Axis) -> Option<usize> {
    let nearest = step(axis).round();
    ((step(axis) - nearest).abs() < f64::EPSILON).then_some(nearest as usize)
}

/// Bilinear: sums are cut to 16 bits before and after the weights of the rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Linear;

impl Arithmetic for Linear {
    type Weight = i32;
    type Sum = i32;
    type Between = i32;
    type Out = u8;

    #[inline(always)]
    fn across(pixel: u8, weight: i32) -> i32 {
        i32::from(pixel) * weight
    }

    #[inline(always)]
    fn keep(sum: i32) -> i32 {
        sum >> 4
    }

    #[inline(always)]
    fn down(value: i32, weight: i32) -> i32 {
        (value * weight) >> 16
    }

    #[inline(always)]
    fn finish(self, sum: i32) -> u8 {
        ((sum + 2) >> 2).clamp(0, 255) as u8
    }
}

/// Bicubic.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cubic;

impl RoundedOnce for Cubic {
    type Number = i32;
    type Out = u8;

    #[inline(always)]
    fn rounded(self, sum: i32) -> u8 {
        ((sum + (1 << (2 * BITS - 1))) >> (2 * BITS)).clamp(0, 255) as u8
    }
}

/// Averages of whole pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct WholeAreas {
    /// Pixels that become one.
    cells: usize,
    /// Whether they are two by two.
    halving: bool,
}

impl RoundedOnce for WholeAreas {
    type Number = i32;
    type Out = u8;

    /// Two by two pixels round halves up, others to even.
    #[inline(always)]
    fn rounded(self, sum: i32) -> u8 {
        if self.halving {
            return ((sum + 2) >> 2) as u8;
        }
        (sum as f32 * (1.0 / self.cells as f32)).round_ties_even() as u8
    }
}

/// Averages with the edge pixels in part.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Areas;

impl RoundedOnce for Areas {
    type Number = f32;
    type Out = u8;

    #[inline(always)]
    fn rounded(self, sum: f32) -> u8 {
        sum.round_ties_even() as u8
    }
}

/// Columns or rows that `INTER_NEAREST` takes: those at the left and upper edge of each new pixel.
pub(super) fn nearest(axis: &Axis) -> Vec<usize> {
    let scale = step(axis);
    let place = |position: usize| ((position as f64 * scale) as usize).min(axis.source - 1);
    axis.positions.clone().map(place).collect()
}

/// Two weights a position.
pub(super) fn linear(axis: &Axis, growing_area: bool) -> Taps<i32> {
    Taps::new(axis, |position, weights| {
        let (first, share) = if growing_area { area_place(axis, position) } else { centre(axis, position) };
        weights.extend([fixed(1.0 - share), fixed(share)]);
        first
    })
}

/// The same for columns, where a place outside becomes the edge pixel before the weights are rounded.
pub(super) fn linear_columns(axis: &Axis, growing_area: bool) -> Taps<i32> {
    let last = axis.source as i64 - 1;
    let taps = Taps::new(axis, |position, weights| {
        let (first, share) = if growing_area { area_place(axis, position) } else { centre(axis, position) };
        let share = if first < 0 || first >= last { 0.0 } else { share };
        weights.extend([fixed(1.0 - share), fixed(share)]);
        first.clamp(0, last)
    });
    taps.within(axis.source)
}

/// Four weights a position, a = −0.75.
pub(super) fn cubic(axis: &Axis) -> Taps<i32> {
    const A: f32 = -0.75;
    Taps::new(axis, |position, weights| {
        let (first, x) = centre(axis, position);
        let before = ((A * (x + 1.0) - 5.0 * A) * (x + 1.0) + 8.0 * A) * (x + 1.0) - 4.0 * A;
        let left = ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
        let right = ((A + 2.0) * (1.0 - x) - (A + 3.0)) * (1.0 - x) * (1.0 - x) + 1.0;
        weights.extend([before, left, right, 1.0 - before - left - right].map(fixed));
        first - 1
    })
}

/// Equal weights of whole pixels.
pub(super) fn whole_areas(axis: &Axis) -> Taps<i32> {
    let cells = whole(axis).unwrap_or(1);
    Taps::new(axis, |position, weights| {
        weights.resize(weights.len() + cells, 1);
        (position * cells) as i64
    })
}

/// The covered length of each pixel, over the length of all.
pub(super) fn areas(axis: &Axis) -> Taps<f32> {
    let (scale, length) = (step(axis), axis.source as f64);
    Taps::new(axis, |position, weights| {
        let start = position as f64 * scale;
        let end = start + scale;
        let cell = scale.min(length - start);
        let last = end.floor().min(length - 1.0);
        let first = start.ceil().min(last);
        let before = first - start > 1e-3;
        weights.extend(before.then_some(((first - start) / cell) as f32));
        weights.resize(weights.len() + (last - first) as usize, (1.0 / cell) as f32);
        weights.extend((end - last > 1e-3).then_some(((end - last).min(1.0).min(cell) / cell) as f32));
        first as i64 - i64::from(before)
    })
}

/// OpenCV divides twice, and the last bit can differ.
fn step(axis: &Axis) -> f64 {
    1.0 / (axis.target as f64 / axis.source as f64)
}

/// The pixel before the centre of a new one, and how far behind it the centre lies.
fn centre(axis: &Axis, position: usize) -> (i64, f32) {
    let place = ((position as f64 + 0.5) * step(axis) - 0.5) as f32;
    (place.floor() as i64, place - place.floor())
}

fn area_place(axis: &Axis, position: usize) -> (i64, f32) {
    let first = (position as f64 * step(axis)).floor();
    let share = ((position as f64 + 1.0) - (first + 1.0) / step(axis)) as f32;
    (first as i64, if share <= 0.0 { 0.0 } else { share - share.floor() })
}

/// To 11 bits, halves to even.
fn fixed(weight: f32) -> i32 {
    (weight * ONE).round_ties_even() as i32
}
