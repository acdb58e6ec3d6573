//! The rules that hold, with every default filled in and every text understood.

mod metric;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

pub use self::metric::{MetricMargin, MetricRule};
use crate::compare::Margin;
use crate::error::{Error, Result};
use crate::plan::{GateSettings, RuleKind};

/// All rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whether a rule that cannot tell fails.
    pub strict: bool,
    /// What holds in a runtime that has no rules of its own.
    pub rules: Rules,
    /// What holds in single runtimes or devices, by the name that the job gives them.
    pub runtimes: BTreeMap<String, Rules>,
}

/// The rules of one runtime.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Kinds whose failures are warnings.
    pub soft: BTreeSet<RuleKind>,
    /// Kinds that somebody asked for: where what they need was not measured, they cannot tell. The
    /// others then say nothing.
    pub asked: BTreeSet<RuleKind>,
    /// Accuracy.
    pub accuracy: Option<AccuracyRule>,
    /// Other metrics.
    pub metrics: Vec<MetricRule>,
    /// Classes.
    pub classes: Option<GroupRule>,
    /// Slices.
    pub slices: Option<GroupRule>,
    /// Least share of images with the same prediction.
    pub agreement: Option<f64>,
    /// Flips, which are reported in any case.
    pub flips: Option<FlipRule>,
    /// Latency, throughput, memory, load.
    pub costs: Vec<CostRule>,
    /// Most growth of the model's bytes, as a share.
    pub size: Option<f64>,
}

/// Non-inferior accuracy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccuracyRule {
    /// How much may be lost.
    pub margin: Margin,
}

/// Classes or slices that lose no more than a margin.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRule {
    /// How much each may lose, as a share.
    pub margin: f64,
    /// Those with fewer images are not judged.
    pub at_least: u64,
    /// Only classes of these names, or slices of these columns; none for all.
    pub only: Option<Vec<String>>,
    /// Margins of single ones.
    pub margins: BTreeMap<String, f64>,
}

/// How many images may change sides, as shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlipRule {
    /// From right to wrong.
    pub right_to_wrong: Option<f64>,
    /// Whichever way.
    pub any: Option<f64>,
}

/// How much worse a cost may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostRule {
    /// Latency, throughput, memory or load.
    pub kind: RuleKind,
    /// As a share of the baseline's.
    pub margin: f64,
    /// The limit is at least so many times the noise floor.
    pub noise: f64,
}

impl Policy {
    /// What `settings` ask for. `margin` is the verdict's, which holds for accuracy where the gate has
    /// none of its own.
    ///
    /// Fails for a metric that does not exist or has no direction, a margin that is none, and sections
    /// of runtimes that hold what only the whole gate can have.
    pub fn of(settings: &GateSettings, margin: Margin) -> Result<Self> {
        let rules = Rules::of(settings, margin)?;
        let of_runtime = |(name, own): (&String, &GateSettings)| {
            let place = format!("[gate.runtimes.\"{name}\"]");
            if own.strict.is_some() || !own.runtimes.is_empty() {
                return Err(Error::usage("a section for one runtime holds rules alone")
                    .at(place)
                    .help("write `strict` and `runtimes` under [gate]"));
            }
            Rules::of(&over(settings, own), margin).map(|rules| (name.clone(), rules)).map_err(|error| {
                let key = error.place.clone().unwrap_or_default();
                error.at(format!("{place}: {key}"))
            })
        };
        Ok(Self {
            strict: settings.strict.unwrap_or(false),
            runtimes: settings.runtimes.iter().map(of_runtime).collect::<Result<_>>()?,
            rules,
        })
    }

    /// The rules of a runtime, such as `ort:cuda`.
    pub fn rules_of(&self, runtime: &str) -> &Rules {
        self.runtimes.get(runtime).unwrap_or(&self.rules)
    }

    /// The same with failures of these kinds as warnings everywhere.
    pub fn softened(mut self, kinds: &[RuleKind]) -> Self {
        [&mut self.rules]
            .into_iter()
            .chain(self.runtimes.values_mut())
            .for_each(|rules| rules.soft.extend(kinds));
        self
    }

    /// The same with only the rules about latency: what a second measurement is asked.
    pub fn latency_alone(mut self) -> Self {
        [&mut self.rules].into_iter().chain(self.runtimes.values_mut()).for_each(Rules::keep_latency);
        self
    }
}

impl Default for Policy {
    /// What holds where nothing is said.
    fn default() -> Self {
        let rules = Rules::standard(crate::compare::Criteria::default().margin);
        Self { strict: false, rules, runtimes: BTreeMap::new() }
    }
}

/// What a runtime says, over what the gate says for all.
fn over(all: &GateSettings, own: &GateSettings) -> GateSettings {
    let mut metrics = all.metrics.clone();
    metrics.extend(own.metrics.clone());
    GateSettings {
        strict: None,
        soft: own.soft.clone().or_else(|| all.soft.clone()),
        off: own.off.clone().or_else(|| all.off.clone()),
        accuracy: own.accuracy.clone().or_else(|| all.accuracy.clone()),
        metrics,
        classes: own.classes.clone().or_else(|| all.classes.clone()),
        slices: own.slices.clone().or_else(|| all.slices.clone()),
        agreement: own.agreement.clone().or_else(|| all.agreement.clone()),
        flips: own.flips.clone().or_else(|| all.flips.clone()),
        latency: own.latency.clone().or_else(|| all.latency.clone()),
        throughput: own.throughput.clone().or_else(|| all.throughput.clone()),
        memory: own.memory.clone().or_else(|| all.memory.clone()),
        load: own.load.clone().or_else(|| all.load.clone()),
        size: own.size.clone().or_else(|| all.size.clone()),
        runtimes: BTreeMap::new(),
    }
}

/// `bench.toml` as far as the gate goes.
#[derive(schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema is wanted")]
struct SettingsFile {
    /// What the gate holds a candidate to.
    gate: Option<GateSettings>,
}

/// The published JSON schema of a settings file with a gate; other sections are let through.
pub fn policy_schema() -> serde_json::Value {
    schemars::schema_for!(SettingsFile).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<Policy> {
        Policy::of(&toml::from_str(text).unwrap(), Margin::Points(0.005))
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let policy = policy("").unwrap();
        assert_eq!(policy.rules.accuracy, Policy::default().rules.accuracy);
        assert_eq!(policy.rules.classes, Policy::default().rules.classes);
        assert_eq!(policy.rules.costs, Policy::default().rules.costs);
        assert_eq!((policy.rules.size, policy.strict), (Some(0.05), false));
    }

    #[test]
    fn a_rule_is_switched_on_by_writing_it_and_off_by_name() {
        let policy = policy("off = [\"latency\", \"classes\"]\n[memory]\nmargin = 20").unwrap();
        let costs: Vec<RuleKind> = policy.rules.costs.iter().map(|rule| rule.kind).collect();
        assert_eq!((costs, policy.rules.classes), (vec![RuleKind::Memory], None));
        assert_eq!(policy.rules.costs[0].margin, 0.2);
    }

    #[test]
    fn a_runtime_has_the_rules_of_all_but_for_its_own() {
        let policy = policy(
            "[classes]\nmargin = 3\n[runtimes.tract]\nsoft = [\"latency\"]\n[runtimes.tract.accuracy]\nmargin = 2",
        )
        .unwrap();
        let tract = policy.rules_of("tract");
        assert_eq!(tract.accuracy, Some(AccuracyRule { margin: Margin::Points(0.02) }));
        assert_eq!(tract.classes.as_ref().unwrap().margin, 0.03);
        assert!(tract.soft.contains(&RuleKind::Latency));
        let ort = policy.rules_of("ort");
        assert_eq!(ort.accuracy, Some(AccuracyRule { margin: Margin::Points(0.005) }));
        assert!(ort.soft.is_empty());
    }

    #[test]
    fn what_is_no_percent_is_refused_with_its_key() {
        for (text, key) in [
            ("[classes]\nmargin = -1", "classes.margin"),
            ("[classes.margins]\ncoat = 101", "classes.margins.coat"),
            ("[latency]\nnoise = -2", "latency.noise"),
            ("[agreement]\nat_least = 101", "agreement.at_least"),
            ("[accuracy]\nmargin = \"half\"", "accuracy.margin"),
        ] {
            let error = policy(text).unwrap_err();
            assert_eq!(error.place.as_deref(), Some(format!("[gate], {key}").as_str()), "{text}");
            assert!(!error.what.contains("write"), "advice belongs into the help: {error}");
        }
        assert!(policy("[runtimes.ort]\nstrict = true").is_err());
    }
}
