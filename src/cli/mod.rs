//! The command line: flags into jobs, jobs into records, records into pages. No measuring and no
//! judging happens here.

mod args;
mod baseline;
mod beside;
mod calibration;
pub mod candidates;
mod compare;
mod criteria;
mod data;
mod doctor;
mod exit;
mod explain;
mod flips;
mod gate;
mod inspect;
mod lineup;
mod list;
mod measuring;
mod merge;
mod output_file;
mod pictures;
mod plan;
mod preprocess_check;
mod progress;
mod report;
mod run;
mod runs;
mod setup;
mod signals;
mod start;

pub use exit::Exit;
pub use start::start;
