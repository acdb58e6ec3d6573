//! The inputs that latency and throughput are measured with.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::bad_image::located;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::plan::Job;
use crate::preprocess::{Image, Preprocess, Scratch};
use crate::tensor::{Tensor, Values};

/// Most bytes of inputs: more would only measure the memory of the machine.
const MOST_BYTES: usize = 64 << 20;

/// Inputs that fit into [`MOST_BYTES`].
fn fitting(job: &Job, batch: usize) -> usize {
    let values = Values::zeros(job.preprocess.element, 1).to_bytes().len();
    let bytes = job.preprocess.shape(batch).iter().product::<usize>().saturating_mul(values);
    MOST_BYTES / bytes.max(1)
}

/// The pool of latency inputs and where it is from: images of the data set drawn with the seed, or
/// generated ones of the same shape when there is no data.
pub fn pool(job: &Job, dataset: Option<&dyn Dataset>, batch: usize) -> Result<(Vec<Tensor>, &'static str)> {
    let count = job.protocol.latency_inputs.min(fitting(job, batch)).max(1);
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
            Err(error) => last = located(error, dataset, index),
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

/// A batch of `batch` images made of the latency inputs, over and over.
pub fn repeat(inputs: &[Tensor], job: &Job, batch: usize) -> Result<Tensor> {
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

/// Writes the inputs one after the other, little-endian, to a scratch file.
pub fn save(inputs: &[Tensor], path: &Path) -> Result<()> {
    let bytes: Vec<u8> = inputs.iter().flat_map(|input| input.values().to_bytes()).collect();
    std::fs::write(path, bytes).map_err(|e| unsaved().because(e).at_path(path))
}

/// The error where there is no place or no room for the inputs of later launches.
pub fn unsaved() -> Error {
    Error::unusable("the inputs cannot be kept for later launches")
        .help("make room in the folder for temporary files, or name another one: TMPDIR=DIR")
}

/// Reads what [`save`] wrote for the same job.
pub fn read(job: &Job, batch: usize, path: &Path) -> Result<Vec<Tensor>> {
    let bytes = std::fs::read(path).map_err(|e| {
        Error::unusable("the inputs of the first launch cannot be read").because(e).at_path(path)
    })?;
    let shape = job.preprocess.shape(batch);
    let length = Values::zeros(job.preprocess.element, shape.iter().product()).to_bytes().len();
    let inputs: Vec<Tensor> = bytes
        .chunks_exact(length.max(1))
        .map(|one| Tensor::new(shape.clone(), Values::from_bytes(job.preprocess.element, one)))
        .collect::<Result<_>>()?;
    if inputs.is_empty() {
        return Err(Error::unusable("the inputs of the first launch are gone").at_path(path));
    }
    Ok(inputs)
}
