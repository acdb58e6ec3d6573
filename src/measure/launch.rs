//! One more process of a candidate, for a few rounds: where a process lies in memory moves its
//! latency, so that one process alone is no sample.

use super::Interrupt;
use super::link::{Link, Placement};
use super::wire::{Answer, Assignment, Command};
use crate::error::{Error, ErrorKind, Result};
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
    /// Starts, loads and warms a process with the inputs that the candidate's first one left. Where that
    /// fails, the first one goes on, and says what is wrong if it fails too.
    pub fn start(placement: &Placement, assignment: &Assignment, interrupt: &Interrupt) -> Result<Self> {
        let mut link = placement.start(assignment.clone())?;
        let Answer::Relaunched(load) = ask(link.as_mut(), &Command::Relaunch, interrupt)? else {
            return Err(another_answer());
        };
        let Answer::Warm { memory, .. } = ask(link.as_mut(), &Command::WarmUp, interrupt)? else {
            return Err(another_answer());
        };
        Ok(Self { link, load, memory })
    }

    /// One block of timed runs, nanoseconds each. After an error the process is of no use any more.
    pub fn block(&mut self, interrupt: &Interrupt) -> Result<Vec<u64>> {
        match ask(self.link.as_mut(), &Command::Round, interrupt)? {
            Answer::Round { samples_ns } => Ok(samples_ns),
            _ => Err(another_answer()),
        }
    }
}

/// The answer to `command`. What ends it because somebody asked to stop is no failure of the process: its
/// error is of that kind.
fn ask(link: &mut dyn Link, command: &Command, interrupt: &Interrupt) -> Result<Answer> {
    if interrupt.raised() {
        return Err(interrupted());
    }
    match link.ask(command, interrupt, &mut |_| ()) {
        Ok(Answer::Failed { error }) => Err(error),
        Ok(answer) => Ok(answer),
        Err(_) if interrupt.raised() => Err(interrupted()),
        Err(death) => Err(death.into_error()),
    }
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "interrupted")
}

fn another_answer() -> Error {
    Error::unusable("the worker process gave an answer to something else")
}
