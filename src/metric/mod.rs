//! Figures computed from a record, one idea a file. A metric carries its unit and direction itself,
//! so that comparison, gate and report never guess from a name. To add one, write its spec and its
//! reading, and give it a line in [`METRICS`] or [`PAIR_METRICS`].

mod agreement;
mod calibration;
mod classification;
mod confusion;
mod distance;
mod estimate;
#[cfg(test)]
pub(crate) mod fixtures;
mod footprint;
mod latency;
mod marginals;
mod memory;
mod noise;
pub mod paired;
mod probability;
mod rates;
mod same_inputs;
mod scored;
mod scoring;
mod slices;
mod spec;
mod speed;
mod throughput;

pub use agreement::{AGREEMENT, Flip, FlipKind, RIGHT_TO_WRONG, WRONG_TO_OTHER_WRONG, WRONG_TO_RIGHT, flips};
pub use calibration::{BRIER, CalibrationBin, ECE, calibration_bins};
pub use classification::{ACCURACY, LOG_LOSS, TOP5};
pub use confusion::{ClassCounts, Confusion};
pub use distance::{
    MARGIN_CHANGE, MARGIN_CHANGE_MEDIAN, OUTPUT_COSINE, OUTPUT_KL, OUTPUT_MAX_ABS, OUTPUT_MEAN_ABS,
    OUTPUT_SQNR, TOP5_OVERLAP,
};
pub use estimate::{Interval, IntervalMethod, LEVEL, Test, TestMethod};
pub use footprint::{FIRST_RUN, LOAD, SIZE, SIZE_RATIO};
pub use latency::{
    LATENCY_MEAN, LATENCY_MIN, LATENCY_P50, LATENCY_P90, LATENCY_P90_UPPER, LATENCY_P99, LATENCY_P99_UPPER,
};
pub use marginals::{CLASS_SHIFT, KAPPA};
pub use memory::{
    MEMORY_GROWTH, MEMORY_LOADED, MEMORY_MODEL, MEMORY_PEAK, MEMORY_PRIVATE_DIRTY, MEMORY_PROPORTIONAL,
    MEMORY_RATIO,
};
pub use noise::NOISE_FLOOR;
pub use probability::ProbabilityScore;
pub use rates::{
    BALANCED_ACCURACY, MACRO_F1, MACRO_PRECISION, MACRO_RECALL, WEIGHTED_F1, WEIGHTED_PRECISION,
    WEIGHTED_RECALL,
};
pub use scored::{ScoredPair, ScoredRun, Timing};
pub use scoring::{ImageScore, Scoring, score};
pub use slices::{SliceReading, slices};
pub use spec::{Basis, Better, Difference, MetricSpec, PairReading, Reading, Unit};
pub use speed::{SPEED_UP, SPEED_UP_HL, THROUGHPUT_RATIO};
pub use throughput::THROUGHPUT;

/// A figure of one run.
pub trait Metric: Sync {
    /// What it is.
    fn spec(&self) -> &'static MetricSpec;

    /// Its value; none where the run holds no evidence for it. Evidence that carries no value (too
    /// few runs, scores that are not finite) gives a reading with the reason.
    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading>;
}

/// A figure that only a baseline and a candidate together have.
pub trait PairMetric: Sync {
    /// What it is.
    fn spec(&self) -> &'static MetricSpec;

    /// Its value; none where a run holds no evidence for it or the two may not be compared.
    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading>;
}

/// Every metric of one run, in the order of tables.
pub static METRICS: &[&dyn Metric] = &[
    &footprint::Size,
    &footprint::Load,
    &footprint::FirstRun,
    &latency::P50,
    &latency::P90,
    &latency::P90_UPPER,
    &latency::P99,
    &latency::P99_UPPER,
    &latency::Min,
    &latency::Mean,
    &noise::NoiseFloor,
    &throughput::Throughput,
    &memory::MEMORY[0],
    &memory::MEMORY[1],
    &memory::MEMORY[2],
    &memory::MEMORY[3],
    &memory::MEMORY[4],
    &memory::MEMORY[5],
    &classification::Accuracy,
    &classification::Top5,
    &rates::BALANCED,
    &rates::MACRO[0],
    &rates::MACRO[1],
    &rates::MACRO[2],
    &rates::WEIGHTED[0],
    &rates::WEIGHTED[1],
    &rates::WEIGHTED[2],
    &classification::LogLoss,
    &calibration::Brier,
    &calibration::CalibrationError,
];

/// Every metric of a pair, in the order of tables.
pub static PAIR_METRICS: &[&dyn PairMetric] = &[
    &footprint::SizeRatio,
    &memory::MemoryRatio,
    &speed::SpeedUp,
    &speed::SpeedUpHodgesLehmann,
    &speed::ThroughputRatio,
    &agreement::Agreement,
    &agreement::FLIP_COUNTS[0],
    &agreement::FLIP_COUNTS[1],
    &agreement::FLIP_COUNTS[2],
    &marginals::Kappa,
    &marginals::ClassShift,
    &distance::MAX_ABS,
    &distance::MEAN_ABS,
    &distance::COSINE,
    &distance::SQNR,
    &distance::KL,
    &distance::OVERLAP,
    &distance::MARGIN,
    &distance::MARGIN_MEDIAN,
];

/// The spec of metric `id`, of one run or of a pair.
pub fn spec(id: &str) -> Option<&'static MetricSpec> {
    let single = METRICS.iter().map(|metric| metric.spec());
    let pair = PAIR_METRICS.iter().map(|metric| metric.spec());
    single.chain(pair).find(|spec| spec.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_metric_is_found_by_its_own_id() {
        let all: Vec<&MetricSpec> =
            METRICS.iter().map(|m| m.spec()).chain(PAIR_METRICS.iter().map(|m| m.spec())).collect();
        assert_eq!(all.iter().map(|spec| spec.id).collect::<HashSet<_>>().len(), all.len());
        assert!(all.iter().all(|one| spec(one.id) == Some(*one)));
        assert_eq!(spec("beauty"), None);
    }
}
