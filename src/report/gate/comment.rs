//! The gate as a comment on a change: the answer, what is not well with the worst first, the rest folded
//! away. A marker that readers do not see lets a bot find the comment again and replace it.

use super::super::markdown::escape;
use super::super::number::counted;
use super::{GateLine, GateView};
use crate::gate::{Effect, Outcome};

/// Characters that GitHub takes.
pub const COMMENT_LIMIT: usize = 65_536;

/// First line of every comment.
pub const MARKER: &str = "<!-- bench-gate -->";

/// Room that is left for the end: remarks, and what folds the rest away.
const END: usize = 14_000;

/// Remarks that are told.
const REMARKS: usize = 3;

/// The comment, always shorter than [`COMMENT_LIMIT`]; it also serves as the summary of a step.
pub fn comment(view: &GateView) -> String {
    let mut text = format!("{MARKER}\n### {} gate {}\n\n", sign(view.effect), escape(&view.headline));
    let (told, rest): (Vec<&GateLine>, Vec<&GateLine>) =
        view.worst().partition(|line| line.effect != Effect::None);
    if !told.is_empty() {
        rows(&mut text, &told);
    }
    for remark in view.remarks.iter().take(REMARKS) {
        text += &format!("> **Note** {}\n\n", escape(&short(remark)));
    }
    if !rest.is_empty() {
        let summary = counted(rest.len() as u64, "rule that is not broken", "rules that are not broken");
        text += &format!("<details><summary>{summary}</summary>\n\n");
        rows(&mut text, &rest);
        text += "</details>\n";
    }
    text
}

/// As many rows as there is room for, and the number of those left out.
fn rows(text: &mut String, lines: &[&GateLine]) {
    *text += "| | rule | candidate | |\n|---|---|---|---|\n";
    for (place, line) in lines.iter().enumerate() {
        let row = row(line);
        if text.len() + row.len() + END > COMMENT_LIMIT {
            let rest = counted((lines.len() - place) as u64, "more is", "more are");
            *text += &format!("\n{rest} in the other reports of this gate (`--json`, `--junit`).\n\n");
            return;
        }
        *text += &row;
    }
    *text += "\n";
}

fn row(line: &GateLine) -> String {
    let cells = [&line.title, &line.candidate].map(|text| escape(&short(text)));
    format!("| {} | {} | {} | {} |\n", mark(line), cells[0], cells[1], escape(&short(&line.told())))
}

/// One cell must not fill the comment.
fn short(text: &str) -> String {
    const MOST: usize = 500;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn mark(line: &GateLine) -> &'static str {
    match (line.effect, line.outcome) {
        (Effect::Failure | Effect::CouldNotRun, _) => "❌",
        (Effect::Warning, _) => "⚠️",
        (_, Outcome::CannotTell) => "❔",
        _ => "✅",
    }
}

fn sign(effect: Effect) -> &'static str {
    match effect {
        Effect::Failure | Effect::CouldNotRun => "❌",
        Effect::Inconclusive => "❔",
        Effect::Warning => "⚠️",
        Effect::None => "✅",
    }
}
