//! What a paired comparison can see, and how many images it needs: shares throughout, of images
//! (discordance d, difference δ, margin m) or of repetitions (level, power).

use super::normal::{one_sided_z, two_sided_z};
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

/// Half-width of the interval of δ with `n` images: z·√(d/n), for a δ near 0 and a two-sided
/// level. None for no images, a discordance outside 0 to 1 (0 excluded), or a level that is none.
pub fn half_width(n: u64, discordance: f64, level: f64) -> Option<f64> {
    let possible = n > 0 && is_share(discordance);
    two_sided_z(level).filter(|_| possible).map(|z| z * (discordance / n as f64).sqrt())
}

/// What [`half_width`] would be if each side had its own images, at one accuracy of both:
/// z·√(2·p(1 − p)/n).
pub fn unpaired_half_width(n: u64, accuracy: f64, level: f64) -> Option<f64> {
    let possible = n > 0 && is_share(accuracy);
    two_sided_z(level).filter(|_| possible).map(|z| z * (2.0 * accuracy * (1.0 - accuracy) / n as f64).sqrt())
}

/// Images with which a candidate whose true difference is `delta` is found non-inferior within
/// `margin` with probability `power`, at a one-sided `level` (0.95 for 5 %):
/// n = (z_level + z_power)²·(d − δ²)/(m + δ)². None where `delta` is at or below −margin (it is
/// not within), more than the discordance allows, or a share is none.
pub fn images_for_margin(margin: f64, discordance: f64, delta: f64, level: f64, power: f64) -> Option<u64> {
    let z = one_sided_z(level)? + one_sided_z(power)?;
    let room = margin + delta;
    if !is_share(discordance)
        || delta.is_nan()
        || delta.abs() > discordance
        || room.is_nan()
        || room <= 0.0
        || z <= 0.0
    {
        return None;
    }
    Some((z * z * (discordance - delta * delta) / (room * room)).ceil().max(1.0) as u64)
}

/// The smallest margin within which `n` images find a candidate whose true difference is `delta`
/// non-inferior with probability `power`, at a one-sided `level`; [`images_for_margin`] the other way
/// round: m = (z_level + z_power)·√((d − δ²)/n) − δ, and 0 where a gain shows as such. None for no
/// images, a `delta` beyond the discordance, or a share that is none.
pub fn smallest_margin(n: u64, discordance: f64, delta: f64, level: f64, power: f64) -> Option<f64> {
    let z = one_sided_z(level)? + one_sided_z(power)?;
    let possible = n > 0 && is_share(discordance) && delta.abs() <= discordance && z > 0.0;
    possible.then(|| (z * ((discordance - delta * delta) / n as f64).sqrt() - delta).max(0.0))
}

/// The smallest true |δ| that a two-sided test at `level` (0.95 for 5 %) finds with probability
/// `power`: (z_level + z_power)·√(d/n). None where that is more than the discordance itself, so
/// that no difference can be found, or a share is none.
pub fn smallest_difference(n: u64, discordance: f64, level: f64, power: f64) -> Option<f64> {
    let z = two_sided_z(level)? + one_sided_z(power)?;
    let possible = n > 0 && is_share(discordance) && z > 0.0;
    possible.then(|| z * (discordance / n as f64).sqrt()).filter(|&difference| difference <= discordance)
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

/// Whether it is more than 0 and at most 1.
fn is_share(value: f64) -> bool {
    value > 0.0 && value <= 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::tango_lower;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_half_widths_in_points() {
        let table = [
            (1_000, [0.62, 1.07, 1.39, 1.96], 2.63),
            (2_000, [0.44, 0.76, 0.98, 1.39], 1.86),
            (10_000, [0.20, 0.34, 0.44, 0.62], 0.83),
        ];
        for (n, paired, unpaired) in table {
            for (d, wanted) in [0.01, 0.03, 0.05, 0.1].into_iter().zip(paired) {
                assert!((100.0 * half_width(n, d, 0.95).unwrap() - wanted).abs() < 0.0051, "{n} {d}");
            }
            assert!((100.0 * unpaired_half_width(n, 0.9, 0.95).unwrap() - unpaired).abs() < 0.0051, "{n}");
        }
        assert!((100.0 * half_width(100, 0.05, 0.95).unwrap() - 4.4).abs() < 0.05);
    }

    #[test]
    fn the_table_of_images_for_a_margin() {
        let table = [
            (0.005, [4_950, 7_420, 12_370, 24_730]),
            (0.01, [1_240, 1_855, 3_090, 6_180]),
            (0.02, [310, 465, 775, 1_545]),
        ];
        for (margin, wanted) in table {
            for (d, wanted) in [0.02, 0.03, 0.05, 0.1].into_iter().zip(wanted) {
                let images = images_for_margin(margin, d, 0.0, 0.95, 0.8).unwrap();
                assert!(images.abs_diff(wanted) <= 5, "m {margin} d {d}: {images}");
            }
        }
    }

    #[test]
    fn a_true_loss_needs_more_images_and_one_beyond_the_margin_has_no_number() {
        let images = |delta| images_for_margin(0.005, 0.03, delta, 0.95, 0.8);
        assert!(images(-0.002) > images(0.0) && images(0.0) > images(0.002));
        assert_eq!(images(-0.005), None);
        assert_eq!(images(0.04), None);
        assert_eq!(images_for_margin(0.0, 0.03, 0.0, 0.95, 0.8), None);
        assert_eq!(images_for_margin(0.01, 0.03, f64::NAN, 0.95, 0.8), None);
    }

    #[test]
    fn the_smallest_difference_is_what_power_says() {
        let wanted = (1.959963984540054 + 0.8416212335729143) * (0.03f64 / 10_000.0).sqrt();
        assert!((smallest_difference(10_000, 0.03, 0.95, 0.8).unwrap() - wanted).abs() < 1e-15);
        assert_eq!(smallest_difference(100, 0.01, 0.95, 0.8), None);
        assert_eq!(smallest_difference(0, 0.01, 0.95, 0.8), None);
    }

    #[test]
    fn a_point_at_or_beyond_the_margin_does_not_become_a_yes() {
        assert_eq!(outlook(5, 0, 1_000, 0.005, 0.95), Some(Outlook::Never));
        assert!(matches!(outlook(14, 5, 1_000, 0.005, 0.95), Some(Outlook::No { images }) if images > 1_000));
        assert!(matches!(outlook(90, 5, 1_000, 0.005, 0.95), Some(Outlook::No { images }) if images < 1_000));
        assert_eq!(outlook(1, 1, 1, 0.005, 0.95), None);
        assert_eq!(outlook(1, 1, 9, -0.005, 0.95), None);
    }

    #[test]
    fn the_smallest_margin_is_the_one_that_needs_these_images() {
        for (n, d, delta) in [(10_000, 0.03, 0.0), (500, 0.1, -0.01), (2_000, 0.02, 0.001)] {
            let margin = smallest_margin(n, d, delta, 0.95, 0.8).unwrap();
            let images = images_for_margin(margin, d, delta, 0.95, 0.8).unwrap();
            assert!(images.abs_diff(n) <= 1, "{n} {d} {delta}: {images}");
        }
        assert_eq!(smallest_margin(100_000, 0.03, 0.02, 0.95, 0.8), Some(0.0));
        assert_eq!(smallest_margin(0, 0.03, 0.0, 0.95, 0.8), None);
        assert_eq!(smallest_margin(100, 0.03, -0.04, 0.95, 0.8), None);
        assert_eq!(smallest_margin(100, 0.03, f64::NAN, 0.95, 0.8), None);
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
