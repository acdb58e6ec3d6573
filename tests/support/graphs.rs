//! Small graphs, written as one would say them, and places to put them.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use onnx_bench::model::ModelFile;
use onnx_bench::model::onnx::{
    AttributeProto, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorType, TypeProto, ValueInfoProto,
};
use prost::Message;
use tempfile::TempDir;

/// Numbers of element types in the format.
pub const F32: i32 = 1;
pub const U8: i32 = 2;
pub const I8: i32 = 3;
pub const I64: i32 = 7;
pub const STRING: i32 = 8;
pub const F16: i32 = 10;
pub const U4: i32 = 21;

/// Path of a model in fixtures/models.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(format!("fixtures/models/{name}.onnx"))
}

/// All of them.
pub fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir("fixtures/models").unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "onnx")).collect();
    paths.sort();
    assert!(paths.len() >= 20, "{paths:?}");
    paths
}

pub fn open(name: &str) -> ModelFile {
    ModelFile::open(fixture(name)).unwrap()
}

/// A folder that goes away with the test.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// `model` written and opened.
    pub fn open(&self, model: &ModelProto) -> ModelFile {
        ModelFile::open(self.write("model.onnx", &model.encode_to_vec())).unwrap()
    }
}

pub fn node(op_type: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    NodeProto {
        op_type: Some(op_type.to_owned()),
        name: Some(format!("{}_{}", op_type.to_lowercase(), outputs.join("_"))),
        input: owned(inputs),
        output: owned(outputs),
        ..Default::default()
    }
}

pub fn with_attribute(mut node: NodeProto, attribute: AttributeProto) -> NodeProto {
    node.attribute.push(attribute);
    node
}

pub fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: Some(name.into()), i: Some(value), r#type: Some(2), ..Default::default() }
}

pub fn integers(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { name: Some(name.into()), ints: values.to_vec(), r#type: Some(7), ..Default::default() }
}

pub fn holding(name: &str, tensor: TensorProto) -> AttributeProto {
    AttributeProto { name: Some(name.into()), t: Some(tensor), r#type: Some(4), ..Default::default() }
}

pub fn within(name: &str, graph: GraphProto) -> AttributeProto {
    AttributeProto { name: Some(name.into()), g: Some(graph), r#type: Some(5), ..Default::default() }
}

/// A stored tensor whose bytes are all `byte`.
pub fn stored(name: &str, kind: i32, dims: &[i64], byte: u8) -> TensorProto {
    let mut tensor = TensorProto {
        name: Some(name.to_owned()),
        data_type: Some(kind),
        dims: dims.to_vec(),
        ..Default::default()
    };
    assert_ne!(DataType::from_code(kind).bits(), 0);
    tensor.raw_data = Some(vec![byte; tensor.data_bytes() as usize].into());
    tensor
}

/// A value: `0` is an axis of unknown length, other numbers are lengths, words are names.
pub fn value(name: &str, kind: i32, shape: &[&str]) -> ValueInfoProto {
    let axis = |text: &&str| match text.parse::<i64>() {
        Ok(0) => Dimension::default(),
        Ok(length) => Dimension { dim_value: Some(length), ..Default::default() },
        Err(_) => Dimension { dim_param: Some((*text).to_owned()), ..Default::default() },
    };
    let shape = TensorShapeProto { dim: shape.iter().map(axis).collect() };
    let tensor = TensorType { elem_type: Some(kind), shape: Some(shape) };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: Some(tensor), ..Default::default() }),
        ..Default::default()
    }
}

/// A model of `nodes`, from an image `x` to scores `y`, both f32.
pub fn model(nodes: Vec<NodeProto>) -> ModelProto {
    let graph = GraphProto {
        node: nodes,
        input: vec![value("x", F32, &["N", "3", "8", "8"])],
        output: vec![value("y", F32, &["N", "5"])],
        ..Default::default()
    };
    ModelProto {
        ir_version: Some(8),
        opset_import: vec![OperatorSetIdProto { domain: None, version: Some(17) }],
        graph: Some(graph),
        ..Default::default()
    }
}

/// The same with stored tensors.
pub fn model_with(nodes: Vec<NodeProto>, tensors: Vec<TensorProto>) -> ModelProto {
    let mut model = model(nodes);
    model.graph.as_mut().unwrap().initializer = tensors;
    model
}

/// A model whose weights `w`, 8 floats, lie in another file.
pub fn with_external(entries: &[(&str, &str)]) -> ModelProto {
    let entry = |(key, value): &(&str, &str)| StringStringEntryProto {
        key: Some((*key).to_owned()),
        value: Some((*value).to_owned()),
    };
    let weights = TensorProto {
        name: Some("w".into()),
        data_type: Some(F32),
        dims: vec![8],
        data_location: Some(1),
        external_data: entries.iter().map(entry).collect(),
        ..Default::default()
    };
    model_with(vec![node("Add", &["x", "w"], &["y"])], vec![weights])
}
