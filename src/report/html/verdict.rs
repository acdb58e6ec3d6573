//! The answer in words, what did not run, and what to know before trusting a figure.

use super::super::markup::escape;
use super::super::{Cell, Line, Statement, Tone, Trouble, View};
use super::Section;
use super::element::{prose, sign, tone_class};
use crate::metric::{ACCURACY, LATENCY_P50, MEMORY_MODEL, MetricSpec, SIZE, SPEED_UP, THROUGHPUT};

/// The section.
pub(super) fn section(view: &View) -> Section {
    let body = statements(view) + &troubles(&view.troubles) + &warnings(&view.warnings);
    Section { id: "verdict", title: if view.compares() { "Verdict" } else { "In short" }, body }
}

fn statements(view: &View) -> String {
    let cards: String = view.summary.iter().map(|statement| card(view, statement)).collect();
    format!("<div class=\"cards\">{cards}</div>\n")
}

fn card(view: &View, statement: &Statement) -> String {
    let lines: String = statement.lines.iter().map(line).collect();
    let (about, tiles) = (escape(&statement.about), tiles(view, &statement.about));
    format!("<article class=\"card\"><h3>{about}</h3>{tiles}<ul>{lines}</ul></article>\n")
}

/// The figures that a reader looks for first, by the title of their row: the value where that is the
/// comparison itself, or where there is none, else the difference.
fn tiles(view: &View, about: &str) -> String {
    let Some(column) = view.columns.iter().position(|head| head.label == about) else { return String::new() };
    let rows = || view.sections.iter().flat_map(|section| &section.rows);
    let cell = |title: &str| rows().find(|row| row.title == title)?.cells.get(column);
    let tile = |(spec, of): (&MetricSpec, Shown)| {
        let text = cell(spec.title).map(|cell| (cell, of(cell))).filter(|(_, text)| text.len() > 2);
        text.map_or_else(String::new, |(cell, text)| {
            let (class, title, sign) = (tone_class(cell.tone), escape(spec.title), sign(cell.tone));
            format!("<div><dt>{title}</dt><dd class=\"{class}\">{}{sign}</dd></div>", escape(text))
        })
    };
    let tiles: String = match view.compares() {
        true => compared().map(tile).concat(),
        false => alone().map(tile).concat(),
    };
    if tiles.is_empty() { tiles } else { format!("<dl class=\"tiles\">{tiles}</dl>") }
}

/// What of a cell is shown.
type Shown = fn(&Cell) -> &str;

fn compared() -> [(&'static MetricSpec, Shown); 4] {
    let (value, change): (Shown, Shown) = (|cell| &cell.value, |cell| &cell.change);
    [(&SPEED_UP, value), (&ACCURACY, change), (&SIZE, change), (&MEMORY_MODEL, change)]
}

fn alone() -> [(&'static MetricSpec, Shown); 4] {
    [&ACCURACY, &LATENCY_P50, &THROUGHPUT, &SIZE].map(|spec| (spec, (|cell| &cell.value) as Shown))
}

/// The answer itself, in capitals before a colon or its first words, stands out.
fn line(line: &Line) -> String {
    let answer = answer(&line.text);
    let (answer, rest) = line.text.split_at(answer.len());
    let answer = match answer {
        "" => String::new(),
        answer => format!("<strong class=\"answer {}\">{}</strong>", tone_class(line.tone), escape(answer)),
    };
    format!(
        "<li><span class=\"sign {}\">{}</span> {answer}{}</li>",
        tone_class(line.tone),
        mark(line.tone),
        prose(rest)
    )
}

/// The words in capitals that `text` begins with: `NOT WORTH IT` of `NOT WORTH IT where speed counts`.
fn answer(text: &str) -> &str {
    let capital = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let mut end = 0;
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches([' ', ':', ',']);
        if !capital(bare) {
            break;
        }
        end += bare.len();
        if bare.len() + 1 != word.len() || !word.ends_with(' ') {
            break;
        }
        end += 1;
    }
    text[..end].trim_end()
}

fn mark(tone: Tone) -> &'static str {
    match sign(tone) {
        "" => "<span aria-hidden=\"true\">·</span>",
        sign => sign,
    }
}

fn troubles(troubles: &[Trouble]) -> String {
    if troubles.is_empty() {
        return String::new();
    }
    let item = |trouble: &Trouble| {
        let lines: Vec<_> = trouble.lines.iter().map(|line| escape(line)).collect();
        let (label, what) = (escape(&trouble.label), escape(&trouble.what));
        format!("<li><strong>{label} {what}</strong><br>{}</li>", lines.join("<br>"))
    };
    let items: String = troubles.iter().map(item).collect();
    format!("<h3>What did not complete</h3><ul class=\"notes\">{items}</ul>\n")
}

fn warnings(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let items: String = warnings.iter().map(|warning| format!("<li>{}</li>", prose(warning))).collect();
    format!("<h3>Before you trust a figure</h3><ul class=\"notes quiet\">{items}</ul>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_what_stands_in_capitals() {
        assert_eq!(answer("GOOD ENOUGH: it loses at most 0.30 points"), "GOOD ENOUGH");
        assert_eq!(answer("NOT WORTH IT where speed counts: 2x slower"), "NOT WORTH IT");
        assert_eq!(answer("WORTH IT, at a price: 1.8x faster"), "WORTH IT");
        assert_eq!(answer("CANNOT TELL"), "CANNOT TELL");
        assert_eq!(answer("of 600 images 16 went"), "");
        assert_eq!(answer("F1 fell"), "");
    }

    #[test]
    fn a_line_keeps_all_its_words() {
        let html = line(&Line { text: "GOOD ENOUGH: 5 < 6".into(), tone: Tone::Better });
        assert!(
            html.contains("<strong class=\"answer better\">GOOD ENOUGH</strong>: 5 &lt; 6</li>"),
            "{html}"
        );
    }
}
