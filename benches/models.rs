//! Models at batch 1, one criterion group a model and one function a runtime and precision, so that
//! criterion's baselines and critcmp compare them:
//!
//! ```text
//! cargo bench --bench models                                   # those in models/
//! BENCH_MODELS=~/nets cargo bench --bench models               # your own: a file or a folder
//! cargo bench --bench models -- --save-baseline before         # … and later: critcmp before after
//! ```

mod support;

use std::env;
use std::path::{Path, PathBuf};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use onnx_bench::cli::candidates::{self, PlannedModel};
use onnx_bench::plan::{DataSettings, Device, RuntimeSpec};
use onnx_bench::runtime::{ModelToRun, RUNTIMES, Session};
use onnx_bench::{Error, Result};

/// The variable that points to a model or a folder of models.
const VARIABLE: &str = "BENCH_MODELS";

/// A model file under the names that criterion shows.
struct Named {
    path: PathBuf,
    /// `fashion-mnist/mobilenetv2`: the folder, and what the variants' names share.
    group: String,
    /// `fp32`: the rest of the name.
    precision: String,
}

impl Named {
    fn of(path: PathBuf) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (model, precision) = stem.rsplit_once('.').unwrap_or((&stem, "model"));
        let folder = path.canonicalize().ok();
        let folder = folder.as_deref().and_then(Path::parent).and_then(Path::file_name);
        let group = format!("{}/{model}", folder.unwrap_or_default().to_string_lossy());
        Self { group, precision: precision.to_owned(), path }
    }
}

/// Every model at batch 1 in every runtime.
fn models(criterion: &mut Criterion) {
    let found = match shipped_or_named() {
        Ok(found) => found,
        Err(error) => return eprintln!("models: {error}"),
    };
    let mut found: Vec<Named> = found.into_iter().map(Named::of).collect();
    found.sort_by(|a, b| (&a.group, &a.precision).cmp(&(&b.group, &b.precision)));
    for same in found.chunk_by(|a, b| a.group == b.group) {
        let mut group = criterion.benchmark_group(&same[0].group);
        for model in same {
            for runtime in RUNTIMES.iter().map(|runtime| runtime.name()).filter(|&name| name != "fake") {
                let id = BenchmarkId::new(runtime, &model.precision);
                match session(&model.path, runtime) {
                    Ok(mut session) => drop(group.bench_function(id, |b| b.iter(|| session.run()))),
                    Err(error) => eprintln!("{}/{runtime}/{} skipped: {error}", model.group, model.precision),
                }
            }
        }
        group.finish();
    }
}

/// The files that the variable names, else those of each folder in `models/`.
fn shipped_or_named() -> Result<Vec<PathBuf>> {
    if let Some(path) = env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from) {
        let files = if path.is_dir() { onnx_files(&path)? } else { vec![path.clone()] };
        if files.is_empty() {
            return Err(Error::usage(format!("{VARIABLE} names a folder without .onnx files")).at_path(&path));
        }
        return Ok(files);
    }
    let mut files = Vec::new();
    for folder in entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models"))? {
        if folder.is_dir() {
            files.extend(onnx_files(&folder)?);
        }
    }
    Ok(files)
}

fn onnx_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_model = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "onnx");
    Ok(entries(folder)?.into_iter().filter(is_model).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |e: std::io::Error| Error::usage("the folder cannot be read").because(e).at_path(folder);
    let listed = folder.read_dir().map_err(unreadable)?;
    listed.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable)).collect()
}

/// A session at batch 1, or at the batch that the graph fixes, with an input bound.
fn session(path: &Path, runtime: &str) -> Result<Box<dyn Session>> {
    let planned: PlannedModel = support::planned(path, DataSettings::default())?;
    let spec = RuntimeSpec { name: runtime.to_owned(), device: Device::Cpu };
    let job = candidates::job(&planned, spec)?;
    let runtime = onnx_bench::runtime::find(runtime)?;
    runtime.check(Device::Cpu)?;
    let model = ModelToRun { path, input: &job.input, output: &job.output };
    let batch = job.fixed_batch.unwrap_or(1);
    let mut session = runtime.prepare(model, Device::Cpu, &job.session)?.session(batch)?;
    session.bind(&support::noise(&job.preprocess, batch)?)?;
    session.run()?;
    Ok(session)
}

criterion_group!(benches, models);
criterion_main!(benches);
