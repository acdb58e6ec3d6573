//! Text on its way into HTML or SVG: the one place where it is made safe.

use std::borrow::Cow;

/// `text` as HTML and XML take it, in an element or in a quoted attribute. Characters that XML cannot
/// hold become U+FFFD; those that turn the direction of the text around them become visible.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(needs_escape) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            turning if turns(turning) => out.extend(turning.escape_unicode()),
            impossible if needs_escape(impossible) => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

fn needs_escape(character: char) -> bool {
    match character {
        '&' | '<' | '>' | '"' | '\'' | '\u{fffe}' | '\u{ffff}' => true,
        '\t' | '\n' | '\r' => false,
        other => steers(other),
    }
}

/// Whether a character of a user's text would do something to what stands around it, on a page or in a
/// terminal: controls, and changes of direction.
pub(crate) fn steers(character: char) -> bool {
    character.is_control() || turns(character)
}

/// Unicode's explicit directions (UAX 9): unlike the letters of a script, they reach beyond their name.
fn turns(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_cannot_leave_its_element_or_attribute() {
        assert_eq!(
            escape("</script><b>\"x\" & 'y'"),
            "&lt;/script&gt;&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;"
        );
        assert_eq!(escape("\u{0}\u{1b}[31m\u{7f}"), "\u{fffd}\u{fffd}[31m\u{fffd}");
    }

    #[test]
    fn a_script_from_right_to_left_stays_and_its_overrides_are_shown() {
        assert_eq!(escape("חולצה"), "חולצה");
        assert_eq!(escape("gpj\u{202e}cat"), "gpj\\u{202e}cat");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left_of_any_text(letters in prop::collection::vec(any::<char>(), 0..60)) {
            let text: String = letters.into_iter().collect();
            let escaped = escape(&text).into_owned();
            let dangerous = escaped.contains(['<', '>', '"', '\'', '\u{0}', '\u{202e}']);
            prop_assert!(!dangerous);
            let bare = escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!bare.replace("&quot;", "").replace("&#39;", "").contains('&'));
        }
    }
}
