//! Where images go in and class scores come out, inferred from the graph.

use super::ModelFile;
use super::graph::{Wiring, attribute};
use super::onnx::{DataType, GraphProto, NodeProto};
use super::signature::{Port, shape_text};
use crate::error::{Error, Result};
use crate::plan::{Activation, Dim, InputPort, OutputPort, hold_scores};
use crate::preprocess::Layout;
use crate::tensor::ElementType;

impl ModelFile {
    /// The input that takes the images: the only one, with four axes.
    pub fn input_port(&self) -> Result<InputPort> {
        let inputs = self.signature().inputs;
        let refuse = |what: String, help: &str| Err(Error::unusable(what).at_path(self.path()).help(help));
        let [port] = inputs.as_slice() else {
            return match inputs.as_slice() {
                [] => refuse("the model has no input".into(), "export it with an image input"),
                several => refuse(
                    format!(
                        "the model has {} inputs ({}); an image classifier has one",
                        several.len(),
                        names(several)
                    ),
                    "export it with the image as its only input and the rest as constants",
                ),
            };
        };
        let absurd = |dim: &Dim| dim.known().is_some_and(|length| u32::try_from(length).is_err());
        let shape = match port.shape.as_deref() {
            Some(shape) if shape.iter().any(absurd) => {
                return refuse(
                    format!("input `{}` is {}: that is no image", port.name, port.shape_text()),
                    "export it again with the size that the model was made for",
                );
            }
            Some(shape @ [_, _, _, _]) => shape.to_vec(),
            _ => {
                return refuse(
                    format!("input `{}` is {}; images need four axes", port.name, port.shape_text()),
                    "export it with an input of batch, channels, rows and columns (or channels last)",
                );
            }
        };
        let Some(element) = supported(port.element) else {
            return refuse(
                format!("input `{}` has the element type {}", port.name, port.element_name()),
                "f32, f16, u8 and i8 inputs can be fed; add a Cast behind the input",
            );
        };
        Ok(InputPort { name: port.name.clone(), element, shape })
    }

    /// The output that holds class scores: the one called `wanted`, or the only one that can.
    pub fn output_port(&self, wanted: Option<&str>) -> Result<OutputPort> {
        let outputs = self.signature().outputs;
        let candidates: Vec<&Port> = match wanted {
            Some(name) => outputs.iter().filter(|port| port.name == name).collect(),
            None => outputs.iter().collect(),
        };
        let fitting: Vec<&Port> = candidates.iter().copied().filter(|port| scores(port).is_ok()).collect();
        let chosen = match (fitting.as_slice(), candidates.as_slice()) {
            ([port], _) => *port,
            ([], [port]) => port,
            _ => return Err(self.no_single_output(&outputs, wanted)),
        };
        let element = scores(chosen).map_err(|error| error.at_path(self.path()))?;
        Ok(OutputPort {
            name: chosen.name.clone(),
            element,
            shape: chosen.shape.clone().unwrap_or_default(),
            activation: activation(self.graph(), &chosen.name),
            background: false,
        })
    }

    fn no_single_output(&self, outputs: &[Port], wanted: Option<&str>) -> Error {
        let what = match wanted {
            Some(name) => format!("the model has no output `{name}`; it has {}", described(outputs)),
            None if outputs.is_empty() => "the model has no output".to_owned(),
            None => format!("the model has {} outputs: {}", outputs.len(), described(outputs)),
        };
        Error::usage(what)
            .at_path(self.path())
            .help("choose the one that holds the class scores: --output NAME")
    }

    /// The number of images in one run, when the graph fixes it: by the first axis of its input, or
    /// because an output of one axis has room for one image only.
    pub fn fixed_batch(&self) -> Option<usize> {
        let batch = self.input_port().ok().and_then(|port| port.shape.first().and_then(Dim::known));
        let single = || self.output_port(None).is_ok_and(|port| port.shape.len() == 1);
        batch.or_else(|| single().then_some(1))
    }

    /// The order of the input's axes: by the axis that can hold 1 or 3 channels, else by what the
    /// graph does first. None where neither tells.
    pub fn layout(&self) -> Option<Layout> {
        let port = self.input_port().ok()?;
        let channels = |axis: usize| matches!(port.shape.get(axis), Some(Dim::Known(1 | 3)));
        match (channels(1), channels(3)) {
            (true, false) => Some(Layout::Nchw),
            (false, true) => Some(Layout::Nhwc),
            _ => layout_by_use(self.graph(), &port.name),
        }
    }
}

fn supported(element: Option<DataType>) -> Option<ElementType> {
    match element? {
        DataType::F32 => Some(ElementType::F32),
        DataType::F16 => Some(ElementType::F16),
        DataType::U8 => Some(ElementType::U8),
        DataType::I8 => Some(ElementType::I8),
        _ => None,
    }
}

/// The element type of `port` if it can hold class scores.
fn scores(port: &Port) -> Result<ElementType> {
    let element = supported(port.element).ok_or_else(|| {
        Error::unusable(format!("output `{}` has the element type {}", port.name, port.element_name()))
            .help("class scores are f32, f16, u8 or i8; choose another output with --output NAME")
    })?;
    match port.shape.as_deref() {
        None | Some([Dim::Known(_)]) => Ok(element),
        Some([_, axes @ ..]) if hold_scores(axes) => Ok(element),
        // One axis whose length the caller chooses is one number an image, not one a class.
        Some(shape) => Err(Error::unusable(format!(
            "output `{}` has the shape {}; class scores are [N, K], also [N, K, 1, 1], or [K] for one image",
            port.name,
            shape_text(shape)
        ))
        .help("export a classifier's scores, or choose another output with --output NAME")),
    }
}

fn names(ports: &[Port]) -> String {
    ports.iter().map(|port| format!("`{}`", port.name)).collect::<Vec<_>>().join(", ")
}

fn described(ports: &[Port]) -> String {
    let describe = |port: &Port| format!("`{}` {} {}", port.name, port.element_name(), port.shape_text());
    ports.iter().map(describe).collect::<Vec<_>>().join(", ")
}

/// What the numbers of `output` are, by the last node that computes. LogSoftmax counts as logits:
/// softmax of its result gives the same probabilities.
fn activation(graph: &GraphProto, output: &str) -> Activation {
    const PASSES: [&str; 8] = [
        "Cast",
        "DequantizeLinear",
        "Flatten",
        "Identity",
        "QuantizeLinear",
        "Reshape",
        "Squeeze",
        "Unsqueeze",
    ];
    const PROBABILITIES: [&str; 4] = ["QLinearSigmoid", "QLinearSoftmax", "Sigmoid", "Softmax"];
    let last = Wiring::of(graph).origin(output, |node| PASSES.contains(&node.op_type()));
    match last {
        Some(node) if PROBABILITIES.contains(&node.op_type()) => Activation::Probabilities,
        _ => Activation::Logits,
    }
}

/// ONNX convolutions take channels first, so a graph for channels last begins with a transposition.
fn layout_by_use(graph: &GraphProto, input: &str) -> Option<Layout> {
    const PASSES: [&str; 9] =
        ["Add", "Cast", "Clip", "DequantizeLinear", "Div", "Identity", "Mul", "QuantizeLinear", "Sub"];
    let first = Wiring::of(graph).destination(input, |node| PASSES.contains(&node.op_type()))?;
    match first.op_type() {
        "Conv" | "ConvInteger" | "FusedConv" | "QLinearConv" => Some(Layout::Nchw),
        "Transpose" if moves_channels_forward(first) => Some(Layout::Nhwc),
        _ => None,
    }
}

fn moves_channels_forward(node: &NodeProto) -> bool {
    attribute(node, "perm").is_some_and(|perm| perm.ints == [0, 3, 1, 2])
}
