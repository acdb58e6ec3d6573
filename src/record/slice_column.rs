//! What a column says about each image: few words, said often, so each is kept once.

use std::collections::HashMap;

/// A column of words, one a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SliceColumn {
    name: String,
    /// The words in the order in which they first came.
    values: Vec<String>,
    /// Place of each word in `values`.
    places: HashMap<String, u32>,
    /// For each row the place of its word.
    codes: Vec<u32>,
}

impl SliceColumn {
    /// A column without rows.
    pub(super) fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, value: &str) {
        let code = self.places.get(value).copied().unwrap_or_else(|| self.learn(value));
        self.codes.push(code);
    }

    fn learn(&mut self, value: &str) -> u32 {
        // Rows are fewer than 2^32: Parquet counts those of a group in 31 bits, and memory ends first.
        let code = self.values.len() as u32;
        self.values.push(value.to_owned());
        self.places.insert(value.to_owned(), code);
        code
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The words that occur, in the order in which they first do.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// For each row the place of its word among [`SliceColumn::values`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The word of row `row`; empty where there is no such row.
    pub fn value(&self, row: usize) -> &str {
        let code = self.codes.get(row).map(|&code| code as usize);
        code.and_then(|code| self.values.get(code)).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_kept_once() {
        let mut column = SliceColumn::new("source".into());
        ["web", "", "web", "phone"].iter().for_each(|value| column.push(value));
        assert_eq!(
            (column.values(), column.codes()),
            (&["web", "", "phone"].map(String::from)[..], &[0, 1, 0, 2][..])
        );
        assert_eq!([0, 1, 3, 4].map(|row| column.value(row)), ["web", "", "phone", ""]);
    }
}
