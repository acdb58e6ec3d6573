//! Ratio of two things measured in turn, round by round.
//!
//! Single runs within a round are never the unit. Rounds are, as long as both sides stay in the same
//! processes; but where a process happens to lie in memory moves all its rounds together, by some
//! tenths of a percent (Mytkowicz et al. 2009). Where both sides were started several times, the
//! launch is therefore the unit (Georges, Buytaert, Eeckhout 2007; Kalibera, Jones 2013).

use super::{Interval, mean, median, median_interval, student_quantile, sum};

/// Fewest launches to take as units.
pub const LEAST_LAUNCHES: usize = 5;

/// What one side measured in one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Number of the round; blocks of both sides with the same number belong together.
    pub round: u32,
    /// Which of the side's processes ran.
    pub launch: u32,
    /// The figure, above 0.
    pub value: f64,
}

/// ln(over / under) of the rounds that both sides finished, in groups of rounds of the same launches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRatios {
    launches: Vec<Vec<f64>>,
}

impl LogRatios {
    /// Pairs the blocks of two sides, each in order of rounds. A round whose ratio is not finite
    /// does not count.
    pub fn of(over: &[Block], under: &[Block]) -> Self {
        let mut launches: Vec<Vec<f64>> = Vec::new();
        let mut last = None;
        let mut others = under.iter().peekable();
        for block in over {
            while others.next_if(|other| other.round < block.round).is_some() {}
            let Some(other) = others.next_if(|other| other.round == block.round) else { continue };
            let value = (block.value / other.value).ln();
            if !value.is_finite() {
                continue;
            }
            let here = (block.launch, other.launch);
            // A group ends when both sides have moved on: one that stays is shared by all that follow.
            let moved = |(one, two): (u32, u32)| one != here.0 && two != here.1;
            match launches.last_mut() {
                Some(group) if !last.is_none_or(moved) => group.push(value),
                _ => {
                    launches.push(vec![value]);
                    last = Some(here);
                }
            }
        }
        Self { launches }
    }

    /// All log ratios in the order of rounds.
    pub fn values(&self) -> Vec<f64> {
        self.launches.concat()
    }

    /// Number of rounds.
    pub fn rounds(&self) -> usize {
        self.launches.iter().map(Vec::len).sum()
    }

    /// Number of launches of both sides.
    pub fn launches(&self) -> usize {
        self.launches.len()
    }

    /// Whether launches are the units of the interval, and not rounds.
    pub fn over_launches(&self) -> bool {
        self.launches.len() >= LEAST_LAUNCHES
    }

    /// The median over all rounds; none without any.
    pub fn median(&self) -> Option<f64> {
        median(&self.values())
    }

    /// The interval of the median. Over launches: median ± t·s/√L, with s the standard deviation of
    /// the medians of the L launches and t the quantile of Student's distribution with L − 1 degrees
    /// of freedom. With fewer than five launches: the interval of the median of the rounds from their
    /// order ([`median_interval`]), which holds for these processes and no others. None for fewer
    /// than six rounds at 95 %.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        if !self.over_launches() {
            return median_interval(&self.values(), level);
        }
        let medians: Vec<f64> = self.launches.iter().filter_map(|launch| median(launch)).collect();
        let middle = self.median()?;
        let half =
            student_quantile(0.5 + level / 2.0, (medians.len() - 1) as f64)? * standard_error(&medians)?;
        Some(Interval { low: middle - half, high: middle + half })
    }
}

fn standard_error(values: &[f64]) -> Option<f64> {
    let (middle, n) = (mean(values)?, values.len() as f64);
    let squares = sum(values.iter().map(|value| (value - middle).powi(2)));
    (n > 1.0).then(|| (squares / (n - 1.0) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    fn blocks(values: &[f64], rounds_a_launch: usize) -> Vec<Block> {
        let block = |(index, &value): (usize, &f64)| Block {
            round: index as u32,
            launch: (index / rounds_a_launch) as u32,
            value,
        };
        values.iter().enumerate().map(block).collect()
    }

    #[test]
    fn a_slow_round_of_the_machine_hits_both_sides_and_cancels() {
        let over = [200.0, 2000.0, 210.0, 190.0, 200.0, 220.0];
        let under = over.map(|value| value / 2.0);
        let ratios = LogRatios::of(&blocks(&over, 6), &blocks(&under, 6));
        assert!((ratios.median().unwrap() - 2f64.ln()).abs() < 1e-12);
        assert!(ratios.interval(0.95).unwrap().half_width() < 1e-12);
    }

    #[test]
    fn rounds_that_one_side_missed_do_not_count() {
        let all = blocks(&[1.0, 2.0, 4.0, 8.0], 1);
        let some = [all[0], all[2]];
        assert_eq!(LogRatios::of(&all, &some).values(), [0.0, 0.0]);
        assert_eq!(LogRatios::of(&some, &all).values(), [0.0, 0.0]);
        assert_eq!(LogRatios::of(&all, &[]).median(), None);
    }

    #[test]
    fn a_time_of_zero_is_no_ratio() {
        let ratios = LogRatios::of(&blocks(&[1.0, 0.0], 1), &blocks(&[0.0, 1.0], 1));
        assert_eq!((ratios.rounds(), ratios.interval(0.95)), (0, None));
    }

    #[test]
    fn rounds_of_the_same_two_launches_are_one_unit() {
        let (ones, each) = (blocks(&[1.0; 24], 1), blocks(&[1.0; 24], 4));
        assert_eq!(LogRatios::of(&ones, &ones).launches(), 24);
        assert_eq!(LogRatios::of(&each, &ones).launches(), 6);
        assert_eq!(LogRatios::of(&ones, &each).launches(), 6);
        assert!(!LogRatios::of(&blocks(&[1.0; 24], 24), &ones).over_launches());
    }

    /// Nearly standard normal: the sum of twelve uniforms.
    fn normal(random: &mut Pcg64) -> f64 {
        (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says_although_launches_differ() {
        let mut random = Pcg64::seed_from_u64(1);
        let mut hits = 0;
        for _ in 0..2000 {
            let placed: Vec<f64> = (0..5).map(|_| 0.004 * normal(&mut random)).collect();
            let over: Vec<f64> =
                (0..20).map(|round| (placed[round / 4] + 0.002 * normal(&mut random)).exp()).collect();
            let ratios = LogRatios::of(&blocks(&over, 4), &blocks(&[1.0; 20], 4));
            hits += usize::from(ratios.interval(0.95).unwrap().contains(0.0));
        }
        let coverage = hits as f64 / 2000.0;
        assert!((0.935..0.965).contains(&coverage), "{coverage}");
    }
}
