//! `bench gate`: candidates held to a policy, with an exit status that a build can trust.

mod against;
mod init;
mod outputs;
mod policy;

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

use self::outputs::GateOutputArgs;
use super::args::SettingArgs;
use super::calibration::{self, Checked};
use super::candidates;
use super::compare::{self, Keeping, Kept, Planned, SavedRuns};
use super::exit::Exit;
use super::measuring::{self, PlannedJob, StartArgs, is_interrupted, say};
use super::report;
use super::runs;
use super::signals;
use crate::compare::{Comparison, Options, WarningCode, compare_with};
use crate::error::{Error, Result};
use crate::gate::{self, Baseline, Effect, Judgement, Policy};
use crate::measure::Interrupt;
use crate::plan::{Passes, RuleKind};
use crate::record::{CalibrationOverlap, Run};

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
    let models: Vec<PathBuf> = models.map(|path| the_last(path)).collect::<Result<_>>()?;
    let (planned, saved) = compare::split(candidates::open(&models, &given)?);
    let (policy, options) = policy::of(args, &models, &planned, &given)?;
    let bench =
        Bench { args, planned: &planned, baseline: baseline.as_ref(), policy: &policy, options: &options };
    if baseline.is_none() && models.len() == 1 && planned.len() == 1 {
        return Err(no_candidate());
    }
    bench.check()?;
    if args.start.explain {
        return measuring::explain_all(&bench.jobs()?).map(|()| Exit::Done);
    }
    bench.gate(models.len(), saved)
}

/// The records of the last measurement, where `last` is not the name of anything else.
fn the_last(path: &Path) -> Result<PathBuf> {
    match path == Path::new("last") && !path.exists() {
        true => runs::last(),
        false => Ok(path.to_owned()),
    }
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
        let asked = compare::asked_for_runtimes(self.planned);
        let ran = compare::exit_of(runs.iter().map(|run| &run.record.outcome), asked);
        let (mut judgement, comparisons) = self.judge(runs)?;
        if asked {
            judgement.refuse_unsupported();
        }
        if !interrupted && self.may_confirm() {
            interrupted = self.confirm(&mut judgement, &interrupt)?;
        }
        outputs::publish(&self.args.output, &judgement, &comparisons)?;
        match interrupt.signal().filter(|_| interrupted) {
            Some(signal) => Ok(Exit::Interrupted(signal)),
            None => Ok(exit(judgement.effect(), ran)),
        }
    }

    /// What is wrong with the settings or the data is to be known before minutes of measuring.
    fn check(&self) -> Result<()> {
        let jobs = self.jobs()?;
        measuring::check_data(&jobs)?;
        measuring::remark(self.planned.iter().map(|(_, model)| model), self.args.output.quiet);
        measuring::check_threads(&jobs)?;
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
        let short = |digest: Option<String>| digest.unwrap_or_default().chars().take(12).collect::<String>();
        Err(Error::usage("this is not the model of the baseline")
            .because(format!("its digest is {}, the baseline's {}", short(given), short(known)))
            .at_path(path)
            .help(
                "give the file that the baseline was measured with, or accept another: bench baseline accept",
            ))
    }

    /// The jobs; beside a baseline, in the runtimes that it has where none were asked for by name.
    fn jobs(&self) -> Result<Vec<PlannedJob<'_>>> {
        let mut jobs = compare::jobs(self.planned)?;
        let asked = compare::asked_for_runtimes(self.planned);
        if let Some(baseline) = self.baseline.filter(|_| !asked) {
            jobs.retain(|(_, job)| baseline.in_runtime(&job.runtime).is_some());
        }
        if self.args.accuracy_only {
            jobs.iter_mut().for_each(|(_, job)| job.protocol.passes = Passes::Accuracy);
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
        let live = match jobs.is_empty() {
            true => Vec::new(),
            false => compare::measure(
                &self.keeping(self.args.record.as_deref()),
                jobs,
                calibration,
                !saved.is_empty(),
                interrupt,
            )?,
        };
        if self.args.output.quiet {
            live.iter().for_each(|kept| measuring::report_trouble(&kept.run));
        }
        let kept = compare::in_order(arguments, self.planned, live, saved);
        Ok(kept.into_iter().map(|Kept { run, .. }| run).collect())
    }

    fn keeping<'a>(&'a self, folder: Option<&'a Path>) -> Keeping<'a> {
        Keeping { start: &self.args.start, folder, quiet: self.args.output.quiet }
    }

    /// What the rules say, and the comparisons that they were asked of.
    fn judge(&self, runs: Vec<Run>) -> Result<(Judgement, Vec<Comparison>)> {
        match (self.baseline, &self.args.policy.baseline, &self.args.policy.baseline_model) {
            (Some(baseline), Some(path), None) => {
                against::judge(baseline, path, &runs, self.policy, self.options)
            }
            // The baseline's model runs here: its file has said what it is, and of which data.
            _ => self.side_by_side(runs),
        }
    }

    fn side_by_side(&self, runs: Vec<Run>) -> Result<(Judgement, Vec<Comparison>)> {
        let baseline = report::baseline(&runs);
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

    /// Measures what failed or is not clear once more, with twice the rounds. Images of the data do not
    /// matter to the time that a run takes, and evaluating them again would cost most of it. Tells whether
    /// somebody asked to stop.
    fn confirm(&self, judgement: &mut Judgement, interrupt: &Interrupt) -> Result<bool> {
        let runtimes = gate::to_confirm(judgement);
        let mut jobs = self.jobs()?;
        jobs.retain(|(_, job)| runtimes.contains(&job.runtime.to_string()));
        if jobs.is_empty() {
            return Ok(false);
        }
        say(&format!("note: latency in {} is measured again, with twice the rounds", runtimes.join(", ")));
        for (_, job) in &mut jobs {
            job.dataset = None;
            job.protocol.least_rounds *= 2;
            job.protocol.latency_seconds *= 2.0;
            // Half the width would take four times the rounds.
            job.protocol.precision /= std::f64::consts::SQRT_2;
        }
        let folder = self.args.record.as_ref().map(|folder| folder.join("confirmation"));
        let unasked = vec![None; jobs.len()];
        let kept = compare::measure(&self.keeping(folder.as_deref()), jobs, unasked, false, interrupt)?;
        let interrupted = kept.iter().any(|kept| is_interrupted(&kept.run.record));
        let alone = self.policy.clone().latency_alone();
        let again = Bench { policy: &alone, ..*self };
        let (second, _) = again.side_by_side(kept.into_iter().map(|kept| kept.run).collect())?;
        gate::confirm(judgement, &second);
        Ok(interrupted)
    }
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
    use crate::metric::sample::{predictions, run};

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
