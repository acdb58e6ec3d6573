//! Remarks that save hours: why a model will be slow, or not run, before anyone measures it.

use std::collections::BTreeSet;
use std::fmt;

use super::graph::{nodes, operator};
use super::layer::{Form, Layer};
use super::onnx::{DataType, ModelProto};
use super::passport::{Granularity, Passport, Scheme};
use super::tract;

/// Something to know about a model before measuring it. `Display` states it; [`Remark::advice`]
/// says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Activations are signed bytes.
    SignedActivations,
    /// Activations and weights are both unsigned bytes.
    UnsignedWeights,
    /// Convolutions are quantized dynamically.
    DynamicConvolutions(usize),
    /// Convolution weights share one scale a tensor.
    PerTensorConvolutions,
    /// All weights keep to 7 of their 8 bits.
    ReducedRange,
    /// Some convolutions or matrix products stayed float.
    PartlyQuantized {
        /// Names of the nodes.
        float: Vec<String>,
        /// All convolutions and matrix products.
        layers: usize,
    },
    /// Weights are 16-bit floats.
    HalfPrecision,
    /// Operators of domains that no runtime is known to have.
    UnknownOperators(Vec<String>),
    /// Operators that tract lacks.
    TractLacks(Vec<String>),
    /// Gemm on 16-bit floats, which tract cannot load.
    TractHalfGemm(usize),
    /// tract computes QDQ layers in float.
    TractWidensQdq,
    /// tract has no integer kernel for grouped convolutions.
    TractGroupedConvolutions(usize),
}

impl Remark {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::SignedActivations => "quantize activations as u8 for x86",
            Self::UnsignedWeights => "quantize weights as s8",
            Self::DynamicConvolutions(_) => "quantize statically, with calibration images",
            Self::PerTensorConvolutions => "quantize per channel: it costs no time",
            Self::ReducedRange => "turn reduce_range off if the machine has VNNI, ARM dot products or AMX",
            Self::PartlyQuantized { .. } => "see whether they were excluded on purpose",
            Self::HalfPrecision => "use f16 on a GPU, or for its size alone",
            Self::UnknownOperators(_) => "the runtime needs a custom operator library for them",
            Self::TractLacks(_) => "for tract, export QDQ or standard operators",
            Self::TractHalfGemm(_) => "for tract, keep Gemm in f32 or write it as MatMul and Add",
            Self::TractWidensQdq => "expect the size of int8 there, not its speed",
            Self::TractGroupedConvolutions(_) => "for tract, prefer the f32 model",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedActivations => {
                f.write_str("s8 activations are slow on x86, often slower than f32; on ARM64 they are fine")
            }
            Self::UnsignedWeights => f.write_str("u8 weights with u8 activations have no fast path on x86"),
            Self::DynamicConvolutions(count) => {
                write!(f, "{count} Conv quantized dynamically: several times slower than f32 on a CPU")
            }
            Self::PerTensorConvolutions => f.write_str(
                "one scale for all channels of a convolution costs accuracy, most of all depthwise",
            ),
            Self::ReducedRange => {
                f.write_str("weights use 7 of 8 bits (reduced range), which costs accuracy")
            }
            Self::PartlyQuantized { float, layers } => {
                write!(f, "{} of {layers} Conv/Gemm/MatMul stayed float: {}", float.len(), some_of(float))
            }
            Self::HalfPrecision => f.write_str("f16 on a CPU is mostly widened to f32, and slower than f32"),
            Self::UnknownOperators(names) => write!(f, "operators of an unknown domain: {}", some_of(names)),
            Self::TractLacks(names) => write!(f, "tract will not run it: it lacks {}", some_of(names)),
            Self::TractHalfGemm(count) => write!(f, "tract will not load it: {count} Gemm in f16"),
            Self::TractWidensQdq => f.write_str("tract runs QDQ layers in float"),
            Self::TractGroupedConvolutions(count) => {
                write!(
                    f,
                    "tract has no int8 kernel for grouped convolutions ({count} here): far slower than f32"
                )
            }
        }
    }
}

/// The first few names and how many more there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The remarks that hold for `model`.
pub(super) fn about(model: &ModelProto, passport: &Passport, layers: &[Layer]) -> Vec<Remark> {
    let mut remarks = about_scheme(passport, layers);
    let unknown = unknown_operators(model);
    if !unknown.is_empty() {
        remarks.push(Remark::UnknownOperators(unknown));
    }
    remarks.extend(about_tract(model, passport, layers));
    remarks
}

fn about_scheme(passport: &Passport, layers: &[Layer]) -> Vec<Remark> {
    let static_scheme = matches!(passport.scheme, Scheme::Qdq | Scheme::QOperator);
    let takes = |element| static_scheme && passport.activations.contains(&element);
    let dynamic = convolutions(layers).filter(|layer| layer.form == Form::Dynamic).count();
    let coarse = convolutions(layers).any(|layer| {
        static_scheme
            && layer.weight.as_ref().is_some_and(|weight| weight.granularity == Some(Granularity::PerTensor))
    });
    let candidates = [
        (takes(DataType::I8), Remark::SignedActivations),
        (takes(DataType::U8) && passport.weights.contains(&DataType::U8), Remark::UnsignedWeights),
        (dynamic > 0, Remark::DynamicConvolutions(dynamic)),
        (coarse, Remark::PerTensorConvolutions),
        (is_reduced(layers), Remark::ReducedRange),
        (
            !passport.float_layers.is_empty(),
            Remark::PartlyQuantized { float: passport.float_layers.clone(), layers: passport.layers },
        ),
        (passport.float == Some(DataType::F16), Remark::HalfPrecision),
    ];
    candidates.into_iter().filter(|(holds, _)| *holds).map(|(_, remark)| remark).collect()
}

fn about_tract(model: &ModelProto, passport: &Passport, layers: &[Layer]) -> Vec<Remark> {
    let lacking = tract::lacking(model);
    if !lacking.is_empty() {
        return vec![Remark::TractLacks(lacking)];
    }
    let half = layers
        .iter()
        .filter(|layer| layer.kind == "Gemm" && layer.float_weight == Some(DataType::F16))
        .count();
    if half > 0 {
        return vec![Remark::TractHalfGemm(half)];
    }
    let integer =
        |layer: &&Layer| matches!(layer.form, Form::QOperator | Form::Dynamic) && layer.is_grouped();
    let grouped = convolutions(layers).filter(integer).count();
    let candidates = [
        (passport.scheme == Scheme::Qdq, Remark::TractWidensQdq),
        (grouped > 0, Remark::TractGroupedConvolutions(grouped)),
    ];
    candidates.into_iter().filter(|(holds, _)| *holds).map(|(_, remark)| remark).collect()
}

fn convolutions<'a, 'm>(layers: &'a [Layer<'m>]) -> impl Iterator<Item = &'a Layer<'m>> {
    layers.iter().filter(|layer| layer.kind == "Conv")
}

/// Whether all 8-bit weights keep to 7 bits. A quantizer that uses 8 makes the largest weight of each
/// tensor or channel ±127, so a model of full range cannot pass by chance.
fn is_reduced(layers: &[Layer]) -> bool {
    let weights = layers.iter().filter_map(|layer| layer.weight.as_ref());
    let mut reduced = weights.map(|weight| {
        let values = weight.tensor.and_then(|tensor| tensor.integers())?;
        match weight.element {
            DataType::I8 => Some(values.iter().all(|value| (-64..=64).contains(value))),
            DataType::U8 => Some(values.iter().all(|value| (0..=127).contains(value))),
            _ => None,
        }
    });
    reduced.next().is_some_and(|first| first == Some(true)) && reduced.all(|rest| rest == Some(true))
}

/// Domains whose operators ONNX Runtime has, or makes while it optimizes.
const KNOWN_DOMAINS: [&str; 7] = [
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.preview.training",
    "ai.onnx.training",
    "com.microsoft",
    "com.microsoft.nchwc",
];

fn unknown_operators(model: &ModelProto) -> Vec<String> {
    let own: BTreeSet<(&str, &str)> =
        model.functions.iter().map(|function| (function.domain(), function.name())).collect();
    let unknown: BTreeSet<String> = nodes(model)
        .into_iter()
        .filter(|node| !KNOWN_DOMAINS.contains(&node.domain()))
        .filter(|node| !own.contains(&(node.domain(), node.op_type())))
        .map(operator)
        .collect();
    unknown.into_iter().collect()
}
