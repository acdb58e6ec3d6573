//! Block 2: intervals of the middle of rounds.

use onnx_bench::stats::{
    Interval, hodges_lehmann, median, median_interval, normal_quantile, quantile, sorted,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::{LEVEL, in_parallel, tally::Tally};

/// How values are spread, all with the median 0.
#[derive(Clone, Copy, Debug)]
enum Spread {
    Normal,
    /// Student's t with 2 degrees of freedom: no variance.
    Heavy,
    /// exp of a normal value, less 1: as times of a disturbed machine are.
    Skewed,
}

impl Spread {
    fn draw(self, rng: &mut Pcg64) -> f64 {
        let at: f64 = rng.random_range(1e-12..1.0);
        match self {
            Self::Normal => normal_quantile(at),
            Self::Heavy => (2.0 * at - 1.0) / (2.0 * at * (1.0 - at)).sqrt(),
            Self::Skewed => normal_quantile(at).exp() - 1.0,
        }
    }
}

/// Resampling is the dear part, and more draws move the ends, not how often they hold the truth.
const RESAMPLES: usize = 400;

/// The outer quantiles of the medians of draws with replacement (B. Efron, 1979): what is often
/// used, and too short for so few values.
fn percentile_bootstrap(values: &[f64], rng: &mut Pcg64) -> Option<Interval> {
    let mut draw = values.to_vec();
    let medians = (0..RESAMPLES).filter_map(|_| {
        draw.fill_with(|| values[rng.random_range(0..values.len())]);
        median(&draw)
    });
    let medians = sorted(medians.collect());
    let tail = (1.0 - LEVEL) / 2.0;
    Some(Interval { low: quantile(&medians, tail)?, high: quantile(&medians, 1.0 - tail)? })
}

/// Prints the block.
pub fn print(comparisons: usize, seed: u64) {
    println!("\nIntervals of the median of n values: coverage in % and mean width, of {comparisons} draws\n");
    println!("  n spread  | order statistic  percentile bootstrap   Hodges-Lehmann (symmetric only)");
    let spreads = [Spread::Normal, Spread::Heavy, Spread::Skewed];
    let sizes = [5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];
    let jobs: Vec<(usize, Spread)> = sizes.into_iter().flat_map(|n| spreads.map(|s| (n, s))).collect();
    let results = in_parallel(&jobs, |&(n, spread)| {
        let mut rng = Pcg64::seed_from_u64(seed + n as u64);
        let mut tallies = [Tally::default(); 3];
        for _ in 0..comparisons {
            let values: Vec<f64> = (0..n).map(|_| spread.draw(&mut rng)).collect();
            let located = hodges_lehmann(&values, LEVEL).and_then(|location| location.interval);
            tallies[0].add(1.0, median_interval(&values, LEVEL), 0.0);
            tallies[1].add(1.0, percentile_bootstrap(&values, &mut rng), 0.0);
            tallies[2].add(1.0, located, 0.0);
        }
        tallies
    });
    for ((n, spread), [order, resampled, located]) in jobs.iter().zip(&results) {
        let cell = |tally: &Tally| match tally.mean_width() {
            0.0 => format!("{:>13}", "none"),
            width => format!("{:6.2} {width:6.3}", tally.coverage()),
        };
        println!(
            "{n:3} {:7} | {}    {}          {}",
            format!("{spread:?}"),
            cell(order),
            cell(resampled),
            cell(located)
        );
    }
}
