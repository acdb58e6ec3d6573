//! Which operators tract has, so that a model can be judged without loading it.

use std::collections::BTreeSet;

use super::graph::{nodes, operator};
use super::onnx::ModelProto;

/// The operators that tract-onnx 0.23.9 registers without its `transformers` feature, sorted. It
/// looks at the type alone, not at the domain.
#[rustfmt::skip]
const OPERATORS: [&str; 180] = [
    "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "ArrayFeatureExtractor", "Asin", "Asinh",
    "Atan", "Atanh", "AveragePool", "BatchNormalization", "BiasGelu", "BitShift", "BitwiseAnd", "BitwiseNot",
    "BitwiseOr", "BitwiseXor", "BlackmanWindow", "Cast", "CastLike", "CategoryMapper", "Ceil", "Celu", "Clip",
    "Compress", "Concat", "Constant", "ConstantLike", "ConstantOfShape", "Conv", "ConvInteger",
    "ConvTranspose", "Cos", "Cosh", "CumSum", "DFT", "DepthToSpace", "DequantizeLinear", "Div", "Dropout",
    "DynamicQuantizeLinear", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "EyeLike", "FastGelu",
    "Flatten", "Floor", "GRU", "Gather", "GatherBlockQuantized", "GatherElements", "GatherND", "Gelu", "Gemm",
    "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "GridSample",
    "GroupNormalization", "HammingWindow", "HannWindow", "HardSigmoid", "HardSwish", "Hardmax", "Identity",
    "If", "InstanceNormalization", "IsInf", "IsNaN", "LRN", "LSTM", "LayerNormalization", "LeakyRelu", "Less",
    "LessOrEqual", "LinearClassifier", "LinearRegressor", "Log", "LogSoftmax", "LpNormalization", "MatMul",
    "MatMulInteger", "MatMulNBits", "Max", "MaxPool", "Mean", "MeanVarianceNormalization", "MelWeightMatrix",
    "Min", "Mish", "Mod", "Mul", "Multinomial", "Neg", "NonMaxSuppression", "NonZero", "Normalizer", "Not",
    "OneHot", "Or", "PRelu", "Pad", "ParametricSoftplus", "Pow", "QLinearConv", "QLinearMatMul",
    "QuantizeLinear", "QuickGelu", "RMSNormalization", "RNN", "RandomNormal", "RandomNormalLike",
    "RandomUniform", "RandomUniformLike", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
    "Relu", "Reshape", "Resize", "RotaryEmbedding", "Round", "Rsqrt", "STFT", "ScaledTanh", "Scan", "Scatter",
    "ScatterElements", "ScatterND", "Selu", "Shape", "Shrink", "Sigmoid", "Sign",
    "SimplifiedLayerNormalization", "Sin", "Sinh", "Size", "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split",
    "Sqrt", "Squeeze", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose",
    "TreeEnsembleClassifier", "Trilu", "Unsqueeze", "Where", "Xor",
];

/// Operators of `model` that tract lacks, sorted.
pub(super) fn lacking(model: &ModelProto) -> Vec<String> {
    let lacks = |operator: &str| OPERATORS.binary_search(&operator).is_err();
    let names: BTreeSet<String> =
        nodes(model).into_iter().filter(|node| lacks(node.op_type())).map(operator).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(OPERATORS.is_sorted());
    }

    #[cfg(feature = "tract")]
    #[test]
    fn the_list_is_that_of_the_linked_tract() {
        let onnx = tract_onnx::onnx();
        let registered: BTreeSet<&str> = onnx.op_register.0.keys().map(String::as_str).collect();
        assert_eq!(registered, OPERATORS.into_iter().collect());
    }
}
