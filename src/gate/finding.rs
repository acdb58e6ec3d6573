//! What a rule says of a candidate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::RuleKind;

/// What a rule comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It is broken.
    Fail,
    /// The measurement does not tell.
    CannotTell,
}

/// What a finding does to the gate, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing.
    None,
    /// It is told, and the gate stays open.
    Warning,
    /// The gate cannot tell.
    Inconclusive,
    /// Something that was asked for could not run.
    CouldNotRun,
    /// The gate fails.
    Failure,
}

/// What a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Runtime and device: `ort`, `ort:cuda`.
    pub runtime: String,
    /// Label of the candidate.
    pub candidate: String,
    /// Label of what it is held against.
    pub baseline: String,
    /// The class, for a rule of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `column=value`, for a rule of slices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
}

/// What the figures of a finding count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Candidate − baseline, a difference of shares: −0.005 is half a percentage point less.
    Points,
    /// Candidate − baseline in the metric's own unit.
    Own,
    /// (candidate − baseline) / baseline of a cost: 0.05 is 5 % more time or bytes.
    Growth,
    /// A share of the images.
    Share,
}

/// Fewer groups than this, that chance alone would bring so far, make a loss suspicious: with a thousand
/// classes some are always beyond any margin by themselves.
const SUSPICIOUS: f64 = 0.2;

/// How much more would decide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// So many images in all, if both go on to be right and wrong at the same rates.
    Images(u64),
    /// The figure lies on the limit, so that no number of images would decide at these rates.
    NoNumber,
    /// So many times the rounds, roughly.
    TimesTheRounds(f64),
}

/// Why an outcome is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The interval, or the exact figure, lies on one side of the limit.
    Decided,
    /// The same model file, and every prediction is the same.
    Identical,
    /// No limit is set; the figure is reported.
    Reported,
    /// The limit lies within the interval.
    TooWide {
        /// What would decide; null where none can be told.
        needed: Option<Needed>,
    },
    /// A group that is worse beyond chance among all that were tested, and the limit lies within the
    /// interval.
    SurelyWorse {
        /// p of no difference, corrected for the number of groups tested.
        p: f64,
        /// What would decide; null where none can be told.
        needed: Option<Needed>,
    },
    /// Worse than the limit by itself, and yet not beyond chance among so many groups.
    NotBeyondChance {
        /// Corrected for the number of groups tested; null where too few images changed sides to test.
        p: Option<f64>,
        /// Of all groups so many would lose as much or more by chance alone.
        expected: f64,
    },
    /// Fewer images than the rule asks for.
    TooFew {
        /// Images there are.
        images: u64,
        /// Images asked for.
        least: u64,
    },
    /// The figure is there, and no interval of it.
    NoInterval {
        /// Why.
        why: String,
    },
    /// There is no figure.
    NotMeasured {
        /// Why.
        why: String,
        /// What would bring it.
        missing: String,
    },
    /// Beyond the limit at first, and within it when measured again.
    NotConfirmed {
        /// What was seen at first.
        first: f64,
    },
    /// Beyond the limit twice.
    Confirmed {
        /// What was seen at first.
        first: f64,
    },
    /// Beyond the limit, and the second measurement, which was to confirm it, did not come about.
    Unconfirmed {
        /// Why.
        why: String,
    },
    /// The candidate's run did not complete; the report of the runs has the reason.
    DidNotRun {
        /// `could not run`, `crashed` …, with the reason.
        how: String,
    },
}

/// What a rule says of one candidate, class or slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The kind of rule.
    pub rule: RuleKind,
    /// Id of the metric, where it has one: `accuracy`, `macro_recall`, `speed_up`.
    pub metric: String,
    /// What it is about.
    pub scope: Scope,
    /// What it comes to.
    pub outcome: Outcome,
    /// What that does to the gate.
    pub effect: Effect,
    /// What the figures count.
    pub scale: Scale,
    /// The figure; null where there is none.
    pub value: Option<f64>,
    /// Lower end of what is sure of it: one-sided 95 % for accuracy, recall of classes and slices,
    /// two-sided 95 % for the rest.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// How far `value` may go; null where nothing is asked.
    pub limit: Option<f64>,
    /// Images that it rests on, for figures of images.
    pub images: Option<u64>,
    /// Whether the two sides were counted image by image. False for shares that are compared as those of
    /// two samples, which shows less.
    pub paired: bool,
    /// Why.
    pub ground: Ground,
}

impl Finding {
    /// A finding without figures, to be filled.
    pub(super) fn new(rule: RuleKind, metric: &str, scope: Scope, scale: Scale) -> Self {
        Self {
            rule,
            metric: metric.into(),
            scope,
            outcome: Outcome::Pass,
            effect: Effect::None,
            scale,
            value: None,
            low: None,
            high: None,
            limit: None,
            images: None,
            paired: true,
            ground: Ground::Decided,
        }
    }

    /// With what it comes to, and why.
    pub(super) fn with(mut self, outcome: Outcome, ground: Ground) -> Self {
        (self.outcome, self.ground) = (outcome, ground);
        self
    }

    /// There is no figure.
    pub(super) fn not_measured(self, why: impl Into<String>, missing: impl Into<String>) -> Self {
        self.with(Outcome::CannotTell, Ground::NotMeasured { why: why.into(), missing: missing.into() })
    }

    /// Whether the outcome hangs on a group that is too small, or no worse than chance makes some of so
    /// many: it is told and does no harm.
    pub fn is_quiet(&self) -> bool {
        let harmless = match self.ground {
            Ground::TooWide { .. } | Ground::TooFew { .. } | Ground::NoInterval { .. } => true,
            Ground::NotBeyondChance { expected, .. } => expected >= SUSPICIOUS,
            _ => false,
        };
        harmless && matches!(self.rule, RuleKind::Classes | RuleKind::Slices)
    }
}

/// What all rules say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// In the order of candidates, for each in the order of rules.
    pub findings: Vec<Finding>,
    /// What a reader must know before trusting them: images left out, calibrated with, decoded otherwise.
    #[serde(default)]
    pub remarks: Vec<String>,
}

impl Judgement {
    /// What the gate comes to: the gravest effect. A gate that found nothing to judge cannot tell: to let
    /// that pass would be to pass whatever was not measured.
    pub fn effect(&self) -> Effect {
        match self.is_empty() {
            true => Effect::Inconclusive,
            false => self.findings.iter().map(|finding| finding.effect).max().unwrap_or(Effect::None),
        }
    }

    /// Whether no rule found anything that it could hold to a limit.
    pub fn is_empty(&self) -> bool {
        self.findings.iter().all(|finding| finding.ground == Ground::Reported)
    }

    /// How many findings have this effect.
    pub fn count(&self, effect: Effect) -> usize {
        self.findings.iter().filter(|finding| finding.effect == effect).count()
    }

    /// The findings with the gravest first; of equal effect failures come first, then those that lie
    /// farthest beyond their limit.
    pub fn worst_first(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by(|a, b| {
            let (one, two) = (a.rank(), b.rank());
            two.0.cmp(&one.0).then(two.1.cmp(&one.1)).then(two.2.total_cmp(&one.2))
        });
        findings
    }
}

impl Finding {
    fn rank(&self) -> (Effect, u8, f64) {
        let outcome = match self.outcome {
            Outcome::Fail => 2,
            Outcome::CannotTell => 1,
            Outcome::Pass => 0,
        };
        let beyond = self.value.zip(self.limit).map_or(0.0, |(value, limit)| match self.scale {
            Scale::Share => (value - limit).abs(),
            // Below zero is worse for a score, above for a loss: the limit lies on the side of worse.
            Scale::Points | Scale::Own if limit.is_sign_negative() => limit - value,
            Scale::Points | Scale::Own | Scale::Growth => value - limit,
        });
        (self.effect, outcome, if self.outcome == Outcome::Pass { 0.0 } else { beyond })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(effect: Effect, value: f64) -> Finding {
        let mut finding = Finding::new(RuleKind::Classes, "macro_recall", Scope::default(), Scale::Points);
        (finding.effect, finding.value, finding.limit) = (effect, Some(value), Some(-0.05));
        let outcome = if effect == Effect::None { Outcome::Pass } else { Outcome::Fail };
        finding.with(outcome, Ground::Decided)
    }

    #[test]
    fn the_gravest_come_first_and_of_them_the_farthest_beyond() {
        let findings = vec![
            finding(Effect::None, -0.5),
            finding(Effect::Warning, -0.9),
            finding(Effect::Failure, -0.1),
            finding(Effect::Failure, -0.3),
        ];
        let judgement = Judgement { findings, remarks: Vec::new() };
        let order: Vec<f64> = judgement.worst_first().iter().filter_map(|finding| finding.value).collect();
        assert_eq!((order, judgement.effect()), (vec![-0.3, -0.1, -0.9, -0.5], Effect::Failure));
        assert_eq!(judgement.count(Effect::Failure), 2);
    }

    #[test]
    fn a_gate_that_judged_nothing_does_not_pass() {
        assert_eq!(Judgement::default().effect(), Effect::Inconclusive);
        let flips = Finding::new(RuleKind::Flips, "flips_right_to_wrong", Scope::default(), Scale::Share);
        let reported = vec![flips.with(Outcome::Pass, Ground::Reported)];
        assert_eq!(Judgement { findings: reported, ..Judgement::default() }.effect(), Effect::Inconclusive);
        let judged = vec![finding(Effect::None, -0.01)];
        assert_eq!(Judgement { findings: judged, ..Judgement::default() }.effect(), Effect::None);
    }

    #[test]
    fn a_loss_that_rose_farthest_is_worse_than_one_that_rose_a_little() {
        let log_loss = |value: f64| {
            let mut found = Finding::new(RuleKind::Metrics, "log_loss", Scope::default(), Scale::Own);
            (found.effect, found.value, found.limit) = (Effect::Failure, Some(value), Some(0.01));
            found.with(Outcome::Fail, Ground::Decided)
        };
        let judgement = Judgement { findings: vec![log_loss(0.02), log_loss(0.5)], ..Judgement::default() };
        assert_eq!(judgement.worst_first()[0].value, Some(0.5));
    }

    #[test]
    fn a_group_is_quiet_where_chance_explains_it_and_loud_where_it_does_not() {
        let quiet = |expected| {
            let ground = Ground::NotBeyondChance { p: None, expected };
            finding(Effect::None, -0.1).with(Outcome::CannotTell, ground).is_quiet()
        };
        assert!(quiet(7.0) && !quiet(0.1));
        let worse = Ground::SurelyWorse { p: 0.001, needed: None };
        assert!(!finding(Effect::None, -0.1).with(Outcome::CannotTell, worse).is_quiet());
    }
}
