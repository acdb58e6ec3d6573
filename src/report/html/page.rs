//! The document: head, title, ways to the sections, and the sections.

use super::super::View;
use super::super::markup::escape;
use super::super::number::counted;
use super::super::plot::palette;
use super::Section;

/// Nothing may be fetched and nothing runs; pictures and rules are in the file.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Facts that stand below the title.
const LEAD: [&str; 2] = ["data", "measured"];

/// The whole page.
pub(super) fn document(view: &View, sections: &[Section]) -> String {
    let title = title(view);
    let body: String = sections.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"bench {version}\">\n\
         <title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n\
         <header class=\"page\"><p class=\"kicker\">bench report</p>\n<h1>{title}</h1>\n{lead}{ways}</header>\n\
         <main class=\"page\" id=\"main\">\n{body}</main>\n\
         <footer class=\"page\"><p>Written by bench {version}. Intervals are at 95 %. This file is whole: it \
         loads nothing and runs nothing.</p></footer>\n</body>\n</html>\n",
        version = env!("CARGO_PKG_VERSION"),
        style = style(),
        lead = lead(view),
        ways = ways(sections),
    )
}

fn style() -> String {
    palette::variables() + &palette::rules() + include_str!("page.css")
}

fn title(view: &View) -> String {
    if let Some(across) = &view.across {
        let (runs, data) = (view.columns.len() as u64, across.rows.len() as u64);
        return format!("{} on {}", counted(runs, "run", "runs"), counted(data, "data set", "data sets"));
    }
    let baseline = view.baseline_label();
    let mut others = view.columns.iter().enumerate().filter(|(index, _)| *index != view.baseline);
    let title = match (others.next(), others.count() as u64) {
        (None, _) => baseline.to_owned(),
        (Some((_, only)), 0) => format!("{} against {baseline}", only.label),
        (Some(_), more) => format!("{} against {baseline}", counted(more + 1, "candidate", "candidates")),
    };
    escape(&title).into_owned()
}

fn lead(view: &View) -> String {
    // Each data set is worth a line.
    let most = view.across.as_ref().map_or(1, |across| across.rows.len());
    let facts = LEAD.iter().filter_map(|name| view.facts.iter().find(|fact| fact.name == *name));
    let lines = facts.flat_map(|fact| fact.lines.iter().take(most));
    lines.map(|line| format!("<p class=\"lead\">{}</p>\n", escape(line))).collect()
}

fn ways(sections: &[Section]) -> String {
    let ways: String = sections
        .iter()
        .map(|section| format!("<li><a href=\"#{}\">{}</a></li>", section.id, escape(section.title)))
        .collect();
    format!("<nav aria-label=\"Sections\"><ul>{ways}</ul></nav>\n")
}

fn section(section: &Section) -> String {
    let Section { id, title, body } = section;
    let title = escape(title);
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n{body}\n</section>\n"
    )
}
