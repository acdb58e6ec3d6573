//! All rules against all candidates.

use super::case::Case;
use super::policy::{Policy, Rules};
use super::{Effect, Finding, Ground, Judgement, Outcome, accuracy, cost, flips, groups, metrics, ran, size};
use crate::compare::Comparison;
use crate::plan::RuleKind;
use crate::record::RunRecord;

/// Holds every candidate of every comparison to the policy. There is one comparison for each runtime
/// ([`super::in_runtimes`]); the noise floor of a measurement is the largest that any of its runs has,
/// since only one of them has a twin.
pub fn judge(comparisons: &[Comparison], policy: &Policy) -> Judgement {
    let columns = || comparisons.iter().flat_map(|comparison| &comparison.columns);
    let floor = |run: &RunRecord| {
        let together = columns().filter(|column| column.record.measurement == run.measurement);
        together.filter_map(|column| column.reading("noise_floor")?.value).reduce(f64::max)
    };
    let cases: Vec<Case> = comparisons.iter().flat_map(|comparison| Case::all(comparison, floor)).collect();
    judge_cases(&cases, policy)
}

/// The same for candidates whatever they are held against. Of several candidates of one label all but the
/// first are numbered.
pub fn judge_cases(cases: &[Case], policy: &Policy) -> Judgement {
    let mut judged = Judgement::default();
    for (place, case) in cases.iter().enumerate() {
        let label = &case.scope.candidate;
        let before = cases[..place].iter().filter(|other| other.scope.candidate == *label).count();
        let mut findings = of_case(case, policy);
        if !cases.iter().any(|other| other.variant == case.variant && other.run.is_completed()) {
            refuse_unsupported(&mut findings);
        }
        if before > 0 {
            let name = format!("{label} #{}", before + 1);
            findings.iter_mut().for_each(|finding| finding.scope.candidate.clone_from(&name));
        }
        judged.findings.extend(findings);
        judged.remark(&case.remarks);
    }
    judged
}

impl Judgement {
    /// Adds what was not said before.
    fn remark(&mut self, remarks: &[String]) {
        for remark in remarks {
            if !self.remarks.contains(remark) {
                self.remarks.push(remark.clone());
            }
        }
    }

    /// A runtime that lacks something was asked for by name: it could not run.
    pub fn refuse_unsupported(&mut self) {
        refuse_unsupported(&mut self.findings);
    }
}

/// Where a runtime lacks something and no other ran the model, that is no pass.
fn refuse_unsupported(findings: &mut [Finding]) {
    let lacking = findings.iter_mut().filter(|finding| finding.rule == RuleKind::Run);
    lacking.for_each(|finding| finding.effect = finding.effect.max(Effect::CouldNotRun));
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
    let undecided = undecided(finding.rule, rules, strict);
    match finding.outcome {
        Outcome::Pass => Effect::None,
        // A runtime that nobody asked for by name may lack an operator; the caller knows who asked.
        _ if finding.rule == RuleKind::Run && ran::is_unsupported(&case.run) => Effect::Warning,
        _ if finding.rule == RuleKind::Run => Effect::CouldNotRun,
        Outcome::Fail if rules.soft.contains(&finding.rule) => Effect::Warning,
        Outcome::Fail => Effect::Failure,
        Outcome::CannotTell if finding.is_quiet() && !strict => Effect::None,
        // Runs of two machines or two times are no reason to stop a build that never asked about speed.
        Outcome::CannotTell if is_unasked(finding, rules) => {
            if strict {
                undecided
            } else {
                Effect::Warning
            }
        }
        Outcome::CannotTell => undecided,
    }
}

/// What a rule of this kind does to the gate when it cannot tell. Soft goes before strict: what is soft
/// never closes the gate.
pub(super) fn undecided(kind: RuleKind, rules: &Rules, strict: bool) -> Effect {
    match (rules.soft.contains(&kind), strict) {
        (true, _) => Effect::Warning,
        (false, true) => Effect::Failure,
        (false, false) => Effect::Inconclusive,
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
    use crate::gate::fixtures;
    use crate::gate::share::ShareChange;
    use crate::metric::paired::Discordant;
    use crate::record::{self, Stage};

    fn case(lost: u64, images: u64) -> Case {
        let change = ShareChange::Paired(Discordant { lost, won: 0, images });
        Case { accuracy: Ok(change), ..fixtures::case() }
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
        let soft = Policy::default().softened(&[RuleKind::Accuracy]).unwrap();
        assert_eq!(effect_of(&case(500, 10_000), &soft), Effect::Warning);
        let soft = strict.softened(&[RuleKind::Accuracy]).unwrap();
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
    fn nothing_is_held_against_a_baseline_that_did_not_run() {
        let crashed = record::Outcome::Crashed {
            stage: Stage::Latency,
            how: "signal 11".into(),
            stderr: String::new(),
        };
        let case = Case { baseline_run: crashed, ..case(500, 10_000) };
        let judged = judge_cases(std::slice::from_ref(&case), &Policy::default());
        assert_eq!((judged.findings.len(), judged.effect()), (1, Effect::CouldNotRun));
        let Ground::DidNotRun { how } = &judged.findings[0].ground else { panic!() };
        assert_eq!(how, "the baseline crashed: signal 11");
    }

    #[test]
    fn candidates_of_one_label_are_told_apart_and_a_remark_is_told_once() {
        let remark = vec!["ort · int8: 3 images were left out".to_owned()];
        let two = [0, 500].map(|lost| Case { remarks: remark.clone(), ..case(lost, 10_000) });
        let judged = judge_cases(&two, &Policy::default());
        let mut labels: Vec<&str> = judged.findings.iter().map(|it| it.scope.candidate.as_str()).collect();
        labels.dedup();
        assert_eq!((labels, judged.remarks.len()), (vec!["ort · int8", "ort · int8 #2"], 1));
    }

    #[test]
    fn a_rule_of_classes_that_finds_no_evaluation_speaks_where_accuracy_is_off() {
        let unevaluated = fixtures::case();
        let mut policy = Policy::default();
        policy.rules.accuracy = None;
        policy.rules.asked.insert(RuleKind::Classes);
        let judged = judge_cases(std::slice::from_ref(&unevaluated), &policy);
        let told: Vec<_> = judged.findings.iter().filter(|it| it.rule == RuleKind::Classes).collect();
        assert_eq!((told.len(), judged.effect()), (1, Effect::Inconclusive));
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
        let mut judged = judge_cases(&[lacking.clone(), case(0, 10_000)], &Policy::default());
        assert_eq!(judged.effect(), Effect::Warning);
        judged.refuse_unsupported();
        assert_eq!(judged.effect(), Effect::CouldNotRun);
        let another = Case { variant: "fp16".into(), ..case(0, 10_000) };
        let judged = judge_cases(&[lacking, another], &Policy::default());
        assert_eq!(judged.effect(), Effect::CouldNotRun, "that another model ran is no pass for this one");
    }
}
