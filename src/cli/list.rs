//! `bench list`: what there is.

use std::io::Write;

use clap::builder::PossibleValue;
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
    /// What to list [default: everything]
    #[arg(value_enum)]
    what: Option<What>,
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
    let wanted = args.what.as_ref().map_or(What::value_variants(), std::slice::from_ref);
    let mut lines = Vec::new();
    for what in wanted {
        let indent = if wanted.len() > 1 { "  " } else { "" };
        lines.extend((wanted.len() > 1).then(|| format!("{what:?}").to_lowercase()));
        lines.extend(what.lines().into_iter().map(|line| format!("{indent}{line}")));
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).or_else(closed_pipe)
}

impl What {
    fn lines(self) -> Vec<String> {
        match self {
            Self::Runtimes => runtimes(),
            Self::Metrics => metrics(),
            Self::Formats => formats(),
            Self::Presets => presets(),
        }
    }
}

fn runtimes() -> Vec<String> {
    let remark = |name: &str| if name == "fake" { "  (scripted, for tests)" } else { "" };
    RUNTIMES.iter().map(|runtime| format!("{}{}", runtime.name(), remark(runtime.name()))).collect()
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
    let values: Vec<_> = T::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let width = values.iter().map(|value| value.get_name().len()).max().unwrap_or_default().max(20);
    let line = |value: &PossibleValue| Some(format!("{:<width$} {}", value.get_name(), value.get_help()?));
    values.iter().filter_map(line).collect()
}
