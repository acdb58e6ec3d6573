//! A second look at latency: one measurement in some dozens is beyond its interval by chance, and a gate
//! that cries wolf is switched off. What failed, or was not clear, is measured once more with twice the
//! rounds, and the second measurement counts.

use std::collections::BTreeSet;

use super::judge::undecided;
use super::{Finding, Ground, Judgement, Outcome, Policy};
use crate::plan::RuleKind;

/// Labels of all runs that must be measured again: candidates whose latency failed or was not clear, and
/// what they are held against.
pub fn to_confirm(judgement: &Judgement) -> BTreeSet<String> {
    let open = judgement.findings.iter().filter(|finding| is_open(finding));
    open.flat_map(|finding| [finding.scope.candidate.clone(), finding.scope.baseline.clone()]).collect()
}

fn is_open(finding: &Finding) -> bool {
    let unclear = matches!(finding.ground, Ground::TooWide { .. } | Ground::NoInterval { .. });
    finding.rule == RuleKind::Latency && (finding.outcome == Outcome::Fail || unclear)
}

/// Puts what the second measurement says in the place of what was open after the first. A failure of which
/// it has no figure is neither confirmed nor refuted: it cannot be told, and a run that did not complete
/// the second time did not run.
pub fn confirm(first: &mut Judgement, second: &Judgement, policy: &Policy) {
    let mut broke = Vec::new();
    for finding in first.findings.iter_mut().filter(|finding| is_open(finding)) {
        let same =
            |rule: RuleKind| second.findings.iter().find(|it| it.rule == rule && it.scope == finding.scope);
        let (again, ran) = (same(RuleKind::Latency), same(RuleKind::Run));
        broke.extend(ran.cloned());
        match again.filter(|again| again.value.is_some()) {
            Some(again) => *finding = settled(finding, again),
            None if finding.outcome == Outcome::Fail => unconfirmed(finding, again.or(ran), policy),
            None => {}
        }
    }
    first.findings.extend(broke);
}

fn settled(first: &Finding, again: &Finding) -> Finding {
    let ground = match (first.outcome, again.outcome, first.value) {
        (Outcome::Fail, Outcome::Fail, Some(first)) => Ground::Confirmed { first },
        (Outcome::Fail, Outcome::Pass, Some(first)) => Ground::NotConfirmed { first },
        _ => again.ground.clone(),
    };
    Finding { ground, ..again.clone() }
}

/// Takes a failure back for which the second measurement, which says `instead`, has no figure.
fn unconfirmed(finding: &mut Finding, instead: Option<&Finding>, policy: &Policy) {
    let why = match instead.map(|instead| &instead.ground) {
        Some(Ground::NotMeasured { why, .. }) => why.clone(),
        Some(Ground::DidNotRun { how }) => how.clone(),
        _ => "the second measurement did not come about".into(),
    };
    let rules = policy.rules_of(&finding.scope.runtime);
    finding.effect = undecided(finding.rule, rules, policy.strict);
    (finding.outcome, finding.ground) = (Outcome::CannotTell, Ground::Unconfirmed { why });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Effect, Scale, Scope};

    fn scope() -> Scope {
        let (runtime, candidate, baseline) = ("ort".into(), "ort · int8".into(), "ort · fp32".into());
        Scope { runtime, candidate, baseline, ..Scope::default() }
    }

    fn latency(outcome: Outcome, value: f64) -> Judgement {
        let mut finding = Finding::new(RuleKind::Latency, "speed_up", scope(), Scale::Growth);
        finding.value = Some(value);
        finding.effect = if outcome == Outcome::Fail { Effect::Failure } else { Effect::None };
        let ground = match outcome {
            Outcome::CannotTell => Ground::TooWide { needed: None },
            _ => Ground::Decided,
        };
        Judgement { findings: vec![finding.with(outcome, ground)], ..Judgement::default() }
    }

    fn crashed() -> Judgement {
        let mut finding = Finding::new(RuleKind::Run, "run", scope(), Scale::Share);
        finding.effect = Effect::CouldNotRun;
        let ground = Ground::DidNotRun { how: "crashed: signal 11".into() };
        Judgement { findings: vec![finding.with(Outcome::CannotTell, ground)], ..Judgement::default() }
    }

    fn after(first: Outcome, second: Outcome) -> Finding {
        let mut judged = latency(first, 0.08);
        confirm(&mut judged, &latency(second, 0.01), &Policy::default());
        judged.findings.remove(0)
    }

    #[test]
    fn a_failure_counts_only_when_it_comes_twice() {
        let twice = after(Outcome::Fail, Outcome::Fail);
        assert_eq!((twice.effect, twice.ground), (Effect::Failure, Ground::Confirmed { first: 0.08 }));
        let once = after(Outcome::Fail, Outcome::Pass);
        assert_eq!((once.effect, once.ground), (Effect::None, Ground::NotConfirmed { first: 0.08 }));
        assert_eq!(once.value, Some(0.01), "the figures are those of the second measurement");
    }

    #[test]
    fn what_was_not_clear_is_what_the_second_measurement_says() {
        assert_eq!(after(Outcome::CannotTell, Outcome::Fail).outcome, Outcome::Fail);
        assert_eq!(after(Outcome::CannotTell, Outcome::Pass).ground, Ground::Decided);
    }

    #[test]
    fn what_passed_is_not_measured_again() {
        assert!(to_confirm(&latency(Outcome::Pass, 0.0)).is_empty());
        let both = ["ort · fp32".to_owned(), "ort · int8".to_owned()];
        assert_eq!(to_confirm(&latency(Outcome::Fail, 0.1)), both.into());
        let mut judged = latency(Outcome::Pass, 0.0);
        confirm(&mut judged, &latency(Outcome::Fail, 0.5), &Policy::default());
        assert_eq!(judged, latency(Outcome::Pass, 0.0));
    }

    #[test]
    fn a_candidate_that_crashes_the_second_time_did_not_run_and_has_not_failed() {
        let mut judged = latency(Outcome::Fail, 0.5);
        confirm(&mut judged, &crashed(), &Policy::default());
        let told: Vec<_> = judged.findings.iter().map(|it| (it.outcome, it.effect)).collect();
        assert_eq!(told[0], (Outcome::CannotTell, Effect::Inconclusive));
        assert_eq!(judged.findings[0].ground, Ground::Unconfirmed { why: "crashed: signal 11".into() });
        assert_eq!((told[1].1, judged.effect()), (Effect::CouldNotRun, Effect::CouldNotRun));
    }

    #[test]
    fn a_failure_that_could_not_be_measured_again_does_not_pass() {
        let unmeasured = || {
            let mut second = latency(Outcome::CannotTell, 0.0);
            let finding = second.findings.remove(0);
            let mut finding = finding.not_measured("latency of the baseline was not measured", "measure it");
            (finding.value, finding.effect) = (None, Effect::Warning);
            Judgement { findings: vec![finding], ..Judgement::default() }
        };
        for second in [unmeasured(), Judgement::default()] {
            let effect = |policy: &Policy| {
                let mut judged = latency(Outcome::Fail, 0.5);
                confirm(&mut judged, &second, policy);
                judged.effect()
            };
            assert_eq!(effect(&Policy::default()), Effect::Inconclusive);
            assert_eq!(effect(&Policy { strict: true, ..Policy::default() }), Effect::Failure);
            assert_eq!(effect(&Policy::default().softened(&[RuleKind::Latency]).unwrap()), Effect::Warning);
        }
    }
}
