//! What metrics read: a run with its scoring, and two of them with what may be set side by side.

use super::{Basis, Scoring};
use crate::error::Result;
use crate::record::Run;

/// A run whose predictions have been scored, once for all metrics.
#[derive(Clone, Debug)]
pub struct ScoredRun<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its predictions against the truth, when it was evaluated on data.
    pub scoring: Option<Scoring>,
}

impl<'a> ScoredRun<'a> {
    /// Scores the predictions of `run`; fails where a label has no class.
    pub fn of(run: &'a Run) -> Result<Self> {
        let activation = run.record.job.output.activation;
        let scoring = run.predictions.as_ref().map(|rows| Scoring::of(rows, activation)).transpose()?;
        Ok(Self { run, scoring })
    }
}

/// How far the timings of two runs may be set against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Same machine and settings, blocks in turn: rounds of one number were measured together.
    Interleaved,
    /// Same machine and settings at different times: medians compare, rounds do not.
    Apart,
    /// Another machine or other settings: nothing compares.
    Incomparable,
}

/// A baseline and a candidate, and what may be compared between them.
#[derive(Clone, Debug)]
pub struct ScoredPair<'a> {
    /// What is compared with.
    pub baseline: &'a ScoredRun<'a>,
    /// What is compared.
    pub candidate: &'a ScoredRun<'a>,
    /// Rows (baseline's, candidate's) of the images that both evaluated; none where the two were
    /// not evaluated on the same data in the same way.
    pub images: Option<Vec<(usize, usize)>>,
    /// Whether timings compare.
    pub timing: Timing,
}

impl<'a> ScoredPair<'a> {
    /// Whether values of metrics on this basis may be compared.
    pub fn shares(&self, basis: Basis) -> bool {
        match basis {
            Basis::Model => true,
            Basis::Machine => self.timing != Timing::Incomparable,
            Basis::Images => self.images.is_some(),
        }
    }

    /// Both runs scored on the images that they share, so that a difference is never one between
    /// sets of images.
    pub fn on_shared_images(&self) -> (ScoredRun<'a>, ScoredRun<'a>) {
        let rows = self.images.iter().flatten();
        let baseline = select(self.baseline, rows.clone().map(|&(row, _)| row));
        let candidate = select(self.candidate, rows.map(|&(_, row)| row));
        (baseline, candidate)
    }
}

fn select<'a>(scored: &ScoredRun<'a>, rows: impl Iterator<Item = usize>) -> ScoredRun<'a> {
    ScoredRun { run: scored.run, scoring: scored.scoring.as_ref().map(|scoring| scoring.select(rows)) }
}
