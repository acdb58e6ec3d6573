//! The report as one HTML file that needs nothing else: no network, no script, no font. It says what the
//! terminal says, in the same words and digits, and draws what a terminal cannot.
//!
//! | | |
//! |---|---|
//! | `page` | the document around the sections |
//! | `element` | pieces that several sections use |
//! | `verdict`, `figures`, `across`, `drawn`, `classes`, `flips`, `facts`, `terms` | the sections |

mod across;
mod classes;
mod drawn;
mod element;
mod facts;
mod figures;
mod flips;
mod page;
mod terms;
mod verdict;

use std::io;

use super::charts::Charts;
use super::fact_sheet::FactSheet;
use super::gallery::Gallery;
use super::picture::Pictures;
use super::{Report, View, command};
use crate::compare::Comparison;

/// Cards of flips for each candidate when nobody says how many.
pub const CARDS: usize = 24;

/// A report as a page for a browser.
#[derive(Clone, Copy, Debug)]
pub struct Html<'a> {
    /// What the view was made of: samples and counts for the charts.
    pub comparison: &'a Comparison,
    /// Pictures of images that flipped.
    pub pictures: &'a Pictures,
    /// Most cards of flips for each candidate.
    pub cards: usize,
}

impl Report for Html<'_> {
    fn write(&self, view: &View, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(page::document(view, &self.sections(view)).as_bytes())
    }
}

/// A part of the page.
struct Section {
    /// Where a link leads.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// What stands below that, as HTML.
    body: String,
}

impl Html<'_> {
    /// All sections that there is something to say in, in the order of the page.
    fn sections(&self, view: &View) -> Vec<Section> {
        let (comparison, charts) = (self.comparison, Charts::of(self.comparison));
        let galleries = Gallery::all(comparison, self.cards);
        let all = [
            Some(verdict::section(view)),
            Some(figures::section(view)),
            across::section(view),
            drawn::tradeoff(&charts),
            drawn::latency(&charts),
            classes::section(view, &charts),
            classes::slices(view),
            drawn::confusion(view, &charts),
            flips::section(&galleries, self.pictures),
            drawn::calibration(comparison, &charts),
            Some(facts::models(&FactSheet::models(comparison))),
            Some(facts::machine(view, &FactSheet::machines(comparison))),
            Some(facts::settings(&FactSheet::settings(comparison))),
            command::reproduce(comparison).map(|text| facts::reproduce(&text, command::is_whole(comparison))),
            Some(terms::section(comparison)),
        ];
        all.into_iter().flatten().collect()
    }
}
