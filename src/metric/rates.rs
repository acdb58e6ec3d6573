//! Precision, recall and F1, averaged over classes, and balanced accuracy.

use super::classification::{NO_IMAGE, wilson};
use super::{Basis, Better, ClassCounts, Difference, Metric, MetricSpec, Reading, ScoredRun, Unit};
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
     images (scikit-learn recall_score, average macro, zero_division 0). Per class: null there; McNemar's \
     mid-p where 10 images or more differ, p adjusted (Benjamini and Hochberg) for the classes tested, not \
     for all there are.",
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

/// Mean recall of the classes that there are images of.
pub static BALANCED_ACCURACY: MetricSpec = spec(
    "balanced_accuracy",
    "balanced accuracy",
    "Mean over the classes with images of TP / (TP + FN); differs from macro recall where a class \
     without images is predicted (scikit-learn balanced_accuracy_score).",
);

/// A rate of one class.
type Rate = fn(&ClassCounts, usize) -> Option<f64>;

/// A class's share in the average.
type Weight = fn(&ClassCounts, usize) -> f64;

/// A rate of each class, averaged.
pub(super) struct AveragedRate {
    spec: &'static MetricSpec,
    rate: Rate,
    weight: Weight,
    /// Whether the reading lists the classes; once for each rate is enough.
    lists_classes: bool,
}

pub(super) static MACRO: [AveragedRate; 3] = [
    AveragedRate { spec: &MACRO_PRECISION, rate: ClassCounts::precision, weight: once, lists_classes: true },
    AveragedRate { spec: &MACRO_RECALL, rate: ClassCounts::recall, weight: once, lists_classes: true },
    AveragedRate { spec: &MACRO_F1, rate: ClassCounts::f1, weight: once, lists_classes: true },
];

pub(super) static WEIGHTED: [AveragedRate; 3] = [
    AveragedRate {
        spec: &WEIGHTED_PRECISION,
        rate: ClassCounts::precision,
        weight: images,
        lists_classes: false,
    },
    AveragedRate { spec: &WEIGHTED_RECALL, rate: ClassCounts::recall, weight: images, lists_classes: false },
    AveragedRate { spec: &WEIGHTED_F1, rate: ClassCounts::f1, weight: images, lists_classes: false },
];

pub(super) static BALANCED: AveragedRate = AveragedRate {
    spec: &BALANCED_ACCURACY,
    rate: ClassCounts::recall,
    weight: with_images,
    lists_classes: false,
};

/// Classes that do not occur say nothing, so they are left out, as scikit-learn leaves them out
/// when it is not told of them.
fn once(counts: &ClassCounts, class: usize) -> f64 {
    f64::from(u8::from(counts.occurs(class)))
}

fn images(counts: &ClassCounts, class: usize) -> f64 {
    counts.support()[class] as f64
}

fn with_images(counts: &ClassCounts, class: usize) -> f64 {
    f64::from(u8::from(counts.support()[class] > 0))
}

impl Metric for AveragedRate {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let scoring = run.scoring.as_ref()?;
        let (n, counts) = (scoring.count(), scoring.confusion().class_counts());
        let reading = match self.average(counts) {
            Some(value) => Reading::of(self.spec, value, n),
            None => Reading::undefined(self.spec, n, NO_IMAGE),
        };
        if !self.lists_classes {
            return Some(reading);
        }
        let classes = || 0..counts.classes();
        let reading = reading.with_classes(classes().map(|class| (self.rate)(counts, class)).collect());
        // Only recall is a share of images that were chosen without looking at the predictions.
        if self.spec.id != MACRO_RECALL.id {
            return Some(reading);
        }
        let recall = |class| wilson(counts.right(class), counts.support()[class]);
        Some(reading.with_class_intervals(classes().map(recall).collect()))
    }
}

impl AveragedRate {
    /// The average; none without images. An undefined rate counts as 0, which is scikit-learn's
    /// `zero_division=0`.
    pub(super) fn average(&self, counts: &ClassCounts) -> Option<f64> {
        let classes = || 0..counts.classes();
        let total = stats::sum(classes().map(|class| (self.weight)(counts, class)));
        let share = |class| (self.rate)(counts, class).unwrap_or(0.0) * (self.weight)(counts, class);
        (total > 0.0).then(|| stats::sum(classes().map(share)) / total)
    }

    /// The rate of one class.
    pub(super) fn of_class(&self, counts: &ClassCounts, class: usize) -> Option<f64> {
        (self.rate)(counts, class)
    }

    /// Id of the metric.
    pub(super) fn id(&self) -> &'static str {
        self.spec.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{predictions, run};

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
