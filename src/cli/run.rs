//! `bench run`: one model, one runtime, one record.

use std::path::PathBuf;

use clap::{ArgMatches, Args};

use super::args::SettingArgs;
use super::candidates::{self, Named, PlannedModel};
use super::compare::exit_of;
use super::criteria;
use super::exit::Exit;
use super::measuring::{self, Plan, PlannedJob, StartArgs};
use super::report::{self, OutputArgs};
use crate::error::{Error, Result};
use crate::measure::Interrupt;
use crate::plan::{Job, Passes, RuntimeSpec, Shard, Source};
use crate::record::Run;
use crate::runtime;

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
    let planned = model(args, matches)?;
    let jobs: Vec<PlannedJob<'_>> = vec![(&planned, job(args, &planned)?)];
    if args.start.explain {
        return measuring::explain_all(&jobs).map(|()| Exit::Done);
    }
    measuring::check_data(&jobs)?;
    measuring::remark([&planned].into_iter(), args.output.quiet);
    args.output.check()?;
    measuring::check_place(&args.out)?;
    let options = criteria::options(&planned.resolved)?;
    measuring::check_threads(&jobs)?;
    let interrupt = Interrupt::default();
    let plan = Plan { jobs, places: vec![args.out.clone()], with_saved: false, quiet: args.output.quiet };
    let runs = measuring::measure(&args.start, plan, &interrupt)?;
    let exit = ended(&runs, &interrupt);
    if args.output.quiet {
        runs.iter().for_each(measuring::report_trouble);
    }
    report::publish(runs, &options, &args.output)?;
    Ok(exit)
}

fn ended(runs: &[Run], interrupt: &Interrupt) -> Exit {
    let interrupted = runs.iter().any(|run| measuring::is_interrupted(&run.record));
    // A signal that comes when everything is measured has interrupted nothing.
    match interrupt.signal().filter(|_| interrupted) {
        Some(signal) => Exit::Interrupted(signal),
        None => exit_of(runs.iter().map(|run| &run.record.outcome), true),
    }
}

fn model(args: &RunArgs, matches: &ArgMatches) -> Result<PlannedModel> {
    let named = candidates::open(std::slice::from_ref(&args.model), &args.settings.layers(matches))?;
    match named.into_iter().next() {
        Some(Named::Model(planned)) => Ok(*planned),
        _ => Err(Error::usage("`bench run` measures a model")
            .at_path(&args.model)
            .help("name an .onnx file; `bench report` shows records")),
    }
}

fn job(args: &RunArgs, planned: &PlannedModel) -> Result<Job> {
    let runtime = runtime(planned)?;
    runtime::find(&runtime.name)?;
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

/// One record is of one runtime: the one asked for, or the first of those that settings name.
fn runtime(planned: &PlannedModel) -> Result<RuntimeSpec> {
    let runtimes = candidates::runtimes(planned);
    let source = planned.resolved.source("measure.runtimes");
    if runtimes.len() > 1 && matches!(source, Source::Flag | Source::Environment) {
        return Err(Error::usage("`bench run` measures in one runtime")
            .help("name one with --runtime, or use `bench compare MODEL --record DIR`"));
    }
    runtimes.into_iter().next().ok_or_else(|| Error::usage("no runtime is named").help("say --runtime ort"))
}
