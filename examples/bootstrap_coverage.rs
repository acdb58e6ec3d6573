//! How often the resampled intervals hold the true difference: a made-up population of images, from
//! which comparisons are drawn.
//!
//!     cargo run --release --example bootstrap_coverage -- 2000 1000

use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;

use onnx_bench::Result;
use onnx_bench::metric::Scoring;
use onnx_bench::metric::paired::{Judgement, Resampling, judge};
use onnx_bench::plan::Activation;
use onnx_bench::record::Predictions;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const CLASSES: usize = 10;
const POPULATION: usize = 200_000;

/// A way in which a candidate differs from its baseline.
struct Scenario {
    images: usize,
    /// Noise in the candidate's logits.
    noise: f64,
    /// How much of the true class's logit the candidate loses.
    loss: f64,
    /// Each class has so many times the images of the one before.
    imbalance: f64,
}

struct Population {
    baseline: Scoring,
    candidate: Scoring,
    discordance: f64,
}

fn normal(random: &mut Pcg64) -> f64 {
    let (u, v): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn label(random: &mut Pcg64, imbalance: f64) -> usize {
    let weights: Vec<f64> = (0..CLASSES).map(|class| imbalance.powi(class as i32)).collect();
    let mut at = random.random::<f64>() * weights.iter().sum::<f64>();
    weights
        .iter()
        .position(|weight| {
            at -= weight;
            at < 0.0
        })
        .unwrap_or(0)
}

impl Population {
    fn of(scenario: &Scenario) -> Result<Self> {
        let mut random = Pcg64::seed_from_u64(1);
        let (mut one, mut two) = (Predictions::new(CLASSES), Predictions::new(CLASSES));
        for image in 0..POPULATION {
            let label = label(&mut random, scenario.imbalance);
            let scores: [f64; CLASSES] = std::array::from_fn(|class| {
                2.0 * normal(&mut random) + if class == label { 6.0 } else { 0.0 }
            });
            let moved = std::array::from_fn::<f32, CLASSES, _>(|class| {
                let lost = if class == label { scenario.loss } else { 0.0 };
                (scores[class] + scenario.noise * normal(&mut random) - lost) as f32
            });
            one.push(image.to_string(), label as u32, &scores.map(|score| score as f32));
            two.push(image.to_string(), label as u32, &moved);
        }
        let (baseline, candidate) =
            (Scoring::of(&one, Activation::Logits)?, Scoring::of(&two, Activation::Logits)?);
        let differ = baseline
            .images()
            .iter()
            .zip(candidate.images())
            .filter(|(a, b)| a.is_correct() != b.is_correct())
            .count();
        Ok(Self { baseline, candidate, discordance: differ as f64 / POPULATION as f64 })
    }

    fn truths(&self) -> BTreeMap<String, f64> {
        let mut all = BTreeMap::new();
        let (a, b) = (figures(&self.baseline), figures(&self.candidate));
        for (name, value) in b {
            all.insert(name.clone(), value - a[&name]);
        }
        all
    }
}

fn figures(scoring: &Scoring) -> BTreeMap<String, f64> {
    let c = scoring.confusion().class_counts();
    let k = CLASSES as f64;
    let mut all = BTreeMap::new();
    let mean = |f: &dyn Fn(usize) -> f64| (0..CLASSES).map(f).sum::<f64>() / k;
    all.insert("accuracy".into(), scoring.confusion().correct() as f64 / scoring.count() as f64);
    all.insert("balanced_accuracy".into(), mean(&|i| c.recall(i).unwrap_or(0.0)));
    all.insert("macro_f1".into(), mean(&|i| c.f1(i).unwrap_or(0.0)));
    all.insert("macro_precision".into(), mean(&|i| c.precision(i).unwrap_or(0.0)));
    all.insert(
        "weighted_f1".into(),
        (0..CLASSES).map(|i| c.f1(i).unwrap_or(0.0) * c.support()[i] as f64).sum::<f64>()
            / scoring.count() as f64,
    );
    for i in [0, CLASSES - 1] {
        all.insert(format!("macro_f1/{i}"), c.f1(i).unwrap_or(0.0));
        all.insert(format!("macro_precision/{i}"), c.precision(i).unwrap_or(0.0));
        all.insert(format!("macro_recall/{i}"), c.recall(i).unwrap_or(0.0));
    }
    if let Ok(p) = scoring.probabilities() {
        let n = p.len() as f64;
        all.insert("log_loss".into(), -p.iter().map(|p| p.log_of_truth).sum::<f64>() / n);
        all.insert("brier".into(), p.iter().map(|p| p.brier).sum::<f64>() / n);
        let mut bins = [0.0; 15];
        for (p, image) in p.iter().zip(scoring.images()) {
            bins[((p.confidence * 15.0).ceil() as usize).clamp(1, 15) - 1] +=
                p.confidence - f64::from(u8::from(image.is_correct()));
        }
        all.insert("ece".into(), bins.iter().map(|b: &f64| b.abs()).sum::<f64>() / n);
    }
    all
}

/// What became of the intervals of one figure.
#[derive(Clone, Copy, Default)]
struct Tally {
    given: u32,
    held: u32,
    /// The truth lay below the interval.
    below: u32,
    none: u32,
    rests_on: f64,
}

impl Tally {
    fn add(&mut self, interval: Option<(f64, f64)>, rests_on: f64, truth: f64) {
        self.rests_on += rests_on;
        match interval {
            None => self.none += 1,
            Some((low, high)) => {
                self.given += 1;
                self.held += u32::from(low <= truth && truth <= high);
                self.below += u32::from(truth < low);
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.given += other.given;
        self.held += other.held;
        self.below += other.below;
        self.none += other.none;
        self.rests_on += other.rests_on;
    }

    fn print(&self, name: &str) {
        let of_given = |count: u32| 100.0 * f64::from(count) / f64::from(self.given);
        let all = f64::from(self.given + self.none);
        println!(
            "  {name:27} rests on {:7.1}   interval given {:5.1} %   holds the truth {:5.1} %   truth below {:4.1} %",
            self.rests_on / all,
            100.0 * f64::from(self.given) / all,
            of_given(self.held),
            of_given(self.below),
        );
    }
}

fn add(tallies: &mut BTreeMap<String, Tally>, judged: &Judgement, truths: &BTreeMap<String, f64>) {
    for (name, truth) in truths {
        let mut parts = name.split('/');
        let metric = parts.next().unwrap_or_default();
        let Some(of) = judged.of(metric) else { continue };
        let (interval, rests, shown) = match parts.next().and_then(|class| class.parse::<usize>().ok()) {
            None => (of.interval, of.rests_on.or(of.discordant.map(|d| d.count() as f64)), metric.to_owned()),
            Some(class_number) => {
                let class = &of.classes[class_number];
                (
                    class.interval,
                    class.rests_on.or(class.discordant.map(|d| d.count() as f64)),
                    format!("{metric} by class"),
                )
            }
        };
        let interval = interval.map(|interval| (interval.low, interval.high));
        tallies.entry(shown).or_default().add(interval, rests.unwrap_or(0.0), *truth);
    }
}

fn simulate(
    population: &Population,
    scenario: &Scenario,
    comparisons: usize,
    resamples: usize,
) -> BTreeMap<String, Tally> {
    let truths = population.truths();
    let fewest: f64 = std::env::var("FEWEST")
        .ok()
        .and_then(|t| t.parse().ok())
        .unwrap_or(Resampling::default().fewest_images);
    let work = |part: usize| {
        let mut tallies = BTreeMap::new();
        for comparison in (part..comparisons).step_by(2) {
            let mut random = Pcg64::seed_from_u64(1000 + comparison as u64);
            let rows: Vec<usize> = (0..scenario.images).map(|_| random.random_range(0..POPULATION)).collect();
            let (a, b) =
                (population.baseline.select(rows.iter().copied()), population.candidate.select(rows));
            let options = Resampling {
                resamples,
                seed: comparison as u64,
                threads: NonZero::new(1),
                fewest_images: fewest,
                ..Resampling::default()
            };
            add(&mut tallies, &judge(&a, &b, &options), &truths);
        }
        tallies
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| work(1));
        let mut all = work(0);
        for (name, tally) in other.join().unwrap_or_default() {
            all.entry(name).or_default().join(&tally);
        }
        all
    })
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter_map(|text| text.parse::<usize>().ok());
    let (comparisons, resamples) = (args.next().unwrap_or(2000), args.next().unwrap_or(1000));
    let sizes = args.next().map_or(vec![500, 2000, 10_000], |size| vec![size]);
    for images in sizes {
        for (noise, loss, imbalance) in [(0.15, 0.0, 1.0), (0.4, 0.0, 1.3), (0.4, 0.3, 1.0), (1.0, 0.0, 1.3)]
        {
            let scenario = Scenario { images, noise, loss, imbalance };
            let population = Population::of(&scenario)?;
            let share = population.discordance;
            println!(
                "{images} images, noise {noise}, loss {loss}, imbalance {imbalance}: {:.2} % discordant, {:.0} images",
                100.0 * share,
                share * images as f64
            );
            let tallies = simulate(&population, &scenario, comparisons, resamples);
            tallies.iter().for_each(|(name, tally)| tally.print(name));
        }
    }
    Ok(())
}
