//! The report on a terminal. Its end is the answer and can be read alone; signs say what colours
//! say; a narrow terminal gets fewer columns in more blocks, never broken lines.

use std::io;

use super::layout::{left, wrap, wrap_parts};
use super::table::{across_rows, class_rows, figure_blocks, matrix_rows, slice_rows};
use super::{ClassTable, Confusions, Fact, Report, SliceTable, Style, Tone, Trouble, View};

/// A report on a terminal of this style.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// What the terminal can show.
    pub style: Style,
}

/// Classes listed for each candidate.
const CLASSES: usize = 5;

/// Slices listed for each candidate.
const SLICES: usize = 8;

/// Columns of the names before facts, the space after them included.
const FACT_NAME: usize = 10;

/// Below the table: what its signs say.
const LEGEND: &str = "▲ better, ▼ worse than the baseline: beyond chance (95 %) for accuracy, beyond this machine's \
                      noise for timings; without a sign the two cannot be told apart · intervals: 95 % · pp: percentage points";

/// Below the classes.
const CLASS_LEGEND: &str = "p: chance of such a change of recall if there were none, corrected for the number of \
                            classes; · too few images changed sides to test";

/// Below the slices.
const SLICE_LEGEND: &str = "p: chance of such a change of accuracy if there were none, corrected for the number of \
                            slices; · too few images changed sides to test";

impl Report for Terminal {
    fn write(&self, view: &View, out: &mut dyn io::Write) -> io::Result<()> {
        let blocks = [
            self.facts(view),
            self.figures(view),
            self.classes(view),
            self.slices(view),
            self.confusions(view),
            self.troubles(view),
            self.warnings(view),
            self.across(view),
            self.summary(view),
        ];
        let blocks: Vec<Vec<String>> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
        for line in blocks.join(&String::new()) {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Terminal {
    fn facts(&self, view: &View) -> Vec<String> {
        let longest = view.facts.iter().map(|fact| fact.name.len() + 1).max().unwrap_or_default();
        view.facts.iter().flat_map(|fact| self.fact(fact, longest.max(FACT_NAME))).collect()
    }

    /// The lines of a fact, after `names` columns for its name.
    fn fact(&self, fact: &Fact, names: usize) -> Vec<String> {
        let room = self.style.width.saturating_sub(names + 2);
        let divider = self.style.text(" · ");
        // Continued lines stand a little to the right, so that each line of the fact can be told.
        let texts = fact.lines.iter().flat_map(|line| {
            let lines = wrap_parts(&self.style.text(line), &divider, room.saturating_sub(2));
            let indents = std::iter::once("").chain(std::iter::repeat("  "));
            indents.zip(lines).map(|(indent, line)| format!("{indent}{line}")).collect::<Vec<_>>()
        });
        let name = std::iter::once(fact.name).chain(std::iter::repeat(""));
        name.zip(texts)
            .map(|(name, text)| {
                format!("  {}{}", left(&self.style.dim(name), names), text.replace('\u{a0}', " "))
            })
            .collect()
    }

    fn figures(&self, view: &View) -> Vec<String> {
        let mut lines = figure_blocks(view, &self.style).join(&String::new());
        if view.compares() {
            lines.push(String::new());
            lines.extend(self.wrapped(LEGEND, 2).iter().map(|line| format!("  {}", self.style.dim(line))));
        }
        lines
    }

    fn classes(&self, view: &View) -> Vec<String> {
        let tables: Vec<Vec<String>> = view.classes.iter().map(|table| self.class_table(table)).collect();
        tables.join(&String::new())
    }

    fn class_table(&self, classes: &ClassTable) -> Vec<String> {
        let (rows, rest) = classes.worst(CLASSES);
        let mut lines = match classes.compares {
            true => self
                .heading(&format!("classes of {} against {}, worst first", classes.label, classes.against)),
            false => self.heading(&format!("classes of {}, lowest recall first", classes.label)),
        };
        if !rows.is_empty() {
            lines.extend(class_rows(rows, classes.compares, &self.style));
        }
        if !rows.is_empty() && classes.compares {
            lines.extend(
                self.wrapped(CLASS_LEGEND, 4).iter().map(|line| format!("    {}", self.style.dim(line))),
            );
        }
        lines.extend(rest.iter().flat_map(|rest| self.indented(rest, 4)));
        lines
    }

    fn slices(&self, view: &View) -> Vec<String> {
        let tables: Vec<Vec<String>> = view.slices.iter().map(|table| self.slice_table(table)).collect();
        tables.join(&String::new())
    }

    fn slice_table(&self, slices: &SliceTable) -> Vec<String> {
        let (rows, rest) = slices.worst(SLICES);
        let mut lines = match slices.compares {
            true => {
                self.heading(&format!("slices of {} against {}, worst first", slices.label, slices.against))
            }
            false => self.heading(&format!("slices of {}, lowest accuracy first", slices.label)),
        };
        lines.extend(slice_rows(rows, slices.compares, &self.style));
        if slices.compares {
            lines.extend(
                self.wrapped(SLICE_LEGEND, 4).iter().map(|line| format!("    {}", self.style.dim(line))),
            );
        }
        lines.extend(rest.iter().flat_map(|rest| self.indented(rest, 4)));
        lines
    }

    fn confusions(&self, view: &View) -> Vec<String> {
        let tables: Vec<Vec<String>> =
            view.confusions.iter().map(|confusions| self.confusion_table(confusions)).collect();
        tables.join(&String::new())
    }

    fn confusion_table(&self, confusions: &Confusions) -> Vec<String> {
        let mut lines =
            self.heading(&format!("confusions of {}, a row for each true class", confusions.label));
        let matrix = matrix_rows(&confusions.matrix, &self.style);
        lines.extend(matrix.unwrap_or_else(|| self.indented("too wide to show here; --json has it", 4)));
        lines.extend(confusions.changes.iter().flat_map(|change| self.indented(change, 4)));
        lines
    }

    fn troubles(&self, view: &View) -> Vec<String> {
        let troubles: Vec<Vec<String>> = view.troubles.iter().map(|trouble| self.trouble(trouble)).collect();
        troubles.join(&String::new())
    }

    fn trouble(&self, trouble: &Trouble) -> Vec<String> {
        let mut lines = self.heading(&format!("{} {}", trouble.label, trouble.what));
        lines.extend(trouble.lines.iter().flat_map(|line| self.indented(line, 4)));
        lines
    }

    fn warnings(&self, view: &View) -> Vec<String> {
        if view.warnings.is_empty() {
            return Vec::new();
        }
        let mut lines = self.heading("before you trust these figures");
        lines.extend(view.warnings.iter().flat_map(|warning| self.bullet("!", warning, Tone::Plain)));
        lines
    }

    fn across(&self, view: &View) -> Vec<String> {
        let Some(across) = &view.across else { return Vec::new() };
        let mut lines = self.heading("across data sets, the highest accuracy first");
        lines.extend(across_rows(across, &self.style));
        let mark = self.style.mark(Tone::Plain);
        lines.extend(across.notes.iter().flat_map(|note| self.bullet(mark, note, Tone::Plain)));
        lines
    }

    fn summary(&self, view: &View) -> Vec<String> {
        if view.summary.is_empty() {
            return Vec::new();
        }
        let mut lines = match view.compares() {
            true => self.heading(&format!("verdict, against {}", view.against)),
            false => self.heading("in short"),
        };
        for statement in &view.summary {
            lines.extend(self.indented(&statement.about, 4).iter().map(|line| self.style.bold(line)));
            lines.extend(
                statement
                    .lines
                    .iter()
                    .flat_map(|line| self.bullet(self.style.mark(line.tone), &line.text, line.tone)),
            );
        }
        lines
    }

    fn heading(&self, text: &str) -> Vec<String> {
        self.wrapped(text, 2).iter().map(|line| format!("  {}", self.style.bold(line))).collect()
    }

    /// Wrapped text after a sign in the colour of its tone.
    fn bullet(&self, mark: &str, text: &str, tone: Tone) -> Vec<String> {
        let signs = std::iter::once(self.style.paint(tone, mark)).chain(std::iter::repeat(" ".to_owned()));
        signs.zip(self.wrapped(text, 8)).map(|(sign, line)| format!("      {sign} {line}")).collect()
    }

    fn indented(&self, text: &str, by: usize) -> Vec<String> {
        self.wrapped(text, by).iter().map(|line| format!("{}{line}", " ".repeat(by))).collect()
    }

    /// `text` in lines that leave `indent` columns free.
    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        wrap(&self.style.text(text), self.style.width.saturating_sub(indent))
    }
}
