//! From values to places, and round values to mark.

/// A stretch of values laid over a stretch of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
}

/// From this ratio of the largest to the smallest value on, a logarithmic scale shows more.
const WIDE: f64 = 4.0;

impl Scale {
    /// Equal differences take equal room. A stretch without length is widened.
    pub fn linear(values: (f64, f64), pixels: (f64, f64)) -> Self {
        let (low, high) = widened(values);
        Self { low, high, from: pixels.0, to: pixels.1, logarithmic: false }
    }

    /// For positive values such as times: equal ratios take equal room where the values lie far apart.
    pub fn of_sizes(values: (f64, f64), pixels: (f64, f64)) -> Self {
        let scale = Self::linear(values, pixels);
        Self { logarithmic: scale.low > 0.0 && scale.high / scale.low > WIDE, ..scale }
    }

    /// The place of `value`; one beyond an end is moved to it.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.logarithmic {
            true => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Whether `value` lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The stretch of pixels.
    pub fn pixels(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// Round values between the ends, about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        if self.logarithmic {
            let ticks = self.round_powers();
            if (2..=count + 2).contains(&ticks.len()) {
                return ticks;
            }
            let sparse: Vec<f64> = ticks.iter().copied().filter(|tick| is_power_of_ten(*tick)).collect();
            if sparse.len() >= 2 {
                return sparse;
            }
        }
        self.round_steps(count)
    }

    /// 1, 2 and 5 times each power of ten.
    fn round_powers(&self) -> Vec<f64> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let all = (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)));
        all.filter(|tick| self.holds(*tick)).collect()
    }

    fn round_steps(&self, count: usize) -> Vec<f64> {
        let step = round_up((self.high - self.low) / count.max(1) as f64);
        // A hair of tolerance, so that rounding loses no tick at the ends.
        let (first, last) =
            ((self.low / step - 1e-9).ceil() as i64, (self.high / step + 1e-9).floor() as i64);
        (first..=last).map(|index| index as f64 * step).collect()
    }
}

fn widened((low, high): (f64, f64)) -> (f64, f64) {
    match high > low {
        true => (low, high),
        false => (low - low.abs().max(1e-9) * 0.1, low + low.abs().max(1e-9) * 0.1),
    }
}

/// The next of 1, 2, 2.5, 5 times a power of ten.
fn round_up(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let digits = [1.0, 2.0, 2.5, 5.0, 10.0];
    digits.into_iter().map(|digit| digit * power).find(|round| *round >= step * (1.0 - 1e-9)).unwrap_or(step)
}

fn is_power_of_ten(value: f64) -> bool {
    (value.log10() - value.log10().round()).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(got: &[f64], wanted: &[f64]) -> bool {
        got.len() == wanted.len()
            && got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9 * b.abs().max(1.0))
    }

    #[test]
    fn ticks_are_round_and_within() {
        let scale = Scale::linear((0.82, 1.0), (0.0, 100.0));
        assert!(close(&scale.ticks(4), &[0.85, 0.9, 0.95, 1.0]), "{:?}", scale.ticks(4));
        assert!((scale.at(0.91) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn sizes_far_apart_are_laid_out_by_ratio() {
        let scale = Scale::of_sizes((1e5, 1e7), (0.0, 100.0));
        assert!((scale.at(1e6) - 50.0).abs() < 1e-9);
        assert_eq!(scale.ticks(6), [1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7]);
        assert_eq!(Scale::of_sizes((1e5, 1e9), (0.0, 100.0)).ticks(5), [1e5, 1e6, 1e7, 1e8, 1e9]);
        assert!((Scale::of_sizes((1.0, 3.0), (0.0, 100.0)).at(2.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn one_value_alone_has_a_place() {
        for value in [0.0, 5.0, -2.0] {
            assert!((Scale::linear((value, value), (0.0, 10.0)).at(value) - 5.0).abs() < 1e-6);
        }
    }

    proptest! {
        #[test]
        fn places_and_ticks_stay_within(low in -1e6..1e6f64, length in 1e-3..1e6f64, value in -1e7..1e7f64) {
            let scale = Scale::linear((low, low + length), (10.0, 20.0));
            prop_assert!((10.0..=20.0).contains(&scale.at(value)));
            let ticks = scale.ticks(5);
            prop_assert!(ticks.len() <= 7 && ticks.iter().all(|tick| (9.99..=20.01).contains(&scale.at(*tick))));
        }
    }
}
