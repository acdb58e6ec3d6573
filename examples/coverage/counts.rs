//! Block 1: intervals from counts.

use onnx_bench::stats::{binomial_probability, bonett_price, tango, wilson};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::{LEVEL, in_parallel, tally::Tally};

const ACCURACY: f64 = 0.9;

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

/// Prints the block.
pub fn print(comparisons: usize, seed: u64) {
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
