//! Stored tensors.

use prost::bytes::Bytes;

use super::StringStringEntryProto;

/// A constant: weights, biases, shapes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorProto {
    #[prost(int64, repeated, packed = "false", tag = 1)]
    pub dims: Vec<i64>,
    #[prost(int32, optional, tag = 2)]
    pub data_type: Option<i32>,
    #[prost(message, optional, tag = 3)]
    pub segment: Option<Segment>,
    #[prost(float, repeated, packed = "true", tag = 4)]
    pub float_data: Vec<f32>,
    #[prost(int32, repeated, packed = "true", tag = 5)]
    pub int32_data: Vec<i32>,
    #[prost(bytes = "bytes", repeated, tag = 6)]
    pub string_data: Vec<Bytes>,
    #[prost(int64, repeated, packed = "true", tag = 7)]
    pub int64_data: Vec<i64>,
    #[prost(string, optional, tag = 8)]
    pub name: Option<String>,
    /// A slice of the file's bytes, not a copy.
    #[prost(bytes = "bytes", optional, tag = 9)]
    pub raw_data: Option<Bytes>,
    #[prost(double, repeated, packed = "true", tag = 10)]
    pub double_data: Vec<f64>,
    #[prost(uint64, repeated, packed = "true", tag = 11)]
    pub uint64_data: Vec<u64>,
    #[prost(string, optional, tag = 12)]
    pub doc_string: Option<String>,
    #[prost(message, repeated, tag = 13)]
    pub external_data: Vec<StringStringEntryProto>,
    #[prost(int32, optional, tag = 14)]
    pub data_location: Option<i32>,
    #[prost(message, repeated, tag = 16)]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// The part of a tensor that is stored here.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Segment {
    #[prost(int64, optional, tag = 1)]
    pub begin: Option<i64>,
    #[prost(int64, optional, tag = 2)]
    pub end: Option<i64>,
}

/// A constant that stores its non-zero values only.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SparseTensorProto {
    #[prost(message, optional, tag = 1)]
    pub values: Option<TensorProto>,
    #[prost(message, optional, tag = 2)]
    pub indices: Option<TensorProto>,
    #[prost(int64, repeated, packed = "false", tag = 3)]
    pub dims: Vec<i64>,
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataType {
    F32,
    U8,
    I8,
    U16,
    I16,
    I32,
    I64,
    String,
    Bool,
    F16,
    F64,
    U32,
    U64,
    Complex64,
    Complex128,
    Bf16,
    F8E4M3Fn,
    F8E4M3FnUz,
    F8E5M2,
    F8E5M2FnUz,
    U4,
    I4,
    F4E2M1,
    F8E8M0,
    U2,
    I2,
    F6E2M3,
    F6E3M2,
    /// A number that this version of the format does not define.
    Other(i32),
}

impl DataType {
    /// The types by their number in the format, less one, with name and bits of one element.
    const TABLE: [(Self, &'static str, u64); 28] = [
        (Self::F32, "f32", 32),
        (Self::U8, "u8", 8),
        (Self::I8, "i8", 8),
        (Self::U16, "u16", 16),
        (Self::I16, "i16", 16),
        (Self::I32, "i32", 32),
        (Self::I64, "i64", 64),
        (Self::String, "string", 0),
        (Self::Bool, "bool", 8),
        (Self::F16, "f16", 16),
        (Self::F64, "f64", 64),
        (Self::U32, "u32", 32),
        (Self::U64, "u64", 64),
        (Self::Complex64, "complex64", 64),
        (Self::Complex128, "complex128", 128),
        (Self::Bf16, "bf16", 16),
        (Self::F8E4M3Fn, "f8e4m3fn", 8),
        (Self::F8E4M3FnUz, "f8e4m3fnuz", 8),
        (Self::F8E5M2, "f8e5m2", 8),
        (Self::F8E5M2FnUz, "f8e5m2fnuz", 8),
        (Self::U4, "u4", 4),
        (Self::I4, "i4", 4),
        (Self::F4E2M1, "f4e2m1", 4),
        (Self::F8E8M0, "f8e8m0", 8),
        (Self::U2, "u2", 2),
        (Self::I2, "i2", 2),
        (Self::F6E2M3, "f6e2m3", 6),
        (Self::F6E3M2, "f6e3m2", 6),
    ];

    /// The type that has `code` in the format.
    pub fn from_code(code: i32) -> Self {
        let row = usize::try_from(code).ok().and_then(|code| code.checked_sub(1));
        row.and_then(|row| Self::TABLE.get(row)).map_or(Self::Other(code), |(kind, ..)| *kind)
    }

    /// Name as shown to users: `f32`, `u8`, `bf16`.
    pub fn name(self) -> &'static str {
        self.row().map_or("unknown", |(_, name, _)| name)
    }

    /// Bits of one element; 0 for strings, whose length varies, and for unknown types.
    pub fn bits(self) -> u64 {
        self.row().map_or(0, |(_, _, bits)| *bits)
    }

    /// Whether elements are floating-point numbers.
    pub fn is_float(self) -> bool {
        self.name().starts_with('f') || self == Self::Bf16
    }

    fn row(self) -> Option<&'static (Self, &'static str, u64)> {
        Self::TABLE.iter().find(|(kind, ..)| *kind == self)
    }
}

impl TensorProto {
    /// Type of the elements.
    pub fn element(&self) -> DataType {
        DataType::from_code(self.data_type())
    }

    /// Number of elements; one for a scalar. A shape that makes no sense counts as empty.
    pub fn count(&self) -> u64 {
        let mut lengths = self.dims.iter().map(|&length| u64::try_from(length).ok());
        lengths.try_fold(1u64, |product, length| product.checked_mul(length?)).unwrap_or(0)
    }

    /// Bytes of the elements, wherever they are stored.
    pub fn data_bytes(&self) -> u64 {
        match self.element() {
            DataType::String => self.string_data.iter().map(|text| text.len() as u64).sum(),
            element => self.count().saturating_mul(element.bits()).div_ceil(8),
        }
    }

    /// Whether the elements lie in another file.
    pub fn is_external(&self) -> bool {
        const EXTERNAL: i32 = 1;
        self.data_location() == EXTERNAL
    }

    /// Value of `key` among the entries that tell where external data lies.
    pub fn external(&self, key: &str) -> Option<&str> {
        self.external_data.iter().find(|entry| entry.key() == key).map(|entry| entry.value())
    }

    /// The elements of an 8-bit, 16-bit or 32-bit integer tensor, if they are stored in the model.
    pub fn integers(&self) -> Option<Vec<i32>> {
        if self.is_external() {
            return None;
        }
        match (&self.raw_data, self.element()) {
            (Some(raw), DataType::I8) => {
                Some(raw.iter().map(|&byte| i32::from(byte.cast_signed())).collect())
            }
            (Some(raw), DataType::U8) => Some(raw.iter().map(|&byte| i32::from(byte)).collect()),
            (Some(raw), DataType::I16) => Some(words(raw, |pair| i32::from(i16::from_le_bytes(pair)))),
            (Some(raw), DataType::U16) => Some(words(raw, |pair| i32::from(u16::from_le_bytes(pair)))),
            (Some(raw), DataType::I32) => Some(words(raw, i32::from_le_bytes)),
            (None, DataType::I8 | DataType::U8 | DataType::I16 | DataType::U16 | DataType::I32) => {
                Some(self.int32_data.clone())
            }
            _ => None,
        }
    }
}

fn words<const N: usize>(raw: &[u8], value: impl Fn([u8; N]) -> i32) -> Vec<i32> {
    raw.as_chunks::<N>().0.iter().map(|&word| value(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_numbers_are_those_of_the_format() {
        for (code, name) in
            [(1, "f32"), (2, "u8"), (3, "i8"), (7, "i64"), (10, "f16"), (16, "bf16"), (22, "i4")]
        {
            assert_eq!(DataType::from_code(code).name(), name);
        }
        for code in [0, -1, 29, i32::MIN, i32::MAX] {
            assert_eq!(DataType::from_code(code), DataType::Other(code));
        }
    }

    #[test]
    fn a_tensor_of_half_bytes_is_rounded_up() {
        let tensor = TensorProto { dims: vec![3, 3], data_type: Some(22), ..Default::default() };
        assert_eq!(tensor.data_bytes(), 5);
    }

    #[test]
    fn absurd_shapes_have_no_elements_and_do_not_overflow() {
        for dims in [vec![-1, 4], vec![i64::MAX, i64::MAX]] {
            let tensor = TensorProto { dims, data_type: Some(1), ..Default::default() };
            assert_eq!(tensor.data_bytes(), 0);
        }
        let huge = TensorProto { dims: vec![i64::MAX], data_type: Some(11), ..Default::default() };
        assert_eq!(huge.data_bytes(), u64::MAX / 8 + 1);
    }

    #[test]
    fn integers_are_read_from_raw_bytes_and_from_numbers_alike() {
        let raw = TensorProto {
            data_type: Some(3),
            raw_data: Some(Bytes::from_static(&[0xff, 1])),
            ..Default::default()
        };
        let plain = TensorProto { data_type: Some(3), int32_data: vec![-1, 1], ..Default::default() };
        assert_eq!(raw.integers(), Some(vec![-1, 1]));
        assert_eq!(raw.integers(), plain.integers());
        let external = TensorProto { data_location: Some(1), ..raw };
        assert_eq!(external.integers(), None);
    }
}
