//! `bench list`: what there is.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::start::closed_pipe;
use crate::error::Result;
use crate::metric::{METRICS, MetricSpec, PAIR_METRICS};
use crate::plan::DatasetFormat;
use crate::preprocess::Preset;
use crate::runtime::RUNTIMES;

/// Arguments of `bench list`.
#[derive(Args, Debug)]
#[command(before_help = "Example:  bench list presets")]
pub struct ListArgs {
    /// What to list
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Runtimes for --runtime
    Runtimes,
    /// Metrics, with their definitions
    Metrics,
    /// Data-set formats for --format
    Formats,
    /// Preprocessing for --preset
    Presets,
}

/// Writes the list, one thing a line.
pub fn list(args: &ListArgs, out: &mut impl Write) -> Result<()> {
    let lines = match args.what {
        What::Runtimes => RUNTIMES.iter().map(|runtime| runtime.name().to_owned()).collect(),
        What::Metrics => metrics(),
        What::Formats => formats(),
        What::Presets => presets(),
    };
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).or_else(closed_pipe)
}

fn metrics() -> Vec<String> {
    let one = METRICS.iter().map(|metric| metric.spec());
    let pair = PAIR_METRICS.iter().map(|metric| metric.spec());
    one.chain(pair).map(|spec: &MetricSpec| format!("{:<24} {}", spec.id, spec.definition)).collect()
}

fn formats() -> Vec<String> {
    described::<DatasetFormat>()
}

fn presets() -> Vec<String> {
    described::<Preset>()
}

/// Name and first sentence of every value.
fn described<T: ValueEnum>() -> Vec<String> {
    let line = |value: &T| {
        let value = value.to_possible_value()?;
        Some(format!("{:<20} {}", value.get_name(), value.get_help()?))
    };
    T::value_variants().iter().filter_map(line).collect()
}
