//! Two passes, rows first, over the weights that a library uses, in the arithmetic of the library.

use std::ops::{AddAssign, Mul};

use super::taps::Taps;
use crate::preprocess::pixels::Grid;

/// Columns that are summed together on the way down: four registers of eight numbers.
const LANES: usize = 32;

/// How a library multiplies and rounds.
pub(super) trait Arithmetic: Copy {
    type Weight: Copy;
    type Sum: Copy + Default + AddAssign;
    /// What it keeps of a row before the columns are summed.
    type Between: Copy + Default;
    type Out: Copy + Default;

    fn across(pixel: u8, weight: Self::Weight) -> Self::Sum;
    fn keep(sum: Self::Sum) -> Self::Between;
    fn down(value: Self::Between, weight: Self::Weight) -> Self::Sum;
    fn finish(self, sum: Self::Sum) -> Self::Out;
}

/// Arithmetic that keeps what it sums as it is and rounds once, at the end.
pub(super) trait RoundedOnce: Copy {
    type Number: Copy + Default + AddAssign + Mul<Output = Self::Number> + From<u8>;
    type Out: Copy + Default;

    fn rounded(self, sum: Self::Number) -> Self::Out;
}

impl<A: RoundedOnce> Arithmetic for A {
    type Weight = A::Number;
    type Sum = A::Number;
    type Between = A::Number;
    type Out = A::Out;

    #[inline(always)]
    fn across(pixel: u8, weight: A::Number) -> A::Number {
        A::Number::from(pixel) * weight
    }

    #[inline(always)]
    fn keep(sum: A::Number) -> A::Number {
        sum
    }

    #[inline(always)]
    fn down(value: A::Number, weight: A::Number) -> A::Number {
        value * weight
    }

    #[inline(always)]
    fn finish(self, sum: A::Number) -> A::Out {
        self.rounded(sum)
    }
}

/// The weights of both directions.
#[derive(Debug, Default)]
pub(super) struct Plan<W> {
    /// All inside the source.
    pub columns: Taps<W>,
    /// May lie outside: the nearest row stands in.
    pub rows: Taps<W>,
}

/// Rows that have been resized across and wait to be summed: as many as one row of the result needs.
#[derive(Debug)]
pub(super) struct Ring<T> {
    values: Vec<T>,
    stride: usize,
    held: Vec<Option<usize>>,
    /// The last row of the image with a byte to spare.
    last: Vec<u8>,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { values: vec![], stride: 0, held: vec![], last: vec![] }
    }
}

impl<T: Copy + Default> Ring<T> {
    fn prepare(&mut self, rows: usize, width: usize) {
        self.stride = (width + 1).next_multiple_of(LANES);
        self.held.clear();
        self.held.resize(rows, None);
        self.values.resize(rows * self.stride, T::default());
    }
}

/// Resizes `source` into `out`.
pub(super) fn resize<A: Arithmetic>(
    arithmetic: A,
    source: Grid<'_, u8>,
    plan: &Plan<A::Weight>,
    ring: &mut Ring<A::Between>,
    out: &mut Vec<A::Out>,
) {
    let width = plan.columns.len() * source.channels;
    ring.prepare(plan.rows.count(), width);
    out.resize(plan.rows.len() * width, A::Out::default());
    for (index, row) in out.chunks_exact_mut(width.max(1)).enumerate() {
        let (start, weights) = plan.rows.at(index);
        let bottom = i64::from(source.size.height) - 1;
        let nearest = |tap: usize| (start + tap as i64).clamp(0, bottom) as usize;
        for tap in 0..weights.len() {
            hold::<A>(source, &plan.columns, ring, nearest(tap));
        }
        sum_down(arithmetic, ring, nearest, weights, row);
    }
}

/// Sees to it that row `y` is in the ring.
#[inline(always)]
fn hold<A: Arithmetic>(
    source: Grid<'_, u8>,
    columns: &Taps<A::Weight>,
    ring: &mut Ring<A::Between>,
    y: usize,
) {
    let slot = y % ring.held.len();
    if ring.held[slot] == Some(y) {
        return;
    }
    ring.held[slot] = Some(y);
    let into = &mut ring.values[slot * ring.stride..][..ring.stride];
    let stride = source.size.width as usize * source.channels;
    let rest = &source.values[y * stride..];
    if source.channels == 1 {
        return sum_across::<A, 1, 1>(rest, columns, into);
    }
    // Three channels are read as four: a row needs a byte behind it.
    if rest.len() > stride {
        return sum_across::<A, 3, 4>(rest, columns, into);
    }
    ring.last.clear();
    ring.last.extend_from_slice(rest);
    ring.last.push(0);
    sum_across::<A, 3, 4>(&ring.last, columns, into);
}

/// One row, `CHANNELS` interleaved channels read and written as `READ`: four numbers fit a register,
/// three do not. What is too much is overwritten by the next pixel, or lies behind the row.
#[inline(always)]
fn sum_across<A: Arithmetic, const CHANNELS: usize, const READ: usize>(
    row: &[u8],
    columns: &Taps<A::Weight>,
    out: &mut [A::Between],
) {
    for index in 0..columns.len() {
        let (start, weights) = columns.at(index);
        let pixels = &row[start as usize * CHANNELS..];
        let mut sums = [A::Sum::default(); READ];
        for (tap, &weight) in weights.iter().enumerate() {
            let Some(pixel) = pixels[tap * CHANNELS..].first_chunk::<READ>() else { break };
            for (sum, &level) in sums.iter_mut().zip(pixel) {
                *sum += A::across(level, weight);
            }
        }
        let Some(into) = out[index * CHANNELS..].first_chunk_mut::<READ>() else { break };
        *into = sums.map(A::keep);
    }
}

#[inline(always)]
fn sum_down<A: Arithmetic>(
    arithmetic: A,
    ring: &Ring<A::Between>,
    row_of: impl Fn(usize) -> usize,
    weights: &[A::Weight],
    out: &mut [A::Out],
) {
    for (block, out) in out.chunks_mut(LANES).enumerate() {
        let mut sums = [A::Sum::default(); LANES];
        for (tap, &weight) in weights.iter().enumerate() {
            let slot = row_of(tap) % ring.held.len();
            let row = &ring.values[slot * ring.stride + block * LANES..][..LANES];
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += A::down(value, weight);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = arithmetic.finish(sum);
        }
    }
}
