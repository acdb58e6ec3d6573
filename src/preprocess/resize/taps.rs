//! Which pixels of a row or column make a new one, and with what weight.

use std::ops::{AddAssign, Range};

/// One direction of a resize: from `source` pixels to `target`, of which `positions` are needed.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub source: usize,
    pub target: usize,
    pub positions: Range<usize>,
}

impl Axis {
    /// Pixels of the source in one of the target.
    pub fn scale(&self) -> f64 {
        self.source as f64 / self.target as f64
    }
}

/// For each position the first pixel that counts, and equally many weights from there on.
#[derive(Debug, Default)]
pub(super) struct Taps<W> {
    count: usize,
    starts: Vec<i64>,
    weights: Vec<W>,
}

impl<W: Copy + Default + AddAssign> Taps<W> {
    /// `weigh` appends the weights of a position and returns the place of the first, which may lie
    /// outside the source.
    pub fn new(axis: &Axis, mut weigh: impl FnMut(usize, &mut Vec<W>) -> i64) -> Self {
        let (mut flat, mut starts, mut ends) = (vec![], vec![], vec![0]);
        for position in axis.positions.clone() {
            starts.push(weigh(position, &mut flat));
            ends.push(flat.len());
        }
        let count = ends.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0);
        let mut weights = vec![W::default(); count * starts.len()];
        for (row, ends) in weights.chunks_exact_mut(count.max(1)).zip(ends.windows(2)) {
            row[..ends[1] - ends[0]].copy_from_slice(&flat[ends[0]..ends[1]]);
        }
        Self { count, starts, weights }
    }

    /// The same with every pixel inside the source: what lies beyond an edge adds to the pixel there.
    pub fn within(self, source: usize) -> Self {
        let count = self.count.min(source);
        let (mut starts, mut weights) = (vec![], vec![W::default(); count * self.starts.len()]);
        for (index, into) in weights.chunks_exact_mut(count.max(1)).enumerate() {
            let (first, old) = self.at(index);
            let start = first.clamp(0, (source - count) as i64);
            starts.push(start);
            for (place, &weight) in (first..).zip(old) {
                into[(place.clamp(0, source as i64 - 1) - start).clamp(0, count as i64 - 1) as usize] +=
                    weight;
            }
        }
        Self { count, starts, weights }
    }
}

impl<W> Taps<W> {
    /// Weights of a position.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of positions.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// First pixel and weights of the position with this index.
    #[inline(always)]
    pub fn at(&self, index: usize) -> (i64, &[W]) {
        (self.starts[index], &self.weights[index * self.count..][..self.count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(source: usize, target: usize) -> Axis {
        Axis { source, target, positions: 0..target }
    }

    #[test]
    fn short_positions_are_filled_up_with_nothing() {
        let taps = Taps::new(&axis(9, 2), |position, weights| {
            weights.extend([5, 6, 7].iter().take(position + 2));
            position as i64
        });
        assert_eq!((taps.count(), taps.len()), (3, 2));
        assert_eq!(taps.at(0), (0, &[5, 6, 0][..]));
        assert_eq!(taps.at(1), (1, &[5, 6, 7][..]));
    }

    #[test]
    fn what_lies_outside_goes_to_the_edge() {
        let outside = |source: usize| {
            let taps = Taps::new(&axis(source, 2), |position, weights| {
                weights.extend([1, 2, 4, 8]);
                position as i64 * 4 - 2
            });
            taps.within(source)
        };
        assert_eq!(outside(5).at(0), (0, &[7, 8, 0, 0][..]));
        assert_eq!(outside(5).at(1), (1, &[0, 1, 2, 12][..]));
        assert_eq!(outside(1).at(0), (0, &[15][..]));
    }

    #[test]
    fn only_the_positions_asked_for_are_weighed() {
        let part = Axis { positions: 3..5, ..axis(9, 9) };
        let taps = Taps::new(&part, |position, weights| {
            weights.push(1);
            position as i64
        });
        assert_eq!((taps.len(), taps.at(0).0, taps.at(1).0), (2, 3, 4));
    }
}
