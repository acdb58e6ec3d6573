//! Which rules hold: `[gate]` of the settings, and what flags add.

use std::path::{Path, PathBuf};

use super::GateArgs;
use crate::cli::criteria;
use crate::cli::lineup::Planned;
use crate::compare::Options;
use crate::error::{Error, Result};
use crate::gate::Policy;
use crate::plan::{self, Layer, Resolved, Source};

/// The policy, and how differences are resampled.
pub(super) fn of(
    args: &GateArgs,
    models: &[PathBuf],
    planned: &[Planned],
    given: &[Layer],
) -> Result<(Policy, Options)> {
    let mut resolved = resolved(args, models, planned, given)?;
    if let Some(path) = &args.policy.policy {
        resolved.settings.gate = plan::read_file(path)?.settings.gate;
    }
    // A flag is stronger than any file, also than the gate's own margin.
    if matches!(resolved.source("verdict.margin"), Source::Flag | Source::Environment) {
        resolved.settings.gate.accuracy = None;
    }
    let options = criteria::options(&resolved)?;
    let file = args.policy.policy.as_deref().unwrap_or(Path::new("bench.toml"));
    let understood = Policy::of(&resolved.settings.gate, options.criteria.margin);
    let mut policy = understood.map_err(|error| in_file(error, file))?.softened(&args.policy.soft);
    policy.strict |= args.policy.strict;
    Ok((policy, options))
}

/// The error of a rule, with the file that it stands in.
fn in_file(error: Error, file: &Path) -> Error {
    let rule = error.place.clone().unwrap_or_default();
    error.at(format!("{}: {rule}", file.display()))
}

/// Settings of the first model; of saved runs, those of the settings file beside what is named first.
fn resolved(args: &GateArgs, models: &[PathBuf], planned: &[Planned], given: &[Layer]) -> Result<Resolved> {
    if let Some((_, first)) = planned.first() {
        return Ok(first.resolved.clone());
    }
    let first = args.policy.baseline.as_deref().or(models.first().map(PathBuf::as_path));
    let working = std::env::current_dir().unwrap_or_default();
    let found = plan::discover(first.unwrap_or(Path::new("")), &working);
    let file =
        found.filter(|_| args.policy.policy.is_none()).map(|path| plan::read_file(&path)).transpose()?;
    plan::resolve(&given.iter().cloned().chain(file).collect::<Vec<_>>())
}
