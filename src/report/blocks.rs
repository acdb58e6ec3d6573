//! A page of blocks: each a heading over facts, a table or remarks. What `bench inspect` and `bench
//! data` print.

use super::Style;
use super::layout::{Align, left, table, wrap, wrap_parts};
use super::markup::steers;

/// Columns of the names before facts, the space after them included.
const NAME: usize = 14;

/// Writes the lines of blocks, wrapped to the width of the style.
pub(crate) struct Blocks<'a> {
    pub style: &'a Style,
}

impl Blocks<'_> {
    /// The whole page: blocks with an empty line between them, without the empty ones.
    pub fn page(blocks: impl IntoIterator<Item = Vec<String>>) -> String {
        let blocks: Vec<Vec<String>> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
        blocks.join(&String::new()).iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    pub fn heading(&self, text: &str) -> Vec<String> {
        self.wrapped(text, 2).iter().map(|line| self.style.bold(line)).collect()
    }

    /// A name and what is to be said of it, broken between its parts where it is long.
    pub fn fact(&self, name: &str, text: &str) -> Vec<String> {
        let room = self.style.width.saturating_sub(NAME + 4);
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        let lines = wrap_parts(&self.text(text), &self.style.text(" · "), room);
        names
            .zip(lines)
            .map(|(name, line)| format!("    {}{line}", left(&self.style.dim(name), NAME)))
            .collect()
    }

    /// A fact that is there to be copied, such as a digest: it is never broken.
    pub fn unbroken(&self, name: &str, text: &str) -> String {
        format!("    {}{}", left(&self.style.dim(name), NAME), self.text(text))
    }

    /// What to know, and what to do about it.
    pub fn remark(&self, what: &str, advice: &str) -> Vec<String> {
        [self.marked(4, "!", what), self.marked(6, "→", advice)].concat()
    }

    /// Wrapped text behind a sign that is indented.
    pub fn marked(&self, indent: usize, mark: &str, text: &str) -> Vec<String> {
        let mark = self.style.text(mark);
        let below = " ".repeat(mark.chars().count());
        let marks = std::iter::once(&mark).chain(std::iter::repeat(&below));
        let room = self.style.width.saturating_sub(indent + mark.len() + 1);
        marks
            .zip(wrap(&self.text(text), room))
            .map(|(mark, line)| format!("{:indent$}{mark} {line}", ""))
            .collect()
    }

    pub fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        let lines = wrap(&self.text(text), self.style.width.saturating_sub(indent));
        lines.iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect()
    }

    pub fn table(&self, rows: Vec<Vec<String>>, align: &[Align]) -> Vec<String> {
        if rows.is_empty() {
            return Vec::new();
        }
        table(&rows, align).iter().map(|line| format!("  {line}")).collect()
    }

    /// `text` as the terminal can show it. Names and notes come from files: an escape sequence in them
    /// must not reach the terminal.
    pub fn text(&self, text: &str) -> String {
        let printable = |c: char| if steers(c) { c.escape_default().to_string() } else { c.to_string() };
        self.style.text(&text.chars().map(printable).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_in_a_name_does_not_reach_the_terminal() {
        let page = Blocks { style: &Style::PLAIN };
        let lines = page.heading("evil\u{1b}[2J\u{7}name\u{9b}31m");
        assert_eq!(lines, ["  evil\\u{1b}[2J\\u{7}name\\u{9b}31m"]);
    }

    #[test]
    fn empty_blocks_leave_no_gap() {
        let block = |text: &str| vec![text.to_owned()];
        assert_eq!(Blocks::page([block("a"), Vec::new(), block("b ")]), "a\n\nb\n");
    }
}
