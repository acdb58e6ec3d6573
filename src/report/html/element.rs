//! Pieces of HTML that several sections use. What comes from users goes through [`escape`].

use super::super::Cell;
use super::super::charts::Chart;
use super::super::markup::escape;
use super::super::view::Tone;

/// Charts up to this width fit a phone and grow with the page; wider ones are scrolled.
const NARROW: f64 = 380.0;

/// What is said under a heading.
pub fn about(text: &str) -> String {
    format!("<p class=\"about\">{}</p>", prose(text))
}

/// Running text: a percent sign stays with its number, and what stands between backticks is code.
pub fn prose(text: &str) -> String {
    let glued = escape(text).replace(" %", "\u{a0}%");
    let pieces = glued.split('`').enumerate();
    let piece = |(index, piece): (usize, &str)| match index % 2 {
        0 => piece.to_owned(),
        _ => format!("<code>{piece}</code>"),
    };
    pieces.map(piece).collect()
}

/// What may be wider than a phone. `label` says what it is to those who come to it by keyboard.
pub fn scrolled(label: &str, inner: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{}\">{inner}</div>",
        escape(label)
    )
}

/// What is there for those who ask.
pub fn folded(summary: &str, inner: &str) -> String {
    format!("<details><summary>{}</summary>{inner}</details>", escape(summary))
}

/// Charts in as many columns as fit, or below each other where they are wide.
pub fn charts<'a>(charts: impl IntoIterator<Item = &'a Chart>) -> String {
    let (narrow, wide): (Vec<&Chart>, Vec<&Chart>) =
        charts.into_iter().partition(|chart| chart.drawing.width() <= NARROW);
    // Two and four leave no gap when they stand in pairs.
    let pairs = matches!(narrow.len(), 2 | 4);
    let narrow: String = narrow.into_iter().map(|chart| figure(chart, &chart.drawing.embedded())).collect();
    let wide: String = wide
        .into_iter()
        .map(|chart| figure(chart, &scrolled(&chart.drawing.heading().title, &chart.drawing.embedded())))
        .collect();
    let grid = |class: &str, figures: String| match figures.is_empty() {
        true => String::new(),
        false => format!("<div class=\"{class}\">{figures}</div>"),
    };
    grid(if pairs { "charts two" } else { "charts" }, narrow) + &grid("wide", wide)
}

fn figure(chart: &Chart, drawing: &str) -> String {
    let heading = chart.drawing.heading();
    format!(
        "<figure>{drawing}<figcaption><b>{}</b>{}</figcaption></figure>\n",
        escape(&heading.title),
        prose(&heading.description)
    )
}

/// The class of a tone; empty where it has none.
pub fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Better => "better",
        Tone::Worse => "worse",
        Tone::Missing => "dim",
        Tone::Same | Tone::Plain => "",
    }
}

/// The sign of a tone, for those who do not see colours, with its word for those who do not see it.
pub fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Better => " <span aria-hidden=\"true\">▲</span><span class=\"hidden\">better</span>",
        Tone::Worse => " <span aria-hidden=\"true\">▼</span><span class=\"hidden\">worse</span>",
        Tone::Same | Tone::Plain | Tone::Missing => "",
    }
}

/// A cell of a table: value, then difference and sign, which a narrow page puts below it.
pub fn cell(cell: &Cell) -> String {
    let (value, sign) = (escape(&cell.value), sign(cell.tone));
    let change = match cell.change.as_str() {
        "" => sign.to_owned(),
        change => format!(" <span class=\"change\">{}{sign}</span>", escape(change)),
    };
    let class = match tone_class(cell.tone) {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    format!("<td{class}><span class=\"value\">{value}</span>{change}</td>")
}

/// A plain cell.
pub fn text(text: &str) -> String {
    format!("<td>{}</td>", escape(text))
}

/// A row: its head, then its cells.
pub fn row(head: &str, cells: impl IntoIterator<Item = String>) -> String {
    let cells: String = cells.into_iter().collect();
    format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(head))
}

/// The heads of columns; the first is that of the rows.
pub fn head<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let one = |(index, name): (usize, &str)| {
        let class = if index == 0 { " class=\"word\"" } else { "" };
        format!("<th scope=\"col\"{class}>{}</th>", escape(name))
    };
    let columns: String = columns.into_iter().enumerate().map(one).collect();
    format!("<thead><tr>{columns}</tr></thead>\n")
}

/// A table with a name for those who do not see what stands above it.
pub fn table(class: &str, caption: &str, inner: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<table{class}><caption class=\"hidden\">{}</caption>{inner}</table>", escape(caption))
}
