//! One candidate inside its process: prepared once, then asked for blocks, stretches and the pass
//! over the data set.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::evaluation::{self, Collected, Pass};
use super::latency::{self, Runner};
use super::memory::MemoryLog;
use super::wire::Prepared as PreparedAnswer;
use super::{SystemClock, environment, scores, throughput};
use crate::dataset::{self, Dataset};
use crate::error::{Error, Result};
use crate::plan::{Device, Job};
use crate::preprocess::{Image, Preprocess, Scratch};
use crate::record::{
    EvaluationEvidence, LoadEvidence, MemoryEvidence, OutputEvidence, PredictionsWriter, ThroughputRound,
    WarmUp, sha256_of,
};
use crate::runtime::{self, ModelToRun, Prepared, Session};
use crate::tensor::{Tensor, Values};

/// How many inputs' outputs are kept in the record for the numeric distance of candidates.
const KEPT_OUTPUTS: usize = 16;

/// A prepared candidate.
pub struct Candidate {
    job: Job,
    dataset: Option<Box<dyn Dataset>>,
    prepared: Box<dyn Prepared>,
    session: Box<dyn Session>,
    inputs: Vec<Tensor>,
    next_input: usize,
    streams: Vec<Box<dyn Session>>,
    clock: SystemClock,
    memory: MemoryLog,
}

impl Candidate {
    /// Finds the runtime, opens the data, loads the model and runs it once.
    pub fn prepare(job: Job) -> Result<(Self, PreparedAnswer)> {
        check_digest(&job)?;
        let runtime = runtime::find(&job.runtime.name)?;
        let identity = runtime.check(job.runtime.device)?;
        let dataset = job.dataset.as_ref().map(dataset::open).transpose()?;
        let latency_batch = job.fixed_batch.unwrap_or(1);
        let (inputs, source) = inputs(&job, dataset.as_deref(), latency_batch)?;

        let mut memory = MemoryLog::default();
        memory.before_load();
        let model = ModelToRun { path: &job.model.path, input: &job.input, output: &job.output };
        let begun = Instant::now();
        let mut prepared = runtime.prepare(model, job.runtime.device, &job.session)?;
        let mut session = prepared.session(latency_batch)?;
        let load_ns = begun.elapsed().as_nanos() as u64;
        memory.after_load();

        session.bind(&inputs[0])?;
        let begun = Instant::now();
        session.run()?;
        let first_run_ns = begun.elapsed().as_nanos() as u64;
        let outputs = outputs(&job, session.as_mut(), &inputs, latency_batch, source)?;
        if let Some(dataset) = &dataset {
            let (model, data) = (classes_of(&outputs), dataset.identity().classes.len());
            if model != data {
                return Err(evaluation::class_mismatch(model, data).at_path(&job.model.path));
            }
        }
        let answer = PreparedAnswer {
            runtime: identity,
            dataset: dataset.as_ref().map(|d| d.identity().clone()),
            load: LoadEvidence { load_ns, first_run_ns },
            latency_batch,
            outputs,
        };
        let clock = SystemClock::start();
        let candidate = Self {
            job,
            dataset,
            prepared,
            session,
            inputs,
            next_input: 0,
            streams: Vec::new(),
            clock,
            memory,
        };
        Ok((candidate, answer))
    }

    /// Untimed runs until the latency settles.
    pub fn warm_up(&mut self) -> Result<WarmUp> {
        let limit = nanoseconds(self.job.protocol.warm_up_seconds);
        latency::warm_up(&mut self.runner(), limit)
    }

    /// One block of timed runs; nanoseconds of each.
    pub fn round(&mut self) -> Result<Vec<u64>> {
        let length = nanoseconds(self.job.protocol.block_ms / 1e3);
        let samples = latency::block(&mut self.runner(), length)?;
        self.memory.after_block();
        Ok(samples)
    }

    fn runner(&mut self) -> Runner<'_, SystemClock> {
        Runner::new(self.session.as_mut(), &self.inputs, &mut self.next_input, &self.clock)
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
        let input = repeat(&self.inputs, &self.job, batch)?;
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
        let mut writer = PredictionsWriter::create(path, names)?;
        let pass = Pass {
            dataset,
            preprocess: &self.job.preprocess,
            output: &self.job.output,
            batch,
            on_bad_image: self.job.dataset.as_ref().map(|d| d.on_bad_image).unwrap_or_default(),
            classes: names.len(),
            stop,
        };
        let decoders = (self.job.runtime.device != Device::Cpu).then(environment::cores);
        let begun = Instant::now();
        let collected = evaluation::evaluate(&pass, &mut self.streams, decoders, &mut writer, progress);
        let elapsed_ns = begun.elapsed().as_nanos() as u64;
        let predictions_sha256 = writer.finish()?;
        let Collected { images, not_finite, skipped, skipped_count, error } = collected;
        let predictions = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let streams = self.streams.len();
        let evidence = EvaluationEvidence {
            predictions,
            predictions_sha256,
            images,
            batch,
            streams,
            elapsed_ns,
            not_finite,
            skipped,
            skipped_count,
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
        self.job.fixed_batch.or(self.job.protocol.batch).unwrap_or_else(|| self.prepared.preferred_batch())
    }

    /// Sessions side by side until every core has work: one on an accelerator.
    fn open_streams(&mut self, batch: usize) -> Result<()> {
        let wanted = match self.job.runtime.device {
            Device::Cpu => (environment::cores() / self.job.session.threads).max(1),
            Device::Cuda(_) => 1,
        };
        while self.streams.len() < wanted {
            self.streams.push(self.prepared.session(batch)?);
        }
        Ok(())
    }
}

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// The model must be the file that the job was made for.
fn check_digest(job: &Job) -> Result<()> {
    let path = &job.model.path;
    let digest = std::fs::File::open(path)
        .and_then(sha256_of)
        .map_err(|e| Error::unusable("the model cannot be read").because(e).at_path(path))?;
    if digest == job.model.sha256 {
        return Ok(());
    }
    Err(Error::unusable("the model file changed while it was measured")
        .at_path(path)
        .help("run again once nothing writes to it"))
}

/// The pool of latency inputs and where it is from: images of the data set drawn with the seed, or
/// generated ones of the same shape when there is no data.
fn inputs(job: &Job, dataset: Option<&dyn Dataset>, batch: usize) -> Result<(Vec<Tensor>, &'static str)> {
    let count = job.protocol.latency_inputs.max(1);
    let mut random = Pcg64::seed_from_u64(job.protocol.seed);
    match dataset {
        Some(dataset) => Ok((drawn(job, dataset, batch, count, &mut random)?, "dataset")),
        None => Ok((generated(job, batch, count, &mut random)?, "seeded")),
    }
}

fn drawn(
    job: &Job,
    dataset: &dyn Dataset,
    batch: usize,
    count: usize,
    random: &mut Pcg64,
) -> Result<Vec<Tensor>> {
    let total = dataset.count();
    let shape = job.preprocess.shape(batch);
    let mut scratch = Scratch::default();
    let mut inputs = Vec::with_capacity(count.min(total));
    for _ in 0..count.min(total) {
        let mut values = Values::zeros(job.preprocess.element, shape.iter().product());
        for row in 0..batch {
            readable(job, dataset, random, &mut scratch, &mut values, row)?;
        }
        inputs.push(Tensor::new(shape.clone(), values)?);
    }
    Ok(inputs)
}

/// How many unreadable images in a row it takes to call the data set unreadable.
const TRIES: usize = 100;

/// Puts a random image that can be read into `row`. Bad images are the evaluation's to report.
fn readable(
    job: &Job,
    dataset: &dyn Dataset,
    random: &mut Pcg64,
    scratch: &mut Scratch,
    values: &mut Values,
    row: usize,
) -> Result<()> {
    let total = dataset.count();
    let mut last = Error::unusable("the data set holds no image");
    for _ in 0..TRIES.min(10 * total) {
        let index = random.random_range(0..total);
        match dataset.image(index).and_then(|image| job.preprocess.write(&image, scratch, values, row)) {
            Ok(()) => return Ok(()),
            Err(error) => last = evaluation::located(error, dataset, index),
        }
    }
    Err(last)
}

fn generated(job: &Job, batch: usize, count: usize, random: &mut Pcg64) -> Result<Vec<Tensor>> {
    let shape = job.preprocess.shape(batch);
    let image = Image {
        width: job.preprocess.size.width,
        height: job.preprocess.size.height,
        channels: 3,
        pixels: Vec::new(),
    };
    let plain = Preprocess { resize: None, crop: None, ..job.preprocess.clone() };
    let mut scratch = Scratch::default();
    let mut inputs = Vec::with_capacity(count);
    for _ in 0..count {
        let mut values = Values::zeros(job.preprocess.element, shape.iter().product());
        for row in 0..batch {
            let mut pixels = vec![0; image.width as usize * image.height as usize * 3];
            random.fill(&mut pixels[..]);
            let noise = Image { pixels, ..image.clone() };
            plain.write(&noise, &mut scratch, &mut values, row)?;
        }
        inputs.push(Tensor::new(shape.clone(), values)?);
    }
    Ok(inputs)
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

/// A batch of `batch` images made of the latency inputs, over and over.
fn repeat(inputs: &[Tensor], job: &Job, batch: usize) -> Result<Tensor> {
    let shape = job.preprocess.shape(batch);
    let wanted: usize = shape.iter().product();
    let mut values = Values::zeros(job.preprocess.element, 0);
    for input in inputs.iter().cycle().take_while(|input| !input.values().is_empty()) {
        if values.len() >= wanted {
            break;
        }
        values.append(input.values())?;
    }
    values.truncate(wanted);
    Tensor::new(shape, values)
}
