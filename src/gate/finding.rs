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

/// How much more would decide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// So many images in all, if both go on to be right and wrong at the same rates.
    Images(u64),
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
        /// What would decide; null where no number would, or none can be told.
        needed: Option<Needed>,
    },
    /// Worse than the limit by itself, and yet not beyond chance among so many groups.
    NotBeyondChance {
        /// Corrected for the number of groups tested; null where too few images changed sides to test.
        p: Option<f64>,
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
    /// Lower end of what is sure of it: one-sided 95 % for shares of images, two-sided 95 % for the rest.
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

    /// Whether the outcome hangs on a group that is too small, which is told and does no harm: of many
    /// groups some always are.
    pub fn is_quiet(&self) -> bool {
        let small = matches!(self.ground, Ground::TooWide { .. } | Ground::TooFew { .. });
        small && matches!(self.rule, RuleKind::Classes | RuleKind::Slices)
    }
}

/// What all rules say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// In the order of candidates, for each in the order of rules.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// What the gate comes to: the gravest effect.
    pub fn effect(&self) -> Effect {
        self.findings.iter().map(|finding| finding.effect).max().unwrap_or(Effect::None)
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
            Scale::Points | Scale::Own => limit - value,
            Scale::Growth => value - limit,
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
        let judgement = Judgement { findings };
        let order: Vec<f64> = judgement.worst_first().iter().filter_map(|finding| finding.value).collect();
        assert_eq!((order, judgement.effect()), (vec![-0.3, -0.1, -0.9, -0.5], Effect::Failure));
        assert_eq!(judgement.count(Effect::Failure), 2);
        assert_eq!(Judgement::default().effect(), Effect::None);
    }
}
