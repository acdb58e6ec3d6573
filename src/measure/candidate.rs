//! One candidate inside its process: prepared once, then asked for blocks, stretches and the pass
//! over the data set.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Instant;

use super::collector::Collected;
use super::evaluation::{self, Pass};
use super::latency::{self, Runner};
use super::memory::MemoryLog;
use super::pixel_cache::{Key, PixelCache};
use super::wire::Prepared as PreparedAnswer;
use super::{SystemClock, environment, inputs, scores, throughput};
use crate::cache;
use crate::dataset::{self, Dataset};
use crate::digest::sha256_of;
use crate::error::{Error, Result};
use crate::plan::{Device, Job};
use crate::record::{
    EvaluationEvidence, LoadEvidence, MemoryEvidence, OutputEvidence, PredictionsWriter, RuntimeIdentity,
    ThroughputRound, ToolIdentity, WarmUp,
};
use crate::runtime::{self, ModelToRun, Prepared, Session};
use crate::tensor::Tensor;

/// How many inputs' outputs are kept in the record for the numeric distance of candidates.
const KEPT_OUTPUTS: usize = 16;

/// A prepared candidate.
pub struct Candidate {
    job: Job,
    dataset: Option<Box<dyn Dataset>>,
    loaded: Loaded,
    /// Length of a latency block, nanoseconds.
    block_ns: u64,
    inputs: Vec<Tensor>,
    next_input: usize,
    streams: Vec<Box<dyn Session>>,
    clock: SystemClock,
    memory: MemoryLog,
}

/// A compiled model and its one session for latency.
struct Loaded {
    prepared: Box<dyn Prepared>,
    session: Box<dyn Session>,
    /// Digest of the settings that it was compiled with, for this session and all later ones.
    session_sha256: String,
}

impl Loaded {
    fn load(job: &Job, batch: usize) -> Result<Self> {
        let runtime = runtime::find(&job.runtime.name)?;
        let model = ModelToRun { path: &job.model.path, input: &job.input, output: &job.output };
        let mut prepared = runtime.prepare(model, job.runtime.device, &job.session)?;
        let session = prepared.session(batch)?;
        Ok(Self { prepared, session, session_sha256: job.session.digest() })
    }

    /// Loads the model and runs it once, by the clock.
    fn timed(
        job: &Job,
        batch: usize,
        inputs: &[Tensor],
        memory: &mut MemoryLog,
    ) -> Result<(Self, LoadEvidence)> {
        memory.before_load();
        let begun = Instant::now();
        let mut loaded = Self::load(job, batch)?;
        let load_ns = begun.elapsed().as_nanos() as u64;
        memory.after_load();
        loaded.session.bind(&inputs[0])?;
        let begun = Instant::now();
        loaded.session.run()?;
        let first_run_ns = begun.elapsed().as_nanos() as u64;
        Ok((loaded, LoadEvidence { load_ns, first_run_ns }))
    }
}

impl Candidate {
    /// Finds the runtime, opens the data, loads the model and runs it once.
    pub fn prepare(job: Job) -> Result<(Self, PreparedAnswer)> {
        let (identity, dataset) = runtime_and_data(&job)?;
        let latency_batch = job.fixed_batch.unwrap_or(1);
        // Where nothing is timed the images stay unread until their pass: they may be bad, or none at all.
        let drawn_from = dataset.as_deref().filter(|_| job.protocol.passes.is_all());
        let (inputs, source) = inputs::pool(&job, drawn_from, latency_batch)?;
        let mut memory = MemoryLog::default();
        let (mut loaded, load) = Loaded::timed(&job, latency_batch, &inputs, &mut memory)?;
        let outputs = outputs(&job, loaded.session.as_mut(), &inputs, latency_batch, source)?;
        if let Some(dataset) = &dataset {
            let (model, data) = (classes_of(&outputs), dataset.identity().classes.len());
            if model != data {
                return Err(scores::class_mismatch(model, data).at_path(&job.model.path));
            }
        }
        let dataset_identity = dataset.as_ref().map(|data| data.identity().clone());
        let answer = PreparedAnswer {
            runtime: identity,
            dataset: dataset_identity,
            load,
            session_sha256: loaded.session_sha256.clone(),
            latency_batch,
            outputs,
            unsaved: None,
        };
        Ok((Self::new(job, dataset, loaded, inputs, memory), answer))
    }

    /// The same candidate in one more process, with the inputs that the first one saved at `inputs`:
    /// for blocks only.
    pub fn relaunch(job: Job, inputs: &Path) -> Result<(Self, LoadEvidence)> {
        check_digest(&job)?;
        runtime::find(&job.runtime.name)?.check(job.runtime.device)?;
        let batch = job.fixed_batch.unwrap_or(1);
        let inputs = inputs::read(&job, batch, inputs)?;
        let mut memory = MemoryLog::default();
        let (loaded, load) = Loaded::timed(&job, batch, &inputs, &mut memory)?;
        Ok((Self::new(Job { dataset: None, ..job }, None, loaded, inputs, memory), load))
    }

    /// Saves the latency inputs for later launches.
    pub fn save_inputs(&self, path: &Path) -> Result<()> {
        inputs::save(&self.inputs, path)
    }

    fn new(
        job: Job,
        dataset: Option<Box<dyn Dataset>>,
        loaded: Loaded,
        inputs: Vec<Tensor>,
        memory: MemoryLog,
    ) -> Self {
        Self {
            block_ns: nanoseconds(job.protocol.block_ms / 1e3),
            job,
            dataset,
            loaded,
            inputs,
            next_input: 0,
            streams: Vec::new(),
            clock: SystemClock::start(),
            memory,
        }
    }

    /// Untimed runs until the latency settles.
    pub fn warm_up(&mut self) -> Result<WarmUp> {
        let limit = nanoseconds(self.job.protocol.warm_up_seconds);
        let (warm_up, median_ns) = latency::warm_up(&mut self.runner(), limit)?;
        let protocol = &self.job.protocol;
        let (shortest, longest) = (protocol.block_ms / 1e3, protocol.longest_block_ms / 1e3);
        self.block_ns = (RUNS_A_BLOCK * median_ns as u64).clamp(nanoseconds(shortest), nanoseconds(longest));
        self.memory.warm();
        Ok(warm_up)
    }

    /// One block of timed runs; nanoseconds of each.
    pub fn round(&mut self) -> Result<Vec<u64>> {
        let length = self.block_ns;
        latency::block(&mut self.runner(), length)
    }

    fn runner(&mut self) -> Runner<'_, SystemClock> {
        Runner::new(self.loaded.session.as_mut(), &self.inputs, &mut self.next_input, &self.clock)
    }

    /// One stretch of full batches on all cores: batch, streams, and what was done.
    pub fn throughput(
        &mut self,
        round: u32,
        seconds: f64,
        stop: &AtomicBool,
    ) -> Result<(usize, usize, ThroughputRound)> {
        let batch = self.full_batch();
        self.open_streams(batch)?;
        let input = inputs::repeat(&self.inputs, &self.job, batch)?;
        let done = throughput::stretch(&mut self.streams, &input, batch, round, seconds, stop)?;
        Ok((batch, self.streams.len(), done))
    }

    /// Predicts every image and writes the rows to `path`. What was done until an error is kept.
    pub fn evaluate(
        &mut self,
        path: &Path,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(EvaluationEvidence, Option<Error>)> {
        let batch = self.full_batch();
        self.open_streams(batch)?;
        let Some(dataset) = self.dataset.as_deref() else {
            return Err(Error::usage("there is no data set to evaluate on").help("give one with --data PATH"));
        };
        let names = &dataset.identity().classes;
        let cache = kept_pixels(&self.job, dataset);
        let mut writer = PredictionsWriter::create(path, names, dataset.slices())?;
        let pass = Pass {
            dataset,
            preprocess: &self.job.preprocess,
            output: &self.job.output,
            batch,
            on_bad_image: self.job.dataset.as_ref().map(|d| d.on_bad_image).unwrap_or_default(),
            classes: names.len(),
            cache: cache.as_ref(),
            stop,
        };
        let decoders = (self.job.runtime.device != Device::Cpu).then(environment::cores);
        let begun = Instant::now();
        let collected = evaluation::evaluate(&pass, &mut self.streams, decoders, &mut writer, progress);
        let elapsed_ns = begun.elapsed().as_nanos() as u64;
        let Collected { images, not_finite, skipped, skipped_count, error } = collected;
        // A file that could not be written to cannot be completed either, and the first error says why.
        let predictions_sha256 = writer.finish().map_err(|later| error.clone().unwrap_or(later))?;
        let predictions = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let streams = self.streams.len();
        let evidence = EvaluationEvidence {
            predictions,
            predictions_sha256,
            session_sha256: self.loaded.session_sha256.clone(),
            images,
            batch,
            streams,
            elapsed_ns,
            not_finite,
            skipped,
            skipped_count,
            from_cache: cache.map_or(0, |cache| cache.found()),
        };
        Ok((evidence, error))
    }

    /// Memory of this process until now.
    pub fn memory(&self) -> Option<MemoryEvidence> {
        self.memory.evidence()
    }

    /// Memory of this process, the passes on all cores included.
    pub fn finish(&mut self) -> Option<MemoryEvidence> {
        self.memory.end();
        self.memory.evidence()
    }

    fn full_batch(&self) -> usize {
        let preferred = || self.loaded.prepared.preferred_batch();
        self.job.fixed_batch.or(self.job.protocol.batch).unwrap_or_else(preferred)
    }

    fn open_streams(&mut self, batch: usize) -> Result<()> {
        let missing = streams(&self.job).saturating_sub(self.streams.len());
        if missing > 0 {
            // Some runtimes read the file once more for each session.
            check_digest(&self.job)?;
            self.streams.extend(self.loaded.prepared.sessions(batch, missing)?);
        }
        Ok(())
    }
}

/// The runtime is found, held to its digest and started while the data are listed: neither needs the
/// other. What is wrong with the runtime is told first.
fn runtime_and_data(job: &Job) -> Result<(RuntimeIdentity, Option<Box<dyn Dataset>>)> {
    let open = |spec| dataset::open_with(spec, job.preprocess.decoding());
    let check = || {
        check_digest(job)?;
        Ok(runtime::find(&job.runtime.name)?.check(job.runtime.device)?.with_digest())
    };
    thread::scope(|scope| {
        let data = scope.spawn(|| job.dataset.as_ref().map(open).transpose());
        let identity = check();
        let data = data.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok((identity?, data?))
    })
}

/// Sessions side by side until every core has work: one on an accelerator.
pub(super) fn streams(job: &Job) -> usize {
    match job.runtime.device {
        Device::Cpu => (environment::cores() / job.session.threads).max(1),
        Device::Cuda(_) => 1,
    }
}

/// Where decoded and resized pixels are kept, if that saves anything here.
fn kept_pixels(job: &Job, dataset: &dyn Dataset) -> Option<PixelCache> {
    let spec = job.dataset.as_ref().filter(|spec| spec.cache_bytes > 0)?;
    dataset.stamp(0)?;
    let identity = dataset.identity();
    // A pattern of shards is no path that exists.
    let place = spec.path.canonicalize().or_else(|_| std::path::absolute(&spec.path)).ok()?;
    let key = Key::of(&[
        // Another version may resize or decode otherwise.
        &ToolIdentity::current().version,
        &identity.sha256,
        &place.to_string_lossy(),
        &job.preprocess.pixels_identity()?,
        identity.decoder.as_deref().unwrap_or_default(),
    ]);
    let folder = cache::root().ok()?.join("pixels");
    PixelCache::open(&folder, &key, identity.images, job.preprocess.sample_len(), spec.cache_bytes)
}

/// Runs that make a median; a block is as long as this many, within its limits.
const RUNS_A_BLOCK: u64 = 10;

fn changed(path: &Path) -> Error {
    Error::unusable("the model file changed while it was measured")
        .at_path(path)
        .help("run again once nothing writes to it")
}

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// The model must be the file that the job was made for.
pub(super) fn check_digest(job: &Job) -> Result<()> {
    let path = &job.model.path;
    let digest = std::fs::File::open(path)
        .and_then(sha256_of)
        .map_err(|e| Error::unusable("the model cannot be read").because(e).at_path(path))?;
    if digest == job.model.sha256 { Ok(()) } else { Err(changed(path)) }
}

fn outputs(
    job: &Job,
    session: &mut dyn Session,
    inputs: &[Tensor],
    batch: usize,
    source: &str,
) -> Result<OutputEvidence> {
    let kept = &inputs[..inputs.len().min(KEPT_OUTPUTS)];
    let mut scores = Vec::new();
    for input in kept {
        session.bind(input)?;
        session.run()?;
        let read = scores::read(session.output()?, batch, &job.output)?;
        scores.extend(read.values.into_iter().map(|score| score.is_finite().then_some(score)));
    }
    Ok(OutputEvidence { source: source.into(), inputs: kept.len() * batch, scores })
}

fn classes_of(outputs: &OutputEvidence) -> usize {
    outputs.scores.len() / outputs.inputs.max(1)
}
