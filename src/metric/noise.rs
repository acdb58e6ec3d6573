//! What this machine makes of no difference at all.

use super::{Basis, Better, Difference, LEVEL, Metric, MetricSpec, Reading, ScoredRun, Unit};
use crate::record::Round;
use crate::stats::LogRatios;

/// The noise floor of latency ratios.
pub static NOISE_FLOOR: MetricSpec = MetricSpec {
    id: "noise_floor",
    title: "noise floor",
    definition: "The baseline was measured twice in the same rounds, in processes of its own each time. The \
                 floor is the end of the interval of their ratio that lies farther from 1, less 1: a \
                 difference of latency up to this says nothing.",
    unit: Unit::Fraction,
    better: Better::Neither,
    difference: Difference::Absolute,
    basis: Basis::Machine,
};

pub(super) struct NoiseFloor;

impl Metric for NoiseFloor {
    fn spec(&self) -> &'static MetricSpec {
        &NOISE_FLOOR
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let evidence = &run.run.record.evidence;
        let (own, twin) = (&evidence.latency.as_ref()?.rounds, &evidence.twin.as_ref()?.rounds);
        let ratios = LogRatios::of(&Round::blocks(own), &Round::blocks(twin));
        let n = ratios.rounds() as u64;
        Some(match ratios.interval(LEVEL) {
            Some(found) => Reading::of(&NOISE_FLOOR, found.low.abs().max(found.high.abs()).exp_m1(), n),
            None => Reading::undefined(&NOISE_FLOOR, 0, "too few rounds"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{latency, run};
    use crate::record::TwinEvidence;

    fn floor(own: &[u64], twin: &[u64]) -> Option<Reading> {
        let rounds = |values: &[u64]| values.iter().map(|&ns| vec![ns]).collect::<Vec<_>>();
        let evidence = |values: &[u64]| {
            let rounds = rounds(values);
            latency(&rounds.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        let mut run = run("fp32");
        run.record.evidence.latency = Some(evidence(own));
        run.record.evidence.twin = Some(TwinEvidence { rounds: evidence(twin).rounds, memory: None });
        NoiseFloor.read(&ScoredRun::of(&run).unwrap())
    }

    #[test]
    fn two_processes_that_differ_steadily_have_that_as_the_floor_whichever_is_slower() {
        let (slow, fast) = ([1020; 12], [1000; 12]);
        for reading in [floor(&slow, &fast), floor(&fast, &slow)] {
            assert!((reading.unwrap().value.unwrap() - 0.02).abs() < 1e-12);
        }
    }

    #[test]
    fn launches_that_differ_raise_the_floor_even_when_the_medians_agree() {
        let wild: Vec<u64> = (0..20).map(|i| if i / 4 % 2 == 0 { 900 } else { 1100 }).collect();
        assert!(floor(&wild, &[1000; 20]).unwrap().value.unwrap() > 0.05);
    }

    #[test]
    fn a_run_without_a_twin_has_no_floor() {
        let mut alone = run("fp32");
        alone.record.evidence.latency = Some(latency(&[&[100]]));
        assert_eq!(NoiseFloor.read(&ScoredRun::of(&alone).unwrap()), None);
    }
}
