//! Owned, contiguous, row-major tensors: just enough to feed a model and read its answer.

use half::f16;
use ndarray::{ArrayViewD, IxDyn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The element types that image classifiers take and give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ElementType {
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
    /// Unsigned byte.
    U8,
    /// Signed byte.
    I8,
}

impl ElementType {
    /// Name as shown to users: `f32`, `f16`, `u8`, `i8`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::U8 => "u8",
            Self::I8 => "i8",
        }
    }
}

/// The values of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 16-bit floats.
    F16(Vec<f16>),
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Signed bytes.
    I8(Vec<i8>),
}

impl Values {
    /// `count` zeros of `element`.
    pub fn zeros(element: ElementType, count: usize) -> Self {
        match element {
            ElementType::F32 => Self::F32(vec![0.0; count]),
            ElementType::F16 => Self::F16(vec![f16::ZERO; count]),
            ElementType::U8 => Self::U8(vec![0; count]),
            ElementType::I8 => Self::I8(vec![0; count]),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F16(v) => v.len(),
            Self::U8(v) => v.len(),
            Self::I8(v) => v.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    pub fn element(&self) -> ElementType {
        match self {
            Self::F32(_) => ElementType::F32,
            Self::F16(_) => ElementType::F16,
            Self::U8(_) => ElementType::U8,
            Self::I8(_) => ElementType::I8,
        }
    }

    /// Adds the values of `other` at the end; fails when they are of another type.
    pub fn append(&mut self, other: &Self) -> Result<()> {
        match (self, other) {
            (Self::F32(values), Self::F32(more)) => values.extend_from_slice(more),
            (Self::F16(values), Self::F16(more)) => values.extend_from_slice(more),
            (Self::U8(values), Self::U8(more)) => values.extend_from_slice(more),
            (Self::I8(values), Self::I8(more)) => values.extend_from_slice(more),
            (values, more) => {
                let (have, other) = (values.element().name(), more.element().name());
                return Err(Error::unusable(format!("{other} values cannot follow {have} values")));
            }
        }
        Ok(())
    }

    /// Keeps the first `count` values.
    pub fn truncate(&mut self, count: usize) {
        match self {
            Self::F32(values) => values.truncate(count),
            Self::F16(values) => values.truncate(count),
            Self::U8(values) => values.truncate(count),
            Self::I8(values) => values.truncate(count),
        }
    }

    /// Sets the values from the one at `start` on to zero.
    pub fn clear_from(&mut self, start: usize) {
        fn clear<T: Default + Copy>(values: &mut [T], start: usize) {
            if let Some(values) = values.get_mut(start..) {
                values.fill(T::default());
            }
        }
        match self {
            Self::F32(values) => clear(values, start),
            Self::F16(values) => clear(values, start),
            Self::U8(values) => clear(values, start),
            Self::I8(values) => clear(values, start),
        }
    }

    /// The values one after the other, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::U8(values) => values.clone(),
            Self::I8(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// What [`Values::to_bytes`] wrote; bytes beyond the last whole value are left out.
    pub fn from_bytes(element: ElementType, bytes: &[u8]) -> Self {
        let (twos, fours) = (bytes.as_chunks::<2>().0, bytes.as_chunks::<4>().0);
        match element {
            ElementType::F32 => Self::F32(fours.iter().map(|four| f32::from_le_bytes(*four)).collect()),
            ElementType::F16 => Self::F16(twos.iter().map(|two| f16::from_le_bytes(*two)).collect()),
            ElementType::U8 => Self::U8(bytes.to_vec()),
            ElementType::I8 => Self::I8(bytes.iter().map(|&byte| i8::from_le_bytes([byte])).collect()),
        }
    }

    /// Every element as `f32`; exact for all four types.
    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            Self::F32(v) => v.clone(),
            Self::F16(v) => v.iter().map(|x| x.to_f32()).collect(),
            Self::U8(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Self::I8(v) => v.iter().map(|&x| f32::from(x)).collect(),
        }
    }
}

/// A tensor: a shape and as many values as it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    values: Values,
}

impl Tensor {
    /// A tensor of `shape`; fails when the number of values is another.
    pub fn new(shape: Vec<usize>, values: Values) -> Result<Self> {
        let wanted = shape
            .iter()
            .try_fold(1usize, |product, &d| product.checked_mul(d))
            .ok_or_else(|| Error::unusable(format!("a tensor of shape {shape:?} is too large")))?;
        if wanted != values.len() {
            return Err(Error::unusable(format!(
                "a tensor of shape {shape:?} needs {wanted} values, not {}",
                values.len()
            )));
        }
        Ok(Self { shape, values })
    }

    /// Dimensions, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, row-major.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Type of the elements.
    pub fn element(&self) -> ElementType {
        self.values.element()
    }

    /// Takes the values out.
    pub fn into_values(self) -> Values {
        self.values
    }

    /// An `ndarray` view, when the elements are `f32`.
    pub fn view_f32(&self) -> Option<ArrayViewD<'_, f32>> {
        match &self.values {
            Values::F32(v) => ArrayViewD::from_shape(IxDyn(&self.shape), v).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cleared_from_a_place_on() {
        for element in [ElementType::F32, ElementType::F16, ElementType::U8, ElementType::I8] {
            let mut values = Values::from_bytes(element, &[1; 16]);
            let before = values.to_f32();
            values.clear_from(1);
            let after = values.to_f32();
            assert_eq!((after[0], after.len()), (before[0], before.len()));
            assert!(after[1..].iter().all(|&value| value == 0.0) && before.iter().all(|&value| value != 0.0));
            values.clear_from(99);
            assert_eq!(values.to_f32(), after);
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_the_values_is_refused_with_both_numbers() {
        let error = Tensor::new(vec![2, 3], Values::F32(vec![0.0; 5])).unwrap_err();
        assert!(error.what.contains("needs 6 values, not 5"), "{error}");
    }

    #[test]
    fn a_shape_whose_product_overflows_is_refused() {
        let shape = vec![usize::MAX, 2];
        assert!(Tensor::new(shape, Values::U8(vec![])).is_err());
    }

    #[test]
    fn the_view_has_the_shape() {
        let tensor = Tensor::new(vec![1, 2], Values::F32(vec![1.0, 2.0])).unwrap();
        assert_eq!(tensor.view_f32().unwrap()[[0, 1]], 2.0);
    }
}
