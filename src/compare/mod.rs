//! Runs set against a baseline: every metric of every run, the differences, and what only a pair
//! can show. Knows no runtime and no clock; live and saved runs look the same here.

mod comparison;

pub use comparison::{Classes, Column, Comparison, Delta, Versus, Warning, WarningCode};
