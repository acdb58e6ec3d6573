//! The difference of two calibration errors. Noise alone lifts a sum of sizes |e| over bins, and
//! the more the better calibrated a run is, so that the difference of two such sums does not lie in
//! the middle of what it may be, and no resampling of it does either: the images of a resample are
//! noisier than those of the data.

use super::bootstrap::effective_images;
use crate::metric::Scoring;
use crate::metric::calibration::{BINS, bin, excess};
use crate::stats::{self, Interval};

/// Both runs' excess confidence on the same images.
pub(super) struct Calibration {
    baseline: Side,
    candidate: Side,
}

/// One run: the bin of each image, what the image adds to it, and the sum of each bin.
struct Side {
    images: Vec<(usize, f64)>,
    sums: [f64; BINS],
}

impl Calibration {
    /// None where an image has no probabilities on one side, or there is no image.
    pub(super) fn of(baseline: &Scoring, candidate: &Scoring) -> Option<Self> {
        let (baseline, candidate) = (Side::of(baseline)?, Side::of(candidate)?);
        (!baseline.images.is_empty()).then_some(Self { baseline, candidate })
    }

    /// How many images the difference rests on.
    pub(super) fn rests_on(&self) -> f64 {
        effective_images(&self.influences().map(|influence| (influence, 1.0)).collect::<Vec<_>>())
    }

    /// The normal interval about the difference of the two errors, each without what noise is
    /// expected to add to it, with the variance of the images' influences. None for a level that is
    /// none.
    pub(super) fn interval(&self, level: f64) -> Option<Interval> {
        let images = self.baseline.images.len() as f64;
        let middle = (self.candidate.less_noise() - self.baseline.less_noise()) / images;
        let sum = stats::sum(self.influences());
        let squares = stats::sum(self.influences().map(|influence| influence * influence));
        let error = (squares - sum * sum / images).max(0.0).sqrt() / images;
        let half = stats::two_sided_z(level)? * error;
        Some(Interval { low: middle - half, high: middle + half })
    }

    /// How much each image moves n times the difference: what it adds to its bin, with the sign of
    /// the bin.
    fn influences(&self) -> impl Iterator<Item = f64> {
        self.candidate.signed().zip(self.baseline.signed()).map(|(b, a)| b - a)
    }
}

impl Side {
    fn of(run: &Scoring) -> Option<Self> {
        let scores = run.probabilities().ok()?.into_iter().zip(run.images());
        let images: Vec<_> =
            scores.map(|(score, image)| (bin(score.confidence), excess(score, image.is_correct()))).collect();
        let mut sums = [0.0; BINS];
        images.iter().for_each(|&(bin, excess)| sums[bin] += excess);
        Some(Self { images, sums })
    }

    fn signed(&self) -> impl Iterator<Item = f64> {
        self.images.iter().map(|&(bin, excess)| excess * self.sums[bin].signum())
    }

    /// The sum of the sizes of the bins, less what noise is expected to add.
    fn less_noise(&self) -> f64 {
        let mut squares = [0.0; BINS];
        self.images.iter().for_each(|&(bin, excess)| squares[bin] += excess * excess);
        let images = self.images.len() as f64;
        let of_bin = |(sum, squares): (&f64, f64)| {
            sum.abs() - lift(sum.abs(), (squares - sum * sum / images).max(0.0).sqrt())
        };
        stats::sum(self.sums.iter().zip(squares).map(of_bin))
    }
}

/// How much larger than `size` the size of a normal value about it is on average: E|N(μ, σ²)| − μ
/// = 2σ·(φ(μ/σ) − μ/σ·Φ(−μ/σ)).
fn lift(size: f64, spread: f64) -> f64 {
    if spread <= 0.0 {
        return 0.0;
    }
    let z = size / spread;
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    2.0 * spread * (density - z * stats::normal_cdf(-z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::predictions;
    use crate::plan::Activation;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    /// Two classes, all images of one confidence.
    fn side(confidence: f32, right: impl Fn(usize) -> bool, images: usize) -> Scoring {
        let ids: Vec<String> = (0..images).map(|image| image.to_string()).collect();
        let scores = [confidence, 1.0 - confidence];
        let rows: Vec<_> =
            (0..images).map(|i| (ids[i].as_str(), u32::from(!right(i)), &scores[..])).collect();
        Scoring::of(&predictions(2, &rows), Activation::Probabilities).unwrap()
    }

    #[test]
    fn noise_lifts_a_size_by_the_mean_of_a_half_normal_value_at_most() {
        assert!((lift(0.0, 1.0) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-12);
        assert!(lift(5.0, 1.0) < 1e-6 && lift(3.0, 0.0) == 0.0);
        // scipy: foldnorm(1).mean() − 1
        assert!((lift(2.0, 2.0) / 2.0 - 0.166630941).abs() < 1e-8);
    }

    #[test]
    fn far_from_calibrated_it_is_the_interval_of_a_mean() {
        let right = |i: usize| i.is_multiple_of(2);
        let (one, two) = (side(0.9, right, 400), side(0.9, |i| right(i) || i % 40 == 1, 400));
        let found = Calibration::of(&one, &two).unwrap();
        let interval = found.interval(0.95).unwrap();
        // Ten images more are right: the error falls by 10/400.
        let half = 1.959964 * (10.0 - 100.0 / 400.0f64).sqrt() / 400.0;
        assert!((interval.low - (-0.025 - half)).abs() < 1e-6, "{interval:?} {half}");
        assert!((interval.high - (-0.025 + half)).abs() < 1e-6, "{interval:?} {half}");
        assert!((found.rests_on() - 10.0).abs() < 0.6, "{}", found.rests_on());
    }

    #[test]
    fn a_run_that_differs_by_noise_alone_is_not_called_worse() {
        let mut random = Pcg64::seed_from_u64(3);
        let mut honest = |share: f64| -> Vec<bool> { (0..2000).map(|_| random.random_bool(share)).collect() };
        let (one, two) = (honest(0.9), honest(0.9));
        let (one, two) = (side(0.9, |i| one[i], 2000), side(0.9, |i| two[i], 2000));
        assert!(Calibration::of(&one, &two).unwrap().interval(0.95).unwrap().contains(0.0));
    }
}
