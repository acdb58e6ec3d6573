//! One more process of a candidate, for a few rounds: where a process lies in memory moves its
//! latency, so that one process alone is no sample.

use super::Interrupt;
use super::link::{Link, Placement};
use super::wire::{Answer, Assignment, Command};
use crate::record::{LoadEvidence, MemoryEvidence};

/// A process that is loaded and warm.
pub struct Launch {
    link: Box<dyn Link>,
    /// Its loading.
    pub load: LoadEvidence,
    /// Its memory.
    pub memory: Option<MemoryEvidence>,
}

impl Launch {
    /// Starts, loads and warms a process with the inputs that the candidate's first one left. None
    /// where that fails: the first one goes on, and says what is wrong if it fails too.
    pub fn start(placement: &Placement, assignment: &Assignment, interrupt: &Interrupt) -> Option<Self> {
        let mut link = placement.start(assignment.clone()).ok()?;
        let Answer::Relaunched(load) = ask(link.as_mut(), &Command::Relaunch, interrupt)? else {
            return None;
        };
        let Answer::Warm { memory, .. } = ask(link.as_mut(), &Command::WarmUp, interrupt)? else {
            return None;
        };
        Some(Self { link, load, memory })
    }

    /// One block of timed runs, nanoseconds each; none when the process is gone.
    pub fn block(&mut self, interrupt: &Interrupt) -> Option<Vec<u64>> {
        match ask(self.link.as_mut(), &Command::Round, interrupt)? {
            Answer::Round { samples_ns } => Some(samples_ns),
            _ => None,
        }
    }
}

fn ask(link: &mut dyn Link, command: &Command, interrupt: &Interrupt) -> Option<Answer> {
    if interrupt.raised() {
        return None;
    }
    link.ask(command, interrupt, &mut |_| ()).ok()
}
