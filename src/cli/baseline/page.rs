//! What a baseline holds, in a few lines.

use crate::digest::short;
use crate::gate::{Baseline, BaselineRun};
use crate::record::DatasetIdentity;
use crate::report::number::{self, counted};
use crate::stats;

/// Lines of what a baseline holds.
pub(super) fn lines(baseline: &Baseline) -> Vec<String> {
    let mut lines = vec![format!("  saved     {} by bench {}", baseline.saved_at, baseline.tool.version)];
    for (place, run) in baseline.runs.iter().enumerate() {
        let facts = facts(run);
        // Model, data and preprocessing are the same in every runtime.
        let shown = if place == 0 { &facts[..] } else { &facts[3..] };
        lines.extend(
            shown
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| format!("  {name:<9} {value}")),
        );
    }
    lines
}

/// Name and value of what a run of a baseline holds; model, data and preprocessing first. Empty where it
/// does not hold it.
pub(super) fn facts(run: &BaselineRun) -> Vec<(&'static str, String)> {
    let record = &run.record;
    let machine = &record.environment;
    vec![
        ("model", model(run)),
        ("data", record.dataset.as_ref().map(data).unwrap_or_default()),
        ("input", record.job.preprocess.summary()),
        ("runtime", runtime(run)),
        (
            "machine",
            format!("{}, {}, {}", machine.host, machine.cpu, counted(machine.cores as u64, "core", "cores")),
        ),
        ("accuracy", accuracy(run)),
        ("latency", latency(run)),
    ]
}

fn model(run: &BaselineRun) -> String {
    let model = &run.record.model;
    format!("{} ({}, {})", model.path, number::bytes(model.bytes as f64), short(&model.sha256))
}

fn data(data: &DatasetIdentity) -> String {
    let split = data.split.iter().map(|split| format!(" {split}")).collect::<String>();
    let images = counted(data.images as u64, "image", "images");
    format!("{}{split} ({images}, {})", data.name, short(&data.sha256))
}

fn runtime(run: &BaselineRun) -> String {
    let version =
        run.record.runtime.as_ref().map(|runtime| format!(" {}", runtime.version)).unwrap_or_default();
    format!("{}{version}", run.record.job.runtime)
}

fn accuracy(run: &BaselineRun) -> String {
    let Some(accuracy) = &run.accuracy else { return String::new() };
    let (right, images) = (number::whole(accuracy.right), counted(accuracy.images, "image", "images"));
    let share = accuracy.right as f64 / accuracy.images.max(1) as f64;
    let kept = match run.record.evidence.evaluation.as_ref().is_some_and(|it| !it.predictions.is_empty()) {
        true => ", with predictions",
        false => "",
    };
    format!("{}, {right} of {images}{kept}", number::percent(share))
}

fn latency(run: &BaselineRun) -> String {
    let median = stats::median(&run.costs.latency_ns);
    let launches = counted(run.costs.latency_ns.len() as u64, "launch", "launches");
    median.map(|ns| format!("{} in {launches}", number::duration(ns))).unwrap_or_default()
}
