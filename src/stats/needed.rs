//! What a paired comparison can see, and how many images it needs: shares throughout, of images
//! (discordance d, difference δ, margin m) or of repetitions (level, power).

use super::normal::{one_sided_z, two_sided_z};
use super::power::Rates;
use super::search::{first, smallest};
use super::tango::crossing;
use super::wilson::around;

/// Half-width of [`super::tango`]'s interval of a δ of 0 when as many images are discordant as
/// expected: about z·√(d/n), and more where that is few. It is within 4 % of the mean over all
/// outcomes. None for no images, a discordance outside 0 to 1 (0 excluded), or a level that is none.
pub fn half_width(n: u64, discordance: f64, level: f64) -> Option<f64> {
    let possible = n > 0 && Rates::of(discordance, 0.0).is_some();
    let z = two_sided_z(level).filter(|_| possible)?;
    let each = n as f64 * discordance / 2.0;
    Some(-crossing(each, each, n as f64, z))
}

/// What [`half_width`] would be if each side had `n` images of its own, at one accuracy of both:
/// Newcombe's interval of a difference, √((p − l)² + (u − p)²) with l and u the ends of Wilson's (R.
/// Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
/// Medicine 17, 1998).
pub fn unpaired_half_width(n: u64, accuracy: f64, level: f64) -> Option<f64> {
    let possible = n > 0 && accuracy > 0.0 && accuracy <= 1.0;
    let ends = around(accuracy, n as f64, two_sided_z(level).filter(|_| possible)?);
    Some((accuracy - ends.low).hypot(ends.high - accuracy))
}

/// Images with which a candidate whose true difference is `delta` is found non-inferior within
/// `margin` with probability `power`, at a one-sided `level` (0.95 for 5 %): by the score bound, as
/// the verdict has it. Since counts are whole numbers the power rises in jumps and falls a little
/// between them; from this number on it does not fall below `power`.
///
/// None where `delta` is at or below −margin (it is not within), more than the discordance allows,
/// or a share is none.
pub fn images_for_margin(margin: f64, discordance: f64, delta: f64, level: f64, power: f64) -> Option<u64> {
    let (z, z_power) = tails(level, power)?;
    let rates = Rates::of(discordance, delta)?;
    if !(0.0..=1.0).contains(&margin) || margin + delta <= 0.0 {
        return None;
    }
    let about = rates.approximate_images(margin, z, z_power);
    if !rates.is_counted(about) {
        return Some(about.ceil() as u64);
    }
    let enough = |n: u64| rates.power(n, margin, z) >= power;
    let mut most = about.ceil().max(1.0) as u64;
    while !enough(most) {
        most *= 2;
    }
    Some(for_good(first(1..most, enough), margin, enough))
}

/// The images after which there is no number any more that is not enough, `found` being one that is.
/// One outcome more or less shows every 1/margin images; between, the power is looked at fifty times.
fn for_good(mut found: u64, margin: f64, enough: impl Fn(u64) -> bool) -> u64 {
    loop {
        let step = (0.02 / margin).min(found as f64 / 50.0).max(1.0) as u64;
        match (1..=75).rev().map(|steps| found + steps * step).find(|&n| !enough(n)) {
            Some(last) => found = first(last..last + step, &enough),
            None => return found,
        }
    }
}

/// The smallest margin within which `n` images find a candidate whose true difference is `delta`
/// non-inferior with probability `power`, at a one-sided `level`; [`images_for_margin`] the other way
/// round. 0 where a gain shows as such. None for no images, a `delta` beyond the discordance, or a
/// share that is none.
pub fn smallest_margin(n: u64, discordance: f64, delta: f64, level: f64, power: f64) -> Option<f64> {
    let (z, _) = tails(level, power).filter(|_| n > 0)?;
    let rates = Rates::of(discordance, delta)?;
    smallest(0.0, 1.0, |margin| rates.power(n, margin, z) >= power)
}

/// The smallest true |δ| that the two-sided interval of `level` (0.95 for 5 %) tells from 0, on its
/// own side, with probability `power`. None where not even the discordance itself is enough, so that
/// no difference can be found, or a share is none.
pub fn smallest_difference(n: u64, discordance: f64, level: f64, power: f64) -> Option<f64> {
    let (z, _) = tails(0.5 + level / 2.0, power).filter(|_| n > 0)?;
    Rates::of(discordance, 0.0)?;
    let shows = |delta| Rates::of(discordance, delta).is_some_and(|rates| rates.power(n, 0.0, z) >= power);
    smallest(0.0, discordance, shows)
}

/// The z of a one-sided level above a half, and that of a power from a half on.
fn tails(level: f64, power: f64) -> Option<(f64, f64)> {
    let (z, z_power) = (one_sided_z(level)?, one_sided_z(power)?);
    (z > 0.0 && z_power >= 0.0).then_some((z, z_power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{binomial_probability, tango};

    /// Where many images are discordant, z·√(d/n).
    #[test]
    fn the_table_of_half_widths_in_points() {
        let table = [
            (10_000, [0.34, 0.44, 0.62], 0.83),
            (100_000, [0.107, 0.139, 0.196], 0.263),
            (1_000_000, [0.034, 0.044, 0.062], 0.083),
        ];
        for (n, paired, unpaired) in table {
            for (d, wanted) in [0.03, 0.05, 0.1].into_iter().zip(paired) {
                let got = 100.0 * half_width(n, d, 0.95).unwrap();
                assert!((got / wanted - 1.0).abs() < 0.02, "{n} {d}: {got}");
            }
            let got = 100.0 * unpaired_half_width(n, 0.9, 0.95).unwrap();
            assert!((got / unpaired - 1.0).abs() < 0.01, "{n}: {got}");
        }
    }

    /// The mean of the intervals of all outcomes, each with its probability.
    fn mean_half_width(n: u64, d: f64) -> f64 {
        let tables = (0..=n.min(30)).flat_map(|b| (0..=(n - b).min(30)).map(move |c| (b, c)));
        let half = |(b, c): (u64, u64)| {
            let weight = binomial_probability(b, n, d / 2.0)
                * binomial_probability(c, n - b, d / 2.0 / (1.0 - d / 2.0));
            if weight < 1e-7 { 0.0 } else { weight * tango(b, c, n, 0.95).unwrap().half_width() }
        };
        tables.map(half).sum()
    }

    #[test]
    fn few_discordant_images_have_the_half_width_that_their_intervals_have() {
        for (n, d) in [(100, 0.003), (100, 0.03), (100, 0.1), (1000, 0.01), (10, 0.3), (1, 0.03)] {
            let (got, mean) = (half_width(n, d, 0.95).unwrap(), mean_half_width(n, d));
            assert!((got / mean - 1.0).abs() < 0.04, "{n} {d}: {got} {mean}");
        }
    }

    #[test]
    fn no_half_width_is_beyond_all_there_is() {
        for n in [1, 2, 5] {
            for share in [1e-6, 0.5, 1.0] {
                assert!(half_width(n, share, 0.95).unwrap() <= 1.0);
                assert!(unpaired_half_width(n, share, 0.95).unwrap() <= 1.0);
            }
        }
    }

    /// From an enumeration in another language.
    #[test]
    fn the_images_for_a_margin_are_those_of_all_outcomes_counted_out() {
        for (margin, d, wanted) in [(0.02, 0.01, 284), (0.05, 0.02, 101), (0.02, 0.02, 401)] {
            assert_eq!(images_for_margin(margin, d, 0.0, 0.95, 0.8), Some(wanted), "{margin} {d}");
        }
    }

    #[test]
    fn so_many_images_are_enough_for_good_and_one_fewer_is_not() {
        for (margin, d) in [(0.02, 0.01), (0.02, 0.02), (0.05, 0.02), (0.01, 0.03), (0.005, 0.01)] {
            let images = images_for_margin(margin, d, 0.0, 0.95, 0.8).unwrap();
            let power = |n| Rates::of(d, 0.0).unwrap().power(n, margin, one_sided_z(0.95).unwrap());
            assert!(power(images - 1) < 0.8, "{margin} {d}: {images}");
            let step = images.div_ceil(400) as usize;
            assert!(
                (images..3 * images / 2).step_by(step).all(|n| power(n) >= 0.8),
                "{margin} {d}: {images}"
            );
        }
    }

    #[test]
    fn agreement_on_every_image_needs_images_too() {
        // z²·(1 − m)/m of them, if none is discordant.
        let z = one_sided_z(0.95).unwrap();
        for margin in [0.01, 0.02, 0.05] {
            let least = (z * z * (1.0 - margin) / margin).floor() as u64 + 1;
            assert_eq!(images_for_margin(margin, 1e-6, 0.0, 0.95, 0.8), Some(least));
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
        assert_eq!(images_for_margin(0.01, 0.03, 0.0, 0.95, 0.3), None);
    }

    /// How often c − b > z·√(b + c).
    fn shown(n: u64, d: f64, delta: f64) -> f64 {
        let (lost, won) = ((d - delta) / 2.0, (d + delta) / 2.0);
        let tables = (0..50).flat_map(|b| (0..50).map(move |c| (b, c)));
        let shows =
            tables.filter(|&(b, c)| (c as f64 - b as f64) > 1.959963984540054 * ((b + c) as f64).sqrt());
        let weight =
            |(b, c)| binomial_probability(b, n, lost) * binomial_probability(c, n - b, won / (1.0 - lost));
        shows.map(weight).sum()
    }

    #[test]
    fn the_smallest_difference_shows_as_often_as_power_says() {
        let found = smallest_difference(10_000, 0.03, 0.95, 0.8).unwrap();
        let simple = (1.959963984540054 + 0.8416212335729143) * (0.03f64 / 10_000.0).sqrt();
        assert!((found / simple - 1.0).abs() < 0.01, "{found} {simple}");
        let few = smallest_difference(1_000, 0.01, 0.95, 0.8).unwrap();
        assert!((shown(1_000, 0.01, few) - 0.8).abs() < 1e-6, "{few}");
        assert_eq!(smallest_difference(100, 0.01, 0.95, 0.8), None);
        assert_eq!(smallest_difference(0, 0.01, 0.95, 0.8), None);
    }

    #[test]
    fn the_smallest_margin_is_the_one_that_needs_these_images() {
        for (n, d, delta) in [(10_000, 0.03, 0.0), (500, 0.1, -0.01), (2_000, 0.02, 0.001)] {
            let margin = smallest_margin(n, d, delta, 0.95, 0.8).unwrap();
            let images = images_for_margin(margin, d, delta, 0.95, 0.8).unwrap();
            assert!((images as f64 / n as f64 - 1.0).abs() < 0.05, "{n} {d} {delta}: {images}");
        }
        assert_eq!(smallest_margin(100_000, 0.03, 0.02, 0.95, 0.8), Some(0.0));
        assert_eq!(smallest_margin(0, 0.03, 0.0, 0.95, 0.8), None);
        assert_eq!(smallest_margin(100, 0.03, -0.04, 0.95, 0.8), None);
        assert_eq!(smallest_margin(100, 0.03, f64::NAN, 0.95, 0.8), None);
    }
}
