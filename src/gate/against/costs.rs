//! Costs measured at different times.

use std::collections::BTreeMap;

use crate::compare::{ONE_PROCESS, of_machine};
use crate::gate::baseline::{BaselineCosts, BaselineRun};
use crate::gate::case::{CostChange, Unknown};
use crate::metric::LEVEL;
use crate::plan::{Job, RuleKind};
use crate::record::Run;
use crate::stats;

/// What a side-by-side measurement would bring.
const SIDE_BY_SIDE: &str = "measure the baseline's model beside the candidate: --baseline-model FILE";

/// All costs, compared only on one machine with one setting.
pub(super) fn costs(
    baseline: &BaselineRun,
    candidate: &Run,
) -> BTreeMap<RuleKind, Result<CostChange, Unknown>> {
    let mut differences = of_machine(&baseline.record, &candidate.record);
    differences.extend(of_batch(&baseline.record.job, &candidate.record.job));
    let (before, after) = (&baseline.costs, BaselineCosts::of(&candidate.record.evidence));
    let inverse = |rates: &[f64]| rates.iter().map(|rate| 1.0 / rate).collect::<Vec<_>>();
    let all = [
        (RuleKind::Latency, before.latency_ns.clone(), after.latency_ns),
        (RuleKind::Throughput, inverse(&before.images_per_second), inverse(&after.images_per_second)),
        (RuleKind::Memory, before.memory_bytes.clone(), after.memory_bytes),
        (RuleKind::Load, before.load_ns.clone(), after.load_ns),
    ];
    all.into_iter().map(|(kind, before, after)| (kind, apart(&before, &after, &differences))).collect()
}

/// Latency is at batch 1, or at the one that the graph fixes; the samples that would say so are not kept.
fn of_batch(one: &Job, two: &Job) -> Option<String> {
    let batch = |job: &Job| job.fixed_batch.unwrap_or(1);
    let (one, two) = (batch(one), batch(two));
    (one != two).then(|| format!("images in a run ({one} and {two})"))
}

fn apart(before: &[f64], after: &[f64], differences: &[String]) -> Result<CostChange, Unknown> {
    if before.is_empty() || after.is_empty() {
        return Err(Unknown::unasked("it was not measured on both sides", SIDE_BY_SIDE));
    }
    if !differences.is_empty() {
        let why = format!("the baseline was measured otherwise: {}", differences.join(", "));
        return Err(Unknown::lacking(why, SIDE_BY_SIDE));
    }
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    let (before, after) = (logs(before), logs(after));
    // The middle of the interval, so that the figure lies within it.
    let growth =
        stats::mean(&after).zip(stats::mean(&before)).map(|(after, before)| (after - before).exp_m1());
    let interval = stats::welch(&before, &after, LEVEL);
    let growth = growth.filter(|growth| growth.is_finite()).ok_or_else(|| {
        Unknown::lacking("a figure of it is zero", "save the baseline again: bench baseline accept")
    })?;
    Ok(CostChange {
        growth,
        interval: interval
            .map(|log| (log.low.exp_m1(), log.high.exp_m1()))
            .ok_or_else(|| "it rests on a single launch".into()),
        floor: ONE_PROCESS,
        fixed: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Case;
    use crate::gate::against::fixtures::baseline;
    use crate::metric::fixtures::{latency, run};

    #[test]
    fn latency_of_another_host_is_not_compared_and_of_this_one_by_launches() {
        let timed = |variant: &str, ns: [u64; 8]| {
            let mut run = run(variant);
            let rounds: Vec<[u64; 1]> = ns.map(|ns| [ns]).to_vec();
            run.record.evidence.latency =
                Some(latency(&rounds.iter().map(|round| &round[..]).collect::<Vec<_>>()));
            run
        };
        let kept = baseline(timed("fp32", [100, 101, 100, 101, 102, 102, 102, 102]));
        let slower = timed("int8", [200, 200, 200, 200, 202, 202, 202, 202]);
        let case = Case::against(&kept, &slower).unwrap();
        let change = case.costs[&RuleKind::Latency].clone().unwrap();
        let (low, high) = change.interval.unwrap();
        assert!(change.growth > 0.9 && low < change.growth && change.growth < high && change.fixed);
        let mut in_eights = slower.clone();
        in_eights.record.job.fixed_batch = Some(8);
        let case = Case::against(&kept, &in_eights).unwrap();
        let unknown = case.costs[&RuleKind::Latency].clone().unwrap_err();
        assert!(unknown.why.contains("images in a run (1 and 8)"), "{unknown:?}");
        let mut elsewhere = slower;
        elsewhere.record.environment.host = "beta".into();
        let case = Case::against(&kept, &elsewhere).unwrap();
        let unknown = case.costs[&RuleKind::Latency].clone().unwrap_err();
        assert!(
            unknown.why.contains("host (alpha and beta)") && unknown.missing.contains("--baseline-model"),
            "{unknown:?}"
        );
        assert!(!unknown.unasked, "what was measured and is not compared is told");
    }
}
