//! A made-up population of images, seen by two runs, from which comparisons are drawn.

use onnx_bench::metric::{ImageScore, Scoring};
use onnx_bench::plan::Activation;
use onnx_bench::record::Predictions;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const IMAGES: usize = 200_000;

/// A kind of data, and a way in which a candidate differs from its baseline.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub classes: usize,
    pub popularity: Popularity,
    /// Noise in the candidate's logits.
    pub noise: f64,
    /// How much of the true class's logit the candidate loses.
    pub loss: f64,
    /// What the logits of each side are multiplied by; above 1 it is more confident than it is right.
    pub boldness: [f64; 2],
    /// Distance of the values that the candidate's logits can take: many images tie where it is large.
    pub step: Option<f64>,
}

/// How many images the classes have.
#[derive(Clone, Copy)]
pub enum Popularity {
    /// Each class so many times as many as the one before.
    Geometric(f64),
    /// The k-th class a k-th of the first.
    Zipf,
}

impl Popularity {
    fn of(self, class: usize) -> f64 {
        match self {
            Self::Geometric(factor) => factor.powi(class as i32),
            Self::Zipf => 1.0 / (class + 1) as f64,
        }
    }
}

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    pub metric: &'static str,
    /// One class, or all.
    pub class: Option<usize>,
}

/// Both runs on all images.
pub struct Population {
    pub name: &'static str,
    baseline: Scoring,
    candidate: Scoring,
    /// Share of images that one side alone has right.
    pub discordance: f64,
    /// What every interval should hold.
    pub differences: Vec<(Figure, f64)>,
}

impl Population {
    pub fn of(kind: &Kind, seed: u64) -> Self {
        let mut random = Pcg64::seed_from_u64(seed);
        let mut runs = [Predictions::new(kind.classes), Predictions::new(kind.classes)];
        for image in 0..IMAGES {
            let (label, scores) = kind.image(&mut random);
            for (run, scores) in runs.iter_mut().zip(scores) {
                run.push(image.to_string(), label as u32, &scores);
            }
        }
        let [baseline, candidate] = runs.map(|run| Scoring::of(&run, Activation::Logits).unwrap());
        let pairs = baseline.images().iter().zip(candidate.images());
        let differ = pairs.filter(|(a, b)| a.is_correct() != b.is_correct()).count();
        let figures = figures(&baseline).into_iter().zip(figures(&candidate));
        let differences = figures.map(|((figure, a), (_, b))| (figure, b - a)).collect();
        let discordance = differ as f64 / IMAGES as f64;
        Self { name: kind.name, baseline, candidate, discordance, differences }
    }

    /// Both runs on `images` images.
    pub fn draw(&self, images: usize, random: &mut Pcg64) -> [Scoring; 2] {
        let rows: Vec<usize> = (0..images).map(|_| random.random_range(0..IMAGES)).collect();
        [self.baseline.select(rows.iter().copied()), self.candidate.select(rows)]
    }
}

impl Kind {
    /// A label and the logits of both runs.
    fn image(&self, random: &mut Pcg64) -> (usize, [Vec<f32>; 2]) {
        let label = self.label(random);
        let of_truth = |class, value| if class == label { value } else { 0.0 };
        let baseline: Vec<f64> =
            (0..self.classes).map(|class| 2.0 * normal(random) + of_truth(class, 6.0)).collect();
        let moved = |(class, score): (usize, &f64)| {
            let moved = score + self.noise * normal(random) - of_truth(class, self.loss);
            self.step.map_or(moved, |step| (moved / step).round() * step)
        };
        let candidate: Vec<f64> = baseline.iter().enumerate().map(moved).collect();
        let [of_baseline, of_candidate] = self.boldness;
        (label, [scaled(&baseline, of_baseline), scaled(&candidate, of_candidate)])
    }

    fn label(&self, random: &mut Pcg64) -> usize {
        let weights: Vec<f64> = (0..self.classes).map(|class| self.popularity.of(class)).collect();
        let mut at = random.random::<f64>() * weights.iter().sum::<f64>();
        let passed = |weight: &f64| {
            at -= weight;
            at < 0.0
        };
        weights.iter().position(passed).unwrap_or(0)
    }
}

fn scaled(scores: &[f64], by: f64) -> Vec<f32> {
    scores.iter().map(|score| (score * by) as f32).collect()
}

fn normal(random: &mut Pcg64) -> f64 {
    let (u, v): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// Figures of one run, by their definitions and not by the code under test.
fn figures(run: &Scoring) -> Vec<(Figure, f64)> {
    let mut all = averages(run);
    let counts = run.confusion().class_counts();
    for class in [0, run.confusion().classes() - 1] {
        let of = |metric| Figure { metric, class: Some(class) };
        all.push((of("macro_f1"), counts.f1(class).unwrap_or(0.0)));
        all.push((of("macro_precision"), counts.precision(class).unwrap_or(0.0)));
        all.push((of("macro_recall"), counts.recall(class).unwrap_or(0.0)));
    }
    all.extend(losses(run));
    all
}

fn averages(run: &Scoring) -> Vec<(Figure, f64)> {
    let counts = run.confusion().class_counts();
    let (images, classes) = (run.count() as f64, run.confusion().classes());
    let macro_mean =
        |of: &dyn Fn(usize) -> Option<f64>| (0..classes).filter_map(of).sum::<f64>() / classes as f64;
    let share = |holds: fn(&ImageScore) -> bool| {
        run.images().iter().filter(|image| holds(image)).count() as f64 / images
    };
    let weight = |class: usize| counts.support()[class] as f64 / images;
    let weighted_f1 = (0..classes).filter_map(|class| counts.f1(class).map(|f1| f1 * weight(class))).sum();
    [
        ("accuracy", share(ImageScore::is_correct)),
        ("top5", share(|image| image.in_top5)),
        ("balanced_accuracy", macro_mean(&|class| counts.recall(class))),
        ("macro_precision", macro_mean(&|class| counts.precision(class))),
        ("macro_f1", macro_mean(&|class| counts.f1(class))),
        ("weighted_f1", weighted_f1),
    ]
    .map(|(metric, value)| (Figure { metric, class: None }, value))
    .to_vec()
}

fn losses(run: &Scoring) -> Vec<(Figure, f64)> {
    let scores = run.probabilities().unwrap();
    let images = scores.len() as f64;
    let (mut log_loss, mut brier, mut bins) = (0.0, 0.0, [0.0f64; 15]);
    for (score, image) in scores.iter().zip(run.images()) {
        log_loss -= score.log_of_truth;
        brier += score.brier;
        let bin = ((score.confidence * 15.0).ceil() as usize).clamp(1, 15) - 1;
        bins[bin] += score.confidence - f64::from(u8::from(image.is_correct()));
    }
    let ece: f64 = bins.iter().map(|sum| sum.abs()).sum();
    [("log_loss", log_loss), ("brier", brier), ("ece", ece)]
        .map(|(metric, sum)| (Figure { metric, class: None }, sum / images))
        .to_vec()
}
