//! How often each 95 % interval holds the true value.
//!
//!     cargo run --release --no-default-features --example coverage -- [--quick] [--only BLOCK]
//!
//! Block 1, counts: for each number of images, discordance and true difference, the share of
//! simulated comparisons (10,000; 1,000 with `--quick`) whose interval holds the truth, and beside
//! it the exact coverage: the sum over all tables of counts, each with its probability. Wilson's is
//! that of the baseline's accuracy, 90 %. The simulated share has a standard error of 0.2 points.
//!
//! Block 2, medians of rounds: simulated only, for normal, heavy-tailed and skewed values.
//!
//! Block 3, bootstrap: figures that have no exact method, judged as `bench compare` judges them, in
//! comparisons (2,000; 200 with `--quick`) drawn from a population of 200,000 images whose
//! differences are known. The share has a standard error of 0.5 points. An interval that is not
//! given counts neither for nor against; how often it is given stands beside it.

#![allow(clippy::unwrap_used, reason = "an example that cannot go on has failed")]

mod bootstrap;
mod counts;
mod medians;
mod population;
mod tally;

use std::thread;
use std::time::Instant;

use clap::{Parser, ValueEnum};

use population::Kind;

const LEVEL: f64 = 0.95;

/// Coverage of the intervals.
#[derive(Parser)]
struct Arguments {
    /// A tenth of the comparisons
    #[arg(long)]
    quick: bool,
    /// This block alone
    #[arg(long)]
    only: Option<Block>,
    /// Comparisons of block bootstrap, instead of 2,000
    #[arg(long)]
    comparisons: Option<usize>,
    /// Block bootstrap with so many images alone
    #[arg(long)]
    images: Option<usize>,
    /// Block bootstrap with this kind of data alone: plain, uneven, lossy, noisy or long-tailed
    #[arg(long)]
    data: Option<String>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Block {
    Counts,
    Medians,
    Bootstrap,
}

fn main() {
    let Arguments { quick, only, comparisons, images, data, seed } = Arguments::parse();
    let started = Instant::now();
    let parts = if quick { 10 } else { 1 };
    let wanted = |block| only.is_none_or(|only| only == block);
    if wanted(Block::Counts) {
        counts::print(10_000 / parts, seed);
    }
    if wanted(Block::Medians) {
        medians::print(10_000 / parts, seed);
    }
    if wanted(Block::Bootstrap) {
        let sizes = images.map_or(bootstrap::SIZES.to_vec(), |images| vec![images]);
        let wanted = |kind: &&Kind| data.as_deref().is_none_or(|name| name == kind.name);
        let kinds: Vec<Kind> = bootstrap::KINDS.iter().filter(wanted).copied().collect();
        bootstrap::print(&sizes, &kinds, comparisons.unwrap_or(2_000 / parts), seed);
    }
    println!("\n{:.1} s", started.elapsed().as_secs_f64());
}

/// Runs independent jobs on all cores; results in the order of the jobs.
fn in_parallel<J: Sync, R: Send>(jobs: &[J], run: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let run = &run;
        let worker = move |first: usize| {
            (first..jobs.len()).step_by(cores).map(|i| (i, run(&jobs[i]))).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..cores).map(|core| scope.spawn(move || worker(core))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}
