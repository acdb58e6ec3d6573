//! Resampled differences of log loss and Brier score: figures in which every image has a value of
//! its own.

use rand::Rng;

use super::bootstrap::{Jackknife, Random, Resampler};
use crate::metric::{ProbabilityScore, Scoring};
use crate::stats;

/// Number of statistics: log loss, Brier score.
pub(super) const WIDTH: usize = 2;

/// The differences of log loss and of Brier score on each image.
pub(super) struct Losses {
    images: Vec<[f64; WIDTH]>,
    /// In 32 bits for drawing: the fewer bytes, the more images stay in the cache.
    packed: Vec<[f32; WIDTH]>,
}

impl Losses {
    /// None where an image has no probabilities on one side, or there is no image.
    pub(super) fn of(baseline: &Scoring, candidate: &Scoring) -> Option<Self> {
        let (one, two) = (baseline.probabilities().ok()?, candidate.probabilities().ok()?);
        let difference = |(a, b): (ProbabilityScore, ProbabilityScore)| {
            [a.log_of_truth - b.log_of_truth, b.brier - a.brier]
        };
        let images: Vec<_> = one.into_iter().zip(two).map(difference).collect();
        let packed = images.iter().map(|image| image.map(|value| value as f32)).collect();
        (!images.is_empty()).then_some(Self { images, packed })
    }

    /// Each difference as it is, and with one image left out.
    pub(super) fn jackknife(&self) -> [(f64, Jackknife); WIDTH] {
        let images = self.images.len() as f64;
        std::array::from_fn(|at| {
            let sum = stats::sum(self.images.iter().map(|image| image[at]));
            let left = |image: &[f64; WIDTH]| ((sum - image[at]) / (images - 1.0).max(1.0), 1.0);
            (sum / images, self.images.iter().map(left).collect())
        })
    }
}

impl Resampler for Losses {
    type Room = ();

    fn width(&self) -> usize {
        WIDTH
    }

    fn room(&self) -> Self::Room {}

    fn draw(&self, random: &mut Random, (): &mut (), row: &mut [f64]) {
        let sums = sum_of_draws(&self.packed, random);
        row.copy_from_slice(&sums.map(|sum| sum / self.packed.len() as f64));
    }
}

/// The sum over as many images as there are, drawn with replacement. Two draws share a random
/// number of 64 bits; a choice by multiplication prefers an image by at most one part in 2³²/n.
fn sum_of_draws(images: &[[f32; WIDTH]], random: &mut Random) -> [f64; WIDTH] {
    let n = images.len() as u64;
    let drawn = |bits: u64| images[((bits * n) >> 32) as usize];
    let (mut even, mut odd) = ([0.0; WIDTH], [0.0; WIDTH]);
    for _ in 0..n / 2 {
        let bits = random.next_u64();
        add(&mut even, drawn(bits >> 32));
        add(&mut odd, drawn(bits & 0xffff_ffff));
    }
    if n % 2 == 1 {
        add(&mut even, drawn(random.next_u64() >> 32));
    }
    std::array::from_fn(|at| even[at] + odd[at])
}

fn add(sums: &mut [f64; WIDTH], image: [f32; WIDTH]) {
    sums.iter_mut().zip(image).for_each(|(sum, value)| *sum += f64::from(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::predictions;
    use crate::plan::Activation;

    #[test]
    fn leaving_an_image_out_is_the_mean_of_the_others() {
        let side = |rows: &[(&str, u32, &[f32])]| {
            Scoring::of(&predictions(2, rows), Activation::Probabilities).unwrap()
        };
        let one = side(&[("a", 0, &[0.5, 0.5]), ("b", 1, &[0.5, 0.5]), ("c", 1, &[0.5, 0.5])]);
        let two = side(&[("a", 0, &[0.75, 0.25]), ("b", 1, &[0.5, 0.5]), ("c", 1, &[0.75, 0.25])]);
        let [(log_loss, left), (brier, _)] = Losses::of(&one, &two).unwrap().jackknife();
        assert!((log_loss - (1.0f64 / 1.5).ln() / 3.0 - 2.0f64.ln() / 3.0).abs() < 1e-7);
        assert!((left[0].0 - 2.0f64.ln() / 2.0).abs() < 1e-7);
        // Half of the sum over classes, as there are two: 1/16 and 9/16 where it was 1/4.
        assert!((brier - (0.0625 - 0.25 + 0.5625 - 0.25) / 3.0).abs() < 1e-7);
    }
}
