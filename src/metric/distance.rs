//! How far apart the raw outputs of two models are on the same inputs, with or without data.

use super::{Basis, Better, Difference, MetricSpec, PairMetric, PairReading, ScoredPair, Unit};
use crate::record::{OutputEvidence, RunRecord};
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

/// Scores of both sides, one value a class, for one input.
type Scores<'a> = (&'a [f64], &'a [f64]);

/// A distance: of each input from its two score vectors, then of all inputs.
pub(super) struct Distance {
    spec: &'static MetricSpec,
    of_input: fn(Scores<'_>) -> f64,
    of_all: fn(&[f64]) -> Option<f64>,
}

pub(super) static MAX_ABS: Distance = Distance {
    spec: &OUTPUT_MAX_ABS,
    of_input: |input| absolute(input).fold(0.0, f64::max),
    of_all: largest,
};
pub(super) static MEAN_ABS: Distance =
    Distance { spec: &OUTPUT_MEAN_ABS, of_input: mean_absolute, of_all: stats::mean };
pub(super) static COSINE: Distance = Distance { spec: &OUTPUT_COSINE, of_input: cosine, of_all: stats::mean };

impl PairMetric for Distance {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        match &pair.images {
            Some(images) => self.on_images(pair, images),
            None => self.on_samples(pair),
        }
    }
}

impl Distance {
    /// Over every image that both evaluated.
    fn on_images(&self, pair: &ScoredPair<'_>, images: &[(usize, usize)]) -> Option<PairReading> {
        let [one, two] = [pair.baseline, pair.candidate].map(|side| side.run.predictions.as_ref());
        let (one, two) = (one?, two?);
        let n = images.len() as u64;
        let [a, b] = [pair.baseline, pair.candidate].map(|side| side.run.record.job.output.activation);
        if a != b {
            return Some(PairReading::undefined(
                self.spec,
                n,
                "one gives logits and the other probabilities",
            ));
        }
        let mut distances = Vec::with_capacity(images.len());
        for &(row, other) in images {
            let (here, there) = (widened(one.get(row)?.scores), widened(two.get(other)?.scores));
            if !here.iter().chain(&there).all(|score| score.is_finite()) {
                return Some(PairReading::undefined(self.spec, n, "an output is not finite"));
            }
            distances.push((self.of_input)((&here, &there)));
        }
        Some(PairReading::of(self.spec, (self.of_all)(&distances)?, n))
    }

    /// Over the inputs whose outputs are in the records.
    fn on_samples(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let [a, b] = [&pair.baseline.run.record, &pair.candidate.run.record];
        let (one, two) = (a.evidence.outputs.as_ref()?, b.evidence.outputs.as_ref()?);
        let n = one.inputs as u64;
        let undefined = |why: &str| Some(PairReading::undefined(self.spec, n, why));
        if let Some(why) = difference(a, b).or_else(|| shapes_differ(one, two)) {
            return undefined(why);
        }
        let (Some(one_scores), Some(two_scores)) = (finite(one), finite(two)) else {
            return undefined("an output is not finite");
        };
        let classes = one.scores.len() / one.inputs;
        let inputs = one_scores.chunks(classes).zip(two_scores.chunks(classes));
        let distances: Vec<f64> = inputs.map(self.of_input).collect();
        Some(PairReading::of(self.spec, (self.of_all)(&distances)?, n))
    }
}

fn widened(scores: &[f32]) -> Vec<f64> {
    scores.iter().map(|&score| f64::from(score)).collect()
}

/// Why the inputs or outputs of the two are not the same thing, if so.
fn difference(a: &RunRecord, b: &RunRecord) -> Option<&'static str> {
    let source = |record: &RunRecord| record.evidence.outputs.as_ref().map(|o| o.source.clone());
    let data = |record: &RunRecord| record.dataset.as_ref().map(|data| data.sha256.clone());
    let (job, other) = (&a.job, &b.job);
    if job.output.activation != other.output.activation {
        Some("one gives logits and the other probabilities")
    } else if source(a) != source(b) {
        Some("the inputs have different sources")
    } else if job.preprocess != other.preprocess {
        Some("the inputs were preprocessed differently")
    } else if job.protocol.seed != other.protocol.seed {
        Some("the inputs were drawn with different seeds")
    } else if source(a).as_deref() == Some("dataset") && data(a) != data(b) {
        Some("the inputs come from different data")
    } else {
        None
    }
}

fn shapes_differ(one: &OutputEvidence, two: &OutputEvidence) -> Option<&'static str> {
    if one.inputs != two.inputs || one.scores.len() != two.scores.len() {
        return Some("the outputs have different shapes");
    }
    let whole = one.inputs > 0 && !one.scores.is_empty() && one.scores.len().is_multiple_of(one.inputs);
    (!whole).then_some("the outputs are not one row an input")
}

fn finite(outputs: &OutputEvidence) -> Option<Vec<f64>> {
    outputs.scores.iter().map(|score| score.filter(|s| s.is_finite()).map(f64::from)).collect()
}

fn absolute<'a>((a, b): Scores<'a>) -> impl Iterator<Item = f64> + 'a {
    a.iter().zip(b).map(|(a, b)| (a - b).abs())
}

fn mean_absolute(input: Scores<'_>) -> f64 {
    stats::sum(absolute(input)) / input.0.len() as f64
}

fn largest(values: &[f64]) -> Option<f64> {
    values.iter().copied().max_by(f64::total_cmp)
}

fn cosine((a, b): Scores<'_>) -> f64 {
    let dot = |x: &[f64], y: &[f64]| stats::sum(x.iter().zip(y).map(|(x, y)| x * y));
    let (aa, bb) = (dot(a, a), dot(b, b));
    match (aa == 0.0, bb == 0.0) {
        (true, true) => 1.0,
        (false, false) => (dot(a, b) / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::sample::{outputs, run};
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
