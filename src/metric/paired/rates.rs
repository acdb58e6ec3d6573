//! Resampled differences of precision, recall and F1, averaged and by class.

use super::bootstrap::{Jackknife, Random, Resampler};
use super::cells::{Cells, Outcome, Sides};
use super::multinomial::Multinomial;
use crate::metric::ClassCounts;
use crate::metric::rates::AveragedRate;

/// A rate that both sides have.
#[derive(Clone, Copy)]
pub(super) enum Rate {
    /// An average over classes.
    Average(&'static AveragedRate),
    /// The rate of one class.
    OfClass(&'static AveragedRate, usize),
}

impl Rate {
    /// candidate − baseline; an undefined rate counts as 0, as in the averages.
    fn difference(self, sides: &Sides) -> f64 {
        self.of(&sides.candidate) - self.of(&sides.baseline)
    }

    fn of(self, counts: &ClassCounts) -> f64 {
        match self {
            Self::Average(rate) => rate.average(counts),
            Self::OfClass(rate, class) => rate.of_class(counts, class),
        }
        .unwrap_or(0.0)
    }
}

/// Differences of `rates` over resampled images.
pub(super) struct RateResampler<'a> {
    cells: &'a Cells,
    rates: &'a [Rate],
    multinomial: Multinomial,
}

impl<'a> RateResampler<'a> {
    /// Over the images of `cells`.
    pub(super) fn new(cells: &'a Cells, rates: &'a [Rate]) -> Self {
        Self { cells, rates, multinomial: Multinomial::of(&cells.counts) }
    }
}

impl Resampler for RateResampler<'_> {
    type Room = (Vec<u64>, Sides);

    fn width(&self) -> usize {
        self.rates.len()
    }

    fn room(&self) -> Self::Room {
        (vec![0; self.multinomial.cells()], Sides::new(self.cells.classes))
    }

    fn draw(&self, random: &mut Random, (counts, sides): &mut Self::Room, row: &mut [f64]) {
        self.multinomial.draw(random, counts);
        self.cells.tally(counts, sides);
        row.iter_mut().zip(self.rates).for_each(|(value, rate)| *value = rate.difference(sides));
    }
}

/// Each difference as it is, and with one image left out.
pub(super) fn jackknife(cells: &Cells, rates: &[Rate]) -> Vec<(f64, Jackknife)> {
    let mut sides = Sides::new(cells.classes);
    cells.tally(&cells.counts, &mut sides);
    rates.iter().map(|&rate| (rate.difference(&sides), leave_one_out(rate, cells, &mut sides))).collect()
}

/// The most that one image more, which the candidate alone gets otherwise, can move the rate of a
/// class: one that is of the class, or one taken for it. None for an average.
pub(super) fn largest_influences(cells: &Cells, rates: &[Rate]) -> Vec<Option<f64>> {
    let mut sides = Sides::new(cells.classes);
    cells.tally(&cells.counts, &mut sides);
    rates.iter().map(|&rate| largest_influence(rate, cells.classes, &mut sides)).collect()
}

fn largest_influence(rate: Rate, classes: usize, sides: &mut Sides) -> Option<f64> {
    let Rate::OfClass(_, class) = rate else { return None };
    let full = rate.difference(sides);
    let other = (class + 1) % classes;
    let moved = [class, other].map(|label| {
        let lost = Outcome { label, baseline: Some(class), candidate: None };
        (sides.with(lost, |sides| rate.difference(sides)) - full).abs()
    });
    Some(moved.into_iter().fold(0.0, f64::max))
}

fn leave_one_out(rate: Rate, cells: &Cells, sides: &mut Sides) -> Jackknife {
    let (full, mut untouched, mut left) = (rate.difference(sides), 0.0, Jackknife::new());
    for (outcome, &count) in cells.outcomes.iter().zip(&cells.counts) {
        let count = count as f64;
        // An image that has nothing to do with a class leaves its rate alone.
        match rate {
            Rate::OfClass(_, class) if outcome.classes().all(|touched| touched != class) => {
                untouched += count
            }
            _ => left.push((sides.without(*outcome, |sides| rate.difference(sides)), count)),
        }
    }
    left.push((full, untouched));
    left
}
