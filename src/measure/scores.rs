//! From a model's output tensor to one row of scores an image.

use crate::error::{Error, Result};
use crate::plan::{Activation, OutputPort};
use crate::runtime::Session;
use crate::tensor::{Tensor, Values};

/// Rows of scores: one for each image of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Scores in each row.
    pub classes: usize,
    /// Row after row.
    pub values: Vec<f32>,
}

impl Scores {
    /// The first `count` rows.
    pub fn rows(&self, count: usize) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.classes).take(count)
    }
}

/// The scores of a batch of `batch` images, which must be as many an image as the data has `classes`.
pub fn run(
    session: &mut dyn Session,
    tensor: &Tensor,
    batch: usize,
    port: &OutputPort,
    classes: usize,
) -> Result<Scores> {
    let scores = read(session.infer(tensor)?, batch, port)?;
    if scores.classes != classes {
        return Err(class_mismatch(scores.classes, classes).at(format!("output `{}`", port.name)));
    }
    Ok(scores)
}

/// The error for a model whose number of classes is not the data set's.
pub fn class_mismatch(model: usize, data: usize) -> Error {
    let help = if model == data + 1 {
        "if the model's first output is background, say --background-class; else give the data set that it was made for with --data"
    } else {
        "give the data set that the model was made for with --data, or another output with --output"
    };
    Error::unusable(format!("the model has {model} classes, the data set has {data}")).help(help)
}

/// Reads `[N, K]`, `[N, 1]` (also with more axes of length 1) or, for one image, `[K]`.
///
/// One output for each image means a binary model: its row becomes two scores, of class 0 and
/// class 1: `[1 − p, p]` for a probability, `[0, z]` for a logit, so that softmax gives the sigmoid.
/// A first score that is that of background is left out.
pub fn read(output: Tensor, batch: usize, port: &OutputPort) -> Result<Scores> {
    let columns = columns(output.shape(), batch)
        .ok_or_else(|| {
            Error::unusable(format!("output has shape {:?}, which is not one row of scores for each of {batch} images", output.shape()))
                .at(format!("output `{}`", port.name))
                .help("a classifier gives [N, K], [N, 1] or, for one image, [K]; choose another output with --output NAME")
        })?;
    if let Some(declared) = port.classes().filter(|&declared| declared != columns) {
        return Err(Error::unusable(format!(
            "the graph declares {declared} scores an image, and the run gave {columns}"
        ))
        .at(format!("output `{}`", port.name))
        .help("export the model again: the shape that it states for its output is wrong"));
    }
    let values = match output.into_values() {
        Values::F32(values) => values,
        other => other.to_f32(),
    };
    if port.background {
        return without_background(&values, columns, port);
    }
    if columns > 1 {
        return Ok(Scores { classes: columns, values });
    }
    let pair = |&score: &f32| match port.activation {
        Activation::Probabilities => [1.0 - score, score],
        Activation::Logits => [0.0, score],
    };
    Ok(Scores { classes: 2, values: values.iter().flat_map(pair).collect() })
}

/// The scores of an image given that it shows no background: probabilities are divided by what is
/// left for the classes, as softmax over the logits that are left would have it.
fn without_background(values: &[f32], columns: usize, port: &OutputPort) -> Result<Scores> {
    if columns < 3 {
        return Err(Error::usage(format!(
            "the model has {columns} score{} an image: without background that leaves fewer than two classes",
            if columns == 1 { "" } else { "s" }
        ))
        .at(format!("output `{}`", port.name))
        .help("leave --background-class out, or `background_class` under [model]"));
    }
    let mut kept = Vec::with_capacity(values.len() - values.len() / columns);
    for row in values.chunks_exact(columns).map(|row| &row[1..]) {
        let rest: f32 = match port.activation {
            Activation::Probabilities => row.iter().sum(),
            Activation::Logits => 1.0,
        };
        // All for background: nothing to divide, and every class is as unlikely as the next.
        let rest = if rest > 0.0 { rest } else { 1.0 };
        kept.extend(row.iter().map(|score| score / rest));
    }
    Ok(Scores { classes: columns - 1, values: kept })
}

fn columns(shape: &[usize], batch: usize) -> Option<usize> {
    match shape {
        [classes] if batch == 1 => Some(*classes),
        [n] => (*n == batch).then_some(1),
        [n, axes @ ..] if *n == batch => {
            let mut longer = axes.iter().copied().filter(|&length| length != 1);
            let classes = longer.next().unwrap_or(1);
            (classes > 0 && longer.next().is_none()).then_some(classes)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Dim;
    use crate::tensor::ElementType;

    fn port(activation: Activation) -> OutputPort {
        OutputPort {
            name: "y".into(),
            element: ElementType::F32,
            shape: vec![],
            activation,
            background: false,
        }
    }

    fn tensor(shape: &[usize], values: &[f32]) -> Tensor {
        Tensor::new(shape.to_vec(), Values::F32(values.to_vec())).unwrap()
    }

    #[test]
    fn a_matrix_is_taken_row_by_row() {
        let scores = read(tensor(&[2, 3], &[1., 2., 3., 4., 5., 6.]), 2, &port(Activation::Logits)).unwrap();
        assert_eq!(scores.rows(2).collect::<Vec<_>>(), [[1., 2., 3.], [4., 5., 6.]]);
    }

    #[test]
    fn one_probability_becomes_two() {
        let scores = read(tensor(&[2, 1], &[0.25, 1.0]), 2, &port(Activation::Probabilities)).unwrap();
        assert_eq!(scores.values, [0.75, 0.25, 0.0, 1.0]);
    }

    #[test]
    fn one_logit_becomes_two_whose_softmax_is_its_sigmoid() {
        let scores = read(tensor(&[1, 1], &[2.0]), 1, &port(Activation::Logits)).unwrap();
        let softmax = scores.values[1].exp() / (scores.values[0].exp() + scores.values[1].exp());
        assert!((softmax - 1.0 / (1.0 + (-2.0f32).exp())).abs() < 1e-6);
    }

    #[test]
    fn a_vector_is_one_image_or_one_score_for_each() {
        assert_eq!(read(tensor(&[3], &[1., 2., 3.]), 1, &port(Activation::Logits)).unwrap().classes, 3);
        let binary = read(tensor(&[3], &[1., 0., 1.]), 3, &port(Activation::Probabilities)).unwrap();
        assert_eq!((binary.classes, binary.values.len()), (2, 6));
    }

    #[test]
    fn axes_of_length_one_are_no_axes() {
        for shape in [&[1, 3, 1, 1][..], &[1, 1, 1, 3], &[1, 1, 3]] {
            let scores = read(tensor(shape, &[1., 2., 3.]), 1, &port(Activation::Logits)).unwrap();
            assert_eq!(scores.classes, 3, "{shape:?}");
        }
        assert_eq!(read(tensor(&[1, 1], &[1.]), 1, &port(Activation::Probabilities)).unwrap().classes, 2);
    }

    #[test]
    fn background_is_left_out_of_logits_as_they_are() {
        let port = OutputPort { background: true, ..port(Activation::Logits) };
        let scores = read(tensor(&[2, 3], &[9., 2., 3., 4., -5., 6.]), 2, &port).unwrap();
        assert_eq!((scores.classes, scores.values.as_slice()), (2, &[2., 3., -5., 6.][..]));
    }

    #[test]
    fn probabilities_without_background_sum_to_one_again() {
        let port = OutputPort { background: true, ..port(Activation::Probabilities) };
        let scores = read(tensor(&[2, 3], &[0.5, 0.125, 0.375, 1.0, 0.0, 0.0]), 2, &port).unwrap();
        assert_eq!(scores.values, [0.25, 0.75, 0.0, 0.0]);
    }

    #[test]
    fn background_beside_one_class_is_refused() {
        let port = OutputPort { background: true, ..port(Activation::Logits) };
        for columns in [1, 2] {
            let error = read(tensor(&[1, columns], &vec![1.0; columns]), 1, &port).unwrap_err();
            assert!(error.help.unwrap().contains("--background-class"));
        }
    }

    #[test]
    fn another_number_of_scores_than_declared_is_refused_with_both() {
        let declared = OutputPort { shape: vec![Dim::Unknown, Dim::Known(4)], ..port(Activation::Logits) };
        let error = read(tensor(&[1, 3], &[1., 2., 3.]), 1, &declared).unwrap_err();
        assert!(error.what.contains("declares 4") && error.what.contains("gave 3"), "{error}");
    }

    #[test]
    fn anything_else_is_refused_with_its_shape() {
        for shape in [&[2, 3, 4][..], &[3, 2], &[2, 0]] {
            let count = shape.iter().product();
            let error = read(tensor(shape, &vec![0.0; count]), 2, &port(Activation::Logits)).unwrap_err();
            assert!(error.what.contains(&format!("{shape:?}")), "{error}");
        }
    }
}
