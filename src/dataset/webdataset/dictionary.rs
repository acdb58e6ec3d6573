//! Texts that repeat, each kept once.

use std::collections::HashMap;

/// Different texts in the order in which they first came.
#[derive(Default)]
pub(super) struct Dictionary {
    texts: Vec<String>,
    codes: HashMap<String, u32>,
}

impl Dictionary {
    /// The number of `text`, which is added if it is new.
    pub(super) fn code(&mut self, text: &str) -> u32 {
        if let Some(&code) = self.codes.get(text) {
            return code;
        }
        // Each text takes more than a byte of memory: there are never 2^32.
        let code = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.codes.insert(text.to_owned(), code);
        code
    }

    /// All texts, by number.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }
}
