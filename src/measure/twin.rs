//! The baseline once more: the same job in other processes, measured in the same rounds. Whatever the
//! two differ by is this machine's noise.

use super::Interrupt;
use super::launch::Launch;
use super::link::Placement;
use super::wire::Assignment;
use crate::error::Error;
use crate::record::{Round, TwinEvidence};

/// The baseline a second time. When it fails it leaves with what it has, and with the reason.
pub struct Twin {
    assignment: Assignment,
    launch: Option<Launch>,
    evidence: TwinEvidence,
    /// Why one of its processes could not be used, the first time.
    error: Option<Error>,
}

impl Twin {
    /// The twin of the candidate that `assignment` describes.
    pub fn of(assignment: Assignment) -> Self {
        Self { assignment, launch: None, evidence: TwinEvidence::default(), error: None }
    }

    /// Goes on in a new process.
    pub fn launch(&mut self, placement: &Placement, interrupt: &Interrupt) {
        // The old one ends first: there is never memory for two.
        self.launch = None;
        match Launch::start(placement, &self.assignment, interrupt) {
            Ok(launch) => {
                self.evidence.memory = self.evidence.memory.take().or_else(|| launch.memory.clone());
                self.launch = Some(launch);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// Measures its block of `round`.
    pub fn block(&mut self, round: u32, position: u32, launch: u32, interrupt: &Interrupt) {
        let Some(process) = &mut self.launch else { return };
        match process.block(interrupt) {
            Ok(samples_ns) => self.evidence.rounds.push(Round { round, position, launch, samples_ns }),
            Err(error) => {
                self.launch = None;
                self.error.get_or_insert(error);
            }
        }
    }

    /// Its blocks so far, while it still runs.
    pub fn running(&self) -> Option<&[Round]> {
        self.launch.is_some().then_some(&self.evidence.rounds)
    }

    /// What it measured, none if it never did, and why it failed, if it did.
    pub fn into_evidence(self) -> (Option<TwinEvidence>, Option<Error>) {
        (Some(self.evidence).filter(|evidence| !evidence.rounds.is_empty()), self.error)
    }
}
