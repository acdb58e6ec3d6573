//! One side of an interleaved race (see `benches/scripts/interleave.py`): prepares a model as
//! `bench compare` does, then measures one latency block for each line on standard input and
//! answers with its median in nanoseconds.
//!
//!     cargo run --release --example latency_blocks -- MODEL [MILLISECONDS]

#[path = "../benches/support/mod.rs"]
mod support;

use std::env;
use std::io::{self, BufRead};
use std::path::PathBuf;

use onnx_bench::measure::Candidate;
use onnx_bench::plan::{DataSettings, Job};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = env::args_os().skip(1);
    let path: PathBuf = arguments.next().ok_or("usage: latency_blocks MODEL [MILLISECONDS]")?.into();
    let mut job = Job { dataset: None, ..support::job(&path, "ort", DataSettings::default())? };
    if let Some(length) = arguments.next() {
        let length = length.to_string_lossy().parse()?;
        (job.protocol.block_ms, job.protocol.longest_block_ms) = (length, length);
    }
    let (mut candidate, prepared) = Candidate::prepare(job)?;
    candidate.warm_up()?;
    println!("ready {}", prepared.runtime.version);
    for line in io::stdin().lock().lines() {
        line?;
        let samples = candidate.round()?;
        println!("{}", support::median(samples.iter().map(|&ns| ns as f64)));
    }
    Ok(())
}
