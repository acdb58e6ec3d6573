//! All that rules ask about one candidate, whatever it was held against: a run measured beside it, a
//! saved one, or a baseline of counts.

use std::collections::BTreeMap;

use super::Scope;
use super::cost;
use super::share::ShareChange;
use crate::compare::{Column, Comparison, Delta, Versus, WarningCode};
use crate::metric::Interval;
use crate::plan::RuleKind;
use crate::record::Outcome;

/// One candidate against its baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Runtime and both labels.
    pub scope: Scope,
    /// How the candidate's run ended.
    pub run: Outcome,
    /// Whether both sides are one model file, and every prediction is the same as far as there are any.
    pub identical: bool,
    /// Images right on both sides; the reason where that is not known.
    pub accuracy: Result<ShareChange, Unknown>,
    /// The baseline's accuracy, for margins that depend on it.
    pub baseline_accuracy: Option<f64>,
    /// Recall of every class that has images.
    pub classes: Vec<GroupChange>,
    /// Accuracy on every slice.
    pub slices: Vec<GroupChange>,
    /// Metrics of images, by id.
    pub metrics: BTreeMap<String, MetricChange>,
    /// Images with the same prediction, and from right to wrong and back and so on.
    pub flips: Option<FlipCounts>,
    /// Latency, throughput, memory and load, each as far as both sides have it.
    pub costs: BTreeMap<RuleKind, Result<CostChange, Unknown>>,
    /// Bytes of baseline and candidate.
    pub bytes: (u64, u64),
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// Why.
    pub why: String,
    /// What would bring it.
    pub missing: String,
    /// Whether neither side was meant to have it.
    pub unasked: bool,
}

impl Unknown {
    /// Nobody measured it.
    pub(super) fn unasked(why: &str, missing: &str) -> Self {
        Self { why: why.into(), missing: missing.into(), unasked: true }
    }

    /// It should be there.
    pub(super) fn lacking(why: impl Into<String>, missing: impl Into<String>) -> Self {
        Self { why: why.into(), missing: missing.into(), unasked: false }
    }
}

/// A class or a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupChange {
    /// Name of the class, or `column=value`.
    pub name: String,
    /// The column, for a slice.
    pub column: Option<String>,
    /// Its images right on both sides.
    pub change: ShareChange,
    /// p of no difference, corrected for the number of groups tested.
    pub p: Option<f64>,
}

/// A metric on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricChange {
    /// The baseline's value.
    pub baseline: f64,
    /// Candidate − baseline.
    pub difference: f64,
    /// Both ends of its interval; the reason where there is none.
    pub interval: Result<(f64, f64), String>,
    /// Images it rests on.
    pub images: u64,
}

/// Images whose prediction differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlipCounts {
    /// From right to wrong.
    pub lost: u64,
    /// From wrong to right.
    pub won: u64,
    /// From wrong to another wrong; null where only right and wrong are known.
    pub other: Option<u64>,
    /// Images that both evaluated.
    pub images: u64,
}

/// How much a cost grew.
#[derive(Clone, Debug, PartialEq)]
pub struct CostChange {
    /// candidate / baseline − 1: 0.05 is 5 % more.
    pub growth: f64,
    /// Both ends of its interval; the reason where there is none.
    pub interval: Result<(f64, f64), String>,
    /// Growth up to this says nothing: what the machine makes of no difference.
    pub floor: f64,
    /// The floor before it is multiplied: what rests on single processes has one that is wide already.
    pub fixed: bool,
}

impl Case {
    /// Every candidate of a comparison. `floor` is the noise floor of the machine, where it is known.
    pub fn all(comparison: &Comparison, floor: Option<f64>) -> Vec<Self> {
        let candidates = (0..comparison.columns.len()).filter(|index| *index != comparison.baseline);
        candidates.filter_map(|index| Self::of(comparison, index, floor)).collect()
    }

    fn of(comparison: &Comparison, index: usize, floor: Option<f64>) -> Option<Self> {
        let baseline = comparison.columns.get(comparison.baseline)?;
        let column = comparison.columns.get(index)?;
        let versus = column.versus.as_ref()?;
        let flips = flip_counts(versus);
        let same_file = baseline.record.model.sha256 == column.record.model.sha256
            && baseline.record.job.runtime == column.record.job.runtime;
        Some(Self {
            scope: scope(baseline, column),
            run: column.record.outcome.clone(),
            identical: same_file && flips.is_none_or(|flips| flips.is_zero()),
            accuracy: accuracy(comparison, baseline, column, versus),
            baseline_accuracy: baseline.reading("accuracy").and_then(|reading| reading.value),
            classes: classes(column, versus),
            slices: slices(versus),
            metrics: metrics(baseline, versus),
            flips,
            costs: cost::measured(baseline, column, versus, floor),
            bytes: (baseline.record.model.bytes, column.record.model.bytes),
        })
    }
}

impl FlipCounts {
    /// Whether no prediction differs, as far as that is known.
    pub fn is_zero(&self) -> bool {
        self.lost == 0 && self.won == 0 && self.other == Some(0)
    }
}

pub(super) fn scope(baseline: &Column, column: &Column) -> Scope {
    Scope {
        runtime: column.record.job.runtime.to_string(),
        candidate: column.record.job.label(),
        baseline: baseline.record.job.label(),
        class: None,
        slice: None,
    }
}

fn accuracy(
    comparison: &Comparison,
    baseline: &Column,
    column: &Column,
    versus: &Versus,
) -> Result<ShareChange, Unknown> {
    if let Some(counts) = versus.delta("accuracy").and_then(|delta| delta.discordant) {
        return Ok(ShareChange::Paired(counts));
    }
    let evaluated = |column: &Column| column.reading("accuracy").is_some();
    let data = "give both the same images: --data PATH";
    Err(match (evaluated(baseline), evaluated(column)) {
        (false, false) => Unknown::unasked("neither was evaluated on images", data),
        (true, false) => Unknown::lacking(not_evaluated(column), data),
        (false, true) => Unknown::lacking("the baseline was not evaluated on images", data),
        (true, true) => Unknown::lacking(kept_apart(comparison), "evaluate both on the same images"),
    })
}

fn not_evaluated(column: &Column) -> String {
    format!("{} was not evaluated on images", column.record.job.label())
}

/// Why two evaluations are not compared.
fn kept_apart(comparison: &Comparison) -> String {
    let data = [WarningCode::DifferentData, WarningCode::DifferentPreprocessing];
    let told = comparison.warnings.iter().find(|warning| data.contains(&warning.code));
    told.map_or_else(|| "they have no image in common".into(), |warning| warning.message.clone())
}

fn classes(column: &Column, versus: &Versus) -> Vec<GroupChange> {
    let names = column.classes.as_ref().map(|classes| classes.names.as_slice()).unwrap_or_default();
    let recalls = versus.delta("macro_recall").and_then(|delta| delta.per_class.as_ref());
    let change = |(class, delta): (usize, &crate::compare::ClassDelta)| {
        let counts = delta.discordant.filter(|counts| counts.images > 0)?;
        Some(GroupChange {
            name: names.get(class).cloned().unwrap_or_else(|| class.to_string()),
            column: None,
            change: ShareChange::Paired(counts),
            p: delta.test.and_then(|test| test.p_adjusted),
        })
    };
    recalls.into_iter().flatten().enumerate().filter_map(change).collect()
}

fn slices(versus: &Versus) -> Vec<GroupChange> {
    let change = |delta: &crate::compare::SliceDelta| {
        Some(GroupChange {
            name: format!("{}={}", delta.column, delta.value),
            column: Some(delta.column.clone()),
            change: ShareChange::Paired(delta.discordant.filter(|counts| counts.images > 0)?),
            p: delta.test.and_then(|test| test.p_adjusted),
        })
    };
    versus.slices.iter().filter_map(change).collect()
}

fn metrics(baseline: &Column, versus: &Versus) -> BTreeMap<String, MetricChange> {
    let change = |delta: &Delta| {
        let reading = baseline.reading(&delta.metric)?;
        Some((
            delta.metric.clone(),
            MetricChange {
                baseline: reading.value?,
                difference: delta.absolute?,
                interval: sure(delta),
                images: reading.n,
            },
        ))
    };
    versus.deltas.iter().filter_map(change).collect()
}

/// Both ends of the difference. One to which no image contributes is nothing for sure.
fn sure(delta: &Delta) -> Result<(f64, f64), String> {
    match (delta.interval, delta.rests_on) {
        (Some(Interval { low, high, .. }), _) => Ok((low, high)),
        (None, Some(0.0)) => Ok((0.0, 0.0)),
        (None, _) => Err(delta.no_interval.clone().unwrap_or_else(|| "this metric has no interval".into())),
    }
}

fn flip_counts(versus: &Versus) -> Option<FlipCounts> {
    let count = |id: &str| Some(versus.pair(id)?.value? as u64);
    Some(FlipCounts {
        lost: count("flips_right_to_wrong")?,
        won: count("flips_wrong_to_right")?,
        other: Some(count("flips_wrong_to_other_wrong")?),
        images: versus.pair("agreement")?.n,
    })
}
