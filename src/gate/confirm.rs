//! A second look at latency: one measurement in some dozens is beyond its interval by chance, and a gate
//! that cries wolf is switched off. What failed, or was not clear, is measured once more with twice the
//! rounds, and the second measurement counts.

use super::{Finding, Ground, Judgement, Outcome};
use crate::plan::RuleKind;

/// Runtimes in which some latency failed or was not clear.
pub fn to_confirm(judgement: &Judgement) -> Vec<String> {
    let mut runtimes: Vec<String> =
        judgement.findings.iter().filter(|it| is_open(it)).map(|it| it.scope.runtime.clone()).collect();
    runtimes.sort();
    runtimes.dedup();
    runtimes
}

fn is_open(finding: &Finding) -> bool {
    let unclear = matches!(finding.ground, Ground::TooWide { .. });
    finding.rule == RuleKind::Latency && (finding.outcome == Outcome::Fail || unclear)
}

/// Puts what the second measurement says in the place of what was open after the first. What it does not
/// speak of stays.
pub fn confirm(first: &mut Judgement, second: &Judgement) {
    for finding in first.findings.iter_mut().filter(|finding| is_open(finding)) {
        let again = second.findings.iter().find(|it| it.rule == finding.rule && it.scope == finding.scope);
        if let Some(again) = again {
            *finding = settled(finding, again);
        }
    }
}

fn settled(first: &Finding, again: &Finding) -> Finding {
    let ground = match (first.outcome, again.outcome, first.value) {
        (Outcome::Fail, Outcome::Fail, Some(first)) => Ground::Confirmed { first },
        (Outcome::Fail, Outcome::Pass, Some(first)) => Ground::NotConfirmed { first },
        _ => again.ground.clone(),
    };
    Finding { ground, ..again.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Effect, Scale, Scope};

    fn latency(outcome: Outcome, value: f64) -> Judgement {
        let scope = Scope { runtime: "ort".into(), candidate: "ort · int8".into(), ..Scope::default() };
        let mut finding = Finding::new(RuleKind::Latency, "speed_up", scope, Scale::Growth);
        finding.value = Some(value);
        finding.effect = if outcome == Outcome::Fail { Effect::Failure } else { Effect::None };
        let ground = match outcome {
            Outcome::CannotTell => Ground::TooWide { needed: None },
            _ => Ground::Decided,
        };
        Judgement { findings: vec![finding.with(outcome, ground)] }
    }

    fn after(first: Outcome, second: Outcome) -> Finding {
        let mut judged = latency(first, 0.08);
        confirm(&mut judged, &latency(second, 0.01));
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
        assert_eq!(to_confirm(&latency(Outcome::Fail, 0.1)), ["ort"]);
        let mut judged = latency(Outcome::Pass, 0.0);
        confirm(&mut judged, &latency(Outcome::Fail, 0.5));
        assert_eq!(judged, latency(Outcome::Pass, 0.0));
    }
}
