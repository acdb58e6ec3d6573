//! Many file names in little memory: one text for all, and where each ends.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};

/// File names in the order in which they came.
#[derive(Default)]
pub(super) struct FileNames {
    text: String,
    ends: Vec<usize>,
    /// Names that are no text; their place in `text` is empty.
    odd: BTreeMap<usize, OsString>,
}

impl FileNames {
    pub(super) fn push(&mut self, name: &OsStr) {
        match name.to_str() {
            Some(name) => self.text.push_str(name),
            None => drop(self.odd.insert(self.ends.len(), name.to_owned())),
        }
        self.ends.push(self.text.len());
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// Name `index`, which is below the count.
    pub(super) fn get(&self, index: usize) -> &OsStr {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        match self.odd.get(&index) {
            Some(name) => name,
            None => OsStr::new(&self.text[start..self.ends[index]]),
        }
    }

    /// Whether they tell things apart: none is empty and no two are alike.
    pub(super) fn are_distinct(&self) -> bool {
        let mut seen = HashSet::with_capacity(self.count());
        (0..self.count()).map(|index| self.get(index)).all(|name| !name.is_empty() && seen.insert(name))
    }
}

/// A name as text. Bytes that are not UTF-8 become `\xNN` and a backslash is doubled, so that two
/// names never read the same.
pub(super) fn readable(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn names_come_back_as_they_went_whether_text_or_not() {
        use std::os::unix::ffi::OsStrExt;
        let names: Vec<&OsStr> =
            [&b"a.png"[..], b"\xff.png", "\u{e4}.jpg".as_bytes(), b"", b"b"].map(OsStr::from_bytes).to_vec();
        let mut kept = FileNames::default();
        names.iter().for_each(|name| kept.push(name));
        assert_eq!((0..kept.count()).map(|index| kept.get(index)).collect::<Vec<_>>(), names);
    }
}
