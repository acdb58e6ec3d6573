//! Full batches on all cores: how many images a second the machine can do.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::record::ThroughputRound;
use crate::runtime::Session;
use crate::tensor::Tensor;

/// Runs every session on `input` side by side for about `seconds`; each finishes the run under way.
pub fn stretch(
    sessions: &mut [Box<dyn Session>],
    input: &Tensor,
    batch: usize,
    round: u32,
    seconds: f64,
    stop: &AtomicBool,
) -> Result<ThroughputRound> {
    let length = Duration::from_secs_f64(seconds);
    for session in sessions.iter_mut() {
        session.bind(input)?;
    }
    let barrier = Barrier::new(sessions.len());
    let finished: Vec<Result<(Instant, Instant, u64)>> = std::thread::scope(|scope| {
        let streams: Vec<_> = sessions
            .iter_mut()
            .map(|session| scope.spawn(|| stream(session.as_mut(), &barrier, length, stop)))
            .collect();
        streams.into_iter().map(|s| s.join().unwrap_or_else(|_| Err(panicked()))).collect()
    });
    let mut streams = Vec::with_capacity(finished.len());
    for stream in finished {
        streams.push(stream?);
    }
    let begun = streams.iter().map(|s| s.0).min();
    let ended = streams.iter().map(|s| s.1).max();
    let elapsed = begun.zip(ended).map_or(Duration::ZERO, |(begun, ended)| ended - begun);
    let runs: u64 = streams.iter().map(|s| s.2).sum();
    Ok(ThroughputRound { round, images: runs * batch as u64, elapsed_ns: elapsed.as_nanos() as u64 })
}

fn stream(
    session: &mut dyn Session,
    barrier: &Barrier,
    length: Duration,
    stop: &AtomicBool,
) -> Result<(Instant, Instant, u64)> {
    barrier.wait();
    let begun = Instant::now();
    let mut runs = 0;
    loop {
        session.run()?;
        runs += 1;
        let now = Instant::now();
        if now - begun >= length || stop.load(Ordering::Relaxed) {
            return Ok((begun, now, runs));
        }
    }
}

fn panicked() -> Error {
    Error::unusable("a thread of the throughput measurement panicked")
}
