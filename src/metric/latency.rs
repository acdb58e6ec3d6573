//! Latency of one run at batch 1, from all timed runs of all rounds together.

use super::{Metric, MetricSpec, Reading, ScoredRun, Unit};
use crate::record::LatencyEvidence;
use crate::stats;

/// Fewest runs for a 99th percentile: with fewer, MLPerf LoadGen's early-stopping rule cannot bound
/// it at 99 % confidence even when a single run lies above it.
const RUNS_FOR_P99: usize = 662;
/// The same of the 90th.
const RUNS_FOR_P90_UPPER: usize = 64;

const fn spec(id: &'static str, title: &'static str, definition: &'static str) -> MetricSpec {
    MetricSpec::cost(Unit::Nanoseconds, id, title, definition)
}

/// Median latency.
pub static LATENCY_P50: MetricSpec = spec(
    "latency_p50",
    "latency p50",
    "Median time of one run at batch 1 over all timed runs (quantile of type 7, Hyndman and Fan 1996).",
);

/// 90th percentile of latency.
pub static LATENCY_P90: MetricSpec = spec(
    "latency_p90",
    "latency p90",
    "90th percentile of the time of one run at batch 1 (quantile of type 7, Hyndman and Fan 1996).",
);

/// 99th percentile of latency.
pub static LATENCY_P99: MetricSpec = spec(
    "latency_p99",
    "latency p99",
    "99th percentile of the time of one run at batch 1 (quantile of type 7, Hyndman and Fan 1996); \
     undefined for fewer than 662 runs, the number MLPerf LoadGen's early stopping needs for it.",
);

/// Upper bound of the 90th percentile.
pub static LATENCY_P90_UPPER: MetricSpec = spec(
    "latency_p90_upper",
    "p90 at most",
    "Upper bound of the 90th percentile of the time of one run at batch 1 at 99 % confidence (one-sided): \
     the t-th longest run, t the largest with P(Binomial(n, 0.1) <= t) <= 0.01 (order statistic, the early \
     stopping rule of MLPerf LoadGen); undefined for fewer than 64 runs. Takes runs as independent.",
);

/// Upper bound of the 99th percentile.
pub static LATENCY_P99_UPPER: MetricSpec = spec(
    "latency_p99_upper",
    "p99 at most",
    "Upper bound of the 99th percentile of the time of one run at batch 1 at 99 % confidence (one-sided): \
     the t-th longest run, t the largest with P(Binomial(n, 0.01) <= t) <= 0.01 (order statistic, the early \
     stopping rule of MLPerf LoadGen); undefined for fewer than 662 runs. Takes runs as independent.",
);

/// Shortest latency.
pub static LATENCY_MIN: MetricSpec =
    spec("latency_min", "latency min", "Shortest time of one run at batch 1 (order statistic).");

/// Mean latency.
pub static LATENCY_MEAN: MetricSpec =
    spec("latency_mean", "latency mean", "Arithmetic mean of the time of one run at batch 1.");

/// Confidence of an upper bound, one-sided: MLPerf's.
const CONFIDENCE: f64 = 0.99;

/// A percentile or a bound of one, given enough runs.
pub(super) struct Percentile {
    spec: &'static MetricSpec,
    p: f64,
    least_runs: usize,
    /// Of the runs in ascending order.
    of: fn(&[f64], f64) -> Option<f64>,
}

impl Percentile {
    const fn quantile(spec: &'static MetricSpec, p: f64, least_runs: usize) -> Self {
        Self { spec, p, least_runs, of: stats::quantile }
    }

    const fn upper_bound(spec: &'static MetricSpec, p: f64, least_runs: usize) -> Self {
        Self { spec, p, least_runs, of: |runs, p| stats::quantile_upper_bound(runs, p, CONFIDENCE) }
    }
}

pub(super) static P50: Percentile = Percentile::quantile(&LATENCY_P50, 0.50, 1);
pub(super) static P90: Percentile = Percentile::quantile(&LATENCY_P90, 0.90, 1);
pub(super) static P99: Percentile = Percentile::quantile(&LATENCY_P99, 0.99, RUNS_FOR_P99);
pub(super) static P90_UPPER: Percentile =
    Percentile::upper_bound(&LATENCY_P90_UPPER, 0.90, RUNS_FOR_P90_UPPER);
pub(super) static P99_UPPER: Percentile = Percentile::upper_bound(&LATENCY_P99_UPPER, 0.99, RUNS_FOR_P99);

impl Metric for Percentile {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let samples = stats::sorted(samples(run)?);
        let value = (self.of)(&samples, self.p);
        Some(
            too_few(self.spec, samples.len(), self.p, self.least_runs)
                .unwrap_or_else(|| reading(self.spec, samples.len(), value)),
        )
    }
}

/// The reading where there are runs, but fewer than the percentile needs.
fn too_few(spec: &MetricSpec, n: usize, p: f64, least: usize) -> Option<Reading> {
    let why = || format!("n too small for p{:.0}: {n} of {least}", p * 100.0);
    (0 < n && n < least).then(|| Reading::undefined(spec, n as u64, why()))
}

pub(super) struct Min;

impl Metric for Min {
    fn spec(&self) -> &'static MetricSpec {
        &LATENCY_MIN
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let samples = samples(run)?;
        let shortest = samples.iter().copied().min_by(f64::total_cmp);
        Some(reading(&LATENCY_MIN, samples.len(), shortest))
    }
}

pub(super) struct Mean;

impl Metric for Mean {
    fn spec(&self) -> &'static MetricSpec {
        &LATENCY_MEAN
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let samples = samples(run)?;
        Some(reading(&LATENCY_MEAN, samples.len(), stats::mean(&samples)))
    }
}

fn reading(spec: &MetricSpec, n: usize, value: Option<f64>) -> Reading {
    match value {
        Some(value) => Reading::of(spec, value, n as u64),
        None => Reading::undefined(spec, 0, "no run was timed"),
    }
}

/// Every timed run, nanoseconds: exact in 64-bit floats up to 104 days.
fn samples(run: &ScoredRun<'_>) -> Option<Vec<f64>> {
    let latency = run.run.record.evidence.latency.as_ref()?;
    Some(nanoseconds(latency).collect())
}

fn nanoseconds(latency: &LatencyEvidence) -> impl Iterator<Item = f64> {
    latency.rounds.iter().flat_map(|round| &round.samples_ns).map(|&ns| ns as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{latency, run};

    fn timed(rounds: &[&[u64]]) -> crate::record::Run {
        let mut run = run("fp32");
        run.record.evidence.latency = Some(latency(rounds));
        run
    }

    #[test]
    fn all_rounds_count_together() {
        let run = timed(&[&[40, 10], &[30, 20]]);
        let scored = ScoredRun::of(&run).unwrap();
        let values = [&P50 as &dyn Metric, &P90, &Min, &Mean]
            .map(|metric| metric.read(&scored).unwrap().value.unwrap());
        assert_eq!(values, [25.0, 37.0, 10.0, 25.0]);
    }

    #[test]
    fn the_99th_percentile_waits_for_enough_runs_and_says_so() {
        let few = timed(&[&vec![7; 661]]);
        let reading = P99.read(&ScoredRun::of(&few).unwrap()).unwrap();
        assert_eq!(reading.value, None);
        assert_eq!(reading.undefined.as_deref(), Some("n too small for p99: 661 of 662"));

        let enough = timed(&[&vec![7; 662]]);
        assert_eq!(P99.read(&ScoredRun::of(&enough).unwrap()).unwrap().value, Some(7.0));
    }

    #[test]
    fn the_upper_bound_of_a_percentile_is_the_longest_run_that_is_allowed() {
        let read = |metric: &Percentile, runs: u64| {
            let run = timed(&[&(1..=runs).collect::<Vec<_>>()]);
            metric.read(&ScoredRun::of(&run).unwrap()).unwrap()
        };
        // From the table of LoadGen: one run beyond is allowed of 662, two of 838.
        assert_eq!(read(&P99_UPPER, 662).value, Some(662.0));
        assert_eq!(read(&P99_UPPER, 838).value, Some(837.0));
        assert_eq!(read(&P90_UPPER, 64).value, Some(64.0));
        assert_eq!(read(&P90_UPPER, 81).value, Some(80.0));
        assert_eq!(read(&P99_UPPER, 661).undefined.as_deref(), Some("n too small for p99: 661 of 662"));
        assert_eq!(read(&P90_UPPER, 63).undefined.as_deref(), Some("n too small for p90: 63 of 64"));
        assert_eq!(read(&P99_UPPER, 0).undefined.as_deref(), Some("no run was timed"));
    }

    #[test]
    fn no_timed_run_is_null_with_a_reason_and_no_latency_pass_is_no_reading() {
        let run_without = timed(&[]);
        let reading = P99.read(&ScoredRun::of(&run_without).unwrap()).unwrap();
        assert_eq!(reading.undefined.as_deref(), Some("no run was timed"));
        assert_eq!(P50.read(&ScoredRun::of(&run("fp32")).unwrap()), None);
    }
}
