//! How often each 95 % interval holds the true value.
//!
//!     cargo run --release --no-default-features --example coverage [-- --quick] [--seed N]
//!
//! Block 1, counts: for each number of images, discordance and true difference, the share of
//! simulated comparisons (10,000; 1,000 with `--quick`) whose interval holds the truth, and beside
//! it the exact coverage: the sum over all tables of counts, each with its probability. Wilson's is
//! that of the baseline's accuracy, 90 %. The simulated share has a standard error of 0.2 points.
//!
//! Block 2, medians of rounds: simulated only, for normal, heavy-tailed and skewed values.

#![allow(clippy::unwrap_used, reason = "an example that cannot go on has failed")]

use std::thread;
use std::time::Instant;

use clap::Parser;
use onnx_bench::stats::{
    Interval, binomial_probability, bonett_price, bootstrap_median, hodges_lehmann, median_interval,
    normal_quantile, tango, wilson,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const LEVEL: f64 = 0.95;
const ACCURACY: f64 = 0.9;

/// Coverage of the intervals.
#[derive(Parser, Clone, Copy)]
struct Arguments {
    /// A tenth of the comparisons
    #[arg(long)]
    quick: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() {
    let arguments = Arguments::parse();
    let comparisons = if arguments.quick { 1_000 } else { 10_000 };
    let started = Instant::now();
    counts(comparisons, arguments.seed);
    medians(comparisons, arguments.seed);
    println!("\n{:.1} s", started.elapsed().as_secs_f64());
}

/// Runs independent jobs on all cores; results in the order of the jobs.
fn in_parallel<J: Sync, R: Send>(jobs: &[J], run: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let run = &run;
        let worker = move |first: usize| {
            (first..jobs.len()).step_by(cores).map(|i| (i, run(&jobs[i]))).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..cores).map(|core| scope.spawn(move || worker(core))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Weight of the cases held by an interval, and its weighted width.
#[derive(Default, Clone, Copy)]
struct Tally {
    weight: f64,
    held: f64,
    width: f64,
}

impl Tally {
    /// No interval at all counts as one that does not hold, without a width.
    fn add(&mut self, weight: f64, interval: Option<Interval>, truth: f64) {
        self.weight += weight;
        // A truth of 0.1 reckoned two ways must not fall beside an end of 0.1.
        self.held +=
            weight * f64::from(interval.is_some_and(|i| i.low <= truth + 1e-12 && truth - 1e-12 <= i.high));
        self.width += weight * interval.map_or(0.0, |i| 2.0 * i.half_width());
    }

    fn coverage(&self) -> f64 {
        100.0 * self.held / self.weight
    }

    fn mean_width(&self) -> f64 {
        self.width / self.weight
    }
}

// Block 1: intervals from counts.

/// One true state of affairs.
#[derive(Clone, Copy)]
struct Scenario {
    n: u64,
    discordance: f64,
    delta: f64,
}

/// What one comparison counts: right on both sides, only on the first, only on the second.
#[derive(Clone, Copy)]
struct Counts {
    both: u64,
    b: u64,
    c: u64,
}

impl Scenario {
    /// Sizes and discordances, each without a difference, and with a quarter, a half and nine
    /// tenths of the discordance on top of one side.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for n in [100, 1_000, 10_000] {
            for discordance in [0.005, 0.01, 0.02, 0.03, 0.05, 0.1] {
                for share in [0.0, -0.25, -0.5, -0.9] {
                    all.push(Self { n, discordance, delta: share * discordance });
                }
            }
        }
        all
    }

    /// Probabilities of b and of c.
    fn rates(&self) -> (f64, f64) {
        ((self.discordance - self.delta) / 2.0, (self.discordance + self.delta) / 2.0)
    }

    fn draw(&self, rng: &mut Pcg64) -> Counts {
        let (first, second) = self.rates();
        let mut counts = Counts { both: 0, b: 0, c: 0 };
        for _ in 0..self.n {
            let at: f64 = rng.random();
            // The baseline is right on both and on b: together its accuracy.
            if at < first {
                counts.b += 1;
            } else if at < ACCURACY {
                counts.both += 1;
            } else if at < ACCURACY + second {
                counts.c += 1;
            }
        }
        counts
    }

    /// Every (b, c) that is likelier than 1e-12, with its probability.
    fn tables(&self) -> impl Iterator<Item = (u64, u64, f64)> {
        let (n, (first, second)) = (self.n, self.rates());
        likely(n, first).flat_map(move |(b, weight)| {
            likely(n - b, second / (1.0 - first)).map(move |(c, given)| (b, c, weight * given))
        })
    }
}

fn likely(n: u64, p: f64) -> impl Iterator<Item = (u64, f64)> {
    let (mean, spread) = (n as f64 * p, (n as f64 * p * (1.0 - p)).sqrt());
    let (low, high) = (mean - 8.0 * spread - 8.0, mean + 8.0 * spread + 16.0);
    let range = low.max(0.0) as u64..=(high as u64).min(n);
    range.map(move |k| (k, binomial_probability(k, n, p))).filter(|&(_, weight)| weight > 1e-14)
}

#[derive(Default)]
struct CountTallies {
    wilson: Tally,
    tango: Tally,
    bonett_price: Tally,
}

fn counts(comparisons: usize, seed: u64) {
    println!("Intervals from counts: coverage in %, of {comparisons} comparisons | exact over all tables\n");
    println!(
        "     n     d %  delta % pairs |  wilson   tango  bonett |  wilson   tango  bonett | width tango bonett"
    );
    let scenarios = Scenario::all();
    let jobs: Vec<(u64, Scenario)> = (seed..).zip(scenarios).collect();
    let results =
        in_parallel(&jobs, |(seed, scenario)| (simulated(scenario, comparisons, *seed), exact(scenario)));
    for ((_, scenario), (drawn, exact)) in jobs.iter().zip(&results) {
        let pairs = scenario.n as f64 * scenario.discordance;
        println!(
            "{:6} {:7.2} {:8.3} {:5.1} | {:7.2} {:7.2} {:7.2} | {:7.2} {:7.2} {:7.2} | {:10.5} {:7.5}",
            scenario.n,
            100.0 * scenario.discordance,
            100.0 * scenario.delta,
            pairs,
            drawn.wilson.coverage(),
            drawn.tango.coverage(),
            drawn.bonett_price.coverage(),
            exact.wilson.coverage(),
            exact.tango.coverage(),
            exact.bonett_price.coverage(),
            exact.tango.mean_width(),
            exact.bonett_price.mean_width(),
        );
    }
    let enough = || jobs.iter().zip(&results).filter(|((_, s), _)| s.n as f64 * s.discordance >= 20.0 - 1e-9);
    type Pick = fn(&CountTallies) -> &Tally;
    let methods: [(&str, Pick); 3] =
        [("wilson", |t| &t.wilson), ("tango", |t| &t.tango), ("bonett", |t| &t.bonett_price)];
    println!("\nFrom 20 discordant pairs on, lowest and highest:");
    for (name, pick) in methods {
        let range = |of: &dyn Fn(&(CountTallies, CountTallies)) -> f64| {
            enough().map(|(_, result)| of(result)).fold((100.0f64, 0.0f64), |(l, h), v| (l.min(v), h.max(v)))
        };
        let (drawn, exact) = (range(&|r| pick(&r.0).coverage()), range(&|r| pick(&r.1).coverage()));
        println!(
            "{name:>7}: simulated {:.2} to {:.2}, exact {:.2} to {:.2}",
            drawn.0, drawn.1, exact.0, exact.1
        );
    }
}

fn simulated(scenario: &Scenario, comparisons: usize, seed: u64) -> CountTallies {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut tallies = CountTallies::default();
    for _ in 0..comparisons {
        let Counts { both, b, c } = scenario.draw(&mut rng);
        tallies.wilson.add(1.0, wilson(both + b, scenario.n, LEVEL), ACCURACY);
        tallies.tango.add(1.0, tango(b, c, scenario.n, LEVEL), scenario.delta);
        tallies.bonett_price.add(1.0, bonett_price(b, c, scenario.n, LEVEL), scenario.delta);
    }
    tallies
}

fn exact(scenario: &Scenario) -> CountTallies {
    let mut tallies = CountTallies::default();
    for (right, weight) in likely(scenario.n, ACCURACY) {
        tallies.wilson.add(weight, wilson(right, scenario.n, LEVEL), ACCURACY);
    }
    for (b, c, weight) in scenario.tables().filter(|&(.., weight)| weight > 1e-12) {
        tallies.tango.add(weight, tango(b, c, scenario.n, LEVEL), scenario.delta);
        tallies.bonett_price.add(weight, bonett_price(b, c, scenario.n, LEVEL), scenario.delta);
    }
    tallies
}

// Block 2: intervals of the middle of rounds.

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

fn medians(comparisons: usize, seed: u64) {
    // Resampling is the dear part: fewer draws than a report uses move its ends, not its coverage.
    const RESAMPLES: usize = 400;
    println!("\nIntervals of the median of n values: coverage in % and mean width, of {comparisons} draws\n");
    println!("  n spread  | order statistic  percentile bootstrap   Hodges-Lehmann (symmetric only)");
    let spreads = [Spread::Normal, Spread::Heavy, Spread::Skewed];
    let sizes = [5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];
    let jobs: Vec<(usize, Spread)> = sizes.into_iter().flat_map(|n| spreads.map(|s| (n, s))).collect();
    let results = in_parallel(&jobs, |&(n, spread)| {
        let mut rng = Pcg64::seed_from_u64(seed + n as u64);
        let mut tallies = [Tally::default(); 3];
        for resampling in 0..comparisons as u64 {
            let values: Vec<f64> = (0..n).map(|_| spread.draw(&mut rng)).collect();
            let located = hodges_lehmann(&values, LEVEL).and_then(|location| location.interval);
            tallies[0].add(1.0, median_interval(&values, LEVEL), 0.0);
            tallies[1].add(1.0, bootstrap_median(&values, RESAMPLES, resampling, LEVEL), 0.0);
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
