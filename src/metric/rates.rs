//! Precision, recall and F1, averaged over classes.

use super::classification::NO_IMAGE;
use super::{Basis, Better, Confusion, Difference, Metric, MetricSpec, Reading, ScoredRun, Unit};
use crate::stats;

const fn spec(id: &'static str, title: &'static str, definition: &'static str) -> MetricSpec {
    MetricSpec {
        id,
        title,
        definition,
        unit: Unit::Score,
        better: Better::Higher,
        difference: Difference::Absolute,
        basis: Basis::Images,
    }
}

/// Mean precision of the classes.
pub static MACRO_PRECISION: MetricSpec = spec(
    "macro_precision",
    "macro precision",
    "Mean over the classes that occur as truth or prediction of TP / (TP + FP), 0 for a class never \
     predicted (scikit-learn precision_score, average macro, zero_division 0). Per class: null there.",
);

/// Mean recall of the classes.
pub static MACRO_RECALL: MetricSpec = spec(
    "macro_recall",
    "macro recall",
    "Mean over the classes that occur as truth or prediction of TP / (TP + FN), 0 for a class without \
     images (scikit-learn recall_score, average macro, zero_division 0). Per class: null there.",
);

/// Mean F1 of the classes.
pub static MACRO_F1: MetricSpec = spec(
    "macro_f1",
    "macro F1",
    "Mean over the classes that occur as truth or prediction of 2 TP / (2 TP + FP + FN) (scikit-learn \
     f1_score, average macro, zero_division 0). Per class: null for a class that does not occur.",
);

/// Precision weighted by images.
pub static WEIGHTED_PRECISION: MetricSpec = spec(
    "weighted_precision",
    "weighted precision",
    "Mean of the classes' TP / (TP + FP), weighted by their images, 0 for a class never predicted \
     (scikit-learn precision_score, average weighted, zero_division 0).",
);

/// Recall weighted by images.
pub static WEIGHTED_RECALL: MetricSpec = spec(
    "weighted_recall",
    "weighted recall",
    "Mean of the classes' TP / (TP + FN), weighted by their images; equals accuracy (scikit-learn \
     recall_score, average weighted, zero_division 0).",
);

/// F1 weighted by images.
pub static WEIGHTED_F1: MetricSpec = spec(
    "weighted_f1",
    "weighted F1",
    "Mean of the classes' 2 TP / (2 TP + FP + FN), weighted by their images (scikit-learn f1_score, \
     average weighted, zero_division 0).",
);

/// A class's share in the average.
type Weight = fn(&Confusion, usize) -> f64;

/// A rate of each class, averaged.
pub(super) struct AveragedRate {
    spec: &'static MetricSpec,
    rate: fn(&Confusion, usize) -> Option<f64>,
    weight: Weight,
    /// Whether the reading lists the classes; once for each rate is enough.
    lists_classes: bool,
}

pub(super) static MACRO: [AveragedRate; 3] = [
    AveragedRate { spec: &MACRO_PRECISION, rate: Confusion::precision, weight: once, lists_classes: true },
    AveragedRate { spec: &MACRO_RECALL, rate: Confusion::recall, weight: once, lists_classes: true },
    AveragedRate { spec: &MACRO_F1, rate: Confusion::f1, weight: once, lists_classes: true },
];

pub(super) static WEIGHTED: [AveragedRate; 3] = [
    AveragedRate {
        spec: &WEIGHTED_PRECISION,
        rate: Confusion::precision,
        weight: images,
        lists_classes: false,
    },
    AveragedRate { spec: &WEIGHTED_RECALL, rate: Confusion::recall, weight: images, lists_classes: false },
    AveragedRate { spec: &WEIGHTED_F1, rate: Confusion::f1, weight: images, lists_classes: false },
];

/// Classes that do not occur say nothing, so they are left out, as scikit-learn leaves them out
/// when it is not told of them.
fn once(confusion: &Confusion, class: usize) -> f64 {
    f64::from(u8::from(confusion.occurs(class)))
}

fn images(confusion: &Confusion, class: usize) -> f64 {
    confusion.support()[class] as f64
}

impl Metric for AveragedRate {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let scoring = run.scoring.as_ref()?;
        let n = scoring.count();
        let rates = self.of_classes(scoring.confusion());
        let reading = match weighted_mean(&rates, scoring.confusion(), self.weight) {
            Some(value) => Reading::of(self.spec, value, n),
            None => Reading::undefined(self.spec, n, NO_IMAGE),
        };
        Some(if self.lists_classes { reading.with_classes(rates) } else { reading })
    }
}

impl AveragedRate {
    fn of_classes(&self, confusion: &Confusion) -> Vec<Option<f64>> {
        (0..confusion.classes()).map(|class| (self.rate)(confusion, class)).collect()
    }
}

/// An undefined rate counts as 0, which is scikit-learn's `zero_division=0`.
fn weighted_mean(rates: &[Option<f64>], confusion: &Confusion, weight: Weight) -> Option<f64> {
    let weights: Vec<f64> = (0..rates.len()).map(|class| weight(confusion, class)).collect();
    let total = stats::sum(weights.iter().copied());
    let products = rates.iter().zip(&weights).map(|(rate, weight)| rate.unwrap_or(0.0) * weight);
    (total > 0.0).then(|| stats::sum(products) / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::sample::{predictions, run};

    #[test]
    fn a_class_never_predicted_is_zero_in_the_average_and_null_by_itself() {
        let mut run = run("int8");
        run.predictions = Some(predictions(2, &[("a", 0, &[1.0, 0.0]), ("b", 1, &[1.0, 0.0])]));
        let reading = MACRO[0].read(&ScoredRun::of(&run).unwrap()).unwrap();
        assert_eq!(reading.value, Some(0.25));
        assert_eq!(reading.per_class, Some(vec![Some(0.5), None]));
    }

    #[test]
    fn a_class_without_truth_or_prediction_does_not_lower_the_average() {
        let mut run = run("int8");
        run.predictions = Some(predictions(3, &[("a", 0, &[1.0, 0.0, 0.0]), ("b", 1, &[0.0, 1.0, 0.0])]));
        let reading = MACRO[2].read(&ScoredRun::of(&run).unwrap()).unwrap();
        assert_eq!(reading.value, Some(1.0));
        assert_eq!(reading.per_class, Some(vec![Some(1.0), Some(1.0), None]));
    }
}
