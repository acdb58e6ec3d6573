//! Latency from every single sample: how it is spread, its distribution, and round by round.

use super::{Chart, series};
use crate::compare::{Column, Comparison};
use crate::metric::Unit;
use crate::record::LatencyEvidence;
use crate::report::number;
use crate::report::plot::{Block, Curve, Heading, Histogram, Series, Track, ecdf, histograms, rounds};
use crate::stats;

/// The slowest runs would squeeze all others: the share that is drawn, of the spread and of the
/// distribution.
const SPREAD: f64 = 0.97;
const DRAWN: f64 = 0.995;

/// Quantiles that are marked, with their names.
const MARKS: [(f64, &str); 3] = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")];

/// The timed runs of one column.
struct Timed<'a> {
    series: Series,
    latency: &'a LatencyEvidence,
    /// Nanoseconds in ascending order, never empty.
    sorted: Vec<f64>,
}

/// The charts of latency; none where no run was timed.
pub(super) fn charts(comparison: &Comparison) -> Vec<Chart> {
    let timed: Vec<Timed<'_>> = comparison
        .columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| timed(series(comparison, index), column))
        .collect();
    if timed.is_empty() {
        return Vec::new();
    }
    vec![spread(&timed), distribution(&timed), by_round(&timed)]
}

fn timed(series: Series, column: &Column) -> Option<Timed<'_>> {
    let latency = column.record.evidence.latency.as_ref()?;
    let samples = latency.rounds.iter().flat_map(|round| &round.samples_ns);
    let sorted = stats::sorted(samples.map(|&ns| ns as f64).collect());
    (!sorted.is_empty()).then_some(Timed { series, latency, sorted })
}

impl Timed<'_> {
    fn quantile(&self, share: f64) -> f64 {
        stats::quantile(&self.sorted, share).unwrap_or_default()
    }
}

/// From the shortest run to that beyond which `share` of a run's are not.
fn stretch(timed: &[Timed<'_>], share: f64) -> (f64, f64) {
    let low = timed.iter().map(|run| run.quantile(0.0)).fold(f64::INFINITY, f64::min);
    (low, timed.iter().map(|run| run.quantile(share)).fold(low, f64::max))
}

fn spread(timed: &[Timed<'_>]) -> Chart {
    let heading = Heading {
        title: "How latency is spread".into(),
        description:
            "Histogram of the time of one run, all timed runs together; the line is the median. The \
                      slowest 3 % of runs are not drawn."
                .into(),
    };
    let runs: Vec<Histogram> = timed
        .iter()
        .map(|run| {
            let median = run.quantile(0.5);
            Histogram {
                series: run.series.clone(),
                values: run.sorted.clone(),
                mark: Some((median, format!("p50 {}", number::duration(median)))),
            }
        })
        .collect();
    let drawing = histograms(heading, Unit::Nanoseconds, &runs, stretch(timed, SPREAD));
    Chart { stem: "latency-histogram".into(), drawing }
}

fn distribution(timed: &[Timed<'_>]) -> Chart {
    let heading = Heading {
        title: "Which share of runs is as fast as that".into(),
        description:
            "Empirical distribution of latency; dots mark p50, p90 and p99. The slowest 0.5 % of runs \
                      are not drawn."
                .into(),
    };
    let curve = |run: &Timed<'_>| {
        let said =
            |(share, name): (f64, &str)| (share, format!("{name} {}", number::duration(run.quantile(share))));
        Curve { series: run.series.clone(), sorted: run.sorted.clone(), marks: MARKS.map(said).to_vec() }
    };
    let curves: Vec<Curve> = timed.iter().map(curve).collect();
    let drawing = ecdf(heading, Unit::Nanoseconds, &curves, stretch(timed, DRAWN));
    Chart { stem: "latency-ecdf".into(), drawing }
}

fn by_round(timed: &[Timed<'_>]) -> Chart {
    let heading = Heading {
        title: "Round by round".into(),
        description:
            "How far the median of each round lies from the run's own. A slope is drift; steps at the \
                      shades, which mark every second process, are luck in memory."
                .into(),
    };
    let tracks: Vec<Track> = timed.iter().map(track).collect();
    Chart { stem: "latency-rounds".into(), drawing: rounds(heading, &tracks) }
}

fn track(run: &Timed<'_>) -> Track {
    let rounds = || run.latency.rounds.iter().filter_map(|round| Some((round, round.median_ns()?)));
    let middle = stats::median(&rounds().map(|(_, median)| median).collect::<Vec<_>>());
    let deviation =
        |median: f64| middle.filter(|middle| *middle > 0.0).map_or(0.0, |middle| median / middle - 1.0);
    let block = |(round, median): (&crate::record::Round, f64)| Block {
        round: round.round,
        launch: round.launch,
        deviation: deviation(median),
    };
    let blocks: Vec<Block> = rounds().map(block).collect();
    let ends = blocks.iter().fold((0.0, 0.0), |(low, high): (f64, f64), block| {
        (low.min(block.deviation), high.max(block.deviation))
    });
    let note = format!("{} to {}", number::relative_change(ends.0), number::relative_change(ends.1));
    Track { series: run.series.clone(), blocks, note }
}
