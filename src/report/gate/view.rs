//! A judgement as text.

use super::super::number::counted;
use super::super::view::clean;
use super::words;
use crate::gate::{Effect, Finding, Judgement, Outcome};
use crate::plan::RuleKind;

/// A judgement in words.
#[derive(Clone, Debug, PartialEq)]
pub struct GateView {
    /// What the gate comes to: `FAILED: 2 rules are broken`.
    pub headline: String,
    /// The same for programs.
    pub effect: Effect,
    /// One for each finding, in their order.
    pub lines: Vec<GateLine>,
    /// Places in `lines`, the gravest first.
    pub worst_first: Vec<usize>,
    /// What a reader must know before trusting them.
    pub remarks: Vec<String>,
}

/// A finding in words. Names are on one line and without control characters.
#[derive(Clone, Debug, PartialEq)]
pub struct GateLine {
    /// The kind of rule.
    pub rule: RuleKind,
    /// Id of the metric.
    pub metric: String,
    /// Runtime and device.
    pub runtime: String,
    /// Label of the candidate.
    pub candidate: String,
    /// Label of what it is held against.
    pub baseline: String,
    /// The class or slice, where it is about one.
    pub group: Option<String>,
    /// What is held to a limit: `recall of coat`.
    pub title: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// What that does to the gate.
    pub effect: Effect,
    /// Whether it is about a group too small to tell, which does no harm.
    pub quiet: bool,
    /// The figure with its interval.
    pub figure: String,
    /// How far it may go.
    pub limit: String,
    /// Why it comes to that, in one sentence.
    pub reason: String,
    /// What would decide, where it is not decided.
    pub missing: Option<String>,
}

impl GateView {
    /// The text of `judgement`.
    pub fn of(judgement: &Judgement) -> Self {
        let place = |wanted: &Finding| judgement.findings.iter().position(|it| std::ptr::eq(it, wanted));
        Self {
            headline: headline(judgement),
            effect: judgement.effect(),
            lines: judgement.findings.iter().map(GateLine::of).collect(),
            worst_first: judgement.worst_first().into_iter().filter_map(place).collect(),
            remarks: judgement.remarks.iter().map(|remark| clean(remark)).collect(),
        }
    }

    /// The lines with the gravest first.
    pub fn worst(&self) -> impl Iterator<Item = &GateLine> {
        self.worst_first.iter().filter_map(|&at| self.lines.get(at))
    }

    /// Candidates in their order, each once, with what they are held against.
    pub(super) fn candidates(&self) -> Vec<(&str, &str)> {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for line in &self.lines {
            let candidate = (line.candidate.as_str(), line.baseline.as_str());
            if !seen.contains(&candidate) {
                seen.push(candidate);
            }
        }
        seen
    }

    /// How many lines have this effect.
    pub(super) fn count(&self, effect: Effect) -> usize {
        self.lines.iter().filter(|line| line.effect == effect).count()
    }
}

impl GateLine {
    fn of(finding: &Finding) -> Self {
        let scope = &finding.scope;
        Self {
            rule: finding.rule,
            metric: finding.metric.clone(),
            runtime: clean(&scope.runtime),
            candidate: clean(&scope.candidate),
            baseline: clean(&scope.baseline),
            group: scope.class.as_deref().or(scope.slice.as_deref()).map(clean),
            title: words::title(finding),
            outcome: finding.outcome,
            effect: finding.effect,
            quiet: finding.is_quiet(),
            figure: words::figure(finding),
            limit: words::limit(finding),
            reason: words::reason(finding),
            missing: words::missing(finding),
        }
    }

    /// Reason and what is missing in one line.
    pub fn told(&self) -> String {
        match &self.missing {
            Some(missing) => format!("{}; {missing}", self.reason),
            None => self.reason.clone(),
        }
    }
}

fn headline(judgement: &Judgement) -> String {
    let count = |effect: Effect, one: &str, many: &str| counted(judgement.count(effect) as u64, one, many);
    let findings = judgement.findings.len() as u64;
    match judgement.effect() {
        _ if judgement.is_empty() => "CANNOT TELL: no rule found anything to judge".into(),
        Effect::Failure => {
            format!("FAILED: {}", count(Effect::Failure, "rule is broken", "rules are broken"))
        }
        Effect::CouldNotRun => {
            format!(
                "COULD NOT RUN: {}",
                count(Effect::CouldNotRun, "candidate did not", "candidates did not")
            )
        }
        Effect::Inconclusive => {
            format!(
                "CANNOT TELL: {}",
                count(Effect::Inconclusive, "rule is not decided", "rules are not decided")
            )
        }
        Effect::Warning => format!("PASSED with {}", count(Effect::Warning, "warning", "warnings")),
        Effect::None => format!("PASSED: none of {} is broken", counted(findings, "rule", "rules")),
    }
}
