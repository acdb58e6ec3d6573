//! How the latency pass is divided into launches and rounds, and when it ends.

use crate::plan::{Protocol, ROUNDS_A_LAUNCH};
use crate::record::{Ended, LoadEvidence, Round};
use crate::stats::{LEAST_LAUNCHES, LogRatios};

/// Starting a process, reading the inputs and warming up, nanoseconds; what is usual.
const STARTING_NS: u64 = 150_000_000;

/// Confidence level of the intervals looked at. What the report says is computed anew from the record.
const LEVEL: f64 = 0.95;

/// How often each candidate may be started within its time: once where the time does not suffice
/// for as many launches as an interval over launches needs.
pub fn launches_allowed<'a>(protocol: &Protocol, loads: impl Iterator<Item = &'a LoadEvidence>) -> u32 {
    let cost = |load: &LoadEvidence| load.load_ns.saturating_add(load.first_run_ns);
    let slowest = loads.map(cost).max().unwrap_or(0).saturating_add(STARTING_NS);
    let launches = 1 + (protocol.latency_seconds * 1e9 / slowest as f64) as u32;
    if launches as usize >= LEAST_LAUNCHES { launches } else { 1 }
}

/// Whether the pass is over after `done` rounds, and why. `sides` are the blocks of all candidates
/// that still run, the one that the others are compared with first.
pub fn ended(protocol: &Protocol, sides: &[&[Round]], done: u32) -> Option<Ended> {
    let spent = sides.iter().map(|rounds| spent_ns(rounds)).max().unwrap_or(0);
    if sides.is_empty() || spent as f64 >= protocol.latency_seconds * 1e9 {
        return Some(Ended::Time);
    }
    let look = done >= protocol.least_rounds && done.is_multiple_of(ROUNDS_A_LAUNCH);
    (look && sides.len() > 1 && precise(protocol, sides)).then_some(Ended::Precision)
}

fn precise(protocol: &Protocol, sides: &[&[Round]]) -> bool {
    let Some((first, others)) = sides.split_first() else { return false };
    let first = Round::blocks(first);
    others.iter().all(|other| {
        let interval = LogRatios::of(&first, &Round::blocks(other)).interval(LEVEL);
        interval.is_some_and(|interval| interval.half_width() <= protocol.precision)
    })
}

fn spent_ns(rounds: &[Round]) -> u64 {
    rounds.iter().flat_map(|round| &round.samples_ns).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(values: impl IntoIterator<Item = u64>) -> Vec<Round> {
        let round = |(index, ns): (usize, u64)| Round {
            round: index as u32,
            position: 0,
            launch: index as u32 / ROUNDS_A_LAUNCH,
            samples_ns: vec![ns],
        };
        values.into_iter().enumerate().map(round).collect()
    }

    #[test]
    fn a_model_that_loads_slowly_is_started_once() {
        let protocol = Protocol::default();
        let allowed = |ms: u64| {
            let load = LoadEvidence { load_ns: ms * 1_000_000, first_run_ns: 0 };
            launches_allowed(&protocol, [load].iter())
        };
        assert_eq!([17, 221, 1_000, 3_000].map(allowed), [30, 14, 5, 1]);
        assert_eq!(launches_allowed(&protocol, [].iter()), 34);
    }

    #[test]
    fn steady_candidates_end_the_pass_after_the_fewest_rounds() {
        let protocol = Protocol::default();
        let (one, two) = (rounds([1_000_000; 20]), rounds([2_000_000; 20]));
        assert_eq!(ended(&protocol, &[&one, &two], 20), Some(Ended::Precision));
        assert_eq!(ended(&protocol, &[&one[..16], &two[..16]], 16), None);
    }

    #[test]
    fn unsteady_candidates_go_on_until_the_time_is_spent() {
        let protocol = Protocol { latency_seconds: 1.0, ..Protocol::default() };
        let (one, wild) = (rounds([1_000_000; 40]), rounds((0..40).map(|i| 1_000_000 + i / 4 % 3 * 300_000)));
        assert_eq!(ended(&protocol, &[&one, &wild], 40), None);
        let slow = rounds([500_000_000; 2]);
        assert_eq!(ended(&protocol, &[&one, &slow], 2), Some(Ended::Time));
    }

    #[test]
    fn a_candidate_alone_is_measured_until_the_time_is_spent_and_nobody_at_once() {
        let protocol = Protocol::default();
        assert_eq!(ended(&protocol, &[&rounds([1_000_000; 40])], 40), None);
        assert_eq!(ended(&protocol, &[], 0), Some(Ended::Time));
    }
}
