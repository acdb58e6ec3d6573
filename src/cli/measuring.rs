//! What the commands that measure have in common: how candidates are started, kept and read back.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::candidates::{self, PlannedModel};
use super::exit::Exit;
use super::explain::explain;
use super::progress::Progress;
use super::runs;
use super::start::{closed_pipe, printable};
use crate::error::{Error, ErrorKind, Result};
use crate::measure::{Conductor, Entrant, Interrupt, Placement};
use crate::plan::Job;
use crate::record::{self, CalibrationOverlap, Outcome, Run, RunRecord};
use crate::report::quoted;
use crate::runtime::ort;

/// Where the ONNX Runtime library comes from.
#[derive(Args, Clone, Debug)]
pub struct LibraryArgs {
    /// The ONNX Runtime library to use
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    ort_lib: Option<PathBuf>,
    /// Fetch nothing from any network
    #[arg(long, env = "BENCH_OFFLINE", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    offline: bool,
}

/// How candidates are started.
#[derive(Args, Clone, Debug)]
pub struct StartArgs {
    /// Print every setting with its source and measure nothing
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    library: LibraryArgs,
    /// Give a candidate up when it shows no sign of life for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u64,
    /// Measure in this process instead of one worker process a candidate (for debugging)
    #[arg(long, hide = true)]
    inline: bool,
}

/// A model with a job.
pub type PlannedJob<'a> = (&'a PlannedModel, Job);

/// What to measure, and the files of the records.
pub struct Plan<'a> {
    /// One candidate each.
    pub jobs: Vec<PlannedJob<'a>>,
    /// Where the record of each goes; its predictions lie beside it.
    pub places: Vec<PathBuf>,
    /// For each job what is known of images that its model was calibrated with.
    pub calibration: Vec<Option<CalibrationOverlap>>,
    /// Whether it will be compared with saved runs too.
    pub with_saved: bool,
    /// Whether progress is hidden.
    pub quiet: bool,
}

/// Measures all candidates and gives their runs, in their order. Signals are watched for by the caller.
pub fn measure(args: &StartArgs, plan: Plan<'_>, interrupt: &Interrupt) -> Result<Vec<Run>> {
    let Plan { jobs, places, calibration, with_saved, quiet } = plan;
    provision(&args.library, &jobs);
    let labels = jobs.iter().map(|(_, job)| job.label()).collect();
    let entrants = jobs
        .into_iter()
        .zip(&places)
        .zip(calibration)
        .map(|(((planned, job), place), calibration)| Entrant {
            job,
            model: planned.model.identity(),
            predictions: predictions_beside(place),
            calibration,
        })
        .collect();
    let mut progress = Progress::new(labels, quiet);
    let mut unsaved = None;
    let mut keep = |index: usize, record: &RunRecord| {
        if let Err(error) = record::save_record(record, &places[index]) {
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
    Ok(records.into_iter().zip(&places).map(|(record, place)| run(record, place)).collect())
}

/// Where the predictions of the record at `place` go.
pub fn predictions_beside(place: &Path) -> PathBuf {
    place.with_file_name(record::predictions_name(&stem_of(place)))
}

/// The name of a record's file without its extension.
pub fn stem_of(place: &Path) -> String {
    place.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A place for one record that can be written and takes nothing away. To be asked before minutes of measuring.
pub fn check_place(place: &Path) -> Result<()> {
    let refused = |what: &str, help: &str| Err(Error::usage(what).at_path(place).help(help));
    if place.extension().is_none_or(|extension| extension != "json") {
        return refused("a record is a .json file", "write -o NAME.json; the predictions go beside it");
    }
    if let Some(there) = [place, &predictions_beside(place)].into_iter().find(|path| path.exists()) {
        return Err(Error::usage("this file is there already")
            .at_path(there)
            .help("choose another name with -o, or move it away"));
    }
    record::check_writable(place)
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
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// Whether somebody asked to stop before it was done.
pub fn is_interrupted(record: &RunRecord) -> bool {
    matches!(record.outcome, Outcome::Interrupted { .. })
}

/// What the page would have said about a run that did not complete.
pub fn report_trouble(run: &Run) {
    let label = run.record.job.label();
    match &run.record.outcome {
        Outcome::Completed | Outcome::Interrupted { .. } => {}
        Outcome::CouldNotRun { error, .. } | Outcome::Failed { error, .. } => {
            say(&format!("{label}: {error}"))
        }
        Outcome::Crashed { how, .. } => say(&format!("{label}: {how}")),
    }
}

/// One job of each model: its runtimes differ in nothing else.
fn one_each<'a>(jobs: &'a [PlannedJob<'_>]) -> Vec<(&'a PlannedModel, &'a Job)> {
    let mut seen: Vec<&Path> = Vec::new();
    let mut first = |model: &'a PlannedModel| {
        let new = !seen.contains(&model.model.path());
        seen.push(model.model.path());
        new
    };
    jobs.iter().filter(|(model, _)| first(model)).map(|(model, job)| (*model, job)).collect()
}

/// What is wrong with the data or the settings is to be known before minutes of measuring.
pub fn check(jobs: &[PlannedJob<'_>], quiet: bool) -> Result<()> {
    check_data(jobs)?;
    remark(jobs.iter().map(|(model, _)| *model), quiet);
    check_threads(jobs)
}

/// Opens the data of every model once.
fn check_data(jobs: &[PlannedJob<'_>]) -> Result<()> {
    one_each(jobs)
        .into_iter()
        .try_for_each(|(model, job)| candidates::check_data(job, &model.model).map(drop))
}

/// What the files beside the models ask for and do not get.
fn remark<'a>(models: impl Iterator<Item = &'a PlannedModel>, quiet: bool) {
    // Variants that lie together share their files.
    let once: BTreeSet<&String> = models.flat_map(|model| &model.remarks).filter(|_| !quiet).collect();
    once.into_iter().for_each(|remark| say(&format!("note: {remark}")));
}

/// Prints the settings of every model.
pub fn explain_all(jobs: &[PlannedJob<'_>]) -> Result<()> {
    let mut out = io::stdout().lock();
    for (planned, job) in one_each(jobs) {
        let classes = candidates::check_data(job, &planned.model)?;
        let of_model = jobs.iter().filter(|(other, _)| other.model.path() == planned.model.path());
        let runtimes: Vec<String> = of_model.map(|(_, job)| job.runtime.to_string()).collect();
        explain(planned, job, &runtimes, &classes, &mut out).or_else(closed_pipe)?;
    }
    Ok(())
}

/// More threads than cores wait for each other: a run would take minutes.
fn check_threads(jobs: &[PlannedJob<'_>]) -> Result<()> {
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
pub fn provision(args: &LibraryArgs, jobs: &[PlannedJob<'_>]) {
    ort::configure(ort::Settings { library: args.ort_lib.clone(), offline: args.offline });
    let of_ort = jobs.iter().map(|(_, job)| &job.runtime).filter(|runtime| runtime.name == "ort");
    let devices: BTreeSet<_> = of_ort.map(|runtime| runtime.device).collect();
    for device in devices {
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

fn placement(args: &StartArgs) -> Result<Placement> {
    if args.inline {
        return Ok(Placement::Inline);
    }
    let program = std::env::current_exe().map_err(|e| {
        Error::unusable("the path of this program is not known").because(e).help("try --inline")
    })?;
    Ok(Placement::Process { program, patience: Duration::from_secs(args.patience.max(1)) })
}

/// A run, and where its flips belong: beside its record, unless that was saved by another comparison.
pub struct Kept {
    /// The run.
    pub run: Run,
    /// The file of its flips.
    pub flips: Option<PathBuf>,
}

/// What to do where what was measured could not be written as asked: it is in the record or the folder at
/// `place`, else in the cache.
pub fn kept_at(place: Option<&Path>) -> String {
    let place = place.map_or_else(|| "last".into(), |place| quoted(&place.display().to_string()));
    format!("the measurement is kept: `bench report {place}` shows it")
}

/// How candidates are started and where their records go.
pub struct Keeping<'a> {
    /// How they are started.
    pub start: &'a StartArgs,
    /// The folder for the records; the cache where there is none.
    pub folder: Option<&'a Path>,
    /// Whether progress is hidden.
    pub quiet: bool,
}

/// Measures all jobs and keeps their records, each with what is known of the images that its model was
/// calibrated with.
pub fn measure_and_keep(
    keeping: &Keeping<'_>,
    jobs: Vec<PlannedJob<'_>>,
    calibration: Vec<Option<CalibrationOverlap>>,
    with_saved: bool,
    interrupt: &Interrupt,
) -> Result<Vec<Kept>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let folder = runs::create(keeping.folder)?;
    let stems: Vec<String> = jobs.iter().enumerate().map(|(index, (_, job))| stem(index, job)).collect();
    let places = stems.iter().map(|stem| folder.join(format!("{stem}.json"))).collect();
    let plan = Plan { jobs, places, calibration, with_saved, quiet: keeping.quiet };
    let runs = measure(keeping.start, plan, interrupt)?;
    if runs.iter().any(|run| is_interrupted(&run.record)) {
        say(&format!("interrupted; what was measured is in {}", folder.display()));
    }
    if keeping.quiet {
        runs.iter().for_each(report_trouble);
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

/// Something that could not run shows in the exit status, but for one case: a runtime that nobody
/// asked for by name and that has no support for a model which ran in another. That is an answer.
pub fn exit_of<'a>(records: impl Iterator<Item = &'a RunRecord> + Clone, asked: bool) -> Exit {
    let ran = |variant: &str| {
        records.clone().any(|record| record.job.variant == variant && record.outcome.is_completed())
    };
    let fine = |record: &RunRecord| match &record.outcome {
        Outcome::Completed => true,
        Outcome::CouldNotRun { error, .. } => {
            error.kind == ErrorKind::Unsupported && !asked && ran(&record.job.variant)
        }
        Outcome::Failed { .. } | Outcome::Crashed { .. } | Outcome::Interrupted { .. } => false,
    };
    if records.clone().all(fine) { Exit::Done } else { Exit::CouldNotRun }
}

/// How a command ends that has measured `records`. A signal that comes when everything is measured has
/// interrupted nothing.
pub fn ended<'a>(
    records: impl Iterator<Item = &'a RunRecord> + Clone,
    asked: bool,
    interrupt: &Interrupt,
) -> Exit {
    let interrupted = records.clone().any(is_interrupted);
    match interrupt.signal().filter(|_| interrupted) {
        Some(signal) => Exit::Interrupted(signal),
        None => exit_of(records, asked),
    }
}
