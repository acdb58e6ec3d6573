//! Images of equal outcome: the true class and both predictions. Every rate is a function of how
//! many images lie in each cell, so cells are resampled and not images.

use crate::metric::{ClassCounts, ImageScore};

/// What one image did, as far as rates of classes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    pub(super) label: usize,
    pub(super) baseline: Option<usize>,
    pub(super) candidate: Option<usize>,
}

impl Outcome {
    /// Of one image on both sides.
    pub(super) fn of(baseline: &ImageScore, candidate: &ImageScore) -> Self {
        let class = |predicted: Option<u32>| predicted.map(|class| class as usize);
        Self {
            label: baseline.label as usize,
            baseline: class(baseline.predicted),
            candidate: class(candidate.predicted),
        }
    }

    /// The classes that it touches, each once.
    pub(super) fn classes(self) -> impl Iterator<Item = usize> {
        let [label, baseline, candidate] = [Some(self.label), self.baseline, self.candidate];
        let candidate = candidate.filter(|class| label != Some(*class) && baseline != Some(*class));
        [label, baseline.filter(|class| label != Some(*class)), candidate].into_iter().flatten()
    }
}

/// The outcomes that occur, in ascending order, and how many images each has.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) counts: Vec<u64>,
    /// Number of classes.
    pub(super) classes: usize,
}

impl Cells {
    /// Of both sides' scores of the same images in the same order.
    pub(super) fn of(baseline: &[ImageScore], candidate: &[ImageScore], classes: usize) -> Self {
        let mut all: Vec<Outcome> = baseline.iter().zip(candidate).map(|(a, b)| Outcome::of(a, b)).collect();
        all.sort_unstable();
        let (mut outcomes, mut counts) = (Vec::new(), Vec::new());
        for same in all.chunk_by(PartialEq::eq) {
            outcomes.extend(same.first());
            counts.push(same.len() as u64);
        }
        Self { outcomes, counts, classes }
    }

    /// The counts of each class if outcome `i` had `counts[i]` images.
    pub(super) fn tally(&self, counts: &[u64], into: &mut Sides) {
        into.baseline.clear();
        into.candidate.clear();
        for (outcome, &count) in self.outcomes.iter().zip(counts).filter(|&(_, &count)| count > 0) {
            into.baseline.add(outcome.label, outcome.baseline, count);
            into.candidate.add(outcome.label, outcome.candidate, count);
        }
    }
}

/// Counts of each class on both sides.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub(super) baseline: ClassCounts,
    pub(super) candidate: ClassCounts,
}

impl Sides {
    /// No image yet.
    pub(super) fn new(classes: usize) -> Self {
        Self { baseline: ClassCounts::new(classes), candidate: ClassCounts::new(classes) }
    }

    /// The same with one image of `outcome` more.
    pub(super) fn with<T>(&mut self, outcome: Outcome, read: impl FnOnce(&Self) -> T) -> T {
        self.baseline.add(outcome.label, outcome.baseline, 1);
        self.candidate.add(outcome.label, outcome.candidate, 1);
        let read = read(self);
        self.baseline.remove_one(outcome.label, outcome.baseline);
        self.candidate.remove_one(outcome.label, outcome.candidate);
        read
    }

    /// The same with one image of `outcome` less; it must have been added before.
    pub(super) fn without<T>(&mut self, outcome: Outcome, read: impl FnOnce(&Self) -> T) -> T {
        self.baseline.remove_one(outcome.label, outcome.baseline);
        self.candidate.remove_one(outcome.label, outcome.candidate);
        let read = read(self);
        self.baseline.add(outcome.label, outcome.baseline, 1);
        self.candidate.add(outcome.label, outcome.candidate, 1);
        read
    }
}
