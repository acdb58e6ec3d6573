//! Resampling on all cores, with the same numbers whatever their count, and intervals from it.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rand_distr::{Distribution, Poisson};
use rand_pcg::Pcg64;

use crate::metric::LEVEL;
use crate::stats;

/// Resamples that share a stream of random numbers; a thread takes one such chunk after the other.
const CHUNK: usize = 50;

/// How differences are resampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// Number of resamples.
    pub resamples: usize,
    /// Seed: equal seeds give equal intervals.
    pub seed: u64,
    /// Two-sided confidence level.
    pub level: f64,
    /// A resampled interval needs at least this many images that make the difference: below, the
    /// resamples are too much alike.
    pub fewest_images: f64,
    /// Threads; none for all cores. The result does not depend on it.
    pub threads: Option<NonZero<usize>>,
}

/// Found by simulation (`examples/coverage`). A higher limit does harm: a figure that
/// rests on five images would have an interval only where chance gave it ten, mostly to one side.
const FEWEST_IMAGES: f64 = 3.0;

impl Default for Resampling {
    fn default() -> Self {
        Self { resamples: 10_000, seed: 7, level: LEVEL, fewest_images: FEWEST_IMAGES, threads: None }
    }
}

/// The stream of random numbers of [`add_one_each_way`]; resamplers have the lower ones.
const ONE_EACH_WAY: u64 = 2;

/// Random numbers of one chunk.
pub(super) type Random = Pcg64;

/// A way to draw one resample and to write its statistics, one place each.
pub(super) trait Resampler: Sync {
    /// What one thread needs room for.
    type Room;

    /// Number of statistics.
    fn width(&self) -> usize;

    /// Room for one thread.
    fn room(&self) -> Self::Room;

    /// Draws a resample and writes its statistics into `row`.
    fn draw(&self, random: &mut Random, room: &mut Self::Room, row: &mut [f64]);
}

/// The statistics of every resample, one vector a statistic. `stream` keeps resamplers of one seed
/// apart.
pub(super) fn replicates<S: Resampler>(resampler: &S, options: &Resampling, stream: u64) -> Vec<Vec<f64>> {
    let chunks = options.resamples.div_ceil(CHUNK);
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut room, mut done) = (resampler.room(), Vec::new());
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                return done;
            }
            let rows = CHUNK.min(options.resamples - chunk * CHUNK);
            done.push((chunk, one_chunk(resampler, &mut room, rows, random(options.seed, stream, chunk))));
        }
    };
    let mut done = on_threads(threads(options).min(chunks), &work);
    done.sort_by_key(|(chunk, _)| *chunk);
    by_statistic(done.iter().map(|(_, rows)| &rows[..]), resampler.width(), options.resamples)
}

fn threads(options: &Resampling) -> usize {
    options.threads.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), NonZero::get)
}

/// A stream of its own for each chunk, so that it does not matter which thread takes it.
fn random(seed: u64, stream: u64, chunk: usize) -> Random {
    Pcg64::new(u128::from(seed) | u128::from(stream) << 64, chunk as u128)
}

fn one_chunk<S: Resampler>(resampler: &S, room: &mut S::Room, rows: usize, mut random: Random) -> Vec<f64> {
    let width = resampler.width();
    let mut values = vec![0.0; rows * width];
    for row in values.chunks_mut(width.max(1)) {
        resampler.draw(&mut random, room, row);
    }
    values
}

/// `work` on this thread and as many others as make `count`; what all of them did.
fn on_threads<T: Send>(count: usize, work: &(impl Fn() -> Vec<T> + Sync)) -> Vec<T> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..count).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

fn by_statistic<'a>(
    chunks: impl Iterator<Item = &'a [f64]>,
    width: usize,
    resamples: usize,
) -> Vec<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> = (0..width).map(|_| Vec::with_capacity(resamples)).collect();
    for row in chunks.flat_map(|chunk| chunk.chunks(width.max(1))) {
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(*value));
    }
    columns
}

/// Values of a statistic with one image left out, and how many images give each.
pub(super) type Jackknife = Vec<(f64, f64)>;

/// How many images a difference rests on: (Σu²)² / Σu⁴ over the influence u of each image. It is
/// b + c for a difference of accuracies, and fewer where single images dominate; 0 where no image
/// makes a difference.
pub(super) fn effective_images(jackknife: &[(f64, f64)]) -> f64 {
    let (squares, fourths) = (power_of_influences(jackknife, 2), power_of_influences(jackknife, 4));
    if fourths > 0.0 { squares * squares / fourths } else { 0.0 }
}

/// How many images of `influence` have the spread of all: Σu² / influence².
pub(super) fn images_of(influence: f64, left: &[(f64, f64)]) -> f64 {
    if influence > 0.0 { power_of_influences(left, 2) / (influence * influence) } else { 0.0 }
}

/// Adds to the data one image more each way, each of `influence`, as D. Bonett and R. Price (2012)
/// add one to b and to c: the resamples of a few images that all point one way would never point
/// the other.
pub(super) fn add_one_each_way(
    influence: f64,
    left: &mut Jackknife,
    replicates: &mut [f64],
    options: &Resampling,
) {
    let mean = mean(left);
    left.extend([(mean - influence, 1.0), (mean + influence, 1.0)]);
    // How often a resample draws one image among many.
    let Ok(times) = Poisson::new(1.0) else { return };
    let mut random = random(options.seed, ONE_EACH_WAY, 0);
    for replicate in replicates {
        let (up, down): (f64, f64) = (times.sample(&mut random), times.sample(&mut random));
        *replicate += influence * (up - down);
    }
}

fn mean(left: &[(f64, f64)]) -> f64 {
    let images: f64 = left.iter().map(|&(_, count)| count).sum();
    stats::sum(left.iter().map(|&(value, count)| value * count)) / images
}

fn power_of_influences(left: &[(f64, f64)], exponent: i32) -> f64 {
    let mean = mean(left);
    stats::sum(left.iter().map(|&(value, count)| (value - mean).powi(exponent) * count))
}

/// Beyond so many images Student's t is the normal quantile to three digits.
const MANY: f64 = 1000.0;

/// The level to ask of a bootstrap that rests on few images, so that its interval is as much wider
/// as Student's t is than the normal with `images` − 1 degrees of freedom: resamples spread too
/// little by the part that a variance estimated from few values falls short (T. Hesterberg, "What
/// teachers should know about the bootstrap", The American Statistician 69, 2015).
pub(super) fn expanded(level: f64, images: f64) -> Option<f64> {
    if images > MANY {
        return Some(level);
    }
    let t = stats::student_quantile(0.5 + level / 2.0, (images - 1.0).max(1.0))?;
    Some((2.0 * stats::normal_cdf(t) - 1.0).max(level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    /// Two statistics without meaning.
    struct Numbers;

    impl Resampler for Numbers {
        type Room = ();

        fn width(&self) -> usize {
            2
        }

        fn room(&self) -> Self::Room {}

        fn draw(&self, random: &mut Random, (): &mut (), row: &mut [f64]) {
            row.fill_with(|| (random.next_u64() >> 11) as f64);
        }
    }

    #[test]
    fn resamples_do_not_depend_on_the_number_of_threads() {
        let with = |threads| {
            let options =
                Resampling { resamples: 333, threads: NonZero::new(threads), ..Resampling::default() };
            replicates(&Numbers, &options, 0)
        };
        let one = with(1);
        assert_eq!((one.len(), one[0].len()), (2, 333));
        assert!((2..9).all(|threads| with(threads) == one));
        let mut all = one.concat();
        all.sort_by(f64::total_cmp);
        all.dedup();
        assert_eq!(all.len(), 666, "no stream of random numbers is used twice");
    }

    #[test]
    fn one_image_more_each_way_lets_resamples_of_one_side_reach_the_other() {
        // Five of a thousand images point one way.
        let mut left = vec![(0.001, 5.0), (0.0, 995.0)];
        let mut replicates = vec![0.005; 20_000];
        assert!((images_of(0.001, &left) - 4.975).abs() < 1e-9);
        add_one_each_way(0.001, &mut left, &mut replicates, &Resampling::default());
        assert!((images_of(0.001, &left) - 6.975).abs() < 0.01);
        let mean = stats::mean(&replicates).unwrap();
        let variance = stats::sum(replicates.iter().map(|r| (r - mean).powi(2))) / 20_000.0;
        assert!((mean - 0.005).abs() < 3e-5, "{mean}");
        assert!((variance.sqrt() / (2.0f64.sqrt() * 0.001) - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn an_influence_shared_by_ten_images_rests_on_ten() {
        let all_alike = [(1.0, 5.0), (-1.0, 5.0)];
        assert_eq!(effective_images(&all_alike), 10.0);
        assert!(effective_images(&[(100.0, 1.0), (0.0, 1000.0)]) < 1.1);
        assert_eq!(effective_images(&[(0.25, 1000.0)]), 0.0);
    }

    /// scipy.stats.t.ppf(0.975, df)
    #[test]
    fn a_bootstrap_of_few_images_is_asked_for_more() {
        // 2 Φ(t) − 1 with t = 4.3027 for two degrees of freedom, 2.2622 for nine.
        for (images, wanted) in [(3.0, 0.999_983), (10.0, 0.976_315)] {
            assert!((expanded(0.95, images).unwrap() - wanted).abs() < 1e-4, "{images}");
        }
        assert!((expanded(0.95, MANY).unwrap() - 0.95).abs() < 5e-4);
        assert_eq!(expanded(0.95, 1e9), Some(0.95));
    }
}
