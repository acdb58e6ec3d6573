//! Predictions set against the truth, once for all metrics that need it.

use super::Confusion;
use super::probability::{ProbabilityScore, Rows};
use crate::error::{Error, Result};
use crate::plan::Activation;
use crate::record::{Prediction, Predictions};

/// One image's scores against its truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageScore {
    /// True class.
    pub label: u32,
    /// The class of the highest score, the lowest index among equals; none where a score is not
    /// finite. Such an image counts as wrong.
    pub predicted: Option<u32>,
    /// Whether several classes share the highest score.
    pub tied: bool,
    /// Whether fewer than five classes rank before the true one: those with a higher score, and
    /// those with an equal score and a lower index.
    pub in_top5: bool,
    /// What the probabilities say; none where a score is not finite or, for probabilities, not
    /// within [0, 1].
    pub probability: Option<ProbabilityScore>,
}

impl ImageScore {
    fn of(prediction: Prediction<'_>, rows: &mut Rows) -> Self {
        let Prediction { label, scores, .. } = prediction;
        let Some((best, top)) = highest(scores) else {
            return Self { label, predicted: None, tied: false, in_top5: false, probability: None };
        };
        Self {
            label,
            predicted: Some(best),
            tied: scores.iter().filter(|&&score| score == top).count() > 1,
            in_top5: ranked_before(scores, label as usize) < 5,
            probability: rows.score(scores, label as usize, best as usize),
        }
    }

    /// Whether the prediction is the truth.
    pub fn is_correct(&self) -> bool {
        self.predicted == Some(self.label)
    }
}

/// Scores one prediction, without keeping it. Fails as [`Scoring::of`] does.
pub fn score(prediction: Prediction<'_>, activation: Activation) -> Result<ImageScore> {
    checked(prediction, &mut Rows::of(activation))
}

fn checked(row: Prediction<'_>, rows: &mut Rows) -> Result<ImageScore> {
    let classes = row.scores.len();
    if (row.label as usize) < classes {
        return Ok(ImageScore::of(row, rows));
    }
    Err(Error::unusable(format!("label {} is not one of {classes} classes", row.label))
        .at(row.id)
        .help("evaluate again on a data set whose classes are the model's"))
}

/// All predictions of a run against the truth, in the order of the predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Scoring {
    images: Vec<ImageScore>,
    confusion: Confusion,
}

impl Scoring {
    /// Scores each row. Fails, naming the image, where a label is not among the classes.
    pub fn of(predictions: &Predictions, activation: Activation) -> Result<Self> {
        let classes = predictions.classes();
        let mut rows = Rows::of(activation);
        let score = |row| checked(row, &mut rows);
        Ok(Self::from_images(predictions.iter().map(score).collect::<Result<_>>()?, classes))
    }

    /// Only these rows, in this order; rows that do not exist are left out.
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let images = rows.into_iter().filter_map(|row| self.images.get(row).copied()).collect();
        Self::from_images(images, self.confusion.classes())
    }

    fn from_images(images: Vec<ImageScore>, classes: usize) -> Self {
        let mut confusion = Confusion::new(classes);
        for image in &images {
            confusion.add(image.label as usize, image.predicted.map(|class| class as usize));
        }
        Self { images, confusion }
    }

    /// One score an image.
    pub fn images(&self) -> &[ImageScore] {
        &self.images
    }

    /// What the probabilities of each image say, or how many images have none.
    pub fn probabilities(&self) -> std::result::Result<Vec<ProbabilityScore>, u64> {
        let all: Vec<_> = self.images.iter().filter_map(|image| image.probability).collect();
        let missing = self.count() - all.len() as u64;
        if missing == 0 { Ok(all) } else { Err(missing) }
    }

    /// Number of images.
    pub fn count(&self) -> u64 {
        self.images.len() as u64
    }

    /// Counts by true and predicted class.
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    /// Images whose highest score is shared.
    pub fn ties(&self) -> u64 {
        self.count_where(|image| image.tied)
    }

    /// Images with a score that is not finite.
    pub fn not_finite(&self) -> u64 {
        self.count_where(|image| image.predicted.is_none())
    }

    /// Images for which `holds`.
    pub fn count_where(&self, holds: impl Fn(&ImageScore) -> bool) -> u64 {
        self.images.iter().filter(|image| holds(image)).count() as u64
    }
}

/// Index and value of the highest score, the lowest index among equals; none where a score is not
/// finite, since an order with NaN in it means nothing.
fn highest(scores: &[f32]) -> Option<(u32, f32)> {
    if !scores.iter().all(|score| score.is_finite()) {
        return None;
    }
    scores.iter().zip(0u32..).fold(None, |best, (&score, index)| match best {
        Some((_, top)) if score <= top => best,
        _ => Some((index, score)),
    })
}

fn ranked_before(scores: &[f32], label: usize) -> usize {
    let own = scores[label];
    scores.iter().enumerate().filter(|&(i, &score)| score > own || (score == own && i < label)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::predictions;

    fn one(scores: &[f32], label: u32, activation: Activation) -> ImageScore {
        let rows = predictions(scores.len(), &[("a", label, scores)]);
        Scoring::of(&rows, activation).unwrap().images()[0]
    }

    #[test]
    fn of_equal_scores_the_lowest_index_wins_and_the_tie_is_counted() {
        let image = one(&[1.0, 3.0, 3.0], 2, Activation::Logits);
        assert_eq!((image.predicted, image.tied), (Some(1), true));
    }

    #[test]
    fn minus_zero_ties_with_zero() {
        let image = one(&[-0.0, 0.0], 0, Activation::Logits);
        assert_eq!((image.predicted, image.tied), (Some(0), true));
    }

    #[test]
    fn a_row_with_nan_or_infinity_has_no_prediction_and_is_wrong() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let image = one(&[9.0, bad], 0, Activation::Logits);
            assert_eq!((image.predicted, image.is_correct(), image.in_top5), (None, false, false));
            assert_eq!(image.probability, None);
        }
    }

    #[test]
    fn the_sixth_of_equal_scores_is_not_in_the_top_five() {
        let top5 = |label| one(&[0.0; 6], label, Activation::Logits).in_top5;
        assert!(top5(4));
        assert!(!top5(5));
    }

    #[test]
    fn a_label_without_a_class_is_an_error_that_names_the_image() {
        let rows = predictions(2, &[("shirt/7.png", 2, &[0.0, 1.0])]);
        let error = Scoring::of(&rows, Activation::Logits).unwrap_err();
        assert_eq!(error.place.as_deref(), Some("shirt/7.png"));
        assert!(error.what.contains("label 2"), "{error}");
    }
}
