//! The data sets, where the runs are on several.

use super::super::{Across, View};
use super::Section;
use super::element::{head, prose, row, scrolled, table, text};

/// The section; none where all runs are on the same data.
pub(super) fn section(view: &View) -> Option<Section> {
    let across = view.across.as_ref()?;
    let caption = "Data sets, the highest accuracy first";
    let rows = across.rows.iter().filter_map(|texts| texts.split_first());
    let rows: String = rows.map(|(data, others)| row(data, others.iter().map(|one| text(one)))).collect();
    let inner = head(Across::HEADS) + "<tbody>" + &rows + "</tbody>";
    let notes: String = across.notes.iter().map(|note| format!("<li>{}</li>", prose(note))).collect();
    let body =
        scrolled(caption, &table("", caption, &inner)) + &format!("<ul class=\"notes quiet\">{notes}</ul>");
    Some(Section { id: "across", title: "Across data sets", body })
}
