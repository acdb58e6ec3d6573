//! Shapes that follow from a graph's ports once the batch is chosen.

use crate::error::{Error, Result};
use crate::plan::{Dim, InputPort, OutputPort};
use crate::tensor::Tensor;

/// Fails when the graph fixes another batch.
pub fn check_batch(input: &InputPort, batch: usize) -> Result<()> {
    match input.shape.first().and_then(Dim::known) {
        Some(fixed) if fixed != batch => Err(Error::unusable(format!(
            "the graph fixes the batch of `{}` to {fixed}; {batch} images at once cannot be run",
            input.name
        ))
        .help(format!("ask for a batch of {fixed}, or export the model with a dynamic batch"))),
        _ => Ok(()),
    }
}

/// Fails when a tensor is not what the input takes at this batch.
pub fn check_input(input: &InputPort, batch: usize, tensor: &Tensor) -> Result<()> {
    let fits = tensor.shape().len() == input.shape.len()
        && tensor.shape().first().is_none_or(|&first| first == batch)
        && input
            .shape
            .iter()
            .zip(tensor.shape())
            .all(|(dim, &length)| dim.known().is_none_or(|n| n == length));
    if fits && tensor.element() == input.element {
        return Ok(());
    }
    Err(Error::unusable(format!(
        "`{}` takes {} {} at a batch of {batch}, not {} {:?}",
        input.name,
        input.element.name(),
        written(&input.shape),
        tensor.element().name(),
        tensor.shape(),
    )))
}

fn written(shape: &[Dim]) -> String {
    let axes: Vec<String> = shape
        .iter()
        .map(|dim| match dim {
            Dim::Known(length) => length.to_string(),
            Dim::Symbol(name) => name.clone(),
            Dim::Unknown => "?".to_owned(),
        })
        .collect();
    format!("[{}]", axes.join(", "))
}

/// Shape of the output at `batch`, where the graph states it up to the batch.
pub fn output_shape(input: &InputPort, output: &OutputPort, batch: usize) -> Option<Vec<usize>> {
    let batch_symbol = input.shape.first().filter(|dim| matches!(dim, Dim::Symbol(_)));
    if output.shape.is_empty() {
        return None;
    }
    let length = |dim: &Dim| dim.known().or_else(|| (Some(dim) == batch_symbol).then_some(batch));
    output.shape.iter().map(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Activation;
    use crate::tensor::{ElementType, Values};

    fn input(first: Dim) -> InputPort {
        let shape = vec![first, Dim::Known(1), Dim::Known(2)];
        InputPort { name: "images".into(), element: ElementType::U8, shape }
    }

    fn output(shape: Vec<Dim>) -> OutputPort {
        OutputPort {
            name: "logits".into(),
            element: ElementType::F32,
            shape,
            activation: Activation::Logits,
            background: false,
        }
    }

    #[test]
    fn a_fixed_batch_is_the_only_one() {
        let error = check_batch(&input(Dim::Known(4)), 1).unwrap_err();
        assert!(error.what.contains("to 4; 1 images"), "{error}");
        assert!(check_batch(&input(Dim::Known(4)), 4).is_ok());
        assert!(check_batch(&input(Dim::Symbol("N".into())), 7).is_ok());
    }

    #[test]
    fn an_input_of_another_shape_or_type_is_refused_with_both() {
        let port = input(Dim::Symbol("N".into()));
        let good = Tensor::new(vec![2, 1, 2], Values::U8(vec![0; 4])).unwrap();
        assert!(check_input(&port, 2, &good).is_ok());
        assert!(check_input(&port, 1, &good).is_err());
        let float = Tensor::new(vec![2, 1, 2], Values::F32(vec![0.0; 4])).unwrap();
        let error = check_input(&port, 2, &float).unwrap_err();
        assert!(
            error.what.contains("takes u8 [N, 1, 2]") && error.what.contains("not f32 [2, 1, 2]"),
            "{error}"
        );
    }

    #[test]
    fn the_output_shape_is_known_when_only_the_batch_was_open() {
        let n = || Dim::Symbol("N".into());
        let shape = |dims| output_shape(&input(n()), &output(dims), 5);
        assert_eq!(shape(vec![n(), Dim::Known(3)]), Some(vec![5, 3]));
        assert_eq!(shape(vec![Dim::Symbol("other".into()), Dim::Known(3)]), None);
        assert_eq!(shape(vec![]), None);
    }
}
