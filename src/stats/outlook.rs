//! How many images would decide whether a difference is within a margin.

use super::normal::one_sided_z;
use super::tango::tango_score;

/// What more images would say about a margin if they went on as those seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// The lower bound lies above −margin from this many images in all.
    Yes {
        /// No more than were seen if it is decided already.
        images: u64,
    },
    /// The point lies below −margin, and from this many images in all so does the upper bound.
    No {
        /// No more than were seen if it is decided already.
        images: u64,
    },
    /// The point lies on −margin: no number of images decides.
    Never,
}

/// When `b` and `c` of `n` images, going on at the same rates, would decide whether δ = (c − b)/n
/// is above −margin, by the score interval at a one-sided `level`. At fixed rates the score grows
/// with √n, so that n·(z/T(−m))² images bring it to z: exact, also for b = c = 0. The rates are
/// not known better than the interval says: as often as not it takes more.
///
/// None for impossible counts, a margin outside 0 to 1, or a level not between 0.5 and 1.
pub fn outlook(b: u64, c: u64, n: u64, margin: f64, level: f64) -> Option<Outlook> {
    let z = one_sided_z(level).filter(|&z| z > 0.0 && (0.0..=1.0).contains(&margin))?;
    let score = tango_score(b, c, n, -margin)?;
    let images = (n as f64 * (z / score).powi(2)).floor() as u64;
    let images = images.saturating_add(1);
    Some(match score {
        score if score > 0.0 => Outlook::Yes { images },
        score if score < 0.0 => Outlook::No { images },
        _ => Outlook::Never,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::tango_lower;
    use proptest::prelude::*;

    #[test]
    fn a_point_at_or_beyond_the_margin_does_not_become_a_yes() {
        assert_eq!(outlook(5, 0, 1_000, 0.005, 0.95), Some(Outlook::Never));
        assert!(matches!(outlook(14, 5, 1_000, 0.005, 0.95), Some(Outlook::No { images }) if images > 1_000));
        assert!(matches!(outlook(90, 5, 1_000, 0.005, 0.95), Some(Outlook::No { images }) if images < 1_000));
        assert_eq!(outlook(1, 1, 1, 0.005, 0.95), None);
        assert_eq!(outlook(1, 1, 9, -0.005, 0.95), None);
    }

    proptest! {
        #[test]
        fn the_images_it_names_decide_and_a_tenth_fewer_do_not(
            b in 0u64..40, c in 0u64..40, more in 1u64..5_000, margin in 0.001..0.1f64,
        ) {
            let n = b + c + more;
            if let Some(Outlook::Yes { images }) = outlook(b, c, n, margin, 0.95) {
                // A whole multiple of the counts keeps the rates exactly.
                let times = images.div_ceil(n);
                prop_assert!(tango_lower(b * times, c * times, n * times, 0.95).unwrap() > -margin);
                let fewer = (images as f64 * 0.9 / n as f64) as u64;
                if fewer >= 1 {
                    prop_assert!(tango_lower(b * fewer, c * fewer, n * fewer, 0.95).unwrap() <= -margin);
                }
            }
        }
    }
}
