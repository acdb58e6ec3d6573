//! What is known about a model, as data. The page and the JSON are both written from it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Error;
use crate::model::onnx::DataType;
use crate::model::{ModelFile, Passport, Port, Remark, type_names};
use crate::plan::{Dim, InputPort, OutputPort};
use crate::preprocess::Layout;

/// Layout of the JSON that `bench inspect --json` writes.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench inspect` tells.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// Layout of this document.
    pub schema_version: u32,
    /// Who the model is.
    pub file: FileFacts,
    /// Inputs that a caller feeds, in order.
    pub inputs: Vec<PortFacts>,
    /// Outputs, in order.
    pub outputs: Vec<PortFacts>,
    /// How `bench` would feed and read it.
    pub classifier: Classifier,
    /// Nodes by operator, those of other domains with their domain.
    pub operators: BTreeMap<String, usize>,
    /// Trained parameters.
    pub parameters: u64,
    /// Bytes of stored tensors by element type.
    pub stored_bytes: BTreeMap<String, u64>,
    /// How it is quantized.
    pub quantization: Quantization,
    /// What to know before measuring.
    pub remarks: Vec<RemarkFacts>,
    /// The model's own notes.
    pub metadata: BTreeMap<String, String>,
}

/// The file and where it comes from.
#[derive(Debug, Serialize)]
pub struct FileFacts {
    /// Path as the user gave it.
    pub path: String,
    /// SHA-256 of the file followed by its external data.
    pub sha256: String,
    /// SHA-256 of the .onnx file alone.
    pub file_sha256: String,
    /// Bytes of the .onnx file.
    pub file_bytes: u64,
    /// Bytes of the files with external data.
    pub external_bytes: u64,
    /// Version of the file format.
    pub ir_version: Option<i64>,
    /// Versions of the operator sets, by domain.
    pub opsets: BTreeMap<String, i64>,
    /// The program that wrote it.
    pub producer: Option<String>,
}

/// An input or output of the graph.
#[derive(Debug, Serialize)]
pub struct PortFacts {
    /// Name in the graph.
    pub name: String,
    /// Element type; none for a value that is not a tensor.
    pub element: Option<&'static str>,
    /// Axes; none when the graph does not state them.
    pub shape: Option<Vec<Dim>>,
}

/// How `bench` would use the model, each part with the reason where it cannot.
#[derive(Debug, Serialize)]
pub struct Classifier {
    /// Where images go in.
    pub input: Use<InputPort>,
    /// Where scores come out.
    pub output: Use<OutputPort>,
    /// Number of scores an image, where the graph states it.
    pub classes: Option<usize>,
    /// Order of the input's axes; none where the graph does not tell.
    pub layout: Option<Layout>,
    /// Images in one run, where the graph fixes it.
    pub fixed_batch: Option<usize>,
}

/// A port that was found, or why there is none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use<T> {
    /// It is this one.
    Port(T),
    /// There is none to use.
    Error(Error),
}

/// The passport in words and numbers.
#[derive(Debug, Serialize)]
pub struct Quantization {
    /// In one line.
    pub summary: String,
    /// `none`, `QDQ`, `QOperator`, `dynamic`, `weight-only`.
    pub scheme: &'static str,
    /// Types of quantized activations: `u8`.
    pub activations: Vec<String>,
    /// Types of quantized weights: `s8`.
    pub weights: Vec<String>,
    /// What one scale of the weights covers.
    pub weight_granularity: Option<&'static str>,
    /// Whether zero points are the middle of the range; none where they are not stored.
    pub symmetric_activations: Option<bool>,
    /// The same for weights.
    pub symmetric_weights: Option<bool>,
    /// Convolutions and matrix products.
    pub layers: usize,
    /// Those of them that are quantized.
    pub quantized_layers: usize,
    /// Their kinds: `Conv`, `Gemm`.
    pub layer_kinds: Vec<&'static str>,
    /// Type of float weights when nothing is quantized.
    pub float_weights: Option<&'static str>,
    /// Nodes that still compute in float, by operator.
    pub float_operators: BTreeMap<String, usize>,
    /// Names of convolutions and matrix products that stayed float.
    pub float_layers: Vec<String>,
}

/// Something to know, and what to do about it.
#[derive(Debug, Serialize)]
pub struct RemarkFacts {
    /// What is so.
    pub what: String,
    /// What to do.
    pub advice: &'static str,
}

impl Inspection {
    /// Looks into `model`.
    pub fn of(model: &ModelFile) -> Self {
        let (census, passport, signature) = (model.census(), model.passport(), model.signature());
        Self {
            schema_version: SCHEMA_VERSION,
            file: FileFacts::of(model, census.opsets),
            inputs: signature.inputs.into_iter().map(PortFacts::from).collect(),
            outputs: signature.outputs.into_iter().map(PortFacts::from).collect(),
            classifier: Classifier::of(model),
            operators: census.operators,
            parameters: census.parameters,
            stored_bytes: census.initializer_bytes,
            remarks: passport.remarks.iter().map(RemarkFacts::of).collect(),
            quantization: Quantization::of(passport),
            metadata: model.metadata(),
        }
    }
}

impl FileFacts {
    fn of(model: &ModelFile, opsets: BTreeMap<String, i64>) -> Self {
        let proto = model.model();
        let producer = [proto.producer_name(), proto.producer_version()].join(" ").trim().to_owned();
        Self {
            path: model.path().display().to_string(),
            sha256: model.sha256().to_owned(),
            file_sha256: model.file_sha256().to_owned(),
            file_bytes: model.file_bytes(),
            external_bytes: model.external_bytes(),
            ir_version: proto.ir_version,
            opsets,
            producer: Some(producer).filter(|producer| !producer.is_empty()),
        }
    }
}

impl From<Port> for PortFacts {
    fn from(port: Port) -> Self {
        Self { name: port.name, element: port.element.map(DataType::name), shape: port.shape }
    }
}

impl Classifier {
    fn of(model: &ModelFile) -> Self {
        let output = model.output_port(None);
        Self {
            input: Use::of(model.input_port()),
            classes: output.as_ref().ok().and_then(OutputPort::classes),
            output: Use::of(output),
            layout: model.layout(),
            fixed_batch: model.fixed_batch(),
        }
    }
}

impl<T> Use<T> {
    fn of(port: Result<T, Error>) -> Self {
        match port {
            Ok(port) => Self::Port(port),
            Err(error) => Self::Error(error),
        }
    }
}

impl Quantization {
    fn of(passport: Passport) -> Self {
        let names = |types: &[DataType]| types.iter().map(|kind| type_names(&[*kind])).collect();
        Self {
            summary: passport.to_string(),
            scheme: passport.scheme.name(),
            activations: names(&passport.activations),
            weights: names(&passport.weights),
            weight_granularity: passport.granularity.map(|granularity| granularity.name()),
            symmetric_activations: passport.symmetric_activations,
            symmetric_weights: passport.symmetric_weights,
            layers: passport.layers,
            quantized_layers: passport.quantized,
            layer_kinds: passport.kinds,
            float_weights: passport.float.map(DataType::name),
            float_operators: passport.stayed_float,
            float_layers: passport.float_layers,
        }
    }
}

impl RemarkFacts {
    fn of(remark: &Remark) -> Self {
        Self { what: remark.to_string(), advice: remark.advice() }
    }
}
