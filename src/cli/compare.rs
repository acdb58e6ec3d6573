//! `bench compare`: the main job.

use std::path::PathBuf;

use clap::{ArgMatches, Args};

use super::args::SettingArgs;
use super::calibration::{self, Checked};
use super::exit::Exit;
use super::measuring::{self, Keeping, Kept, StartArgs, say};
use super::report::{self, OutputArgs};
use super::{candidates, criteria, flips, lineup, signals};
use crate::compare::{Options, references};
use crate::error::Result;
use crate::measure::Interrupt;
use crate::record::Run;

/// Arguments of `bench compare`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench compare model.fp32.onnx model.int8.onnx --data images/
  bench compare model.fp32.onnx model.int8.onnx --runtime ort --limit 1000 --json report.json
  bench compare yesterday/01-ort-fp32.json model.int8.onnx")]
pub struct CompareArgs {
    /// Models (.onnx) or saved records (.json, or a folder of them); the first is the baseline
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Keep the records and predictions of this run in DIR [default: the cache, see `bench report last`]
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    #[command(flatten)]
    start: StartArgs,
}

/// Measures and compares.
pub fn compare(args: &CompareArgs, matches: &ArgMatches) -> Result<Exit> {
    let given = args.settings.layers(matches);
    let (planned, saved) = lineup::split(candidates::open(&args.models, &given)?);
    let jobs = lineup::jobs(&planned)?;
    if args.start.explain {
        return measuring::explain_all(&jobs).map(|()| Exit::Done);
    }
    measuring::check(&jobs, args.output.quiet)?;
    args.output.check()?;
    let options = match planned.first() {
        Some((_, baseline)) => criteria::options(&baseline.resolved)?,
        None => {
            let first = saved.first().and_then(|(_, runs)| runs.get(lineup::baseline(runs)));
            args.settings.criteria.options(matches, first)?
        }
    };
    let interrupt = Interrupt::default();
    signals::watch(&interrupt)?;
    let calibration = match calibration::check(&jobs, args.output.quiet, &interrupt)? {
        Checked::Overlaps(overlaps) => overlaps,
        Checked::Interrupted(signal) => return Ok(Exit::Interrupted(signal)),
    };
    let keeping = Keeping { start: &args.start, folder: args.record.as_deref(), quiet: args.output.quiet };
    let live = measuring::measure_and_keep(&keeping, jobs, calibration, !saved.is_empty(), &interrupt)?;
    let records = live.iter().map(|kept| &kept.run.record);
    let ended = measuring::ended(records, lineup::asked_for_runtimes(&planned), &interrupt);
    let kept = (!live.is_empty()).then(|| measuring::kept_at(args.record.as_deref()));
    let runs = lineup::in_order(args.models.len(), &planned, live, saved);
    publish(runs, &options, &args.output).map_err(|error| match kept {
        Some(kept) => error.and_help(kept),
        None => error,
    })?;
    Ok(ended)
}

fn publish(kept: Vec<Kept>, options: &Options, output: &OutputArgs) -> Result<()> {
    let flips: Vec<Option<PathBuf>> = kept.iter().map(|kept| kept.flips.clone()).collect();
    let runs: Vec<Run> = kept.into_iter().map(|kept| kept.run).collect();
    keep_flips(&runs, &flips);
    report::publish(runs, options, output)
}

/// Writes what each measured candidate gets otherwise than the run that it is set against beside its
/// record.
fn keep_flips(runs: &[Run], places: &[Option<PathBuf>]) {
    let references = references(runs, lineup::baseline(runs));
    for (index, (place, reference)) in places.iter().zip(references).enumerate() {
        let Some(place) = place.as_deref().filter(|_| index != reference) else { continue };
        if let Err(error) = flips::save(&runs[reference], &runs[index], place) {
            say(&format!("warning: {error}"));
        }
    }
}
