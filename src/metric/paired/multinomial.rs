//! How many images of each cell a resample holds.

use rand::{Rng, RngExt};
use rand_distr::{Binomial, Distribution};

/// A cell of fewer images is drawn image by image, which then costs less than a binomial number.
const LARGE: u64 = 24;

/// Draws with replacement as many images as there are, and counts them by cell: the counts are
/// those of drawing image by image, at the cost of one draw a large cell and one an image of the
/// small ones.
#[derive(Clone, Debug)]
pub(super) struct Multinomial {
    total: u64,
    cells: usize,
    /// Cell and images, the largest first.
    large: Vec<(usize, u64)>,
    /// The cell of every image that is in no large cell.
    small: Vec<u32>,
}

impl Multinomial {
    /// Over cells of `counts` images.
    pub(super) fn of(counts: &[u64]) -> Self {
        let cells = || counts.iter().copied().enumerate();
        let mut large: Vec<(usize, u64)> = cells().filter(|&(_, count)| count >= LARGE).collect();
        large.sort_by_key(|&(cell, count)| (std::cmp::Reverse(count), cell));
        let small = cells().filter(|&(_, count)| count < LARGE);
        let small =
            small.flat_map(|(cell, count)| std::iter::repeat_n(cell as u32, count as usize)).collect();
        Self { total: counts.iter().sum(), cells: counts.len(), large, small }
    }

    /// Number of cells.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// One resample: images of each cell, in `counts`, one place a cell.
    pub(super) fn draw<R: Rng>(&self, rng: &mut R, counts: &mut [u64]) {
        counts.fill(0);
        // Given what went to the cells before, a cell's count is binomial with its share of the rest.
        let (mut draws, mut images) = (self.total, self.total);
        for &(cell, count) in &self.large {
            counts[cell] = binomial(rng, draws, count as f64 / images as f64);
            (draws, images) = (draws - counts[cell], images - count);
        }
        for _ in 0..draws {
            if !self.small.is_empty() {
                counts[self.small[rng.random_range(0..self.small.len())] as usize] += 1;
            }
        }
    }
}

fn binomial<R: Rng>(rng: &mut R, draws: u64, share: f64) -> u64 {
    // The share is that of a part in the whole, so the distribution always exists.
    Binomial::new(draws, share.min(1.0)).map_or(0, |binomial| binomial.sample(rng))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    #[test]
    fn a_resample_has_as_many_images_as_there_are() {
        let mut rng = Pcg64::seed_from_u64(1);
        for counts in [vec![5, 0, 1000, 40], vec![1, 2, 3], vec![100], vec![]] {
            let (multinomial, mut drawn) = (Multinomial::of(&counts), vec![7; counts.len()]);
            multinomial.draw(&mut rng, &mut drawn);
            assert_eq!(drawn.iter().sum::<u64>(), counts.iter().sum::<u64>());
            assert!(drawn.iter().zip(&counts).all(|(drawn, count)| *count > 0 || *drawn == 0));
        }
    }

    /// Mean n·p, variance n·p·(1 − p), covariance −n·p·q, for large cells and small ones.
    #[test]
    fn counts_have_the_moments_of_a_multinomial() {
        let counts = [900u64, 3, 60, 7, 30];
        let (n, rounds) = (1000.0, 40_000);
        let (multinomial, mut drawn) = (Multinomial::of(&counts), vec![0; counts.len()]);
        let mut rng = Pcg64::seed_from_u64(2);
        let (mut sums, mut products) = ([0.0; 5], [[0.0; 5]; 5]);
        for _ in 0..rounds {
            multinomial.draw(&mut rng, &mut drawn);
            for i in 0..5 {
                sums[i] += drawn[i] as f64;
                (0..5).for_each(|j| products[i][j] += (drawn[i] * drawn[j]) as f64);
            }
        }
        let rounds = f64::from(rounds);
        let p = counts.map(|count| count as f64 / n);
        for i in 0..5 {
            let spread = (n * p[i] * (1.0 - p[i])).sqrt();
            assert!((sums[i] / rounds - n * p[i]).abs() < 5.0 * spread / rounds.sqrt(), "mean of {i}");
            for j in 0..5 {
                let wanted = if i == j { spread * spread } else { -n * p[i] * p[j] };
                let got = products[i][j] / rounds - sums[i] * sums[j] / (rounds * rounds);
                let scale = spread * (n * p[j] * (1.0 - p[j])).sqrt();
                assert!((got - wanted).abs() < 0.03 * scale, "covariance of {i} and {j}: {got} {wanted}");
            }
        }
    }
}
