//! From predictions to a page: scoring, every metric, the comparison, the report. Everything here
//! is repeated whenever a saved record is looked at.

mod support;

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use onnx_bench::Result;
use onnx_bench::compare::{Options, compare, compare_with};
use onnx_bench::metric::paired::{Resampling, judge as judge_pair};
use onnx_bench::metric::{METRICS, ScoredRun, Scoring};
use onnx_bench::plan::Activation;
use onnx_bench::record::{Predictions, Run, load};
use onnx_bench::report::{CARDS, Html, Pictures, Report, Style, Terminal, View};

const CLASSES: usize = 10;
const SIZES: [usize; 2] = [10_000, 50_000];

/// Made-up scores in which the true class stands out; `variant` shifts some of them.
fn predictions(images: usize, variant: u64) -> Predictions {
    predictions_of(CLASSES, images, variant)
}

fn predictions_of(classes: usize, images: usize, variant: u64) -> Predictions {
    let mut predictions = Predictions::new(classes);
    let unit = |at: u64| (support::splitmix(at) >> 40) as f32 / (1_u32 << 24) as f32;
    for image in 0..images {
        let label = image % classes;
        let score = |class: usize| {
            let place = (image * classes + class) as u64;
            let margin = if class == label { 4.0 } else { 0.0 };
            6.0 * unit(place) + margin + 0.5 * unit(place ^ (variant << 40))
        };
        let scores: Vec<f32> = (0..classes).map(score).collect();
        predictions.push(image.to_string(), label as u32, &scores);
    }
    predictions
}

/// A golden record with `images` predictions of its own.
fn run(stem: &str, images: usize, variant: u64) -> Result<Run> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records/ten-classes");
    let golden = load(&folder.join(format!("{stem}.json")))?;
    Ok(Run { predictions: Some(predictions(images, variant)), ..golden })
}

fn judge(criterion: &mut Criterion, images: usize) -> Result<()> {
    let runs = vec![run("01-ort-fp32", images, 1)?, run("02-ort-int8", images, 2)?];
    let rows = predictions(images, 1);
    let mut group = criterion.benchmark_group("judgement");
    group.sample_size(20);
    group.bench_function(BenchmarkId::new("scoring", images), |b| {
        b.iter(|| Scoring::of(black_box(&rows), Activation::Logits))
    });
    let scored = ScoredRun::of(&runs[0])?;
    group.bench_function(BenchmarkId::new("all metrics", images), |b| {
        b.iter(|| METRICS.iter().filter_map(|metric| metric.read(black_box(&scored))).count())
    });
    group.bench_function(BenchmarkId::new("compare", images), |b| {
        b.iter_batched(|| runs.clone(), |runs| compare(runs, 0), BatchSize::LargeInput)
    });
    group.finish();
    page(criterion, runs, images)
}

fn page(criterion: &mut Criterion, runs: Vec<Run>, images: usize) -> Result<()> {
    let comparison = compare(runs, 0)?;
    let view = View::of(&comparison);
    let mut group = criterion.benchmark_group("report");
    group.bench_function(BenchmarkId::new("view", images), |b| b.iter(|| View::of(black_box(&comparison))));
    group.bench_function(BenchmarkId::new("terminal", images), |b| {
        b.iter(|| {
            let mut page = Vec::new();
            Terminal { style: Style::PLAIN }.write(black_box(&view), &mut page).map(|()| page)
        })
    });
    group.finish();
    Ok(())
}

/// The page for a browser, of the largest data that it is meant for.
fn browser_page(criterion: &mut Criterion, images: usize, classes: usize) -> Result<()> {
    let with_rows = |stem: &str, variant: u64| {
        let golden = run(stem, 0, variant)?;
        let mut record = golden.record;
        if let Some(data) = &mut record.dataset {
            (data.images, data.classes) =
                (images, (0..classes).map(|class| format!("class {class}")).collect());
        }
        Ok(Run { record, predictions: Some(predictions_of(classes, images, variant)) })
    };
    let runs = vec![with_rows("01-ort-fp32", 1)?, with_rows("02-ort-int8", 2)?];
    let resampling = Resampling { resamples: 100, ..Resampling::default() };
    let comparison = compare_with(runs, 0, &Options { resampling, ..Options::default() })?;
    let view = View::of(&comparison);
    let html = Html { comparison: &comparison, pictures: &Pictures::default(), cards: CARDS };
    let mut group = criterion.benchmark_group("report");
    group.sample_size(20);
    group.bench_function(BenchmarkId::new("html", format!("{images} x {classes}")), |b| {
        b.iter(|| {
            let mut page = Vec::new();
            html.write(black_box(&view), &mut page).map(|()| page)
        })
    });
    group.finish();
    Ok(())
}

/// Everything that is said of a pair, with 10,000 resamples.
fn paired(criterion: &mut Criterion, images: usize, classes: usize) -> Result<()> {
    let scoring = |variant| Scoring::of(&predictions_of(classes, images, variant), Activation::Logits);
    let (baseline, candidate) = (scoring(1)?, scoring(2)?);
    let mut group = criterion.benchmark_group("paired");
    group.sample_size(10);
    group.bench_function(BenchmarkId::new("10000 resamples", format!("{images} x {classes}")), |b| {
        b.iter(|| judge_pair(black_box(&baseline), &candidate, &Resampling::default()))
    });
    group.finish();
    Ok(())
}

fn judgement(criterion: &mut Criterion) {
    for (images, classes) in [(50_000, 10), (10_000, 100)] {
        if let Err(error) = paired(criterion, images, classes) {
            eprintln!("judgement of pairs skipped: {error}");
        }
    }
    if let Err(error) = browser_page(criterion, 50_000, 100) {
        eprintln!("page for a browser skipped: {error}");
    }
    for images in SIZES {
        if let Err(error) = judge(criterion, images) {
            eprintln!("judgement of {images} images skipped: {error}");
        }
    }
}

criterion_group!(benches, judgement);
criterion_main!(benches);
