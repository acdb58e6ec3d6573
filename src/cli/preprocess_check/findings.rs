//! What the check found, as data.

use serde::Serialize;

use crate::compare::{Standing, Trial, Weighed, as_good, chance, is_at_chance, needed, weigh};
use crate::measure::{Answers, Swept};
use crate::metric::ImageScore;
use crate::plan::Job;
use crate::preprocess::{Preprocess, PreprocessSettings, Variant};

/// Layout of the JSON that `bench preprocess-check --json` writes.
pub const SCHEMA_VERSION: u32 = 1;

/// What of the settings in use is to be thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// None of the others is significantly better.
    Holds,
    /// At least one is.
    AnotherIsBetter,
    /// Not even the best is above what naming one class always would get.
    AtChance,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// Layout of this document.
    pub schema_version: u32,
    /// What is to be thought.
    pub verdict: Verdict,
    /// Path of the model.
    pub model: String,
    /// Runtime and device.
    pub runtime: String,
    /// Path of the data.
    pub data: String,
    /// Images that were judged.
    pub images: u64,
    /// Images that were left out because they could not be read.
    pub skipped: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Share of the images that naming their most frequent class always would get right.
    pub chance: f64,
    /// The settings in use.
    pub current: Settings,
    /// Others, the most accurate first.
    pub tried: Vec<Tried>,
    /// Others that gave the tensors of the settings in use on all images: no test.
    pub same_tensors: Vec<String>,
    /// Others that could not be carried out: no test either.
    pub impossible: Vec<Impossible>,
}

/// Settings and how they did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Share of the images that were right.
    pub accuracy: f64,
    /// Mean of −ln p(true class).
    pub log_loss: Option<f64>,
    /// The settings in full.
    pub preprocess: Preprocess,
}

/// Other settings, set against those in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// What is changed, in words.
    pub name: String,
    /// What is changed, as in bench.toml.
    pub change: PreprocessSettings,
    /// Whether these are what files and the model say, where flags or variables have overruled it.
    #[serde(skip)]
    pub is_overruled: bool,
    /// How they stand to those in use.
    pub standing: Standing,
    /// The settings and how they did.
    #[serde(flatten)]
    pub settings: Settings,
    /// Their accuracy − that of the settings in use.
    pub difference: f64,
    /// Tango's interval of it at 95 %, for this pair alone.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Images right by the settings in use alone.
    pub lost: u64,
    /// Images right by these alone.
    pub won: u64,
    /// McNemar's mid-p.
    pub p: f64,
    /// The same, corrected by Holm for all that were tried.
    pub p_corrected: f64,
    /// Images that would show what was seen, if it went on at these rates; none where these showed it.
    pub images_needed: Option<u64>,
    /// Of those that are better: whether it is not told from the best of them.
    pub as_good_as_best: bool,
}

/// Settings that could not be carried out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impossible {
    /// What is changed, in words.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// A variant that was run.
type Run = (Variant, Trial);

impl Findings {
    /// What `swept` says of the settings in use, which come first in it, and of `grid`.
    pub fn of(job: &Job, grid: Vec<Variant>, swept: Swept<ImageScore>) -> Self {
        let mut answers = swept.answers.into_iter();
        let current = match answers.next() {
            Some(Answers::Kept(scores)) => Trial::of(&scores),
            _ => Trial::default(),
        };
        let (mut runs, mut same_tensors, mut impossible) = (Vec::new(), Vec::new(), Vec::new());
        for (variant, answer) in grid.into_iter().zip(answers) {
            match answer {
                Answers::Kept(scores) => runs.push((variant, Trial::of(&scores))),
                Answers::SameTensors => same_tensors.push(variant.name),
                Answers::Impossible(error) => {
                    impossible.push(Impossible { name: variant.name, why: error.what });
                }
            }
        }
        let chance = chance(&swept.labels);
        let (images, skipped) = (current.right.len() as u64, swept.skipped_count);
        let spec = job.dataset.as_ref();
        let best = runs.iter().map(|(_, trial)| trial.accuracy()).fold(current.accuracy(), f64::max);
        let at_chance = is_at_chance(best, images, chance, runs.len() + 1);
        let used = settings(&current, job.preprocess.clone());
        let tried = set_against(&current, runs);
        let better = tried.iter().any(|tried| tried.standing == Standing::Better);
        Self {
            schema_version: SCHEMA_VERSION,
            verdict: match (at_chance, better) {
                (true, _) => Verdict::AtChance,
                (false, true) => Verdict::AnotherIsBetter,
                (false, false) => Verdict::Holds,
            },
            model: job.model.path.display().to_string(),
            runtime: job.runtime.to_string(),
            data: spec.map(|spec| spec.path.display().to_string()).unwrap_or_default(),
            images,
            skipped,
            seed: spec.map(|spec| spec.seed).unwrap_or_default(),
            chance,
            current: used,
            tried,
            same_tensors,
            impossible,
        }
    }

    /// The most accurate of those that are significantly better.
    pub fn best(&self) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.standing == Standing::Better)
    }
}

fn set_against(current: &Trial, mut runs: Vec<Run>) -> Vec<Tried> {
    // Of equal ones the grid's order stays: what is likelier comes first there.
    runs.sort_by(|(_, one), (_, other)| other.accuracy().total_cmp(&one.accuracy()));
    let trials: Vec<&Trial> = runs.iter().map(|(_, trial)| trial).collect();
    let weighed = weigh(current, &trials);
    let best = weighed.iter().position(|pair| pair.standing() == Standing::Better);
    let near = best.map(|best| as_good(trials[best], &trials)).unwrap_or_default();
    let near = near.into_iter().chain(std::iter::repeat(false)).take(weighed.len()).collect::<Vec<_>>();
    let count = weighed.len();
    runs.into_iter()
        .zip(weighed)
        .zip(near)
        .map(|((run, pair), near)| tried(run, &pair, near && pair.standing() == Standing::Better, count))
        .collect()
}

fn tried((variant, trial): Run, pair: &Weighed, as_good_as_best: bool, count: usize) -> Tried {
    let standing = pair.standing();
    Tried {
        name: variant.name,
        change: variant.change,
        is_overruled: variant.is_overruled,
        standing,
        settings: settings(&trial, variant.preprocess),
        difference: pair.difference(),
        low: pair.interval.map(|interval| interval.low),
        high: pair.interval.map(|interval| interval.high),
        lost: pair.lost,
        won: pair.won,
        p: pair.p,
        p_corrected: pair.corrected,
        images_needed: needed(pair, count).filter(|_| standing == Standing::Same),
        as_good_as_best,
    }
}

fn settings(trial: &Trial, preprocess: Preprocess) -> Settings {
    Settings { accuracy: trial.accuracy(), log_loss: trial.log_loss, preprocess }
}
