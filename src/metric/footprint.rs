//! What a model costs before its first answer: bytes on disk, time to load, memory.

use super::{
    Basis, Better, Difference, Metric, MetricSpec, PairMetric, PairReading, Reading, ScoredPair, ScoredRun,
    Unit,
};
use crate::record::{LoadEvidence, MemoryEvidence};

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
    definition: "Time to read and optimize the model and set up the session, once, in a fresh process.",
    unit: Unit::Nanoseconds,
    better: Better::Lower,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// Time of the first run.
pub static FIRST_RUN: MetricSpec = MetricSpec {
    id: "first_run",
    title: "first run",
    definition: "Time of the very first run after loading, at the batch of the latency pass.",
    unit: Unit::Nanoseconds,
    better: Better::Lower,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// Most memory of the process.
pub static MEMORY_PEAK: MetricSpec = MetricSpec {
    id: "memory_peak",
    title: "memory peak",
    definition: "Most resident memory of the candidate's own process until the end of the latency pass: \
                 one session at batch 1, runtime library included.",
    unit: Unit::Bytes,
    better: Better::Lower,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

/// Memory that the model brings.
pub static MEMORY_MODEL: MetricSpec = MetricSpec {
    id: "memory_model",
    title: "memory of model",
    definition: "Most resident memory until the end of the latency pass, less what was resident before the \
                 model was loaded: weights and working set of one session at batch 1.",
    unit: Unit::Bytes,
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

pub(super) struct MemoryModel;

impl Metric for MemoryModel {
    fn spec(&self) -> &'static MetricSpec {
        &MEMORY_MODEL
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let memory = run.run.record.evidence.memory.as_ref()?;
        let growth = memory.peak_bytes.checked_sub(memory.before_load_bytes?)?;
        Some(Reading::of(&MEMORY_MODEL, growth as f64, 1))
    }
}

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
        let LoadEvidence { load_ns, .. } = run.run.record.evidence.load.as_ref()?;
        Some(Reading::of(&LOAD, *load_ns as f64, 1))
    }
}

pub(super) struct FirstRun;

impl Metric for FirstRun {
    fn spec(&self) -> &'static MetricSpec {
        &FIRST_RUN
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let LoadEvidence { first_run_ns, .. } = run.run.record.evidence.load.as_ref()?;
        Some(Reading::of(&FIRST_RUN, *first_run_ns as f64, 1))
    }
}

pub(super) struct MemoryPeak;

impl Metric for MemoryPeak {
    fn spec(&self) -> &'static MetricSpec {
        &MEMORY_PEAK
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let MemoryEvidence { peak_bytes, .. } = run.run.record.evidence.memory.as_ref()?;
        Some(Reading::of(&MEMORY_PEAK, *peak_bytes as f64, 1))
    }
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
