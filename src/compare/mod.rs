//! Runs set against a baseline: every metric of every run, the differences, and what only a pair
//! can show. Knows no runtime and no clock; live and saved runs look the same here.

mod across;
mod align;
mod build;
mod comparison;
mod criteria;
mod data_sets;
mod difference;
mod trial;
mod verdict;
mod warning;

pub use crate::metric::paired::Resampling;
pub use crate::metric::{Flip, FlipKind, flips};
pub use align::{align, beside};
pub use build::{compare, compare_with};
pub use comparison::{
    ClassDelta, Classes, Column, Comparison, Delta, OnData, SliceDelta, Versus, Warning, WarningCode,
    WorstFlips,
};
pub use criteria::{Criteria, Margin, Options};
pub use data_sets::references;
pub use difference::{of_evaluations, of_machine};
pub use trial::{Standing, TRIAL_ERROR, Trial, Weighed, as_good, chance, is_at_chance, needed, weigh};
pub use verdict::{
    Answer, CHANGED, Change, Gain, GoodEnough, ImagesNeeded, ONE_PROCESS, ONE_SIDED, OwnRuntime, Verdict,
    WorthIt, change, is_not_inferior,
};
