//! The baseline once more: the same job in other processes, measured in the same rounds. Whatever the
//! two differ by is this machine's noise.

use super::Interrupt;
use super::launch::Launch;
use super::link::Placement;
use super::wire::Assignment;
use crate::record::{Round, TwinEvidence};

/// The baseline a second time. When it fails it leaves silently with what it has.
pub struct Twin {
    assignment: Assignment,
    launch: Option<Launch>,
    evidence: TwinEvidence,
}

impl Twin {
    /// The twin of the candidate that `assignment` describes.
    pub fn of(assignment: Assignment) -> Self {
        Self { assignment, launch: None, evidence: TwinEvidence::default() }
    }

    /// Goes on in a new process.
    pub fn launch(&mut self, placement: &Placement, interrupt: &Interrupt) {
        // The old one ends first: there is never memory for two.
        self.launch = None;
        self.launch = Launch::start(placement, &self.assignment, interrupt);
        if let (Some(launch), None) = (&self.launch, &self.evidence.memory) {
            self.evidence.memory = launch.memory.clone();
        }
    }

    /// Measures its block of `round`.
    pub fn block(&mut self, round: u32, position: u32, launch: u32, interrupt: &Interrupt) {
        let samples = self.launch.as_mut().and_then(|launch| launch.block(interrupt));
        match samples {
            Some(samples_ns) => self.evidence.rounds.push(Round { round, position, launch, samples_ns }),
            None => self.launch = None,
        }
    }

    /// Its blocks so far, while it still runs.
    pub fn running(&self) -> Option<&[Round]> {
        self.launch.is_some().then_some(&self.evidence.rounds)
    }

    /// What it measured; none if it never did.
    pub fn into_evidence(self) -> Option<TwinEvidence> {
        Some(self.evidence).filter(|evidence| !evidence.rounds.is_empty())
    }
}
