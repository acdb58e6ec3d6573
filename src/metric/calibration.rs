//! Whether probabilities can be taken at their word: Brier score and calibration error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classification::{NO_IMAGE, mean_of_images, no_probabilities};
use super::{
    Basis, Better, Difference, Metric, MetricSpec, ProbabilityScore, Reading, ScoredRun, Scoring, Unit,
};
use crate::stats;

/// Squared distance of the probabilities from the truth.
pub static BRIER: MetricSpec = MetricSpec {
    id: "brier",
    title: "Brier score",
    definition: "Mean over images of the sum over classes of (p - y)^2, y being 1 for the true class and 0 \
                 for all others: from 0 to 2. With two classes half of it, (p - y)^2 of class 1: from 0 to 1 \
                 (scikit-learn brier_score_loss, scale_by_half auto). Logits: p is their softmax. Undefined \
                 where a score is not finite.",
    unit: Unit::Score,
    better: Better::Lower,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// How far confidence lies from the share that is right.
pub static ECE: MetricSpec = MetricSpec {
    id: "ece",
    title: "calibration error",
    definition: "Expected calibration error: images fall into 15 bins of equal width by the probability of \
                 their predicted class, ((m - 1)/15, m/15], 0 into the first; sum over bins of (images in \
                 the bin / images) * |share predicted right - mean probability|. Logits: the probability is \
                 of their softmax. Undefined where a score is not finite. The interval of a difference \
                 is that of the errors less what noise adds to each, which is more the better calibrated \
                 a run is: the plain difference shown need not lie in its middle, nor within it.",
    unit: Unit::Score,
    better: Better::Lower,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// Bins of the calibration error.
pub(super) const BINS: usize = 15;

/// The bin of a confidence.
pub(super) fn bin(confidence: f64) -> usize {
    ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

/// What an image adds to its bin: confidence − 1 where it is right, confidence where it is wrong.
pub(super) fn excess(image: ProbabilityScore, correct: bool) -> f64 {
    image.confidence - f64::from(u8::from(correct))
}

/// The calibration error of `images` from the sum of [`excess`] in each bin.
pub(super) fn error_of(bins: &[f64; BINS], images: f64) -> f64 {
    stats::sum(bins.iter().map(|sum| sum.abs())) / images
}

/// The images whose predicted class was given a probability within one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationBin {
    /// How many there are.
    pub images: u64,
    /// How many of them are predicted right.
    pub right: u64,
    /// Mean probability of the predicted class, from 0 to 1; 0 for no image.
    pub confidence: f64,
}

/// The bins behind the calibration error, the least confident first: 15 of equal width. None where
/// there is no image, or one without probabilities.
pub fn calibration_bins(scoring: &Scoring) -> Option<Vec<CalibrationBin>> {
    let images = scoring.probabilities().ok().filter(|images| !images.is_empty())?;
    let mut bins = vec![CalibrationBin::default(); BINS];
    for (score, image) in images.into_iter().zip(scoring.images()) {
        let found = &mut bins[bin(score.confidence)];
        found.images += 1;
        found.right += u64::from(image.is_correct());
        found.confidence += (score.confidence - found.confidence) / found.images as f64;
    }
    Some(bins)
}

pub(super) struct Brier;

impl Metric for Brier {
    fn spec(&self) -> &'static MetricSpec {
        &BRIER
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        Some(mean_of_images(&BRIER, run.scoring.as_ref()?, |image| image.brier))
    }
}

pub(super) struct CalibrationError;

impl Metric for CalibrationError {
    fn spec(&self) -> &'static MetricSpec {
        &ECE
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let scoring = run.scoring.as_ref()?;
        let n = scoring.count();
        let images = match scoring.probabilities() {
            Err(missing) => return Some(Reading::undefined(&ECE, n, no_probabilities(missing, scoring))),
            Ok(images) if images.is_empty() => return Some(Reading::undefined(&ECE, 0, NO_IMAGE)),
            Ok(images) => images,
        };
        let mut bins = [0.0; BINS];
        for (score, image) in images.into_iter().zip(scoring.images()) {
            bins[bin(score.confidence)] += excess(score, image.is_correct());
        }
        Some(Reading::of(&ECE, error_of(&bins, n as f64), n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{predictions, run};
    use crate::plan::Activation;

    #[test]
    fn a_confidence_on_an_edge_belongs_to_the_lower_bin() {
        assert_eq!([0.0, 1e-9, 1.0 / 15.0, 0.0667, 1.0].map(bin), [0, 0, 0, 1, 14]);
    }

    #[test]
    fn the_bins_hold_every_image_with_its_confidence() {
        let mut run = run("fp32");
        run.record.job.output.activation = Activation::Probabilities;
        let rows: [(&str, u32, &[f32]); 3] =
            [("a", 0, &[0.9, 0.1]), ("b", 1, &[0.92, 0.08]), ("c", 1, &[0.5, 0.5])];
        run.predictions = Some(predictions(2, &rows));
        let scored = ScoredRun::of(&run).unwrap();
        let bins = calibration_bins(scored.scoring.as_ref().unwrap()).unwrap();
        let filled: Vec<_> = bins.iter().enumerate().filter(|(_, bin)| bin.images > 0).collect();
        assert_eq!(
            filled.iter().map(|(at, bin)| (*at, bin.images, bin.right)).collect::<Vec<_>>(),
            [(7, 1, 0), (13, 2, 1)]
        );
        assert!((filled[1].1.confidence - 0.91).abs() < 1e-6);
    }

    #[test]
    fn half_right_at_nine_tenths_is_four_tenths_off() {
        let mut run = run("fp32");
        run.record.job.output.activation = Activation::Probabilities;
        run.predictions = Some(predictions(2, &[("a", 0, &[0.9, 0.1]), ("b", 1, &[0.9, 0.1])]));
        let reading = CalibrationError.read(&ScoredRun::of(&run).unwrap()).unwrap();
        assert!((reading.value.unwrap() - 0.4).abs() < 1e-7);
    }
}
