//! `bench compare`: the main job.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

use super::args::SettingArgs;
use super::calibration::{self, Checked};
use super::candidates::{self, Named, PlannedModel};
use super::exit::Exit;
use super::measuring::{
    self, Plan, PlannedJob, StartArgs, check_data, check_threads, explain_all, is_interrupted, remark,
    report_trouble, say,
};
use super::report::{self, OutputArgs};
use super::{criteria, flips, runs, signals};
use crate::compare::references;
use crate::error::{ErrorKind, Result};
use crate::measure::Interrupt;
use crate::plan::{Job, RuntimeSpec};
use crate::record::{self, CalibrationOverlap, Outcome, Run};
use crate::runtime;

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
    let named = candidates::open(&args.models, &given)?;
    let (planned, saved) = split(named);
    let planned_jobs = jobs(&planned)?;
    if args.start.explain {
        return explain_all(&planned_jobs).map(|()| Exit::Done);
    }
    check_data(&planned_jobs)?;
    remark(planned.iter().map(|(_, model)| model), args.output.quiet);
    args.output.check()?;
    let options = match planned.first() {
        Some((_, baseline)) => criteria::options(&baseline.resolved)?,
        None => args.settings.criteria.options(matches)?,
    };
    check_threads(&planned_jobs)?;
    let interrupt = Interrupt::default();
    signals::watch(&interrupt)?;
    let calibration = match calibration::check(&planned_jobs, args.output.quiet, &interrupt)? {
        Checked::Overlaps(overlaps) => overlaps,
        Checked::Interrupted(signal) => return Ok(Exit::Interrupted(signal)),
    };
    let live = match planned_jobs.is_empty() {
        true => Vec::new(),
        false => {
            let keeping =
                Keeping { start: &args.start, folder: args.record.as_deref(), quiet: args.output.quiet };
            measure(&keeping, planned_jobs, calibration, !saved.is_empty(), &interrupt)?
        }
    };
    let interrupted = live.iter().any(|kept| is_interrupted(&kept.run.record));
    let mut exit = exit_of(live.iter().map(|kept| &kept.run.record.outcome), asked_for_runtimes(&planned));
    if args.output.quiet {
        live.iter().for_each(|kept| report_trouble(&kept.run));
    }
    let kept = in_order(args.models.len(), &planned, live, saved);
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
pub(super) struct Kept {
    /// The run.
    pub run: Run,
    flips: Option<PathBuf>,
}

/// How candidates are started and where their records go.
pub(super) struct Keeping<'a> {
    /// How they are started.
    pub start: &'a StartArgs,
    /// The folder for the records; the cache where there is none.
    pub folder: Option<&'a Path>,
    /// Whether progress is hidden.
    pub quiet: bool,
}

/// Writes what each measured candidate gets otherwise than the run that it is set against beside its
/// record.
fn keep_flips(runs: &[Run], places: &[Option<PathBuf>]) {
    let references = references(runs, report::baseline(runs));
    for (index, (place, reference)) in places.iter().zip(references).enumerate() {
        let Some(place) = place.as_deref().filter(|_| index != reference) else { continue };
        if let Err(error) = flips::save(&runs[reference], &runs[index], place) {
            say(&format!("warning: {error}"));
        }
    }
}

pub(super) type Planned = (usize, PlannedModel);
pub(super) type SavedRuns = Vec<(usize, Vec<Run>)>;

/// Models and saved runs, each with its place among the arguments.
pub(super) fn split(named: Vec<Named>) -> (Vec<Planned>, SavedRuns) {
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
pub(super) fn jobs(planned: &[Planned]) -> Result<Vec<PlannedJob<'_>>> {
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

/// Measures all jobs and keeps their records, each with what is known of the images that its model was
/// calibrated with.
pub(super) fn measure(
    keeping: &Keeping<'_>,
    jobs: Vec<PlannedJob<'_>>,
    calibration: Vec<Option<CalibrationOverlap>>,
    with_saved: bool,
    interrupt: &Interrupt,
) -> Result<Vec<Kept>> {
    let folder = runs::create(keeping.folder)?;
    let stems: Vec<String> = jobs.iter().enumerate().map(|(index, (_, job))| stem(index, job)).collect();
    let places = stems.iter().map(|stem| folder.join(format!("{stem}.json"))).collect();
    let plan = Plan { jobs, places, calibration, with_saved, quiet: keeping.quiet };
    let runs = measuring::measure(keeping.start, plan, interrupt)?;
    if runs.iter().any(|run| is_interrupted(&run.record)) {
        say(&format!("interrupted; what was measured is in {}", folder.display()));
    }
    let kept = |(run, stem): (Run, String)| Kept { run, flips: Some(folder.join(record::flips_name(&stem))) };
    Ok(runs.into_iter().zip(stems).map(kept).collect())
}

/// `01-ort-fp32`: sorts in table order.
fn stem(index: usize, job: &Job) -> String {
    let plain = |text: String| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
    };
    format!("{:02}-{}-{}", index + 1, plain(job.runtime.to_string()), plain(job.variant.clone()))
}

/// Live and saved runs in the order of the arguments; live ones come with all their runtimes.
pub(super) fn in_order(
    arguments: usize,
    planned: &[Planned],
    live: Vec<Kept>,
    saved: SavedRuns,
) -> Vec<Kept> {
    let first_live = planned.first().map_or(arguments, |(place, _)| *place);
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
pub(super) fn asked_for_runtimes(planned: &[Planned]) -> bool {
    planned.iter().any(|(_, model)| model.resolved.settings.measure.runtimes.is_some())
}

/// Something that could not run shows in the exit status, but for one case: a runtime that nobody
/// asked for by name and that has no support for one of the models. That is an answer.
pub(super) fn exit_of<'a>(outcomes: impl Iterator<Item = &'a Outcome> + Clone, asked: bool) -> Exit {
    let completed = outcomes.clone().any(Outcome::is_completed);
    let fine = |outcome: &Outcome| match outcome {
        Outcome::Completed => true,
        Outcome::CouldNotRun { error, .. } => error.kind == ErrorKind::Unsupported && !asked && completed,
        Outcome::Failed { .. } | Outcome::Crashed { .. } | Outcome::Interrupted { .. } => false,
    };
    let mut outcomes = outcomes;
    if outcomes.all(fine) { Exit::Done } else { Exit::CouldNotRun }
}
