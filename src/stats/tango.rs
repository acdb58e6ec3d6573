//! The score interval of a paired difference: the one with the best coverage.
//!
//! Of `n` pairs, `b` are right only on the first side, `c` only on the second; δ = p_c − p_b, seen
//! as (c − b)/n. For each δ that might be true the score is
//!
//! ```text
//! T(δ) = (c − b − nδ) / √( n·(2·p̃ + δ(1 − δ)) )
//! ```
//!
//! where p̃ is the most likely p_b if δ were true: the larger root of A·p² + B·p + C with A = 2n,
//! B = (2n − c + b)·δ − b − c and C = −b·δ·(1 − δ). The interval holds every δ with |T(δ)| ≤ z
//! (T. Tango, "Equivalence test and confidence interval for the difference in proportions for the
//! paired-sample design", Statistics in Medicine 17, 1998; compared by R. Newcombe in the same
//! volume and by M. Fagerland and others in 2014).

use super::Interval;
use super::normal::{one_sided_z, two_sided_z};

/// Tango's interval for δ = (c − b)/n at a two-sided level, within −1 and 1. It is not even about
/// the point, and does not shrink to nothing where b = c = 0: there it is ± z²/(n + z²). None for
/// `n` = 0, b + c > n or a level that is none.
pub fn tango(b: u64, c: u64, n: u64, level: f64) -> Option<Interval> {
    let z = two_sided_z(level)?;
    let [b, c, n] = counts(b, c, n)?;
    // The upper end is the lower one of the sides swapped, to the last bit.
    Some(Interval { low: crossing(b, c, n, z), high: -crossing(c, b, n, z) })
}

/// The δ that lies below the true one with probability `level`, one-sided: 0.95 means z = 1.645.
/// It is what non-inferiority asks for. None as for [`tango`].
pub fn tango_lower(b: u64, c: u64, n: u64, level: f64) -> Option<f64> {
    let z = one_sided_z(level)?;
    let [b, c, n] = counts(b, c, n)?;
    Some(crossing(b, c, n, z))
}

/// T(δ) of the formula above: how many standard errors the counts lie above a true difference
/// `delta`. None for impossible counts or a `delta` outside −1 to 1.
pub fn tango_score(b: u64, c: u64, n: u64, delta: f64) -> Option<f64> {
    let [b, c, n] = counts(b, c, n)?;
    (-1.0..=1.0).contains(&delta).then(|| score(b, c, n, delta))
}

fn counts(b: u64, c: u64, n: u64) -> Option<[f64; 3]> {
    let possible = n > 0 && b.checked_add(c).is_some_and(|discordant| discordant <= n);
    possible.then_some([b as f64, c as f64, n as f64])
}

/// T(δ), which falls from ∞ at −1 to −∞ at 1. The counts need not be whole numbers.
pub(super) fn score(b: f64, c: f64, n: f64, delta: f64) -> f64 {
    let difference = (c - b) - n * delta;
    if difference == 0.0 {
        return 0.0;
    }
    difference / variance(b, c, n, delta).sqrt()
}

/// The variance of c − b that a true `delta` gives. A negative δ is asked from the other side, where
/// every term is positive and no digits cancel.
pub(super) fn variance(b: f64, c: f64, n: f64, delta: f64) -> f64 {
    if delta < 0.0 {
        return variance(c, b, n, -delta);
    }
    n * (2.0 * likeliest(b, c, n, delta) + delta * (1.0 - delta))
}

/// p̃, the most likely p_b given δ ≥ 0, by whichever form of the root adds instead of subtracting.
fn likeliest(b: f64, c: f64, n: f64, delta: f64) -> f64 {
    let linear = (2.0 * n - c + b) * delta - b - c;
    let product = b * delta * (1.0 - delta);
    let root = (linear * linear + 8.0 * n * product).sqrt();
    if linear > 0.0 { 2.0 * product / (linear + root) } else { (root - linear) / (4.0 * n) }
}

/// Where the falling score crosses `z`, by halving: the score is not convex, so that faster steps
/// could leave the bracket, and 200 halvings end at neighbouring numbers for every count.
pub(super) fn crossing(b: f64, c: f64, n: f64, z: f64) -> f64 {
    let (mut below, mut above) = (-1.0, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (below + above);
        if middle == below || middle == above {
            break;
        }
        if score(b, c, n, middle) > z { below = middle } else { above = middle }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        b: u64,
        c: u64,
        n: u64,
        level: f64,
        low: f64,
        high: f64,
    }

    #[test]
    fn ends_are_those_of_fifty_digit_arithmetic_on_the_likelihood_itself() {
        for Case { b, c, n, level, low, high } in fixture::<Vec<Case>>("tango") {
            let got = tango(b, c, n, level).unwrap();
            let case = format!("b {b} c {c} n {n} at {level}");
            assert!(
                (got.low - low).abs() < 1e-13 && (got.high - high).abs() < 1e-13,
                "{case}: {got:?} {low} {high}"
            );
            assert_close(got.low, low, 1e-9, &case);
            assert_close(got.high, high, 1e-9, &case);
        }
    }

    /// Airway hyper-responsiveness before and after stem-cell transplantation, the counts on which
    /// Fagerland, Lydersen and Laake (2014) compare intervals: 1 and 7 of 21 pairs. Simple
    /// intervals are symmetric about 0.286; the score interval is not.
    #[test]
    fn an_example_of_the_literature() {
        let got = tango(1, 7, 21, 0.95).unwrap();
        assert!((got.low - 0.0260).abs() < 5e-5 && (got.high - 0.5172).abs() < 5e-5, "{got:?}");
    }

    #[test]
    fn no_disagreement_is_not_certainty() {
        let z = two_sided_z(0.95).unwrap();
        let got = tango(0, 0, 100, 0.95).unwrap();
        assert_close(got.high, z * z / (100.0 + z * z), 1e-13, "closed form");
        assert_eq!(got.low, -got.high);
    }

    #[test]
    fn all_pairs_on_one_side_end_at_the_edge() {
        assert_eq!(tango(9, 0, 9, 0.95).unwrap().low, -1.0);
        assert_eq!(tango(0, 9, 9, 0.95).unwrap().high, 1.0);
        assert!(tango(0, 9, 9, 0.95).unwrap().low < 1.0);
    }

    #[test]
    fn the_lower_bound_is_one_sided() {
        assert_eq!(tango_lower(30, 20, 1000, 0.95), Some(tango(30, 20, 1000, 0.90).unwrap().low));
    }

    #[test]
    fn impossible_counts_have_no_interval() {
        assert_eq!(tango(0, 0, 0, 0.95), None);
        assert_eq!(tango(2, 2, 3, 0.95), None);
        assert_eq!(tango(u64::MAX, 1, u64::MAX, 0.95), None);
        assert_eq!(tango(1, 1, 3, 1.0), None);
        assert_eq!(tango_lower(1, 1, 3, f64::NAN), None);
        assert_eq!(tango_score(1, 1, 3, 1.5), None);
    }

    fn any_counts() -> impl Strategy<Value = (u64, u64, u64)> {
        (1u64..=1_000_000_000, 0.0..=1.0f64, 0.0..=1.0f64, 0u32..10).prop_map(|(n, d, side, rarer)| {
            let discordant = ((n as f64 * d) as u64 >> (3 * rarer)).min(n);
            let b = ((discordant as f64 * side) as u64).min(discordant);
            (b, discordant - b, n)
        })
    }

    proptest! {
        #[test]
        fn swapping_the_sides_mirrors_it((b, c, n) in any_counts(), level in 0.5..0.999f64) {
            let (one, other) = (tango(b, c, n, level).unwrap(), tango(c, b, n, level).unwrap());
            prop_assert_eq!((one.low, one.high), (-other.high, -other.low));
        }

        #[test]
        fn it_holds_the_point_and_widens_with_the_level((b, c, n) in any_counts(), level in 0.01..0.9999f64) {
            let (narrow, wide) = (tango(b, c, n, 0.9 * level).unwrap(), tango(b, c, n, level).unwrap());
            prop_assert!(narrow.contains((c as f64 - b as f64) / n as f64), "{narrow:?}");
            prop_assert!(-1.0 <= wide.low && wide.low <= narrow.low && narrow.high <= wide.high && wide.high <= 1.0);
        }

        #[test]
        fn the_score_falls((b, c, n) in any_counts(), one in -1.0..1.0f64, other in -1.0..1.0f64) {
            let at = |delta| tango_score(b, c, n, delta).unwrap();
            prop_assert!(at(one.min(other)) >= at(one.max(other)) - 1e-9);
        }
    }
}
