//! The command that measures the same again, every setting said aloud, so that no file, variable or
//! default of another machine can change it.

use super::settings::trimmed;
use super::view::clean;
use crate::compare::Comparison;
use crate::plan::{CommaList, DatasetSpec, Job, OnBadImage, Optimization};
use crate::preprocess::{Preprocess, ResizeTo};
use crate::tensor::ElementType;

/// A flag with its value, or words that stand alone.
type Words = Vec<String>;

/// The command, a flag a line, as a shell takes it; one for each data set, since what is said of the data
/// holds for all models of a command. None where there is no run.
pub(super) fn reproduce(comparison: &Comparison) -> Option<String> {
    let of = |jobs: &Vec<&Job>| command(jobs, comparison);
    let commands: Vec<String> = by_data(comparison).iter().filter_map(of).collect();
    (!commands.is_empty()).then(|| commands.join("\n"))
}

/// The jobs on each data set.
fn by_data(comparison: &Comparison) -> Vec<Vec<&Job>> {
    let mut found: Vec<(usize, Vec<&Job>)> = Vec::new();
    for (index, column) in comparison.columns.iter().enumerate() {
        let elsewhere = comparison.unpaired(index).map(|_| index);
        let first = elsewhere.or(column.against()).unwrap_or(comparison.baseline);
        match found.iter_mut().find(|(known, _)| *known == first) {
            Some((_, jobs)) => jobs.push(&column.record.job),
            None => found.push((first, vec![&column.record.job])),
        }
    }
    found.into_iter().map(|(_, jobs)| jobs).collect()
}

fn command(jobs: &[&Job], comparison: &Comparison) -> Option<String> {
    let first = jobs.first()?;
    let mut command: Words = vec!["bench".into(), "compare".into()];
    command.extend(distinct(jobs.iter().map(|job| job.model.path.display().to_string())));
    let mut lines = vec![command];
    lines.push(flag("--runtime", distinct(jobs.iter().map(|job| job.runtime.to_string())).join(",")));
    lines.extend(first.dataset.iter().flat_map(data));
    if jobs.iter().all(|job| job.preprocess == first.preprocess) {
        lines.extend(preprocess(&first.preprocess));
    }
    lines.extend(measuring(first));
    lines.extend(verdict(comparison));
    let lines =
        lines.iter().map(|words| words.iter().map(|word| quoted(&clean(word))).collect::<Words>().join(" "));
    Some(lines.collect::<Words>().join(" \\\n  "))
}

/// Whether the command measures what these runs did: shards and accuracy alone are measured by `bench run`.
pub(super) fn is_whole(comparison: &Comparison) -> bool {
    let whole = |job: &Job| {
        job.protocol.passes.is_all() && job.dataset.as_ref().is_none_or(|spec| spec.shard.is_none())
    };
    comparison.columns.iter().all(|column| whole(&column.record.job))
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

fn flag(name: &str, value: impl Into<String>) -> Words {
    vec![name.into(), value.into()]
}

fn data(spec: &DatasetSpec) -> Vec<Words> {
    let listed = |values: &[String]| CommaList(values.to_vec()).to_string();
    let list = |name: &str, values: &[String]| (!values.is_empty()).then(|| flag(name, listed(values)));
    let text = |name: &str, value: Option<String>| value.map(|value| flag(name, value));
    let part = &spec.part;
    let mut flags: Vec<Words> = [
        Some(flag("--data", spec.path.display().to_string())),
        text("--format", spec.format.map(|format| format.name().to_owned())),
        text("--split", spec.split.clone()),
        text("--image-column", spec.columns.image.clone()),
        text("--label-column", spec.columns.label.clone()),
        list("--class-names", &spec.class_names),
        list("--classes", &part.classes),
        text("--list", part.list.as_ref().map(|list| list.display().to_string())),
        text("--limit", spec.limit.map(|limit| limit.to_string())),
        list("--slice", &spec.slices),
        (spec.on_bad_image == OnBadImage::Skip).then(|| flag("--on-bad-image", "skip")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let condition =
        |(column, values): (&String, &Vec<String>)| flag("--where", format!("{column}={}", listed(values)));
    flags.extend(part.conditions.iter().map(condition));
    flags
}

fn preprocess(settings: &Preprocess) -> Vec<Words> {
    let mut flags = vec![flag("--channels", settings.channels.name().to_lowercase())];
    flags.extend(settings.exif_orientation.then(|| vec!["--exif-orientation=true".into()]));
    match &settings.resize {
        None => flags.push(flag("--resize", "none")),
        Some(step) => {
            let to = match step.to {
                ResizeTo::Exact(size) => size.to_string(),
                ResizeTo::ShorterSide(side) => side.to_string(),
            };
            flags.push(flag("--resize", to));
            flags.push(flag("--resampler", step.resampler.name()));
            flags.push(flag("--filter", step.filter.name()));
            flags.push(flag("--antialias", step.antialias.to_string()));
        }
    }
    if let Some(crop) = &settings.crop {
        flags.push(flag("--crop", crop.size.to_string()));
        flags.push(flag("--crop-rounding", crop.rounding.name()));
        flags.push(flag("--pad", crop.pad.to_string()));
    }
    // Bytes go into the model as they are.
    if matches!(settings.element, ElementType::F32 | ElementType::F16) {
        flags.extend(scaling(settings));
    }
    flags.push(flag("--layout", settings.layout.name().to_lowercase()));
    flags
}

fn scaling(settings: &Preprocess) -> Vec<Words> {
    let numbers = |name: &str, values: &[f32]| {
        let values: Vec<String> = values.iter().map(f32::to_string).collect();
        // With `=`, since a value may begin with a minus.
        (!values.is_empty()).then(|| vec![format!("{name}={}", values.join(","))])
    };
    let scale = flag("--scale", format!("{:?}", settings.scale).to_lowercase());
    [Some(scale), numbers("--mean", &settings.mean), numbers("--std", &settings.std)]
        .into_iter()
        .flatten()
        .collect()
}

fn measuring(job: &Job) -> Vec<Words> {
    let (session, protocol) = (&job.session, &job.protocol);
    let mut flags: Vec<Words> = [
        Some(flag("--scores", format!("{:?}", job.output.activation).to_lowercase())),
        job.output.background.then(|| vec!["--background-class=true".into()]),
        protocol.batch.map(|batch| flag("--batch", batch.to_string())),
        Some(flag("--threads", session.threads.to_string())),
        (session.optimization != Optimization::All)
            .then(|| flag("--optimization", format!("{:?}", session.optimization).to_lowercase())),
        (!session.spinning).then(|| vec!["--no-spin".into()]),
        Some(flag("--time", trimmed(protocol.latency_seconds))),
        Some(flag("--precision", trimmed(protocol.precision * 100.0))),
        Some(flag("--seed", protocol.seed.to_string())),
    ]
    .into_iter()
    .flatten()
    .collect();
    flags.extend(session.config.iter().map(|(key, value)| flag("--session", format!("{key}={value}"))));
    flags
}

fn verdict(comparison: &Comparison) -> [Words; 3] {
    let criteria = &comparison.criteria;
    [
        flag("--margin", criteria.margin.to_string()),
        flag("--min-effect", trimmed(criteria.min_effect * 100.0)),
        flag("--resamples", comparison.resamples.to_string()),
    ]
}

/// A word as a POSIX shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./=,:%+@".contains(character);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_each_word_as_one() {
        assert_eq!(quoted("models/a.onnx"), "models/a.onnx");
        assert_eq!(quoted("my model.onnx"), "'my model.onnx'");
        assert_eq!(quoted("it's; rm -rf $HOME"), r"'it'\''s; rm -rf $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
