//! Scores that come in any order into rows in the order of the data set.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::scores::Scores;
use super::stretches::Stretches;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::record::{NAMED, PredictionsWriter, SkippedImage};

/// The scores of one batch.
pub struct Chunk {
    pub images: Vec<usize>,
    pub scores: Scores,
    pub skipped: Vec<SkippedImage>,
}

/// What the collector has written when the pass ends, early or not.
#[derive(Debug, Default)]
pub struct Collected {
    pub images: usize,
    pub not_finite: usize,
    pub skipped: Vec<SkippedImage>,
    pub skipped_count: usize,
    pub error: Option<Error>,
}

impl Collected {
    /// Images that are written or left out.
    fn done(&self) -> u64 {
        (self.images + self.skipped_count) as u64
    }
}

/// How often to look whether more images are done.
const GLANCE: Duration = Duration::from_millis(20);

/// Puts chunks back in order and writes them, in the thread that brings the next one: a thread of its own
/// would take a core from the others each time that it is woken.
pub struct Collector<'a> {
    dataset: &'a dyn Dataset,
    stretches: &'a Stretches,
    state: Mutex<InOrder<'a>>,
}

struct InOrder<'a> {
    /// Chunks whose turn has not come, by number.
    early: BTreeMap<usize, Chunk>,
    /// The number of the next to be written.
    next: usize,
    collected: Collected,
    writer: &'a mut PredictionsWriter,
}

impl<'a> Collector<'a> {
    /// Nothing yet; rows go to `writer`.
    pub fn new(
        dataset: &'a dyn Dataset,
        stretches: &'a Stretches,
        writer: &'a mut PredictionsWriter,
    ) -> Self {
        let (early, collected) = (BTreeMap::new(), Collected::default());
        Self { dataset, stretches, state: Mutex::new(InOrder { early, next: 0, collected, writer }) }
    }

    /// Takes the next chunk that a thread has done, with its number.
    pub fn take(&self, finished: Result<(usize, Chunk)>) {
        let mut state = self.lock();
        match finished {
            Ok((number, chunk)) => drop(state.early.insert(number, chunk)),
            Err(error) => self.give_up(&mut state.collected, error),
        }
        while let Some(chunk) = state.take_next() {
            if let Err(error) = state.keep(self.dataset, chunk) {
                self.give_up(&mut state.collected, error);
            }
            self.stretches.written();
        }
    }

    /// Tells how many images are done each time that there are more, until all threads of `ended` have.
    pub fn tell(&self, ended: &Receiver<Infallible>, progress: &mut dyn FnMut(u64)) {
        let mut told = 0;
        loop {
            let ended = ended.recv_timeout(GLANCE) == Err(RecvTimeoutError::Disconnected);
            let done = self.lock().collected.done();
            if done > told {
                told = done;
                progress(done);
            }
            if ended {
                return;
            }
        }
    }

    /// Remembers the first error and lets every thread finish what it has in hand.
    fn give_up(&self, collected: &mut Collected, error: Error) {
        collected.error.get_or_insert(error);
        self.stretches.end();
    }

    fn lock(&self) -> MutexGuard<'_, InOrder<'a>> {
        // A thread that panicked while it wrote has ended the pass; what others brought before is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has come of the pass.
    pub fn into_collected(self) -> Collected {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).collected
    }
}

impl InOrder<'_> {
    fn take_next(&mut self) -> Option<Chunk> {
        let chunk = self.early.remove(&self.next)?;
        self.next += 1;
        Some(chunk)
    }

    fn keep(&mut self, dataset: &dyn Dataset, chunk: Chunk) -> Result<()> {
        let collected = &mut self.collected;
        for (&image, scores) in chunk.images.iter().zip(chunk.scores.rows(chunk.images.len())) {
            let entry = dataset.entry(image)?;
            self.writer.push(&entry.id, entry.label, scores, &dataset.slice_values(image)?)?;
            collected.images += 1;
            collected.not_finite += usize::from(scores.iter().any(|score| !score.is_finite()));
        }
        collected.skipped_count += chunk.skipped.len();
        let room = NAMED.saturating_sub(collected.skipped.len());
        collected.skipped.extend(chunk.skipped.into_iter().take(room));
        Ok(())
    }
}
