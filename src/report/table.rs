//! The tables of the terminal, fitted to its width.

use super::layout::{Align, cut, right, table, width};
use super::{Across, Cell, ClassRow, ColumnHead, SliceRow, Style, Tone, View};

/// Columns of the longest class name that is shown in full.
const CLASS_NAME: usize = 24;

/// Columns of a class name that are left on the narrowest terminal.
const SHORTEST_NAME: usize = 5;

/// Letters of a class name above a column of a confusion matrix.
const MATRIX_NAME: usize = 5;

/// Columns of the longest label of a run that is shown in one line, and of the longest line of one.
const LABEL: usize = 15;

/// The figures in as many blocks as it takes. Each begins with the baseline, as long as one more
/// column fits beside it; on a narrower terminal each run has a block of its own.
pub(super) fn figure_blocks(view: &View, style: &Style) -> Vec<Vec<String>> {
    let candidates: Vec<usize> = (0..view.columns.len()).filter(|index| *index != view.baseline).collect();
    let (mut blocks, mut rest) = (Vec::new(), candidates.as_slice());
    while !rest.is_empty() {
        let Some((lines, taken)) = widest_block(view, rest, style) else { break };
        blocks.push(lines);
        rest = &rest[taken..];
    }
    if rest.is_empty() && !blocks.is_empty() {
        return blocks;
    }
    let all = [view.baseline].into_iter().chain(candidates);
    all.filter(|index| *index < view.columns.len()).map(|index| lone_block(view, index, style)).collect()
}

/// The baseline and as many of `candidates` as fit beside it.
fn widest_block(view: &View, candidates: &[usize], style: &Style) -> Option<(Vec<String>, usize)> {
    (1..=candidates.len()).rev().find_map(|count| {
        let lines = block(view, &[&[view.baseline], &candidates[..count]].concat(), true, style);
        fits(&lines, style).then_some((lines, count))
    })
}

/// One run, without its differences where they do not fit.
fn lone_block(view: &View, column: usize, style: &Style) -> Vec<String> {
    let lines = block(view, &[column], true, style);
    if fits(&lines, style) { lines } else { block(view, &[column], false, style) }
}

fn fits(lines: &[String], style: &Style) -> bool {
    lines.iter().all(|line| width(line) <= style.width)
}

fn block(view: &View, columns: &[usize], changes: bool, style: &Style) -> Vec<String> {
    let shapes: Vec<Shape> = columns.iter().map(|column| Shape::of(view, *column, changes, style)).collect();
    let heads: Vec<&ColumnHead> = columns.iter().filter_map(|column| view.columns.get(*column)).collect();
    let mut rows = head_rows(&heads, style);
    for section in &view.sections {
        rows.push(vec![style.bold(&style.text(section.title))]);
        // Intervals go where differences go.
        let fitting = section.rows.iter().filter(|row| changes || !row.cells.iter().any(|cell| cell.wide));
        rows.extend(fitting.map(|row| {
            let cells = columns
                .iter()
                .zip(&shapes)
                .filter_map(|(column, shape)| row.cells.get(*column).map(|cell| shape.cell(cell, style)));
            [format!("  {}", style.text(&row.title))].into_iter().chain(cells).collect()
        }));
    }
    table(&rows, &vec![Align::Left; columns.len() + 1])
}

/// Labels, in several lines where they are long, and the notes below them where there are any.
fn head_rows(heads: &[&ColumnHead], style: &Style) -> Vec<Vec<String>> {
    let long = heads.iter().any(|head| width(&head.label) > LABEL);
    let name = |line: usize| {
        row_of(heads, |head| {
            let text = label_lines(&head.label, long)[line];
            style.bold(&cut(&style.text(text), LABEL, &style.text("…")))
        })
    };
    let note = row_of(heads, |head| match head.tone {
        Tone::Worse => style.paint(Tone::Worse, &style.text(&head.note)),
        _ => style.dim(&style.text(&head.note)),
    });
    [name(0), name(1), name(2), note]
        .into_iter()
        .filter(|row| row.iter().any(|text| !text.is_empty()))
        .collect()
}

fn row_of(heads: &[&ColumnHead], text: impl Fn(&ColumnHead) -> String) -> Vec<String> {
    [String::new()].into_iter().chain(heads.iter().map(|head| text(head))).collect()
}

/// `ort · int8` in one line or two, or three where it names the data.
fn label_lines(label: &str, in_several: bool) -> [&str; 3] {
    if !in_several {
        return [label, "", ""];
    }
    let mut parts = label.splitn(3, " · ");
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// Widths within a column of figures: values end below each other, and so do differences.
struct Shape {
    value: usize,
    change: usize,
    marks: bool,
}

impl Shape {
    fn of(view: &View, column: usize, changes: bool, style: &Style) -> Self {
        let rows = || view.sections.iter().flat_map(|section| &section.rows);
        let cells = || rows().filter_map(|row| row.cells.get(column));
        let widest = |wide: bool, text: fn(&Cell) -> &str| {
            let cells = cells().filter(|cell| cell.wide == wide);
            cells.map(|cell| width(&style.text(text(cell)))).max().unwrap_or_default()
        };
        let (value, change) = (widest(false, |cell| &cell.value), widest(false, |cell| &cell.change));
        // An interval needs the room of both.
        let missing = widest(true, |cell| &cell.value).saturating_sub(value + 1);
        Self {
            value,
            change: if changes { change.max(missing) } else { 0 },
            marks: cells().any(|cell| matches!(cell.tone, Tone::Better | Tone::Worse)),
        }
    }

    fn cell(&self, cell: &Cell, style: &Style) -> String {
        if cell.wide {
            let room = if self.change > 0 { self.value + 1 + self.change } else { self.value };
            return style.dim(&right(&style.text(&cell.value), room));
        }
        let mut text = right(&style.text(&cell.value), self.value);
        if self.change > 0 {
            text = format!("{text} {}", right(&style.text(&cell.change), self.change));
        }
        if self.marks && matches!(cell.tone, Tone::Better | Tone::Worse) {
            text = format!("{text} {}", style.mark(cell.tone));
        }
        style.paint(cell.tone, text.trim_end())
    }
}

/// A confusion matrix with the names of its columns cut to a few letters; none when it does not fit.
pub(super) fn matrix_rows(matrix: &[Vec<String>], style: &Style) -> Option<Vec<String>> {
    let (head, rows) = matrix.split_first()?;
    let head = head.iter().map(|name| style.dim(&cut(&style.text(name), MATRIX_NAME, "")));
    let rows = rows.iter().map(|row| {
        let name = row.first().map(|name| cut(&style.text(name), CLASS_NAME, &style.text("…")));
        let counts = row.iter().skip(1).map(|count| style.text(count));
        name.map(|name| format!("  {name}")).into_iter().chain(counts).collect()
    });
    let rows: Vec<Vec<String>> = [head.collect()].into_iter().chain(rows).collect();
    let lines = table(&rows, &vec![Align::Right; matrix.len()]);
    fits(&lines, style).then_some(lines)
}

/// The rows of a class table with as many columns as fit, two at least: where not even those do, the
/// names give way.
pub(super) fn class_rows(rows: &[ClassRow], compares: bool, style: &Style) -> Vec<String> {
    fitted(style, |longest| match compares {
        true => compared_columns(rows, longest, style),
        false => lone_columns(rows, longest, style),
    })
}

/// The rows of a table of slices, as those of classes.
pub(super) fn slice_rows(rows: &[SliceRow], compares: bool, style: &Style) -> Vec<String> {
    fitted(style, |longest| match compares {
        true => compared_slices(rows, longest, style),
        false => lone_slices(rows, longest, style),
    })
}

/// The data sets, each with the figures that fit.
pub(super) fn across_rows(across: &Across, style: &Style) -> Vec<String> {
    fitted(style, |longest| {
        let heads = Across::HEADS.iter().enumerate();
        let column = |(at, head): (usize, &&str)| {
            class_column(head, &across.rows, style, |row| match at {
                0 => cut(&style.text(&row[at]), longest, &style.text("…")),
                _ => style.text(&row[at]),
            })
        };
        heads.map(column).collect()
    })
}

/// As many of `columns`, whose names take up to so much room, as fit.
fn fitted(style: &Style, columns: impl Fn(usize) -> Vec<Vec<String>>) -> Vec<String> {
    let full = columns(CLASS_NAME);
    if let Some(lines) =
        (2..=full.len()).rev().map(|count| class_lines(&full[..count])).find(|lines| fits(lines, style))
    {
        return lines;
    }
    let widest = class_lines(&full[..2]).iter().map(|line| width(line)).max().unwrap_or_default();
    let longest = CLASS_NAME.saturating_sub(widest.saturating_sub(style.width)).max(SHORTEST_NAME);
    class_lines(&columns(longest)[..2])
}

fn class_lines(columns: &[Vec<String>]) -> Vec<String> {
    let rows = columns.first().map_or(0, Vec::len);
    let line = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
    let lines: Vec<Vec<String>> = (0..rows).map(line).collect();
    let align: Vec<Align> =
        (0..columns.len()).map(|at| if at == 0 { Align::Left } else { Align::Right }).collect();
    table(&lines, &align).iter().map(|line| format!("  {line}")).collect()
}

/// What is least needed comes last, since it goes first.
fn compared_columns(rows: &[ClassRow], longest: usize, style: &Style) -> Vec<Vec<String>> {
    vec![
        class_column("class", rows, style, |row| cut(&style.text(&row.name), longest, &style.text("…"))),
        class_column("recall", rows, style, |row| {
            let before = row.recall_before.trim_end_matches(" %");
            style.text(&format!("{before} → {}", row.recall.value))
        }),
        class_column("change", rows, style, |row| change(&row.recall, style)),
        class_column("p", rows, style, |row| style.text(if row.p.is_empty() { "·" } else { &row.p })),
        class_column("F1 change", rows, style, |row| change(&row.f1, style)),
        class_column("precision change", rows, style, |row| change(&row.precision, style)),
        class_column("images", rows, style, |row| row.images.clone()),
    ]
}

fn lone_columns(rows: &[ClassRow], longest: usize, style: &Style) -> Vec<Vec<String>> {
    vec![
        class_column("class", rows, style, |row| cut(&style.text(&row.name), longest, &style.text("…"))),
        class_column("recall", rows, style, |row| style.text(&row.recall.value)),
        class_column("F1", rows, style, |row| style.text(&row.f1.value)),
        class_column("precision", rows, style, |row| style.text(&row.precision.value)),
        class_column("images", rows, style, |row| row.images.clone()),
    ]
}

fn compared_slices(rows: &[SliceRow], longest: usize, style: &Style) -> Vec<Vec<String>> {
    vec![
        class_column("slice", rows, style, |row| cut(&style.text(&row.name), longest, &style.text("…"))),
        class_column("accuracy", rows, style, |row| {
            let before = row.before.trim_end_matches(" %");
            style.text(&format!("{before} → {}", row.accuracy.value))
        }),
        class_column("change", rows, style, |row| change(&row.accuracy, style)),
        class_column("p", rows, style, |row| style.text(if row.p.is_empty() { "·" } else { &row.p })),
        class_column("interval", rows, style, |row| style.dim(&style.text(&row.interval))),
        class_column("images", rows, style, |row| row.images.clone()),
    ]
}

fn lone_slices(rows: &[SliceRow], longest: usize, style: &Style) -> Vec<Vec<String>> {
    vec![
        class_column("slice", rows, style, |row| cut(&style.text(&row.name), longest, &style.text("…"))),
        class_column("accuracy", rows, style, |row| style.text(&row.accuracy.value)),
        class_column("interval", rows, style, |row| style.dim(&style.text(&row.interval))),
        class_column("images", rows, style, |row| row.images.clone()),
    ]
}

fn class_column<R>(head: &str, rows: &[R], style: &Style, cell: impl Fn(&R) -> String) -> Vec<String> {
    [style.dim(head)].into_iter().chain(rows.iter().map(cell)).collect()
}

/// A difference with room for its sign, so that differences with and without one line up.
fn change(cell: &Cell, style: &Style) -> String {
    let mark = match cell.tone {
        Tone::Better | Tone::Worse => style.mark(cell.tone),
        _ => " ",
    };
    style.paint(cell.tone, &format!("{} {mark}", style.text(&cell.change)))
}
