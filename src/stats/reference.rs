//! What `fixtures/make_statistics.py` had computed elsewhere, for the tests of this folder.

use std::path::Path;

use serde::de::DeserializeOwned;

/// The values of `fixtures/statistics/<name>.json`.
pub fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/statistics/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Holds a value to its reference, relative to the size of the latter; exact where that is zero.
pub fn assert_close(got: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!((got - wanted).abs() <= tolerance * wanted.abs(), "{what}: got {got:e}, reference {wanted:e}");
}
