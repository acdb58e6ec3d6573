//! What goes into a graph and what comes out.

use super::ModelFile;
use super::census::element;
use super::onnx::{DataType, Dimension, GraphProto, ValueInfoProto};
use crate::plan::Dim;

/// One input or output of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name in the graph.
    pub name: String,
    /// Type of the elements; none for a value that is not a tensor.
    pub element: Option<DataType>,
    /// Axes; none when the graph does not state them.
    pub shape: Option<Vec<Dim>>,
}

/// Inputs that the caller must feed, and outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Inputs in order, without those that an initializer provides.
    pub inputs: Vec<Port>,
    /// Outputs in order.
    pub outputs: Vec<Port>,
}

impl ModelFile {
    /// What goes into the main graph and what comes out.
    pub fn signature(&self) -> Signature {
        Signature::of(self.graph())
    }
}

impl Signature {
    pub(super) fn of(graph: &GraphProto) -> Self {
        let provided = |name: &str| graph.initializer.iter().any(|tensor| tensor.name() == name);
        let fed = graph.input.iter().filter(|value| !provided(value.name()));
        Self { inputs: fed.map(Port::of).collect(), outputs: graph.output.iter().map(Port::of).collect() }
    }
}

impl Port {
    fn of(value: &ValueInfoProto) -> Self {
        let shape = || Some(value.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?.dim.as_slice());
        Self {
            name: value.name().to_owned(),
            element: element(value),
            shape: shape().map(|dims| dims.iter().map(dim).collect()),
        }
    }

    /// The shape as users see it: `[batch, 1, 8, 8]`, or `of unstated shape`.
    pub fn shape_text(&self) -> String {
        self.shape.as_deref().map_or_else(|| "of unstated shape".to_owned(), shape_text)
    }

    /// Name of the element type, or that it is none.
    pub fn element_name(&self) -> &'static str {
        self.element.map_or("not a tensor", DataType::name)
    }
}

/// A shape as users see it: `[batch, 1, 8, 8]`; `?` for a length that is not stated.
pub fn shape_text(shape: &[Dim]) -> String {
    let dim = |dim: &Dim| match dim {
        Dim::Known(length) => length.to_string(),
        Dim::Symbol(name) => name.clone(),
        Dim::Unknown => "?".to_owned(),
    };
    format!("[{}]", shape.iter().map(dim).collect::<Vec<_>>().join(", "))
}

/// Exporters write 0 or −1 for a length that they do not know.
fn dim(dimension: &Dimension) -> Dim {
    match (dimension.dim_value.and_then(|length| usize::try_from(length).ok()), dimension.dim_param()) {
        (Some(length), _) if length > 0 => Dim::Known(length),
        (_, name) if !name.is_empty() => Dim::Symbol(name.to_owned()),
        _ => Dim::Unknown,
    }
}
