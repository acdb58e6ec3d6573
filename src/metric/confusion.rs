//! Counts by true and predicted class, and the rates of one class.

/// How often each class was the truth, the prediction, and both: all that precision, recall and F1
/// need. Images without a prediction are in `support` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCounts {
    support: Vec<u64>,
    predicted: Vec<u64>,
    right: Vec<u64>,
}

impl ClassCounts {
    /// No image yet, for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { support: vec![0; classes], predicted: vec![0; classes], right: vec![0; classes] }
    }

    /// Adds `count` images of class `truth`; both classes below the number of classes.
    pub(super) fn add(&mut self, truth: usize, prediction: Option<usize>, count: u64) {
        self.support[truth] += count;
        if let Some(prediction) = prediction {
            self.predicted[prediction] += count;
            self.right[truth] += if prediction == truth { count } else { 0 };
        }
    }

    /// Takes away one image that was added before.
    pub(super) fn remove_one(&mut self, truth: usize, prediction: Option<usize>) {
        self.support[truth] -= 1;
        if let Some(prediction) = prediction {
            self.predicted[prediction] -= 1;
            self.right[truth] -= u64::from(prediction == truth);
        }
    }

    /// Back to no image.
    pub(super) fn clear(&mut self) {
        for counts in [&mut self.support, &mut self.predicted, &mut self.right] {
            counts.fill(0);
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.support.len()
    }

    /// Images of each class.
    pub fn support(&self) -> &[u64] {
        &self.support
    }

    /// Whether the class is the truth or the prediction of any image.
    pub fn occurs(&self, class: usize) -> bool {
        self.support[class] + self.predicted[class] > 0
    }

    /// Images of the class that were predicted right.
    pub fn right(&self, class: usize) -> u64 {
        self.right[class]
    }

    /// TP / (TP + FP); none for a class that is never predicted.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.right[class], self.predicted[class])
    }

    /// TP / (TP + FN); none for a class without images.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.right[class], self.support[class])
    }

    /// 2·TP / (2·TP + FP + FN); none for a class that does not occur.
    pub fn f1(&self, class: usize) -> Option<f64> {
        share(2 * self.right[class], self.support[class] + self.predicted[class])
    }
}

/// Counts of images. An image without a prediction is in `support` but in no cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
    classes: ClassCounts,
}

impl Confusion {
    /// No image yet, for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes], classes: ClassCounts::new(classes) }
    }

    /// Adds an image of class `truth`; both below the number of classes.
    pub(super) fn add(&mut self, truth: usize, prediction: Option<usize>) {
        self.classes.add(truth, prediction, 1);
        if let Some(prediction) = prediction {
            self.counts[truth][prediction] += 1;
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes.classes()
    }

    /// The counts of each class by itself.
    pub fn class_counts(&self) -> &ClassCounts {
        &self.classes
    }

    /// `counts()[truth][prediction]`: images.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Images of each class.
    pub fn support(&self) -> &[u64] {
        self.classes.support()
    }

    /// Images predicted right.
    pub fn correct(&self) -> u64 {
        self.classes.right.iter().sum()
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_undefined_only_where_nothing_can_be_said() {
        let mut confusion = Confusion::new(4);
        confusion.add(0, Some(0));
        confusion.add(1, Some(0));
        confusion.add(2, None);
        let confusion = confusion.class_counts();
        let rates = |class| (confusion.precision(class), confusion.recall(class), confusion.f1(class));
        assert_eq!(rates(0), (Some(0.5), Some(1.0), Some(2.0 / 3.0)));
        assert_eq!(rates(1), (None, Some(0.0), Some(0.0)));
        assert_eq!(rates(2), (None, Some(0.0), Some(0.0)));
        assert_eq!(rates(3), (None, None, None));
        assert_eq!((confusion.occurs(2), confusion.occurs(3)), (true, false));
    }
}
