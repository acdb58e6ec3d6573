//! The rules that hold, with every default filled in and every text understood.

mod metric;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

pub use self::metric::{MetricMargin, MetricRule};
use crate::compare::Margin;
use crate::error::{Error, Result};
use crate::plan::{ClassMetric, GateSettings, RuleKind, RuntimeSpec};

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
    pub classes: Option<ClassRule>,
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

/// Classes that lose no more than a margin.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRule {
    /// Of what.
    pub metric: ClassMetric,
    /// How much.
    pub each: GroupRule,
}

/// Groups of images that lose no more than a margin.
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
    /// The limit of a latency is at least so many times the noise floor.
    pub noise: f64,
}

impl Policy {
    /// What `settings` ask for. `margin` is the verdict's, which holds for accuracy where the gate has
    /// none of its own.
    ///
    /// Fails for a metric that does not exist or has no direction, a margin that is none, rules that
    /// contradict each other or are all off, a runtime that is none, and sections of runtimes that hold
    /// what only the whole gate can have.
    pub fn of(settings: &GateSettings, margin: Margin) -> Result<Self> {
        let rules = Rules::of(settings, margin)?;
        let of_runtime = |(name, own): (&String, &GateSettings)| {
            let place = format!("[gate.runtimes.\"{name}\"]");
            if own.strict.is_some() || !own.runtimes.is_empty() {
                return Err(Error::usage("a section for one runtime holds rules alone")
                    .at(place)
                    .help("write `strict` and `runtimes` under [gate]"));
            }
            // Jobs say `ort` where somebody may write `ort:cpu`.
            let runtime: RuntimeSpec = name.parse().map_err(|error: Error| error.at(&*place))?;
            let own = over(settings, own)?;
            Rules::of(&own, margin).map(|rules| (runtime.to_string(), rules)).map_err(|error| {
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

    /// The same with failures of these kinds as warnings everywhere. Fails where one of them cannot be
    /// one.
    pub fn softened(mut self, kinds: &[RuleKind]) -> Result<Self> {
        rules::refuse_run(kinds, "soft")?;
        [&mut self.rules]
            .into_iter()
            .chain(self.runtimes.values_mut())
            .for_each(|rules| rules.soft.extend(kinds));
        Ok(self)
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

/// What a runtime says, over what the gate says for all: field by field, so that a section which sets one
/// keeps the others.
fn over(all: &GateSettings, own: &GateSettings) -> Result<GateSettings> {
    let failed = |e: &dyn std::fmt::Display| Error::usage("rules cannot be merged").because(e);
    let common = GateSettings { strict: None, runtimes: BTreeMap::new(), ..all.clone() };
    let mut merged = Table::try_from(common).map_err(|e| failed(&e))?;
    overlay(&mut merged, Table::try_from(own).map_err(|e| failed(&e))?);
    merged.try_into().map_err(|e: toml::de::Error| failed(&e))
}

fn overlay(all: &mut Table, own: Table) {
    for (key, value) in own {
        match (all.get_mut(&key), value) {
            (Some(Value::Table(all)), Value::Table(own)) => overlay(all, own),
            (_, value) => {
                all.insert(key, value);
            }
        }
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
        assert_eq!(tract.classes.as_ref().unwrap().each.margin, 0.03);
        assert!(tract.soft.contains(&RuleKind::Latency));
        let ort = policy.rules_of("ort");
        assert_eq!(ort.accuracy, Some(AccuracyRule { margin: Margin::Points(0.005) }));
        assert!(ort.soft.is_empty());
    }

    #[test]
    fn a_section_of_a_runtime_that_sets_one_field_keeps_the_others() {
        let policy = policy(
            "[latency]\nmargin = 10\n[classes]\nmargin = 3\nmargins = { coat = 1 }\n\
             [runtimes.tract.latency]\nnoise = 5\n[runtimes.tract.classes]\nat_least = 50",
        )
        .unwrap();
        let tract = policy.rules_of("tract");
        assert_eq!((tract.costs[0].margin, tract.costs[0].noise), (0.1, 5.0));
        let each = &tract.classes.as_ref().unwrap().each;
        assert_eq!((each.margin, each.at_least, each.margins["coat"]), (0.03, 50, 0.01));
    }

    #[test]
    fn a_runtime_is_known_by_each_of_its_names() {
        let policy = policy("[runtimes.\"ort:cpu\".size]\nmargin = 9").unwrap();
        assert_eq!(policy.rules_of("ort").size, Some(0.09));
        let error = self::policy("[runtimes.\"ort:gpu\".size]\nmargin = 9").unwrap_err();
        assert!(error.place.unwrap().contains("ort:gpu"));
    }

    #[test]
    fn rules_that_contradict_each_other_are_refused() {
        for (text, key) in [
            ("[classes]\nonly = [\"bag\"]\nmargins = { coat = 2 }", "classes.margins.coat"),
            ("[classes]\nonly = []", "classes.only"),
            (
                "[slices]\ncolumns = [\"light\"]\nmargins = { \"source=scan\" = 2 }",
                "slices.margins.source=scan",
            ),
            ("[slices]\ncolumns = []", "slices.columns"),
            ("off = [\"run\"]", "off"),
            ("soft = [\"run\"]", "soft"),
        ] {
            let error = policy(text).unwrap_err();
            assert_eq!(error.place.as_deref(), Some(format!("[gate], {key}").as_str()), "{text}: {error}");
            assert!(error.help.is_some(), "{text}");
        }
        assert!(Policy::default().softened(&[RuleKind::Run]).is_err());
    }

    #[test]
    fn a_runtime_may_switch_off_what_holds_for_all() {
        let policy = policy("[size]\nmargin = 3\n[runtimes.tract]\noff = [\"size\"]").unwrap();
        assert_eq!((policy.rules_of("ort").size, policy.rules_of("tract").size), (Some(0.03), None));
    }

    #[test]
    fn a_policy_of_no_rule_is_none() {
        let all = "off = [\"accuracy\", \"classes\", \"slices\", \"latency\", \"size\"]";
        let error = policy(all).unwrap_err();
        assert!(error.what.contains("every rule"), "{error}");
        assert!(policy(&format!("{all}\n[flips]\nany = 5")).is_ok());
        assert!(policy(&format!("{all}\n[flips]")).is_err(), "flips without a limit hold nothing");
    }

    #[test]
    fn a_share_in_the_place_of_a_percentage_is_refused_where_it_would_hold_nothing() {
        for text in [
            "[agreement]\nat_least = 0.95",
            "[metrics.macro_f1]\nmargin = \"5%\"",
            "[metrics.macro_f1]\nmargin = 1",
            "[metrics.top5]\nmargin = 101",
            "[metrics.log_loss]\nmargin = \"5%\"",
        ] {
            assert!(policy(text).is_err(), "{text}");
        }
        assert!(policy("[metrics.top5]\nmargin = \"0.5%\"").is_ok());
        assert!(policy("[metrics.log_loss]\nmargin = 1.5").is_ok());
    }

    #[test]
    fn what_is_no_percent_is_refused_with_its_key() {
        for (text, key) in [
            ("[classes]\nmargin = -1", "classes.margin"),
            ("[classes.margins]\ncoat = 101", "classes.margins.coat"),
            ("[latency]\nnoise = -2", "latency.noise"),
            ("[memory]\nnoise = 2", "memory.noise"),
            ("[agreement]\nat_least = 101", "agreement.at_least"),
            ("[accuracy]\nmargin = \"half\"", "accuracy.margin"),
            ("[accuracy]\nmargin = nan", "accuracy.margin"),
            ("[classes]\nmargin = nan", "classes.margin"),
            ("[size]\nmargin = inf", "size.margin"),
        ] {
            let error = policy(text).unwrap_err();
            assert_eq!(error.place.as_deref(), Some(format!("[gate], {key}").as_str()), "{text}");
            assert!(!error.what.contains("write"), "advice belongs into the help: {error}");
        }
        assert!(policy("[runtimes.ort]\nstrict = true").is_err());
    }
}
