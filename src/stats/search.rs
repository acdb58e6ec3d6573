//! Where a condition begins to hold.

use std::ops::Range;

/// The first number of `range` for which the condition holds as it does for all after it; the end of
/// the range if for none.
pub(super) fn first(range: Range<u64>, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = u64::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The smallest value from `low` to `high` for which the condition holds as it does for all above
/// it, to a billionth of the range. None if it does not hold at `high`.
pub(super) fn smallest(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> Option<f64> {
    if holds(low) {
        return Some(low);
    }
    let (mut below, mut above) = (low, high);
    for _ in 0..30 {
        let middle = f64::midpoint(below, above);
        if holds(middle) { above = middle } else { below = middle }
    }
    (above < high || holds(high)).then_some(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_found_at_both_ends_and_between() {
        for at in [0, 1, 17, 99, 100] {
            assert_eq!(first(0..100, |number| number >= at), at);
        }
        assert_eq!(first(5..5, |_| true), 5);
    }

    #[test]
    fn the_smallest_value_is_found_or_there_is_none() {
        for at in [0.0, 0.3, 1.0] {
            assert!((smallest(0.0, 1.0, |value| value >= at).unwrap() - at).abs() < 1e-8, "{at}");
        }
        assert_eq!(smallest(0.0, 1.0, |_| false), None);
    }
}
