//! In what two records differ that are to be parts of one run.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Environment, RunRecord};

/// Longest value in a message.
const LONGEST: usize = 40;

/// What two parts may differ in: which part it is, where files lie on its machine and what is kept
/// there, who said what is the same in both, how long to time what parts do not time, and what was to
/// be accepted.
const OWN: [&[&str]; 18] = [
    &["job", "sources"],
    &["job", "verdict"],
    &["job", "variant"],
    &["job", "model", "path"],
    &["job", "dataset", "path"],
    &["job", "dataset", "cache_bytes"],
    &["job", "dataset", "model_names_classes"],
    &["job", "dataset", "shard"],
    &["job", "dataset", "part", "list"],
    &["job", "protocol", "latency_seconds"],
    &["job", "protocol", "precision"],
    &["job", "protocol", "least_rounds"],
    &["job", "protocol", "block_ms"],
    &["job", "protocol", "longest_block_ms"],
    &["job", "protocol", "throughput_seconds"],
    &["job", "protocol", "warm_up_seconds"],
    &["job", "protocol", "latency_inputs"],
    &["model", "path"],
];

/// All that must be the same and is not, each by its name with both values:
/// `job.session.threads (1 and 2)`.
pub(super) fn differences(one: &RunRecord, two: &RunRecord) -> Vec<String> {
    let mut found = Vec::new();
    differ("", &identity(one, two), &identity(two, one), &mut found);
    found
}

/// In what they would be judged otherwise, each by its name with both values: `margin (0.5 and 1)`.
pub(super) fn differences_of_verdict(one: &RunRecord, two: &RunRecord) -> Vec<String> {
    let mut found = Vec::new();
    differ("", &value(&one.job.verdict), &value(&two.job.verdict), &mut found);
    found
}

/// What `record` has in common with all parts of its run.
fn identity(record: &RunRecord, other: &RunRecord) -> Value {
    let runtime = record.runtime.as_ref().map(|runtime| {
        let builds = (&runtime.library_sha256, other.runtime.as_ref().and_then(|it| it.library_sha256.as_ref()));
        // A library that could not be read by one of them says nothing.
        let build = if let (Some(build), Some(_)) = builds { build.as_str() } else { "" };
        json!({ "name": runtime.name, "version": runtime.version, "provider": runtime.provider, "build": build })
    });
    let data = record.dataset.as_ref().map(|data| {
        let whole = data.shard.as_ref().map(|shard| value(&shard.whole));
        json!({ "format": data.format, "split": data.split, "classes": data.classes, "decoder": data.decoder, "whole": whole })
    });
    let evaluation = record.evidence.evaluation.as_ref();
    let mut identity = json!({
        "schema_version": record.schema_version,
        "tool": value(&record.tool),
        "job": value(&record.job),
        "model": value(&record.model),
        "data": data,
        "runtime": runtime,
        "session": evaluation.map(|it| it.session_sha256.clone()),
        "batch": evaluation.map(|it| it.batch),
    });
    OWN.iter().for_each(|path| remove(&mut identity, path));
    identity
}

/// Records are made of what JSON can say; what it could not would be the same on both sides.
fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn remove(value: &mut Value, path: &[&str]) {
    match path {
        [] => {}
        [key] => {
            value.as_object_mut().and_then(|fields| fields.remove(*key));
        }
        [key, rest @ ..] => {
            if let Some(inner) = value.get_mut(key) {
                remove(inner, rest);
                // A part of which nothing is left is no part, as where it was not there at all.
                if inner.as_object().is_some_and(|fields| fields.is_empty()) {
                    remove(value, &[key]);
                }
            }
        }
    }
}

fn differ(name: &str, one: &Value, two: &Value, found: &mut Vec<String>) {
    let (Value::Object(a), Value::Object(b)) = (one, two) else {
        if one != two {
            found.push(format!("{name} ({} and {})", told(one), told(two)));
        }
        return;
    };
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    for key in keys {
        let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        let of = |fields: &serde_json::Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
        differ(&inner, &of(a), &of(b), found);
    }
}

fn told(value: &Value) -> String {
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// The processor in words, with what matters to int8.
pub(super) fn processor(environment: &Environment) -> String {
    let mut words = vec![environment.cpu.clone()];
    words.extend(
        (!environment.cpu_features.is_empty()).then(|| format!("({})", environment.cpu_features.join(" "))),
    );
    words.join(" ")
}
