//! What two runs on the same images say about each other: how sure each difference is. Counts of
//! images that one side alone has right have exact methods (Tango, McNemar); calibration error has a
//! formula of its own; every other figure is resampled over images, the same resample for both runs.

mod bootstrap;
mod calibration;
mod cells;
mod classes;
mod judge;
mod losses;
mod multinomial;
mod rates;
mod shares;
mod slices;

pub use bootstrap::Resampling;
pub use classes::TESTED;
pub use judge::{Judged, JudgedClass, Judgement, judge};
pub use shares::Discordant;
pub use slices::{JudgedSlice, JudgedSlices, judge_slices};
