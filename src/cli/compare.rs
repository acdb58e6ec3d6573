//! `bench compare`: the main job.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Args};

use super::args::SettingArgs;
use super::candidates::{self, Named, PlannedModel};
use super::exit::Exit;
use super::explain::explain;
use super::progress::Progress;
use super::report::{self, OutputArgs};
use super::start::{closed_pipe, printable};
use super::{criteria, flips, runs, signals};
use crate::error::{Error, ErrorKind, Result};
use crate::measure::{Conductor, Entrant, Interrupt, Placement};
use crate::plan::{Job, RuntimeSpec};
use crate::record::{self, Outcome, Run, RunRecord};
use crate::runtime::{self, ort};

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
    /// Print every setting with its source and measure nothing
    #[arg(long)]
    explain: bool,
    /// The ONNX Runtime library to use
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    ort_lib: Option<PathBuf>,
    /// Fetch nothing from any network
    #[arg(long, env = "BENCH_OFFLINE", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    offline: bool,
    /// Give a candidate up when it shows no sign of life for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u64,
    /// Measure in this process instead of one worker process a candidate (for debugging)
    #[arg(long, hide = true)]
    inline: bool,
}

/// Measures and compares.
pub fn compare(args: &CompareArgs, matches: &ArgMatches) -> Result<Exit> {
    let given = args.settings.layers(matches);
    let named = candidates::open(&args.models, &given)?;
    let (planned, saved) = split(named);
    let planned_jobs = jobs(&planned)?;
    if args.explain {
        return explain_all(&planned_jobs);
    }
    check_data(&planned_jobs)?;
    remark(&planned, args.output.quiet);
    args.output.check()?;
    let options = match planned.first() {
        Some((_, baseline)) => criteria::options(&baseline.resolved)?,
        None => args.settings.criteria.options(matches)?,
    };
    check_threads(&planned_jobs)?;
    let interrupt = Interrupt::default();
    let live = match planned_jobs.is_empty() {
        true => Vec::new(),
        false => measure(args, planned_jobs, !saved.is_empty(), &interrupt)?,
    };
    let interrupted = live.iter().any(|kept| is_interrupted(&kept.run.record));
    let mut exit = exit_of(&live, asked_for_runtimes(&planned));
    if args.output.quiet {
        live.iter().for_each(|kept| report_trouble(&kept.run));
    }
    let kept = in_order(args, &planned, live, saved);
    let flips: Vec<Option<PathBuf>> = kept.iter().map(|kept| kept.flips.clone()).collect();
    let runs: Vec<Run> = kept.into_iter().map(|kept| kept.run).collect();
    keep_flips(&runs, &flips);
    report::publish(runs, &options, &args.output)?;
    // A signal that comes when everything is measured and written has interrupted nothing.
    if let Some(signal) = interrupt.signal().filter(|_| interrupted) {
        exit = Exit::Interrupted(signal);
    }
    Ok(exit)
}

/// A run, and where its flips belong: beside its record, unless that was saved by another comparison.
struct Kept {
    run: Run,
    flips: Option<PathBuf>,
}

/// Writes what each measured candidate gets otherwise than the baseline beside its record.
fn keep_flips(runs: &[Run], places: &[Option<PathBuf>]) {
    let baseline = report::baseline(runs);
    for (candidate, place) in runs.iter().zip(places) {
        let Some(place) = place.as_deref().filter(|_| !std::ptr::eq(candidate, &runs[baseline])) else {
            continue;
        };
        if let Err(error) = flips::save(&runs[baseline], candidate, place) {
            say(&format!("warning: {error}"));
        }
    }
}

fn is_interrupted(record: &RunRecord) -> bool {
    matches!(record.outcome, Outcome::Interrupted { .. })
}

/// What the page would have said about a run that did not complete.
fn report_trouble(run: &Run) {
    let label = run.record.job.label();
    match &run.record.outcome {
        Outcome::Completed | Outcome::Interrupted { .. } => {}
        Outcome::CouldNotRun { error, .. } | Outcome::Failed { error, .. } => {
            say(&format!("{label}: {error}"))
        }
        Outcome::Crashed { how, .. } => say(&format!("{label}: {how}")),
    }
}

type Planned = (usize, PlannedModel);
type SavedRuns = Vec<(usize, Vec<Run>)>;

/// Models and saved runs, each with its place among the arguments.
fn split(named: Vec<Named>) -> (Vec<Planned>, SavedRuns) {
    let (mut planned, mut saved) = (Vec::new(), Vec::new());
    for (place, named) in named.into_iter().enumerate() {
        match named {
            Named::Model(model) => planned.push((place, *model)),
            Named::Saved(runs) => saved.push((place, runs)),
        }
    }
    (planned, saved)
}

/// One job for each runtime and model, all models of a runtime side by side.
fn jobs(planned: &[Planned]) -> Result<Vec<(&PlannedModel, Job)>> {
    let mut order: Vec<RuntimeSpec> = Vec::new();
    for runtime in planned.iter().flat_map(|(_, model)| candidates::runtimes(model)) {
        runtime::find(&runtime.name).map(drop).or_else(|error| match error.kind {
            // Known but not built in: a row with its reason.
            ErrorKind::Unavailable => Ok(()),
            _ => Err(error),
        })?;
        if !order.contains(&runtime) {
            order.push(runtime);
        }
    }
    let mut jobs = Vec::new();
    for runtime in &order {
        for (_, model) in planned.iter().filter(|(_, model)| candidates::runtimes(model).contains(runtime)) {
            jobs.push((model, candidates::job(model, runtime.clone())?));
        }
    }
    Ok(jobs)
}

/// One job of each model: its runtimes differ in nothing else.
fn one_each<'a>(jobs: &'a [(&PlannedModel, Job)]) -> Vec<(&'a PlannedModel, &'a Job)> {
    let mut seen: Vec<&Path> = Vec::new();
    let mut first = |model: &'a PlannedModel| {
        let new = !seen.contains(&model.model.path());
        seen.push(model.model.path());
        new
    };
    jobs.iter().filter(|(model, _)| first(model)).map(|(model, job)| (*model, job)).collect()
}

fn check_data(jobs: &[(&PlannedModel, Job)]) -> Result<()> {
    one_each(jobs)
        .into_iter()
        .try_for_each(|(model, job)| candidates::check_data(job, &model.model).map(drop))
}

/// What the files beside the models ask for and do not get.
fn remark(planned: &[Planned], quiet: bool) {
    let remarks = planned.iter().flat_map(|(_, model)| &model.remarks).filter(|_| !quiet);
    // Variants that lie together share their files.
    let once: std::collections::BTreeSet<&String> = remarks.collect();
    once.into_iter().for_each(|remark| say(&format!("note: {remark}")));
}

fn explain_all(jobs: &[(&PlannedModel, Job)]) -> Result<Exit> {
    let mut out = io::stdout().lock();
    for (planned, job) in one_each(jobs) {
        let classes = candidates::check_data(job, &planned.model)?;
        explain(planned, job, &classes, &mut out).or_else(closed_pipe)?;
    }
    Ok(Exit::Done)
}

fn measure(
    args: &CompareArgs,
    jobs: Vec<(&PlannedModel, Job)>,
    with_saved: bool,
    interrupt: &Interrupt,
) -> Result<Vec<Kept>> {
    let folder = runs::create(args.record.as_deref())?;
    signals::watch(interrupt)?;
    provision(args, &jobs);
    let stems: Vec<String> = jobs.iter().enumerate().map(|(index, (_, job))| stem(index, job)).collect();
    let labels = jobs.iter().map(|(_, job)| job.label()).collect();
    let entrants = jobs
        .into_iter()
        .zip(&stems)
        .map(|((planned, job), stem)| Entrant {
            job,
            model: planned.model.identity(),
            predictions: folder.join(record::predictions_name(stem)),
        })
        .collect();
    let mut progress = Progress::new(labels, args.output.quiet);
    let place = |index: usize| folder.join(format!("{}.json", stems[index]));
    let mut unsaved = None;
    let mut keep = |index: usize, record: &RunRecord| {
        if let Err(error) = record::save_record(record, &place(index)) {
            unsaved.get_or_insert(error);
        }
    };
    let conductor = Conductor::new(placement(args)?, interrupt.clone(), &mut progress, &mut keep);
    let mut conductor = if with_saved { conductor.with_others() } else { conductor };
    let records = conductor.measure(entrants);
    drop(progress);
    if let Some(error) = unsaved {
        say(&format!("warning: not all that was measured could be saved\n{error}"));
    }
    if records.iter().any(is_interrupted) {
        say(&format!("interrupted; what was measured is in {}", folder.display()));
    }
    let kept = |(index, record)| {
        let (run, flips) = (run(record, &place(index)), folder.join(record::flips_name(&stems[index])));
        Kept { run, flips: Some(flips) }
    };
    Ok(records.into_iter().enumerate().map(kept).collect())
}

/// A record with its predictions; without them where they cannot be read back.
fn run(record: RunRecord, path: &Path) -> Run {
    let predictions = record::load_predictions(&record, path).unwrap_or_else(|error| {
        say(&format!("warning: {error}"));
        None
    });
    Run { record, predictions }
}

/// To standard error, where somebody may be left to read it.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// More threads than cores wait for each other: a run would take minutes.
fn check_threads(jobs: &[(&PlannedModel, Job)]) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match jobs.iter().map(|(_, job)| job.session.threads).max() {
        Some(threads) if threads > cores => Err(Error::usage(format!(
            "{threads} threads are more than the {cores} cores here"
        ))
        .help("choose --threads up to the number of cores; throughput and accuracy use all cores anyway")),
        _ => Ok(()),
    }
}

/// Finds the ONNX Runtime library, or fetches it once, before any worker looks for it.
fn provision(args: &CompareArgs, jobs: &[(&PlannedModel, Job)]) {
    ort::configure(ort::Settings { library: args.ort_lib.clone(), offline: args.offline });
    for device in jobs.iter().filter(|(_, job)| job.runtime.name == "ort").map(|(_, job)| job.runtime.device)
    {
        if let Err(error) = ort::environment::locate(device) {
            // The candidates that need it will say so again, each in its row, and fetch nothing.
            ort::give_up_fetching();
            if error.kind != ErrorKind::Interrupted {
                say(&format!("warning: {error}"));
            }
            return;
        }
    }
}

fn placement(args: &CompareArgs) -> Result<Placement> {
    if args.inline {
        return Ok(Placement::Inline);
    }
    let program = std::env::current_exe().map_err(|e| {
        Error::unusable("the path of this program is not known").because(e).help("try --inline")
    })?;
    Ok(Placement::Process { program, patience: Duration::from_secs(args.patience.max(1)) })
}

/// `01-ort-fp32`: sorts in table order.
fn stem(index: usize, job: &Job) -> String {
    let plain = |text: String| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
    };
    format!("{:02}-{}-{}", index + 1, plain(job.runtime.to_string()), plain(job.variant.clone()))
}

/// Live and saved runs in the order of the arguments; live ones come with all their runtimes.
fn in_order(args: &CompareArgs, planned: &[Planned], live: Vec<Kept>, saved: SavedRuns) -> Vec<Kept> {
    let first_live = planned.first().map_or(args.models.len(), |(place, _)| *place);
    let mut live = Some(live);
    let mut runs = Vec::new();
    for (place, saved) in saved {
        if place > first_live {
            runs.extend(live.take().into_iter().flatten());
        }
        runs.extend(saved.into_iter().map(|run| Kept { run, flips: None }));
    }
    runs.extend(live.into_iter().flatten());
    runs
}

/// Whether any model's runtimes were asked for by name.
fn asked_for_runtimes(planned: &[Planned]) -> bool {
    planned.iter().any(|(_, model)| model.resolved.settings.measure.runtimes.is_some())
}

/// Something that could not run shows in the exit status, but for one case: a runtime that nobody
/// asked for by name and that has no support for one of the models. That is an answer.
fn exit_of(runs: &[Kept], asked: bool) -> Exit {
    let outcomes = || runs.iter().map(|kept| &kept.run.record.outcome);
    let completed = outcomes().any(Outcome::is_completed);
    let fine = |outcome: &Outcome| match outcome {
        Outcome::Completed => true,
        Outcome::CouldNotRun { error, .. } => error.kind == ErrorKind::Unsupported && !asked && completed,
        Outcome::Failed { .. } | Outcome::Crashed { .. } | Outcome::Interrupted { .. } => false,
    };
    if outcomes().all(fine) { Exit::Done } else { Exit::CouldNotRun }
}
