//! Types and shapes of values.

use super::StringStringEntryProto;

/// A value's name and type.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueInfoProto {
    #[prost(string, optional, tag = 1)]
    pub name: Option<String>,
    #[prost(message, optional, tag = 2)]
    pub r#type: Option<TypeProto>,
    #[prost(string, optional, tag = 3)]
    pub doc_string: Option<String>,
    #[prost(message, repeated, tag = 4)]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// What a value is; one of the type fields is set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TypeProto {
    #[prost(message, optional, tag = 1)]
    pub tensor_type: Option<TensorType>,
    #[prost(message, optional, boxed, tag = 4)]
    pub sequence_type: Option<Box<SequenceType>>,
    #[prost(message, optional, boxed, tag = 5)]
    pub map_type: Option<Box<MapType>>,
    #[prost(string, optional, tag = 6)]
    pub denotation: Option<String>,
    #[prost(message, optional, tag = 7)]
    pub opaque_type: Option<OpaqueType>,
    #[prost(message, optional, tag = 8)]
    pub sparse_tensor_type: Option<TensorType>,
    #[prost(message, optional, boxed, tag = 9)]
    pub optional_type: Option<Box<OptionalType>>,
}

/// A tensor, dense or sparse: both messages have the same fields.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TensorType {
    #[prost(int32, optional, tag = 1)]
    pub elem_type: Option<i32>,
    #[prost(message, optional, tag = 2)]
    pub shape: Option<TensorShapeProto>,
}

/// A list of values.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SequenceType {
    #[prost(message, optional, boxed, tag = 1)]
    pub elem_type: Option<Box<TypeProto>>,
}

/// A map from scalars to values.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MapType {
    #[prost(int32, optional, tag = 1)]
    pub key_type: Option<i32>,
    #[prost(message, optional, boxed, tag = 2)]
    pub value_type: Option<Box<TypeProto>>,
}

/// A value that may be absent.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OptionalType {
    #[prost(message, optional, boxed, tag = 1)]
    pub elem_type: Option<Box<TypeProto>>,
}

/// A type that only one domain knows.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OpaqueType {
    #[prost(string, optional, tag = 1)]
    pub domain: Option<String>,
    #[prost(string, optional, tag = 2)]
    pub name: Option<String>,
}

/// The axes of a tensor.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TensorShapeProto {
    #[prost(message, repeated, tag = 1)]
    pub dim: Vec<Dimension>,
}

/// One axis: a length, a name, or neither.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Dimension {
    #[prost(int64, optional, tag = 1)]
    pub dim_value: Option<i64>,
    #[prost(string, optional, tag = 2)]
    pub dim_param: Option<String>,
    #[prost(string, optional, tag = 3)]
    pub denotation: Option<String>,
}
