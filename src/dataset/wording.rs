//! Words of messages: counts with what they count, and texts from data cut to a length.

/// Most characters of a text from data in a message.
const LONGEST: usize = 80;

/// A number and what it counts: `1 id`, `10 ids`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A text from data as far as a message shows it.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many_and_a_long_text_is_cut_between_characters() {
        assert_eq!((counted(1, "id", "ids"), counted(0, "id", "ids")), ("1 id".into(), "0 ids".into()));
        assert_eq!(shortened("\u{e4}"), "\u{e4}");
        assert_eq!(shortened(&"\u{e4}".repeat(81)), "\u{e4}".repeat(80) + "…");
        assert_eq!(shortened(&"a".repeat(80)), "a".repeat(80));
    }
}
