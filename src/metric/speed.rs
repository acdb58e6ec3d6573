//! How many times faster the candidate is, by rounds that both were measured in.

use std::collections::BTreeMap;

use super::throughput::images_per_second;
use super::{
    Basis, Better, Difference, MetricSpec, PairMetric, PairReading, ScoredPair, ScoredRun, Timing, Unit,
};
use crate::stats;

/// Ratio of latencies.
pub static SPEED_UP: MetricSpec = MetricSpec {
    id: "speed_up",
    title: "speed-up",
    definition: "exp of the median over common rounds of ln(baseline's block median / candidate's block \
                 median), latency at batch 1; above 1 the candidate is faster. Runs that were not \
                 measured in turn have no common rounds: median of the baseline's block medians / median \
                 of the candidate's.",
    unit: Unit::Ratio,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// Ratio of throughputs.
pub static THROUGHPUT_RATIO: MetricSpec = MetricSpec {
    id: "throughput_ratio",
    title: "throughput ratio",
    definition: "exp of the median over common rounds of ln(candidate's images a second / baseline's); \
                 above 1 the candidate is faster. Runs that were not measured in turn have no common \
                 rounds: candidate's median / baseline's median.",
    unit: Unit::Ratio,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// One value a round, by the number of the round.
type ByRound = BTreeMap<u32, f64>;

pub(super) struct SpeedUp;

impl PairMetric for SpeedUp {
    fn spec(&self) -> &'static MetricSpec {
        &SPEED_UP
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let (baseline, candidate) = (block_medians(pair.baseline)?, block_medians(pair.candidate)?);
        ratio(&SPEED_UP, &baseline, &candidate, pair.timing)
    }
}

pub(super) struct ThroughputRatio;

impl PairMetric for ThroughputRatio {
    fn spec(&self) -> &'static MetricSpec {
        &THROUGHPUT_RATIO
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let (baseline, candidate) = (rates(pair.baseline)?, rates(pair.candidate)?);
        ratio(&THROUGHPUT_RATIO, &candidate, &baseline, pair.timing)
    }
}

fn block_medians(scored: &ScoredRun<'_>) -> Option<ByRound> {
    let rounds = &scored.run.record.evidence.latency.as_ref()?.rounds;
    let median = |samples: &[u64]| stats::median(&samples.iter().map(|&ns| ns as f64).collect::<Vec<_>>());
    Some(rounds.iter().filter_map(|block| Some((block.round, median(&block.samples_ns)?))).collect())
}

fn rates(scored: &ScoredRun<'_>) -> Option<ByRound> {
    let rounds = &scored.run.record.evidence.throughput.as_ref()?.rounds;
    Some(rounds.iter().map(|round| (round.round, images_per_second(round))).collect())
}

/// The typical over / under.
fn ratio(spec: &MetricSpec, over: &ByRound, under: &ByRound, timing: Timing) -> Option<PairReading> {
    let (value, n) = match timing {
        Timing::Interleaved => by_round(over, under),
        Timing::Apart => of_medians(over, under),
        Timing::Incomparable => return None,
    };
    Some(match value {
        Some(value) => PairReading::of(spec, value, n as u64),
        None => PairReading::undefined(spec, 0, "the two runs have no round in common"),
    })
}

fn by_round(over: &ByRound, under: &ByRound) -> (Option<f64>, usize) {
    let pairs: Vec<(f64, f64)> =
        over.iter().filter_map(|(round, &a)| Some((a, *under.get(round)?))).collect();
    (stats::median_ratio(&pairs), pairs.len())
}

fn of_medians(over: &ByRound, under: &ByRound) -> (Option<f64>, usize) {
    let median = |side: &ByRound| stats::median(&side.values().copied().collect::<Vec<_>>());
    let value = median(over).zip(median(under)).map(|(over, under)| over / under);
    (value, over.len().min(under.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::sample::{latency, run, throughput};

    fn speed_up(baseline: &[&[u64]], candidate: &[&[u64]], timing: Timing) -> Option<PairReading> {
        let [mut a, mut b] = [run("fp32"), run("int8")];
        a.record.evidence.latency = Some(latency(baseline));
        b.record.evidence.latency = Some(latency(candidate));
        let (a, b) = (ScoredRun::of(&a).unwrap(), ScoredRun::of(&b).unwrap());
        SpeedUp.read(&ScoredPair { baseline: &a, candidate: &b, images: None, timing })
    }

    #[test]
    fn a_slow_round_of_the_machine_hits_both_sides_and_cancels() {
        let (slow, fast): (&[&[u64]], &[&[u64]]) = (&[&[200], &[2000], &[210]], &[&[100], &[1000], &[105]]);
        let reading = speed_up(slow, fast, Timing::Interleaved).unwrap();
        assert!((reading.value.unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(reading.n, 3);
    }

    #[test]
    fn a_round_that_only_one_side_finished_does_not_count() {
        let reading = speed_up(&[&[200], &[200]], &[&[100]], Timing::Interleaved).unwrap();
        assert_eq!(reading.n, 1);
    }

    #[test]
    fn runs_measured_apart_are_compared_by_their_medians() {
        let reading = speed_up(&[&[300], &[100], &[200]], &[&[50], &[100], &[70]], Timing::Apart).unwrap();
        assert_eq!(reading.value, Some(200.0 / 70.0));
    }

    #[test]
    fn runs_of_two_machines_have_no_speed_up() {
        assert_eq!(speed_up(&[&[200]], &[&[100]], Timing::Incomparable), None);
    }

    #[test]
    fn no_common_round_and_a_zero_time_are_null_with_a_reason() {
        let none = speed_up(&[&[200]], &[], Timing::Interleaved).unwrap();
        let zero = speed_up(&[&[200]], &[&[0]], Timing::Interleaved).unwrap();
        for reading in [none, zero] {
            assert_eq!(reading.value, None);
            assert!(reading.undefined.is_some());
        }
    }

    #[test]
    fn more_images_a_second_is_a_ratio_above_one() {
        let [mut a, mut b] = [run("fp32"), run("int8")];
        a.record.evidence.throughput = Some(throughput(&[(100, 1_000_000_000)]));
        b.record.evidence.throughput = Some(throughput(&[(300, 1_000_000_000)]));
        let (a, b) = (ScoredRun::of(&a).unwrap(), ScoredRun::of(&b).unwrap());
        let pair = ScoredPair { baseline: &a, candidate: &b, images: None, timing: Timing::Interleaved };
        assert!((ThroughputRatio.read(&pair).unwrap().value.unwrap() - 3.0).abs() < 1e-12);
    }
}
