//! What took part and how: model files, machine, settings, and the command that measures the same again.

use super::super::fact_sheet::{FactRow, FactSheet};
use super::super::markup::escape;
use super::super::{Fact, View};
use super::Section;
use super::element::{about, folded, scrolled, table};

/// The quantization passport.
pub(super) fn models(sheet: &FactSheet) -> Section {
    let about = about(
        "What each model file holds: its quantization passport. `bench inspect` says more of a file at hand.",
    );
    Section { id: "models", title: "Models", body: about + &rows(sheet, "Model files") }
}

/// Where and how it was measured.
pub(super) fn machine(view: &View, sheet: &FactSheet) -> Section {
    let facts: String = view.facts.iter().map(fact).collect();
    let facts = table("facts", "What was measured", &format!("<tbody>{facts}</tbody>"));
    let all = folded("Machine and runtimes in full", &rows(sheet, "Machine and runtimes"));
    Section { id: "environment", title: "Environment", body: scrolled("What was measured", &facts) + &all }
}

fn fact(fact: &Fact) -> String {
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n",
        escape(fact.name),
        escape(&fact.lines.join("\n"))
    )
}

/// Every setting.
pub(super) fn settings(sheet: &FactSheet) -> Section {
    let about = about("Every setting as it was resolved, with who decided it where somebody did.");
    Section {
        id: "settings",
        title: "Settings",
        body: about + &folded("Every setting", &rows(sheet, "Settings")),
    }
}

/// The command. `whole`: whether it measures all that these runs did.
pub(super) fn reproduce(command: &str, whole: bool) -> Section {
    let note = match whole {
        true => {
            "The same measurement again, with every setting said aloud. Figures of time will differ as far as the noise goes."
        }
        false => {
            "These runs measured accuracy alone, or parts of the data (`bench run`); this command measures the whole, with the same settings."
        }
    };
    let command =
        format!("<pre tabindex=\"0\" aria-label=\"Command\"><code>{}</code></pre>", escape(command));
    Section { id: "reproduce", title: "Reproduce", body: about(note) + &command }
}

fn rows(sheet: &FactSheet, caption: &str) -> String {
    let heads: String =
        sheet.runs.iter().map(|run| format!("<th scope=\"col\">{}</th>", escape(run))).collect();
    let body: String = sheet.rows.iter().map(|one| row(one, sheet.runs.len())).collect();
    let inner = format!("<thead><tr><td></td>{heads}</tr></thead>\n<tbody>{body}</tbody>");
    scrolled(caption, &table("facts", caption, &inner))
}

fn row(row: &FactRow, columns: usize) -> String {
    let cells: String = match row.values.as_slice() {
        [only] if columns > 1 => format!("<td colspan=\"{columns}\">{}</td>", escape(only)),
        values => values.iter().map(|value| format!("<td>{}</td>", escape(value))).collect(),
    };
    format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(&row.name))
}
