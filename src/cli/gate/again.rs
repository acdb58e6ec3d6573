//! The second measurement of a latency that failed or is not clear.

use std::collections::BTreeSet;

use super::Bench;
use crate::cli::measuring::{self, is_interrupted, say};
use crate::error::Result;
use crate::gate::{self, Judgement};
use crate::measure::Interrupt;
use crate::record::Run;

impl Bench<'_> {
    /// Measures what failed or is not clear once more, with twice the rounds. Tells whether somebody asked
    /// to stop. Where that cannot be done, what failed cannot be told.
    pub(super) fn confirm(&self, judgement: &mut Judgement, first: &str, interrupt: &Interrupt) -> bool {
        let labels = gate::to_confirm(judgement);
        if labels.is_empty() {
            return false;
        }
        let second = match self.measure_again(&labels, interrupt) {
            // What was measured side by side before is so again; saved runs are not.
            Ok(runs) if runs.len() < 2 => return false,
            Ok(runs) if runs.iter().any(|run| is_interrupted(&run.record)) => return true,
            Ok(runs) => {
                let policy = self.policy.clone().latency_alone();
                Bench { policy: &policy, ..*self }.side_by_side(runs, first).map(|(second, _)| second)
            }
            Err(error) => Err(error),
        };
        let second = second.unwrap_or_else(|error| {
            say(&format!("warning: {error}"));
            Judgement::default()
        });
        gate::confirm(judgement, &second, self.policy);
        false
    }

    /// Latency alone: images of the data do not matter to the time that a run takes, and evaluating them
    /// again would cost most of it.
    fn measure_again(&self, labels: &BTreeSet<String>, interrupt: &Interrupt) -> Result<Vec<Run>> {
        let mut jobs = self.jobs()?;
        jobs.retain(|(_, job)| labels.contains(&job.label()));
        if jobs.len() < 2 {
            return Ok(Vec::new());
        }
        let named: Vec<String> = jobs.iter().map(|(_, job)| job.label()).collect();
        say(&format!("note: latency of {} is measured again, with twice the rounds", named.join(", ")));
        for (_, job) in &mut jobs {
            job.dataset = None;
            job.protocol.least_rounds *= 2;
            job.protocol.latency_seconds *= 2.0;
            // Half the width would take four times the rounds.
            job.protocol.precision /= std::f64::consts::SQRT_2;
        }
        let folder = self.args.record.as_ref().map(|folder| folder.join("confirmation"));
        let unasked = vec![None; jobs.len()];
        let kept =
            measuring::measure_and_keep(&self.keeping(folder.as_deref()), jobs, unasked, false, interrupt)?;
        Ok(kept.into_iter().map(|kept| kept.run).collect())
    }
}
