//! The report as GitHub Markdown: the answer first, since a comment is read from the top, then the
//! table, and the classes folded away.

use std::io;

use super::{Across, Cell, ClassRow, ClassTable, Report, SliceRow, SliceTable, Tone, View};

/// A report as GitHub Markdown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Markdown;

/// Classes listed for each candidate: a comment on GitHub holds 65,536 characters in all.
const CLASSES: usize = 50;

impl Report for Markdown {
    fn write(&self, view: &View, out: &mut dyn io::Write) -> io::Result<()> {
        summary(view, out)?;
        across(view, out)?;
        troubles(view, out)?;
        warnings(view, out)?;
        figures(view, out)?;
        for table in &view.classes {
            classes(table, out)?;
        }
        for table in &view.slices {
            slices(table, out)?;
        }
        facts(view, out)
    }
}

fn summary(view: &View, out: &mut dyn io::Write) -> io::Result<()> {
    match view.compares() {
        true => writeln!(out, "### Against {}\n", escape(&view.against))?,
        false => writeln!(out, "### {}\n", escape(view.baseline_label()))?,
    }
    for statement in &view.summary {
        writeln!(out, "**{}**\n", escape(&statement.about))?;
        for line in &statement.lines {
            writeln!(out, "- {}{}", escape(&line.text), sign(line.tone))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn across(view: &View, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(across) = &view.across else { return Ok(()) };
    writeln!(out, "**Across data sets, the highest accuracy first**\n")?;
    row(out, Across::HEADS.map(str::to_owned))?;
    row(out, (0..Across::HEADS.len()).map(|at| if at == 0 { "---".to_owned() } else { "---:".to_owned() }))?;
    for texts in &across.rows {
        row(out, texts.iter().map(|text| escape(text)))?;
    }
    writeln!(out)?;
    for note in &across.notes {
        writeln!(out, "- {}", escape(note))?;
    }
    writeln!(out)
}

fn troubles(view: &View, out: &mut dyn io::Write) -> io::Result<()> {
    for trouble in &view.troubles {
        writeln!(out, "> **{} {}**", escape(&trouble.label), escape(&trouble.what))?;
        for line in &trouble.lines {
            writeln!(out, "> <br>{}", escape(line))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn warnings(view: &View, out: &mut dyn io::Write) -> io::Result<()> {
    for warning in &view.warnings {
        writeln!(out, "> **Note** {}\n", escape(warning))?;
    }
    Ok(())
}

fn figures(view: &View, out: &mut dyn io::Write) -> io::Result<()> {
    let heads = view.columns.iter().map(|head| match head.note.as_str() {
        "" => escape(&head.label),
        note => format!("{}<br>{}", escape(&head.label), escape(note)),
    });
    row(out, [String::new()].into_iter().chain(heads))?;
    row(out, ["---".to_owned()].into_iter().chain(view.columns.iter().map(|_| "---:".to_owned())))?;
    for section in &view.sections {
        let blanks = view.columns.iter().map(|_| String::new());
        row(out, [format!("**{}**", escape(section.title))].into_iter().chain(blanks))?;
        for figure in &section.rows {
            row(out, [escape(&figure.title)].into_iter().chain(figure.cells.iter().map(cell)))?;
        }
    }
    writeln!(out)?;
    if view.compares() {
        writeln!(out, "{LEGEND}\n")?;
    }
    Ok(())
}

const LEGEND: &str = "▲ better, ▼ worse than the baseline: beyond chance (95 %) for accuracy, beyond the machine's \
                      noise for timings; without a sign the two cannot be told apart. Intervals: 95 %. pp: percentage points.";

fn classes(table: &ClassTable, out: &mut dyn io::Write) -> io::Result<()> {
    let title = match table.compares {
        true => format!("Classes of {} against {}", table.label, table.against),
        false => format!("Classes of {}", table.label),
    };
    if let (true, ([], Some(line))) = (table.compares, table.worst(CLASSES)) {
        return writeln!(out, "{}: {}\n", escape(&title), escape(&line));
    }
    let shown = table.rows.len().min(CLASSES);
    writeln!(out, "<details><summary>{}</summary>\n", escape(&title))?;
    row(out, ["class", "images", "recall", "p", "precision", "F1"].map(str::to_owned))?;
    row(out, ["---", "---:", "---:", "---:", "---:", "---:"].map(str::to_owned))?;
    for class in &table.rows[..shown] {
        row(out, class_cells(class))?;
    }
    if shown < table.rows.len() {
        writeln!(out, "\n{} more classes are in the JSON report.", table.rows.len() - shown)?;
    }
    writeln!(out, "\n</details>\n")
}

fn class_cells(class: &ClassRow) -> [String; 6] {
    let [recall, precision, f1] = [&class.recall, &class.precision, &class.f1].map(cell);
    [escape(&class.name), class.images.clone(), recall, escape(&class.p), precision, f1]
}

fn slices(table: &SliceTable, out: &mut dyn io::Write) -> io::Result<()> {
    let title = match table.compares {
        true => format!("Slices of {} against {}", table.label, table.against),
        false => format!("Slices of {}", table.label),
    };
    let (shown, rest) = table.worst(CLASSES);
    writeln!(out, "<details><summary>{}</summary>\n", escape(&title))?;
    row(out, ["slice", "images", "accuracy", "interval", "p"].map(str::to_owned))?;
    row(out, ["---", "---:", "---:", "---:", "---:"].map(str::to_owned))?;
    for slice in shown {
        row(out, slice_cells(slice))?;
    }
    if let Some(rest) = rest {
        writeln!(out, "\n{}; the JSON report has them.", escape(&rest))?;
    }
    writeln!(out, "\n</details>\n")
}

fn slice_cells(slice: &SliceRow) -> [String; 5] {
    let SliceRow { name, images, accuracy, interval, p, .. } = slice;
    [escape(name), images.clone(), cell(accuracy), escape(interval), escape(p)]
}

fn facts(view: &View, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<details><summary>What was measured</summary>\n")?;
    for fact in &view.facts {
        for line in &fact.lines {
            writeln!(out, "- {}: {}", fact.name, escape(line))?;
        }
    }
    writeln!(out, "\n</details>")
}

fn row(out: &mut dyn io::Write, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
    let cells: Vec<String> = cells.into_iter().collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

fn cell(cell: &Cell) -> String {
    let text = match cell.change.as_str() {
        "" => cell.value.clone(),
        change => format!("{} ({change})", cell.value),
    };
    escape(&text) + sign(cell.tone)
}

fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Better => " ▲",
        Tone::Worse => " ▼",
        Tone::Same | Tone::Plain | Tone::Missing => "",
    }
}

/// A user's text that Markdown must take as it is.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' => {
                out.push('\\');
                out.push(character);
            }
            // GitHub looks for people and issues in the text that is left when backslashes are gone: only
            // a space of no width keeps `model #2` from being one, and `@scope` from being called.
            '#' | '@' => {
                out.push(character);
                out.push_str("&#8203;");
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_name_cannot_break_the_table() {
        assert_eq!(escape("a|b <img> `x`"), "a\\|b &lt;img&gt; \\`x\\`");
    }

    #[test]
    fn a_name_calls_nobody_and_links_no_issue() {
        assert_eq!(escape("model #2 of @team"), "model #&#8203;2 of @&#8203;team");
    }
}
