//! Where two models say the same and where they part: agreement and flips.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classification::NO_IMAGE;
use super::{Basis, Better, Difference, ImageScore, MetricSpec, PairMetric, PairReading, ScoredPair, Unit};

/// Share of images with the same prediction.
pub static AGREEMENT: MetricSpec = MetricSpec {
    id: "agreement",
    title: "agreement",
    definition: "Images for which both predict the same class, over the images that both evaluated; \
                 scores that are not finite agree with nothing.",
    unit: Unit::Fraction,
    better: Better::Higher,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

const fn count(
    id: &'static str,
    title: &'static str,
    definition: &'static str,
    better: Better,
) -> MetricSpec {
    let (unit, difference) = (Unit::Count, Difference::Absolute);
    MetricSpec { id, title, definition, unit, better, difference, basis: Basis::Images }
}

/// Images lost.
pub static RIGHT_TO_WRONG: MetricSpec = count(
    "flips_right_to_wrong",
    "right → wrong",
    "Images that the baseline has right and the candidate wrong.",
    Better::Lower,
);

/// Images won.
pub static WRONG_TO_RIGHT: MetricSpec = count(
    "flips_wrong_to_right",
    "wrong → right",
    "Images that the baseline has wrong and the candidate right.",
    Better::Higher,
);

/// Images wrong in another way.
pub static WRONG_TO_OTHER_WRONG: MetricSpec = count(
    "flips_wrong_to_other_wrong",
    "wrong → other wrong",
    "Images that both have wrong, with different predictions.",
    Better::Neither,
);

/// What a flip did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlipKind {
    /// The baseline was right, the candidate is not.
    RightToWrong,
    /// The baseline was wrong, the candidate is right.
    WrongToRight,
    /// Both are wrong, each in its own way.
    WrongToOtherWrong,
}

/// An image on which the two predictions differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Flip {
    /// Its id in the data set.
    pub id: String,
    /// True class.
    pub label: u32,
    /// The baseline's prediction; null where its scores are not finite.
    pub baseline: Option<u32>,
    /// The candidate's prediction; null where its scores are not finite.
    pub candidate: Option<u32>,
    /// How firm the baseline was: its highest probability − the second highest; null where the
    /// scores are no probabilities.
    pub baseline_margin: Option<f64>,
    /// The same of the candidate.
    pub candidate_margin: Option<f64>,
    /// What the flip did.
    pub kind: FlipKind,
}

/// Every image on which the two predictions differ, the worst first; empty for runs that may not be
/// compared. Lost images come first, then those wrong on both sides, then those won; within a kind
/// the firmest come first: by the baseline's margin, or for images won by the candidate's, since a
/// firm prediction that changed is no accident of rounding. Equal ones keep the baseline's order.
pub fn flips(pair: &ScoredPair<'_>) -> Vec<Flip> {
    let Some(predictions) = &pair.baseline.run.predictions else { return Vec::new() };
    let mut flips: Vec<Flip> = both(pair)
        .filter_map(|(row, baseline, candidate)| {
            Some(Flip {
                id: predictions.get(row)?.id.to_owned(),
                label: baseline.label,
                baseline: baseline.predicted,
                candidate: candidate.predicted,
                baseline_margin: baseline.probability.map(|image| image.margin),
                candidate_margin: candidate.probability.map(|image| image.margin),
                kind: kind(baseline, candidate)?,
            })
        })
        .collect();
    flips.sort_by(worst_first);
    flips
}

fn worst_first(one: &Flip, other: &Flip) -> Ordering {
    let (here, there) = (one.kind, other.kind);
    here.rank().cmp(&there.rank()).then_with(|| other.firmness().total_cmp(&one.firmness()))
}

impl FlipKind {
    /// 0 for the worst.
    fn rank(self) -> u8 {
        match self {
            Self::RightToWrong => 0,
            Self::WrongToOtherWrong => 1,
            Self::WrongToRight => 2,
        }
    }
}

impl Flip {
    fn firmness(&self) -> f64 {
        let margin = match self.kind {
            FlipKind::WrongToRight => self.candidate_margin,
            FlipKind::RightToWrong | FlipKind::WrongToOtherWrong => self.baseline_margin,
        };
        margin.unwrap_or(-1.0)
    }
}

/// The baseline's row of each shared image, and its score on both sides.
pub(super) fn both<'a>(
    pair: &'a ScoredPair<'_>,
) -> impl Iterator<Item = (usize, &'a ImageScore, &'a ImageScore)> {
    let images = |run: &'a super::ScoredRun<'_>| run.scoring.as_ref().map_or(&[][..], |s| s.images());
    let (baseline, candidate) = (images(pair.baseline), images(pair.candidate));
    let rows = pair.images.iter().flatten();
    rows.filter_map(move |&(b, c)| Some((b, baseline.get(b)?, candidate.get(c)?)))
}

/// Scores that are not finite predict nothing, and agree with nothing.
fn agree(baseline: &ImageScore, candidate: &ImageScore) -> bool {
    baseline.predicted.is_some() && baseline.predicted == candidate.predicted
}

fn kind(baseline: &ImageScore, candidate: &ImageScore) -> Option<FlipKind> {
    if agree(baseline, candidate) {
        return None;
    }
    Some(match (baseline.is_correct(), candidate.is_correct()) {
        (true, _) => FlipKind::RightToWrong,
        (false, true) => FlipKind::WrongToRight,
        (false, false) => FlipKind::WrongToOtherWrong,
    })
}

pub(super) struct Agreement;

impl PairMetric for Agreement {
    fn spec(&self) -> &'static MetricSpec {
        &AGREEMENT
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let n = pair.images.as_ref()?.len() as u64;
        let same = both(pair).filter(|(_, b, c)| agree(b, c)).count();
        Some(match n {
            0 => PairReading::undefined(&AGREEMENT, 0, NO_IMAGE),
            n => PairReading::of(&AGREEMENT, same as f64 / n as f64, n),
        })
    }
}

/// How many flips of one kind there are.
pub(super) struct FlipCount {
    spec: &'static MetricSpec,
    kind: FlipKind,
}

pub(super) static FLIP_COUNTS: [FlipCount; 3] = [
    FlipCount { spec: &RIGHT_TO_WRONG, kind: FlipKind::RightToWrong },
    FlipCount { spec: &WRONG_TO_RIGHT, kind: FlipKind::WrongToRight },
    FlipCount { spec: &WRONG_TO_OTHER_WRONG, kind: FlipKind::WrongToOtherWrong },
];

impl PairMetric for FlipCount {
    fn spec(&self) -> &'static MetricSpec {
        self.spec
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let n = pair.images.as_ref()?.len() as u64;
        let count = both(pair).filter(|(_, b, c)| kind(b, c) == Some(self.kind)).count();
        Some(PairReading::of(self.spec, count as f64, n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{predictions, run};
    use crate::metric::{ScoredRun, Timing};

    #[test]
    fn each_disagreement_is_a_flip_of_one_kind() {
        let [mut a, mut b] = [run("fp32"), run("int8")];
        const NAN: [f32; 3] = [f32::NAN, 0.0, 0.0];
        let says = |class: usize| std::array::from_fn::<f32, 3, _>(|i| f32::from(u8::from(i == class)));
        let (zero, one, two) = (says(0), says(1), says(2));
        a.predictions = Some(predictions(
            3,
            &[
                ("same", 0, &zero),
                ("lost", 0, &zero),
                ("won", 0, &one),
                ("moved", 0, &one),
                ("nan", 0, &zero),
                ("nans", 0, &NAN),
            ],
        ));
        b.predictions = Some(predictions(
            3,
            &[
                ("same", 0, &zero),
                ("lost", 0, &two),
                ("won", 0, &zero),
                ("moved", 0, &two),
                ("nan", 0, &NAN),
                ("nans", 0, &NAN),
            ],
        ));
        let (a, b) = (ScoredRun::of(&a).unwrap(), ScoredRun::of(&b).unwrap());
        let images = Some((0..6).map(|row| (row, row)).collect());
        let pair = ScoredPair { baseline: &a, candidate: &b, images, timing: Timing::Incomparable };

        let told: Vec<_> =
            flips(&pair).into_iter().map(|flip| (flip.id, flip.candidate, flip.kind)).collect();
        assert_eq!(
            told,
            [
                ("lost".into(), Some(2), FlipKind::RightToWrong),
                ("nan".into(), None, FlipKind::RightToWrong),
                ("moved".into(), Some(2), FlipKind::WrongToOtherWrong),
                ("nans".into(), None, FlipKind::WrongToOtherWrong),
                ("won".into(), Some(0), FlipKind::WrongToRight),
            ]
        );
        let counts = FLIP_COUNTS.each_ref().map(|count| count.read(&pair).unwrap().value.unwrap());
        assert_eq!(counts, [2.0, 1.0, 2.0]);
        assert_eq!(Agreement.read(&pair).unwrap().value, Some(1.0 / 6.0));
    }
}
