//! One candidate: a model in a runtime on a data set, with every setting resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatasetSpec, Protocol, RuntimeSpec, SessionOptions, VerdictSettings};
use crate::preprocess::Preprocess;
use crate::tensor::ElementType;

/// A model file, pinned by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelSpec {
    /// Path as the user gave it.
    #[serde(with = "super::path_text")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// SHA-256 of the .onnx file alone in hexadecimal, without external data: the worker checks it
    /// against the file that it loads.
    pub sha256: String,
}

/// One axis of a tensor in a graph's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dim {
    /// A fixed length.
    Known(usize),
    /// A named length that the caller chooses.
    Symbol(String),
    /// A length that the graph does not state.
    Unknown,
}

impl Dim {
    /// The length, where it is fixed.
    pub fn known(&self) -> Option<usize> {
        match self {
            Self::Known(length) => Some(*length),
            _ => None,
        }
    }
}

/// The graph input that takes the images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputPort {
    /// Name in the graph.
    pub name: String,
    /// Type of the elements.
    pub element: ElementType,
    /// Axes, batch first.
    pub shape: Vec<Dim>,
}

/// What the numbers of the output are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Before softmax (or sigmoid, for one output).
    Logits,
    /// After softmax (or sigmoid, for one output).
    Probabilities,
}

/// The graph output that holds one score a class: `[N, K]`, `[N, 1]` or, for one sample, `[K]`. Axes
/// of length 1 behind the batch do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputPort {
    /// Name in the graph.
    pub name: String,
    /// Type of the elements.
    pub element: ElementType,
    /// Axes; empty when the graph does not state them.
    pub shape: Vec<Dim>,
    /// What the numbers are.
    pub activation: Activation,
    /// Whether the first score is that of background, which is no class of the data: it is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,
}

impl OutputPort {
    /// The number of classes that are judged, when the graph states it: two for one score, and one
    /// fewer than the scores where the first is that of background.
    pub fn judged(&self) -> Option<usize> {
        self.classes().map(|scores| judged(scores, self.background))
    }

    /// The number of scores an image, when the graph states it: K of `[N, K]` or `[K]`.
    pub fn classes(&self) -> Option<usize> {
        match self.shape.as_slice() {
            [] => None,
            [classes] => classes.known(),
            [_, axes @ ..] if hold_scores(axes) => longer(axes).next().map_or(Some(1), Dim::known),
            _ => None,
        }
    }
}

/// Classes behind so many scores an image.
fn judged(scores: usize, background: bool) -> usize {
    if background { scores.saturating_sub(1) } else { scores.max(2) }
}

/// Whether the axes behind the batch can hold one score a class: no more than one of them is longer
/// than 1. Convolutional classifiers end in `[N, K, 1, 1]`, or `[N, 1, 1, K]`.
pub fn hold_scores(axes: &[Dim]) -> bool {
    !axes.is_empty() && longer(axes).count() <= 1
}

fn longer(axes: &[Dim]) -> impl Iterator<Item = &Dim> {
    axes.iter().filter(|axis| **axis != Dim::Known(1))
}

/// One candidate with every setting resolved: all that a worker process needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// Short name of the variant in tables, such as `fp32` or `int8`.
    pub variant: String,
    /// The model file.
    pub model: ModelSpec,
    /// Runtime and device.
    pub runtime: RuntimeSpec,
    /// Session settings, the same for accuracy and latency.
    pub session: SessionOptions,
    /// Where images go in.
    pub input: InputPort,
    /// Where scores come out.
    pub output: OutputPort,
    /// Number of images in one run when the graph fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_batch: Option<usize>,
    /// How images become tensors; also gives the tensor's shape when there is no data set.
    pub preprocess: Preprocess,
    /// The data to evaluate on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetSpec>,
    /// How long and how often to measure.
    pub protocol: Protocol,
    /// What was to be accepted: a saved run is judged by it again. Nothing in records that were made
    /// before it was kept.
    #[serde(default, skip_serializing_if = "VerdictSettings::is_default")]
    pub verdict: VerdictSettings,
    /// Who decided each setting that somebody did: `preprocess.resize` and the flag, file and field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, String>,
}

impl Job {
    /// `ort · fp32`: how the candidate is called in tables and messages.
    pub fn label(&self) -> String {
        format!("{} · {}", self.runtime, self.variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(shape: Vec<Dim>) -> Option<usize> {
        port(shape).classes()
    }

    fn port(shape: Vec<Dim>) -> OutputPort {
        let (name, element) = ("y".to_owned(), ElementType::F32);
        OutputPort { name, element, shape, activation: Activation::Logits, background: false }
    }

    #[test]
    fn background_is_no_class_and_one_score_makes_two() {
        let known = |scores| port(vec![Dim::Unknown, Dim::Known(scores)]);
        assert_eq!(known(1000).judged(), Some(1000));
        assert_eq!(OutputPort { background: true, ..known(1001) }.judged(), Some(1000));
        assert_eq!(known(1).judged(), Some(2));
        assert_eq!(port(vec![]).judged(), None);
    }

    #[test]
    fn axes_of_length_one_do_not_hide_the_classes() {
        let n = || Dim::Symbol("N".into());
        let known = Dim::Known;
        assert_eq!(classes(vec![n(), known(7)]), Some(7));
        assert_eq!(classes(vec![n(), known(7), known(1), known(1)]), Some(7));
        assert_eq!(classes(vec![n(), known(1), known(1), known(7)]), Some(7));
        assert_eq!(classes(vec![n(), known(1), known(1)]), Some(1));
        assert_eq!(classes(vec![known(7)]), Some(7));
        assert_eq!(classes(vec![n(), Dim::Unknown, known(1)]), None);
        assert_eq!(classes(vec![n(), known(4), known(64)]), None);
        assert_eq!(classes(vec![]), None);
    }
}
