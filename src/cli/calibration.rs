//! `--calibration`: whether images that models were calibrated with are among those of the test.

use std::path::PathBuf;

use super::measuring::PlannedJob;
use super::progress::Line;
use crate::dataset::survey::{Source, beside, name_of, overlap};
use crate::error::{Error, ErrorKind, Result};
use crate::measure::Interrupt;
use crate::plan::{DatasetSpec, Source as Decided};
use crate::record::CalibrationOverlap;

/// How the check ended.
pub enum Checked {
    /// For each job what the two share; none where nobody named images for calibration.
    Overlaps(Vec<Option<CalibrationOverlap>>),
    /// This signal asked to stop.
    Interrupted(usize),
}

/// What is to be held against each other.
#[derive(Clone, PartialEq)]
struct Question {
    test: DatasetSpec,
    path: PathBuf,
    split: Option<String>,
}

/// Holds the test images of every job against those for calibration, the same ones once. Fails where
/// either cannot be listed.
pub fn check(jobs: &[PlannedJob<'_>], quiet: bool, interrupt: &Interrupt) -> Result<Checked> {
    let mut known: Vec<(Question, CalibrationOverlap)> = Vec::new();
    let mut overlaps = Vec::with_capacity(jobs.len());
    for job in jobs {
        let Some(question) = question(job)? else {
            overlaps.push(None);
            continue;
        };
        let found = match known.iter().find(|(asked, _)| *asked == question) {
            Some((_, found)) => found.clone(),
            None => match (answer(&question, quiet, interrupt), interrupt.signal()) {
                (Err(error), Some(signal)) if error.kind == ErrorKind::Interrupted => {
                    return Ok(Checked::Interrupted(signal));
                }
                (found, _) => found?,
            },
        };
        known.push((question, found.clone()));
        overlaps.push(Some(found));
    }
    Ok(Checked::Overlaps(overlaps))
}

fn question((planned, job): &PlannedJob<'_>) -> Result<Option<Question>> {
    let settings = &planned.resolved.settings.data;
    let Some(path) = settings.calibration.clone() else { return Ok(None) };
    match &job.dataset {
        // All shards say the same of the whole.
        Some(data) => {
            let test = DatasetSpec { shard: None, ..data.clone() };
            Ok(Some(Question { test, path, split: settings.calibration_split.clone() }))
        }
        None if planned.resolved.source("data.calibration") == &Decided::Flag => {
            Err(Error::usage("there are no test images to hold those for calibration against")
                .help("say --data PATH, or leave --calibration out"))
        }
        None => Ok(None),
    }
}

fn answer(question: &Question, quiet: bool, interrupt: &Interrupt) -> Result<CalibrationOverlap> {
    let test = Source::open(&question.test)?;
    let split = question.split.as_deref();
    let calibration = beside(&question.path, split, &question.test)?;
    let name = name_of(&question.path, split);
    let line = Line::new(quiet);
    line.watch(interrupt, |watch| overlap(&test, &calibration, &name, watch))
}
