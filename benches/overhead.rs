//! What the harness adds to a run: a model of one Add through the latency path, against the bare
//! call of `ort` with its output made beforehand, timed by the same clock in the same process.
//!
//! The figure to read is the interleaved one that is printed first; criterion's groups measure each
//! side alone and without a clock between the runs.

mod support;

use std::env;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group};
use onnx_bench::measure::{Clock, Runner, SystemClock, block};
use onnx_bench::plan::{Activation, Device, Dim, InputPort, Optimization, OutputPort, SessionOptions};
use onnx_bench::runtime::{ModelToRun, Session, find, ort::environment};
use onnx_bench::tensor::{ElementType, Tensor, Values};
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/models/add.onnx");
/// Most that the harness may add at the median, nanoseconds.
const LIMIT_NS: f64 = 200.0;
const ROUNDS: usize = 400;
const BLOCK_NS: u64 = 2_000_000;

/// The call that anyone would write with `ort` who wants nothing allocated in it.
struct Bare {
    session: ort::session::Session,
    options: RunOptions<HasSelectedOutputs>,
    input: ort::value::Tensor<f32>,
}

impl Bare {
    fn new() -> Outcome<Self> {
        let environment = environment::load(Device::Cpu)?.environment;
        let session = ort::session::Session::builder(&environment)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_optimization_level(ort::session::builder::GraphOptimizationLevel::All)?
            .commit_from_file(MODEL)?;
        let output = ort::value::Tensor::<f32>::new(&ort::memory::Allocator::default(), [1_usize, 4])?;
        let outputs = OutputSelector::no_default().with("sum").preallocate("sum", output);
        let options = RunOptions::new()?.with_outputs(outputs);
        let input = ort::value::Tensor::from_array(([1_usize, 4], vec![1.0_f32; 4]))?;
        Ok(Self { session, options, input })
    }

    fn run(&mut self) -> ort::Result<()> {
        drop(black_box(self.session.run_with_options(ort::inputs![&self.input], &self.options)?));
        Ok(())
    }

    /// Runs until they sum to [`BLOCK_NS`]; nanoseconds of each.
    fn block(&mut self, clock: &SystemClock) -> ort::Result<Vec<u64>> {
        let mut samples = Vec::new();
        let mut spent = 0;
        while spent < BLOCK_NS {
            let begun = clock.now_ns();
            self.run()?;
            let sample = clock.now_ns() - begun;
            spent += sample.max(1);
            samples.push(sample);
        }
        Ok(samples)
    }
}

/// The same model as `bench` runs it.
fn session() -> Outcome<Box<dyn Session>> {
    let shape = vec![Dim::Known(1), Dim::Known(4)];
    let input = InputPort { name: "x".into(), element: ElementType::F32, shape: shape.clone() };
    let output = OutputPort {
        name: "sum".into(),
        element: ElementType::F32,
        shape,
        activation: Activation::Logits,
        background: false,
    };
    let options = SessionOptions {
        threads: 1,
        optimization: Optimization::All,
        spinning: true,
        config: Default::default(),
    };
    let model = ModelToRun { path: Path::new(MODEL), input: &input, output: &output };
    Ok(find("ort")?.prepare(model, Device::Cpu, &options)?.session(1)?)
}

fn inputs() -> Outcome<Vec<Tensor>> {
    let tensor = |first: usize| Tensor::new(vec![1, 4], Values::F32(vec![first as f32; 4]));
    Ok((0..64).map(tensor).collect::<onnx_bench::Result<_>>()?)
}

/// Both sides block by block in turn, the order swapped every round.
fn interleaved() -> Outcome<()> {
    let (mut bare, mut session, inputs) = (Bare::new()?, session()?, inputs()?);
    let (clock, mut next) = (SystemClock::start(), 0);
    let (mut calls, mut paths) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let path = |paths: &mut Vec<f64>, session: &mut dyn Session, next: &mut usize| -> Outcome<()> {
            let samples = block(&mut Runner::new(session, &inputs, next, &clock), BLOCK_NS)?;
            paths.push(median_of(&samples));
            Ok(())
        };
        if round % 2 == 0 {
            path(&mut paths, session.as_mut(), &mut next)?;
        }
        calls.push(median_of(&bare.block(&clock)?));
        if round % 2 == 1 {
            path(&mut paths, session.as_mut(), &mut next)?;
        }
    }
    tell(&calls, &paths);
    Ok(())
}

fn median_of(samples: &[u64]) -> f64 {
    support::median(samples.iter().map(|&ns| ns as f64))
}

fn tell(calls: &[f64], paths: &[f64]) {
    let added = support::median(paths.iter().zip(calls).map(|(path, call)| path - call));
    println!("one Add on 1x4, medians of {ROUNDS} interleaved rounds of {} ms", BLOCK_NS / 1_000_000);
    println!("  bare ort call   {:6.0} ns", support::median(calls.iter().copied()));
    println!("  latency path    {:6.0} ns", support::median(paths.iter().copied()));
    println!("  added           {added:6.0} ns   (at most {LIMIT_NS:.0} ns)");
}

fn alone(criterion: &mut Criterion) {
    let made = || -> Outcome<_> { Ok((Bare::new()?, session()?, inputs()?)) };
    let (mut bare, mut session, inputs) = match made() {
        Ok(made) => made,
        Err(error) => return eprintln!("overhead skipped: {error}"),
    };
    let mut group = criterion.benchmark_group("overhead");
    group.bench_function("bare ort call", |b| b.iter(|| bare.run()));
    group.bench_function("bind", |b| {
        let mut inputs = inputs.iter().cycle();
        b.iter(|| inputs.next().map(|input| session.bind(input)))
    });
    group.bench_function("run", |b| b.iter(|| session.run()));
    group.bench_function("output", |b| b.iter(|| session.output()));
    group.finish();
}

criterion_group!(benches, alone);

fn main() {
    let asked = |flag: &str| env::args().any(|argument| argument == flag);
    if asked("--bench")
        && !asked("--list")
        && let Err(error) = interleaved()
    {
        eprintln!("overhead skipped: {error}");
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
