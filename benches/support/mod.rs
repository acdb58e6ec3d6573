//! What the benches and the examples beside them share: a model's job as `bench compare` makes it.

#![allow(dead_code, reason = "each includes this file and uses a part")]

use std::path::{Path, PathBuf};

use onnx_bench::cli::candidates::{self, Named, PlannedModel};
use onnx_bench::plan::{DataSettings, Job, Layer, Settings, Source};
use onnx_bench::preprocess::{Image, Preprocess, Scratch};
use onnx_bench::tensor::{Tensor, Values};
use onnx_bench::{Error, Result};

/// A model file with its settings, where `data` goes before what is said beside the model.
pub fn planned(path: &Path, data: DataSettings) -> Result<PlannedModel> {
    let settings = Settings { data, ..Settings::default() };
    let flags = Layer { source: Source::Flag, settings };
    match candidates::open(&[PathBuf::from(path)], &[flags])?.pop() {
        Some(Named::Model(planned)) => Ok(*planned),
        _ => Err(Error::usage("this is not a model").at_path(path).help("name an .onnx file")),
    }
}

/// The job of a model in a runtime on the processor.
pub fn job(path: &Path, runtime: &str, data: DataSettings) -> Result<Job> {
    candidates::job(&planned(path, data)?, runtime.parse()?)
}

/// A batch of images full of noise, as the model takes it.
pub fn noise(preprocess: &Preprocess, batch: usize) -> Result<Tensor> {
    let plain = Preprocess { resize: None, crop: None, ..preprocess.clone() };
    let image = picture(preprocess.size.width, preprocess.size.height);
    let shape = preprocess.shape(batch);
    let mut values = Values::zeros(preprocess.element, shape.iter().product());
    let mut scratch = Scratch::default();
    for row in 0..batch {
        plain.write(&image, &mut scratch, &mut values, row)?;
    }
    Tensor::new(shape, values)
}

/// A colour picture of noise.
pub fn picture(width: u32, height: u32) -> Image {
    let count = width as usize * height as usize * 3;
    let pixels = (0..count as u64).map(|at| (splitmix(at) >> 56) as u8).collect();
    Image { width, height, channels: 3, pixels }
}

/// A round of SplitMix64: 64 random bits for a place.
pub fn splitmix(at: u64) -> u64 {
    let mut bits = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The median; 0 of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    onnx_bench::stats::quantile(&sorted, 0.5).unwrap_or(0.0)
}
