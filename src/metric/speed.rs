//! How many times faster the candidate is, by rounds that both were measured in.

use super::throughput::images_per_second;
use super::{
    Basis, Better, Difference, Interval, IntervalMethod, LEVEL, MetricSpec, PairMetric, PairReading,
    ScoredPair, ScoredRun, Timing, Unit,
};
use crate::record::{Round, ThroughputRound};
use crate::stats::{self, Block, LogRatios};

/// Ratio of latencies.
pub static SPEED_UP: MetricSpec = MetricSpec {
    id: "speed_up",
    title: "speed-up",
    definition: "exp of the median over common rounds of ln(baseline's block median / candidate's block \
                 median), latency at batch 1; above 1 the candidate is faster. Interval: Student's t over \
                 the medians of the launches; with fewer than five launches from the order of the rounds, \
                 for these processes alone. Runs that were not measured in turn have no common rounds: \
                 median of the baseline's block medians / median of the candidate's, without interval.",
    unit: Unit::Ratio,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// The same by another estimate.
pub static SPEED_UP_HL: MetricSpec = MetricSpec {
    id: "speed_up_hodges_lehmann",
    title: "speed-up (HL)",
    definition: "exp of the Hodges-Lehmann estimate of the log ratios of the rounds, the median of all \
                 their pairwise means, with the interval of Wilcoxon's signed-rank distribution: a check \
                 on the speed-up by another road.",
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
                 above 1 the candidate is faster. Interval and runs that were not measured in turn as for \
                 the speed-up.",
    unit: Unit::Ratio,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

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

pub(super) struct SpeedUpHodgesLehmann;

impl PairMetric for SpeedUpHodgesLehmann {
    fn spec(&self) -> &'static MetricSpec {
        &SPEED_UP_HL
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let (baseline, candidate) = (block_medians(pair.baseline)?, block_medians(pair.candidate)?);
        if pair.timing != Timing::Interleaved {
            return None;
        }
        let values = LogRatios::of(&baseline, &candidate).values();
        let found = stats::hodges_lehmann(&values, LEVEL)?;
        let reading = PairReading::of(&SPEED_UP_HL, found.point.exp(), values.len() as u64);
        let interval = found.interval.and_then(|log| exponential(log, IntervalMethod::SignedRank));
        Some(reading.with_interval(interval))
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

fn block_medians(scored: &ScoredRun<'_>) -> Option<Vec<Block>> {
    Some(Round::blocks(&scored.run.record.evidence.latency.as_ref()?.rounds))
}

fn rates(scored: &ScoredRun<'_>) -> Option<Vec<Block>> {
    let rounds = &scored.run.record.evidence.throughput.as_ref()?.rounds;
    let block =
        |round: &ThroughputRound| Block { round: round.round, launch: 0, value: images_per_second(round) };
    Some(rounds.iter().map(block).collect())
}

/// The typical over / under.
fn ratio(spec: &MetricSpec, over: &[Block], under: &[Block], timing: Timing) -> Option<PairReading> {
    match timing {
        Timing::Interleaved => Some(by_round(spec, &LogRatios::of(over, under))),
        Timing::Apart => Some(of_medians(spec, over, under)),
        Timing::Incomparable => None,
    }
}

/// The median of the log ratios as a ratio, with its interval.
pub(super) fn by_round(spec: &MetricSpec, ratios: &LogRatios) -> PairReading {
    let Some(median) = ratios.median() else {
        return PairReading::undefined(spec, 0, "the two runs have no round in common");
    };
    let method = match ratios.over_launches() {
        true => IntervalMethod::StudentOverLaunches,
        false => IntervalMethod::OrderOfRounds,
    };
    let interval = ratios.interval(LEVEL).and_then(|log| exponential(log, method));
    PairReading::of(spec, median.exp(), ratios.rounds() as u64).with_interval(interval)
}

fn exponential(log: stats::Interval, method: IntervalMethod) -> Option<Interval> {
    let (low, high) = (log.low.exp(), log.high.exp());
    (low.is_finite() && high.is_finite()).then_some(Interval { low, high, level: LEVEL, method })
}

fn of_medians(spec: &MetricSpec, over: &[Block], under: &[Block]) -> PairReading {
    let median = |side: &[Block]| stats::median(&side.iter().map(|block| block.value).collect::<Vec<_>>());
    match median(over).zip(median(under)) {
        Some((top, bottom)) => PairReading::of(spec, top / bottom, over.len().min(under.len()) as u64),
        None => PairReading::undefined(spec, 0, "one of the two runs has no round"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{latency, run, throughput};

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
