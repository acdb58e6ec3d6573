//! A row of scores as probabilities, and what they say about one image.

use crate::plan::Activation;
use crate::stats;

/// Rounding of a softmax or sigmoid in the model may leave [0, 1] by this much; more is no probability.
const SLACK: f32 = 1e-6;

/// What the probabilities of one image are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbabilityScore {
    /// ln of the probability given to the true class.
    pub log_of_truth: f64,
    /// Sum over the classes of (p − y)², y being 1 for the true class and 0 for all others; half of
    /// it where there are two classes, as scikit-learn has it.
    pub brier: f64,
    /// Probability of the predicted class.
    pub confidence: f64,
    /// Probability of the predicted class − the highest of all others: how firm the prediction is.
    pub margin: f64,
}

/// Turns rows of scores into probabilities, in one buffer for all rows.
#[derive(Debug)]
pub(super) struct Rows {
    activation: Activation,
    probabilities: Vec<f64>,
}

impl Rows {
    /// For scores of this kind.
    pub(super) fn of(activation: Activation) -> Self {
        Self { activation, probabilities: Vec::new() }
    }

    /// The probabilities of a row of finite scores: the softmax of logits in 64 bits, or the scores
    /// themselves, moved into [0, 1] where rounding took them out. None for scores that are no
    /// probabilities.
    pub(super) fn probabilities(&mut self, scores: &[f32]) -> Option<&[f64]> {
        let row = &mut self.probabilities;
        row.clear();
        match self.activation {
            Activation::Logits => softmax(scores, row),
            Activation::Probabilities => {
                let allowed = -SLACK..=1.0 + SLACK;
                if !scores.iter().all(|score| allowed.contains(score)) {
                    return None;
                }
                row.extend(scores.iter().map(|&p| f64::from(p.clamp(0.0, 1.0))));
            }
        }
        Some(row)
    }

    /// Scores a row of finite scores whose highest is that of class `predicted`.
    pub(super) fn score(
        &mut self,
        scores: &[f32],
        label: usize,
        predicted: usize,
    ) -> Option<ProbabilityScore> {
        let log_of_truth = match self.activation {
            Activation::Logits => log_softmax(scores, label),
            Activation::Probabilities => clipped_log(scores[label]),
        };
        let row = self.probabilities(scores)?;
        let others = row.iter().enumerate().filter(|&(class, _)| class != predicted);
        let second = others.fold(0.0, |most: f64, (_, &p)| most.max(p));
        let (confidence, brier) = (row[predicted], brier(row, label));
        Some(ProbabilityScore { log_of_truth, brier, confidence, margin: confidence - second })
    }
}

/// The highest probability − the second highest of a row of finite scores, 0 where they are equal.
pub(super) fn margin(scores: &[f32], activation: Activation) -> Option<f64> {
    let mut rows = Rows::of(activation);
    let row = rows.probabilities(scores)?;
    let (first, second) = row.iter().fold((0.0f64, 0.0f64), |(first, second), &p| match p > first {
        true => (p, first),
        false => (first, second.max(p)),
    });
    Some(first - second)
}

fn softmax(scores: &[f32], row: &mut Vec<f64>) {
    let top = highest(scores);
    row.extend(scores.iter().map(|&score| (f64::from(score) - top).exp()));
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|p| *p /= sum);
}

fn highest(scores: &[f32]) -> f64 {
    f64::from(scores.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

/// x − m − ln Σ exp(xᵢ − m) with m the highest score: no exponential overflows.
fn log_softmax(scores: &[f32], class: usize) -> f64 {
    let (top, rest) = log_sum(scores);
    f64::from(scores[class]) - top - rest
}

/// m and ln Σ exp(xᵢ − m), apart so that the small second part keeps its digits.
fn log_sum(scores: &[f32]) -> (f64, f64) {
    let top = highest(scores);
    let sum: f64 = scores.iter().map(|&score| (f64::from(score) - top).exp()).sum();
    (top, sum.ln())
}

/// ln p with p clipped to [ε, 1 − ε], ε = 2⁻²³, the machine epsilon of the 32-bit scores. The rows
/// are not made to sum to one: scikit-learn's `log_loss` does not either (since 1.5).
fn clipped_log(p: f32) -> f64 {
    f64::from(p.clamp(f32::EPSILON, 1.0 - f32::EPSILON)).ln()
}

fn brier(row: &[f64], label: usize) -> f64 {
    let square = |(class, &p): (usize, &f64)| (p - f64::from(u8::from(class == label))).powi(2);
    let sum = stats::sum(row.iter().enumerate().map(square));
    if row.len() == 2 { sum / 2.0 } else { sum }
}

/// Σ p·ln(p/q) over the classes, in natural-log units: how much is lost by taking `q` for `p`. Both
/// are rows of finite scores of one kind. Logits: of their softmax, exact however small a
/// probability is. Probabilities: clipped as in log loss. None for scores that are no probabilities.
pub(super) fn kl_divergence(p: &[f32], q: &[f32], activation: Activation) -> Option<f64> {
    let (mut p_rows, mut q_rows) = (Rows::of(activation), Rows::of(activation));
    let (row, _) = (p_rows.probabilities(p)?, q_rows.probabilities(q)?);
    let (p_logs, q_logs) = (logarithms(p, activation), logarithms(q, activation));
    Some(stats::sum(row.iter().zip(p_logs.zip(q_logs)).map(|(p, (log_p, log_q))| p * (log_p - log_q))))
}

fn logarithms(scores: &[f32], activation: Activation) -> impl Iterator<Item = f64> + '_ {
    let whole = log_sum(scores);
    scores.iter().map(move |&score| match activation {
        Activation::Logits => f64::from(score) - whole.0 - whole.1,
        Activation::Probabilities => clipped_log(score),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(
        scores: &[f32],
        label: usize,
        predicted: usize,
        activation: Activation,
    ) -> Option<ProbabilityScore> {
        Rows::of(activation).score(scores, label, predicted)
    }

    #[test]
    fn one_logit_beside_zero_gives_the_sigmoid() {
        let z = 1.25f32;
        let sigmoid = 1.0 / (1.0 + f64::from(-z).exp());
        let got = one(&[0.0, z], 1, 1, Activation::Logits).unwrap();
        assert!((got.log_of_truth - sigmoid.ln()).abs() < 1e-15);
        assert!(
            (got.confidence - sigmoid).abs() < 1e-15 && (got.margin - (2.0 * sigmoid - 1.0)).abs() < 1e-15
        );
        assert!((got.brier - (1.0 - sigmoid).powi(2)).abs() < 1e-15);
    }

    #[test]
    fn logits_taken_for_probabilities_have_no_score() {
        assert_eq!(one(&[0.0, 7.5], 0, 1, Activation::Probabilities), None);
        assert_eq!(kl_divergence(&[0.0, 7.5], &[0.5, 0.5], Activation::Probabilities), None);
    }

    #[test]
    fn a_shared_highest_score_has_no_margin() {
        assert_eq!(one(&[3.0, 3.0, 0.0], 1, 0, Activation::Logits).unwrap().margin, 0.0);
    }

    #[test]
    fn the_divergence_of_two_coins() {
        let (p, q) = ([0.25f32, 0.75], [0.5f32, 0.5]);
        let wanted = 0.25 * 0.5f64.ln() + 0.75 * 1.5f64.ln();
        let got = kl_divergence(&p, &q, Activation::Probabilities).unwrap();
        assert!((got - wanted).abs() < 1e-15);
        let logits = p.map(|p| p.ln());
        let same = kl_divergence(&logits, &[0.0, 0.0], Activation::Logits).unwrap();
        assert!((same - wanted).abs() < 1e-7);
    }

    #[test]
    fn far_logits_give_a_finite_divergence() {
        let got = kl_divergence(&[1e4, -1e4], &[-1e4, 1e4], Activation::Logits).unwrap();
        assert!((got - 2e4).abs() < 1e-9, "{got}");
    }
}
