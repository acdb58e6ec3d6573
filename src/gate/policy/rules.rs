//! From what a user wrote to the rules of one runtime.

use std::collections::{BTreeMap, BTreeSet};

use super::metric::metric_rule;
use super::{AccuracyRule, ClassRule, CostRule, FlipRule, GroupRule, Rules};
use crate::compare::Margin;
use crate::error::{Error, Result};
use crate::plan::{
    ClassMetric, ClassSettings, CostSettings, GateSettings, MarginText, RuleKind, SliceSettings,
};

/// Recall that a class, and accuracy that a slice may lose where nothing is said.
const GROUP_MARGIN: f64 = 0.05;

/// Fewest images of a class or slice that is judged where nothing is said.
const GROUP_IMAGES: u64 = 20;

/// How much worse a time may be where nothing is said.
const TIME_MARGIN: f64 = 0.05;

/// The same for what rests on the pages of an allocator or on a disk.
const COARSE_MARGIN: f64 = 0.10;

/// How much larger a model may be where nothing is said.
const SIZE_MARGIN: f64 = 0.05;

/// The limit is at least so many times the noise floor where nothing is said.
const NOISE: f64 = 3.0;

impl Rules {
    /// What holds where nothing is said.
    pub(super) fn standard(margin: Margin) -> Self {
        let group = || GroupRule {
            margin: GROUP_MARGIN,
            at_least: GROUP_IMAGES,
            only: None,
            margins: BTreeMap::new(),
        };
        Self {
            soft: BTreeSet::new(),
            asked: asked(&GateSettings::default()),
            accuracy: Some(AccuracyRule { margin }),
            metrics: Vec::new(),
            classes: Some(ClassRule { metric: ClassMetric::default(), each: group() }),
            slices: Some(group()),
            agreement: None,
            flips: Some(FlipRule::default()),
            costs: vec![CostRule { kind: RuleKind::Latency, margin: TIME_MARGIN, noise: NOISE }],
            size: Some(SIZE_MARGIN),
        }
    }

    /// What `settings` ask for.
    pub(super) fn of(settings: &GateSettings, margin: Margin) -> Result<Self> {
        let mut rules = Self::standard(margin);
        rules.soft.extend(settings.soft.iter().flatten());
        if let Some(accuracy) = &settings.accuracy {
            rules.accuracy = Some(AccuracyRule { margin: accuracy_margin(&accuracy.margin)? });
        }
        for (id, said) in &settings.metrics {
            rules.metrics.push(metric_rule(id, &said.margin)?);
        }
        rules.classes = Some(class_rule(settings.classes.as_ref())?);
        rules.slices = Some(slice_rule(settings.slices.as_ref())?);
        if let Some(agreement) = &settings.agreement {
            rules.agreement = Some(agreement_share(agreement.at_least)?);
        }
        if let Some(flips) = &settings.flips {
            let share = |key: &str, value: Option<f64>| value.map(|value| percent(key, value)).transpose();
            rules.flips = Some(FlipRule {
                right_to_wrong: share("flips.right_to_wrong", flips.right_to_wrong)?,
                any: share("flips.any", flips.any)?,
            });
        }
        rules.costs = costs(settings)?;
        if let Some(margin) = settings.size.as_ref().and_then(|size| size.margin) {
            rules.size = Some(growth("size.margin", margin)?);
        }
        rules.asked = asked(settings);
        let off = settings.off.as_deref().unwrap_or_default();
        refuse_run(off, "off")?;
        refuse_run(settings.soft.as_deref().unwrap_or_default(), "soft")?;
        off.iter().for_each(|kind| rules.switch_off(*kind));
        match rules.hold_nothing() {
            true => Err(Error::usage("every rule of the gate is off: nothing could fail")
                .at(place("off"))
                .help("leave one on, or do not call the gate")),
            false => Ok(rules),
        }
    }

    fn hold_nothing(&self) -> bool {
        let limits = |flips: FlipRule| flips.right_to_wrong.or(flips.any).is_some();
        self.accuracy.is_none()
            && self.metrics.is_empty()
            && self.classes.is_none()
            && self.slices.is_none()
            && self.agreement.is_none()
            && !self.flips.is_some_and(limits)
            && self.costs.is_empty()
            && self.size.is_none()
    }

    fn switch_off(&mut self, kind: RuleKind) {
        match kind {
            // A candidate that does not run passes nothing.
            RuleKind::Run => {}
            RuleKind::Accuracy => self.accuracy = None,
            RuleKind::Metrics => self.metrics.clear(),
            RuleKind::Classes => self.classes = None,
            RuleKind::Slices => self.slices = None,
            RuleKind::Agreement => self.agreement = None,
            RuleKind::Flips => self.flips = None,
            RuleKind::Size => self.size = None,
            RuleKind::Latency | RuleKind::Throughput | RuleKind::Memory | RuleKind::Load => {
                self.costs.retain(|rule| rule.kind != kind);
            }
        }
    }

    /// Only the rule of latency.
    pub(super) fn keep_latency(&mut self) {
        use RuleKind::{
            Accuracy, Agreement, Classes, Flips, Load, Memory, Metrics, Size, Slices, Throughput,
        };
        for kind in [Accuracy, Metrics, Classes, Slices, Agreement, Flips, Throughput, Memory, Load, Size] {
            self.switch_off(kind);
        }
    }
}

/// Rules that somebody wrote. Accuracy is always asked for: a gate that says nothing of it is none.
fn asked(settings: &GateSettings) -> BTreeSet<RuleKind> {
    let said = [
        (RuleKind::Accuracy, true),
        (RuleKind::Metrics, true),
        (RuleKind::Classes, settings.classes.is_some()),
        (RuleKind::Slices, settings.slices.is_some()),
        (RuleKind::Agreement, true),
        (RuleKind::Flips, settings.flips.is_some()),
        (RuleKind::Latency, settings.latency.is_some()),
        (RuleKind::Throughput, true),
        (RuleKind::Memory, true),
        (RuleKind::Load, true),
        (RuleKind::Size, true),
    ];
    said.into_iter().filter_map(|(kind, asked)| asked.then_some(kind)).collect()
}

fn costs(settings: &GateSettings) -> Result<Vec<CostRule>> {
    let default = CostSettings::default();
    let said = [
        (RuleKind::Latency, Some(settings.latency.as_ref().unwrap_or(&default)), TIME_MARGIN),
        (RuleKind::Throughput, settings.throughput.as_ref(), TIME_MARGIN),
        (RuleKind::Memory, settings.memory.as_ref(), COARSE_MARGIN),
        (RuleKind::Load, settings.load.as_ref(), COARSE_MARGIN),
    ];
    let rule = |(kind, said, margin): (RuleKind, Option<&CostSettings>, f64)| {
        said.map(|said| cost_rule(kind, said, margin))
    };
    said.into_iter().filter_map(rule).collect()
}

fn cost_rule(kind: RuleKind, said: &CostSettings, margin: f64) -> Result<CostRule> {
    let key = |field: &str| format!("{}.{field}", kind.name());
    let margin = said.margin.map_or(Ok(margin), |percent| growth(&key("margin"), percent))?;
    if kind != RuleKind::Latency && said.noise.is_some() {
        return Err(Error::usage(format!("gate.{} decides nothing", key("noise"))).at(place(&key("noise"))).help(
            "leave it out: the limit of this rule is 10 % at least, and more where the machine is noisier",
        ));
    }
    let noise = said.noise.unwrap_or(NOISE);
    if !(0.0..=100.0).contains(&noise) {
        return Err(wrong(&key("noise"), "a number from 0 to 100"));
    }
    Ok(CostRule { kind, margin, noise })
}

fn class_rule(said: Option<&ClassSettings>) -> Result<ClassRule> {
    let said = said.cloned().unwrap_or_default();
    let each = group("classes", said.margin, said.at_least, said.only, said.margins)?;
    refuse_unreached("classes.only", &each, |name, only| name == only)?;
    Ok(ClassRule { metric: said.metric.unwrap_or_default(), each })
}

fn slice_rule(said: Option<&SliceSettings>) -> Result<GroupRule> {
    let said = said.cloned().unwrap_or_default();
    let rule = group("slices", said.margin, said.at_least, said.columns, said.margins)?;
    let is_of =
        |name: &str, column: &str| name.strip_prefix(column).is_some_and(|rest| rest.starts_with('='));
    refuse_unreached("slices.columns", &rule, is_of)?;
    Ok(rule)
}

/// A margin of its own for what is not judged would be a rule that never holds; so would a choice of none.
fn refuse_unreached(key: &str, rule: &GroupRule, is_of: impl Fn(&str, &str) -> bool) -> Result<()> {
    let Some(only) = &rule.only else { return Ok(()) };
    if only.is_empty() {
        return Err(wrong(key, "a list of one or more").help("leave it out for all, or write `off`"));
    }
    let section = key.split('.').next().unwrap_or_default();
    let reached = |name: &str| only.iter().any(|only| is_of(name, only));
    match rule.margins.keys().find(|name| !reached(name)) {
        None => Ok(()),
        Some(name) => Err(Error::usage(format!("{name} has a margin of its own and is not in gate.{key}"))
            .at(place(&format!("{section}.margins.{name}")))
            .help("add it there, or take its margin away")),
    }
}

/// A candidate that does not run passes nothing.
pub(super) fn refuse_run(kinds: &[RuleKind], key: &str) -> Result<()> {
    match kinds.contains(&RuleKind::Run) {
        true => Err(Error::usage(format!("a candidate that does not run cannot be {key}"))
            .at(place(key))
            .help("it ends with exit status 3, apart from broken rules, which end with 1")),
        false => Ok(()),
    }
}

/// Below 1 % nothing would be held: 0.95 is meant for 95.
fn agreement_share(value: f64) -> Result<f64> {
    let key = "agreement.at_least";
    match value > 0.0 && value <= 1.0 {
        true => Err(wrong(key, "a number of percent, not a share")
            .help(format!("write {} for {value} of the images", value * 100.0))),
        false => percent(key, value),
    }
}

fn group(
    section: &str,
    margin: Option<f64>,
    at_least: Option<u64>,
    only: Option<Vec<String>>,
    margins: BTreeMap<String, f64>,
) -> Result<GroupRule> {
    let points = |key: String, margin: f64| percent(&key, margin);
    let margins = margins
        .into_iter()
        .map(|(name, margin)| Ok((name.clone(), points(format!("{section}.margins.{name}"), margin)?)))
        .collect::<Result<_>>()?;
    Ok(GroupRule {
        margin: margin.map_or(Ok(GROUP_MARGIN), |margin| points(format!("{section}.margin"), margin))?,
        at_least: at_least.unwrap_or(GROUP_IMAGES),
        only,
        margins,
    })
}

fn accuracy_margin(text: &MarginText) -> Result<Margin> {
    let key = "accuracy.margin";
    let said = text.text();
    let refused =
        |why: String| Error::usage(format!("gate.{key} is no margin: `{said}`")).at(place(key)).help(why);
    said.parse().map_err(refused)
}

/// A share given in percent.
fn percent(key: &str, value: f64) -> Result<f64> {
    match (0.0..=100.0).contains(&value) {
        true => Ok(value / 100.0),
        false => Err(wrong(key, "a number of percent from 0 to 100")),
    }
}

/// A growth given in percent, which may be more than the whole.
fn growth(key: &str, value: f64) -> Result<f64> {
    match (0.0..=100_000.0).contains(&value) {
        true => Ok(value / 100.0),
        false => Err(wrong(key, "a number of percent from 0 to 100000")),
    }
}

/// The error of a setting that is not what it must be.
pub(super) fn wrong(key: &str, wanted: &str) -> Error {
    Error::usage(format!("gate.{key} must be {wanted}")).at(place(key))
}

/// Where a setting stands in its file.
pub(super) fn place(key: &str) -> String {
    format!("[gate], {key}")
}
