//! The file as a whole.

use super::{AttributeProto, GraphProto, NodeProto, ValueInfoProto};

/// An ONNX file.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ModelProto {
    #[prost(int64, optional, tag = 1)]
    pub ir_version: Option<i64>,
    #[prost(string, optional, tag = 2)]
    pub producer_name: Option<String>,
    #[prost(string, optional, tag = 3)]
    pub producer_version: Option<String>,
    #[prost(string, optional, tag = 4)]
    pub domain: Option<String>,
    #[prost(int64, optional, tag = 5)]
    pub model_version: Option<i64>,
    #[prost(string, optional, tag = 6)]
    pub doc_string: Option<String>,
    #[prost(message, optional, tag = 7)]
    pub graph: Option<GraphProto>,
    #[prost(message, repeated, tag = 8)]
    pub opset_import: Vec<OperatorSetIdProto>,
    #[prost(message, repeated, tag = 14)]
    pub metadata_props: Vec<StringStringEntryProto>,
    #[prost(message, repeated, tag = 20)]
    pub training_info: Vec<TrainingInfoProto>,
    #[prost(message, repeated, tag = 25)]
    pub functions: Vec<FunctionProto>,
    #[prost(message, repeated, tag = 26)]
    pub configuration: Vec<DeviceConfigurationProto>,
}

/// The version of one domain's operators that the model uses.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OperatorSetIdProto {
    #[prost(string, optional, tag = 1)]
    pub domain: Option<String>,
    #[prost(int64, optional, tag = 2)]
    pub version: Option<i64>,
}

/// A key and a value.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StringStringEntryProto {
    #[prost(string, optional, tag = 1)]
    pub key: Option<String>,
    #[prost(string, optional, tag = 2)]
    pub value: Option<String>,
}

/// How to go on training the model.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TrainingInfoProto {
    #[prost(message, optional, tag = 1)]
    pub initialization: Option<GraphProto>,
    #[prost(message, optional, tag = 2)]
    pub algorithm: Option<GraphProto>,
    #[prost(message, repeated, tag = 3)]
    pub initialization_binding: Vec<StringStringEntryProto>,
    #[prost(message, repeated, tag = 4)]
    pub update_binding: Vec<StringStringEntryProto>,
}

/// An operator defined by the model itself.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FunctionProto {
    #[prost(string, optional, tag = 1)]
    pub name: Option<String>,
    #[prost(string, repeated, tag = 4)]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = 5)]
    pub output: Vec<String>,
    #[prost(string, repeated, tag = 6)]
    pub attribute: Vec<String>,
    #[prost(message, repeated, tag = 7)]
    pub node: Vec<NodeProto>,
    #[prost(string, optional, tag = 8)]
    pub doc_string: Option<String>,
    #[prost(message, repeated, tag = 9)]
    pub opset_import: Vec<OperatorSetIdProto>,
    #[prost(string, optional, tag = 10)]
    pub domain: Option<String>,
    #[prost(message, repeated, tag = 11)]
    pub attribute_proto: Vec<AttributeProto>,
    #[prost(message, repeated, tag = 12)]
    pub value_info: Vec<ValueInfoProto>,
    #[prost(string, optional, tag = 13)]
    pub overload: Option<String>,
    #[prost(message, repeated, tag = 14)]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// A set of devices that the model was made for.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DeviceConfigurationProto {
    #[prost(string, optional, tag = 1)]
    pub name: Option<String>,
    #[prost(int32, optional, tag = 2)]
    pub num_devices: Option<i32>,
    #[prost(string, repeated, tag = 3)]
    pub device: Vec<String>,
}
