//! Progress, for whoever wants to show it.

use crate::error::Error;
use crate::record::Stage;

/// Something that happened while measuring.
#[derive(Clone, Debug)]
pub enum Event {
    /// A candidate entered a stage; `total` steps of it are ahead, when known.
    Entered {
        /// Index of the job.
        candidate: usize,
        /// The stage.
        stage: Stage,
        /// Steps: rounds or images.
        total: Option<u64>,
    },
    /// A stage moved on.
    Advanced {
        /// Index of the job.
        candidate: usize,
        /// The stage.
        stage: Stage,
        /// Steps done in all.
        done: u64,
    },
    /// A candidate can go no further; the others go on.
    Ended {
        /// Index of the job.
        candidate: usize,
        /// Why.
        error: Error,
    },
    /// A candidate has all it was asked for.
    Completed {
        /// Index of the job.
        candidate: usize,
    },
}

/// Receives events. Called from the conducting thread only.
pub trait Observer {
    /// Takes an event.
    fn notice(&mut self, event: Event);
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&mut self, _: Event) {}
}
