//! Graphs, nodes and their attributes.

use prost::bytes::Bytes;

use super::{SparseTensorProto, StringStringEntryProto, TensorProto, TypeProto, ValueInfoProto};

/// Nodes in topological order with their constants, inputs and outputs.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GraphProto {
    #[prost(message, repeated, tag = 1)]
    pub node: Vec<NodeProto>,
    #[prost(string, optional, tag = 2)]
    pub name: Option<String>,
    #[prost(message, repeated, tag = 5)]
    pub initializer: Vec<TensorProto>,
    #[prost(string, optional, tag = 10)]
    pub doc_string: Option<String>,
    #[prost(message, repeated, tag = 11)]
    pub input: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = 12)]
    pub output: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = 13)]
    pub value_info: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = 14)]
    pub quantization_annotation: Vec<TensorAnnotation>,
    #[prost(message, repeated, tag = 15)]
    pub sparse_initializer: Vec<SparseTensorProto>,
    #[prost(message, repeated, tag = 16)]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// One operator at work.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NodeProto {
    #[prost(string, repeated, tag = 1)]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = 2)]
    pub output: Vec<String>,
    #[prost(string, optional, tag = 3)]
    pub name: Option<String>,
    #[prost(string, optional, tag = 4)]
    pub op_type: Option<String>,
    #[prost(message, repeated, tag = 5)]
    pub attribute: Vec<AttributeProto>,
    #[prost(string, optional, tag = 6)]
    pub doc_string: Option<String>,
    #[prost(string, optional, tag = 7)]
    pub domain: Option<String>,
    #[prost(string, optional, tag = 8)]
    pub overload: Option<String>,
    #[prost(message, repeated, tag = 9)]
    pub metadata_props: Vec<StringStringEntryProto>,
    #[prost(message, repeated, tag = 10)]
    pub device_configurations: Vec<NodeDeviceConfigurationProto>,
}

/// A named setting of a node.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttributeProto {
    #[prost(string, optional, tag = 1)]
    pub name: Option<String>,
    #[prost(float, optional, tag = 2)]
    pub f: Option<f32>,
    #[prost(int64, optional, tag = 3)]
    pub i: Option<i64>,
    #[prost(bytes = "bytes", optional, tag = 4)]
    pub s: Option<Bytes>,
    #[prost(message, optional, tag = 5)]
    pub t: Option<TensorProto>,
    #[prost(message, optional, tag = 6)]
    pub g: Option<GraphProto>,
    #[prost(float, repeated, packed = "false", tag = 7)]
    pub floats: Vec<f32>,
    #[prost(int64, repeated, packed = "false", tag = 8)]
    pub ints: Vec<i64>,
    #[prost(bytes = "bytes", repeated, tag = 9)]
    pub strings: Vec<Bytes>,
    #[prost(message, repeated, tag = 10)]
    pub tensors: Vec<TensorProto>,
    #[prost(message, repeated, tag = 11)]
    pub graphs: Vec<GraphProto>,
    #[prost(string, optional, tag = 13)]
    pub doc_string: Option<String>,
    #[prost(message, optional, tag = 14)]
    pub tp: Option<TypeProto>,
    #[prost(message, repeated, tag = 15)]
    pub type_protos: Vec<TypeProto>,
    #[prost(int32, optional, tag = 20)]
    pub r#type: Option<i32>,
    #[prost(string, optional, tag = 21)]
    pub ref_attr_name: Option<String>,
    #[prost(message, optional, tag = 22)]
    pub sparse_tensor: Option<SparseTensorProto>,
    #[prost(message, repeated, tag = 23)]
    pub sparse_tensors: Vec<SparseTensorProto>,
}

/// Names the tensors that hold a value's scale and zero point.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TensorAnnotation {
    #[prost(string, optional, tag = 1)]
    pub tensor_name: Option<String>,
    #[prost(message, repeated, tag = 2)]
    pub quant_parameter_tensor_names: Vec<StringStringEntryProto>,
}

/// Where a node runs in one of the model's device configurations.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct NodeDeviceConfigurationProto {
    #[prost(string, optional, tag = 1)]
    pub configuration_id: Option<String>,
    #[prost(message, repeated, tag = 2)]
    pub sharding_spec: Vec<ShardingSpecProto>,
    #[prost(int32, optional, tag = 3)]
    pub pipeline_stage: Option<i32>,
}

/// How a tensor is spread over devices.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShardingSpecProto {
    #[prost(string, optional, tag = 1)]
    pub tensor_name: Option<String>,
    #[prost(int64, repeated, packed = "false", tag = 2)]
    pub device: Vec<i64>,
    #[prost(message, repeated, tag = 3)]
    pub index_to_device_group_map: Vec<IntIntListEntryProto>,
    #[prost(message, repeated, tag = 4)]
    pub sharded_dim: Vec<ShardedDimProto>,
}

/// A number and a list of numbers.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct IntIntListEntryProto {
    #[prost(int64, optional, tag = 1)]
    pub key: Option<i64>,
    #[prost(int64, repeated, packed = "false", tag = 2)]
    pub value: Vec<i64>,
}

/// How one axis is spread.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShardedDimProto {
    #[prost(int64, optional, tag = 1)]
    pub axis: Option<i64>,
    #[prost(message, repeated, tag = 2)]
    pub simple_sharding: Vec<SimpleShardedDimProto>,
}

/// One part of an axis.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SimpleShardedDimProto {
    #[prost(int64, optional, tag = 1)]
    pub dim_value: Option<i64>,
    #[prost(string, optional, tag = 2)]
    pub dim_param: Option<String>,
    #[prost(int64, optional, tag = 3)]
    pub num_shards: Option<i64>,
}
