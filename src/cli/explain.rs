//! `--explain`: every setting, its value, and who decided it.

use std::io::{self, Write};

use super::candidates::{PlannedModel, runtimes};
use super::criteria;
use super::start::printable;
use crate::dataset;
use crate::plan::{Job, Part, Source};
use crate::report::layout::wrap;
use crate::report::{ColorChoice, Style};

/// Writes the settings of one job, and the classes of its data.
pub fn explain(
    planned: &PlannedModel,
    job: &Job,
    classes: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{}", planned.model.path().display())?;
    for (key, value, decided) in rows(planned, job) {
        setting(&key, &value, &decided, out)?;
    }
    for remark in &planned.remarks {
        writeln!(out, "  remark: {}", printable(remark))?;
    }
    writeln!(out)?;
    class_map(classes, Style::of_stdout(ColorChoice::Never).width, out)
}

/// A setting, its value, and who decided it.
pub fn setting(key: &str, value: &str, decided: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "  {key:<28} {value:<42} {decided}")
}

/// Which class stands for which output of the model: labels in another order than the model's are
/// wrong without any error. No line is longer than `width`.
pub fn class_map(classes: &[String], width: usize, out: &mut impl Write) -> io::Result<()> {
    if classes.is_empty() {
        return Ok(());
    }
    writeln!(out, "  output  class of the data")?;
    for (label, name) in classes.iter().enumerate() {
        let lines = wrap(&printable(name), width.saturating_sub(10));
        writeln!(out, "  {label:>6}  {}", lines.join("\n          "))?;
    }
    writeln!(out)
}

fn rows(planned: &PlannedModel, job: &Job) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    let mut row = |key: &str, value: String, otherwise: &str| {
        let decided = match planned.resolved.source(key) {
            Source::Default => otherwise.to_owned(),
            source => source.to_string(),
        };
        rows.push((key.to_owned(), value, decided));
    };
    let settings = &planned.resolved.settings;
    let none = || "none".to_owned();
    match &job.dataset {
        Some(data) => {
            row("data.path", data.path.display().to_string(), "default");
            row(
                "data.format",
                data.format.map_or("found from the content".into(), |f| format!("{f:?}").to_lowercase()),
                "default",
            );
            row(
                "data.split",
                data.split.clone().unwrap_or_else(|| "test, where there are splits".into()),
                "default",
            );
            let found = || "found by type and name, in tables".to_owned();
            row("data.image_column", data.columns.image.clone().unwrap_or_else(found), "default");
            row("data.label_column", data.columns.label.clone().unwrap_or_else(found), "default");
            let or = |texts: Vec<String>, otherwise: &str| {
                if texts.is_empty() { otherwise.to_owned() } else { texts.join(", ") }
            };
            let named = match data.class_names.len() {
                0 => "the data set's own".to_owned(),
                // The names themselves stand below, each with its label.
                count => format!("{count} names"),
            };
            row("data.class_names", named, "default");
            row("data.classes", or(data.part.classes.clone(), "all"), "default");
            let conditions = Part { conditions: data.part.conditions.clone(), ..Part::default() };
            row("data.where", or(conditions.describe(), "all images"), "default");
            row(
                "data.list",
                data.part.list.as_ref().map_or_else(none, |list| list.display().to_string()),
                "default",
            );
            let calibration = settings.data.calibration.as_ref();
            row(
                "data.calibration",
                calibration.map_or_else(none, |path| path.display().to_string()),
                "default",
            );
            if let Some(split) = &settings.data.calibration_split {
                row("data.calibration_split", split.clone(), "default");
            }
            row("data.slices", or(data.slices.clone(), "columns with few values"), "default");
            row("data.limit", data.limit.map_or_else(none, |limit| limit.to_string()), "default");
            let size = planned.resolved.settings.data.cache_size.clone();
            row("data.cache_size", size.unwrap_or_else(|| "4GiB".into()), "default");
            row("data.decoder", format!("{} for JPEG", dataset::JPEG_DECODER), "built in");
            row("data.on_bad_image", format!("{:?}", data.on_bad_image).to_lowercase(), "default");
        }
        None => row("data.path", none(), "default"),
    }
    for (key, value) in job.preprocess.describe() {
        let otherwise = if ["layout", "element", "size", "channels"].contains(&key.as_str()) {
            "graph"
        } else {
            "default"
        };
        row(&format!("preprocess.{key}"), value, otherwise);
    }
    row("model.output", job.output.name.clone(), "graph");
    row("model.scores", format!("{:?}", job.output.activation).to_lowercase(), "graph");
    row("model.background_class", job.output.background.to_string(), "default");
    row("model.config_files", settings.model.config_files.unwrap_or(true).to_string(), "default");
    let runtimes: Vec<String> = runtimes(planned).iter().map(ToString::to_string).collect();
    row("measure.runtimes", runtimes.join(", "), "default");
    row(
        "measure.batch",
        job.fixed_batch
            .or(job.protocol.batch)
            .map_or("the runtime's own (ort 32, tract 1)".into(), |batch| batch.to_string()),
        if job.fixed_batch.is_some() { "graph" } else { "default" },
    );
    row("measure.threads", job.session.threads.to_string(), "default");
    row("measure.time", format!("{} s", job.protocol.latency_seconds), "default");
    row("measure.precision", format!("{} %", job.protocol.precision * 100.0), "default");
    row("measure.seed", job.protocol.seed.to_string(), "default");
    row("measure.optimization", format!("{:?}", job.session.optimization).to_lowercase(), "default");
    row("measure.spinning", job.session.spinning.to_string(), "default");
    if let Ok(options) = criteria::options(&planned.resolved) {
        let percent = |share: f64| format!("{} %", (share * 1e6).round() / 1e4);
        row("verdict.margin", options.criteria.margin.to_string(), "default");
        row("verdict.min_effect", percent(options.criteria.min_effect), "default");
        row("verdict.resamples", options.resampling.resamples.to_string(), "default");
    }
    for (key, value) in &job.session.config {
        row("measure.session", format!("{key}={value}"), "default");
    }
    rows
}
