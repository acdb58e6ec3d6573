//! Runs that did not complete: a word for the table, and the reason in full below it.

use super::view::clean;
use crate::compare::Comparison;
use crate::error::Error;
use crate::record::{Outcome, Stage};

/// A run that did not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// `tract · int8`.
    pub label: String,
    /// `could not run`, `crashed while evaluating images` …
    pub what: String,
    /// The reason, and what to do.
    pub lines: Vec<String>,
}

/// Lines of a dead process's stderr that are shown.
const STDERR_LINES: usize = 3;

/// All runs that did not complete.
pub(super) fn troubles(comparison: &Comparison) -> Vec<Trouble> {
    let trouble = |(label, outcome): (String, &Outcome)| {
        let what = while_doing(outcome)?;
        Some(Trouble { label, what, lines: reasons(outcome) })
    };
    let runs = comparison.columns.iter().map(|column| &column.record);
    runs.filter_map(|record| trouble((clean(&record.job.label()), &record.outcome))).collect()
}

/// How a run ended, in the fewest words; none when it completed.
pub(super) fn word(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Completed => None,
        Outcome::CouldNotRun { .. } => Some("could not run"),
        Outcome::Failed { .. } => Some("failed"),
        Outcome::Crashed { .. } => Some("crashed"),
        Outcome::Interrupted { .. } => Some("interrupted"),
    }
}

/// How a run ended and where; none when it completed.
pub(super) fn while_doing(outcome: &Outcome) -> Option<String> {
    let word = word(outcome)?;
    Some(match outcome {
        // What cannot run fails at the start; saying so adds nothing.
        Outcome::CouldNotRun { stage: Stage::Prepare, .. } | Outcome::Completed => word.to_owned(),
        Outcome::CouldNotRun { stage, .. }
        | Outcome::Failed { stage, .. }
        | Outcome::Crashed { stage, .. }
        | Outcome::Interrupted { stage } => format!("{word} while {}", doing(*stage)),
    })
}

/// Why, in a few words.
pub(super) fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::CouldNotRun { error, .. } | Outcome::Failed { error, .. } => Some(sentence(error)),
        Outcome::Crashed { how, .. } => Some(clean(how)),
        Outcome::Completed | Outcome::Interrupted { .. } => None,
    }
}

fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare => "loading the model",
        Stage::WarmUp => "warming up",
        Stage::Latency => "measuring latency",
        Stage::Throughput => "measuring throughput",
        Stage::Evaluate => "evaluating images",
    }
}

fn reasons(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Completed => Vec::new(),
        Outcome::CouldNotRun { error, .. } | Outcome::Failed { error, .. } => of_error(error),
        Outcome::Crashed { how, stderr, .. } => [clean(how)].into_iter().chain(last_lines(stderr)).collect(),
        Outcome::Interrupted { .. } => vec!["the figures rest on what was measured until then".into()],
    }
}

fn of_error(error: &Error) -> Vec<String> {
    let place = error.place.as_deref().map(|place| format!("where: {}", clean(place)));
    let help = error.help.as_deref().unwrap_or_default().lines().enumerate();
    let help =
        help.map(|(index, line)| if index == 0 { format!("to do: {}", clean(line)) } else { clean(line) });
    [sentence(error)].into_iter().chain(place).chain(help).collect()
}

fn sentence(error: &Error) -> String {
    match &error.cause {
        Some(cause) => clean(&format!("{}: {cause}", error.what)),
        None => clean(&error.what),
    }
}

fn last_lines(stderr: &str) -> Vec<String> {
    let lines: Vec<String> = stderr.lines().map(clean).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(STDERR_LINES);
    let said = |last: &[String]| [vec!["it wrote before:".to_owned()], last.to_vec()].concat();
    if lines.is_empty() { lines } else { said(&lines[from..]) }
}
