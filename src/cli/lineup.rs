//! What was named to be compared: models to measure and saved runs, each in its place.

use super::candidates::{self, Named, PlannedModel};
use super::measuring::{Kept, PlannedJob};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::RuntimeSpec;
use crate::record::Run;
use crate::runtime;

/// A model with its place among the arguments.
pub(super) type Planned = (usize, PlannedModel);
/// Saved runs with theirs.
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
    check_protocols(&jobs)?;
    Ok(jobs)
}

/// All candidates are measured in turn, until all are known well enough: none has rules of its own.
fn check_protocols(jobs: &[PlannedJob<'_>]) -> Result<()> {
    let Some(((first, one), others)) = jobs.split_first() else { return Ok(()) };
    let differs = |(model, job): &PlannedJob<'_>| {
        let (one, other) = (&one.protocol, &job.protocol);
        [
            ("time", one.latency_seconds, other.latency_seconds),
            ("precision", 100.0 * one.precision, 100.0 * other.precision),
        ]
        .into_iter()
        .find(|(_, one, other)| one != other)
        .map(|(name, one, other)| {
            let source = |model: &PlannedModel| model.resolved.source(&format!("measure.{name}")).to_string();
            Error::usage(format!("models that are measured in turn cannot have {one} and {other} as {name}"))
                .because(format!("{one} is from {}, {other} from {}", source(first), source(model)))
                .help(format!("say it for all of them: --{name} {one}"))
        })
    };
    others.iter().find_map(differs).map_or(Ok(()), Err)
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

/// The first run, or the first that has any figure when that one could not run.
pub fn baseline(runs: &[Run]) -> usize {
    let measured = |run: &Run| {
        let evidence = &run.record.evidence;
        !evidence.load.is_empty() || evidence.evaluation.is_some()
    };
    runs.iter().position(measured).unwrap_or(0)
}
