//! The outputs of two models on the same inputs: of every image that both evaluated or, without
//! data, of the few seeded inputs that are in every record.

use super::ScoredPair;
use crate::plan::Activation;
use crate::record::{OutputEvidence, Predictions, RunRecord};

/// Scores of the baseline and of the candidate for one input, one value a class.
pub(super) type Scores<'a> = (&'a [f32], &'a [f32]);

/// Finite scores of both sides, of one kind.
pub(super) struct SameInputs<'a> {
    /// What the scores are.
    pub(super) activation: Activation,
    rows: Source<'a>,
}

/// Why the outputs are not compared, and on how many inputs.
pub(super) struct Apart {
    pub(super) inputs: u64,
    pub(super) why: &'static str,
}

enum Source<'a> {
    Images { baseline: &'a Predictions, candidate: &'a Predictions, rows: &'a [(usize, usize)] },
    Samples { baseline: Vec<f32>, candidate: Vec<f32>, inputs: usize },
}

const KINDS: &str = "one gives logits and the other probabilities";
const NOT_FINITE: &str = "an output is not finite";

impl<'a> SameInputs<'a> {
    /// None where a run holds no outputs.
    pub(super) fn of(pair: &'a ScoredPair<'_>) -> Option<Result<Self, Apart>> {
        let [a, b] = [pair.baseline, pair.candidate].map(|side| side.run);
        let activation = a.record.job.output.activation;
        let made = |rows: Result<Source<'a>, Apart>| rows.map(|rows| Self { activation, rows });
        Some(made(match &pair.images {
            Some(rows) => {
                let (baseline, candidate) = (a.predictions.as_ref()?, b.predictions.as_ref()?);
                let apart = |why| Apart { inputs: rows.len() as u64, why };
                let kinds = activation != b.record.job.output.activation;
                of_images(baseline, candidate, rows, kinds).map_err(apart)
            }
            None => {
                let inputs = a.record.evidence.outputs.as_ref()?.inputs as u64;
                b.record.evidence.outputs.as_ref()?;
                of_samples(&a.record, &b.record).map_err(|why| Apart { inputs, why })
            }
        }))
    }

    /// Both sides' scores, input by input.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = Scores<'_>> + '_> {
        match &self.rows {
            Source::Images { baseline, candidate, rows } => {
                Box::new(rows.iter().filter_map(|&(row, other)| {
                    Some((baseline.get(row)?.scores, candidate.get(other)?.scores))
                }))
            }
            Source::Samples { baseline, candidate, .. } => {
                let classes = self.classes();
                Box::new(baseline.chunks(classes).zip(candidate.chunks(classes)))
            }
        }
    }

    /// Number of classes.
    pub(super) fn classes(&self) -> usize {
        match &self.rows {
            Source::Images { baseline, .. } => baseline.classes(),
            Source::Samples { baseline, inputs, .. } => baseline.len() / inputs,
        }
    }

    /// Number of inputs.
    pub(super) fn count(&self) -> u64 {
        match &self.rows {
            Source::Images { rows, .. } => rows.len() as u64,
            Source::Samples { inputs, .. } => *inputs as u64,
        }
    }
}

fn of_images<'a>(
    baseline: &'a Predictions,
    candidate: &'a Predictions,
    rows: &'a [(usize, usize)],
    kinds_differ: bool,
) -> Result<Source<'a>, &'static str> {
    let finite = |predictions: &Predictions, row| {
        predictions.get(row).is_some_and(|image| image.scores.iter().all(|score| score.is_finite()))
    };
    if kinds_differ {
        return Err(KINDS);
    }
    match rows.iter().all(|&(row, other)| finite(baseline, row) && finite(candidate, other)) {
        true => Ok(Source::Images { baseline, candidate, rows }),
        false => Err(NOT_FINITE),
    }
}

fn of_samples<'a>(a: &RunRecord, b: &RunRecord) -> Result<Source<'a>, &'static str> {
    let outputs = |record: &'_ RunRecord| record.evidence.outputs.clone();
    let (Some(one), Some(other)) = (outputs(a), outputs(b)) else { return Err("there are no outputs") };
    if let Some(why) = difference(a, b).or_else(|| shapes_differ(&one, &other)) {
        return Err(why);
    }
    match (finite(&one), finite(&other)) {
        (Some(baseline), Some(candidate)) => Ok(Source::Samples { baseline, candidate, inputs: one.inputs }),
        _ => Err(NOT_FINITE),
    }
}

/// Why the inputs or outputs of the two are not the same thing, if so.
fn difference(a: &RunRecord, b: &RunRecord) -> Option<&'static str> {
    let source = |record: &RunRecord| record.evidence.outputs.as_ref().map(|o| o.source.clone());
    let data = |record: &RunRecord| record.dataset.as_ref().map(|data| data.sha256.clone());
    let (job, other) = (&a.job, &b.job);
    if job.output.activation != other.output.activation {
        Some(KINDS)
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

fn finite(outputs: &OutputEvidence) -> Option<Vec<f32>> {
    outputs.scores.iter().map(|score| score.filter(|s| s.is_finite())).collect()
}
