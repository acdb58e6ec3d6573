//! Which rules hold: `[gate]` of the settings, and what flags add.

use std::path::{Path, PathBuf};

use super::GateArgs;
use crate::cli::criteria;
use crate::cli::lineup::Planned;
use crate::compare::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::gate::Policy;
use crate::plan::{self, GateSettings, Layer, Resolved, RuleKind, RuntimeSpec, Source};
use crate::runtime;

/// What candidates are held to, and who says so.
pub(super) struct Ruled {
    /// The rules.
    pub policy: Policy,
    /// How differences are resampled.
    pub options: Options,
    /// Who decided them.
    pub origins: Origins,
}

/// Who decided the rules.
pub(super) struct Origins {
    /// What is written in `[gate]`, less what a flag goes before.
    pub settings: GateSettings,
    /// Where that is.
    pub file: Source,
    /// Who decided the margin of accuracy where the gate has none of its own.
    pub margin: Source,
    /// Kinds that a flag makes soft.
    pub soft: Vec<RuleKind>,
    /// Whether a flag makes the gate strict.
    pub strict: bool,
}

/// The policy, and who decided each part of it.
pub(super) fn of(args: &GateArgs, models: &[PathBuf], planned: &[Planned], given: &[Layer]) -> Result<Ruled> {
    let mut resolved = resolved(args, models, planned, given)?;
    let mut file = file_of(&resolved);
    if let Some(path) = &args.policy.policy {
        resolved.settings.gate = plan::read_file(path)?.settings.gate;
        file = Source::File(path.clone());
    }
    let margin = resolved.source("verdict.margin").clone();
    // A flag is stronger than any file, also than the gate's own margin.
    if matches!(margin, Source::Flag | Source::Environment) {
        let gate = &mut resolved.settings.gate;
        gate.accuracy = None;
        gate.runtimes.values_mut().for_each(|own| own.accuracy = None);
    }
    let options = criteria::options(&resolved)?;
    let settings = resolved.settings.gate;
    let understood = check_runtimes(&settings).and_then(|()| Policy::of(&settings, options.criteria.margin));
    let mut policy = understood.map_err(|error| in_file(error, &file))?;
    policy = policy.softened(&args.policy.soft).map_err(|error| error.at("--soft"))?;
    policy.strict |= args.policy.strict;
    let (soft, strict) = (args.policy.soft.clone(), args.policy.strict);
    Ok(Ruled { policy, options, origins: Origins { settings, file, margin, soft, strict } })
}

/// The file that has a `[gate]`.
fn file_of(resolved: &Resolved) -> Source {
    let said = resolved.sources.iter().find(|(key, _)| key.starts_with("gate."));
    said.map_or(Source::Default, |(_, source)| source.clone())
}

/// Rules for a runtime that does not exist would never hold.
fn check_runtimes(settings: &GateSettings) -> Result<()> {
    settings.runtimes.keys().try_for_each(|name| {
        // What is no runtime at all is refused with the rules.
        let Ok(RuntimeSpec { name: runtime, .. }) = name.parse() else { return Ok(()) };
        match runtime::find(&runtime) {
            Err(error) if error.kind != ErrorKind::Unavailable => {
                Err(error.at(format!("[gate.runtimes.\"{name}\"]")))
            }
            _ => Ok(()),
        }
    })
}

/// The error of a rule, with the file that it stands in.
fn in_file(error: Error, file: &Source) -> Error {
    let rule = error.place.clone().unwrap_or_default();
    match file {
        Source::Default => error,
        file => error.at(format!("{file}: {rule}")),
    }
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
