//! Runs against a baseline of the repository.

use std::path::Path;

use crate::cli::measuring::PlannedJob;
use crate::compare::{Comparison, Options, compare_with};
use crate::dataset;
use crate::error::{Error, Result};
use crate::gate::{Baseline, BaselineRun, Case, Judgement, Policy, judge_cases};
use crate::plan::RuntimeSpec;
use crate::record::{Run, RunRecord};

/// Holds every run against the baseline's in its runtime. Where the baseline has its predictions, the two
/// are compared as records are; else by what the baseline's file holds.
pub(super) fn judge(
    baseline: &Baseline,
    path: &Path,
    runs: &[Run],
    policy: &Policy,
    options: &Options,
) -> Result<(Judgement, Vec<Comparison>)> {
    let (mut cases, mut comparisons) = (Vec::new(), Vec::new());
    for run in runs {
        let kept = in_its_runtime(baseline, &run.record.job.runtime)?;
        kept.refuse_other_data(&run.record)?;
        match kept.with_predictions(path)? {
            Some(before) => {
                let comparison = compare_with(vec![before, run.clone()], 0, options)?;
                cases.extend(
                    Case::all(&comparison, |_| None).into_iter().map(|case| case.with_costs_of(kept, run)),
                );
                comparisons.push(comparison);
            }
            None => cases.push(Case::against(kept, run)?),
        }
    }
    if cases.is_empty() {
        return Err(Error::usage("there is no candidate to hold against the baseline")
            .help("name a model or a record, in a runtime that the baseline has"));
    }
    Ok((judge_cases(&cases, policy), comparisons))
}

/// Refuses jobs in a runtime that the baseline has not, or with other data or preprocessing.
pub(super) fn check(baseline: &Baseline, jobs: &[PlannedJob<'_>]) -> Result<()> {
    for (_, job) in jobs {
        let kept = in_its_runtime(baseline, &job.runtime)?;
        if let Some(spec) = job.dataset.as_ref().filter(|_| kept.accuracy.is_some()) {
            let data = Some(dataset::open(spec)?.identity().clone());
            kept.refuse_other_data(&RunRecord { job: job.clone(), dataset: data, ..kept.record.clone() })?;
        }
    }
    Ok(())
}

fn in_its_runtime<'a>(baseline: &'a Baseline, runtime: &RuntimeSpec) -> Result<&'a BaselineRun> {
    baseline.in_runtime(runtime).ok_or_else(|| {
        let known: Vec<String> = baseline.runs.iter().map(|run| run.record.job.runtime.to_string()).collect();
        Error::usage(format!("the baseline has no run in {runtime}"))
            .because(format!("it was measured in {}", known.join(", ")))
            .help("say --runtime with one that it has, or measure and accept a new baseline")
    })
}
