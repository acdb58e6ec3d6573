//! One row an image: what the model said, in full.

use super::slice_column::SliceColumn;

/// What a model said about one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    /// Id of the image in its data set.
    pub id: &'a str,
    /// True class.
    pub label: u32,
    /// One score a class, as the model gave them.
    pub scores: &'a [f32],
}

/// Predictions of a whole data set in its order. A binary model with one output has two columns
/// here as well: the scores of class 0 and class 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    classes: usize,
    ids: Vec<String>,
    labels: Vec<u32>,
    scores: Vec<f32>,
    slices: Vec<SliceColumn>,
}

impl Predictions {
    /// No prediction yet, for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { classes, ..Self::default() }
    }

    /// The same with columns that say more about each image, under these names.
    pub fn with_slices(mut self, names: &[String]) -> Self {
        self.slices = names.iter().map(|name| SliceColumn::new(name.clone())).collect();
        self
    }

    /// No prediction yet, for the same classes and columns.
    pub fn emptied(&self) -> Self {
        let names: Vec<String> = self.slices.iter().map(|column| column.name().to_owned()).collect();
        Self::new(self.classes).with_slices(&names)
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When `scores` has not one value a class, or there are slices: a bug of the caller, who knows
    /// the shape.
    pub fn push(&mut self, id: String, label: u32, scores: &[f32]) {
        self.push_sliced(id, label, scores, &[]);
    }

    /// Adds a row with what each column says about it.
    ///
    /// # Panics
    /// When `scores` has not one value a class, or `values` not one a column: a bug of the caller,
    /// who knows the shape.
    pub fn push_sliced(&mut self, id: String, label: u32, scores: &[f32], values: &[&str]) {
        assert_eq!(scores.len(), self.classes, "one score a class");
        assert_eq!(values.len(), self.slices.len(), "one value a column");
        self.slices.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        self.ids.push(id);
        self.labels.push(label);
        self.scores.extend_from_slice(scores);
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The columns that say more about each image.
    pub fn slices(&self) -> &[SliceColumn] {
        &self.slices
    }

    /// What each of those says about row `index`.
    pub fn slice_values(&self, index: usize) -> Vec<&str> {
        self.slices.iter().map(|column| column.value(index)).collect()
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Row `index`.
    pub fn get(&self, index: usize) -> Option<Prediction<'_>> {
        let scores = self.scores.get(index * self.classes..(index + 1) * self.classes)?;
        Some(Prediction { id: self.ids.get(index)?, label: *self.labels.get(index)?, scores })
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Prediction<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}
