//! Counts by true and predicted class, and the rates of one class.

/// Counts of images. An image without a prediction is in `support` but in no cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
    support: Vec<u64>,
    predicted: Vec<u64>,
}

impl Confusion {
    /// No image yet, for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self {
            counts: vec![vec![0; classes]; classes],
            support: vec![0; classes],
            predicted: vec![0; classes],
        }
    }

    /// Adds an image of class `truth`; both below the number of classes.
    pub(super) fn add(&mut self, truth: usize, prediction: Option<usize>) {
        self.support[truth] += 1;
        if let Some(prediction) = prediction {
            self.counts[truth][prediction] += 1;
            self.predicted[prediction] += 1;
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.support.len()
    }

    /// `counts()[truth][prediction]`: images.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Images of each class.
    pub fn support(&self) -> &[u64] {
        &self.support
    }

    /// Images predicted right.
    pub fn correct(&self) -> u64 {
        (0..self.classes()).map(|class| self.counts[class][class]).sum()
    }

    /// Whether the class is the truth or the prediction of any image.
    pub fn occurs(&self, class: usize) -> bool {
        self.support[class] + self.predicted[class] > 0
    }

    /// TP / (TP + FP); none for a class that is never predicted.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.counts[class][class], self.predicted[class])
    }

    /// TP / (TP + FN); none for a class without images.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.counts[class][class], self.support[class])
    }

    /// 2·TP / (2·TP + FP + FN); none for a class that does not occur.
    pub fn f1(&self, class: usize) -> Option<f64> {
        share(2 * self.counts[class][class], self.support[class] + self.predicted[class])
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
        let rates = |class| (confusion.precision(class), confusion.recall(class), confusion.f1(class));
        assert_eq!(rates(0), (Some(0.5), Some(1.0), Some(2.0 / 3.0)));
        assert_eq!(rates(1), (None, Some(0.0), Some(0.0)));
        assert_eq!(rates(2), (None, Some(0.0), Some(0.0)));
        assert_eq!(rates(3), (None, None, None));
        assert_eq!((confusion.occurs(2), confusion.occurs(3)), (true, false));
    }
}
