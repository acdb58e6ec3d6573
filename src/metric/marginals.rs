//! Agreement beyond chance, and whether the predicted classes shifted.

use super::agreement::both;
use super::{
    Basis, Better, Difference, MetricSpec, PairMetric, PairReading, ScoredPair, Test, TestMethod, Unit,
};
use crate::stats;

/// Agreement beyond chance.
pub static KAPPA: MetricSpec = MetricSpec {
    id: "kappa",
    title: "Cohen's kappa",
    definition: "(p_o - p_e) / (1 - p_e) of the two runs' predictions: p_o the share of images with the same \
                 prediction, p_e the sum over classes of the product of both runs' shares (scikit-learn \
                 cohen_kappa_score). Over the images for which both predict a class.",
    unit: Unit::Score,
    better: Better::Higher,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// Shift of the predicted classes.
pub static CLASS_SHIFT: MetricSpec = MetricSpec {
    id: "class_shift",
    title: "class shift, χ²",
    definition: "Stuart and Maxwell's chi-squared of equal margins in the table of both runs' predictions, with \
                 its p: small where the candidate predicts some class more or less often than the baseline. \
                 Over the images for which both predict a class.",
    unit: Unit::Plain,
    better: Better::Lower,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// `table[baseline][candidate]`: images with these predictions, and how many there are.
fn table(pair: &ScoredPair<'_>) -> Option<(Vec<Vec<u64>>, u64)> {
    pair.images.as_ref()?;
    let classes = pair.baseline.scoring.as_ref()?.confusion().classes();
    let mut table = vec![vec![0; classes]; classes];
    let predicted = both(pair).filter_map(|(_, a, b)| a.predicted.zip(b.predicted));
    let mut n = 0;
    for (baseline, candidate) in predicted {
        table[baseline as usize][candidate as usize] += 1;
        n += 1;
    }
    Some((table, n))
}

pub(super) struct Kappa;

impl PairMetric for Kappa {
    fn spec(&self) -> &'static MetricSpec {
        &KAPPA
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let (table, n) = table(pair)?;
        Some(match stats::cohen_kappa(&table) {
            Some(kappa) => PairReading::of(&KAPPA, kappa, n),
            None => PairReading::undefined(&KAPPA, n, "both predict one and the same class for every image"),
        })
    }
}

pub(super) struct ClassShift;

impl PairMetric for ClassShift {
    fn spec(&self) -> &'static MetricSpec {
        &CLASS_SHIFT
    }

    fn read(&self, pair: &ScoredPair<'_>) -> Option<PairReading> {
        let (table, n) = table(pair)?;
        let Some(test) = stats::stuart_maxwell(&table) else {
            return Some(PairReading::undefined(&CLASS_SHIFT, n, "no prediction differs"));
        };
        let p = Test { method: TestMethod::StuartMaxwell, p: test.p, p_adjusted: None };
        Some(PairReading::of(&CLASS_SHIFT, test.statistic, n).with_test(p))
    }
}
