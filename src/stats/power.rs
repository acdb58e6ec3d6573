//! How often the score bound shows a difference that is there.

use std::ops::RangeInclusive;

use super::binomial::{binomial_lower_tail, binomial_probability};
use super::normal::normal_cdf;
use super::search::first;
use super::tango::{score, variance};

/// Up to so many images on which one side alone is expected to be right, every outcome is counted.
/// Beyond, the normal approximation promises at most a percentage point less than there is, and
/// never more by a tenth of one.
const COUNTED: f64 = 100.0;

/// How often an image is right on one side alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    discordance: f64,
    delta: f64,
}

impl Rates {
    /// Of a share of images on which one side alone is right, and the difference of the accuracies.
    /// None for a discordance outside 0 to 1 (0 excluded), or a difference beyond it.
    pub(super) fn of(discordance: f64, delta: f64) -> Option<Self> {
        let possible = discordance > 0.0 && discordance <= 1.0 && delta.abs() <= discordance;
        possible.then_some(Self { discordance, delta })
    }

    /// Probability that only the baseline is right.
    fn lost(self) -> f64 {
        (self.discordance - self.delta) / 2.0
    }

    /// Probability that only the candidate is right.
    fn won(self) -> f64 {
        (self.discordance + self.delta) / 2.0
    }

    /// Probability that of `n` images the lower bound of δ, `z` standard errors below, lies above
    /// −margin: T(−margin) > z.
    pub(super) fn power(self, n: u64, margin: f64, z: f64) -> f64 {
        match self.is_counted(n as f64) {
            true => self.counted(n, margin, z),
            false => self.approximated(n, margin, z),
        }
    }

    /// Whether so few images are discordant that every outcome is counted.
    pub(super) fn is_counted(self, n: f64) -> bool {
        n * self.discordance <= COUNTED
    }

    /// The sum over all outcomes that show it, each with its probability. For each number of images
    /// lost, it shows from some number of images won on.
    fn counted(self, n: u64, margin: f64, z: f64) -> f64 {
        let shows = |lost: u64, won: u64| score(lost as f64, won as f64, n as f64, -margin) > z;
        let with = |lost: u64| {
            let others = n - lost;
            let fewest = first(0..others + 1, |won| shows(lost, won));
            let won = (self.won() / (1.0 - self.lost())).min(1.0);
            binomial_probability(lost, n, self.lost()) * upper_tail(fewest, others, won)
        };
        likely(n, self.lost()).map(with).sum()
    }

    /// The same with both counts taken as normal.
    fn approximated(self, n: u64, margin: f64, z: f64) -> f64 {
        let (at_margin, at_truth) = self.spreads(margin);
        let distance = (n as f64).sqrt() * (margin + self.delta);
        normal_cdf((distance - z * at_margin) / at_truth)
    }

    /// Images with which the approximation reaches the power of `z_power`.
    pub(super) fn approximate_images(self, margin: f64, z: f64, z_power: f64) -> f64 {
        let (at_margin, at_truth) = self.spreads(margin);
        ((z * at_margin + z_power * at_truth) / (margin + self.delta)).powi(2)
    }

    /// Standard deviation of one image's c − b, as the score takes it at −margin, and as it is.
    fn spreads(self, margin: f64) -> (f64, f64) {
        let at_margin = variance(self.lost(), self.won(), 1.0, -margin).sqrt();
        (at_margin, (self.discordance - self.delta * self.delta).sqrt())
    }
}

/// Counts that are not less likely than a billionth.
fn likely(n: u64, p: f64) -> RangeInclusive<u64> {
    let (mean, spread) = (n as f64 * p, (n as f64 * p).sqrt());
    let low = mean - 6.0 * spread - 2.0;
    let high = mean + 6.0 * spread + 10.0;
    low.max(0.0) as u64..=(high as u64).min(n)
}

/// P(X ≥ k) for X ~ Binomial(n, p).
fn upper_tail(k: u64, n: u64, p: f64) -> f64 {
    match k {
        0 => 1.0,
        k if k > n || p <= 0.0 => 0.0,
        k => 1.0 - binomial_lower_tail(k - 1, n, p),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::search::smallest;
    use crate::stats::tango_lower;

    /// Over every table there is, with the bound itself.
    fn by_all_tables(n: u64, discordance: f64, delta: f64, margin: f64) -> f64 {
        let rates = Rates::of(discordance, delta).unwrap();
        let tables = (0..=n).flat_map(|b| (0..=n - b).map(move |c| (b, c)));
        let shown = tables.filter(|&(b, c)| tango_lower(b, c, n, 0.95).unwrap() > -margin);
        let rest = rates.won() / (1.0 - rates.lost());
        let weight = |(b, c)| binomial_probability(b, n, rates.lost()) * binomial_probability(c, n - b, rest);
        shown.map(weight).sum()
    }

    const Z: f64 = 1.6448536269514722;

    #[test]
    fn the_power_is_that_of_all_tables_added_up() {
        for (n, d, delta, margin) in
            [(40, 0.1, 0.0, 0.1), (60, 0.05, -0.02, 0.08), (80, 0.3, 0.1, 0.05), (1, 0.03, 0.0, 0.8)]
        {
            let (got, all) =
                (Rates::of(d, delta).unwrap().power(n, margin, Z), by_all_tables(n, d, delta, margin));
            assert!((got - all).abs() < 1e-8, "{n} {d} {delta} {margin}: {got} {all}");
        }
    }

    /// From an enumeration in another language.
    #[test]
    fn the_simple_formula_promises_too_much_where_few_are_discordant() {
        for (margin, d, n, wanted) in
            [(0.02, 0.01, 155, 0.526), (0.02, 0.03, 464, 0.7448), (0.005, 0.02, 4947, 0.7907)]
        {
            let got = Rates::of(d, 0.0).unwrap().power(n, margin, Z);
            assert!((got - wanted).abs() < 6e-4, "{margin} {d}: {got}");
        }
    }

    #[test]
    fn where_counting_ends_the_approximation_is_right_to_a_point_and_careful() {
        for d in [0.002, 0.02, 0.2] {
            for delta in [0.0, -0.2 * d, 0.3 * d] {
                let rates = Rates::of(d, delta).unwrap();
                let n = (1.01 * COUNTED / d) as u64;
                for power in [0.5, 0.8, 0.95] {
                    // A gain that shows as such needs no margin.
                    let margin = smallest(0.0, 1.0, |m| rates.power(n, m, Z) >= power).unwrap();
                    let more = rates.counted(n, margin, Z) - power;
                    assert!(margin == 0.0 || (-0.001..0.01).contains(&more), "{d} {delta} {power}: {more}");
                }
            }
        }
    }

    #[test]
    fn more_of_anything_that_helps_shows_more() {
        let power = |n, d, delta, margin| Rates::of(d, delta).unwrap().power(n, margin, Z);
        assert!(power(2_000, 0.02, 0.0, 0.01) < power(2_000, 0.02, 0.0, 0.011));
        assert!(power(2_000, 0.02, 0.0, 0.01) < power(2_000, 0.02, 0.001, 0.01));
        assert!(power(2_000, 0.02, 0.0, 0.01) < power(3_000, 0.02, 0.0, 0.01));
        assert_eq!(Rates::of(0.02, 0.03), None);
        assert_eq!(Rates::of(f64::NAN, 0.0), None);
    }
}
