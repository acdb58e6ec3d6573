//! `--explain`: every setting, its value, and who decided it.

use std::io::{self, Write};

use super::candidates::PlannedModel;
use super::criteria;
use super::start::printable;
use crate::dataset;
use crate::plan::{Job, Source};
use crate::report::layout::wrap;
use crate::report::settings::{self, Setting};
use crate::report::{ColorChoice, Style};

/// Writes the settings of one job, the `runtimes` that its model is measured in, and the classes of its
/// data.
pub fn explain(
    planned: &PlannedModel,
    job: &Job,
    runtimes: &[String],
    classes: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{}", planned.model.path().display())?;
    for (key, value, decided) in rows(planned, job, runtimes) {
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

/// `(key, value, who decided it)`.
fn rows(planned: &PlannedModel, job: &Job, runtimes: &[String]) -> Vec<(String, String, String)> {
    let mut all = settings::of(job);
    // The names themselves stand below, each with its label.
    let count = job.dataset.as_ref().map_or(0, |data| data.class_names.len());
    let names = all.iter_mut().filter(|(key, _)| key == "data.class_names" && count > 0);
    names.for_each(|(_, value)| *value = format!("{count} names"));
    all.extend(of_the_command(planned, job, runtimes));
    settings::by_section(&mut all);
    let decided = |(key, value): Setting| {
        let source = match planned.resolved.source(settings::decided_as(&key)) {
            Source::Default => undecided(&key, job).to_owned(),
            source => source.to_string(),
        };
        (key, value, source)
    };
    all.into_iter().map(decided).collect()
}

/// What a command goes by beside its jobs.
fn of_the_command(planned: &PlannedModel, job: &Job, runtimes: &[String]) -> Vec<Setting> {
    let said = &planned.resolved.settings;
    let calibration = said.data.calibration.as_ref();
    let cache = said.data.cache_size.clone();
    let of_data = [
        ("data.calibration", Some(calibration.map_or("none".into(), |path| path.display().to_string()))),
        ("data.calibration_split", said.data.calibration_split.clone()),
        ("data.cache_size", Some(cache.unwrap_or_else(|| "4GiB".into()))),
        ("data.decoder", Some(format!("{} for JPEG", dataset::JPEG_DECODER))),
    ];
    let of_data = of_data.into_iter().filter(|_| job.dataset.is_some());
    let others = [
        ("model.config_files", Some(said.model.config_files.unwrap_or(true).to_string())),
        ("measure.runtimes", Some(runtimes.join(", "))),
    ];
    let mut all: Vec<Setting> =
        of_data.chain(others).filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    if let Ok(options) = criteria::options(&planned.resolved) {
        all.extend(settings::of_verdict(&options.criteria, options.resampling.resamples));
    }
    all
}

/// Where a setting is from that nobody has made.
fn undecided(key: &str, job: &Job) -> &'static str {
    match key {
        "preprocess.layout" | "preprocess.element" | "preprocess.size" | "preprocess.channels" => "graph",
        "model.output" | "model.scores" => "graph",
        "measure.batch" if job.fixed_batch.is_some() => "graph",
        "data.decoder" => "built in",
        _ => "default",
    }
}
