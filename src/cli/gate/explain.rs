//! `bench gate --explain`: every rule that will be judged, its limit, whether it is hard or soft, and who
//! decided that.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::policy::Origins;
use crate::cli::explain::setting;
use crate::cli::start::{closed_pipe, printable};
use crate::compare::{Margin, ONE_PROCESS};
use crate::error::Result;
use crate::gate::{ClassRule, CostRule, GroupRule, MetricMargin, MetricRule, Policy, Rules};
use crate::metric::Unit;
use crate::plan::{CostSettings, GateSettings, RuleKind, RuntimeSpec, Source};
use crate::report::number::counted;

/// Key, value, and who decided it.
type Row = (String, String, String);

/// Prints the rules of all runtimes in which candidates are judged, those that differ apart.
/// `accuracy_only` is whether nothing will be timed.
pub(super) fn explain(
    policy: &Policy,
    origins: &Origins,
    runtimes: &[String],
    accuracy_only: bool,
) -> Result<()> {
    let mut out = io::stdout().lock();
    written(policy, origins, runtimes, accuracy_only, &mut out).or_else(closed_pipe)
}

fn written(
    policy: &Policy,
    origins: &Origins,
    runtimes: &[String],
    accuracy_only: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut parts: Vec<(Vec<&str>, Vec<Row>)> = Vec::new();
    for runtime in runtimes {
        let rows = Explained { policy, origins, runtime, accuracy_only }.rows();
        match parts.iter_mut().find(|(_, known)| *known == rows) {
            Some((names, _)) if names.contains(&runtime.as_str()) => {}
            Some((names, _)) => names.push(runtime.as_str()),
            None => parts.push((vec![runtime.as_str()], rows)),
        }
    }
    for (names, rows) in parts {
        writeln!(out, "gate of candidates in {}", names.join(", "))?;
        for (key, value, decided) in rows {
            setting(&printable(&key), &printable(&value), &printable(&decided), out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What is to be told of the rules in one runtime.
struct Explained<'a> {
    policy: &'a Policy,
    origins: &'a Origins,
    runtime: &'a str,
    accuracy_only: bool,
}

impl Explained<'_> {
    fn rows(&self) -> Vec<Row> {
        let rules = self.policy.rules_of(self.runtime);
        let strict = if self.policy.strict { "yes: what cannot be told fails" } else { "no" };
        let mut rows = vec![("gate.strict".to_owned(), strict.to_owned(), self.strict())];
        rows.extend(self.accuracy(rules));
        rows.extend(rules.metrics.iter().map(|rule| self.metric(rule)));
        rows.extend(rules.classes.iter().flat_map(|rule| self.classes(rule)));
        rows.extend(rules.slices.iter().flat_map(|rule| self.slices(rule)));
        rows.extend(self.agreement(rules));
        rows.extend(self.flips(rules));
        rows.extend(rules.costs.iter().flat_map(|rule| self.cost(rule, rules)));
        rows.extend(rules.size.map(|most| {
            let decided = self.said(|gate| gate.size.as_ref()?.margin.map(drop));
            self.rule(RuleKind::Size, "", &format!("at most {} more bytes", percent(most)), decided)
        }));
        rows.extend(self.off());
        rows
    }

    /// The row of a limit: `hard` fails the gate, `soft` warns.
    fn rule(&self, kind: RuleKind, part: &str, limit: &str, decided: String) -> Row {
        let soft = self.policy.rules_of(self.runtime).soft.contains(&kind);
        let decided = match (soft, self.origins.soft.contains(&kind)) {
            (false, _) => decided,
            (true, true) => format!("{decided}; soft: flag"),
            (true, false) => format!("{decided}; soft: {}", self.said(|gate| gate.soft.as_ref().map(drop))),
        };
        let hardness = if soft { "soft" } else { "hard" };
        (format!("gate.{}{part}", kind.name()), format!("{hardness}: {limit}"), decided)
    }

    /// Where a field is written: for this runtime, for all, or nowhere.
    fn said(&self, field: impl Fn(&GateSettings) -> Option<()>) -> String {
        let Origins { settings, file, .. } = self.origins;
        match self.own().filter(|(_, own)| field(own).is_some()) {
            Some((name, _)) => format!("{file} [gate.runtimes.\"{name}\"]"),
            None => field(settings).map_or(&Source::Default, |()| file).to_string(),
        }
    }

    /// The section of this runtime, by the name that it has there.
    fn own(&self) -> Option<(&String, &GateSettings)> {
        let is_it =
            |name: &str| name.parse::<RuntimeSpec>().is_ok_and(|spec| spec.to_string() == self.runtime);
        self.origins.settings.runtimes.iter().find(|(name, _)| is_it(name.as_str()))
    }

    fn strict(&self) -> String {
        match self.origins.strict {
            true => Source::Flag.to_string(),
            false => {
                self.origins.settings.strict.map_or(&Source::Default, |_| &self.origins.file).to_string()
            }
        }
    }

    fn accuracy(&self, rules: &Rules) -> Option<Row> {
        let margin = rules.accuracy?.margin;
        let written = self.said(|gate| gate.accuracy.as_ref().map(drop));
        let nowhere = written == Source::Default.to_string();
        let decided = if nowhere { self.origins.margin.to_string() } else { written };
        Some(self.rule(RuleKind::Accuracy, "", &accuracy_limit(margin), decided))
    }

    fn metric(&self, rule: &MetricRule) -> Row {
        let id = rule.spec.id;
        let limit = match rule.margin {
            MetricMargin::Absolute(margin) if rule.spec.unit == Unit::Fraction => {
                format!("at most {} points worse", rounded(margin * 100.0))
            }
            MetricMargin::Absolute(margin) => format!("at most {} worse", rounded(margin)),
            MetricMargin::OfBaseline(share) => format!("to {} of the baseline's", percent(share)),
            MetricMargin::OfErrors(times) => format!("to {} of what the baseline lacks to 1", percent(times)),
        };
        let decided = self.said(|gate| gate.metrics.get(id).map(drop));
        self.rule(RuleKind::Metrics, &format!(".{id}"), &limit, decided)
    }

    fn classes(&self, rule: &ClassRule) -> Vec<Row> {
        let kind = RuleKind::Classes;
        let decided = self.said(|gate| gate.classes.as_ref()?.margin.map(drop));
        let name = rule.metric.name();
        let limit = format!("at most {} of {name} lost", points(rule.each.margin));
        let mut rows = vec![self.rule(kind, "", &limit, decided)];
        let metric = self.said(|gate| gate.classes.as_ref()?.metric.map(drop));
        rows.push(("gate.classes.metric".into(), name.into(), metric));
        let at_least = self.said(|gate| gate.classes.as_ref()?.at_least.map(drop));
        rows.push(fewest(kind, &rule.each, at_least));
        rows.extend(rule.each.only.as_ref().map(|only| {
            let decided = self.said(|gate| gate.classes.as_ref()?.only.as_ref().map(drop));
            ("gate.classes.only".into(), only.join(", "), decided)
        }));
        let own = |name: &str| self.said(|gate| gate.classes.as_ref()?.margins.get(name).map(drop));
        rows.extend(margins(kind, &rule.each.margins, own));
        rows
    }

    fn slices(&self, rule: &GroupRule) -> Vec<Row> {
        let kind = RuleKind::Slices;
        let decided = self.said(|gate| gate.slices.as_ref()?.margin.map(drop));
        let limit = format!("at most {} of accuracy lost", points(rule.margin));
        let mut rows = vec![self.rule(kind, "", &limit, decided)];
        let at_least = self.said(|gate| gate.slices.as_ref()?.at_least.map(drop));
        rows.push(fewest(kind, rule, at_least));
        rows.extend(rule.only.as_ref().map(|only| {
            let decided = self.said(|gate| gate.slices.as_ref()?.columns.as_ref().map(drop));
            ("gate.slices.columns".into(), only.join(", "), decided)
        }));
        let own = |name: &str| self.said(|gate| gate.slices.as_ref()?.margins.get(name).map(drop));
        rows.extend(margins(kind, &rule.margins, own));
        rows
    }

    fn agreement(&self, rules: &Rules) -> Option<Row> {
        let limit = format!("on {} of the images at least", percent(rules.agreement?));
        let decided = self.said(|gate| gate.agreement.as_ref().map(drop));
        Some(self.rule(RuleKind::Agreement, "", &limit, decided))
    }

    fn flips(&self, rules: &Rules) -> Vec<Row> {
        let limit = |share: f64| format!("at most {} of the images", percent(share));
        let flips = rules.flips.unwrap_or_default();
        let lost = flips.right_to_wrong.map(|share| {
            let decided = self.said(|gate| gate.flips.as_ref()?.right_to_wrong.map(drop));
            self.rule(RuleKind::Flips, ".right_to_wrong", &limit(share), decided)
        });
        let any = flips.any.map(|share| {
            let decided = self.said(|gate| gate.flips.as_ref()?.any.map(drop));
            self.rule(RuleKind::Flips, ".any", &limit(share), decided)
        });
        lost.into_iter().chain(any).collect()
    }

    fn cost(&self, rule: &CostRule, rules: &Rules) -> Vec<Row> {
        let name = rule.kind.name();
        if self.accuracy_only && !rules.asked.contains(&rule.kind) {
            return vec![(format!("gate.{name}"), "not measured".into(), "--accuracy-only".into())];
        }
        let kind = rule.kind;
        let margin = self.said(|gate| costs(gate, kind)?.margin.map(drop));
        if kind != RuleKind::Latency {
            let limit = format!("at most {} more", percent(rule.margin.max(ONE_PROCESS)));
            return vec![self.rule(kind, "", &limit, margin)];
        }
        let floor = self.said(|gate| costs(gate, kind)?.noise.map(drop));
        let limit = format!("at most {} more", percent(rule.margin));
        let noise = format!("or {} times the noise floor, if more", rounded(rule.noise));
        vec![self.rule(kind, "", &limit, margin), (format!("gate.{name}.noise"), noise, floor)]
    }

    fn off(&self) -> Vec<Row> {
        let (all, own) = (&self.origins.settings, self.own().map(|(_, own)| own));
        let off = own.and_then(|own| own.off.as_ref()).or(all.off.as_ref());
        let decided = self.said(|gate| gate.off.as_ref().map(drop));
        let row = |kind: &RuleKind| (format!("gate.{}", kind.name()), "off".to_owned(), decided.clone());
        off.into_iter().flatten().map(row).collect()
    }
}

/// The section of a cost.
fn costs(gate: &GateSettings, kind: RuleKind) -> Option<&CostSettings> {
    let section = match kind {
        RuleKind::Throughput => &gate.throughput,
        RuleKind::Memory => &gate.memory,
        RuleKind::Load => &gate.load,
        _ => &gate.latency,
    };
    section.as_ref()
}

fn accuracy_limit(margin: Margin) -> String {
    match margin {
        Margin::Points(share) => format!("at most {} lost", points(share)),
        Margin::OfBaseline(share) => format!("to {} of the baseline's", percent(share)),
        Margin::Errors(times) => format!("to {} of the baseline's errors", percent(times)),
    }
}

fn fewest(kind: RuleKind, rule: &GroupRule, decided: String) -> Row {
    (format!("gate.{}.at_least", kind.name()), counted(rule.at_least, "image", "images"), decided)
}

/// Margins of single groups.
fn margins(kind: RuleKind, margins: &BTreeMap<String, f64>, decided: impl Fn(&str) -> String) -> Vec<Row> {
    let row = |(name, margin): (&String, &f64)| {
        (format!("gate.{}.margins.{name}", kind.name()), points(*margin), decided(name))
    };
    margins.iter().map(row).collect()
}

fn percent(share: f64) -> String {
    format!("{} %", rounded(share * 100.0))
}

fn points(share: f64) -> String {
    let points = rounded(share * 100.0);
    format!("{points} {}", if points == 1.0 { "point" } else { "points" })
}

/// As it was written, without what binary fractions add.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Criteria;

    const FILE: &str = "models/bench.toml";

    fn told(settings: &str, change: impl Fn(&mut Origins), runtimes: &[&str], accuracy_only: bool) -> String {
        let settings: GateSettings = toml::from_str(settings).unwrap();
        let policy = Policy::of(&settings, Criteria::default().margin).unwrap();
        let (file, margin) = (Source::File(FILE.into()), Source::Default);
        let mut origins = Origins { settings, file, margin, soft: Vec::new(), strict: false };
        change(&mut origins);
        let policy = policy.softened(&origins.soft).unwrap();
        let runtimes: Vec<String> = runtimes.iter().map(|name| (*name).to_owned()).collect();
        let mut page = Vec::new();
        written(&policy, &origins, &runtimes, accuracy_only, &mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    fn value<'a>(page: &'a str, key: &str) -> Vec<&'a str> {
        let lines = page.lines().filter_map(|line| line.trim_start().strip_prefix(key));
        lines.filter(|rest| rest.starts_with(' ')).map(str::trim).collect()
    }

    #[test]
    fn without_settings_every_rule_has_its_default() {
        let page = told("", |_| {}, &["ort", "ort", "tract"], false);
        assert!(page.starts_with("gate of candidates in ort, tract\n"), "{page}");
        for (key, limit) in [
            ("gate.strict", "no"),
            ("gate.accuracy", "hard: at most 0.5 points lost"),
            ("gate.classes", "hard: at most 5 points of recall lost"),
            ("gate.classes.at_least", "20 images"),
            ("gate.latency", "hard: at most 5 % more"),
            ("gate.latency.noise", "or 3 times the noise floor, if more"),
            ("gate.size", "hard: at most 5 % more bytes"),
        ] {
            let [found] = value(&page, key)[..] else { panic!("{key} is not there once:\n{page}") };
            assert!(found.starts_with(limit) && found.ends_with("default"), "{key}: {found}");
        }
        assert!(value(&page, "gate.memory").is_empty(), "what does not hold is not told");
    }

    #[test]
    fn each_field_names_who_decided_it() {
        let settings = "strict = true\nsoft = [\"classes\"]\noff = [\"size\"]\n\
            [classes]\nmetric = \"f1\"\nmargins = { coat = 2 }\n[metrics.log_loss]\nmargin = \"105%-of-baseline\"\n\
            [latency]\nnoise = 4";
        let flags = |origins: &mut Origins| {
            origins.soft = vec![RuleKind::Latency];
            origins.margin = Source::Flag;
        };
        let page = told(settings, flags, &["ort"], false);
        let first = |key: &str| value(&page, key)[0].to_owned();
        assert!(first("gate.accuracy").ends_with(" flag"), "{page}");
        assert!(first("gate.strict").ends_with(FILE));
        let classes = first("gate.classes");
        assert!(classes.starts_with("soft: at most 5 points of F1 lost"), "{classes}");
        assert!(classes.ends_with(&format!("default; soft: {FILE}")), "{classes}");
        assert!(first("gate.classes.margins.coat").starts_with("2 points"));
        assert!(first("gate.metrics.log_loss").starts_with("hard: to 105 % of the baseline's"));
        assert!(first("gate.latency").ends_with("default; soft: flag"), "{page}");
        assert!(first("gate.latency.noise").ends_with(FILE));
        assert_eq!(first("gate.size").split_whitespace().collect::<Vec<_>>(), ["off", FILE]);
    }

    #[test]
    fn runtimes_whose_rules_differ_stand_apart() {
        let settings = "[latency]\nmargin = 3\n[runtimes.\"ort:cpu\".accuracy]\nmargin = 2";
        let page = told(settings, |_| {}, &["tract", "ort"], false);
        let (tract, ort) = page.split_once("gate of candidates in ort\n").unwrap();
        assert!(value(tract, "gate.accuracy")[0].ends_with("default"));
        let own = value(ort, "gate.accuracy")[0];
        assert!(own.starts_with("hard: at most 2 points lost"), "{own}");
        assert!(own.ends_with(&format!("{FILE} [gate.runtimes.\"ort:cpu\"]")), "{own}");
        assert!(value(ort, "gate.latency")[0].ends_with(FILE));
    }

    #[test]
    fn what_accuracy_only_leaves_unmeasured_is_told_unless_it_was_asked_for() {
        let page = told("", |_| {}, &["ort"], true);
        assert!(value(&page, "gate.latency")[0].ends_with("--accuracy-only"), "{page}");
        let page = told("[latency]\nmargin = 3", |_| {}, &["ort"], true);
        assert!(value(&page, "gate.latency")[0].starts_with("hard: at most 3 % more"));
    }
}
