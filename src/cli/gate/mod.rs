//! `bench gate`: candidates held to a policy, with an exit status that a build can trust.

mod again;
mod against;
mod explain;
mod init;
mod outputs;
mod policy;

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

use self::outputs::GateOutputArgs;
use self::policy::Ruled;
use super::args::SettingArgs;
use super::calibration::{self, Checked};
use super::exit::Exit;
use super::lineup::{self, Planned, SavedRuns};
use super::measuring::{self, Keeping, Kept, PlannedJob, StartArgs, is_interrupted, say};
use super::{candidates, runs, signals};
use crate::compare::{Comparison, Options, WarningCode, compare_with};
use crate::digest;
use crate::error::{Error, Result};
use crate::gate::{self, Baseline, Effect, Judgement, Policy};
use crate::measure::Interrupt;
use crate::plan::{Passes, RuleKind};
use crate::record::{CalibrationOverlap, Run};
use crate::runtime;

/// Arguments of `bench gate`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench gate model.fp32.onnx model.int8.onnx --data images/
  bench gate model.int8.onnx --baseline baseline.json --data images/ --junit gate.xml
  bench gate runs/ --soft latency
  bench gate --init runs/01-ort-fp32.json >> bench.toml")]
pub struct GateArgs {
    /// Models (.onnx) or saved records (.json, a folder of them, or `last`); the first is what the others are held against, unless --baseline is given
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(flatten)]
    output: GateOutputArgs,
    /// Measure accuracy alone: no latency, throughput or memory
    #[arg(long)]
    accuracy_only: bool,
    /// Keep the records and predictions of this run in DIR [default: the cache, see `bench report last`]
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    #[command(flatten)]
    start: StartArgs,
}

/// What candidates are held to and against.
#[derive(Args, Debug)]
#[command(next_help_heading = "Gate")]
pub struct PolicyArgs {
    /// Hold every model against this baseline (`bench baseline save`)
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The baseline's model: it is measured side by side, so that timings compare
    #[arg(long, value_name = "FILE", requires = "baseline")]
    baseline_model: Option<PathBuf>,
    /// Take [gate] from this settings file [default: bench.toml beside the model, then upward]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Rules that cannot tell fail
    #[arg(long)]
    strict: bool,
    /// Kinds of rules whose failures are warnings, comma-separated
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    soft: Vec<RuleKind>,
    /// Do not measure again when a latency fails
    #[arg(long)]
    no_confirm: bool,
    /// Print a commented [gate] section that suits the records, and judge nothing
    #[arg(long)]
    init: bool,
}

/// Measures, judges, reports, and tells how the program ends.
pub fn gate(args: &GateArgs, matches: &ArgMatches) -> Result<Exit> {
    if args.policy.init {
        return init::init(&args.models).map(|()| Exit::Done);
    }
    args.output.check()?;
    let baseline = args.policy.baseline.as_deref().map(Baseline::read).transpose()?;
    let given = args.settings.layers(matches);
    let models = args.policy.baseline_model.iter().chain(&args.models);
    let models: Vec<PathBuf> = models.map(|path| runs::named(path)).collect::<Result<_>>()?;
    let (planned, saved) = lineup::split(candidates::open(&models, &given)?);
    let Ruled { policy, options, origins } = policy::of(args, &models, &planned, &given)?;
    let bench =
        Bench { args, planned: &planned, baseline: baseline.as_ref(), policy: &policy, options: &options };
    if baseline.is_none() && models.len() == 1 && planned.len() == 1 {
        return Err(no_candidate());
    }
    bench.check()?;
    if args.start.explain {
        let jobs = bench.jobs()?;
        measuring::explain_all(&jobs)?;
        let live = jobs.iter().map(|(_, job)| &job.runtime);
        let saved = saved.iter().flat_map(|(_, runs)| runs).map(|run| &run.record.job.runtime);
        let runtimes: Vec<String> = live.chain(saved).map(ToString::to_string).collect();
        return explain::explain(&policy, &origins, &runtimes, args.accuracy_only).map(|()| Exit::Done);
    }
    bench.gate(models.len(), saved)
}

/// A broken rule is one whatever else could not run; without any, what could not run is said before what
/// cannot be told.
fn exit(effect: Effect, ran: Exit) -> Exit {
    match (effect, ran) {
        (Effect::Failure, _) => Exit::GateFailed,
        (Effect::CouldNotRun, _) | (_, Exit::CouldNotRun) => Exit::CouldNotRun,
        (Effect::Inconclusive, _) => Exit::CannotTell,
        (Effect::None | Effect::Warning, ran) => ran,
    }
}

/// All that a gate goes by.
struct Bench<'a> {
    args: &'a GateArgs,
    planned: &'a [Planned],
    baseline: Option<&'a Baseline>,
    policy: &'a Policy,
    options: &'a Options,
}

impl Bench<'_> {
    /// Measures what is not saved, judges all of it, and says so. `arguments` is how many things were named.
    fn gate(&self, arguments: usize, saved: SavedRuns) -> Result<Exit> {
        let interrupt = Interrupt::default();
        signals::watch(&interrupt)?;
        let calibration = match calibration::check(&self.jobs()?, self.args.output.quiet, &interrupt)? {
            Checked::Overlaps(overlaps) => overlaps,
            Checked::Interrupted(signal) => return Ok(Exit::Interrupted(signal)),
        };
        let runs = self.runs(arguments, saved, calibration, &interrupt)?;
        let mut interrupted = runs.iter().any(|run| is_interrupted(&run.record));
        let asked = lineup::asked_for_runtimes(self.planned);
        let mut ran = measuring::exit_of(runs.iter().map(|run| &run.record), asked);
        let first = runs.first().map(|run| run.record.model.sha256.clone()).unwrap_or_default();
        let (mut judgement, comparisons) = self.judge(runs, &first)?;
        if asked {
            judgement.refuse_unsupported();
        }
        if !interrupted && self.may_confirm() {
            interrupted = self.confirm(&mut judgement, &first, &interrupt);
        }
        if let Err(error) = outputs::publish(&self.args.output, &judgement, &comparisons) {
            // What was found counts, also where it could not be written everywhere.
            say(&format!("error: {}", self.with_measurement(error)));
            ran = Exit::CouldNotRun;
        }
        match interrupt.signal().filter(|_| interrupted) {
            Some(signal) => Ok(Exit::Interrupted(signal)),
            None => Ok(exit(judgement.effect(), ran)),
        }
    }

    /// The error, with the place of what was measured, if anything was.
    fn with_measurement(&self, error: Error) -> Error {
        match self.planned.is_empty() {
            true => error,
            false => error.and_help(measuring::kept_at(self.args.record.as_deref())),
        }
    }

    /// What is wrong with the settings or the data is to be known before minutes of measuring.
    fn check(&self) -> Result<()> {
        let jobs = self.jobs()?;
        measuring::check(&jobs, self.args.output.quiet)?;
        if self.args.accuracy_only && jobs.iter().any(|(_, job)| job.dataset.is_none()) {
            return Err(Error::usage("without data there is no accuracy")
                .help("say --data PATH, or measure the rest without --accuracy-only"));
        }
        let Some(baseline) = self.baseline else { return Ok(()) };
        if let Some(path) = &self.args.policy.baseline_model {
            self.check_baseline_model(baseline, path)?;
        }
        against::check(baseline, &jobs)
    }

    /// The file given must be the model that the baseline is of.
    fn check_baseline_model(&self, baseline: &Baseline, path: &Path) -> Result<()> {
        let known = baseline.runs.first().map(|run| run.record.model.sha256.clone());
        let given = self.planned.first().map(|(_, planned)| planned.model.identity().sha256);
        if known.is_some() && known == given {
            return Ok(());
        }
        let short = |digest: Option<String>| digest::short(&digest.unwrap_or_default()).to_owned();
        Err(Error::usage("this is not the model of the baseline")
            .because(format!("its digest is {}, the baseline's {}", short(given), short(known)))
            .at_path(path)
            .help(
                "give the file that the baseline was measured with, or accept another: bench baseline accept",
            ))
    }

    /// The jobs; beside a baseline, in the runtimes that it has where none were asked for by name.
    fn jobs(&self) -> Result<Vec<PlannedJob<'_>>> {
        let asked = lineup::asked_for_runtimes(self.planned);
        let mut jobs = match self.baseline.filter(|_| !asked) {
            Some(baseline) => self.jobs_beside(baseline)?,
            None => lineup::jobs(self.planned)?,
        };
        if self.args.accuracy_only {
            jobs.iter_mut().for_each(|(_, job)| job.protocol.passes = Passes::Accuracy);
        }
        Ok(jobs)
    }

    /// One job for each model and runtime of the baseline that this build has.
    fn jobs_beside(&self, baseline: &Baseline) -> Result<Vec<PlannedJob<'_>>> {
        let runtimes = baseline.runs.iter().map(|run| run.record.job.runtime.clone());
        let mut jobs = Vec::new();
        for runtime in runtimes.filter(|runtime| runtime::find(&runtime.name).is_ok()) {
            for (_, model) in self.planned {
                jobs.push((model, candidates::job(model, runtime.clone())?));
            }
        }
        Ok(jobs)
    }

    fn runs(
        &self,
        arguments: usize,
        saved: SavedRuns,
        calibration: Vec<Option<CalibrationOverlap>>,
        interrupt: &Interrupt,
    ) -> Result<Vec<Run>> {
        let jobs = self.jobs()?;
        let keeping = self.keeping(self.args.record.as_deref());
        let live = measuring::measure_and_keep(&keeping, jobs, calibration, !saved.is_empty(), interrupt)?;
        let kept = lineup::in_order(arguments, self.planned, live, saved);
        Ok(kept.into_iter().map(|Kept { run, .. }| run).collect())
    }

    fn keeping<'a>(&'a self, folder: Option<&'a Path>) -> Keeping<'a> {
        Keeping { start: &self.args.start, folder, quiet: self.args.output.quiet }
    }

    /// What the rules say, and the comparisons that they were asked of. `first` is the digest of the model
    /// that was named first.
    fn judge(&self, runs: Vec<Run>, first: &str) -> Result<(Judgement, Vec<Comparison>)> {
        match (self.baseline, &self.args.policy.baseline, &self.args.policy.baseline_model) {
            (Some(baseline), Some(path), None) => {
                against::judge(baseline, path, &runs, self.policy, self.options)
            }
            // The baseline's model runs here: its file has said what it is, and of which data.
            _ => self.side_by_side(runs, first),
        }
    }

    fn side_by_side(&self, runs: Vec<Run>, first: &str) -> Result<(Judgement, Vec<Comparison>)> {
        let baseline = baseline(&runs, first);
        let groups = gate::in_runtimes(runs, baseline);
        if groups.is_empty() {
            return Err(no_candidate());
        }
        let comparisons: Vec<Comparison> = groups
            .into_iter()
            .map(|group| compare_with(group.runs, group.baseline, self.options))
            .collect::<Result<_>>()?;
        comparisons.iter().try_for_each(refuse_other_data)?;
        Ok((gate::judge(&comparisons, self.policy), comparisons))
    }

    /// Only what is measured here and now, side by side, can be measured again.
    fn may_confirm(&self) -> bool {
        let side_by_side = self.baseline.is_none() || self.args.policy.baseline_model.is_some();
        side_by_side && self.planned.len() > 1 && !self.args.policy.no_confirm && !self.args.accuracy_only
    }
}

/// What all are held against: a run of the model that was named first, by its digest, one that completed if
/// there is any. Where it ran nowhere, nothing else takes its place.
fn baseline(runs: &[Run], first: &str) -> usize {
    let of_it = |run: &Run| run.record.model.sha256 == first;
    let completed = |run: &Run| of_it(run) && run.record.outcome.is_completed();
    runs.iter().position(completed).or_else(|| runs.iter().position(of_it)).unwrap_or(0)
}

fn no_candidate() -> Error {
    Error::usage("there is no candidate to hold against anything")
        .help("name two models or records, or --baseline FILE")
}

/// Accuracies of other data say nothing of each other: a gate must not pass for want of a comparison, nor
/// by one with another run than the baseline.
fn refuse_other_data(comparison: &Comparison) -> Result<()> {
    let apart = [WarningCode::DifferentData, WarningCode::DifferentPreprocessing];
    let told = comparison.warnings.iter().find(|warning| apart.contains(&warning.code));
    let several = comparison.columns.iter().any(|column| column.against().is_some());
    let several = several.then(|| "the runs are on several data sets".to_owned());
    match told.map(|warning| warning.message.clone()).or(several) {
        None => Ok(()),
        Some(what) => Err(Error::usage(what).help("evaluate all on the same images in the same way")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{predictions, run};
    use crate::record::{Outcome, Stage};

    #[test]
    fn nothing_takes_the_place_of_the_model_that_was_named_first() {
        let broken = |variant: &str| {
            let mut run = run(variant);
            run.record.outcome = Outcome::Interrupted { stage: Stage::Latency };
            run
        };
        let of = |runs: &[Run]| baseline(runs, "fp32");
        assert_eq!(of(&[run("fp32"), run("int8")]), 0);
        assert_eq!(of(&[broken("fp32"), run("int8"), run("fp32")]), 2, "in another runtime");
        assert_eq!(of(&[broken("fp32"), run("int8"), run("int4")]), 0);
        assert_eq!(of(&[run("int8"), broken("fp32")]), 1, "also where a candidate comes before it");
        assert_eq!(of(&[]), 0);
    }

    #[test]
    fn candidates_that_would_be_held_against_another_run_than_the_baseline_are_refused() {
        let on = |variant: &str, data: &str| {
            let mut run = run(variant);
            run.record.dataset.as_mut().unwrap().sha256 = data.into();
            run.predictions = Some(predictions(3, &[("a", 0, &[1.0, 0.0, 0.0])]));
            run
        };
        let refusal = |runs: Vec<Run>| {
            let comparison = compare_with(runs, 0, &Options::default()).unwrap();
            refuse_other_data(&comparison).map_err(|error| error.what)
        };
        assert_eq!(refusal(vec![on("fp32", "shirts"), on("int8", "shirts")]), Ok(()));
        let mut crashed = on("fp32", "shirts");
        crashed.predictions = None;
        let told = refusal(vec![crashed, on("fp32", "pets"), on("int8", "pets")]);
        assert_eq!(told, Err("the runs are on several data sets".into()));
    }

    #[test]
    fn the_gravest_decides_the_status() {
        let of = |effect, ran| exit(effect, ran).code();
        assert_eq!(of(Effect::None, Exit::Done), 0);
        assert_eq!(of(Effect::Warning, Exit::Done), 0);
        assert_eq!(of(Effect::Inconclusive, Exit::Done), 4);
        assert_eq!(of(Effect::Inconclusive, Exit::CouldNotRun), 3);
        assert_eq!(of(Effect::CouldNotRun, Exit::Done), 3);
        assert_eq!(of(Effect::Failure, Exit::CouldNotRun), 1);
    }
}
