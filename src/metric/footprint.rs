//! What a model costs before its first answer: bytes on disk, time to load.

use super::{
    Basis, Better, Difference, Metric, MetricSpec, PairMetric, PairReading, Reading, ScoredPair, ScoredRun,
    Unit,
};
use crate::record::LoadEvidence;
use crate::stats;

/// Bytes of the model.
pub static SIZE: MetricSpec = MetricSpec {
    id: "size",
    title: "size",
    definition: "Bytes of the model file and its external data.",
    unit: Unit::Bytes,
    better: Better::Lower,
    difference: Difference::Relative,
    basis: Basis::Model,
};

/// Time to a ready session.
pub static LOAD: MetricSpec = MetricSpec {
    id: "load",
    title: "load",
    definition: "Time to read and optimize the model and set up the session in a fresh process; median over launches.",
    unit: Unit::Nanoseconds,
    better: Better::Lower,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// Time of the first run.
pub static FIRST_RUN: MetricSpec = MetricSpec {
    id: "first_run",
    title: "first run",
    definition: "Time of the very first run after loading, at the batch of the latency pass; median over launches.",
    unit: Unit::Nanoseconds,
    better: Better::Lower,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// How many times smaller the candidate is.
pub static SIZE_RATIO: MetricSpec = MetricSpec {
    id: "size_ratio",
    title: "size ratio",
    definition: "Baseline's bytes / candidate's bytes; above 1 the candidate is smaller.",
    unit: Unit::Ratio,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Model,
};

pub(super) struct Size;

impl Metric for Size {
    fn spec(&self) -> &'static MetricSpec {
        &SIZE
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        Some(Reading::of(&SIZE, run.run.record.model.bytes as f64, 1))
    }
}

pub(super) struct Load;

impl Metric for Load {
    fn spec(&self) -> &'static MetricSpec {
        &LOAD
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        over_launches(&LOAD, run, |load| load.load_ns)
    }
}

pub(super) struct FirstRun;

impl Metric for FirstRun {
    fn spec(&self) -> &'static MetricSpec {
        &FIRST_RUN
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        over_launches(&FIRST_RUN, run, |load| load.first_run_ns)
    }
}

fn over_launches(spec: &MetricSpec, run: &ScoredRun<'_>, ns: fn(&LoadEvidence) -> u64) -> Option<Reading> {
    let loads: Vec<f64> = run.run.record.evidence.load.iter().map(|load| ns(load) as f64).collect();
    Some(Reading::of(spec, stats::median(&loads)?, loads.len() as u64))
}

pub(super) struct SizeRatio;

impl PairMetric for SizeRatio {
    fn spec(&self) -> &'static MetricSpec {
        &SIZE_RATIO
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let [baseline, candidate] = [pair.baseline, pair.candidate].map(|side| side.run.record.model.bytes);
        Some(PairReading::of(&SIZE_RATIO, baseline as f64 / candidate as f64, 1))
    }
}
