//! `tf.image.resize`: floats throughout, nothing is rounded to levels. Places and weights are
//! computed in 32 bits, as there: in 64 they would lie elsewhere by more than the promised precision.

use std::f64::consts::PI;

use super::separable::RoundedOnce;
use super::taps::{Axis, Taps};
use crate::preprocess::{Filter, Resize};

/// Steps between two pixels at which the bicubic weights are tabulated.
const TABLE: f32 = 1024.0;

/// Sums of floats.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Floats;

impl RoundedOnce for Floats {
    type Number = f32;
    type Out = f32;

    #[inline(always)]
    fn rounded(self, sum: f32) -> f32 {
        sum
    }
}

/// The weights along one axis.
pub(super) fn taps(step: &Resize, axis: &Axis) -> Taps<f32> {
    match (step.filter, step.antialias) {
        (Filter::Area, _) => area(axis),
        (Filter::Lanczos, antialias) => spans(axis, 3.0, antialias, lanczos),
        (Filter::Bicubic, true) => spans(axis, 2.0, true, keys),
        (Filter::Bicubic, false) => bicubic(axis),
        (_, true) => spans(axis, 1.0, true, |x| (1.0 - x).max(0.0)),
        (_, false) => bilinear(axis),
    }
}

/// Columns or rows that `nearest` takes.
pub(super) fn nearest(axis: &Axis) -> Vec<usize> {
    let place = |position: usize| ((position as f32 + 0.5) * scale(axis)) as usize;
    axis.positions.clone().map(|position| place(position).min(axis.source - 1)).collect()
}

fn scale(axis: &Axis) -> f32 {
    axis.source as f32 / axis.target as f32
}

fn bilinear(axis: &Axis) -> Taps<f32> {
    Taps::new(axis, |position, weights| {
        let place = (position as f32 + 0.5) * scale(axis) - 0.5;
        let share = place - place.floor();
        weights.extend([1.0 - share, share]);
        place.floor() as i64
    })
}

/// Weights from a table; outside the image they are 0 and the others make up for it.
fn bicubic(axis: &Axis) -> Taps<f32> {
    Taps::new(axis, |position, weights| {
        let place = (position as f32 + 0.5) * scale(axis) - 0.5;
        let step = ((place - place.floor()) * TABLE).round_ties_even() / TABLE;
        let first = place.floor() as i64 - 1;
        let distances = [1.0 + step, step, 1.0 - step, 2.0 - step];
        let inside = |at: i64| (0..axis.source as i64).contains(&at);
        let four = (first..).zip(distances).map(|(at, x)| if inside(at) { keys(x) } else { 0.0 });
        let from = weights.len();
        weights.extend(four);
        normalise(&mut weights[from..]);
        first
    })
}

/// The length of each pixel that is covered, over the length of all.
fn area(axis: &Axis) -> Taps<f32> {
    let scale = scale(axis);
    Taps::new(axis, |position, weights| {
        let (start, end) = (position as f32 * scale, (position as f32 + 1.0) * scale);
        let first = start.floor() as i64;
        let covered = |at: i64| {
            let at = at as f32;
            match (at < start, at + 1.0 > end) {
                (true, true) => scale,
                (true, false) => at + 1.0 - start,
                (false, true) => end - at,
                (false, false) => 1.0,
            }
        };
        weights.extend((first..end.ceil() as i64).map(|at| covered(at) / scale));
        first
    })
}

/// `scale_and_translate`: a kernel that may widen, cut off at the edges, where the rest makes up for it.
fn spans(axis: &Axis, radius: f32, antialias: bool, kernel: impl Fn(f32) -> f32) -> Taps<f32> {
    let step = 1.0 / (axis.target as f32 / axis.source as f32);
    let widening = if antialias { step.max(1.0) } else { 1.0 };
    let (reach, narrowing) = (radius * widening, 1.0 / widening);
    let inside = |at: f32| at.clamp(0.0, axis.source as f32 - 1.0) as i64;
    Taps::new(axis, |position, weights| {
        let centre = (position as f32 + 0.5) * step;
        let first = inside((centre - reach - 0.5).ceil());
        let last = inside((centre + reach - 0.5).floor());
        let from = weights.len();
        weights.extend((first..=last).map(|at| kernel(((at as f32 + 0.5 - centre) * narrowing).abs())));
        normalise(&mut weights[from..]);
        first
    })
}

fn normalise(weights: &mut [f32]) {
    let total: f32 = weights.iter().sum();
    if total.abs() >= 1000.0 * f32::MIN_POSITIVE {
        let factor = 1.0 / total;
        weights.iter_mut().for_each(|weight| *weight *= factor);
    }
}

/// Keys' cubic, a = −0.5, at a distance of 0 or more.
fn keys(x: f32) -> f32 {
    if x >= 2.0 {
        0.0
    } else if x >= 1.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        (1.5 * x - 2.5) * x * x + 1.0
    }
}

/// Three lobes, at a distance of 0 or more.
fn lanczos(x: f32) -> f32 {
    if x > 3.0 {
        return 0.0;
    }
    if x <= 1e-3 {
        return 1.0;
    }
    let x = f64::from(x);
    (3.0 * (PI * x).sin() * (PI * x / 3.0).sin() / (PI * PI * x * x)) as f32
}
