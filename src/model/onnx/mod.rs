//! The messages of an ONNX file, with the field names and numbers of its format (onnx.proto as of
//! ONNX 1.23, IR version 14). A decoded file is encoded again byte for byte, so that tools can edit
//! a model and change nothing else.
//!
//! Two choices serve that. Every scalar field is an `Option`, since the format tells an absent field
//! from one that holds the default. And the members of a `oneof` are plain optional fields: the
//! bytes are the same, and prost then writes them in the order of their numbers, as protobuf does.

#![allow(missing_docs, reason = "the fields are the format's own, explained by its specification")]

mod graph;
mod model;
mod tensor;
mod types;

pub use graph::{
    AttributeProto, GraphProto, IntIntListEntryProto, NodeDeviceConfigurationProto, NodeProto,
    ShardedDimProto, ShardingSpecProto, SimpleShardedDimProto, TensorAnnotation,
};
pub use model::{
    DeviceConfigurationProto, FunctionProto, ModelProto, OperatorSetIdProto, StringStringEntryProto,
    TrainingInfoProto,
};
pub use tensor::{DataType, Segment, SparseTensorProto, TensorProto};
pub use types::{
    Dimension, MapType, OpaqueType, OptionalType, SequenceType, TensorShapeProto, TensorType, TypeProto,
    ValueInfoProto,
};
