//! One convolution or matrix product, and the numbers that really reach it.

use super::graph::{Wiring, attribute, input};
use super::onnx::{DataType, NodeProto, TensorProto};

/// What one scale covers, coarsest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Granularity {
    /// A whole tensor.
    PerTensor,
    /// One output channel.
    PerChannel,
    /// A run of elements within a channel.
    PerBlock,
}

impl Granularity {
    /// Name as shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Self::PerTensor => "per tensor",
            Self::PerChannel => "per channel",
            Self::PerBlock => "per block",
        }
    }
}

/// How a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Float,
    Qdq,
    QOperator,
    Dynamic,
    WeightOnly,
}

/// A quantized input of a layer.
#[derive(Clone, Debug)]
pub(super) struct Operand<'a> {
    pub(super) element: DataType,
    pub(super) granularity: Option<Granularity>,
    /// Whether the zero point is the middle of the range; unknown when it is not stored in the model.
    pub(super) symmetric: Option<bool>,
    /// Whether the numbers are stored in the model, as weights are.
    pub(super) is_stored: bool,
    /// The stored integers; none where a quantizer makes them of stored floats.
    pub(super) tensor: Option<&'a TensorProto>,
}

/// A convolution or matrix product.
pub(super) struct Layer<'a> {
    pub(super) node: &'a NodeProto,
    /// `Conv`, `Gemm` or `MatMul`, whatever its quantized form is called.
    pub(super) kind: &'static str,
    pub(super) form: Form,
    /// Quantized inputs that are made during the run: one, or both of a product within attention.
    pub(super) activations: Vec<Operand<'a>>,
    /// The quantized weights.
    pub(super) weight: Option<Operand<'a>>,
    /// Type of the weights when they are floats stored in the model.
    pub(super) float_weight: Option<DataType>,
}

/// Where a quantized operator takes one operand: positions of the tensor, its scale, its zero point.
type Positions = (usize, Option<usize>, usize);

impl<'a> Layer<'a> {
    /// The layer that `node` is; none for any other operator.
    pub(super) fn of(node: &'a NodeProto, wiring: &Wiring<'a>) -> Option<Self> {
        let integer = |kind, form, left: Positions, right: Positions| {
            let operand = |positions| Operand::of_integer(node, positions, wiring);
            Some(Self::new(node, kind, form, vec![operand(left), operand(right)]))
        };
        match node.op_type() {
            "Conv" | "FusedConv" => Some(Self::of_float(node, "Conv", wiring)),
            "ConvTranspose" => Some(Self::of_float(node, "ConvTranspose", wiring)),
            "Gemm" | "FusedGemm" => Some(Self::of_float(node, "Gemm", wiring)),
            "MatMul" | "FusedMatMul" => Some(Self::of_float(node, "MatMul", wiring)),
            "QLinearConv" => integer("Conv", Form::QOperator, (0, Some(1), 2), (3, Some(4), 5)),
            "QLinearMatMul" => integer("MatMul", Form::QOperator, (0, Some(1), 2), (3, Some(4), 5)),
            "QGemm" => integer("Gemm", Form::QOperator, (0, Some(1), 2), (3, Some(4), 5)),
            "ConvInteger" => integer("Conv", Form::Dynamic, (0, None, 2), (1, None, 3)),
            "MatMulInteger" => integer("MatMul", Form::Dynamic, (0, None, 2), (1, None, 3)),
            "MatMulIntegerToFloat" => integer("MatMul", Form::Dynamic, (0, Some(2), 4), (1, Some(3), 5)),
            "DynamicQuantizeMatMul" => {
                let weight = Operand::of_integer(node, (1, Some(2), 3), wiring);
                Some(Self::new(node, "MatMul", Form::Dynamic, vec![Operand::dynamic(), weight]))
            }
            "MatMulNBits" => Some(Self::of_few_bits(node)),
            _ => None,
        }
    }

    fn new(node: &'a NodeProto, kind: &'static str, form: Form, operands: Vec<Operand<'a>>) -> Self {
        let (mut weights, activations): (Vec<_>, Vec<_>) =
            operands.into_iter().partition(|operand| operand.is_stored);
        Self { node, kind, form, activations, weight: weights.pop(), float_weight: None }
    }

    fn of_float(node: &'a NodeProto, kind: &'static str, wiring: &Wiring<'a>) -> Self {
        let dequantized = |index| {
            let dequantizer = dequantizer(input(node, index)?, wiring)?;
            Some(Operand::of_dequantizer(dequantizer, wiring))
        };
        let (left, right) = (dequantized(0), dequantized(1));
        let form = match (&left, &right) {
            (Some(_), Some(_)) => Form::Qdq,
            (None, Some(weight)) if weight.is_stored => Form::WeightOnly,
            _ => Form::Float,
        };
        let operands = left.into_iter().chain(right).collect();
        let stored = input(node, 1).and_then(|name| wiring.constant(name)).map(TensorProto::element);
        let float_weight = stored.filter(|element| element.is_float());
        Self { float_weight, ..Self::new(node, kind, form, operands) }
    }

    fn of_few_bits(node: &'a NodeProto) -> Self {
        let element = match attribute(node, "bits").map_or(4, |bits| bits.i()) {
            2 => DataType::U2,
            8 => DataType::U8,
            _ => DataType::U4,
        };
        let granularity = Some(Granularity::PerBlock);
        let weight = Operand { element, granularity, symmetric: None, is_stored: true, tensor: None };
        Self::new(node, "MatMul", Form::WeightOnly, vec![weight])
    }

    /// The node's name, or that of its output when it has none.
    pub(super) fn name(&self) -> String {
        let output = || self.node.output.first().map_or("", String::as_str);
        if self.node.name().is_empty() { output().to_owned() } else { self.node.name().to_owned() }
    }

    /// Whether each group of channels has a filter of its own.
    pub(super) fn is_grouped(&self) -> bool {
        attribute(self.node, "group").is_some_and(|group| group.i() > 1)
    }
}

impl<'a> Operand<'a> {
    fn of_integer(node: &'a NodeProto, positions: Positions, wiring: &Wiring<'a>) -> Self {
        let (tensor, scale, zero_point) = positions;
        Self::new(
            input(node, tensor),
            scale.and_then(|index| input(node, index)),
            input(node, zero_point),
            wiring,
        )
    }

    fn of_dequantizer(node: &'a NodeProto, wiring: &Wiring<'a>) -> Self {
        let source = input(node, 0);
        let quantizer =
            source.and_then(|name| wiring.producer(name)).filter(|node| is(node, "QuantizeLinear"));
        let stated = quantizer.and_then(|node| attribute(node, "output_dtype")).map(|dtype| dtype.i());
        let mut operand = Self::new(source, input(node, 1), input(node, 2), wiring);
        if let (Some(code), None) = (stated.and_then(|code| i32::try_from(code).ok()), input(node, 2)) {
            operand.element = DataType::from_code(code);
        }
        if attribute(node, "block_size").is_some_and(|size| size.i() > 0) {
            operand.granularity = Some(Granularity::PerBlock);
        }
        operand
    }

    fn new(source: Option<&str>, scale: Option<&str>, zero_point: Option<&str>, wiring: &Wiring<'a>) -> Self {
        let constant = |name: Option<&str>| name.and_then(|name| wiring.constant(name));
        let (tensor, scale, zero) = (constant(source), constant(scale), constant(zero_point));
        // Without a stored zero point or integers the format's default type holds.
        let element = zero.or(tensor).map_or(DataType::U8, TensorProto::element);
        let widest = [scale, zero].into_iter().flatten().map(TensorProto::count).max();
        let granularity =
            widest.map(|count| if count > 1 { Granularity::PerChannel } else { Granularity::PerTensor });
        let symmetric = match zero_point {
            None => Some(is_middle(0, element)),
            Some(_) => zero.and_then(|zero| is_symmetric(zero, element)),
        };
        let is_stored = source.is_some_and(|name| is_stored(name, wiring));
        Self { element, granularity, symmetric, is_stored, tensor }
    }

    fn dynamic() -> Self {
        Self {
            element: DataType::U8,
            granularity: Some(Granularity::PerTensor),
            symmetric: None,
            is_stored: false,
            tensor: None,
        }
    }
}

fn is(node: &NodeProto, op_type: &str) -> bool {
    node.op_type() == op_type
}

/// Operators that only move values.
const MOVES: [&str; 6] = ["Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"];

/// The DequantizeLinear that `name` comes from, past nodes that only move values.
fn dequantizer<'a>(name: &str, wiring: &Wiring<'a>) -> Option<&'a NodeProto> {
    wiring.origin(name, |node| MOVES.contains(&node.op_type())).filter(|node| is(node, "DequantizeLinear"))
}

/// Whether `name` is a stored tensor or made of one by moving and quantizing: training tools store
/// float weights and quantize them in the graph.
fn is_stored(name: &str, wiring: &Wiring) -> bool {
    let passes = |node: &NodeProto| MOVES.contains(&node.op_type()) || is(node, "QuantizeLinear");
    wiring.source(name, passes).is_some_and(|name| wiring.constant(name).is_some())
}

fn is_symmetric(zero_point: &TensorProto, element: DataType) -> Option<bool> {
    Some(zero_point.integers()?.into_iter().all(|zero| is_middle(zero, element)))
}

/// The middle of an unsigned range has two neighbours of equal right.
fn is_middle(zero: i32, element: DataType) -> bool {
    match element {
        DataType::U8 => matches!(zero, 127 | 128),
        DataType::U16 => matches!(zero, 32767 | 32768),
        DataType::U4 => matches!(zero, 7 | 8),
        _ => zero == 0,
    }
}
