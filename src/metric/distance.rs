//! How far apart the raw outputs of two models are on the same inputs, with or without data.

use super::classification::NO_IMAGE;
use super::probability::{kl_divergence, margin};
use super::same_inputs::{SameInputs, Scores};
use super::{Basis, Better, Difference, MetricSpec, PairMetric, PairReading, ScoredPair, Unit};
use crate::stats;

const fn spec(id: &'static str, title: &'static str, definition: &'static str, better: Better) -> MetricSpec {
    let (unit, difference) = (Unit::Plain, Difference::Absolute);
    MetricSpec { id, title, definition, unit, better, difference, basis: Basis::Model }
}

/// Largest distance of a score.
pub static OUTPUT_MAX_ABS: MetricSpec = spec(
    "output_max_abs",
    "output max |Δ|",
    "Largest |baseline's score - candidate's score| over all images and classes; without data, over a few seeded inputs.",
    Better::Lower,
);

/// Mean distance of a score.
pub static OUTPUT_MEAN_ABS: MetricSpec = spec(
    "output_mean_abs",
    "output mean |Δ|",
    "Mean of |baseline's score - candidate's score| over all images and classes; without data, over a few seeded inputs.",
    Better::Lower,
);

/// Likeness of the outputs in direction.
pub static OUTPUT_COSINE: MetricSpec = spec(
    "output_cosine",
    "output cosine",
    "Cosine of the angle between the scores of the two, averaged over inputs: 1 for the same direction; \
     two vectors of zeros count as 1, a vector of zeros beside another as 0.",
    Better::Higher,
);

/// Loudness of the outputs over that of what changed in them.
pub static OUTPUT_SQNR: MetricSpec = spec(
    "output_sqnr",
    "output SQNR (dB)",
    "20 log10(max(|x|, eps) / max(|x - y|, eps)) in dB, with |.| the Euclidean norm over all inputs and \
     classes together, x the baseline's scores, y the candidate's, eps = 2^-52 (as ONNX Runtime's qdq_loss_debug).",
    Better::Higher,
);

/// Divergence of the probabilities.
pub static OUTPUT_KL: MetricSpec = MetricSpec {
    unit: Unit::Nats,
    ..spec(
        "output_kl",
        "KL divergence",
        "Mean over inputs of sum over classes of p ln(p / q), p being the baseline's probabilities and q the \
         candidate's. Logits: of their softmax. Probabilities: clipped in the logarithm as in log loss.",
        Better::Lower,
    )
};

/// Likeness of the five highest.
pub static TOP5_OVERLAP: MetricSpec = MetricSpec {
    unit: Unit::Fraction,
    ..spec(
        "top5_overlap",
        "top-5 overlap",
        "Mean over inputs of the share of the baseline's five highest classes that are among the candidate's \
         five highest; of equal scores the lowest class index counts. Only with more than five classes.",
        Better::Higher,
    )
};

/// How much firmer predictions became.
pub static MARGIN_CHANGE: MetricSpec = MetricSpec {
    unit: Unit::Score,
    ..spec(
        "margin_change",
        "margin change",
        "Mean over inputs of the candidate's margin - the baseline's, the margin being the highest probability \
         - the second highest; below 0 the candidate is less firm.",
        Better::Neither,
    )
};

/// The same in the middle.
pub static MARGIN_CHANGE_MEDIAN: MetricSpec = MetricSpec {
    unit: Unit::Score,
    ..spec(
        "margin_change_median",
        "margin, median",
        "Median over inputs of the candidate's margin - the baseline's, as in margin_change.",
        Better::Neither,
    )
};

/// A distance of the outputs on all inputs.
pub(super) struct Distance {
    spec: &'static MetricSpec,
    /// None where the scores are no probabilities, or there is no input.
    of: fn(&SameInputs<'_>) -> Option<f64>,
    /// There is no such distance for fewer classes.
    classes: usize,
}

const fn distance(spec: &'static MetricSpec, of: fn(&SameInputs<'_>) -> Option<f64>) -> Distance {
    Distance { spec, of, classes: 1 }
}

pub(super) static MAX_ABS: Distance =
    distance(&OUTPUT_MAX_ABS, |inputs| inputs.iter().flat_map(absolute).max_by(f64::total_cmp));
pub(super) static MEAN_ABS: Distance =
    distance(&OUTPUT_MEAN_ABS, |inputs| mean(inputs.iter().map(|input| Some(mean_absolute(input)))));
pub(super) static COSINE: Distance =
    distance(&OUTPUT_COSINE, |inputs| mean(inputs.iter().map(|input| Some(cosine(input)))));
pub(super) static SQNR: Distance = distance(&OUTPUT_SQNR, |inputs| Some(decibels(inputs)));
pub(super) static KL: Distance =
    distance(&OUTPUT_KL, |inputs| mean(inputs.iter().map(|(a, b)| kl_divergence(a, b, inputs.activation))));
pub(super) static OVERLAP: Distance = Distance {
    spec: &TOP5_OVERLAP,
    of: |inputs| mean(inputs.iter().map(|input| Some(overlap(input)))),
    classes: 6,
};
pub(super) static MARGIN: Distance = distance(&MARGIN_CHANGE, |inputs| stats::mean(&margin_changes(inputs)?));
pub(super) static MARGIN_MEDIAN: Distance =
    distance(&MARGIN_CHANGE_MEDIAN, |inputs| stats::median(&margin_changes(inputs)?));

impl PairMetric for Distance {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let same = SameInputs::of(pair)?;
        let inputs = match same {
            Ok(inputs) if inputs.classes() < self.classes => return None,
            Ok(inputs) => inputs,
            Err(apart) => return Some(PairReading::undefined(self.spec, apart.inputs, apart.why)),
        };
        let n = inputs.count();
        Some(match (self.of)(&inputs) {
            Some(value) => PairReading::of(self.spec, value, n),
            None if n == 0 => PairReading::undefined(self.spec, 0, NO_IMAGE),
            None => PairReading::undefined(
                self.spec,
                n,
                "some scores lie outside 0 to 1 and are no probabilities",
            ),
        })
    }
}

/// The mean of what each input says; none where one says nothing.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    stats::mean(&values.collect::<Option<Vec<f64>>>()?)
}

fn absolute<'a>((a, b): Scores<'a>) -> impl Iterator<Item = f64> + 'a {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs())
}

fn mean_absolute(input: Scores<'_>) -> f64 {
    stats::sum(absolute(input)) / input.0.len() as f64
}

fn dot(x: &[f32], y: &[f32]) -> f64 {
    stats::sum(x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)))
}

fn cosine((a, b): Scores<'_>) -> f64 {
    let (aa, bb) = (dot(a, a), dot(b, b));
    match (aa == 0.0, bb == 0.0) {
        (true, true) => 1.0,
        (false, false) => (dot(a, b) / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0),
        _ => 0.0,
    }
}

fn decibels(inputs: &SameInputs<'_>) -> f64 {
    let signal = stats::sum(inputs.iter().map(|(a, _)| dot(a, a))).sqrt();
    let noise = stats::sum(inputs.iter().flat_map(absolute).map(|by| by * by)).sqrt();
    20.0 * (signal.max(f64::EPSILON) / noise.max(f64::EPSILON)).log10()
}

fn overlap((a, b): Scores<'_>) -> f64 {
    let (five, other) = (highest_five(a), highest_five(b));
    five.iter().filter(|class| other.contains(class)).count() as f64 / 5.0
}

/// Classes of the five highest scores; of equal ones the lowest index first.
fn highest_five(scores: &[f32]) -> Vec<usize> {
    let mut five: Vec<usize> = Vec::with_capacity(6);
    for (class, score) in scores.iter().enumerate() {
        let place = five.partition_point(|&better| scores[better] >= *score);
        if place < 5 {
            five.insert(place, class);
            five.truncate(5);
        }
    }
    five
}

fn margin_changes(inputs: &SameInputs<'_>) -> Option<Vec<f64>> {
    let change = |(a, b): Scores<'_>| Some(margin(b, inputs.activation)? - margin(a, inputs.activation)?);
    inputs.iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{outputs, run};
    use crate::metric::{ScoredRun, Timing};
    use crate::plan::Activation;
    use crate::record::Run;

    fn read(metric: &Distance, a: &Run, b: &Run) -> PairReading {
        let (a, b) = (ScoredRun::of(a).unwrap(), ScoredRun::of(b).unwrap());
        let timing = Timing::Incomparable;
        metric.read(&ScoredPair { baseline: &a, candidate: &b, images: None, timing }).unwrap()
    }

    fn runs(a: &[f32], b: &[f32]) -> (Run, Run) {
        let (mut one, mut two) = (run("fp32"), run("int8"));
        one.record.evidence.outputs = Some(outputs(2, a));
        two.record.evidence.outputs = Some(outputs(2, b));
        (one, two)
    }

    #[test]
    fn distances_are_those_of_the_definitions() {
        let (a, b) = runs(&[1.0, 0.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(read(&MAX_ABS, &a, &b).value, Some(2.0));
        assert_eq!(read(&MEAN_ABS, &a, &b).value, Some(0.5));
        let cosine = read(&COSINE, &a, &b).value.unwrap();
        assert!((cosine - (1.0 / 5f64.sqrt() + 1.0) / 2.0).abs() < 1e-15);
    }

    #[test]
    fn vectors_of_zeros_have_a_cosine_too() {
        let (a, b) = runs(&[0.0, 0.0, 0.0, 0.0], &[0.0, 0.0, 1.0, 0.0]);
        assert_eq!(read(&COSINE, &a, &b).value, Some(0.5));
    }

    fn value(metric: &Distance, a: &[f32], b: &[f32]) -> Option<f64> {
        let (a, b) = runs(a, b);
        read(metric, &a, &b).value
    }

    #[test]
    fn half_the_signal_gone_is_six_decibels() {
        let got = value(&SQNR, &[3.0, 0.0, 0.0, 4.0], &[1.5, 0.0, 0.0, 2.0]).unwrap();
        assert!((got - 20.0 * 2f64.log10()).abs() < 1e-12);
        let same = value(&SQNR, &[3.0, 0.0, 0.0, 4.0], &[3.0, 0.0, 0.0, 4.0]).unwrap();
        assert!(same > 300.0 && same.is_finite());
    }

    #[test]
    fn equal_outputs_have_no_divergence_and_no_change_of_margin() {
        let scores = [1.0, -2.0, 0.5, 0.25];
        assert_eq!(value(&KL, &scores, &scores), Some(0.0));
        assert_eq!(value(&MARGIN, &scores, &scores), Some(0.0));
        assert!(value(&KL, &scores, &[0.0; 4]).unwrap() > 0.0);
    }

    #[test]
    fn a_margin_that_fell_to_nothing() {
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let wanted = -(2.0 * sigmoid(2.0) - 1.0);
        let (mean, median) = (
            value(&MARGIN, &[2.0, 0.0, 1.0, 1.0], &[0.0; 4]),
            value(&MARGIN_MEDIAN, &[2.0, 0.0, 1.0, 1.0], &[0.0; 4]),
        );
        assert!((mean.unwrap() - wanted / 2.0).abs() < 1e-15);
        assert!((median.unwrap() - wanted / 2.0).abs() < 1e-15);
    }

    #[test]
    fn the_five_highest_of_seven() {
        let (a, b) = ([7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0f32], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0f32]);
        assert_eq!(overlap((&a, &b)), 3.0 / 5.0);
        assert_eq!(highest_five(&[0.0; 7]), [0, 1, 2, 3, 4]);
        let (one, two) = runs(&[0.0; 4], &[0.0; 4]);
        let (one, two) = (ScoredRun::of(&one).unwrap(), ScoredRun::of(&two).unwrap());
        let pair = ScoredPair { baseline: &one, candidate: &two, images: None, timing: Timing::Incomparable };
        assert_eq!(OVERLAP.read(&pair), None, "two classes have no five highest");
    }

    #[test]
    fn outputs_that_cannot_be_compared_say_why() {
        let (a, mut b) = runs(&[1.0; 4], &[1.0; 4]);
        b.record.job.output.activation = Activation::Probabilities;
        assert!(read(&MAX_ABS, &a, &b).undefined.unwrap().contains("probabilities"));

        let (a, mut b) = runs(&[1.0; 4], &[1.0; 4]);
        b.record.job.protocol.seed += 1;
        assert!(read(&MAX_ABS, &a, &b).undefined.unwrap().contains("seeds"));

        let (a, b) = runs(&[1.0; 4], &[1.0; 6]);
        assert!(read(&MAX_ABS, &a, &b).undefined.unwrap().contains("shapes"));

        let (a, mut b) = runs(&[1.0; 4], &[1.0; 4]);
        b.record.evidence.outputs.as_mut().unwrap().scores[3] = None;
        assert!(read(&MAX_ABS, &a, &b).undefined.unwrap().contains("not finite"));

        let (mut a, mut b) = runs(&[], &[]);
        for run in [&mut a, &mut b] {
            run.record.evidence.outputs.as_mut().unwrap().inputs = 0;
        }
        assert!(read(&MAX_ABS, &a, &b).undefined.is_some());
    }
}
