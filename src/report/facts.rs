//! What was measured, where and how: the lines above the table.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::number::{self, counted, plain, whole};
use super::view::clean;
use crate::compare::{Column, Comparison};
use crate::plan::Optimization;
use crate::record::{DatasetIdentity, Ended, Environment, RunRecord};

/// A named fact. It has several lines where runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// What is the case; parts are divided by ` · `.
    pub lines: Vec<String>,
}

/// The facts of a comparison.
pub(super) fn of(comparison: &Comparison) -> Vec<Fact> {
    let fact = |name, of: fn(&RunRecord) -> Option<String>| Fact { name, lines: distinct(comparison, of) };
    let mut facts = vec![
        Fact { name: "data", lines: data_lines(comparison) },
        fact("calibration", calibration),
        fact("input", |record| Some(record.job.preprocess.summary())),
        Fact { name: "models", lines: unlabelled(comparison, |record| Some(model(record))) },
        Fact { name: "runtimes", lines: unlabelled(comparison, runtime) },
        fact("machine", |record| Some(machine(&record.environment))),
        Fact { name: "settings", lines: settings_lines(comparison) },
        Fact { name: "latency", lines: rounds(comparison).into_iter().collect() },
        fact("memory", |record| {
            let source = &record.evidence.memory.as_ref()?.source;
            Some(format!("one session at batch 1 · read from {}", clean(source)))
        }),
        Fact { name: "measured", lines: measured(comparison).into_iter().collect() },
    ];
    facts.retain(|fact| !fact.lines.is_empty());
    facts
}

/// The different texts that `of` gives, each with the runs it holds for where there are several.
fn distinct(comparison: &Comparison, of: fn(&RunRecord) -> Option<String>) -> Vec<String> {
    let groups = grouped(comparison, of);
    match groups.as_slice() {
        [(text, _)] => vec![text.clone()],
        _ => groups.into_iter().map(|(text, labels)| format!("{text} · for {}", labels.join(", "))).collect(),
    }
}

/// A label that no line break may divide; the terminal writes plain spaces.
fn unbroken(label: &str) -> String {
    label.replace(' ', "\u{a0}")
}

/// The different texts that `of` gives, for texts that name what they hold for.
fn unlabelled(comparison: &Comparison, of: fn(&RunRecord) -> Option<String>) -> Vec<String> {
    grouped(comparison, of).into_iter().map(|(text, _)| text).collect()
}

fn grouped(comparison: &Comparison, of: fn(&RunRecord) -> Option<String>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for Column { record, .. } in &comparison.columns {
        let Some(text) = of(record) else { continue };
        let label = unbroken(&clean(&record.job.label()));
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, labels)) => labels.push(label),
            None => groups.push((text, vec![label])),
        }
    }
    groups
}

fn data(record: &RunRecord) -> String {
    match (&record.dataset, &record.job.dataset) {
        (Some(data), _) => {
            let name = [Some(data.name.as_str()), data.split.as_deref()].into_iter().flatten();
            let name = clean(&name.collect::<Vec<_>>().join(" "));
            let classes = counted(data.classes.len() as u64, "class", "classes");
            let images = counted(data.images as u64, "image", "images");
            let mut parts = vec![name, images, classes];
            parts.extend(data.decoder.iter().map(|decoder| format!("JPEG by {}", clean(decoder))));
            parts.extend(shard(data));
            parts.extend(
                record.job.dataset.iter().flat_map(|spec| spec.part.describe()).map(|part| clean(&part)),
            );
            parts.join(" · ")
        }
        (None, Some(spec)) => format!("{} (not read)", clean(&spec.path.display().to_string())),
        (None, None) => "none, so accuracy is unknown · add --data FOLDER".into(),
    }
}

fn shard(data: &DatasetIdentity) -> Option<String> {
    let part = data.shard.as_ref()?;
    let all = counted(part.whole.images as u64, "image", "images");
    Some(format!("shard {} of {all}", part.shard))
}

/// The data that was read; where none was, what was to be.
fn data_lines(comparison: &Comparison) -> Vec<String> {
    let known =
        |record: &RunRecord| (record.dataset.is_some() || record.job.dataset.is_none()).then(|| data(record));
    match distinct(comparison, known) {
        lines if lines.is_empty() => distinct(comparison, |record| Some(data(record))),
        lines => lines,
    }
}

/// That it was looked for is worth a line also where nothing was found; a warning says more.
fn calibration(record: &RunRecord) -> Option<String> {
    let overlap = record.evidence.calibration.as_ref()?;
    let images = counted(overlap.images as u64, "image", "images");
    let shared = match overlap.shared() as u64 {
        0 => "none of them in the test".to_owned(),
        shared => format!("{} in the test too", whole(shared)),
    };
    Some(format!("{} · {images} · {shared}", clean(&overlap.name)))
}

fn model(record: &RunRecord) -> String {
    let model = &record.model;
    let quantization = match model.quantization.as_str() {
        "" | "none" => "not quantized".to_owned(),
        none if none.starts_with("none (") => {
            format!("not quantized, {}", clean(none[6..].trim_end_matches(')')))
        }
        passport => clean(passport),
    };
    format!(
        "{}: {} · {} parameters · opset {} · {quantization}",
        // The data that it may name is no part of its own.
        clean(&record.job.variant).replace(" · ", "\u{a0}·\u{a0}"),
        clean(&model.path),
        whole(model.parameters),
        model.opset
    )
}

fn runtime(record: &RunRecord) -> Option<String> {
    let runtime = record.runtime.as_ref()?;
    Some(format!("{} {} · {}", clean(&runtime.name), clean(&runtime.version), clean(&runtime.provider)))
}

fn machine(environment: &Environment) -> String {
    let mut parts = vec![clean(&environment.cpu), counted(environment.cores as u64, "core", "cores")];
    parts.extend(environment.quota.map(|quota| format!("limited to {} cores' time", plain(quota.cpus))));
    parts.extend((!environment.cpu_features.is_empty()).then(|| clean(&environment.cpu_features.join(" "))));
    parts.push(clean(&environment.os));
    parts.join(" · ")
}

fn settings_lines(comparison: &Comparison) -> Vec<String> {
    let mut lines = distinct(comparison, |record| Some(settings(record)));
    lines.extend(batches(comparison));
    lines
}

fn settings(record: &RunRecord) -> String {
    let session = &record.job.session;
    let latency_batch = record.evidence.latency.as_ref().map_or(1, |latency| latency.batch);
    let mut parts = vec![format!("{} a run", counted(session.threads as u64, "thread", "threads"))];
    let timed = record.job.protocol.passes.is_all();
    parts.push(if timed { format!("latency at batch {latency_batch}") } else { "accuracy alone".to_owned() });
    parts.extend(optimization(session.optimization).map(str::to_owned));
    parts.extend(session.config.iter().map(|(key, value)| clean(&format!("{key}={value}"))));
    parts.join(" · ")
}

/// The batches that each runtime was given: tract is faster one by one, and larger images go in smaller
/// batches.
fn batches(comparison: &Comparison) -> Option<String> {
    let mut own: Vec<(String, Vec<usize>)> = Vec::new();
    for Column { record, .. } in &comparison.columns {
        let Some(throughput) = &record.evidence.throughput else { continue };
        let runtime = clean(&record.job.runtime.to_string());
        match own.iter_mut().find(|(known, _)| *known == runtime) {
            Some((_, batches)) => batches.push(throughput.batch),
            None => own.push((runtime, vec![throughput.batch])),
        }
    }
    let of = |(runtime, mut batches): (String, Vec<usize>)| {
        batches.sort_unstable();
        batches.dedup();
        let batches: Vec<String> = batches.iter().map(usize::to_string).collect();
        format!("{} in {runtime}", batches.join(" or "))
    };
    let own: Vec<String> = own.into_iter().map(of).collect();
    (!own.is_empty()).then(|| format!("throughput and accuracy on all cores at batch {}", own.join(", ")))
}

/// How much the latencies rest on, and what this machine makes of no difference.
fn rounds(comparison: &Comparison) -> Option<String> {
    let baseline = comparison.columns.get(comparison.baseline)?;
    let latency = baseline.record.evidence.latency.as_ref().filter(|latency| !latency.rounds.is_empty())?;
    let launches = latency.rounds.iter().map(|round| round.launch).max().map_or(1, |last| last + 1);
    let precision = (baseline.record.job.protocol.precision * 1e4).round() / 1e2;
    let ended = match latency.ended {
        Some(Ended::Precision) => format!("ended when every ratio was known to {} %", plain(precision)),
        Some(Ended::Time) => "ended when the time was spent".into(),
        None => "cut short".into(),
    };
    let floor = baseline.reading("noise_floor").and_then(|reading| reading.value);
    let floor = floor.map(|floor| format!("noise floor {}", number::percent(floor)));
    let counts = format!(
        "{} in {}",
        counted(latency.rounds.len() as u64, "round", "rounds"),
        counted(u64::from(launches), "launch", "launches")
    );
    let parts: Vec<String> = [Some(counts), Some(ended), floor].into_iter().flatten().collect();
    Some(parts.join(" · "))
}

/// When, for how long, and with which version.
fn measured(comparison: &Comparison) -> Option<String> {
    let records = || comparison.columns.iter().map(|column| &column.record);
    let time = |text: &String| OffsetDateTime::parse(text, &Rfc3339).ok();
    let start = records().filter_map(|record| time(&record.started_at)).min()?;
    let end = records().filter_map(|record| time(&record.finished_at)).max()?;
    let (date, hour, minute) = (start.date(), start.hour(), start.minute());
    let mut versions: Vec<String> = records().map(|record| clean(&record.tool.version)).collect();
    versions.dedup();
    Some(format!(
        "{date} {hour:02}:{minute:02} UTC · within {} · bench {}",
        number::span((end - start).whole_seconds().unsigned_abs()),
        versions.join(", ")
    ))
}

/// What deployments use goes without saying.
fn optimization(level: Optimization) -> Option<&'static str> {
    match level {
        Optimization::None => Some("graph not optimized"),
        Optimization::Basic => Some("basic graph optimization"),
        Optimization::Extended => Some("extended graph optimization"),
        Optimization::All => None,
    }
}
