//! What differs between two baselines: what a reviewer of the file wants to know.

use std::collections::BTreeSet;

use super::page::facts;
use crate::gate::{Baseline, BaselineAccuracy, BaselineClass, BaselineRun};
use crate::metric::{self, Difference, Unit};
use crate::report::number;

/// Classes that are listed for each runtime; more are counted.
const CLASSES: usize = 10;

/// One line for each difference; one that says so where there is none.
pub(super) fn lines(before: &Baseline, after: &Baseline) -> Vec<String> {
    let mut lines = Vec::new();
    for run in &after.runs {
        let runtime = &run.record.job.runtime;
        match before.in_runtime(runtime) {
            Some(known) => {
                lines.extend(between(known, run).into_iter().map(|line| format!("  {runtime}  {line}")));
            }
            None => lines.push(format!("  {runtime}  is new")),
        }
    }
    let gone = before.runs.iter().filter(|run| after.in_runtime(&run.record.job.runtime).is_none());
    lines.extend(gone.map(|run| format!("  {}  is gone", run.record.job.runtime)));
    if lines.is_empty() {
        lines.push("  nothing differs".into());
    }
    lines
}

fn between(before: &BaselineRun, after: &BaselineRun) -> Vec<String> {
    let (one, two) = (facts(before), facts(after));
    let changed = one.into_iter().zip(two).filter(|(one, two)| one != two);
    let mut lines: Vec<String> = changed.map(|((name, one), (_, two))| told(name, &one, &two)).collect();
    if before.record.job.preprocess != after.record.job.preprocess
        && !lines.iter().any(|it| it.starts_with("input"))
    {
        lines.push("input: a setting of the preprocessing differs".into());
    }
    lines.extend(metrics(before, after));
    if let Some((one, two)) = before.accuracy.as_ref().zip(after.accuracy.as_ref()) {
        lines.extend(classes(one, two));
    }
    lines
}

fn told(name: &str, before: &str, after: &str) -> String {
    let or = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    format!("{name}: {} → {}", or(before), or(after))
}

fn metrics(before: &BaselineRun, after: &BaselineRun) -> Vec<String> {
    let ids: BTreeSet<&String> = before.metrics.keys().chain(after.metrics.keys()).collect();
    let line = |id: &&String| {
        let spec = metric::spec(id).filter(|spec| spec.id != "accuracy")?;
        let (one, two) = (before.metrics.get(*id)?, after.metrics.get(*id)?);
        let change = number::difference(Difference::Absolute, spec.unit, Some(two - one), None)?;
        let value = |value: f64| number::value(value, spec.unit);
        (!number::reads_as_zero(&change))
            .then(|| format!("{}: {} → {} ({change})", spec.title, value(*one), value(*two)))
    };
    ids.iter().filter_map(line).collect()
}

/// Recall of the classes that changed, the largest change first.
fn classes(before: &BaselineAccuracy, after: &BaselineAccuracy) -> Vec<String> {
    let recall = |class: &BaselineClass| (class.images > 0).then(|| class.right as f64 / class.images as f64);
    let change = |class: &BaselineClass| {
        let known = before.classes.iter().find(|known| known.name == class.name)?;
        let (one, two) = (recall(known)?, recall(class)?);
        (one != two).then(|| (class.name.clone(), one, two))
    };
    let mut changed: Vec<(String, f64, f64)> = after.classes.iter().filter_map(change).collect();
    changed.sort_by(|a, b| (b.2 - b.1).abs().total_cmp(&(a.2 - a.1).abs()));
    let value = |share: f64| number::value(share, Unit::Fraction);
    let shown = changed.iter().take(CLASSES).map(|(name, one, two)| {
        format!("recall of {name}: {} → {} ({})", value(*one), value(*two), number::points(two - one))
    });
    let rest = changed.len().saturating_sub(CLASSES);
    let rest = (rest > 0).then(|| format!("and {} more", number::counted(rest as u64, "class", "classes")));
    shown.chain(rest).collect()
}
