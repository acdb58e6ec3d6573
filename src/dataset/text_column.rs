//! A column of texts in little memory: each text is held once, however many rows have it.

use std::collections::HashMap;

use crate::error::{Error, Result};

/// Most bytes of a text that is said of an image: its label, its path, a value. What is longer is
/// something else, and would stand in every record and on every page.
pub(super) const MAX_TEXT: usize = 1 << 12;

/// Refuses `what`, a text of `bytes` bytes, where that is more than [`MAX_TEXT`].
pub(super) fn check_length(what: &str, bytes: usize) -> Result<()> {
    if bytes <= MAX_TEXT {
        return Ok(());
    }
    Err(Error::unusable(format!("{what} has {bytes} bytes, more than {MAX_TEXT}"))
        .help("shorten it, or say where it is (`--label-column`, `--image-column`)"))
}

/// Texts in the order of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct TextColumn {
    /// For each row, where its text is in `texts`.
    codes: Vec<u32>,
    texts: Vec<Box<str>>,
    /// Where each text is; of use only while texts are added.
    seen: HashMap<Box<str>, u32>,
}

impl TextColumn {
    pub(super) fn push(&mut self, text: &str) {
        let code = match self.seen.get(text) {
            Some(&code) => code,
            None => {
                // Tables of more than 2^32 rows are refused.
                let code = self.texts.len() as u32;
                self.texts.push(text.into());
                self.seen.insert(text.into(), code);
                code
            }
        };
        self.codes.push(code);
    }

    /// The same column, with no more than it takes to read it.
    pub(super) fn complete(self) -> Self {
        Self { seen: HashMap::new(), ..self }
    }

    pub(super) fn count(&self) -> usize {
        self.codes.len()
    }

    /// Text of row `row`, which is below the count.
    pub(super) fn get(&self, row: usize) -> &str {
        &self.texts[self.codes[row] as usize]
    }

    /// Where the text of each row is in [`TextColumn::texts`].
    pub(super) fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The texts that there are, each once, in the order in which they came.
    pub(super) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_went_and_are_held_once() {
        let mut column = TextColumn::default();
        ["", "a", "b", "a", ""].iter().for_each(|text| column.push(text));
        let column = column.complete();
        let back: Vec<&str> = (0..column.count()).map(|row| column.get(row)).collect();
        assert_eq!((back, column.texts().len()), (vec!["", "a", "b", "a", ""], 3));
    }
}
