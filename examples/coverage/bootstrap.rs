//! Block 3: intervals of figures that are resampled.

use std::collections::BTreeMap;
use std::num::NonZero;

use onnx_bench::metric::Interval;
use onnx_bench::metric::paired::{Judgement, Resampling, judge};
use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::in_parallel;
use super::population::{Figure, Kind, Popularity, Population};

/// A report draws 10,000: fewer move the ends of an interval, hardly its coverage.
const RESAMPLES: usize = 1_000;
/// Images in a comparison.
pub const SIZES: [usize; 3] = [500, 2_000, 10_000];
/// The methods were chosen on the first four; the last was added when they had been.
pub const KINDS: [Kind; 5] = [
    Kind { noise: 0.15, ..PLAIN },
    Kind { name: "uneven", noise: 0.4, popularity: Popularity::Geometric(1.3), ..PLAIN },
    Kind { name: "lossy", noise: 0.4, loss: 0.3, ..PLAIN },
    Kind { name: "noisy", noise: 1.0, popularity: Popularity::Geometric(1.3), ..PLAIN },
    Kind {
        name: "long-tailed",
        classes: 20,
        popularity: Popularity::Zipf,
        noise: 0.3,
        loss: 0.2,
        boldness: [1.6, 1.3],
        step: Some(1.0),
    },
];
const PLAIN: Kind = Kind {
    name: "plain",
    classes: 10,
    popularity: Popularity::Geometric(1.0),
    noise: 0.0,
    loss: 0.0,
    boldness: [1.0, 1.0],
    step: None,
};
/// Comparisons that one job draws.
const JOB: usize = 50;
/// From so many images on, coverage is promised.
const ENOUGH: f64 = 20.0;

/// What became of the intervals of one figure.
#[derive(Clone, Copy, Default)]
struct Fate {
    comparisons: f64,
    given: f64,
    held: f64,
    /// The truth lay below the interval.
    below: f64,
    /// Sum over the comparisons of the images that the figure rests on.
    rests_on: f64,
}

impl Fate {
    fn add(&mut self, interval: Option<Interval>, rests_on: f64, truth: f64) {
        self.comparisons += 1.0;
        self.rests_on += rests_on;
        if let Some(interval) = interval {
            self.given += 1.0;
            self.held += f64::from(interval.low <= truth && truth <= interval.high);
            self.below += f64::from(truth < interval.low);
        }
    }

    fn join(&mut self, other: &Self) {
        self.comparisons += other.comparisons;
        self.given += other.given;
        self.held += other.held;
        self.below += other.below;
        self.rests_on += other.rests_on;
    }

    fn coverage(&self) -> f64 {
        100.0 * self.held / self.given
    }

    fn mean_rests_on(&self) -> f64 {
        self.rests_on / self.comparisons
    }
}

type Fates = BTreeMap<Figure, Fate>;

/// Prints the block for these sizes and kinds of data.
pub fn print(sizes: &[usize], kinds: &[Kind], comparisons: usize, seed: u64) {
    println!("\nResampled figures, of {comparisons} comparisons with {RESAMPLES} resamples each\n");
    println!("| data | images | differ | figure | rests on | given % | holds % | truth below % | above % |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let populations = in_parallel(kinds, |kind| Population::of(kind, seed));
    let mut all = Vec::new();
    for &images in sizes {
        for population in &populations {
            let fates = simulated(population, images, comparisons, seed);
            fates.iter().for_each(|(figure, fate)| row(population, images, figure, fate));
            all.extend(fates);
        }
    }
    extremes(&all);
}

fn simulated(population: &Population, images: usize, comparisons: usize, seed: u64) -> Fates {
    let jobs: Vec<usize> = (0..comparisons).step_by(JOB).collect();
    let parts = in_parallel(&jobs, |&first| {
        let mut fates = Fates::new();
        for comparison in first..comparisons.min(first + JOB) {
            let judged = compared(population, images, seed * 1_000_000 + comparison as u64);
            add(&mut fates, &judged, population);
        }
        fates
    });
    let mut all = Fates::new();
    for (figure, fate) in parts.into_iter().flatten() {
        all.entry(figure).or_default().join(&fate);
    }
    all
}

fn compared(population: &Population, images: usize, seed: u64) -> Judgement {
    let [baseline, candidate] = population.draw(images, &mut Pcg64::seed_from_u64(seed));
    let options =
        Resampling { resamples: RESAMPLES, seed, threads: NonZero::new(1), ..Resampling::default() };
    judge(&baseline, &candidate, &options)
}

fn add(fates: &mut Fates, judged: &Judgement, population: &Population) {
    for &(figure, truth) in &population.differences {
        let Some(of) = judged.of(figure.metric) else { continue };
        let (interval, rests_on, discordant) = match figure.class.map(|class| &of.classes[class]) {
            None => (of.interval, of.rests_on, of.discordant),
            Some(class) => (class.interval, class.rests_on, class.discordant),
        };
        let rests_on = rests_on.or(discordant.map(|pairs| pairs.count() as f64));
        fates.entry(figure).or_default().add(interval, rests_on.unwrap_or(0.0), truth);
    }
}

fn row(population: &Population, images: usize, figure: &Figure, fate: &Fate) {
    let of_given = |count: f64| 100.0 * count / fate.given;
    let class = match figure.class {
        None => "",
        Some(0) => ", first class",
        Some(_) => ", last class",
    };
    println!(
        "| {} | {images} | {:.0} | {}{class} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
        population.name,
        population.discordance * images as f64,
        figure.metric,
        fate.mean_rests_on(),
        100.0 * fate.given / fate.comparisons,
        fate.coverage(),
        of_given(fate.below),
        of_given(fate.given - fate.held - fate.below),
    );
}

/// The lowest and the highest coverage of each figure where it rests on enough images, and the
/// lowest elsewhere.
fn extremes(all: &[(Figure, Fate)]) {
    println!("\n| figure | from {ENOUGH} images on: lowest | highest | below: lowest |\n|---|---|---|---|");
    let mut figures: Vec<(&str, bool)> = all.iter().map(|(f, _)| (f.metric, f.class.is_some())).collect();
    figures.sort_unstable();
    figures.dedup();
    for (metric, of_class) in figures {
        let coverages = |enough: bool| {
            let same = all.iter().filter(move |(f, _)| (f.metric, f.class.is_some()) == (metric, of_class));
            same.filter(move |(_, fate)| fate.given > 0.0 && (fate.mean_rests_on() >= ENOUGH) == enough)
                .map(|(_, fate)| fate.coverage())
        };
        let shown = |value: Option<f64>| value.map_or("".to_owned(), |value| format!("{value:.1}"));
        println!(
            "| {metric}{} | {} | {} | {} |",
            if of_class { " of a class" } else { "" },
            shown(coverages(true).reduce(f64::min)),
            shown(coverages(true).reduce(f64::max)),
            shown(coverages(false).reduce(f64::min)),
        );
    }
}
