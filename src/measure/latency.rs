//! Timed runs at batch 1. Between the two clock reads there is the run and nothing else.

use super::Clock;
use crate::error::Result;
use crate::record::WarmUp;
use crate::runtime::Session;
use crate::stats;
use crate::tensor::Tensor;

/// Runs of one input after the other, round and round.
pub struct Runner<'a, C: Clock> {
    session: &'a mut dyn Session,
    inputs: &'a [Tensor],
    next: &'a mut usize,
    clock: &'a C,
}

impl<'a, C: Clock> Runner<'a, C> {
    /// A runner that goes on with input `next`.
    pub fn new(
        session: &'a mut dyn Session,
        inputs: &'a [Tensor],
        next: &'a mut usize,
        clock: &'a C,
    ) -> Self {
        Self { session, inputs, next, clock }
    }

    /// One run; nanoseconds.
    fn once(&mut self) -> Result<u64> {
        let input = &self.inputs[*self.next % self.inputs.len()];
        *self.next += 1;
        self.session.bind(input)?;
        let begun = self.clock.now_ns();
        self.session.run()?;
        Ok(self.clock.now_ns() - begun)
    }
}

/// Back-to-back runs until they sum to `length_ns`; at least one. Nanoseconds of each.
pub fn block<C: Clock>(runner: &mut Runner<'_, C>, length_ns: u64) -> Result<Vec<u64>> {
    let mut samples = Vec::new();
    let mut spent = 0;
    while spent < length_ns {
        let sample = runner.once()?;
        // A run that the clock cannot see still counts, or this would never end.
        spent += sample.max(1);
        samples.push(sample);
    }
    Ok(samples)
}

/// Length of a warm-up block: long enough for a stable median, short enough for several.
const WARM_UP_BLOCK_NS: u64 = 20_000_000;
/// This many blocks in a row must agree …
const AGREEING_BLOCKS: usize = 3;
/// … to within this share of their median. A fixed count of runs cannot know when a runtime is
/// warm (Barrett et al. 2017, "Virtual machine warmup blows hot and cold").
const AGREEMENT: f64 = 0.02;

/// Untimed runs until the last block medians agree or `limit_ns` is spent, and the last median in
/// nanoseconds.
pub fn warm_up<C: Clock>(runner: &mut Runner<'_, C>, limit_ns: u64) -> Result<(WarmUp, f64)> {
    let mut medians: Vec<f64> = Vec::new();
    let (mut runs, mut elapsed_ns) = (0, 0);
    loop {
        let samples = block(runner, WARM_UP_BLOCK_NS)?;
        runs += samples.len() as u64;
        elapsed_ns += samples.iter().sum::<u64>();
        let samples: Vec<f64> = samples.into_iter().map(|ns| ns as f64).collect();
        let median = stats::median(&samples).unwrap_or(0.0);
        medians.push(median);
        let settled = agree(&medians);
        if settled || elapsed_ns >= limit_ns {
            return Ok((WarmUp { runs, elapsed_ns, settled }, median));
        }
    }
}

fn agree(medians: &[f64]) -> bool {
    let Some(last) = medians.len().checked_sub(AGREEING_BLOCKS).map(|first| &medians[first..]) else {
        return false;
    };
    let low = last.iter().copied().fold(f64::INFINITY, f64::min);
    let high = last.iter().copied().fold(0.0, f64::max);
    high - low <= AGREEMENT * low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::clock::scripted::ScriptedClock;
    use crate::tensor::Values;

    /// A session whose runs take the scripted times, the last one for ever; binding takes time too.
    struct Scripted {
        clock: ScriptedClock,
        run_ns: Vec<u64>,
        bound: Vec<f32>,
    }

    impl Session for Scripted {
        fn bind(&mut self, input: &Tensor) -> Result<()> {
            self.clock.advance(5_000);
            self.bound.push(input.values().to_f32()[0]);
            Ok(())
        }

        fn run(&mut self) -> Result<()> {
            let ns = if self.run_ns.len() > 1 { self.run_ns.remove(0) } else { self.run_ns[0] };
            self.clock.advance(ns);
            Ok(())
        }

        fn output(&mut self) -> Result<Tensor> {
            Tensor::new(vec![0], Values::F32(vec![]))
        }
    }

    fn inputs(count: usize) -> Vec<Tensor> {
        (0..count).map(|i| Tensor::new(vec![1], Values::F32(vec![i as f32])).unwrap()).collect()
    }

    fn scripted(run_ns: Vec<u64>) -> (ScriptedClock, Scripted) {
        let clock = ScriptedClock::default();
        (clock.clone(), Scripted { clock, run_ns, bound: vec![] })
    }

    #[test]
    fn a_block_times_the_run_and_not_the_binding() {
        let (clock, mut session) = scripted(vec![40, 60]);
        let (inputs, mut next) = (inputs(2), 0);
        let samples = block(&mut Runner::new(&mut session, &inputs, &mut next, &clock), 100).unwrap();
        assert_eq!(samples, [40, 60]);
    }

    #[test]
    fn inputs_follow_each_other_across_blocks() {
        let (clock, mut session) = scripted(vec![100]);
        let (inputs, mut next) = (inputs(3), 0);
        for _ in 0..4 {
            block(&mut Runner::new(&mut session, &inputs, &mut next, &clock), 100).unwrap();
        }
        assert_eq!(session.bound, [0.0, 1.0, 2.0, 0.0]);
    }

    #[test]
    fn a_run_too_short_for_the_clock_does_not_hang_the_block() {
        let (clock, mut session) = scripted(vec![0]);
        let (inputs, mut next) = (inputs(1), 0);
        let samples = block(&mut Runner::new(&mut session, &inputs, &mut next, &clock), 50).unwrap();
        assert_eq!(samples.len(), 50);
    }

    #[test]
    fn warm_up_ends_when_three_blocks_agree() {
        let (clock, mut session) = scripted(vec![80_000_000, 30_000_000, 20_000_000]);
        let (inputs, mut next) = (inputs(1), 0);
        let (warm, _) =
            warm_up(&mut Runner::new(&mut session, &inputs, &mut next, &clock), u64::MAX).unwrap();
        assert_eq!((warm.settled, warm.runs), (true, 5));
    }

    #[test]
    fn warm_up_says_when_it_never_settled() {
        let rising = (1..200).map(|i| 20_000_000 + i * 2_000_000).collect();
        let (clock, mut session) = scripted(rising);
        let (inputs, mut next) = (inputs(1), 0);
        let (warm, _) =
            warm_up(&mut Runner::new(&mut session, &inputs, &mut next, &clock), 500_000_000).unwrap();
        assert!(!warm.settled && warm.elapsed_ns >= 500_000_000);
    }
}
