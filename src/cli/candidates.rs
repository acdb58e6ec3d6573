//! From what the user named to candidates: model files become jobs with every setting resolved,
//! saved records are loaded, and both look the same afterwards.

use std::path::{Path, PathBuf};

use super::beside::beside;
use super::{criteria, runs};
use crate::dataset;
use crate::error::{Error, Result};
use crate::model::{ModelFile, shape_text};
use crate::plan::{
    self, DataColumns, DatasetSpec, Device, InputPort, Job, Layer, ModelSpec, OutputPort, Part, Protocol,
    Resolved, RuntimeSpec, SessionOptions, Settings, Source, cache_size,
};
use crate::preprocess::{InputFacts, Layout, PreprocessSettings};
use crate::record::{DatasetIdentity, Run};
use crate::report::number::counted;
use crate::runtime;

/// One thing that the user named.
pub enum Named {
    /// A model to measure.
    Model(Box<PlannedModel>),
    /// Runs measured before.
    Saved(Vec<Run>),
}

/// A model with its settings.
pub struct PlannedModel {
    /// The file.
    pub model: ModelFile,
    /// Its settings and where they came from.
    pub resolved: Resolved,
    /// Short name in tables.
    pub variant: String,
    /// What the files beside the model ask for in vain.
    pub remarks: Vec<String>,
}

/// Opens everything that was named, in order.
pub fn open(paths: &[PathBuf], given: &[Layer]) -> Result<Vec<Named>> {
    let variants = variants(paths);
    paths.iter().zip(variants).map(|(path, variant)| open_one(path, variant, given)).collect()
}

/// Opens the one model of `command`, which takes no records.
pub fn open_model(path: &Path, given: &[Layer], command: &str) -> Result<PlannedModel> {
    match open_one(path, variants(&[path.to_owned()]).concat(), given)? {
        Named::Model(planned) => Ok(*planned),
        Named::Saved(_) => Err(Error::usage(format!("`{command}` measures a model"))
            .at_path(path)
            .help("name an .onnx file; `bench report` shows records")),
    }
}

fn open_one(path: &Path, variant: String, given: &[Layer]) -> Result<Named> {
    let path = runs::named(path)?;
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "json") {
        return runs::load(&path).map(Named::Saved);
    }
    let model = ModelFile::open(&path)?;
    let (layers, remarks) = layers(&model, given)?;
    let resolved = plan::resolve(&layers)?;
    Ok(Named::Model(Box::new(PlannedModel { model, resolved, variant, remarks })))
}

/// Flags and environment as given, then the settings file, then the model's own metadata, then the
/// files that it ships with.
fn layers(model: &ModelFile, given: &[Layer]) -> Result<(Vec<Layer>, Vec<String>)> {
    let mut layers = given.to_vec();
    let working = std::env::current_dir().unwrap_or_default();
    if let Some(path) = plan::discover(model.path(), &working) {
        layers.push(plan::read_file(&path)?);
    }
    layers.push(metadata_layer(model)?);
    let wanted = layers.iter().find_map(|layer| layer.settings.model.config_files).unwrap_or(true);
    let (files, remarks) = if wanted { beside(model)? } else { Default::default() };
    layers.extend(files);
    Ok((layers, remarks))
}

/// `bench.classes` (one a line), `bench.preprocess` (as the section of a settings file) and
/// `bench.scores` in the model's `metadata_props`.
fn metadata_layer(model: &ModelFile) -> Result<Layer> {
    let metadata = model.metadata();
    let wrong = |key: &str, cause: &dyn std::fmt::Display| {
        Error::unusable(format!("metadata `{key}` of the model is not understood"))
            .because(cause)
            .at_path(model.path())
    };
    let mut settings = Settings::default();
    if let Some(classes) = metadata.get("bench.classes") {
        settings.data.class_names = Some(classes.lines().map(str::to_owned).collect());
    }
    if let Some(text) = metadata.get("bench.preprocess") {
        settings.preprocess = toml::from_str::<PreprocessSettings>(text)
            .map_err(|e| wrong("bench.preprocess", &e.message()))?;
    }
    if let Some(text) = metadata.get("bench.scores") {
        settings.model.scores =
            Some(clap::ValueEnum::from_str(text, true).map_err(|e| wrong("bench.scores", &e))?);
    }
    Ok(Layer { source: Source::Metadata(model.path().to_owned()), settings })
}

/// The runtimes to measure `planned` in.
pub fn runtimes(planned: &PlannedModel) -> Vec<RuntimeSpec> {
    let default = || {
        let names: &[&str] = if cfg!(feature = "tract") { &["ort", "tract"] } else { &["ort"] };
        names.iter().map(|&name| RuntimeSpec { name: name.into(), device: Device::Cpu }).collect()
    };
    planned.resolved.settings.measure.runtimes.clone().unwrap_or_else(default)
}

/// The runtime of `command`, which has but one: that asked for, or the first of those that settings
/// name.
pub fn one_runtime(planned: &PlannedModel, command: &str) -> Result<RuntimeSpec> {
    let runtimes = runtimes(planned);
    let source = planned.resolved.source("measure.runtimes");
    if runtimes.len() > 1 && matches!(source, Source::Flag | Source::Environment) {
        return Err(Error::usage(format!("`{command}` measures in one runtime"))
            .help("name one with --runtime, or use `bench compare MODEL --record DIR`"));
    }
    let first = runtimes.into_iter().next();
    let runtime = first.ok_or_else(|| Error::usage("no runtime is named").help("say --runtime ort"))?;
    runtime::find(&runtime.name)?;
    Ok(runtime)
}

/// The job of `planned` in `runtime`.
pub fn job(planned: &PlannedModel, runtime: RuntimeSpec) -> Result<Job> {
    let (model, settings) = (&planned.model, &planned.resolved.settings);
    let input = model.input_port()?;
    let mut output = model.output_port(settings.model.output.as_deref())?;
    if let Some(activation) = settings.model.scores {
        output.activation = activation;
    }
    output.background = settings.model.background_class.unwrap_or(false);
    check_names(planned, &output)?;
    let preprocess = settings
        .preprocess
        .clone()
        .resolve(facts(model, &settings.preprocess)?)
        .map_err(|error| if error.place.is_some() { error } else { error.at(place_of(model, &input)) })?;
    let protocol = protocol(settings);
    Ok(Job {
        variant: planned.variant.clone(),
        model: ModelSpec { path: model.path().to_owned(), sha256: model.file_sha256().to_owned() },
        runtime,
        session: SessionOptions {
            threads: settings.measure.threads.unwrap_or(1),
            optimization: settings.measure.optimization.unwrap_or_default(),
            spinning: settings.measure.spinning.unwrap_or(true),
            config: settings.measure.session.clone(),
        },
        input,
        output,
        fixed_batch: model.fixed_batch(),
        preprocess,
        dataset: dataset_spec(&planned.resolved, protocol.seed),
        protocol,
        verdict: criteria::in_full(&planned.resolved)?,
        sources: planned
            .resolved
            .sources
            .iter()
            .map(|(key, source)| (key.clone(), source.to_string()))
            .collect(),
    })
}

/// Class names that came with the model must be as many as its outputs: a file that was copied from
/// another model names the wrong ones.
fn check_names(planned: &PlannedModel, output: &OutputPort) -> Result<()> {
    let source = planned.resolved.source("data.class_names");
    let (Source::Beside(..), Some(names), Some(classes)) =
        (source, &planned.resolved.settings.data.class_names, output.judged())
    else {
        return Ok(());
    };
    if names.len() == classes || planned.resolved.settings.data.path.is_none() {
        return Ok(());
    }
    Err(Error::usage(format!("{} classes are named, the model has {classes}", names.len()))
        .at(source.to_string())
        .help("if the file belongs to another model, remove it or set `config_files = false` under [model] in bench.toml (`--config-files false`)"))
}

/// The input that settings have to fit: its file, name and shape.
fn place_of(model: &ModelFile, input: &InputPort) -> String {
    format!("{}, input `{}` {}", model.path().display(), input.name, shape_text(&input.shape))
}

fn facts(model: &ModelFile, settings: &PreprocessSettings) -> Result<InputFacts> {
    let input = model.input_port()?;
    let layout = settings.layout.or_else(|| model.layout()).ok_or_else(|| {
        Error::usage(format!("it is not clear which axis of the input {:?} holds the channels", input.shape))
            .at_path(model.path())
            .help("say --layout nchw or --layout nhwc, or `layout` under [preprocess] in bench.toml")
    })?;
    let at = |axis: usize| input.shape.get(axis).and_then(plan::Dim::known);
    let (channels, height, width) = match layout {
        Layout::Nchw => (at(1), at(2), at(3)),
        Layout::Nhwc => (at(3), at(1), at(2)),
    };
    Ok(InputFacts {
        channels,
        // `input_port` lets no longer side pass.
        height: height.and_then(|side| u32::try_from(side).ok()),
        width: width.and_then(|side| u32::try_from(side).ok()),
        layout,
        element: input.element,
    })
}

fn dataset_spec(resolved: &Resolved, seed: u64) -> Option<DatasetSpec> {
    let data = &resolved.settings.data;
    Some(DatasetSpec {
        path: data.path.clone()?,
        format: data.format,
        split: data.split.clone(),
        columns: DataColumns { image: data.image_column.clone(), label: data.label_column.clone() },
        class_names: data.class_names.clone().unwrap_or_default(),
        model_names_classes: matches!(
            resolved.source("data.class_names"),
            Source::Metadata(_) | Source::Beside(..)
        ),
        part: Part {
            classes: data.only_classes.clone().unwrap_or_default(),
            conditions: data.conditions.clone(),
            list: data.list.clone(),
        },
        limit: data.limit,
        shard: None,
        slices: data.slices.clone().unwrap_or_default(),
        seed,
        on_bad_image: data.on_bad_image.unwrap_or_default(),
        // A size that is none was refused with the settings.
        cache_bytes: data
            .cache_size
            .as_deref()
            .and_then(|size| cache_size::bytes(size).ok())
            .unwrap_or(cache_size::DEFAULT),
    })
}

fn protocol(settings: &Settings) -> Protocol {
    let default = Protocol::default();
    let measure = &settings.measure;
    let time = measure.time.unwrap_or(default.latency_seconds);
    Protocol {
        seed: measure.seed.unwrap_or(default.seed),
        batch: measure.batch,
        latency_seconds: time,
        precision: measure.precision.map_or(default.precision, |percent| percent / 100.0),
        // A short run is short in all its parts.
        throughput_seconds: default.throughput_seconds.min(time / 2.0),
        warm_up_seconds: default.warm_up_seconds.min(time),
        ..default
    }
}

/// Opens the data once in this process, so that a wrong path or class count is one error at once
/// and not one a candidate after a minute. Gives the class names in label order.
pub fn check_data(job: &Job, model: &ModelFile) -> Result<Vec<String>> {
    let Some(spec) = &job.dataset else { return Ok(Vec::new()) };
    let data = dataset::open(spec)?;
    let names = mapped(data.identity());
    match job.output.judged() {
        Some(judged) if judged != names.len() => Err(other_classes(job, judged, names.len()).at(format!(
            "{} and {}",
            model.path().display(),
            spec.path.display()
        ))),
        _ => Ok(names),
    }
}

/// The name of each class, with what the data itself calls it where that is another.
fn mapped(data: &DatasetIdentity) -> Vec<String> {
    let own = data.own_classes.iter().map(|own| format!(" ({own} in the data)"));
    data.classes
        .iter()
        .zip(own.chain(std::iter::repeat(String::new())))
        .map(|(name, own)| format!("{name}{own}"))
        .collect()
}

fn other_classes(job: &Job, judged: usize, classes: usize) -> Error {
    let what = match (job.output.classes(), job.output.background) {
        (Some(1), _) => "1 output, which makes 2 classes".to_owned(),
        (_, true) => format!("{judged} classes besides background"),
        _ => format!("{judged} classes"),
    };
    let help = match job.output.background {
        false if judged == classes + 1 => {
            "if its first output is background, say --background-class; else give the data set that the model was made for with --data"
        }
        true if judged + 1 == classes => "say --background-class=false if all its outputs are classes",
        _ => "give the data set that the model was made for with --data, or another output with --output",
    };
    let data = counted(classes as u64, "class", "classes");
    Error::usage(format!("the model has {what}, the data set has {data}")).help(help)
}

/// Short names of the variants: what the file names do not share, `fp32` and `int8` of
/// `net.fp32.onnx` and `net.int8.onnx`.
fn variants(paths: &[PathBuf]) -> Vec<String> {
    let stems: Vec<String> = paths
        .iter()
        .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    let parts: Vec<Vec<&str>> =
        stems.iter().map(|stem| stem.split_inclusive(['.', '-', '_']).collect()).collect();
    let shared = match parts.split_first() {
        Some((first, others)) if !others.is_empty() => {
            (0..first.len()).take_while(|&i| others.iter().all(|other| other.get(i) == first.get(i))).count()
        }
        _ => 0,
    };
    let short: Vec<String> = parts.iter().map(|parts| parts[shared.min(parts.len())..].concat()).collect();
    let distinct =
        short.iter().all(|name| !name.is_empty() && short.iter().filter(|other| *other == name).count() == 1);
    if distinct { short } else { numbered(stems) }
}

fn numbered(stems: Vec<String>) -> Vec<String> {
    let distinct = stems.iter().all(|stem| stems.iter().filter(|other| *other == stem).count() == 1);
    if distinct {
        return stems;
    }
    stems.iter().enumerate().map(|(index, stem)| format!("{stem} #{}", index + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[&str]) -> Vec<String> {
        variants(&paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn variants_are_what_the_names_do_not_share() {
        assert_eq!(named(&["m/net.fp32.onnx", "m/net.int8.onnx"]), ["fp32", "int8"]);
        assert_eq!(named(&["net_v2_fp32.onnx", "net_v2_qdq_u8.onnx"]), ["fp32", "qdq_u8"]);
        assert_eq!(named(&["net.onnx", "net.int8.onnx"]), ["net", "net.int8"]);
        assert_eq!(named(&["my-net.onnx"]), ["my-net"]);
    }

    #[test]
    fn equal_names_are_numbered() {
        assert_eq!(named(&["a/model.onnx", "b/model.onnx"]), ["model #1", "model #2"]);
    }
}
