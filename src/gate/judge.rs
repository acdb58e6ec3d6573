//! All rules against all candidates.

use super::case::Case;
use super::policy::{Policy, Rules};
use super::{Effect, Finding, Ground, Judgement, Outcome, accuracy, cost, flips, groups, metrics, ran, size};
use crate::compare::Comparison;
use crate::plan::RuleKind;

/// Holds every candidate of every comparison to the policy. There is one comparison for each runtime
/// ([`super::in_runtimes`]); the noise floor of the machine is the largest that any of them measured,
/// since only one run of a measurement has a twin.
pub fn judge(comparisons: &[Comparison], policy: &Policy) -> Judgement {
    let floors = comparisons.iter().flat_map(|comparison| &comparison.columns);
    let floor = floors.filter_map(|column| column.reading("noise_floor")?.value).reduce(f64::max);
    let cases: Vec<Case> = comparisons.iter().flat_map(|comparison| Case::all(comparison, floor)).collect();
    judge_cases(&cases, policy)
}

/// The same for candidates whatever they are held against.
pub fn judge_cases(cases: &[Case], policy: &Policy) -> Judgement {
    let mut judged = Judgement { findings: cases.iter().flat_map(|case| of_case(case, policy)).collect() };
    if !cases.iter().any(|case| case.run.is_completed()) {
        judged.refuse_unsupported();
    }
    judged
}

impl Judgement {
    /// A runtime that lacks something was asked for by name, or nothing else ran: it could not run.
    pub fn refuse_unsupported(&mut self) {
        let lacking = self.findings.iter_mut().filter(|finding| finding.rule == RuleKind::Run);
        lacking.for_each(|finding| finding.effect = finding.effect.max(Effect::CouldNotRun));
    }
}

fn of_case(case: &Case, policy: &Policy) -> Vec<Finding> {
    let rules = policy.rules_of(&case.scope.runtime);
    let mut findings: Vec<Finding> = ran::judge(case).into_iter().collect();
    // What did not run has nothing to be held to.
    if findings.is_empty() {
        findings = held_to(case, rules);
    }
    for finding in &mut findings {
        finding.effect = effect(finding, case, rules, policy.strict);
    }
    findings
}

fn held_to(case: &Case, rules: &Rules) -> Vec<Finding> {
    let mut findings: Vec<Finding> = accuracy::judge(case, rules).into_iter().collect();
    findings.extend(metrics::judge(case, rules));
    findings.extend(groups::classes(case, rules));
    findings.extend(groups::slices(case, rules));
    findings.extend(flips::judge(case, rules));
    findings.extend(cost::judge(case, rules));
    findings.extend(size::judge(case, rules));
    findings
}

fn effect(finding: &Finding, case: &Case, rules: &Rules, strict: bool) -> Effect {
    let soft = rules.soft.contains(&finding.rule);
    match finding.outcome {
        Outcome::Pass => Effect::None,
        // A runtime that nobody asked for by name may lack an operator; the caller knows who asked.
        _ if finding.rule == RuleKind::Run && ran::is_unsupported(&case.run) => Effect::Warning,
        _ if finding.rule == RuleKind::Run => Effect::CouldNotRun,
        _ if soft => Effect::Warning,
        Outcome::Fail => Effect::Failure,
        Outcome::CannotTell if strict => Effect::Failure,
        Outcome::CannotTell if finding.is_quiet() => Effect::None,
        // Runs of two machines or two times are no reason to stop a build that never asked about speed.
        Outcome::CannotTell if is_unasked(finding, rules) => Effect::Warning,
        Outcome::CannotTell => Effect::Inconclusive,
    }
}

/// Whether a rule that holds by default finds nothing that it could compare.
fn is_unasked(finding: &Finding, rules: &Rules) -> bool {
    matches!(finding.ground, Ground::NotMeasured { .. }) && !rules.asked.contains(&finding.rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::gate::case::Unknown;
    use crate::gate::sample;
    use crate::gate::share::ShareChange;
    use crate::metric::paired::Discordant;
    use crate::record::{self, Stage};

    fn case(lost: u64, images: u64) -> Case {
        let change = ShareChange::Paired(Discordant { lost, won: 0, images });
        Case { accuracy: Ok(change), ..sample::case() }
    }

    fn effect_of(case: &Case, policy: &Policy) -> Effect {
        judge_cases(std::slice::from_ref(case), policy).effect()
    }

    #[test]
    fn each_outcome_has_its_effect() {
        let policy = Policy::default();
        assert_eq!(effect_of(&case(0, 10_000), &policy), Effect::None);
        assert_eq!(effect_of(&case(500, 10_000), &policy), Effect::Failure);
        assert_eq!(effect_of(&case(3, 300), &policy), Effect::Inconclusive);
    }

    #[test]
    fn strict_makes_a_failure_of_what_cannot_be_told_and_soft_a_warning_of_a_failure() {
        let strict = Policy { strict: true, ..Policy::default() };
        assert_eq!(effect_of(&case(3, 300), &strict), Effect::Failure);
        let soft = Policy::default().softened(&[RuleKind::Accuracy]);
        assert_eq!(effect_of(&case(500, 10_000), &soft), Effect::Warning);
        let soft = strict.softened(&[RuleKind::Accuracy]);
        assert_eq!(effect_of(&case(3, 300), &soft), Effect::Warning);
    }

    #[test]
    fn timings_that_do_not_compare_are_told_and_stop_only_a_gate_that_asks_for_them() {
        let apart = Unknown::lacking("latency was measured at different times", "measure both in one run");
        let mut apart = Case { costs: [(RuleKind::Latency, Err(apart))].into(), ..case(0, 10_000) };
        apart.identical = true;
        let mut policy = Policy::default();
        assert_eq!(effect_of(&apart, &policy), Effect::Warning);
        policy.rules.asked.insert(RuleKind::Latency);
        assert_eq!(effect_of(&apart, &policy), Effect::Inconclusive);
    }

    #[test]
    fn what_did_not_run_is_neither_passed_nor_failed() {
        let error = Error::unusable("the file is damaged");
        let run = record::Outcome::CouldNotRun { stage: Stage::Prepare, error };
        let judged = judge_cases(&[Case { run, ..case(500, 10_000) }], &Policy::default());
        assert_eq!((judged.findings.len(), judged.effect()), (1, Effect::CouldNotRun));
        let error = Error::unsupported("no QLinearAdd");
        let run = record::Outcome::CouldNotRun { stage: Stage::Prepare, error };
        let lacking = Case { run, ..case(0, 10) };
        assert_eq!(effect_of(&lacking, &Policy::default()), Effect::CouldNotRun, "nothing else ran");
        let mut judged = judge_cases(&[lacking, case(0, 10_000)], &Policy::default());
        assert_eq!(judged.effect(), Effect::Warning);
        judged.refuse_unsupported();
        assert_eq!(judged.effect(), Effect::CouldNotRun);
    }
}
