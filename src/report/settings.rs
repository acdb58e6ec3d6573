//! Every setting of a job in words, as `key` and value, the same for `--explain` and for reports.

use super::number::whole;
use crate::compare::Criteria;
use crate::plan::{DatasetSpec, Job, OnBadImage, Part};

/// A key such as `measure.batch`, and its value.
pub type Setting = (String, String);

/// The parts of a settings file, in the order of the work.
const SECTIONS: [&str; 5] = ["data", "preprocess", "model", "measure", "verdict"];

/// What the job does, setting by setting.
pub fn of(job: &Job) -> Vec<Setting> {
    let mut all = match &job.dataset {
        Some(spec) => data(spec),
        None => vec![("data.path".into(), "none".into())],
    };
    let preprocess = job.preprocess.describe().into_iter();
    all.extend(preprocess.map(|(key, value)| (format!("preprocess.{key}"), value)));
    all.extend(measuring(job));
    all
}

/// By what the verdict is made.
pub fn of_verdict(criteria: &Criteria, resamples: usize) -> [Setting; 3] {
    [
        ("verdict.margin".into(), criteria.margin.to_string()),
        ("verdict.min_effect".into(), format!("{} %", trimmed(criteria.min_effect * 100.0))),
        ("verdict.resamples".into(), resamples.to_string()),
    ]
}

/// Puts what belongs together side by side, and keeps the order otherwise.
pub fn by_section(settings: &mut [Setting]) {
    settings.sort_by_key(|(key, _)| SECTIONS.iter().position(|name| key.split('.').next() == Some(*name)));
}

/// The key under which it is remembered who decided `key`.
pub fn decided_as(key: &str) -> &str {
    match key {
        "data.seed" => "measure.seed",
        _ if key.starts_with("measure.session.") => "measure.session",
        _ => key,
    }
}

fn data(spec: &DatasetSpec) -> Vec<Setting> {
    let or = |text: Option<String>, otherwise: &str| text.unwrap_or_else(|| otherwise.to_owned());
    let some = |texts: &[String]| (!texts.is_empty()).then(|| texts.join(", "));
    let conditions = Part { conditions: spec.part.conditions.clone(), ..Part::default() }.describe();
    let list = spec.part.list.as_ref().map(|list| list.display().to_string());
    let bad = match spec.on_bad_image {
        OnBadImage::Fail => "fail",
        OnBadImage::Skip => "skip",
    };
    [
        ("data.path", spec.path.display().to_string()),
        ("data.format", or(spec.format.map(|format| format.name().to_owned()), "found from the content")),
        ("data.split", or(spec.split.clone(), "test, where there are splits")),
        ("data.image_column", or(spec.columns.image.clone(), "found by type and name, in tables")),
        ("data.label_column", or(spec.columns.label.clone(), "found by type and name, in tables")),
        ("data.class_names", or(some(&spec.class_names), "the data set's own")),
        ("data.classes", or(some(&spec.part.classes), "all")),
        ("data.where", or(some(&conditions), "all images")),
        ("data.list", or(list, "none")),
        ("data.slices", or(some(&spec.slices), "columns with few values")),
        ("data.limit", or(spec.limit.map(|limit| whole(limit as u64)), "none")),
        ("data.shard", or(spec.shard.map(|shard| shard.to_string()), "none")),
        ("data.seed", spec.seed.to_string()),
        ("data.on_bad_image", bad.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

fn measuring(job: &Job) -> Vec<Setting> {
    let (protocol, session) = (&job.protocol, &job.session);
    let batch = job.fixed_batch.or(protocol.batch);
    let mut all: Vec<Setting> = [
        ("model.output", job.output.name.clone()),
        ("model.scores", format!("{:?}", job.output.activation).to_lowercase()),
        ("model.background_class", job.output.background.to_string()),
        ("measure.passes", format!("{:?}", protocol.passes).to_lowercase()),
        (
            "measure.batch",
            batch.map_or("the runtime's own (ort 4 to 32, tract 1)".into(), |batch| whole(batch as u64)),
        ),
        ("measure.threads", whole(session.threads as u64)),
        ("measure.optimization", format!("{:?}", session.optimization).to_lowercase()),
        ("measure.spinning", session.spinning.to_string()),
        ("measure.seed", protocol.seed.to_string()),
        ("measure.time", format!("{} s", trimmed(protocol.latency_seconds))),
        ("measure.precision", format!("{} %", trimmed(protocol.precision * 100.0))),
        ("measure.least_rounds", whole(u64::from(protocol.least_rounds))),
        (
            "measure.block",
            format!("{} to {} ms", trimmed(protocol.block_ms), trimmed(protocol.longest_block_ms)),
        ),
        ("measure.throughput_time", format!("{} s", trimmed(protocol.throughput_seconds))),
        ("measure.warm_up_time", format!("at most {} s", trimmed(protocol.warm_up_seconds))),
        ("measure.latency_inputs", whole(protocol.latency_inputs as u64)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    all.extend(session.config.iter().map(|(key, value)| (format!("measure.session.{key}"), value.clone())));
    all
}

/// A setting as it was written, without the noise of its last bits.
pub(super) fn trimmed(setting: f64) -> String {
    ((setting * 1e6).round() / 1e6).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_by_section_in_the_order_of_the_work() {
        let keys = ["measure.batch", "data.path", "verdict.margin", "preprocess.scale", "data.limit"];
        let mut settings = keys.map(|key| (key.to_owned(), String::new()));
        by_section(&mut settings);
        let keys = settings.map(|(key, _)| key);
        assert_eq!(keys, ["data.path", "data.limit", "preprocess.scale", "measure.batch", "verdict.margin"]);
    }
}
