//! Resampled differences of log loss, Brier score and calibration error: figures in which every
//! image has a value of its own.

use rand::Rng;

use super::bootstrap::{Jackknife, Random, Resampler};
use super::multinomial::Multinomial;
use crate::metric::calibration::{BINS, bin, error_of, excess};
use crate::metric::{ProbabilityScore, Scoring};
use crate::stats;

/// Number of statistics: log loss, Brier score, calibration error.
pub(super) const WIDTH: usize = 3;

/// What one image adds: the differences of log loss and of Brier score, and the excess confidence
/// of the baseline and of the candidate.
type Image = [f64; 4];

/// Both sides' probabilities of the same images.
pub(super) struct Losses {
    /// By pair of bins, so that a group's sums need no table.
    groups: Vec<Group>,
    images: u64,
}

/// Images that share their bins on both sides.
struct Group {
    bins: [usize; 2],
    images: Vec<Image>,
    /// In 32 bits for drawing: the fewer bytes, the more images stay in the cache.
    packed: Vec<[f32; 4]>,
}

impl Losses {
    /// None where an image has no probabilities on one side, or there is no image.
    pub(super) fn of(baseline: &Scoring, candidate: &Scoring) -> Option<Self> {
        let (one, two) = (baseline.probabilities().ok()?, candidate.probabilities().ok()?);
        let mut images: Vec<([usize; 2], Image)> = one
            .into_iter()
            .zip(two)
            .zip(baseline.images().iter().zip(candidate.images()))
            .map(|((a, b), (x, y))| image(a, x.is_correct(), b, y.is_correct()))
            .collect();
        images.sort_by_key(|(bins, _)| *bins);
        let groups = images.chunk_by(|a, b| a.0 == b.0).filter_map(Group::of).collect();
        (!images.is_empty()).then_some(Self { groups, images: images.len() as u64 })
    }

    /// The differences from the sum over all images of both sides' bins.
    fn statistics(&self, sums: &Sums, images: f64) -> [f64; WIDTH] {
        let [log, brier] = sums.means;
        let [baseline, candidate] = sums.bins.each_ref().map(|bins| error_of(bins, images));
        [log / images, brier / images, candidate - baseline]
    }

    /// Each difference as it is, and with one image left out.
    pub(super) fn jackknife(&self) -> [(f64, Jackknife); WIDTH] {
        let all = self.sums();
        let point = self.statistics(&all, self.images as f64);
        let mut left = [const { Jackknife::new() }; WIDTH];
        for (group, image) in self.groups.iter().flat_map(|g| g.images.iter().map(move |image| (g, image))) {
            let values = self.without(&all, group, image);
            left.iter_mut().zip(values).for_each(|(left, value)| left.push((value, 1.0)));
        }
        let mut left = left.into_iter();
        point.map(|point| (point, left.next().unwrap_or_default()))
    }

    /// The statistics without one image: only its own two bins change.
    fn without(&self, all: &Sums, group: &Group, image: &Image) -> [f64; WIDTH] {
        let rest = self.images as f64 - 1.0;
        let side = |side: usize| {
            let sum = all.bins[side][group.bins[side]];
            all.absolute[side] - sum.abs() + (sum - image[2 + side]).abs()
        };
        [(all.means[0] - image[0]) / rest, (all.means[1] - image[1]) / rest, (side(1) - side(0)) / rest]
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for group in &self.groups {
            let total = std::array::from_fn(|i| stats::sum(group.images.iter().map(|image| image[i])));
            sums.add(group, total);
        }
        sums.absolute = sums.bins.each_ref().map(|bins| stats::sum(bins.iter().map(|sum| sum.abs())));
        sums
    }
}

fn image(a: ProbabilityScore, a_right: bool, b: ProbabilityScore, b_right: bool) -> ([usize; 2], Image) {
    let differences = [a.log_of_truth - b.log_of_truth, b.brier - a.brier];
    let bins = [bin(a.confidence), bin(b.confidence)];
    (bins, [differences[0], differences[1], excess(a, a_right), excess(b, b_right)])
}

impl Group {
    fn of(same: &[([usize; 2], Image)]) -> Option<Self> {
        let images: Vec<Image> = same.iter().map(|(_, image)| *image).collect();
        let packed = images.iter().map(|image| image.map(|value| value as f32)).collect();
        Some(Self { bins: same.first()?.0, images, packed })
    }
}

/// Sums over images.
#[derive(Clone, Debug, Default)]
struct Sums {
    /// Of the differences of log loss and Brier score.
    means: [f64; 2],
    /// Of the excess confidence in each bin, baseline and candidate.
    bins: [[f64; BINS]; 2],
    /// Of the sizes of `bins`.
    absolute: [f64; 2],
}

impl Sums {
    fn add(&mut self, group: &Group, [log, brier, baseline, candidate]: Image) {
        self.means[0] += log;
        self.means[1] += brier;
        self.bins[0][group.bins[0]] += baseline;
        self.bins[1][group.bins[1]] += candidate;
    }
}

/// Differences over resampled images.
pub(super) struct LossResampler<'a> {
    losses: &'a Losses,
    multinomial: Multinomial,
}

impl<'a> LossResampler<'a> {
    /// Over the images of `losses`.
    pub(super) fn new(losses: &'a Losses) -> Self {
        let counts: Vec<u64> = losses.groups.iter().map(|group| group.images.len() as u64).collect();
        Self { losses, multinomial: Multinomial::of(&counts) }
    }
}

impl Resampler for LossResampler<'_> {
    type Room = Vec<u64>;

    fn width(&self) -> usize {
        WIDTH
    }

    fn room(&self) -> Self::Room {
        vec![0; self.multinomial.cells()]
    }

    fn draw(&self, random: &mut Random, counts: &mut Self::Room, row: &mut [f64]) {
        self.multinomial.draw(random, counts);
        let mut sums = Sums::default();
        for (group, &count) in self.losses.groups.iter().zip(counts.iter()) {
            sums.add(group, sum_of_draws(&group.packed, count, random));
        }
        row.copy_from_slice(&self.losses.statistics(&sums, self.losses.images as f64));
    }
}

/// The sum over `count` images drawn with replacement. Two draws share a random number of 64 bits;
/// a choice by multiplication prefers an image by at most one part in 2³²/n.
fn sum_of_draws(images: &[[f32; 4]], count: u64, random: &mut Random) -> Image {
    let n = images.len() as u64;
    let (mut even, mut odd) = ([0.0; 4], [0.0; 4]);
    for _ in 0..count / 2 {
        let bits = random.next_u64();
        add(&mut even, images[(((bits >> 32) * n) >> 32) as usize]);
        add(&mut odd, images[(((bits & 0xffff_ffff) * n) >> 32) as usize]);
    }
    if count % 2 == 1 {
        add(&mut even, images[(((random.next_u64() >> 32) * n) >> 32) as usize]);
    }
    std::array::from_fn(|i| even[i] + odd[i])
}

fn add(sums: &mut Image, image: [f32; 4]) {
    sums.iter_mut().zip(image).for_each(|(sum, value)| *sum += f64::from(value));
}
