//! How close the accuracy pass comes to what its parts cost alone, and that its memory does not
//! grow with the number of images.
//!
//!     cargo run --release --example accuracy_pass -- MODEL [--data PATH | --images FOLDER]
//!
//! Each repetition measures decoding, preprocessing and inference alone, in one thread, in seconds
//! of processor time for the whole data set, then a whole pass as `bench compare` does it, from the
//! call to the closed file of predictions. The limit is 1.1 × the sum ÷ the cores.
//!
//! Cores that share a cache, its memory and their clock slow each other down, whatever program they run.
//! So inference is measured once more by all cores side by side; the last ratio is that to the sum with
//! this in the place of inference alone, and holds what the pass itself costs.
//!
//! Other programs, and on a shared host other machines, make every time longer and none shorter, and not the
//! same in a repetition's parts and in its pass. So the least time of each over all repetitions is told as
//! well: what this machine takes when it is left alone.

#[path = "../benches/support/mod.rs"]
mod support;

use std::env;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Parser;
use onnx_bench::dataset::{self, Dataset, Image};
use onnx_bench::measure::{Candidate, environment};
use onnx_bench::model::ModelFile;
use onnx_bench::plan::{DataSettings, Job};
use onnx_bench::preprocess::Scratch;
use onnx_bench::runtime::{ModelToRun, Session, find};
use onnx_bench::tensor::{Tensor, Values};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The accuracy pass against its parts.
#[derive(Parser)]
struct Arguments {
    model: PathBuf,
    /// A data set [default: as for `bench compare`]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Any folder of images: they are linked into as many classes as the model has
    #[arg(long, conflicts_with = "data")]
    images: Option<PathBuf>,
    #[arg(long, default_value = "ort")]
    runtime: String,
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    /// So many images in each repetition: short ones are disturbed in their parts and in their pass alike
    #[arg(long)]
    limit: Option<usize>,
    /// Images in a batch [default: as for `bench compare`]
    #[arg(long)]
    batch: Option<usize>,
    /// Numbers of images to compare the peak memory of
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000])]
    memory: Vec<usize>,
    /// Only one pass over so many images, and its peak memory in bytes
    #[arg(long, hide = true)]
    peak_of: Option<usize>,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let linked = tempfile::tempdir()?;
    // Every pass is to decode: none takes what an earlier one kept.
    let cache_size = Some("0".to_owned());
    let mut data = DataSettings { path: arguments.data.clone(), cache_size, ..DataSettings::default() };
    if let Some(images) = &arguments.images {
        spread(images, &arguments.model, linked.path())?;
        data.path = Some(linked.path().to_owned());
        data.split = Some(SPLIT.to_owned());
    }
    data.limit = arguments.peak_of.or(arguments.limit);
    let mut job = support::job(&arguments.model, &arguments.runtime, data)?;
    job.protocol.batch = arguments.batch;
    if arguments.peak_of.is_some() {
        println!("{}", peak(job)?);
        return Ok(());
    }
    compare_times(job, arguments.repeat)?;
    compare_memory(&arguments.memory)
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

const HEAD: &str =
    "  decode  preprocess  inference  by all cores  /cores     pass  cores had   ratio  over all cores";

/// Seconds for the whole data set.
#[derive(Clone, Copy)]
struct Repetition {
    decode: f64,
    preprocess: f64,
    inference: f64,
    /// Inference while every core does its share of it.
    side_by_side: f64,
    /// From the call to the closed file, by the clock on the wall.
    pass: f64,
    /// The processor time that the pass got: on a machine that does something else at the same time
    /// it is far below `pass` times the cores, and the repetition says nothing.
    pass_processor: f64,
}

impl Repetition {
    /// The least wall time that so many seconds of `inference` and the other parts leave.
    fn ideal(&self, inference: f64) -> f64 {
        (self.decode + self.preprocess + inference) / cores()
    }

    /// The least of each time of both.
    fn least(self, other: Self) -> Self {
        let quicker = if other.pass < self.pass { other } else { self };
        Self {
            decode: self.decode.min(other.decode),
            preprocess: self.preprocess.min(other.preprocess),
            inference: self.inference.min(other.inference),
            side_by_side: self.side_by_side.min(other.side_by_side),
            ..quicker
        }
    }

    fn ratio(&self, inference: f64) -> f64 {
        self.pass / self.ideal(inference)
    }

    fn line(&self) -> String {
        let Self { decode, preprocess, inference, side_by_side, pass, pass_processor } = self;
        let (ideal, got) = (self.ideal(*inference), 100.0 * pass_processor / cores() / pass);
        let (ratio, over_all) = (self.ratio(*inference), self.ratio(*side_by_side));
        format!(
            "{decode:>7.3}s{preprocess:>11.3}s{inference:>10.3}s{side_by_side:>13.3}s{ideal:>8.3}s{pass:>8.3}s\
             {got:>9.0} %{ratio:>8.3}{over_all:>16.3}"
        )
    }
}

fn cores() -> f64 {
    environment().cores as f64
}

fn compare_times(job: Job, repeat: usize) -> Outcome<()> {
    let spec = job.dataset.clone().ok_or("there is no data set: give one with --data or --images")?;
    let data = dataset::open(&spec)?;
    println!("{} in {}, {} images, {} cores", job.model.path.display(), job.runtime, data.count(), cores());
    let (mut candidate, _) = Candidate::prepare(job.clone())?;
    // The first pass opens the sessions, which is loading and not evaluating.
    let batch = pass(&mut candidate)?.1;
    let mut alone = Alone::new(&job, data.as_ref(), batch)?;
    println!("{HEAD}");
    let mut repetitions = Vec::new();
    for _ in 0..repeat {
        let (decode, preprocess, inference) = (alone.decode()?, alone.preprocess()?, alone.inference(1)?);
        let side_by_side = alone.inference(environment().cores)?;
        let before = used()?;
        let pass = pass(&mut candidate)?.0;
        let pass_processor = used()? - before;
        let repetition = Repetition { decode, preprocess, inference, side_by_side, pass, pass_processor };
        println!("{}", repetition.line());
        repetitions.push(repetition);
    }
    let Some(least) = repetitions.iter().copied().reduce(Repetition::least) else { return Ok(()) };
    println!("{}  least", least.line());
    let alone = support::median(repetitions.iter().map(|r| r.ratio(r.inference)));
    let by_all = support::median(repetitions.iter().map(|r| r.ratio(r.side_by_side)));
    println!("median ratio {alone:.3}, of least times {:.3} (at most 1.1)", least.ratio(least.inference));
    println!(
        "over inference by all cores {by_all:.3}, of least times {:.3}",
        least.ratio(least.side_by_side)
    );
    Ok(())
}

/// Wall seconds of a whole pass, and its batch.
fn pass(candidate: &mut Candidate) -> Outcome<(f64, usize)> {
    let folder = tempfile::tempdir()?;
    let begun = Instant::now();
    let path = folder.path().join("predictions.parquet");
    let (evidence, error) = candidate.evaluate(&path, &AtomicBool::new(false), &mut |_| {})?;
    let elapsed = begun.elapsed().as_secs_f64();
    error.map_or(Ok((elapsed, evidence.batch)), |error| Err(error.into()))
}

/// The parts of the pass, one at a time.
struct Alone<'a> {
    job: &'a Job,
    data: &'a dyn Dataset,
    batch: usize,
    /// One a core.
    sessions: Vec<Box<dyn Session>>,
    images: Vec<Image>,
    batches: Vec<Tensor>,
}

/// Images, or batches, that are kept to be preprocessed, or run, over and over.
const KEPT: usize = 64;
/// Processor time is counted in hundredths of a second: a part is repeated for as long as this, of which one
/// of them is 2 %.
const LEAST_SECONDS: f64 = 0.5;

impl<'a> Alone<'a> {
    fn new(job: &'a Job, data: &'a dyn Dataset, batch: usize) -> Outcome<Self> {
        let model = ModelToRun { path: &job.model.path, input: &job.input, output: &job.output };
        let prepared = find(&job.runtime.name)?.prepare(model, job.runtime.device, &job.session);
        let sessions = prepared?.sessions(batch, environment().cores)?;
        let count = data.count();
        let images = (0..KEPT.min(count)).map(|index| data.image(index)).collect::<Result<Vec<_>, _>>()?;
        let mut alone = Self { job, data, batch, sessions, images, batches: Vec::new() };
        for first in 0..KEPT.min(count / batch).max(1) {
            let shape = job.preprocess.shape(batch);
            let mut values = Values::zeros(job.preprocess.element, shape.iter().product());
            for row in 0..batch {
                let image = data.image((first * batch + row) % count)?;
                job.preprocess.write(&image, &mut Scratch::default(), &mut values, row)?;
            }
            alone.batches.push(Tensor::new(shape, values)?);
        }
        Ok(alone)
    }

    fn count(&self) -> usize {
        self.data.count()
    }

    fn decode(&self) -> Outcome<f64> {
        processor_seconds(|| {
            for index in 0..self.count() {
                std::hint::black_box(self.data.image(index)?);
            }
            Ok(())
        })
    }

    fn preprocess(&self) -> Outcome<f64> {
        let preprocess = &self.job.preprocess;
        let mut values = Values::zeros(preprocess.element, preprocess.sample_len() * self.batch);
        let mut scratch = Scratch::default();
        processor_seconds(|| {
            for (index, image) in self.images.iter().cycle().take(self.count()).enumerate() {
                preprocess.write(image, &mut scratch, &mut values, index % self.batch)?;
            }
            Ok(())
        })
    }

    /// Inference in so many threads at once.
    fn inference(&mut self, threads: usize) -> Outcome<f64> {
        let runs = self.count().div_ceil(self.batch).div_ceil(threads);
        let (sessions, batches) = (&mut self.sessions[..threads], &self.batches);
        processor_seconds(|| {
            std::thread::scope(|scope| {
                let started: Vec<_> = sessions
                    .iter_mut()
                    .map(|session| scope.spawn(|| infer(session.as_mut(), batches, runs)))
                    .collect();
                started
                    .into_iter()
                    .try_for_each(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)))
            })?;
            Ok(())
        })
    }
}

fn infer(session: &mut dyn Session, batches: &[Tensor], runs: usize) -> onnx_bench::Result<()> {
    batches
        .iter()
        .cycle()
        .take(runs)
        .try_for_each(|tensor| session.infer(tensor).map(std::hint::black_box).map(drop))
}

/// Processor seconds of one call, which is repeated until they can be told.
fn processor_seconds(mut part: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let begun = used()?;
    for calls in 1.. {
        part()?;
        let spent = used()? - begun;
        if spent >= LEAST_SECONDS {
            return Ok(spent / f64::from(calls));
        }
    }
    Ok(0.0)
}

/// Processor seconds of this process until now.
fn used() -> Outcome<f64> {
    let own = sysinfo::get_current_pid()?;
    let mut system = System::new()?;
    let kind = ProcessRefreshKind::nothing().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, kind);
    let process = system.process(own).ok_or("this process is not in the list of processes")?;
    Ok(process.accumulated_cpu_time() as f64 / 1e3)
}

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────

/// Peak memory of a process that evaluates once, bytes.
fn peak(job: Job) -> Outcome<u64> {
    let (mut candidate, _) = Candidate::prepare(job)?;
    pass(&mut candidate)?;
    let memory = candidate.finish().ok_or("this system does not tell the memory of a process")?;
    Ok(memory.peak_evaluation_bytes.unwrap_or(memory.peak_bytes))
}

/// Runs this program again for each limit, since a peak is one of a whole process.
fn compare_memory(limits: &[usize]) -> Outcome<()> {
    for limit in limits {
        let mut command = Command::new(env::current_exe()?);
        let output = command.args(env::args_os().skip(1)).args(["--peak-of", &limit.to_string()]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let bytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
        println!("{limit:>8} images: peak memory {:.1} MB", bytes / 1e6);
    }
    Ok(())
}

// ── Any images as a data set ────────────────────────────────────────────────────────────────────

/// A split that is named, so that one named in a `bench.toml` does not apply.
const SPLIT: &str = "test";

/// Links the images of `from` into a folder a class of the model, in turn. The labels mean nothing,
/// which is all the same to time and memory.
fn spread(from: &Path, model: &Path, to: &Path) -> Outcome<()> {
    let output = ModelFile::open(model)?.output_port(None)?;
    let classes = output.classes().ok_or("the model does not say its classes")?.max(2);
    let mut files = Vec::new();
    list(from, &mut files)?;
    files.sort();
    let names = support::planned(model, DataSettings::default())?.resolved.settings.data.class_names;
    let names = names.unwrap_or_else(|| (0..classes).map(|class| format!("{class:05}")).collect());
    for (index, file) in files.iter().enumerate() {
        let folder = to.join(SPLIT).join(names[index % classes].replace('/', "-"));
        fs::create_dir_all(&folder)?;
        let name = format!("{index:07}-{}", file.file_name().unwrap_or_default().to_string_lossy());
        link(&file.canonicalize()?, &folder.join(name))?;
    }
    Ok(())
}

fn list(folder: &Path, into: &mut Vec<PathBuf>) -> Outcome<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let image = path.extension().is_some_and(|e| ["jpg", "jpeg", "png"].iter().any(|known| e == *known));
        if path.is_dir() {
            list(&path, into)?;
        } else if image {
            into.push(path);
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(file: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(file, at)
}

#[cfg(not(unix))]
fn link(file: &Path, at: &Path) -> std::io::Result<()> {
    fs::copy(file, at).map(drop)
}
