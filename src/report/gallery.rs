//! The images on which a candidate and the baseline disagree, the worst first, as cards.

use super::number::{self, counted};
use super::view::{Tone, clean};
use crate::compare::{Column, Comparison, Flip, FlipKind, WorstFlips};
use crate::metric::{RIGHT_TO_WRONG, WRONG_TO_OTHER_WRONG, WRONG_TO_RIGHT};

/// The disagreements of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Gallery {
    /// The run, or several that disagree on the same images in the same way.
    pub label: String,
    /// Index of the run that it is set against: where its images are to be found.
    pub reference: usize,
    /// `26 images`.
    pub total: String,
    /// The worst.
    pub cards: Vec<FlipCard>,
    /// How many are not shown; empty where all are.
    pub rest: String,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlipCard {
    /// Its id in the data set, as it is there.
    pub id: String,
    /// Its id as text.
    pub name: String,
    /// `right → wrong`.
    pub what: &'static str,
    /// How that is meant.
    pub tone: Tone,
    /// True class.
    pub truth: String,
    /// What the baseline says, and how firmly.
    pub before: (String, String),
    /// What the candidate says, and how firmly.
    pub after: (String, String),
}

impl Gallery {
    /// One for each candidate that was evaluated on the images of the run it is set against, each with at
    /// most `limit` cards.
    pub fn all(comparison: &Comparison, limit: usize) -> Vec<Self> {
        let mut found: Vec<(Self, &WorstFlips)> = Vec::new();
        for column in &comparison.columns {
            let Some(flips) = column.versus.as_ref().and_then(|versus| versus.flips.as_ref()) else {
                continue;
            };
            let reference = column.against().unwrap_or(comparison.baseline);
            let mut same = found.iter_mut().filter(|(gallery, _)| gallery.reference == reference);
            match same.find(|(_, known)| *known == flips) {
                Some((gallery, _)) => gallery.label += &format!(" and {}", label(column)),
                None => found.push((Self::of(column, reference, flips, limit), flips)),
            }
        }
        found.into_iter().map(|(gallery, _)| gallery).collect()
    }

    fn of(column: &Column, reference: usize, flips: &WorstFlips, limit: usize) -> Self {
        let names = column.classes.as_ref().map_or(&[][..], |classes| &classes.names);
        let cards: Vec<FlipCard> = flips.worst.iter().take(limit).map(|flip| card(flip, names)).collect();
        let rest = match flips.total - (cards.len() as u64).min(flips.total) {
            0 => String::new(),
            more => format!("{} more; `bench flips` lists them all", counted(more, "image", "images")),
        };
        let total = counted(flips.total, "image", "images");
        Self { label: label(column), reference, total, cards, rest }
    }
}

fn label(column: &Column) -> String {
    clean(&column.record.job.label())
}

fn card(flip: &Flip, names: &[String]) -> FlipCard {
    let name = |class: Option<u32>| match class {
        None => "no class".to_owned(),
        Some(class) => names.get(class as usize).map_or_else(|| class.to_string(), |name| clean(name)),
    };
    let firm = |margin: Option<f64>| margin.map_or_else(|| "·".into(), number::firmness);
    let (what, tone) = match flip.kind {
        FlipKind::RightToWrong => (RIGHT_TO_WRONG.title, Tone::Worse),
        FlipKind::WrongToRight => (WRONG_TO_RIGHT.title, Tone::Better),
        FlipKind::WrongToOtherWrong => (WRONG_TO_OTHER_WRONG.title, Tone::Plain),
    };
    FlipCard {
        id: flip.id.clone(),
        name: clean(&flip.id),
        what,
        tone,
        truth: name(Some(flip.label)),
        before: (name(flip.baseline), firm(flip.baseline_margin)),
        after: (name(flip.candidate), firm(flip.candidate_margin)),
    }
}
