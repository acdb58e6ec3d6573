//! Laying text out in columns: widths, wrapping, tables.

use tabled::builder::Builder;
use tabled::grid::util::string::get_line_width;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style as Border};

/// Columns that `text` takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    get_line_width(text)
}

/// `text` filled up with spaces on the left.
pub(crate) fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` filled up with spaces on the right.
pub(crate) fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` in at most `columns`: where it is too long, `more` stands for its middle, since names of
/// variants differ at both ends.
pub(crate) fn cut(text: &str, columns: usize, more: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(more));
    let tail: Vec<char> = within(text.chars().rev(), room / 2);
    let head = within(text.chars(), room - room / 2);
    head.into_iter().chain(more.chars()).chain(tail.into_iter().rev()).collect()
}

/// The first characters that fit into `columns`.
fn within(characters: impl Iterator<Item = char>, columns: usize) -> Vec<char> {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += width(character.encode_utf8(&mut [0; 4]));
            used <= columns
        })
        .collect()
}

/// `text` in lines of at most `columns`, broken where ` · ` divides it if its parts fit, else
/// between words.
pub(crate) fn wrap_parts(text: &str, divider: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for part in text.split(divider) {
        let joined = match lines.last() {
            Some(line) if !line.is_empty() => format!("{line}{divider}{part}"),
            _ => part.to_owned(),
        };
        match lines.last_mut() {
            Some(line) if line.is_empty() || width(&joined) <= columns => *line = joined,
            _ => lines.push(part.to_owned()),
        }
    }
    lines.iter().flat_map(|line| wrap(line, columns)).collect()
}

/// Units that stay with the number before them.
const UNITS: [&str; 9] = ["%", "pp", "B", "kB", "MB", "GB", "s", "ms", "µs"];

/// `text` in lines of at most `columns`, broken between words, and within one only where it is
/// longer than a line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words(text).iter().flat_map(|word| chop(word, columns)) {
        if !line.is_empty() && width(&line) + 1 + width(&word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// The words of `text`, a number and its unit being one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_end_matches([',', ';', ')', '.']);
        match words.last_mut().filter(|last| last.ends_with(|c: char| c.is_ascii_digit())) {
            Some(number) if UNITS.contains(&bare) => *number = format!("{number} {word}"),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// A word in pieces of at most `columns`.
fn chop(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for character in word.chars() {
        let wide = width(character.encode_utf8(&mut [0; 4]));
        if used + wide > columns.max(1) {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

/// How a column of a table stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows in columns two spaces apart, without lines, indented by two. A row with one cell spans the
/// table. Colours in the cells do not count.
pub(crate) fn table(rows: &[Vec<String>], align: &[Align]) -> Vec<String> {
    let mut builder = Builder::default();
    for row in rows {
        builder.push_record(row.iter().cloned().chain(std::iter::repeat(String::new())).take(align.len()));
    }
    let mut table = builder.build();
    table.with(Border::empty()).with(Padding::new(2, 0, 0, 0));
    for (index, align) in align.iter().enumerate() {
        let alignment = match align {
            Align::Left => Alignment::left(),
            Align::Right => Alignment::right(),
        };
        table.modify(Columns::one(index), alignment);
    }
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_and_long_ones_are_chopped() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("takes (2.21 ms)", 12), ["takes", "(2.21 ms)"]);
    }

    #[test]
    fn parts_stay_whole_where_they_fit() {
        assert_eq!(wrap_parts("a b · c d · e", " · ", 9), ["a b · c d", "e"]);
        assert_eq!(wrap_parts("a b c d · e", " · ", 5), ["a b c", "d", "e"]);
    }

    #[test]
    fn a_cut_text_says_so_and_fits() {
        assert_eq!(cut("int8.percentile", 9, "…"), "int8…tile");
        assert_eq!(cut("coat", 6, "…"), "coat");
        assert!(width(&cut("日本語のクラス", 6, "…")) <= 6);
    }

    #[test]
    fn colours_do_not_move_columns() {
        let rows =
            |paint: &str| vec![vec!["a".into(), format!("{paint}1{paint}")], vec!["bb".into(), "22".into()]];
        let lines = table(&rows("\u{1b}[31m"), &[Align::Left, Align::Right]);
        let plain = table(&rows(""), &[Align::Left, Align::Right]);
        assert_eq!(plain, ["  a    1", "  bb  22"]);
        assert_eq!(lines.iter().map(|line| width(line)).collect::<Vec<_>>(), [8, 8]);
    }
}
