//! Latency, throughput, memory and load: how much more the candidate takes, and whether that is more
//! than may be. The limit is never below what the machine makes of no difference, and a rule fails only
//! where the whole interval lies beyond it.

use std::collections::BTreeMap;

use super::case::{Case, CostChange, Unknown};
use super::policy::{CostRule, Rules};
use super::{Finding, Ground, Needed, Outcome, Scale};
use crate::compare::{Column, ONE_PROCESS, Versus};
use crate::metric::{Interval, IntervalMethod, LEVEL, PairReading};
use crate::plan::RuleKind;
use crate::record::{Evidence, LoadEvidence, RunRecord};
use crate::stats::{Block, LogRatios};

/// What a measurement beside each other would bring.
const SIDE_BY_SIDE: &str = "measure both in one run: name both models, or give --baseline-model";

/// All costs of a candidate measured beside its baseline, or compared with its record.
pub(super) fn measured(
    baseline: &Column,
    column: &Column,
    versus: &Versus,
    floor: Option<f64>,
) -> BTreeMap<RuleKind, Result<CostChange, Unknown>> {
    let sides = [&baseline.record, &column.record];
    let coarse = floor.map_or(ONE_PROCESS, |floor| floor.max(ONE_PROCESS));
    let pair = |id: &str, floor: f64| versus.pair(id).and_then(|reading| of_ratio(reading, floor));
    let apart = baseline.record.measurement != column.record.measurement;
    let latency = versus.pair("speed_up").filter(|_| !apart).and_then(|reading| latency(reading, floor));
    let load = versus.delta("load").and_then(|_| load(sides));
    [
        (RuleKind::Latency, latency.ok_or_else(|| unknown(sides, "latency", |it| it.latency.is_some()))),
        (
            RuleKind::Throughput,
            pair("throughput_ratio", coarse)
                .filter(|_| !apart)
                .ok_or_else(|| unknown(sides, "throughput", |it| it.throughput.is_some())),
        ),
        (
            RuleKind::Memory,
            pair("memory_ratio", ONE_PROCESS)
                .ok_or_else(|| unknown(sides, "memory", |it| it.memory.is_some())),
        ),
        (RuleKind::Load, load.ok_or_else(|| unknown(sides, "loading", |it| !it.load.is_empty()))),
    ]
    .into()
}

/// Why a cost is not compared.
fn unknown(sides: [&RunRecord; 2], what: &str, has: impl Fn(&Evidence) -> bool) -> Unknown {
    let [baseline, candidate] = sides.map(|record| has(&record.evidence));
    match (baseline, candidate) {
        (false, false) => {
            Unknown::unasked(&format!("{what} was not measured"), "measure without --accuracy-only")
        }
        (true, false) => Unknown::lacking(format!("{what} of the candidate was not measured"), SIDE_BY_SIDE),
        (false, true) => Unknown::lacking(format!("{what} of the baseline was not measured"), SIDE_BY_SIDE),
        (true, true) => {
            let differences = crate::compare::of_machine(sides[0], sides[1]).join(", ");
            let why = match differences.as_str() {
                "" => format!("{what} was measured at different times"),
                found => format!("{what} was measured on different machines or settings: {found}"),
            };
            Unknown::lacking(why, SIDE_BY_SIDE)
        }
    }
}

/// The noise floor is that of latencies over several launches; what rests on fewer has a wider one.
fn latency(reading: &PairReading, floor: Option<f64>) -> Option<CostChange> {
    let over_launches = reading.interval.is_some_and(|it| it.method == IntervalMethod::StudentOverLaunches);
    match floor.filter(|_| over_launches) {
        Some(floor) => of_ratio(reading, floor).map(|change| CostChange { fixed: false, ..change }),
        None => of_ratio(reading, floor.map_or(ONE_PROCESS, |floor| floor.max(ONE_PROCESS))),
    }
}

/// A ratio above 1 where the candidate is better, as growth of its cost.
fn of_ratio(reading: &PairReading, floor: f64) -> Option<CostChange> {
    let ratio = reading.value.filter(|ratio| *ratio > 0.0)?;
    let growth = |ratio: f64| 1.0 / ratio - 1.0;
    let ends = |it: Interval| (growth(it.high), growth(it.low));
    let why = || "they were not measured in turn, or in too few rounds".to_owned();
    Some(CostChange {
        growth: growth(ratio),
        interval: reading.interval.map(ends).ok_or_else(why),
        floor,
        fixed: true,
    })
}

/// Launches of both sides in their order; each is a process of its own.
fn load(sides: [&RunRecord; 2]) -> Option<CostChange> {
    let [baseline, candidate] = sides.map(|record| loads(&record.evidence.load));
    let ratios = LogRatios::of(&candidate, &baseline);
    let interval = ratios.interval(LEVEL).filter(|_| ratios.over_launches());
    let ends = interval.map(|log| (log.low.exp_m1(), log.high.exp_m1()));
    Some(CostChange {
        growth: ratios.median()?.exp_m1(),
        interval: ends.ok_or_else(|| "it rests on fewer than five launches".into()),
        floor: ONE_PROCESS,
        fixed: true,
    })
}

fn loads(evidence: &[LoadEvidence]) -> Vec<Block> {
    let block =
        |(load, launch): (&LoadEvidence, u32)| Block { round: launch, launch, value: load.load_ns as f64 };
    evidence.iter().zip(0..).map(block).collect()
}

/// One finding for each rule of costs.
pub(super) fn judge(case: &Case, rules: &Rules) -> Vec<Finding> {
    rules.costs.iter().filter_map(|rule| held_to(case, rules, rule)).collect()
}

fn held_to(case: &Case, rules: &Rules, rule: &CostRule) -> Option<Finding> {
    let mut finding = Finding::new(rule.kind, metric(rule.kind), case.scope.clone(), Scale::Growth);
    finding.limit = Some(rule.margin);
    let change = match case.costs.get(&rule.kind)? {
        Ok(change) => change,
        Err(unknown) if unknown.unasked && !rules.asked.contains(&rule.kind) => return None,
        Err(unknown) => return Some(finding.not_measured(&*unknown.why, &*unknown.missing)),
    };
    let limit = limit(rule, change);
    (finding.value, finding.limit) = (Some(change.growth), Some(limit));
    let Ok((low, high)) = change.interval else {
        let why = change.interval.clone().err().unwrap_or_default();
        return Some(finding.with(Outcome::CannotTell, Ground::NoInterval { why }));
    };
    (finding.low, finding.high) = (Some(low), Some(high));
    Some(match (low > limit, high <= limit) {
        (true, _) => finding.with(Outcome::Fail, Ground::Decided),
        (_, true) => finding.with(Outcome::Pass, Ground::Decided),
        (false, false) => {
            let needed = more_rounds(change.growth, low, high, limit).map(Needed::TimesTheRounds);
            finding.with(Outcome::CannotTell, Ground::TooWide { needed })
        }
    })
}

/// The larger of what the rule says and of the noise.
fn limit(rule: &CostRule, change: &CostChange) -> f64 {
    let noise = if change.fixed { change.floor } else { rule.noise * change.floor };
    rule.margin.max(noise)
}

fn metric(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Throughput => "throughput_ratio",
        RuleKind::Memory => "memory_ratio",
        RuleKind::Load => "load",
        _ => "speed_up",
    }
}

/// The width of an interval falls with the root of the number of rounds; it must shrink to the distance
/// from the figure to the limit.
fn more_rounds(growth: f64, low: f64, high: f64, limit: f64) -> Option<f64> {
    let half = if growth > limit { growth - low } else { high - growth };
    let times = (half / (growth - limit)).powi(2);
    (times.is_finite() && times > 1.0).then_some(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::fixtures;

    const RULE: CostRule = CostRule { kind: RuleKind::Latency, margin: 0.05, noise: 3.0 };

    fn change(growth: f64, low: f64, high: f64, floor: f64) -> CostChange {
        CostChange { growth, interval: Ok((low, high)), floor, fixed: false }
    }

    fn found(change: CostChange) -> Finding {
        let mut case = fixtures::case();
        case.costs.insert(RuleKind::Latency, Ok(change));
        let rules = Rules { costs: vec![RULE], ..crate::gate::Policy::default().rules };
        judge(&case, &rules).remove(0)
    }

    #[test]
    fn only_an_interval_wholly_beyond_the_limit_fails() {
        assert_eq!(found(change(0.08, 0.06, 0.10, 0.005)).outcome, Outcome::Fail);
        assert_eq!(found(change(0.06, 0.04, 0.08, 0.005)).outcome, Outcome::CannotTell);
        assert_eq!(found(change(0.03, 0.02, 0.04, 0.005)).outcome, Outcome::Pass);
        assert_eq!(found(change(-0.6, -0.7, -0.5, 0.005)).outcome, Outcome::Pass, "faster never fails");
    }

    #[test]
    fn the_limit_grows_with_the_noise_of_the_machine() {
        let noisy = found(change(0.08, 0.06, 0.10, 0.04));
        assert_eq!((noisy.limit, noisy.outcome), (Some(0.12), Outcome::Pass));
    }

    #[test]
    fn what_is_missing_is_told_in_rounds() {
        let finding = found(change(0.03, 0.0, 0.09, 0.005));
        let Ground::TooWide { needed: Some(Needed::TimesTheRounds(times)) } = finding.ground else {
            panic!()
        };
        assert!((times - 9.0).abs() < 1e-9);
    }

    #[test]
    fn what_nobody_measured_is_passed_over_unless_it_was_asked_for() {
        let mut case = fixtures::case();
        case.costs.insert(RuleKind::Latency, Err(Unknown::unasked("not measured", "measure")));
        let mut rules = Rules { costs: vec![RULE], ..crate::gate::Policy::default().rules };
        assert_eq!(judge(&case, &rules), []);
        rules.asked.insert(RuleKind::Latency);
        assert_eq!(judge(&case, &rules)[0].outcome, Outcome::CannotTell);
    }
}
