//! The table: a column for each run, a row for each metric, those that decide in sight.

use super::super::markup::escape;
use super::super::{ColumnHead, Row, View};
use super::Section;
use super::element::{about, cell, folded, scrolled, table, tone_class};

const LEGEND: &str = "▲ better, ▼ worse than the baseline: beyond chance (95 %) for accuracy, beyond the \
                      machine's noise for timings; without a sign the two cannot be told apart. pp: percentage points.";

/// The section.
pub(super) fn section(view: &View) -> Section {
    let headlines = view.clone().headlines();
    let legend = if view.compares() { about(LEGEND) } else { String::new() };
    let body = legend
        + &scrolled("Key figures", &figures(&headlines, "Key figures of each run"))
        + &folded("Every figure", &scrolled("Every figure", &figures(view, "Every figure of each run")));
    Section { id: "figures", title: "Key figures", body }
}

fn figures(view: &View, caption: &str) -> String {
    let heads: String = view.columns.iter().map(head).collect();
    let groups: String = view
        .sections
        .iter()
        .map(|section| {
            let rows: String = section
                .rows
                .iter()
                .enumerate()
                .map(|(index, one)| row(one, section.rows.get(index + 1)))
                .collect();
            let columns = view.columns.len() + 1;
            let title = escape(section.title);
            format!(
                "<tbody><tr><th scope=\"rowgroup\" colspan=\"{columns}\">{title}</th></tr>\n{rows}</tbody>\n"
            )
        })
        .collect();
    let head = format!("<thead><tr><td></td>{heads}</tr></thead>\n");
    table("", caption, &(head + &groups))
}

fn head(head: &ColumnHead) -> String {
    let note = match head.note.as_str() {
        "" => String::new(),
        note => format!(" <span class=\"note {}\">{}</span>", tone_class(head.tone), escape(note)),
    };
    format!("<th scope=\"col\">{}{note}</th>", escape(&head.label))
}

fn is_interval(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.wide)
}

/// No line parts a figure from its interval.
fn row(row: &Row, next: Option<&Row>) -> String {
    let class = match (is_interval(row), next.is_some_and(is_interval)) {
        (true, _) => " class=\"interval\"",
        (false, true) => " class=\"led\"",
        (false, false) => "",
    };
    let cells: String = row.cells.iter().map(cell).collect();
    format!("<tr{class}><th scope=\"row\">{}</th>{cells}</tr>\n", escape(row.title.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::super::super::{Cell, Tone};
    use super::*;

    #[test]
    fn a_figure_says_its_sign_in_words_too() {
        let cell =
            Cell { value: "2.61 MB".into(), change: "−71 %".into(), tone: Tone::Better, wide: false };
        let html = row(&Row { title: "size".into(), headline: true, cells: vec![cell] }, None);
        assert!(html.contains("2.61 MB") && html.contains("−71 %"), "{html}");
        assert!(html.contains("<td class=\"better\">") && html.contains(">better</span>"), "{html}");
    }
}
