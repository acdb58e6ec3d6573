//! Images a second with all cores at work.

use super::{Basis, Better, Difference, Metric, MetricSpec, Reading, ScoredRun, Unit};
use crate::record::ThroughputRound;
use crate::stats;

/// Images a second.
pub static THROUGHPUT: MetricSpec = MetricSpec {
    id: "throughput",
    title: "throughput",
    definition: "Median over rounds of images finished / time from the common start to the last finish, \
                 full batches on all cores.",
    unit: Unit::PerSecond,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

pub(super) struct Throughput;

impl Metric for Throughput {
    fn spec(&self) -> &'static MetricSpec {
        &THROUGHPUT
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let rounds = &run.run.record.evidence.throughput.as_ref()?.rounds;
        let rates: Vec<f64> = rounds.iter().map(images_per_second).collect();
        Some(match stats::median(&rates) {
            Some(rate) => Reading::of(&THROUGHPUT, rate, rates.len() as u64),
            None => Reading::undefined(&THROUGHPUT, 0, "no round was finished"),
        })
    }
}

/// The rate of one round; not finite for a round without length.
pub(super) fn images_per_second(round: &ThroughputRound) -> f64 {
    round.images as f64 * 1e9 / round.elapsed_ns as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{run, throughput};

    #[test]
    fn one_disturbed_round_does_not_move_it() {
        let mut run = run("fp32");
        run.record.evidence.throughput =
            Some(throughput(&[(500, 1_000_000_000), (490, 1_000_000_000), (1, 1_000_000_000)]));
        let reading = Throughput.read(&ScoredRun::of(&run).unwrap()).unwrap();
        assert_eq!((reading.value, reading.n), (Some(490.0), 3));
    }

    #[test]
    fn a_round_without_length_is_no_infinite_rate() {
        let mut run = run("fp32");
        run.record.evidence.throughput = Some(throughput(&[(500, 0)]));
        let reading = Throughput.read(&ScoredRun::of(&run).unwrap()).unwrap();
        assert_eq!(reading.value, None);
        assert!(reading.undefined.is_some());
    }
}
