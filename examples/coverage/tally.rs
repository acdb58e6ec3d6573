//! How often an interval held.

use onnx_bench::stats::Interval;

/// Weight of the cases held by an interval, and its weighted width.
#[derive(Default, Clone, Copy)]
pub struct Tally {
    weight: f64,
    held: f64,
    width: f64,
}

impl Tally {
    /// No interval at all counts as one that does not hold, without a width.
    pub fn add(&mut self, weight: f64, interval: Option<Interval>, truth: f64) {
        self.weight += weight;
        // A truth of 0.1 reckoned two ways must not fall beside an end of 0.1.
        self.held +=
            weight * f64::from(interval.is_some_and(|i| i.low <= truth + 1e-12 && truth - 1e-12 <= i.high));
        self.width += weight * interval.map_or(0.0, |i| 2.0 * i.half_width());
    }

    pub fn coverage(&self) -> f64 {
        100.0 * self.held / self.weight
    }

    pub fn mean_width(&self) -> f64 {
        self.width / self.weight
    }
}
