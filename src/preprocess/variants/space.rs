//! The steps in space, one changed at a time: kernel, antialias, library, and what is cut off.

use super::super::{Crop, Filter, Preprocess, Resampler, Resize, ResizeTo};
use super::Grid;

/// Kernels that training pipelines use.
const FILTERS: [Filter; 4] = [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos];
const RESAMPLERS: [Resampler; 3] = [Resampler::Pillow, Resampler::Opencv, Resampler::Tensorflow];

/// Adds every change of one step.
pub(super) fn add(grid: &mut Grid<'_>) {
    let current = grid.current;
    if let Some(step) = current.resize {
        for filter in FILTERS {
            grid.add(format!("filter {}", filter.name()), resized(current, Resize { filter, ..step }));
        }
        let antialias = !step.antialias;
        let name = if antialias { "with antialias" } else { "without antialias" };
        grid.add(name, resized(current, Resize { antialias, ..step }));
        add_libraries(grid, step);
    }
    add_frames(grid);
}

/// The same kernel in other libraries, where they have it, and what OpenCV shrinks with.
fn add_libraries(grid: &mut Grid<'_>, step: Resize) {
    let current = grid.current;
    for resampler in RESAMPLERS.into_iter().filter(|&other| library(other) != library(step.resampler)) {
        let antialias = resampler.antialiases();
        let as_it_does = |filter| by(current, Resize { filter, antialias, resampler, ..step });
        let same = as_it_does(step.filter);
        let usual = if same.validate().is_ok() { same } else { as_it_does(Filter::Bilinear) };
        let filter = usual.resize.map_or(step.filter, |step| step.filter).name();
        grid.add(format!("{filter} of {}", library(resampler)), usual);
    }
    let (filter, antialias, resampler) = (Filter::Area, false, Resampler::Opencv);
    grid.add("area of OpenCV", by(current, Resize { filter, antialias, resampler, ..step }));
}

/// Stretched to the size, or the shorter side first and the middle of it.
fn add_frames(grid: &mut Grid<'_>) {
    let (current, size) = (grid.current, grid.current.size);
    let to = |to| Resize { to, ..current.resize.unwrap_or(usual(to)) };
    let stretched = Preprocess { crop: None, ..resized(current, to(ResizeTo::Exact(size))) };
    grid.add(format!("stretched to {size}"), stretched);
    if size.width != size.height {
        return;
    }
    let crop = Crop { size, ..current.crop.unwrap_or(middle(current)) };
    // timm's crop_pct: 0.875 of the shorter side, rounded down.
    let around = (u64::from(size.width) * 8 / 7).try_into().unwrap_or(u32::MAX);
    for side in [size.width, around] {
        let cropped = Preprocess { crop: Some(crop), ..resized(current, to(ResizeTo::ShorterSide(side))) };
        grid.add(format!("shorter side {side}, crop {size}"), cropped);
    }
}

fn usual(to: ResizeTo) -> Resize {
    Resize { to, filter: Filter::Bilinear, antialias: true, resampler: Resampler::Pillow }
}

fn middle(current: &Preprocess) -> Crop {
    let resampler = current.resize.map_or(Resampler::Pillow, |step| step.resampler);
    Crop { size: current.size, rounding: resampler.crop_rounding(), pad: false }
}

fn resized(current: &Preprocess, step: Resize) -> Preprocess {
    Preprocess { resize: Some(step), ..current.clone() }
}

/// Another library's resize, with the crop as its users cut it.
fn by(current: &Preprocess, step: Resize) -> Preprocess {
    let crop = current.crop.map(|crop| Crop { rounding: step.resampler.crop_rounding(), ..crop });
    Preprocess { crop, ..resized(current, step) }
}

fn library(resampler: Resampler) -> &'static str {
    match resampler {
        Resampler::Pillow | Resampler::PillowExact => "Pillow",
        Resampler::Opencv => "OpenCV",
        Resampler::Tensorflow => "TensorFlow",
    }
}
