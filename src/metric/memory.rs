//! Memory of a candidate's own process, split as users need it: what loading takes, what running
//! adds, and the most it ever was. One session at batch 1.

use super::{
    Basis, Better, Difference, Metric, MetricSpec, PairMetric, PairReading, Reading, ScoredPair, ScoredRun,
    Timing, Unit, speed,
};
use crate::record::{MemoryEvidence, MemoryReading};
use crate::stats::{self, Block, LogRatios};

const fn spec(id: &'static str, title: &'static str, definition: &'static str) -> MetricSpec {
    MetricSpec::cost(Unit::Bytes, id, title, definition)
}

/// Memory that the model brings.
pub static MEMORY_MODEL: MetricSpec = spec(
    "memory_model",
    "memory of model",
    "Most resident memory until the end of warm-up, less what was resident before the model was loaded: \
     weights and working set of one session at batch 1.",
);

/// What loading takes.
pub static MEMORY_LOADED: MetricSpec = spec(
    "memory_loaded",
    "memory loaded",
    "Resident memory after loading, less that before: mostly weights.",
);

/// What running adds.
pub static MEMORY_GROWTH: MetricSpec = spec(
    "memory_growth",
    "memory growth",
    "Resident memory after warm-up, less that after loading: the working set of one session at batch 1; \
     0 where loading left more behind than running needs.",
);

/// Most memory of the process.
pub static MEMORY_PEAK: MetricSpec = spec(
    "memory_peak",
    "memory peak",
    "Most resident memory of the candidate's own process until the end of warm-up: one session at batch 1, \
     loading and the runtime library included.",
);

/// Proportional set size.
pub static MEMORY_PROPORTIONAL: MetricSpec = spec(
    "memory_proportional",
    "memory PSS",
    "Proportional set size of the process after warm-up: pages shared with other processes count in parts \
     (Linux).",
);

/// Private dirty pages.
pub static MEMORY_PRIVATE_DIRTY: MetricSpec = spec(
    "memory_private_dirty",
    "private dirty",
    "Private dirty pages of the process after warm-up: what one more process of the same costs (Linux).",
);

/// How many times less memory the candidate's model takes.
pub static MEMORY_RATIO: MetricSpec = MetricSpec {
    id: "memory_ratio",
    title: "memory ratio",
    definition: "exp of the median over launches of ln(baseline's memory of model / candidate's); above 1 the \
                 candidate takes less. Interval as for the speed-up.",
    unit: Unit::Ratio,
    better: Better::Higher,
    difference: Difference::Relative,
    basis: Basis::Machine,
};

pub(super) struct MemoryRatio;

impl PairMetric for MemoryRatio {
    fn spec(&self) -> &'static MetricSpec {
        &MEMORY_RATIO
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let (baseline, candidate) = (of_launches(pair.baseline)?, of_launches(pair.candidate)?);
        // Unlike a latency, memory does not drift with the machine: launches of different times pair
        // as well.
        (pair.timing != Timing::Incomparable)
            .then(|| speed::by_round(&MEMORY_RATIO, &LogRatios::of(&baseline, &candidate)))
    }
}

/// Memory of model of each launch.
fn of_launches(scored: &ScoredRun<'_>) -> Option<Vec<Block>> {
    let evidence = &scored.run.record.evidence;
    let all = evidence.memory.iter().chain(&evidence.launch_memory);
    let block = |(memory, launch): (&MemoryEvidence, u32)| {
        Some(Block { round: launch, launch, value: of_model(memory)? as f64 })
    };
    let blocks: Vec<Block> = all.zip(0..).filter_map(block).collect();
    (!blocks.is_empty()).then_some(blocks)
}

/// A figure of memory.
pub(super) struct Memory {
    spec: &'static MetricSpec,
    bytes: fn(&MemoryEvidence) -> Option<u64>,
}

pub(super) static MEMORY: [Memory; 6] = [
    Memory { spec: &MEMORY_MODEL, bytes: of_model },
    Memory {
        spec: &MEMORY_LOADED,
        bytes: |memory| resident(memory.after_load)?.checked_sub(before(memory)?),
    },
    Memory {
        spec: &MEMORY_GROWTH,
        bytes: |memory| Some(resident(memory.warm)?.saturating_sub(resident(memory.after_load)?)),
    },
    Memory { spec: &MEMORY_PEAK, bytes: |memory| Some(memory.peak_bytes) },
    Memory { spec: &MEMORY_PROPORTIONAL, bytes: |memory| memory.warm?.proportional },
    Memory { spec: &MEMORY_PRIVATE_DIRTY, bytes: |memory| memory.warm?.private_dirty },
];

impl Metric for Memory {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let evidence = &run.run.record.evidence;
        let all = evidence.memory.iter().chain(&evidence.launch_memory);
        let bytes: Vec<f64> = all.filter_map(self.bytes).map(|bytes| bytes as f64).collect();
        Some(Reading::of(self.spec, stats::median(&bytes)?, bytes.len() as u64))
    }
}

fn of_model(memory: &MemoryEvidence) -> Option<u64> {
    memory.peak_bytes.checked_sub(before(memory)?)
}

fn before(memory: &MemoryEvidence) -> Option<u64> {
    resident(memory.before_load)
}

fn resident(reading: Option<MemoryReading>) -> Option<u64> {
    reading.map(|reading| reading.resident)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::run;

    fn values(memory: MemoryEvidence) -> [Option<f64>; 6] {
        let mut run = run("fp32");
        run.record.evidence.memory = Some(memory);
        let scored = ScoredRun::of(&run).unwrap();
        [0, 1, 2, 3, 4, 5].map(|index| MEMORY[index].read(&scored).and_then(|reading| reading.value))
    }

    fn at(resident: u64, private_dirty: Option<u64>) -> Option<MemoryReading> {
        Some(MemoryReading { resident, proportional: private_dirty, private_dirty })
    }

    #[test]
    fn loading_and_running_are_told_apart() {
        let evidence = MemoryEvidence {
            source: "test".into(),
            before_load: at(50, None),
            after_load: at(80, None),
            warm: at(95, Some(40)),
            peak_bytes: 120,
            peak_evaluation_bytes: None,
        };
        assert_eq!(values(evidence), [70.0, 30.0, 15.0, 120.0, 40.0, 40.0].map(Some));
    }

    #[test]
    fn a_system_that_tells_less_leaves_figures_out() {
        let evidence = MemoryEvidence {
            source: "test".into(),
            before_load: None,
            after_load: None,
            warm: at(95, None),
            peak_bytes: 120,
            peak_evaluation_bytes: None,
        };
        assert_eq!(values(evidence), [None, None, None, Some(120.0), None, None]);
    }

    #[test]
    fn what_loading_left_behind_is_no_negative_growth() {
        let evidence = MemoryEvidence {
            source: "test".into(),
            before_load: at(50, None),
            after_load: at(80, None),
            warm: at(70, None),
            peak_bytes: 90,
            peak_evaluation_bytes: None,
        };
        assert_eq!(values(evidence)[2], Some(0.0));
    }
}
