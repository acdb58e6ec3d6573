//! Words of messages: counts with what they count, and texts and lists from data cut to a length.

/// Most characters of a text from data in a message.
const LONGEST: usize = 80;
/// Most names in a message; the rest is counted.
const NAMED: usize = 10;

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

/// The first of `names` as far as a message shows them, and how many more there are.
pub(super) fn some(names: impl IntoIterator<Item: AsRef<str>, IntoIter: ExactSizeIterator>) -> String {
    let names = names.into_iter();
    let more = names.len().saturating_sub(NAMED);
    let shown: Vec<String> = names.take(NAMED).map(|name| named(name.as_ref())).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { "(none)".to_owned() } else { shortened(name) }
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

    #[test]
    fn of_many_names_the_first_are_shown_and_the_others_counted() {
        assert_eq!(some(["cat", "", "dog"]), "cat, (none), dog");
        assert_eq!(some((0..10).map(|name| name.to_string())), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9");
        assert!(some((0..30).map(|name| name.to_string())).ends_with(", 8, 9 and 20 more"));
        assert_eq!(some(["a".repeat(81)]), "a".repeat(80) + "…");
    }
}
