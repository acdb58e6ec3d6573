//! Pillow's resampling of 8-bit images, bit for bit: weights of 22 bits, rounded after each pass. The
//! kernels widen when shrinking. PyTorch resizes byte tensors in the same way, and has a bilinear
//! and a bicubic that do not widen.

use std::f64::consts::PI;

use super::separable::Arithmetic;
use super::taps::{Axis, Taps};
use crate::preprocess::{Filter, Resize, Size};

/// Bits of a weight behind the point: 32, less 8 of a byte, less 2 for kernels that overshoot.
const BITS: u32 = 32 - 8 - 2;

/// Sums of 22-bit weights.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pillow;

impl Arithmetic for Pillow {
    type Weight = i32;
    type Sum = i32;
    type Between = u8;
    type Out = u8;

    #[inline(always)]
    fn across(pixel: u8, weight: i32) -> i32 {
        i32::from(pixel) * weight
    }

    #[inline(always)]
    fn keep(sum: i32) -> u8 {
        ((sum + (1 << (BITS - 1))) >> BITS).clamp(0, 255) as u8
    }

    #[inline(always)]
    fn down(value: u8, weight: i32) -> i32 {
        Self::across(value, weight)
    }

    #[inline(always)]
    fn finish(self, sum: i32) -> u8 {
        Self::keep(sum)
    }
}

/// Whether the columns are summed before the rows. Up to version 12 Pillow always began with the
/// rows; since version 13 it does not where the height loses more than twice as many pixels as the
/// width. Where the aspect ratio is kept that needs an image more than twice as high as wide. Not
/// documented: found by comparing 6,038 resizes with both orders.
pub(super) fn columns_first(from: Size, to: Size) -> bool {
    let lost = |from: u32, to: u32| i64::from(from) - i64::from(to);
    let (across, down) = (lost(from.width, to.width), lost(from.height, to.height));
    down > 0 && down > 2 * across
}

/// The weights along one axis.
pub(super) fn taps(step: &Resize, axis: &Axis) -> Taps<i32> {
    if axis.source == axis.target {
        return unchanged(axis);
    }
    match (step.antialias, step.filter) {
        (false, Filter::Bicubic) => narrow(axis, 2, |x| cubic(x, -0.75)),
        (false, _) => narrow(axis, 1, triangle),
        (true, Filter::Box) => wide(axis, 0.5, |x| if x > -0.5 && x <= 0.5 { 1.0 } else { 0.0 }),
        (true, Filter::Hamming) => wide(axis, 1.0, hamming),
        (true, Filter::Bicubic) => wide(axis, 2.0, |x| cubic(x, -0.5)),
        (true, Filter::Lanczos) => wide(axis, 3.0, lanczos),
        (true, _) => wide(axis, 1.0, triangle),
    }
}

/// Columns or rows that `NEAREST` takes. The place is added up step by step, as in Pillow, where the
/// rounding of each step decides.
pub(super) fn nearest(axis: &Axis) -> Vec<usize> {
    let mut place = axis.scale() * 0.5;
    let mut places = Vec::with_capacity(axis.positions.len());
    for position in 0..axis.positions.end {
        if axis.positions.contains(&position) {
            places.push((place as usize).min(axis.source - 1));
        }
        place += axis.scale();
    }
    places
}

/// Each pixel as it is.
fn unchanged(axis: &Axis) -> Taps<i32> {
    Taps::new(axis, |position, weights| {
        weights.push(1 << BITS);
        position as i64
    })
}

/// The kernel widened by the scale and cut off at the edges, where the rest makes up for it.
fn wide(axis: &Axis, support: f64, kernel: impl Fn(f64) -> f64) -> Taps<i32> {
    let scale = axis.scale();
    let widening = scale.max(1.0);
    let (reach, narrowing) = (support * widening, 1.0 / widening);
    let mut shares = vec![];
    Taps::new(axis, |position, weights| {
        let centre = (position as f64 + 0.5) * scale;
        let first = ((centre - reach + 0.5) as i64).max(0);
        let end = ((centre + reach + 0.5) as i64).min(axis.source as i64);
        shares.clear();
        shares.extend((first..end).map(|x| kernel((x as f64 - centre + 0.5) * narrowing)));
        let total: f64 = shares.iter().sum();
        weights.extend(shares.iter().map(|share| fixed(if total != 0.0 { share / total } else { *share })));
        first
    })
}

/// The kernel as it is, `reach` pixels to each side; the edge pixels repeat beyond the edge.
fn narrow(axis: &Axis, reach: i64, kernel: impl Fn(f64) -> f64) -> Taps<i32> {
    let scale = axis.scale();
    Taps::new(axis, |position, weights| {
        let centre = (position as f64 + 0.5) * scale - 0.5;
        let first = centre.floor() as i64 + 1 - reach;
        weights.extend((first..first + 2 * reach).map(|x| fixed(kernel(x as f64 - centre))));
        first
    })
}

/// To 22 bits, halves away from zero.
fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << BITS);
    (if weight < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

/// Pillow's constants are floats of 32 bits, widened.
fn hamming(x: f64) -> f64 {
    let x = x.abs();
    if x == 0.0 {
        return 1.0;
    }
    if x >= 1.0 {
        return 0.0;
    }
    let x = x * PI;
    x.sin() / x * (f64::from(0.54_f32) + f64::from(0.46_f32) * x.cos())
}

fn cubic(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * a
    } else {
        0.0
    }
}

fn lanczos(x: f64) -> f64 {
    if (-3.0..3.0).contains(&x) { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_every_kernel_sum_to_one() {
        for filter in [Filter::Box, Filter::Bilinear, Filter::Hamming, Filter::Bicubic, Filter::Lanczos] {
            for (source, target) in [(500, 224), (61, 28), (32, 96), (3, 7), (1, 5), (7, 1)] {
                let axis = Axis { source, target, positions: 0..target };
                let taps = taps(&step(filter, true), &axis);
                for index in 0..target {
                    let sum: i32 = taps.at(index).1.iter().sum();
                    assert!(
                        (sum - (1 << BITS)).abs() <= taps.count() as i32,
                        "{filter:?} {source}->{target}"
                    );
                }
            }
        }
    }

    fn step(filter: Filter, antialias: bool) -> Resize {
        use crate::preprocess::{Resampler, ResizeTo};
        Resize { to: ResizeTo::ShorterSide(1), filter, antialias, resampler: Resampler::Pillow }
    }
}
