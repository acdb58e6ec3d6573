//! What a model consists of: operators, parameters, bytes by element type.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::graph::{attribute, input, nodes, operator, stored_tensors};
use super::onnx::{DataType, ModelProto, NodeProto, TensorProto, ValueInfoProto};

/// Counts over the whole model, graphs within nodes and own functions included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// Nodes by operator: `Conv`, `com.microsoft:QGemm`.
    pub operators: BTreeMap<String, usize>,
    /// Trained parameters: elements of weights and biases. Scalars, 64-bit integers (shapes, axes)
    /// and the scales and zero points of quantization are none, so that a model and its quantized
    /// form have equally many.
    pub parameters: u64,
    /// Bytes of all stored tensors by element type, constants within nodes and external data included.
    pub initializer_bytes: BTreeMap<String, u64>,
    /// Version of each domain's operators; the default domain is called `ai.onnx`.
    pub opsets: BTreeMap<String, i64>,
    /// Number of values with a declared type, by element type.
    pub value_types: BTreeMap<String, usize>,
}

impl Census {
    /// Counts what is in `model`.
    pub fn of(model: &ModelProto) -> Self {
        let (nodes, tensors) = (nodes(model), stored_tensors(model));
        let mut census = Self {
            operators: BTreeMap::new(),
            parameters: parameters(&nodes, &tensors),
            initializer_bytes: BTreeMap::new(),
            opsets: opsets(model),
            value_types: value_types(model),
        };
        for node in nodes {
            *census.operators.entry(operator(node)).or_default() += 1;
        }
        for tensor in tensors {
            let bytes = census.initializer_bytes.entry(tensor.element().name().to_owned()).or_default();
            *bytes = bytes.saturating_add(tensor.data_bytes());
        }
        census
    }

    /// Version of the default domain's operators; 0 when the model imports none of them.
    pub fn opset(&self) -> i64 {
        self.opsets.get("ai.onnx").copied().unwrap_or(0)
    }
}

fn opsets(model: &ModelProto) -> BTreeMap<String, i64> {
    let name = |domain: &str| if domain.is_empty() { "ai.onnx".to_owned() } else { domain.to_owned() };
    model.opset_import.iter().map(|import| (name(import.domain()), import.version())).collect()
}

fn value_types(model: &ModelProto) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let graphs = model.graph.iter();
    for value in graphs.flat_map(|graph| graph.input.iter().chain(&graph.output).chain(&graph.value_info)) {
        if let Some(element) = element(value) {
            *counts.entry(element.name().to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Element type of a value that is a tensor.
pub(super) fn element(value: &ValueInfoProto) -> Option<DataType> {
    let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
    tensor.elem_type.map(DataType::from_code)
}

fn parameters(nodes: &[&NodeProto], tensors: &[&TensorProto]) -> u64 {
    let settings: HashSet<&str> = nodes.iter().flat_map(|node| quantization_settings(node)).collect();
    // A Constant node's tensor often has no name of its own: the node's output names it.
    let unnamed_settings: HashSet<*const TensorProto> = nodes
        .iter()
        .filter(|node| node.output.first().is_some_and(|name| settings.contains(name.as_str())))
        .flat_map(|node| node.attribute.iter().filter_map(|attribute| attribute.t.as_ref()))
        .map(std::ptr::from_ref)
        .collect();
    let trained = |tensor: &&&TensorProto| {
        !tensor.dims.is_empty()
            && !matches!(tensor.element(), DataType::I64 | DataType::U64 | DataType::Bool | DataType::String)
            && !settings.contains(tensor.name())
            && !unnamed_settings.contains(&std::ptr::from_ref(**tensor))
    };
    let packed = packed(nodes);
    let count = |tensor: &TensorProto| {
        let in_a_byte = packed.get(tensor.name()).copied().unwrap_or(1);
        tensor.count().saturating_mul(in_a_byte)
    };
    tensors.iter().filter(trained).fold(0, |sum: u64, tensor| sum.saturating_add(count(tensor)))
}

/// Weights that share bytes, and how many are in one.
fn packed<'a>(nodes: &[&'a NodeProto]) -> HashMap<&'a str, u64> {
    let packing = nodes.iter().filter(|node| node.op_type() == "MatMulNBits");
    let in_a_byte = |node: &NodeProto| match attribute(node, "bits").map_or(4, |bits| bits.i()) {
        2 => 4,
        8 => 1,
        _ => 2,
    };
    packing.filter_map(|node| Some((input(node, 1)?, in_a_byte(node)))).collect()
}

/// Inputs of a quantized operator that hold scales and zero points.
fn quantization_settings(node: &NodeProto) -> Vec<&str> {
    let positions: &[usize] = match node.op_type() {
        "QuantizeLinear" | "DequantizeLinear" => &[1, 2],
        "QLinearConv" | "QLinearMatMul" | "QLinearAdd" | "QLinearMul" => &[1, 2, 4, 5, 6, 7],
        "QGemm" => &[1, 2, 4, 5, 7, 8],
        "ConvInteger" | "MatMulInteger" | "DynamicQuantizeMatMul" | "MatMulNBits" => &[2, 3],
        "MatMulIntegerToFloat" => &[2, 3, 4, 5],
        "QLinearGlobalAveragePool"
        | "QLinearAveragePool"
        | "QLinearSigmoid"
        | "QLinearLeakyRelu"
        | "QLinearSoftmax" => &[1, 2, 3, 4],
        "QLinearConcat" => return concat_settings(node),
        _ => &[],
    };
    positions.iter().filter_map(|&index| input(node, index)).collect()
}

/// QLinearConcat takes its own scale and zero point, then tensor, scale and zero point of each part.
fn concat_settings(node: &NodeProto) -> Vec<&str> {
    let is_setting = |index: usize| index < 2 || !(index - 2).is_multiple_of(3);
    (0..node.input.len()).filter(|&index| is_setting(index)).filter_map(|index| input(node, index)).collect()
}
