//! What is said about models: counts against those of the onnx package, passports of every scheme,
//! ports, and the remarks.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/graphs.rs"]
mod graphs;

use std::fs;

use onnx_bench::ErrorKind;
use onnx_bench::model::onnx::{DataType, GraphProto, ModelProto, NodeProto, TensorProto};
use onnx_bench::model::{Granularity, ModelFile, Passport, Remark, Scheme, Signature};
use onnx_bench::plan::{Activation, Dim};
use onnx_bench::preprocess::Layout;
use onnx_bench::tensor::ElementType;
use serde_json::{Value, json};

use graphs::*;

// ── Counts ──────────────────────────────────────────────────────────────────────────────────────

#[test]
fn counts_are_those_of_the_onnx_package() {
    let text = fs::read_to_string("fixtures/models/census.json").unwrap();
    let golden: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(golden.len(), fixtures().len());
    for (name, expected) in golden {
        let model = ModelFile::open(format!("fixtures/models/{name}")).unwrap();
        let (census, signature) = (model.census(), model.signature());
        let counted = json!({
            "sha256": model.sha256(),
            "file_sha256": model.file_sha256(),
            "bytes": model.bytes(),
            "opsets": census.opsets,
            "operators": census.operators,
            "parameters": census.parameters,
            "initializer_bytes": census.initializer_bytes,
            "inputs": ports(&signature).0,
            "outputs": ports(&signature).1,
        });
        assert_eq!(counted, expected, "{name}");
    }
}

/// Inputs and outputs as the script writes them.
fn ports(signature: &Signature) -> (Value, Value) {
    let axis = |dim: &Dim| match dim {
        Dim::Known(length) => json!(length),
        Dim::Symbol(name) => json!(name),
        Dim::Unknown => json!(0),
    };
    let list = |ports: &[onnx_bench::model::Port]| {
        let port = |port: &onnx_bench::model::Port| {
            let shape: Vec<Value> = port.shape.iter().flatten().map(axis).collect();
            json!([port.name, port.element_name(), shape])
        };
        ports.iter().map(port).collect()
    };
    (list(&signature.inputs), list(&signature.outputs))
}

#[test]
fn constants_and_branches_within_nodes_are_counted() {
    let branch = GraphProto {
        node: vec![node("Relu", &["x"], &["inner"])],
        initializer: vec![stored("inside", F32, &[2, 2], 0)],
        ..Default::default()
    };
    let constant = with_attribute(
        node("Constant", &[], &["k"]),
        holding("value", TensorProto { name: None, ..stored("", F32, &[10], 0) }),
    );
    let choice = with_attribute(node("If", &["c"], &["y"]), within("then_branch", branch));
    let census = Desk::new().open(&model(vec![constant, choice])).census();
    let operators: Vec<(&str, usize)> = census.operators.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(operators, [("Constant", 1), ("If", 1), ("Relu", 1)]);
    assert_eq!((census.parameters, census.initializer_bytes["f32"]), (14, 56));
}

#[test]
fn a_quantized_model_has_as_many_parameters_as_its_source() {
    for name in ["int8", "s8s8", "per-tensor", "qoperator", "dynamic", "fp16"] {
        assert_eq!(open(&format!("classifier.{name}")).census().parameters, 95, "{name}");
    }
}

#[test]
fn scales_that_constant_nodes_hold_are_no_parameters() {
    let held = |name: &str, tensor| with_attribute(node("Constant", &[], &[name]), holding("value", tensor));
    let quantized = model(vec![
        held("scale", TensorProto { name: None, ..stored("", F32, &[4], 0) }),
        held("weights", TensorProto { name: None, ..stored("", I8, &[4, 2], 0) }),
        node("DequantizeLinear", &["weights", "scale"], &["w"]),
        node("MatMul", &["x", "w"], &["y"]),
    ]);
    assert_eq!(Desk::new().open(&quantized).census().parameters, 8);
}

#[test]
fn weights_that_share_bytes_are_counted_singly() {
    let product = |bits| with_attribute(node("MatMulNBits", &["x", "q", "s"], &["y"]), integer("bits", bits));
    for (bits, count) in [(2, 256), (4, 128), (8, 64)] {
        let tensors = vec![stored("q", U8, &[4, 1, 16], 0), stored("s", F32, &[4], 0)];
        let census = Desk::new().open(&model_with(vec![product(bits)], tensors)).census();
        assert_eq!((census.parameters, census.initializer_bytes["u8"]), (count, 64));
    }
}

// ── Passports ───────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_scheme_is_told_in_one_line() {
    for (name, line) in [
        ("int8", "QDQ, u8 activations, s8 weights per channel · 3 of 3 Conv/Gemm quantized"),
        ("s8s8", "QDQ, s8 activations, s8 weights per channel · 3 of 3 Conv/Gemm quantized"),
        ("per-tensor", "QDQ, u8 activations, s8 weights per tensor · 3 of 3 Conv/Gemm quantized"),
        ("qoperator", "QOperator, u8 activations, s8 weights per channel · 3 of 3 Conv/Gemm quantized"),
        ("dynamic", "dynamic, u8 activations, u8 weights per tensor · 3 of 3 Conv/MatMul quantized"),
        ("fp16", "none (f16)"),
        ("fp32", "none (f32)"),
    ] {
        assert_eq!(open(&format!("classifier.{name}")).passport().to_string(), line, "{name}");
    }
}

#[test]
fn zero_points_and_what_stayed_float_are_read() {
    let passport = open("classifier.int8").passport();
    assert_eq!((passport.symmetric_activations, passport.symmetric_weights), (Some(false), Some(true)));
    assert!(passport.stayed_float.is_empty(), "pooling is computed in integers: {:?}", passport.stayed_float);
    let passport = open("classifier.dynamic").passport();
    assert_eq!((passport.symmetric_activations, passport.symmetric_weights), (None, Some(false)));
    assert_eq!(passport.stayed_float["GlobalAveragePool"], 1);
    assert_eq!(open("classifier.fp32").passport().stayed_float.len(), 0);
}

/// Q and DQ of `name` with a scale and a zero point of their own.
fn requantized(name: &str, zero: TensorProto) -> (Vec<NodeProto>, Vec<TensorProto>, String) {
    let of = |part: &str| format!("{name}.{part}");
    let (scale, point, integers, floats) = (of("scale"), of("zero"), of("q"), of("dq"));
    let zero = TensorProto { name: Some(point.clone()), ..zero };
    let nodes = vec![
        node("QuantizeLinear", &[name, &scale, &point], &[&integers]),
        node("DequantizeLinear", &[&integers, &scale, &point], &[&floats]),
    ];
    (nodes, vec![stored(&scale, F32, &[], 0), zero], floats)
}

/// One Gemm from quantized `x` with weights `w` of type `weights` dequantized by `scales` scales.
fn gemm(activation: TensorProto, weights: TensorProto, scales: &[i64]) -> ModelProto {
    let (mut nodes, mut tensors, x) = requantized("x", activation);
    nodes.push(node("DequantizeLinear", &["w.q", "w.scale"], &["w"]));
    nodes.push(node("Gemm", &[&x, "w"], &["y"]));
    tensors.extend([TensorProto { name: Some("w.q".into()), ..weights }, stored("w.scale", F32, scales, 0)]);
    model_with(nodes, tensors)
}

#[test]
fn the_middle_of_an_unsigned_range_is_symmetric() {
    for (kind, zero, symmetric) in
        [(U8, 128, true), (U8, 127, true), (U8, 0, false), (I8, 0, true), (I8, 3, false)]
    {
        let passport = Passport::of(&gemm(stored("", kind, &[], zero), stored("", I8, &[4, 4], 127), &[4]));
        assert_eq!(passport.symmetric_activations, Some(symmetric), "{kind} {zero}");
        assert_eq!(passport.symmetric_weights, Some(true));
    }
}

#[test]
fn weights_alone_that_are_small_are_weight_only() {
    let plain = model_with(
        vec![node("DequantizeLinear", &["q", "s"], &["w"]), node("MatMul", &["x", "w"], &["y"])],
        vec![stored("q", I8, &[4, 4], 127), stored("s", F32, &[4], 0)],
    );
    let passport = Passport::of(&plain);
    assert_eq!(passport.to_string(), "weight-only, s8 weights per channel · 1 of 1 MatMul quantized");
    assert_eq!(passport.stayed_float["MatMul"], 1, "it computes in float all the same");
    let few_bits = with_attribute(node("MatMulNBits", &["x", "q", "s"], &["y"]), integer("bits", 4));
    let few_bits = NodeProto { domain: Some("com.microsoft".into()), ..few_bits };
    let passport = Passport::of(&model(vec![few_bits]));
    assert_eq!(passport.to_string(), "weight-only, u4 weights per block · 1 of 1 MatMul quantized");
}

#[test]
fn one_scale_for_a_run_of_elements_is_per_block() {
    let blocks = with_attribute(node("DequantizeLinear", &["q", "s"], &["w"]), integer("block_size", 16));
    let tensors = vec![stored("q", U4, &[32, 4], 8), stored("s", F32, &[2, 4], 0)];
    let passport = Passport::of(&model_with(vec![blocks, node("MatMul", &["x", "w"], &["y"])], tensors));
    assert_eq!((passport.granularity, passport.weights), (Some(Granularity::PerBlock), vec![DataType::U4]));
}

#[test]
fn weights_that_are_transposed_after_dequantizing_are_quantized_all_the_same() {
    let (mut nodes, mut tensors, x) = requantized("x", stored("", U8, &[], 100));
    nodes.extend([
        node("DequantizeLinear", &["q", "s"], &["w"]),
        node("Transpose", &["w"], &["wt"]),
        node("MatMul", &[&x, "wt"], &["y"]),
    ]);
    tensors.extend([stored("q", I8, &[4, 4], 127), stored("s", F32, &[], 0)]);
    let passport = Passport::of(&model_with(nodes, tensors));
    assert_eq!((passport.scheme, passport.granularity), (Scheme::Qdq, Some(Granularity::PerTensor)));
}

#[test]
fn a_product_of_two_activations_has_no_weights() {
    let (mut nodes, mut tensors, left) = requantized("x", stored("", U8, &[], 100));
    nodes.push(node("MatMul", &[&left, &left], &["y"]));
    let product = model_with(nodes.clone(), tensors.clone());
    let passport = Passport::of(&product);
    assert_eq!(passport.to_string(), "QDQ, u8 activations · 1 of 1 MatMul quantized");
    assert_eq!(passport.remarks, [Remark::TractWidensQdq]);
    nodes.extend([node("DequantizeLinear", &["q", "s"], &["w"]), node("MatMul", &[&left, "w"], &["z"])]);
    tensors.extend([stored("q", I8, &[4, 4], 64), stored("s", F32, &[4], 0)]);
    let passport = Passport::of(&model_with(nodes, tensors));
    assert_eq!(passport.to_string(), "QDQ, u8 activations, s8 weights per channel · 2 of 2 MatMul quantized");
    assert_eq!(passport.remarks, [Remark::ReducedRange, Remark::TractWidensQdq]);
}

#[test]
fn float_weights_that_the_graph_quantizes_are_weights() {
    let (mut nodes, mut tensors, x) = requantized("x", stored("", U8, &[], 100));
    let (pair, settings, w) = requantized("w", stored("", I8, &[4], 0));
    nodes.extend(pair);
    nodes.push(node("MatMul", &[&x, &w], &["y"]));
    tensors.extend(settings);
    tensors.push(stored("w", F32, &[4, 4], 0));
    let passport = Passport::of(&model_with(nodes, tensors));
    assert_eq!(passport.to_string(), "QDQ, u8 activations, s8 weights per channel · 1 of 1 MatMul quantized");
    assert_eq!(passport.symmetric_weights, Some(true));
}

#[test]
fn arithmetic_on_shapes_did_not_stay_float() {
    let mut quantized = gemm(stored("", U8, &[], 9), stored("", I8, &[4, 4], 127), &[4]);
    let graph = quantized.graph.as_mut().unwrap();
    graph.initializer.push(stored("two", I64, &[], 2));
    graph.node.extend([
        node("Shape", &["x"], &["shape"]),
        node("Mul", &["shape", "two"], &["doubled"]),
        node("Cast", &["doubled"], &["float"]),
        node("Div", &["float", "y"], &["ratio"]),
    ]);
    let float: Vec<String> = Passport::of(&quantized).stayed_float.into_keys().collect();
    assert_eq!(float, ["Div"]);
}

#[test]
fn the_scheme_of_most_layers_is_that_of_the_model() {
    let dynamic = |y: &str| NodeProto {
        domain: Some("com.microsoft".into()),
        ..node("DynamicQuantizeMatMul", &["x", "w.q", "w.scale"], &[y])
    };
    let mut mixed = gemm(stored("", U8, &[], 100), stored("", I8, &[4, 4], 127), &[4]);
    assert_eq!(Passport::of(&mixed).scheme, Scheme::Qdq);
    mixed.graph.as_mut().unwrap().node.extend([dynamic("a"), dynamic("b")]);
    let passport = Passport::of(&mixed);
    assert_eq!((passport.scheme, passport.layers, passport.quantized), (Scheme::Dynamic, 3, 3));
}

#[test]
fn a_graph_that_runs_in_a_circle_ends() {
    let circle = model(vec![
        node("Identity", &["b"], &["a"]),
        node("Identity", &["a"], &["b"]),
        node("MatMul", &["x", "a"], &["y"]),
    ]);
    assert_eq!(Passport::of(&circle).scheme, Scheme::None);
    let file = Desk::new().open(&circle);
    assert!(file.output_port(None).is_ok() && file.layout() == Some(Layout::Nchw));
}

// ── Remarks ─────────────────────────────────────────────────────────────────────────────────────

fn remarks(name: &str) -> Vec<Remark> {
    open(name).passport().remarks
}

#[test]
fn tiny_models_get_the_remarks_that_hold_for_them() {
    use Remark::*;
    assert_eq!(remarks("classifier.fp32"), []);
    assert_eq!(remarks("classifier.int8"), [TractWidensQdq]);
    assert_eq!(remarks("classifier.s8s8"), [SignedActivations, TractWidensQdq]);
    assert_eq!(remarks("classifier.per-tensor"), [PerTensorConvolutions, TractWidensQdq]);
    let lacks = ["com.microsoft:QGemm", "com.microsoft:QLinearGlobalAveragePool"].map(str::to_owned);
    assert_eq!(remarks("classifier.qoperator"), [TractLacks(lacks.to_vec())]);
    assert_eq!(remarks("classifier.dynamic"), [DynamicConvolutions(2), TractGroupedConvolutions(1)]);
    assert_eq!(remarks("classifier.fp16"), [HalfPrecision, TractHalfGemm(1)]);
    let odd = vec!["org.example:Frobnicate".to_owned()];
    assert_eq!(remarks("unknown-op"), [UnknownOperators(odd.clone()), TractLacks(odd)]);
}

#[test]
fn unsigned_weights_and_seven_bits_are_told() {
    let passport =
        |kind, byte| Passport::of(&gemm(stored("", U8, &[], 9), stored("", kind, &[4, 4], byte), &[4]));
    assert!(passport(U8, 255).remarks.contains(&Remark::UnsignedWeights));
    assert!(!passport(I8, 127).remarks.contains(&Remark::UnsignedWeights));
    for (kind, byte, reduced) in
        [(I8, 64, true), (I8, 65, false), (I8, 0x80, false), (U8, 127, true), (U8, 128, false)]
    {
        let remarks = passport(kind, byte).remarks;
        assert_eq!(remarks.contains(&Remark::ReducedRange), reduced, "{kind} {byte}");
    }
}

#[test]
fn layers_that_stayed_float_are_named() {
    let mut partly = gemm(stored("", U8, &[], 9), stored("", I8, &[4, 4], 127), &[4]);
    let graph = partly.graph.as_mut().unwrap();
    graph.node.extend((0..6).map(|i| node("MatMul", &["y", "k"], &[&format!("z{i}")])));
    graph.node.push(NodeProto { name: None, ..node("MatMul", &["y", "k"], &["unnamed"]) });
    let passport = Passport::of(&partly);
    assert_eq!(passport.float_layers.last().unwrap(), "unnamed");
    let remark =
        passport.remarks.iter().find(|remark| matches!(remark, Remark::PartlyQuantized { .. })).unwrap();
    assert_eq!(
        remark.to_string(),
        "7 of 8 Conv/Gemm/MatMul stayed float: matmul_z0, matmul_z1, matmul_z2, matmul_z3 and 3 more"
    );
}

#[test]
fn a_model_s_own_functions_are_no_unknown_operators() {
    use onnx_bench::model::onnx::FunctionProto;
    let own = NodeProto { domain: Some("org.example".into()), ..node("Own", &["x"], &["y"]) };
    let mut model = model(vec![own]);
    assert!(matches!(Passport::of(&model).remarks[..], [Remark::UnknownOperators(_), Remark::TractLacks(_)]));
    model.functions.push(FunctionProto {
        name: Some("Own".into()),
        domain: Some("org.example".into()),
        node: vec![node("Relu", &["x"], &["y"])],
        ..Default::default()
    });
    assert!(!Passport::of(&model).remarks.iter().any(|remark| matches!(remark, Remark::UnknownOperators(_))));
}

#[test]
fn every_remark_comes_with_advice() {
    for path in fixtures() {
        let identity = ModelFile::open(&path).unwrap().identity();
        assert!(identity.remarks.iter().all(|remark| remark.contains("; ")), "{:?}", identity.remarks);
    }
}

// ── Ports ───────────────────────────────────────────────────────────────────────────────────────

#[test]
fn images_and_scores_are_found_in_every_tiny_classifier() {
    use Activation::{Logits, Probabilities};
    use ElementType::{F16, F32, U8};
    let nchw = Layout::Nchw;
    for (name, input, layout, batch, output, classes, activation) in [
        ("classifier.fp32", F32, nchw, None, F32, 3, Logits),
        ("classifier.int8", F32, nchw, None, F32, 3, Logits),
        ("classifier.fp16", F16, nchw, None, F16, 3, Logits),
        ("u8-input", U8, nchw, None, F32, 3, Logits),
        ("nhwc", F32, Layout::Nhwc, None, F32, 3, Logits),
        ("fixed-batch", F32, nchw, Some(1), F32, 3, Logits),
        ("batch4", F32, nchw, Some(4), F32, 3, Logits),
        ("vector", F32, nchw, Some(1), F32, 3, Logits),
        ("softmax", F32, nchw, None, F32, 3, Probabilities),
        ("sigmoid", F32, nchw, None, F32, 1, Probabilities),
    ] {
        let model = open(name);
        let (images, scores) = (model.input_port().unwrap(), model.output_port(None).unwrap());
        assert_eq!((images.element, scores.element), (input, output), "{name}");
        assert_eq!((model.layout(), model.fixed_batch()), (Some(layout), batch), "{name}");
        assert_eq!(scores.classes(), Some(classes), "{name}");
        assert_eq!(scores.activation, activation, "{name}");
    }
}

#[test]
fn a_vector_of_scores_allows_one_image_even_where_the_batch_is_free() {
    let mut vector = model(vec![node("Conv", &["x", "w"], &["y"])]);
    vector.graph.as_mut().unwrap().output = vec![value("y", F32, &["5"])];
    assert_eq!(Desk::new().open(&vector).fixed_batch(), Some(1));
    vector.graph.as_mut().unwrap().output = vec![value("y", F32, &["N"])];
    let error = Desk::new().open(&vector).output_port(None).unwrap_err();
    assert!(error.what.contains("[N]; class scores are"), "{error}");
}

#[test]
fn what_is_no_classifier_is_refused_in_words() {
    let error = open("two-inputs").input_port().unwrap_err();
    assert!(error.what.contains("2 inputs (`images`, `mask`)"), "{error}");
    let error = open("three-d").output_port(None).unwrap_err();
    assert!(error.what.contains("`map` has the shape [batch, 4, 64]"), "{error}");
    let error = open("add").input_port().unwrap_err();
    assert!(error.what.contains("`x` is [1, 4]; images need four axes"), "{error}");
    let mut strange = model(vec![node("Relu", &["x"], &["y"])]);
    let graph = strange.graph.as_mut().unwrap();
    (graph.input[0], graph.output[0]) =
        (value("x", I64, &["N", "3", "8", "8"]), value("y", STRING, &["N", "5"]));
    let strange = Desk::new().open(&strange);
    assert!(strange.input_port().unwrap_err().what.contains("element type i64"));
    assert!(strange.output_port(None).unwrap_err().what.contains("element type string"));
}

#[test]
fn inputs_that_initializers_provide_are_not_fed() {
    let mut old = model_with(vec![node("Add", &["x", "w"], &["y"])], vec![stored("w", F32, &[1], 0)]);
    old.graph.as_mut().unwrap().input.push(value("w", F32, &["1"]));
    assert_eq!(Desk::new().open(&old).input_port().unwrap().name, "x");
}

#[test]
fn of_several_outputs_the_only_one_that_fits_is_taken_or_the_named_one() {
    let mut several = model(vec![node("Conv", &["x", "w"], &["y"])]);
    several.graph.as_mut().unwrap().output.push(value("features", F32, &["N", "16", "8", "8"]));
    let model = Desk::new().open(&several);
    assert_eq!(model.output_port(None).unwrap().name, "y");
    assert!(model.output_port(Some("features")).unwrap_err().what.contains("[N, 16, 8, 8]"));
    several.graph.as_mut().unwrap().output.push(value("auxiliary", F16, &["N", "5"]));
    let model = Desk::new().open(&several);
    let error = model.output_port(None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert!(error.what.contains("3 outputs: `y` f32 [N, 5]") && error.help.unwrap().contains("--output"));
    assert_eq!(model.output_port(Some("auxiliary")).unwrap().element, ElementType::F16);
    assert!(model.output_port(Some("z")).unwrap_err().what.contains("no output `z`; it has `y`"));
}

#[test]
fn probabilities_are_recognised_through_what_follows_them() {
    let activation = |last: &[(&str, &str, &str)]| {
        let nodes = last.iter().map(|(op, from, to)| node(op, &[from], &[to])).collect();
        Desk::new().open(&model(nodes)).output_port(None).unwrap().activation
    };
    let through_qdq = [("Softmax", "x", "p"), ("QuantizeLinear", "p", "q"), ("DequantizeLinear", "q", "y")];
    assert_eq!(activation(&through_qdq), Activation::Probabilities);
    assert_eq!(activation(&[("Sigmoid", "x", "p"), ("Reshape", "p", "y")]), Activation::Probabilities);
    assert_eq!(activation(&[("Softmax", "x", "p"), ("Relu", "p", "y")]), Activation::Logits);
    assert_eq!(activation(&[("LogSoftmax", "x", "y")]), Activation::Logits);
}

#[test]
fn the_layout_of_an_odd_number_of_channels_is_found_in_the_graph() {
    let layout = |nodes: Vec<NodeProto>, shape: &[&str]| {
        let mut model = model(nodes);
        model.graph.as_mut().unwrap().input = vec![value("x", F32, shape)];
        Desk::new().open(&model).layout()
    };
    let open_axes = &["0", "0", "0", "0"];
    let convolution = vec![node("Mul", &["x", "k"], &["m"]), node("Conv", &["m", "w"], &["y"])];
    assert_eq!(layout(convolution, open_axes), Some(Layout::Nchw));
    let transposed = |perm: &[i64]| {
        let transpose = with_attribute(node("Transpose", &["x"], &["t"]), integers("perm", perm));
        vec![transpose, node("Conv", &["t", "w"], &["y"])]
    };
    assert_eq!(layout(transposed(&[0, 3, 1, 2]), open_axes), Some(Layout::Nhwc));
    assert_eq!(layout(transposed(&[0, 2, 3, 1]), open_axes), None);
    assert_eq!(layout(vec![node("Flatten", &["x"], &["y"])], open_axes), None);
    assert_eq!(layout(vec![node("Flatten", &["x"], &["y"])], &["N", "8", "8", "3"]), Some(Layout::Nhwc));
}
