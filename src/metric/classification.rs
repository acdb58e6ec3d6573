//! Accuracy, top-5 accuracy and log loss.

use super::{
    Basis, Better, Difference, LEVEL, Metric, MetricSpec, ProbabilityScore, Reading, ScoredRun, Scoring, Unit,
};
use super::{Interval, IntervalMethod};
use crate::stats;

/// Share of images predicted right.
pub static ACCURACY: MetricSpec = MetricSpec {
    id: "accuracy",
    title: "accuracy",
    definition: "Images whose highest score is the true class's, over all images evaluated; of equal \
                 scores the lowest class index counts, and an image with a score that is not finite is \
                 wrong (scikit-learn accuracy_score on argmax).",
    unit: Unit::Fraction,
    better: Better::Higher,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// Share of images whose true class is among the five highest.
pub static TOP5: MetricSpec = MetricSpec {
    id: "top5",
    title: "top-5 accuracy",
    definition: "Images whose true class is among the five highest scores, over all images evaluated; \
                 equal scores rank by the lowest class index, as in accuracy, where scikit-learn's \
                 top_k_accuracy_score ranks them by the highest. Only with more than five classes.",
    unit: Unit::Fraction,
    better: Better::Higher,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// Mean negative log-probability of the true class.
pub static LOG_LOSS: MetricSpec = MetricSpec {
    id: "log_loss",
    title: "log loss",
    definition: "Mean over images of -ln p(true class). Logits: p is their softmax, computed in 64 bits \
                 without clipping. Probabilities: p clipped to [eps, 1 - eps] with eps = 2^-23, rows not \
                 rescaled (scikit-learn log_loss on 32-bit probabilities). Undefined where a score is not \
                 finite.",
    unit: Unit::Nats,
    better: Better::Lower,
    difference: Difference::Absolute,
    basis: Basis::Images,
};

/// Why a figure over no image has no value.
pub(super) const NO_IMAGE: &str = "no image was evaluated";

pub(super) struct Accuracy;

impl Metric for Accuracy {
    fn spec(&self) -> &'static MetricSpec {
        &ACCURACY
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let scoring = run.scoring.as_ref()?;
        Some(share(&ACCURACY, scoring.confusion().correct(), scoring))
    }
}

pub(super) struct Top5;

impl Metric for Top5 {
    fn spec(&self) -> &'static MetricSpec {
        &TOP5
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let scoring = run.scoring.as_ref().filter(|scoring| scoring.confusion().classes() > 5)?;
        Some(share(&TOP5, scoring.count_where(|image| image.in_top5), scoring))
    }
}

pub(super) struct LogLoss;

impl Metric for LogLoss {
    fn spec(&self) -> &'static MetricSpec {
        &LOG_LOSS
    }

    fn read(&self, run: &ScoredRun<'_>) -> Option<Reading> {
        let scoring = run.scoring.as_ref()?;
        Some(mean_of_images(&LOG_LOSS, scoring, |image| -image.log_of_truth))
    }
}

/// The mean over images of what their probabilities say; undefined where one has none.
pub(super) fn mean_of_images(
    spec: &MetricSpec,
    scoring: &Scoring,
    value: impl Fn(ProbabilityScore) -> f64,
) -> Reading {
    match scoring.probabilities() {
        Ok(images) => match stats::mean(&images.into_iter().map(value).collect::<Vec<_>>()) {
            Some(mean) => Reading::of(spec, mean, scoring.count()),
            None => Reading::undefined(spec, 0, NO_IMAGE),
        },
        Err(missing) => Reading::undefined(spec, scoring.count(), no_probabilities(missing, scoring)),
    }
}

/// Why a figure that needs probabilities has no value: `missing` images have none.
pub(super) fn no_probabilities(missing: u64, scoring: &Scoring) -> String {
    let all = scoring.count();
    match scoring.not_finite() {
        0 => format!("{missing} of {all} images have scores outside 0 to 1, which are no probabilities"),
        bad => format!("{bad} of {all} images have scores that are not finite"),
    }
}

fn share(spec: &MetricSpec, hits: u64, scoring: &Scoring) -> Reading {
    match scoring.count() {
        0 => Reading::undefined(spec, 0, NO_IMAGE),
        n => Reading::of(spec, hits as f64 / n as f64, n).with_interval(wilson(hits, n)),
    }
}

/// Wilson's interval of a share of images; none for no images.
pub(super) fn wilson(hits: u64, n: u64) -> Option<Interval> {
    let ends = stats::wilson(hits, n, LEVEL)?;
    Some(Interval { low: ends.low, high: ends.high, level: LEVEL, method: IntervalMethod::Wilson })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::metric::METRICS;
    use crate::metric::fixtures::{predictions, run};
    use crate::plan::Activation;
    use crate::record::Run;

    #[derive(Deserialize)]
    struct Case {
        story: String,
        activation: Activation,
        labels: Vec<u32>,
        scores: Vec<Vec<Option<f32>>>,
        expected: Expected,
    }

    #[derive(Deserialize)]
    struct Expected {
        confusion: Vec<Vec<u64>>,
        support: Vec<u64>,
        ties: u64,
        not_finite: u64,
        class_precision: Vec<Option<f64>>,
        class_recall: Vec<Option<f64>>,
        class_f1: Vec<Option<f64>>,
        #[serde(flatten)]
        overall: std::collections::BTreeMap<String, Option<f64>>,
    }

    impl Case {
        fn all() -> Vec<Self> {
            serde_json::from_str(include_str!("../../fixtures/metrics/classification.json")).unwrap()
        }

        fn run(&self) -> Run {
            let rows: Vec<Vec<f32>> =
                self.scores.iter().map(|row| row.iter().map(|s| s.unwrap_or(f32::NAN)).collect()).collect();
            let rows: Vec<_> = rows.iter().zip(&self.labels).map(|(row, &l)| ("", l, &row[..])).collect();
            let mut run = run("fp32");
            run.record.job.output.activation = self.activation;
            run.predictions = Some(predictions(self.expected.support.len(), &rows));
            run
        }
    }

    fn assert_close(got: Option<f64>, wanted: Option<f64>, what: &str) {
        match (got, wanted) {
            (Some(got), Some(wanted)) => {
                assert!((got - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{what}: {got} {wanted}");
            }
            _ => assert_eq!(got, wanted, "{what}"),
        }
    }

    fn value(run: &ScoredRun<'_>, id: &str) -> Option<f64> {
        METRICS.iter().find(|m| m.spec().id == id).unwrap().read(run).and_then(|reading| reading.value)
    }

    #[test]
    fn every_figure_is_scikit_learns() {
        for case in Case::all() {
            let run = case.run();
            let scored = ScoredRun::of(&run).unwrap();
            for (id, &wanted) in &case.expected.overall {
                assert_close(value(&scored, id), wanted, &format!("{}: {id}", case.story));
            }
            assert_eq!(case.expected.overall.len(), 12, "{}: every overall figure is held", case.story);
        }
    }

    #[test]
    fn counts_and_per_class_rates_are_scikit_learns() {
        for case in Case::all() {
            let run = case.run();
            let scored = ScoredRun::of(&run).unwrap();
            let scoring = scored.scoring.as_ref().unwrap();
            let (confusion, expected) = (scoring.confusion(), &case.expected);
            assert_eq!(confusion.counts(), expected.confusion, "{}", case.story);
            assert_eq!(confusion.support(), expected.support, "{}", case.story);
            assert_eq!((scoring.ties(), scoring.not_finite()), (expected.ties, expected.not_finite));
            for class in 0..confusion.classes() {
                assert_close(
                    confusion.class_counts().precision(class),
                    expected.class_precision[class],
                    &case.story,
                );
                assert_close(
                    confusion.class_counts().recall(class),
                    expected.class_recall[class],
                    &case.story,
                );
                assert_close(confusion.class_counts().f1(class), expected.class_f1[class], &case.story);
            }
        }
    }

    #[test]
    fn five_classes_have_no_top_five() {
        let mut run = run("fp32");
        run.predictions = Some(predictions(5, &[("a", 0, &[0.0; 5])]));
        assert_eq!(Top5.read(&ScoredRun::of(&run).unwrap()), None);
    }

    #[test]
    fn no_image_gives_null_and_the_reason() {
        let mut run = run("fp32");
        run.predictions = Some(predictions(3, &[]));
        let scored = ScoredRun::of(&run).unwrap();
        for id in ["accuracy", "log_loss", "macro_f1", "weighted_recall"] {
            let metric = METRICS.iter().find(|m| m.spec().id == id).unwrap();
            let reading = metric.read(&scored).unwrap();
            assert_eq!((reading.value, reading.undefined.as_deref()), (None, Some(NO_IMAGE)), "{id}");
        }
    }

    #[test]
    fn log_loss_says_how_many_images_took_it_away() {
        let mut run = run("fp32");
        run.predictions = Some(predictions(2, &[("a", 0, &[0.0, f32::NAN]), ("b", 0, &[1.0, 0.0])]));
        let reading = LogLoss.read(&ScoredRun::of(&run).unwrap()).unwrap();
        assert_eq!(reading.undefined.as_deref(), Some("1 of 2 images have scores that are not finite"));
    }

    proptest! {
        #[test]
        fn accuracy_is_the_trace_and_the_support_weighted_recall(
            rows in prop::collection::vec((0u32..4, prop::array::uniform4(-8i8..8)), 1..60),
        ) {
            let scores: Vec<[f32; 4]> = rows.iter().map(|(_, s)| s.map(f32::from)).collect();
            let rows: Vec<_> = rows.iter().zip(&scores).map(|((l, _), s)| ("", *l, &s[..])).collect();
            let mut run = run("fp32");
            run.predictions = Some(predictions(4, &rows));
            let scored = ScoredRun::of(&run).unwrap();
            let confusion = scored.scoring.as_ref().unwrap().confusion();
            let trace: u64 = (0..4).map(|class| confusion.counts()[class][class]).sum();
            let accuracy = value(&scored, "accuracy").unwrap();
            prop_assert_eq!(accuracy, trace as f64 / rows.len() as f64);
            prop_assert!((value(&scored, "weighted_recall").unwrap() - accuracy).abs() < 1e-12);
            let cells: u64 = confusion.counts().iter().flatten().sum();
            prop_assert_eq!(cells, rows.len() as u64);
        }
    }
}
