//! Whether the candidate ran at all, and what it is held against.

use super::case::Case;
use super::{Finding, Ground, Outcome, Scale};
use crate::error::ErrorKind;
use crate::plan::RuleKind;
use crate::record;

/// The finding about a run that did not complete, the candidate's or the baseline's; none where both did.
pub(super) fn judge(case: &Case) -> Option<Finding> {
    let of_baseline = || how(&case.baseline_run).map(|how| format!("the baseline {how}"));
    let how = how(&case.run).or_else(of_baseline)?;
    let finding = Finding::new(RuleKind::Run, "run", case.scope.clone(), Scale::Share);
    Some(finding.with(Outcome::CannotTell, Ground::DidNotRun { how }))
}

/// Whether a run did not complete because its runtime lacks something that the model needs.
pub(super) fn is_unsupported(outcome: &record::Outcome) -> bool {
    matches!(outcome, record::Outcome::CouldNotRun { error, .. } if error.kind == ErrorKind::Unsupported)
}

fn how(outcome: &record::Outcome) -> Option<String> {
    use record::Outcome::{Completed, CouldNotRun, Crashed, Failed, Interrupted};
    let reason = |error: &crate::error::Error| match &error.cause {
        Some(cause) => format!("{}: {cause}", error.what),
        None => error.what.clone(),
    };
    match outcome {
        Completed => None,
        CouldNotRun { error, .. } => Some(format!("could not run: {}", reason(error))),
        Failed { error, .. } => Some(format!("failed: {}", reason(error))),
        Crashed { how, .. } => Some(format!("crashed: {how}")),
        Interrupted { .. } => Some("was interrupted".into()),
    }
}
