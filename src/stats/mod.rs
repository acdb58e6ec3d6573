//! Pure functions on slices of numbers; nothing here knows what the numbers count.
//!
//! | question | functions |
//! |---|---|
//! | how large is a share, or the difference of two paired ones? | [`wilson`], [`tango`], [`tango_lower`], [`bonett_price`] |
//! | do shares of two samples differ? | [`newcombe`], [`newcombe_lower`], [`two_shares`] |
//! | do two paired answers differ? | [`mcnemar_mid_p`], [`mcnemar_exact`], [`stuart_maxwell`], [`bowker`], [`cohen_kappa`] |
//! | which of many tests hold? | [`holm`], [`benjamini_hochberg`] |
//! | how sure is a figure that was resampled? | [`bca`], [`jackknife_acceleration`] |
//! | where is the middle of repeated measurements? | [`median`], [`median_interval`], [`LogRatios`], [`hodges_lehmann`], [`welch`] |
//! | how bad are the slowest? | [`quantile`], [`overlatency_allowed`], [`quantile_upper_bound`] |
//! | do measurements hang together over time? | [`lag_one`], [`trend`] |
//! | how much is needed to see it? | [`half_width`], [`images_for_margin`], [`smallest_margin`], [`smallest_difference`], [`outlook`] |
//!
//! Levels are two-sided and shares, not percentages: 0.95 leaves 2.5 % outside each end. The
//! functions whose level is one-sided say so.

mod autocorrelation;
mod bca;
mod benjamini_hochberg;
mod binomial;
mod bonett_price;
mod by_p;
mod hodges_lehmann;
mod holm;
mod interval;
mod kappa;
mod log_ratios;
mod mcnemar;
mod mean;
mod median_interval;
mod needed;
mod newcombe;
mod normal;
mod order_statistic;
mod outlook;
mod power;
mod quantile;
#[cfg(test)]
mod reference;
mod search;
mod stuart_maxwell;
mod student;
mod tango;
mod welch;
mod wilson;

pub use autocorrelation::{Trend, lag_one, trend};
pub use bca::{bca, jackknife_acceleration};
pub use benjamini_hochberg::benjamini_hochberg;
pub use binomial::{binomial_lower_tail, binomial_probability};
pub use bonett_price::bonett_price;
pub use hodges_lehmann::{Location, hodges_lehmann};
pub use holm::holm;
pub use interval::Interval;
pub use kappa::cohen_kappa;
pub use log_ratios::{Block, LEAST_LAUNCHES, LogRatios};
pub use mcnemar::{mcnemar_exact, mcnemar_mid_p};
pub use mean::{mean, sum};
pub use median_interval::median_interval;
pub use needed::{half_width, images_for_margin, smallest_difference, smallest_margin, unpaired_half_width};
pub use newcombe::{newcombe, newcombe_lower, two_shares};
pub use normal::{normal_cdf, normal_quantile, two_sided_z};
pub use order_statistic::{overlatency_allowed, quantile_upper_bound};
pub use outlook::{Outlook, outlook};
pub use quantile::{median, quantile, sorted};
pub use stuart_maxwell::{MarginalTest, bowker, stuart_maxwell};
pub use student::student_quantile;
pub use tango::{tango, tango_lower, tango_score};
pub use welch::welch;
pub use wilson::wilson;
