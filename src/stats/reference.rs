//! What `fixtures/make_statistics.py` had computed elsewhere, for the tests of this folder.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Interval;

/// The values of `fixtures/statistics/<name>.json`.
pub fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/statistics/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Holds a value to its reference, relative to the size of the latter; exact where that is zero.
pub fn assert_close(got: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!((got - wanted).abs() <= tolerance * wanted.abs(), "{what}: got {got:e}, reference {wanted:e}");
}

/// The interval of something of values.
#[derive(Deserialize)]
pub struct OfValues {
    pub values: Vec<f64>,
    pub level: f64,
    pub point: Option<f64>,
    low: f64,
    high: f64,
}

impl OfValues {
    /// Holds an interval to its reference.
    pub fn assert_ends(&self, got: Interval, tolerance: f64) {
        assert_close(got.low, self.low, tolerance, "low");
        assert_close(got.high, self.high, tolerance, "high");
    }
}
