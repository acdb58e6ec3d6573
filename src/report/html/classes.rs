//! Classes and slices: drawn, and in full as tables.

use super::super::charts::Charts;
use super::super::markup::escape;
use super::super::{ClassRow, ClassTable, SliceRow, SliceTable, View};
use super::Section;
use super::element::{about, cell, charts, folded, head, row, scrolled, table, text};

/// Classes named in sight; all are in the folded table.
const WORST: usize = 8;

const P: &str = "p: chance of such a change of recall if there were none, corrected for the number of classes; \
                 a dot: too few images changed sides to test.";

/// The section; none where no run was evaluated.
pub(super) fn section(view: &View, drawn: &Charts) -> Option<Section> {
    if drawn.classes.is_empty() && view.classes.is_empty() {
        return None;
    }
    let about = about(if view.compares() { P } else { "What the run gets right, class by class." });
    let tables: String = view.classes.iter().map(of_run).collect();
    Some(Section { id: "classes", title: "Classes", body: about + &charts(&drawn.classes) + &tables })
}

fn of_run(classes: &ClassTable) -> String {
    let title = match classes.compares {
        true => format!("{} against {}, worst first", classes.label, classes.against),
        false => format!("{}, lowest recall first", classes.label),
    };
    let (worst, rest) = classes.worst(WORST);
    let shown =
        if worst.is_empty() { String::new() } else { scrolled(&title, &rows(classes, worst, &title)) };
    let rest = rest.map(|line| about(&line)).unwrap_or_default();
    let all = match worst.len() < classes.rows.len() {
        true => {
            let title = format!("All classes of {}", classes.label);
            folded(&title, &scrolled(&title, &rows(classes, &classes.rows, &title)))
        }
        false => String::new(),
    };
    format!("<h3>{}</h3>{shown}{rest}{all}\n", escape(&title))
}

fn rows(classes: &ClassTable, rows: &[ClassRow], caption: &str) -> String {
    let columns: &[&str] = match classes.compares {
        true => &["class", "recall before", "recall", "p", "precision", "F1", "images"],
        false => &["class", "recall", "precision", "F1", "images"],
    };
    let body: String = rows.iter().map(|class| class_row(classes.compares, class)).collect();
    table("", caption, &(head(columns.iter().copied()) + "<tbody>" + &body + "</tbody>"))
}

fn class_row(compares: bool, class: &ClassRow) -> String {
    let [recall, precision, f1] = [&class.recall, &class.precision, &class.f1].map(cell);
    let images = text(&class.images);
    let p = text(if class.p.is_empty() { "·" } else { &class.p });
    match compares {
        true => row(&class.name, [text(&class.recall_before), recall, p, precision, f1, images]),
        false => row(&class.name, [recall, precision, f1, images]),
    }
}

/// Accuracy by what the columns of the data say; none where the data has no such columns.
pub(super) fn slices(view: &View) -> Option<Section> {
    if view.slices.is_empty() {
        return None;
    }
    let about = about(
        "Accuracy by what the columns of the data say about the images; p is corrected for the number of slices.",
    );
    let tables: String = view.slices.iter().map(of_slices).collect();
    Some(Section { id: "slices", title: "Slices", body: about + &tables })
}

fn of_slices(slices: &SliceTable) -> String {
    let title = match slices.compares {
        true => format!("{} against {}, worst first", slices.label, slices.against),
        false => format!("{}, lowest accuracy first", slices.label),
    };
    let columns: &[&str] = match slices.compares {
        true => &["slice", "before", "accuracy", "interval of the change", "p", "images"],
        false => &["slice", "accuracy", "interval", "images"],
    };
    let body: String = slices.rows.iter().map(|slice| slice_row(slices.compares, slice)).collect();
    let table = table("", &title, &(head(columns.iter().copied()) + "<tbody>" + &body + "</tbody>"));
    format!("<h3>{}</h3>{}\n", escape(&title), scrolled(&title, &table))
}

fn slice_row(compares: bool, slice: &SliceRow) -> String {
    let (accuracy, interval, images) = (cell(&slice.accuracy), text(&slice.interval), text(&slice.images));
    match compares {
        true => row(&slice.name, [text(&slice.before), accuracy, interval, text(&slice.p), images]),
        false => row(&slice.name, [accuracy, interval, images]),
    }
}
