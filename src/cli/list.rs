//! `bench list`: what there is.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::start::closed_pipe;
use crate::error::Result;
use crate::metric::{METRICS, MetricSpec, PAIR_METRICS};
use crate::plan::DatasetFormat;
use crate::preprocess;
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
    let described = |format: &DatasetFormat| {
        let value = format.to_possible_value()?;
        Some(format!("{:<10} {}", value.get_name(), value.get_help()?))
    };
    DatasetFormat::value_variants().iter().filter_map(described).collect()
}

fn presets() -> Vec<String> {
    preprocess::PRESETS.iter().map(|preset| format!("{:<20} {}", preset.name, preset.description)).collect()
}
