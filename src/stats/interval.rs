//! Two ends of what a figure may be.

/// A closed interval, in the unit of the figure that it belongs to. What its ends mean (which
/// level, which method) is said by the function that gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end, at most `high`.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Half of the length: the ± of an interval that lies evenly about its point.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether the value lies between the ends or on one.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The interval on another scale. A function that falls swaps the ends, so that the result is
    /// ordered again; one that does neither throughout has no interval here.
    pub fn map(&self, scale: impl Fn(f64) -> f64) -> Self {
        let (one, other) = (scale(self.low), scale(self.high));
        Self { low: one.min(other), high: one.max(other) }
    }

    /// The part between two limits, both ends moved onto the nearest one where they lie beyond.
    pub fn clip(&self, low: f64, high: f64) -> Self {
        self.map(|end| end.clamp(low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGS: Interval = Interval { low: -1.0, high: 2.0 };

    #[test]
    fn both_ends_belong_to_it() {
        assert!(LOGS.contains(-1.0) && LOGS.contains(2.0));
        assert!(!LOGS.contains(2.1) && !LOGS.contains(f64::NAN));
        assert_eq!(LOGS.half_width(), 1.5);
    }

    #[test]
    fn a_falling_scale_swaps_the_ends() {
        assert_eq!(LOGS.map(f64::exp), Interval { low: (-1.0f64).exp(), high: 2.0f64.exp() });
        assert_eq!(LOGS.map(|value| -value), Interval { low: -2.0, high: 1.0 });
        assert_eq!(LOGS.clip(-0.5, 0.5), Interval { low: -0.5, high: 0.5 });
    }
}
