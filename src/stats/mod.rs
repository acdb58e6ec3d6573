//! Pure functions on slices of numbers; nothing here knows what the numbers count.

mod mean;
mod quantile;
mod ratio;

pub use mean::{mean, sum};
pub use quantile::{median, quantile, sorted};
pub use ratio::median_ratio;
