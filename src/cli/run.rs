//! `bench run`: one model, one runtime, one record.

use std::path::PathBuf;

use clap::{ArgMatches, Args};

use super::args::SettingArgs;
use super::calibration::{self, Checked};
use super::candidates::{self, PlannedModel};
use super::criteria;
use super::exit::Exit;
use super::measuring::{self, Plan, PlannedJob, StartArgs};
use super::report::{self, OutputArgs};
use super::signals;
use crate::error::{Error, Result};
use crate::measure::Interrupt;
use crate::plan::{Job, Passes, Shard};

/// Arguments of `bench run`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench run model.onnx --data images/ -o run.json
  bench run model.onnx --data images/ --shard 2/4 -o part2.json
  bench merge part*.json -o run.json")]
pub struct RunArgs {
    /// The model (.onnx)
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Where the record goes; the predictions go beside it
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Evaluate part K of N of the images, accuracy alone; `bench merge` joins the parts
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Measure accuracy alone: no latency, throughput or memory
    #[arg(long)]
    accuracy_only: bool,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    start: StartArgs,
}

/// Measures one model and keeps the record.
pub fn run(args: &RunArgs, matches: &ArgMatches) -> Result<Exit> {
    let planned = candidates::open_model(&args.model, &args.settings.layers(matches), "bench run")?;
    let jobs: Vec<PlannedJob<'_>> = vec![(&planned, job(args, &planned)?)];
    if args.start.explain {
        return measuring::explain_all(&jobs).map(|()| Exit::Done);
    }
    measuring::check(&jobs, args.output.quiet)?;
    args.output.check()?;
    measuring::check_place(&args.out)?;
    let options = criteria::options(&planned.resolved)?;
    let interrupt = Interrupt::default();
    signals::watch(&interrupt)?;
    let calibration = match calibration::check(&jobs, args.output.quiet, &interrupt)? {
        Checked::Overlaps(overlaps) => overlaps,
        Checked::Interrupted(signal) => return Ok(Exit::Interrupted(signal)),
    };
    let (places, quiet) = (vec![args.out.clone()], args.output.quiet);
    let plan = Plan { jobs, places, calibration, with_saved: false, quiet };
    let runs = measuring::measure(&args.start, plan, &interrupt)?;
    let exit = measuring::ended(runs.iter().map(|run| &run.record), true, &interrupt);
    if args.output.quiet {
        runs.iter().for_each(measuring::report_trouble);
    }
    report::publish(runs, &options, &args.output)
        .map_err(|error| error.and_help(measuring::kept_at(Some(&args.out))))?;
    Ok(exit)
}

fn job(args: &RunArgs, planned: &PlannedModel) -> Result<Job> {
    let runtime = candidates::one_runtime(planned, "bench run")?;
    let mut job = candidates::job(planned, runtime)?;
    if args.accuracy_only || args.shard.is_some() {
        job.protocol.passes = Passes::Accuracy;
    }
    match &mut job.dataset {
        Some(data) => data.shard = args.shard,
        None if !job.protocol.passes.is_all() => {
            return Err(Error::usage("without data there is no accuracy")
                .help("say --data PATH, or measure the rest without --accuracy-only and --shard"));
        }
        None => {}
    }
    Ok(job)
}
