//! The report on a terminal. Its end is the answer and can be read alone; signs say what colours
//! say; a narrow terminal gets fewer columns in more blocks, never broken lines.

use std::io;

use super::figures::{Cell, ColumnHead};
use super::layout::{Align, cut, left, right, table, width, wrap};
use super::{ClassRow, ClassTable, Report, Style, Tone, View};

/// A report on a terminal of this style.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// What the terminal can show.
    pub style: Style,
}

/// Classes listed for each candidate.
const CLASSES: usize = 5;

/// Columns of the longest class name that is shown in full.
const CLASS_NAME: usize = 24;

/// Columns of the longest label of a run that is shown in full.
const LABEL: usize = 24;

/// Columns of the names before facts.
const FACT_NAME: usize = 10;

impl Report for Terminal {
    fn write(&self, view: &View, out: &mut dyn io::Write) -> io::Result<()> {
        let blocks = [
            self.facts(view),
            self.figures(view),
            self.classes(view),
            self.troubles(view),
            self.warnings(view),
            self.summary(view),
        ];
        for line in
            blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join(&String::new())
        {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Terminal {
    fn facts(&self, view: &View) -> Vec<String> {
        let lines = |fact: &super::Fact| {
            let texts = fact.lines.iter().flat_map(|line| self.wrapped(line, FACT_NAME + 2));
            let names = std::iter::once(fact.name).chain(std::iter::repeat(""));
            let line = |(name, text)| format!("  {}{text}", self.style.dim(&left(name, FACT_NAME)));
            names.zip(texts).map(line).collect::<Vec<_>>()
        };
        view.facts.iter().flat_map(lines).collect()
    }

    /// The table, in as many blocks as it takes; each begins with the baseline.
    fn figures(&self, view: &View) -> Vec<String> {
        let candidates: Vec<usize> =
            (0..view.columns.len()).filter(|index| *index != view.baseline).collect();
        let mut blocks = Vec::new();
        let mut rest = candidates.as_slice();
        loop {
            let (lines, taken) = self.widest_block(view, rest);
            blocks.push(lines);
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
        }
        let mut lines = blocks.join(&String::new());
        if view.compares() {
            lines.push(String::new());
            lines.extend(self.wrapped(LEGEND, 2).iter().map(|line| format!("  {}", self.style.dim(line))));
        }
        lines
    }

    /// The block with most of `candidates` that fits, and how many those are: one at least.
    fn widest_block(&self, view: &View, candidates: &[usize]) -> (Vec<String>, usize) {
        for count in (1..=candidates.len()).rev() {
            let columns: Vec<usize> =
                [view.baseline].into_iter().chain(candidates[..count].to_vec()).collect();
            let lines = self.block(view, &columns);
            if self.fits(&lines) {
                return (lines, count);
            }
        }
        // Too narrow for two columns of figures: one at a time, which always fits.
        let columns = [candidates.first().copied().unwrap_or(view.baseline)];
        (self.block(view, &columns), 1)
    }

    fn fits(&self, lines: &[String]) -> bool {
        lines.iter().all(|line| width(line) <= self.style.width)
    }

    fn block(&self, view: &View, columns: &[usize]) -> Vec<String> {
        let shapes: Vec<Shape> = columns.iter().map(|column| Shape::of(self, view, *column)).collect();
        let heads = columns.iter().map(|column| &view.columns[*column]);
        let mut rows = self.heads(heads, &shapes);
        for section in &view.sections {
            rows.push(vec![self.style.bold(&self.style.text(section.title))]);
            rows.extend(section.rows.iter().map(|row| {
                let cells =
                    columns.iter().zip(&shapes).filter_map(|(c, shape)| Some((row.cells.get(*c)?, shape)));
                let cells = cells.map(|(cell, shape)| self.cell(cell, shape));
                [format!("  {}", self.style.text(&row.title))].into_iter().chain(cells).collect()
            }));
        }
        let align: Vec<Align> =
            [Align::Left].into_iter().chain(columns.iter().map(|_| Align::Left)).collect();
        table(&rows, &align)
    }

    /// Labels and, where there is any, the notes below them.
    fn heads<'a>(
        &self,
        heads: impl Iterator<Item = &'a ColumnHead> + Clone,
        shapes: &[Shape],
    ) -> Vec<Vec<String>> {
        let line = |text: &dyn Fn(&ColumnHead) -> String| {
            let cells = heads.clone().zip(shapes).map(|(head, shape)| shape.head(&text(head)));
            [String::new()].into_iter().chain(cells).collect::<Vec<_>>()
        };
        let label = |head: &ColumnHead| self.style.bold(&self.fitted(&head.label, LABEL));
        let note = |head: &ColumnHead| match head.tone {
            Tone::Worse => self.style.paint(Tone::Worse, &self.style.text(&head.note)),
            _ => self.style.dim(&self.style.text(&head.note)),
        };
        let mut rows = vec![line(&label)];
        if heads.clone().any(|head| !head.note.is_empty()) {
            rows.push(line(&note));
        }
        rows
    }

    fn cell(&self, cell: &Cell, shape: &Shape) -> String {
        let value = right(&self.style.text(&cell.value), shape.value);
        if shape.change == 0 && !shape.marks {
            return self.style.paint(quiet(cell.tone), &value);
        }
        let change = right(&self.style.text(&cell.change), shape.change);
        let text = format!("{value} {change} {}", self.mark(cell.tone));
        self.style.paint(cell.tone, text.trim_end())
    }

    /// The sign of a tone: what the colour says, for those who do not see it.
    fn mark(&self, tone: Tone) -> &'static str {
        match (tone, self.style.unicode) {
            (Tone::Better, true) => "▲",
            (Tone::Better, false) => "^",
            (Tone::Worse, true) => "▼",
            (Tone::Worse, false) => "v",
            _ => " ",
        }
    }

    fn classes(&self, view: &View) -> Vec<String> {
        let tables: Vec<Vec<String>> =
            view.classes.iter().map(|table| self.class_table(view, table)).collect();
        tables.join(&String::new())
    }

    fn class_table(&self, view: &View, classes: &ClassTable) -> Vec<String> {
        let (rows, rest) = classes.worst(CLASSES);
        let baseline = view.columns.get(view.baseline).map_or("", |head| head.label.as_str());
        let title = match classes.compares {
            true => format!("classes of {} against {baseline}, the one that lost most first", classes.label),
            false => format!("classes of {}, the lowest recall first", classes.label),
        };
        let mut lines = self.heading(&title);
        if !rows.is_empty() {
            lines.extend(self.class_rows(rows, classes.compares));
        }
        lines.extend(rest.iter().flat_map(|rest| self.indented(rest, 4)));
        lines
    }

    /// The rows with as many columns as fit.
    fn class_rows(&self, rows: &[ClassRow], compares: bool) -> Vec<String> {
        let columns: Vec<Vec<String>> = class_columns(rows, compares, self);
        for count in (2..=columns.len()).rev() {
            let lines: Vec<Vec<String>> = (0..=rows.len())
                .map(|row| columns[..count].iter().map(|column| column[row].clone()).collect())
                .collect();
            let align: Vec<Align> =
                (0..count).map(|index| if index == 0 { Align::Left } else { Align::Right }).collect();
            let lines: Vec<String> = table(&lines, &align).iter().map(|line| format!("  {line}")).collect();
            if self.fits(&lines) || count == 2 {
                return lines;
            }
        }
        Vec::new()
    }

    fn troubles(&self, view: &View) -> Vec<String> {
        let trouble = |trouble: &super::Trouble| {
            let title = format!("{} {}", trouble.label, trouble.what);
            let mut lines = self.heading(&title);
            lines.extend(trouble.lines.iter().flat_map(|line| self.indented(line, 4)));
            lines
        };
        view.troubles.iter().map(trouble).collect::<Vec<_>>().join(&String::new())
    }

    fn warnings(&self, view: &View) -> Vec<String> {
        if view.warnings.is_empty() {
            return Vec::new();
        }
        let mut lines = self.heading("before you trust these figures");
        lines.extend(view.warnings.iter().flat_map(|warning| self.bullet("!", warning, Tone::Plain)));
        lines
    }

    fn summary(&self, view: &View) -> Vec<String> {
        if view.summary.is_empty() {
            return Vec::new();
        }
        let baseline = view.columns.get(view.baseline).map_or("", |head| head.label.as_str());
        let mut lines = match view.compares() {
            true => self.heading(&format!("in short, against {baseline}")),
            false => self.heading("in short"),
        };
        for statement in &view.summary {
            lines.extend(self.indented(&statement.about, 4).iter().map(|line| self.style.bold(line)));
            for line in &statement.lines {
                let mark = match (line.tone, self.style.unicode) {
                    (Tone::Same, _) => "=",
                    (Tone::Plain | Tone::Missing, true) => "·",
                    (Tone::Plain | Tone::Missing, false) => "-",
                    (tone, _) => self.mark(tone),
                };
                lines.extend(self.bullet(mark, &line.text, line.tone));
            }
        }
        lines
    }

    fn heading(&self, text: &str) -> Vec<String> {
        self.wrapped(text, 2).iter().map(|line| format!("  {}", self.style.bold(line))).collect()
    }

    /// Wrapped text after a sign in the colour of its tone.
    fn bullet(&self, mark: &str, text: &str, tone: Tone) -> Vec<String> {
        let signs = [self.style.paint(tone, mark)].into_iter().chain(std::iter::repeat(" ".into()));
        signs.zip(self.wrapped(text, 6)).map(|(sign, line)| format!("    {sign} {line}")).collect()
    }

    fn indented(&self, text: &str, by: usize) -> Vec<String> {
        self.wrapped(text, by).iter().map(|line| format!("{}{line}", " ".repeat(by))).collect()
    }

    /// `text` in lines that leave `indent` columns free.
    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        wrap(&self.style.text(text), self.style.width.saturating_sub(indent))
    }

    fn fitted(&self, text: &str, columns: usize) -> String {
        cut(&self.style.text(text), columns, &self.style.text("…"))
    }
}

/// Below the table: what its signs say, and what they do not.
const LEGEND: &str = "▲ better ▼ worse than the baseline in the digits shown, which is no claim that the \
                      difference is more than chance · pp percentage points · “·” not there";

/// Widths within a column of the table.
struct Shape {
    value: usize,
    change: usize,
    marks: bool,
    least: usize,
}

impl Shape {
    fn of(terminal: &Terminal, view: &View, column: usize) -> Self {
        let cells =
            || view.sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.cells.get(column));
        let widest = |text: fn(&Cell) -> &str| {
            cells().map(|cell| width(&terminal.style.text(text(cell)))).max().unwrap_or_default()
        };
        Self {
            value: widest(|cell| &cell.value),
            change: widest(|cell| &cell.change),
            marks: cells().any(|cell| matches!(cell.tone, Tone::Better | Tone::Worse)),
            least: 0,
        }
    }

    /// The head, above the end of the values.
    fn head(&self, text: &str) -> String {
        right(text, self.value.max(self.least))
    }
}

/// A missing value keeps its tone; nothing else in the baseline's column is good or bad.
fn quiet(tone: Tone) -> Tone {
    if tone == Tone::Missing { tone } else { Tone::Plain }
}

/// The class table by columns, the head first; the last ones go first when it is too wide.
fn class_columns(rows: &[ClassRow], compares: bool, terminal: &Terminal) -> Vec<Vec<String>> {
    let column = |head: &str, cell: &dyn Fn(&ClassRow) -> String| {
        let head = terminal.style.dim(&terminal.style.text(head));
        [head].into_iter().chain(rows.iter().map(cell)).collect::<Vec<_>>()
    };
    let text = |text: &str| terminal.style.text(text);
    let change = |cell: &Cell| {
        let mark = terminal.mark(cell.tone);
        terminal.style.paint(cell.tone, &format!("{} {mark}", text(&cell.change)))
    };
    let name = |row: &ClassRow| terminal.fitted(&row.name, CLASS_NAME);
    let images = |row: &ClassRow| row.images.clone();
    if !compares {
        return vec![
            column("class", &name),
            column("recall", &|row| text(&row.recall.value)),
            column("precision", &|row| text(&row.precision.value)),
            column("F1", &|row| text(&row.f1.value)),
            column("images", &images),
        ];
    }
    vec![
        column("class", &name),
        column("recall change", &|row| change(&row.recall)),
        column("from", &|row| text(&row.recall_before)),
        column("to", &|row| text(&row.recall.value)),
        column("precision", &|row| change(&row.precision)),
        column("F1", &|row| change(&row.f1)),
        column("images", &images),
    ]
}
