//! All that rules ask about one candidate, whatever it was held against: a run measured beside it, a
//! saved one, or a baseline of counts.

use std::collections::BTreeMap;

use super::Scope;
use super::cost;
use super::share::ShareChange;
use crate::compare::{ClassDelta, Column, Comparison, Delta, Versus, Warning, WarningCode};
use crate::metric::Interval;
use crate::plan::{ClassMetric, RuleKind};
use crate::record::{Outcome, RunRecord};

/// Warnings about which images were evaluated and how. Those about timings are in the limits of costs.
const OF_IMAGES: [WarningCode; 9] = [
    WarningCode::ImagesSkipped,
    WarningCode::ImagesNotReached,
    WarningCode::FilesPassedOver,
    WarningCode::OtherClassNames,
    WarningCode::CalibrationOverlap,
    WarningCode::NotFinite,
    WarningCode::DifferentSlices,
    WarningCode::DifferentDecoder,
    WarningCode::DifferentRuntime,
];

/// One candidate against its baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Runtime and both labels.
    pub scope: Scope,
    /// What the candidate is called in every runtime.
    pub variant: String,
    /// How the candidate's run ended.
    pub run: Outcome,
    /// How the baseline's run ended.
    pub baseline_run: Outcome,
    /// Whether both sides are one model file, and every prediction is the same as far as there are any.
    pub identical: bool,
    /// Images right on both sides; the reason where that is not known.
    pub accuracy: Result<ShareChange, Unknown>,
    /// The baseline's accuracy, for margins that depend on it.
    pub baseline_accuracy: Option<f64>,
    /// Recall of every class that has images.
    pub classes: Vec<GroupChange>,
    /// Precision and F1 of the same classes, by id of the metric; empty without predictions of both.
    pub class_rates: BTreeMap<&'static str, Vec<GroupChange>>,
    /// Accuracy on every slice.
    pub slices: Vec<GroupChange>,
    /// Columns of the baseline whose slices cannot be compared.
    pub unsliced: Vec<String>,
    /// Metrics of images, by id.
    pub metrics: BTreeMap<String, MetricChange>,
    /// Images with the same prediction, and from right to wrong and back and so on.
    pub flips: Option<FlipCounts>,
    /// Latency, throughput, memory and load, each as far as both sides have it.
    pub costs: BTreeMap<RuleKind, Result<CostChange, Unknown>>,
    /// Bytes of baseline and candidate.
    pub bytes: (u64, u64),
    /// What a reader must know before trusting any of it.
    pub remarks: Vec<String>,
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
    /// Its images right on both sides, or a rate of it.
    pub change: ShareChange,
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
    /// Every candidate of a comparison. `floor` knows the noise floor of the machine when a run was made.
    pub fn all(comparison: &Comparison, floor: impl Fn(&RunRecord) -> Option<f64>) -> Vec<Self> {
        let candidates = (0..comparison.columns.len()).filter(|index| *index != comparison.baseline);
        candidates.filter_map(|index| Self::of(comparison, index, &floor)).collect()
    }

    fn of(comparison: &Comparison, index: usize, floor: impl Fn(&RunRecord) -> Option<f64>) -> Option<Self> {
        let baseline = comparison.columns.get(comparison.baseline)?;
        let column = comparison.columns.get(index)?;
        let versus = column.versus.as_ref()?;
        let flips = flip_counts(versus);
        let same_file = baseline.record.model.sha256 == column.record.model.sha256
            && baseline.record.job.runtime == column.record.job.runtime;
        Some(Self {
            scope: scope(baseline, column),
            variant: column.record.job.variant.clone(),
            run: column.record.outcome.clone(),
            baseline_run: baseline.record.outcome.clone(),
            identical: same_file && flips.is_none_or(|flips| flips.is_zero()),
            accuracy: accuracy(comparison, baseline, column, versus),
            baseline_accuracy: baseline.reading("accuracy").and_then(|reading| reading.value),
            classes: classes(column, versus),
            class_rates: class_rates(column, versus),
            slices: slices(versus),
            unsliced: unsliced(baseline, versus),
            metrics: metrics(baseline, versus),
            flips,
            costs: cost::measured(baseline, column, versus, floor(&column.record)),
            bytes: (baseline.record.model.bytes, column.record.model.bytes),
            remarks: remarks(&comparison.warnings),
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

/// The messages of the warnings that a gate tells.
pub(super) fn remarks(warnings: &[Warning]) -> Vec<String> {
    let told = warnings.iter().filter(|warning| OF_IMAGES.contains(&warning.code));
    told.map(|warning| warning.message.clone()).collect()
}

fn classes(column: &Column, versus: &Versus) -> Vec<GroupChange> {
    let change = |(class, delta): (usize, &ClassDelta)| {
        let counts = delta.discordant.filter(|counts| counts.images > 0)?;
        Some(GroupChange {
            name: class_name(column, class),
            column: None,
            change: ShareChange::Paired(counts),
        })
    };
    by_class(versus, ClassMetric::Recall).iter().enumerate().filter_map(change).collect()
}

/// Of the classes that have images on both sides.
fn class_rates(column: &Column, versus: &Versus) -> BTreeMap<&'static str, Vec<GroupChange>> {
    let recalls = by_class(versus, ClassMetric::Recall);
    let rates = |metric: ClassMetric| {
        let classes = recalls.iter().zip(by_class(versus, metric)).enumerate();
        let change = |(class, (recall, rate)): (usize, (&ClassDelta, &ClassDelta))| {
            let images = recall.discordant.map(|counts| counts.images).filter(|images| *images > 0)?;
            let ends = ends(rate.interval, rate.rests_on);
            let change = ShareChange::Resampled { difference: rate.absolute, ends, images };
            Some(GroupChange { name: class_name(column, class), column: None, change })
        };
        (metric.id(), classes.filter_map(change).collect::<Vec<_>>())
    };
    let all = [ClassMetric::Precision, ClassMetric::F1].map(rates);
    all.into_iter().filter(|(_, rates)| !rates.is_empty()).collect()
}

fn by_class(versus: &Versus, metric: ClassMetric) -> &[ClassDelta] {
    versus.delta(metric.id()).and_then(|delta| delta.per_class.as_deref()).unwrap_or_default()
}

fn class_name(column: &Column, class: usize) -> String {
    let names = column.classes.as_ref().map(|classes| classes.names.as_slice()).unwrap_or_default();
    names.get(class).cloned().unwrap_or_else(|| class.to_string())
}

fn slices(versus: &Versus) -> Vec<GroupChange> {
    let change = |delta: &crate::compare::SliceDelta| {
        Some(GroupChange {
            name: format!("{}={}", delta.column, delta.value),
            column: Some(delta.column.clone()),
            change: ShareChange::Paired(delta.discordant.filter(|counts| counts.images > 0)?),
        })
    };
    versus.slices.iter().filter_map(change).collect()
}

/// Columns that the baseline has and the candidate has not, or that say something else there.
fn unsliced(baseline: &Column, versus: &Versus) -> Vec<String> {
    let compared = |column: &String| versus.slices.iter().any(|slice| slice.column == *column);
    let mut columns: Vec<String> = baseline.slices.iter().map(|slice| slice.column.clone()).collect();
    columns.dedup();
    columns.retain(|column| !compared(column));
    columns
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

/// Both ends of the difference.
fn sure(delta: &Delta) -> Result<(f64, f64), String> {
    let why = || delta.no_interval.clone().unwrap_or_else(|| "this metric has no interval".into());
    ends(delta.interval, delta.rests_on).ok_or_else(why)
}

/// Both ends of an interval. A difference to which no image contributes is nothing for sure.
fn ends(interval: Option<Interval>, rests_on: Option<f64>) -> Option<(f64, f64)> {
    const ROUNDING: f64 = 1e-9;
    let found = interval.map(|Interval { low, high, .. }| (low, high));
    found.or(rests_on.is_some_and(|images| images < ROUNDING).then_some((0.0, 0.0)))
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
