//! Charts as plain SVG: each is a pure function from data to a drawing. Text in them is text, colours are
//! classes of [`palette`], so that one drawing serves the page, light and dark, and a file of its own.
//!
//! | | |
//! |---|---|
//! | `svg`, `palette`, `scale`, `axis`, `legend`, `png` | the drawing, its colours, from values to places, to pixels |
//! | `histogram`, `ecdf`, `rounds` | times |
//! | `dots`, `heatmap`, `reliability`, `scatter` | classes, confusions, calibration, trade-offs |

mod axis;
mod dots;
mod ecdf;
mod heatmap;
mod histogram;
mod legend;
pub mod palette;
mod png;
mod reliability;
mod rounds;
mod scale;
mod scatter;
mod svg;

pub use dots::{Dot, DotRow, dots};
pub use ecdf::{Curve, ecdf};
pub use heatmap::{Cell, Heatmap, Tint, heatmap};
pub use histogram::{Histogram, histograms};
pub use png::{Fonts, png};
pub use reliability::{Bin, reliability};
pub use rounds::{Block, Track, rounds};
pub use scatter::{Point, Surface, scatter};
pub use svg::Svg;

/// What a chart is called, and what it shows for those who cannot see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// A few words.
    pub title: String,
    /// A sentence or two: what is drawn, and how it is to be read.
    pub description: String,
}

/// A run in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its name.
    pub label: String,
    /// Which colour: 0 for the baseline, 1 and more for candidates.
    pub color: usize,
}

/// Width of a chart that fits a phone.
const WIDTH: f64 = 360.0;

/// Height of the strip of one of so many runs, so that charts of few runs are not low and those of many
/// not endless.
fn strip_height(runs: usize) -> f64 {
    (150.0 / runs.max(1) as f64).clamp(40.0, 78.0)
}
