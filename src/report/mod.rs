//! What a reader sees. [`View`] turns every figure of a comparison into text once; each format only
//! lays that text out. [`ReportDocument`] is the same comparison for programs, as JSON, and [`csv()`] as a
//! table. [`Html`] adds [`Charts`], which also stand alone.

mod across;
mod alike;
pub(crate) mod blocks;
mod charts;
mod classes;
mod command;
mod confusion;
pub mod contact_sheet;
mod csv;
mod fact_sheet;
mod facts;
mod figures;
mod gallery;
pub mod gate;
mod html;
mod json;
pub(crate) mod layout;
mod markdown;
pub(crate) mod markup;
pub mod number;
mod outcomes;
mod picture;
pub mod plot;
pub mod settings;
mod slices;
mod style;
mod summary;
mod table;
mod terminal;
mod verdict;
mod view;

pub use self::csv::csv;
pub use across::Across;
pub use charts::{Chart, Charts};
pub use classes::{ClassRow, ClassTable};
pub(crate) use command::quoted;
pub use confusion::Confusions;
pub use facts::Fact;
pub use figures::{Cell, ColumnHead, Row, Section};
pub use gallery::{FlipCard, Gallery};
pub use html::{CARDS, Html};
pub use json::{
    EvaluationSummary, LatencySummary, REPORT_SCHEMA_VERSION, ReportColumn, ReportDocument, RoundSummary,
    json_schema,
};
pub use markdown::Markdown;
pub use outcomes::Trouble;
pub use picture::{Picture, Pictures};
pub use slices::{SliceRow, SliceTable};
pub use style::{ColorChoice, FEWEST_COLUMNS, MOST_COLUMNS, Style};
pub use summary::{Line, Statement};
pub use terminal::Terminal;
pub use view::{Tone, View};

use std::io;

/// A page for people. The text is ready: an implementation decides only where it stands. Tables for
/// programs (JSON, CSV) are made from the comparison itself.
pub trait Report {
    /// Writes the whole report. An error is that of `out`: a closed pipe, a full disk.
    fn write(&self, view: &View, out: &mut dyn io::Write) -> io::Result<()>;
}
