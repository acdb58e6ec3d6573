//! The quantization passport: which scheme, which types, how much of the work it covers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::graph::{Wiring, main_graph, operator, positions};
use super::layer::{Form, Layer};
use super::onnx::{DataType, GraphProto, ModelProto, NodeProto};
use super::{Remark, remark};

pub use super::layer::Granularity;

/// How a model expresses quantized arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Not at all.
    None,
    /// Float operators between QuantizeLinear and DequantizeLinear; the runtime fuses them.
    Qdq,
    /// Operators that take integers with scales and zero points: QLinearConv, QGemm.
    QOperator,
    /// Activations are quantized during the run by the range they then have: ConvInteger.
    Dynamic,
    /// Weights are stored small and widened for float arithmetic.
    WeightOnly,
}

impl Scheme {
    /// Name as shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Qdq => "QDQ",
            Self::QOperator => "QOperator",
            Self::Dynamic => "dynamic",
            Self::WeightOnly => "weight-only",
        }
    }
}

/// What is quantized in a model and how, as its convolutions and matrix products see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passport {
    /// The scheme of most layers that have one.
    pub scheme: Scheme,
    /// Types of the activations that quantized layers take; several only in odd models.
    pub activations: Vec<DataType>,
    /// Types of the weights that quantized layers take.
    pub weights: Vec<DataType>,
    /// What one weight scale covers; the finest in use.
    pub granularity: Option<Granularity>,
    /// Whether every activation's zero point is the middle of its range, where they are stored.
    pub symmetric_activations: Option<bool>,
    /// Whether every weight's zero point is the middle of its range, where they are stored.
    pub symmetric_weights: Option<bool>,
    /// Convolutions and matrix products in the graph.
    pub layers: usize,
    /// Those of them that are quantized.
    pub quantized: usize,
    /// Kinds of the layers as users call them: `Conv`, `Gemm`, `MatMul`.
    pub kinds: Vec<&'static str>,
    /// The type of most float weights, when nothing is quantized.
    pub float: Option<DataType>,
    /// Nodes that still compute in float, by operator; empty when nothing is quantized.
    pub stayed_float: BTreeMap<String, usize>,
    /// Names of the convolutions and matrix products that stayed float; empty when nothing is quantized.
    pub float_layers: Vec<String>,
    /// What a user should know before measuring.
    pub remarks: Vec<Remark>,
}

impl Passport {
    /// Reads the passport of `model`.
    pub fn of(model: &ModelProto) -> Self {
        let graph = main_graph(model);
        let wiring = Wiring::of(graph);
        let layers: Vec<Layer> = graph.node.iter().filter_map(|node| Layer::of(node, &wiring)).collect();
        let mut passport = Self::of_layers(&layers);
        if passport.scheme != Scheme::None {
            passport.stayed_float = stayed_float(graph, &layers, &wiring);
        }
        passport.remarks = remark::about(model, &passport, &layers);
        passport
    }

    fn of_layers(layers: &[Layer]) -> Self {
        let scheme = prevailing(layers);
        let quantized: Vec<&Layer> = layers.iter().filter(|layer| layer.form != Form::Float).collect();
        let activations = || quantized.iter().flat_map(|layer| &layer.activations);
        let weights = || quantized.iter().filter_map(|layer| layer.weight.as_ref());
        let float = layers.iter().filter(|layer| layer.form == Form::Float && scheme != Scheme::None);
        Self {
            scheme,
            activations: distinct(activations().map(|operand| operand.element)),
            weights: distinct(weights().map(|operand| operand.element)),
            granularity: weights().filter_map(|operand| operand.granularity).max(),
            symmetric_activations: all(activations().map(|operand| operand.symmetric)),
            symmetric_weights: all(weights().map(|operand| operand.symmetric)),
            layers: layers.len(),
            quantized: quantized.len(),
            kinds: distinct(layers.iter().map(|layer| layer.kind)),
            float: if scheme == Scheme::None { float_type(layers) } else { None },
            stayed_float: BTreeMap::new(),
            float_layers: float.map(|layer| layer.name()).collect(),
            remarks: Vec::new(),
        }
    }
}

impl fmt::Display for Passport {
    /// One line: `QDQ, u8 activations, s8 weights per channel · 10 of 10 Conv/Gemm quantized`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.name())?;
        if self.scheme == Scheme::None {
            return match self.float {
                Some(element) => write!(f, " ({})", element.name()),
                None => Ok(()),
            };
        }
        if !self.activations.is_empty() {
            write!(f, ", {} activations", type_names(&self.activations))?;
        }
        if !self.weights.is_empty() {
            write!(f, ", {} weights", type_names(&self.weights))?;
        }
        if let Some(granularity) = self.granularity {
            write!(f, " {}", granularity.name())?;
        }
        write!(f, " · {} of {} {} quantized", self.quantized, self.layers, self.kinds.join("/"))
    }
}

/// Types in the words of quantization, `s8` for `i8`, joined by a slash.
pub(crate) fn type_names(types: &[DataType]) -> String {
    let name = |element: &DataType| match element {
        DataType::I8 => "s8",
        DataType::I16 => "s16",
        DataType::I4 => "s4",
        DataType::I2 => "s2",
        other => other.name(),
    };
    types.iter().map(name).collect::<Vec<_>>().join("/")
}

/// The scheme that most quantized layers have; of equally many the one first in this list.
fn prevailing(layers: &[Layer]) -> Scheme {
    let schemes = [
        (Form::Qdq, Scheme::Qdq),
        (Form::QOperator, Scheme::QOperator),
        (Form::Dynamic, Scheme::Dynamic),
        (Form::WeightOnly, Scheme::WeightOnly),
    ];
    let count = |form| layers.iter().filter(|layer| layer.form == form).count();
    let counted = schemes.into_iter().rev().map(|(form, scheme)| (count(form), scheme));
    counted.filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count).map_or(Scheme::None, |(_, s)| s)
}

fn float_type(layers: &[Layer]) -> Option<DataType> {
    let mut counts = BTreeMap::<DataType, usize>::new();
    for element in layers.iter().filter_map(|layer| layer.float_weight) {
        *counts.entry(element).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(element, _)| element)
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Whether all are true; nothing when there is none or one is not known.
fn all(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    values.reduce(|left, right| Some(left? && right?)).flatten()
}

/// Operators that move or name values and compute nothing, and those that quantization brings along.
const NO_ARITHMETIC: [&str; 22] = [
    "Cast",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "DequantizeLinear",
    "Dropout",
    "DynamicQuantizeLinear",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "MaxPool",
    "Pad",
    "QuantizeLinear",
    "Range",
    "Reshape",
    "Shape",
    "Slice",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// Nodes that compute in float, by operator.
fn stayed_float(graph: &GraphProto, layers: &[Layer], wiring: &Wiring) -> BTreeMap<String, usize> {
    let layers: BTreeMap<*const NodeProto, &Layer> =
        layers.iter().map(|layer| (std::ptr::from_ref(layer.node), layer)).collect();
    let positions = positions(graph, wiring);
    let is_position = |node: &NodeProto| node.output.iter().all(|name| positions.contains(name.as_str()));
    let mut counts = BTreeMap::new();
    for node in &graph.node {
        let float = match layers.get(&std::ptr::from_ref(node)) {
            Some(layer) => matches!(layer.form, Form::Float | Form::WeightOnly),
            None => computes(node) && !is_position(node) && !between_quantization(node, wiring),
        };
        if float {
            *counts.entry(operator(node)).or_default() += 1;
        }
    }
    counts
}

fn computes(node: &NodeProto) -> bool {
    let integer = node.op_type().starts_with("QLinear") || node.op_type().starts_with("QGemm");
    !integer && !NO_ARITHMETIC.contains(&node.op_type())
}

/// Whether a runtime can compute `node` in integers: its result is quantized, and its input comes
/// from integers or from a layer, into which it is then fused.
fn between_quantization(node: &NodeProto, wiring: &Wiring) -> bool {
    let fusible = ["DequantizeLinear", "Conv", "ConvTranspose", "Gemm", "MatMul", "Add"];
    let from = node.input.first().and_then(|name| wiring.producer(name));
    let to = node.output.first().and_then(|name| wiring.consumers(name).first());
    from.is_some_and(|from| fusible.contains(&from.op_type()))
        && to.is_some_and(|to| to.op_type() == "QuantizeLinear")
}
