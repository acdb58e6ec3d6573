//! Builds a comparison from runs.

use super::across::across;
use super::align::timing;
use super::verdict::{floor, verdict};
use super::{
    ClassDelta, Classes, Column, Comparison, Criteria, Delta, Options, SliceDelta, Verdict, Versus, Warning,
    WarningCode, WorstFlips, align, data_sets, references, warning,
};
use crate::error::{Error, Result};
use crate::metric::paired::{Judged, JudgedClass, JudgedSlice, Judgement, Resampling, judge, judge_slices};
use crate::metric::{
    CalibrationBin, Flip, METRICS, Metric, PAIR_METRICS, PairReading, Reading, SPEED_UP, ScoredPair,
    ScoredRun, Scoring, SliceReading, calibration_bins, flips, slices,
};
use crate::record::{DatasetIdentity, Run};

/// Flips that a comparison lists; the rest are counted.
const FLIPS: usize = 1000;

/// Reads every metric of every run and sets each run against `runs[baseline]`, or against the first on
/// its own data where runs are on several. Fails where there is no such run, or where a prediction's label
/// has no class.
pub fn compare(runs: Vec<Run>, baseline: usize) -> Result<Comparison> {
    compare_with(runs, baseline, &Options::default())
}

/// As [`compare`], with a choice of how differences are resampled and what is accepted.
pub fn compare_with(mut runs: Vec<Run>, baseline: usize, options: &Options) -> Result<Comparison> {
    if baseline >= runs.len() {
        let runs = runs.len();
        return Err(Error::usage(format!("there is no run {baseline} among {runs} to compare with"))
            .help("name at least one model or record, and a baseline among them"));
    }
    let (sets, references) = (data_sets::several(&runs), references(&runs, baseline));
    data_sets::name(&mut runs, &sets);
    let scored = runs.iter().map(ScoredRun::of).collect::<Result<Vec<_>>>()?;
    let mut warnings: Vec<Warning> = scored.iter().flat_map(warning::of_run).collect();
    let judged: Vec<ByItself> = scored.iter().map(ByItself::of).collect();
    let versus: Vec<Option<Versus>> = (0..scored.len())
        .map(|index| {
            let reference = Some(references[index]).filter(|_| index != baseline)?;
            let (one, other) = (&scored[reference], &scored[index]);
            let found = set_against(one, other, &options.resampling, &mut warnings);
            Some(Versus { against: (reference != baseline).then_some(reference), ..found })
        })
        .collect();
    warnings.extend(warning::of_timings(&scored, &references));
    let own: Vec<Option<InOwnRuntime>> =
        (0..scored.len()).map(|index| in_own_runtime(&scored, references[index], index)).collect();
    drop(scored);
    let columns = runs.into_iter().zip(judged).zip(versus);
    let mut columns: Vec<Column> =
        columns.map(|((run, judged), versus)| judged.into_column(run, versus)).collect();
    let verdicts = verdicts(&columns, baseline, &references, &own, &options.criteria);
    columns.iter_mut().zip(verdicts).for_each(|(column, verdict)| column.verdict = verdict);
    let across = across(&sets, &columns, baseline);
    let (criteria, resamples) = (options.criteria, options.resampling.resamples);
    Ok(Comparison { baseline, criteria, resamples, columns, across, warnings: without_repeats(warnings) })
}

/// The verdict on each run; none on the baseline.
fn verdicts(
    columns: &[Column],
    baseline: usize,
    references: &[usize],
    own: &[Option<InOwnRuntime>],
    criteria: &Criteria,
) -> Vec<Option<Verdict>> {
    let of = |((column, &reference), own): ((&Column, &usize), &Option<InOwnRuntime>)| {
        let reference = &columns[reference];
        // Of runs measured side by side only the baseline was measured twice.
        let floor = floor(reference).or_else(|| floor(&columns[baseline])).unwrap_or_default();
        Some(verdict(&column.record, reference, column.versus.as_ref()?, own.as_ref(), floor, criteria))
    };
    columns.iter().zip(references).zip(own).map(of).collect()
}

/// Index of a run in the candidate's own runtime, and the speed-up over it.
type InOwnRuntime = (usize, PairReading);

/// The run of the baseline's model in the runtime of run `index`, where the baseline itself ran in
/// another, and the speed-up over it. `baseline` is what the run is set against.
fn in_own_runtime(scored: &[ScoredRun<'_>], baseline: usize, index: usize) -> Option<InOwnRuntime> {
    let record = |index: usize| &scored[index].run.record;
    let (first, own) = (record(baseline), record(index));
    if own.job.runtime == first.job.runtime || own.model.sha256 == first.model.sha256 {
        return None;
    }
    let is_reference = |&other: &usize| {
        record(other).job.runtime == own.job.runtime && record(other).model.sha256 == first.model.sha256
    };
    let reference = (0..scored.len()).find(is_reference)?;
    let timing = timing(record(reference), own, &mut Vec::new());
    let pair = ScoredPair { baseline: &scored[reference], candidate: &scored[index], images: None, timing };
    let speed_up = PAIR_METRICS.iter().find(|metric| metric.spec().id == SPEED_UP.id)?;
    Some((reference, speed_up.read(&pair)?))
}

/// What is said of a run by itself.
struct ByItself {
    readings: Vec<Reading>,
    classes: Option<Classes>,
    slices: Vec<SliceReading>,
    calibration: Vec<CalibrationBin>,
}

impl ByItself {
    fn of(scored: &ScoredRun<'_>) -> Self {
        let readings = METRICS.iter().filter_map(|metric| metric.read(scored)).collect();
        let names = scored.run.record.dataset.as_ref();
        let classes = scored.scoring.as_ref().map(|scoring| classes(scoring, names));
        let calibration = scored.scoring.as_ref().and_then(calibration_bins).unwrap_or_default();
        Self { readings, classes, slices: slices(scored), calibration }
    }

    fn into_column(self, run: Run, versus: Option<Versus>) -> Column {
        let Self { readings, classes, slices, calibration } = self;
        Column { record: run.record, readings, classes, slices, calibration, versus, verdict: None }
    }
}

fn classes(scoring: &Scoring, dataset: Option<&DatasetIdentity>) -> Classes {
    let confusion = scoring.confusion();
    let named = dataset.map(|data| &data.classes).filter(|names| names.len() == confusion.classes());
    let numbers = || (0..confusion.classes()).map(|class| class.to_string()).collect();
    Classes {
        names: named.cloned().unwrap_or_else(numbers),
        support: confusion.support().to_vec(),
        confusion: confusion.counts().to_vec(),
        ties: scoring.ties(),
        not_finite: scoring.not_finite(),
    }
}

fn set_against(
    baseline: &ScoredRun<'_>,
    candidate: &ScoredRun<'_>,
    options: &Resampling,
    warnings: &mut Vec<Warning>,
) -> Versus {
    let (pair, found) = align(baseline, candidate);
    warnings.extend(found);
    let readings = PAIR_METRICS.iter().filter_map(|metric| metric.read(&pair)).collect();
    let flips = pair.images.is_some().then(|| worst(flips(&pair)));
    let slices = slice_deltas(&pair, options.level, warnings);
    Versus { against: None, deltas: deltas(&pair, options), pair: readings, slices, flips }
}

fn slice_deltas(pair: &ScoredPair<'_>, level: f64, warnings: &mut Vec<Warning>) -> Vec<SliceDelta> {
    let judged = judge_slices(pair, level);
    let labels = [pair.candidate, pair.baseline].map(|side| side.run.record.job.label());
    warnings.extend(judged.parted.into_iter().map(|(column, image)| Warning {
        code: WarningCode::DifferentSlices,
        message: format!(
            "the column {column} does not say the same about image {image} in {} and {}: its slices are not compared",
            labels[0], labels[1]
        ),
    }));
    judged.slices.into_iter().map(slice_delta).collect()
}

fn slice_delta(slice: JudgedSlice) -> SliceDelta {
    let JudgedSlice { column, value, absolute, judged } = slice;
    let JudgedClass { interval, test, discordant, untested, .. } = judged;
    SliceDelta { column, value, absolute, interval, test, untested, discordant }
}

fn worst(mut flips: Vec<Flip>) -> WorstFlips {
    let total = flips.len() as u64;
    flips.truncate(FLIPS);
    WorstFlips { total, worst: flips }
}

fn deltas(pair: &ScoredPair<'_>, options: &Resampling) -> Vec<Delta> {
    let (baseline, candidate) = pair.on_shared_images();
    let scorings = baseline.scoring.as_ref().zip(candidate.scoring.as_ref());
    let judgement = scorings.map(|(one, other)| judge(one, other, options)).unwrap_or_default();
    let comparable = METRICS.iter().filter(|metric| pair.shares(metric.spec().basis));
    comparable.filter_map(|metric| delta(*metric, &baseline, &candidate, &judgement)).collect()
}

fn delta(
    metric: &dyn Metric,
    baseline: &ScoredRun<'_>,
    candidate: &ScoredRun<'_>,
    judgement: &Judgement,
) -> Option<Delta> {
    let (from, to) = (metric.read(baseline)?, metric.read(candidate)?);
    let absolute = subtract(to.value, from.value);
    let relative = absolute.zip(from.value).map(|(by, from)| by / from).filter(|share| share.is_finite());
    let id = metric.spec().id;
    // A difference that is undefined is as sure as it can be.
    let judged = judgement.of(id).filter(|_| absolute.is_some()).cloned().unwrap_or_default();
    let Judged { interval, interval_check, test, test_check, discordant, rests_on, no_interval, .. } = judged;
    let per_class = from.per_class.zip(to.per_class).map(|(from, to)| {
        let mut classes = judgement.of(id).into_iter().flat_map(|judged| judged.classes.iter().cloned());
        from.into_iter().zip(to).map(|(from, to)| class_delta(from, to, classes.next())).collect()
    });
    Some(Delta {
        metric: id.into(),
        absolute,
        relative,
        interval,
        interval_check,
        no_interval,
        test,
        test_check,
        discordant,
        rests_on,
        per_class,
    })
}

fn class_delta(from: Option<f64>, to: Option<f64>, judged: Option<JudgedClass>) -> ClassDelta {
    let absolute = subtract(to, from);
    let judged = judged.filter(|_| absolute.is_some()).unwrap_or_default();
    let JudgedClass { interval, test, discordant, rests_on, untested, no_interval } = judged;
    ClassDelta { absolute, interval, no_interval, test, untested, discordant, rests_on }
}

fn subtract(to: Option<f64>, from: Option<f64>) -> Option<f64> {
    to.zip(from).map(|(to, from)| to - from)
}

fn without_repeats(warnings: Vec<Warning>) -> Vec<Warning> {
    let mut kept: Vec<Warning> = Vec::with_capacity(warnings.len());
    for warning in warnings {
        if !kept.contains(&warning) {
            kept.push(warning);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compare::WarningCode;
    use crate::metric::fixtures::{latency, outputs, predictions, run, throughput};
    use crate::metric::{IntervalMethod, Timing};

    /// A run with evidence for every metric.
    fn full(variant: &str, block: &[u64], rows: &[(&str, u32, &[f32])]) -> Run {
        let mut run = run(variant);
        run.record.evidence.latency = Some(latency(&[block; 20]));
        run.record.evidence.throughput = Some(throughput(&[(64, 1_000_000), (64, 1_100_000)]));
        run.record.evidence.outputs = Some(outputs(1, &[0.5, 1.5, -1.0]));
        run.predictions = Some(predictions(3, rows));
        run
    }

    const RIGHT: [f32; 3] = [2.0, 0.0, 0.0];
    const WRONG: [f32; 3] = [0.0, 2.0, 0.0];

    #[test]
    fn a_faster_candidate_that_loses_one_image_of_four() {
        let all: [(&str, u32, &[f32]); 4] =
            [("a", 0, &RIGHT), ("b", 0, &RIGHT), ("c", 0, &RIGHT), ("d", 1, &WRONG)];
        let mut lost = all;
        lost[2].2 = &WRONG;
        let mut int8 = full("int8", &[100], &lost);
        int8.record.model.bytes = 250;
        let comparison = compare(vec![full("fp32", &[200], &all), int8], 0).unwrap();

        let [fp32, int8] = &comparison.columns[..] else { panic!("two columns") };
        assert_eq!(fp32.reading("accuracy").unwrap().value, Some(1.0));
        assert_eq!(fp32.versus, None);
        assert_eq!(int8.classes.as_ref().unwrap().names[1], "shirt");
        assert_eq!(int8.classes.as_ref().unwrap().confusion[0], [2, 1, 0]);

        let versus = int8.versus.as_ref().unwrap();
        assert_eq!(versus.delta("accuracy").unwrap().absolute, Some(-0.25));
        assert_eq!(versus.delta("size").unwrap().relative, Some(-0.75));
        assert_eq!(versus.delta("latency_p50").unwrap().relative, Some(-0.5));
        let recall = versus.delta("macro_recall").unwrap().per_class.as_ref().unwrap();
        let recall: Vec<Option<f64>> = recall.iter().map(|class| class.absolute).collect();
        assert_eq!(recall[1..], [Some(0.0), None]);
        assert!((recall[0].unwrap() + 1.0 / 3.0).abs() < 1e-15);
        let pair = |id| versus.pair(id).unwrap().value.unwrap();
        assert!((pair("speed_up") - 2.0).abs() < 1e-12);
        assert_eq!((pair("size_ratio"), pair("agreement"), pair("flips_right_to_wrong")), (4.0, 0.75, 1.0));
        assert_eq!(comparison.warnings, []);
    }

    #[test]
    fn an_image_that_only_the_baseline_evaluated_is_in_no_difference() {
        let all: [(&str, u32, &[f32]); 3] = [("a", 0, &RIGHT), ("b", 0, &RIGHT), ("c", 0, &WRONG)];
        let comparison =
            compare(vec![full("fp32", &[200], &all), full("int8", &[100], &[all[2], all[0]])], 0).unwrap();
        let int8 = &comparison.columns[1];
        assert_eq!(int8.reading("accuracy").unwrap().n, 2);
        assert_eq!(int8.versus.as_ref().unwrap().delta("accuracy").unwrap().absolute, Some(0.0));
        assert_eq!(comparison.warnings[0].code, WarningCode::ImagesSkipped);
    }

    #[test]
    fn another_machine_keeps_size_and_accuracy_and_drops_every_timing() {
        let rows: [(&str, u32, &[f32]); 1] = [("a", 0, &RIGHT)];
        let mut there = full("int8", &[100], &rows);
        there.record.environment.host = "beta".into();
        let comparison = compare(vec![full("fp32", &[200], &rows), there], 0).unwrap();
        let versus = comparison.columns[1].versus.as_ref().unwrap();
        assert!(versus.delta("size").is_some() && versus.delta("accuracy").is_some());
        assert!(versus.delta("latency_p50").is_none() && versus.delta("throughput").is_none());
        assert!(versus.pair("speed_up").is_none() && versus.pair("throughput_ratio").is_none());
        assert_eq!(comparison.warnings[0].code, WarningCode::DifferentMachine);
    }

    #[test]
    fn other_preprocessing_drops_every_figure_of_images() {
        let rows: [(&str, u32, &[f32]); 1] = [("a", 0, &RIGHT)];
        let mut other = full("int8", &[100], &rows);
        other.record.job.preprocess.mean = vec![0.5];
        let comparison = compare(vec![full("fp32", &[200], &rows), other], 0).unwrap();
        let versus = comparison.columns[1].versus.as_ref().unwrap();
        assert!(versus.delta("latency_p50").is_some() && versus.delta("accuracy").is_none());
        assert!(versus.pair("agreement").is_none() && versus.pair("flips_right_to_wrong").is_none());
        assert!(comparison.columns[1].reading("accuracy").is_some());
    }

    #[test]
    fn a_run_without_evidence_still_has_its_size() {
        let comparison = compare(vec![run("fp32"), run("int8")], 0).unwrap();
        let versus = comparison.columns[1].versus.as_ref().unwrap();
        assert_eq!(versus.deltas.iter().map(|delta| delta.metric.as_str()).collect::<Vec<_>>(), ["size"]);
        assert_eq!(comparison.warnings, []);
    }

    #[test]
    fn the_same_remark_in_two_runtimes_is_one_warning() {
        let mut ort = run("int8");
        ort.record.model.remarks = vec!["s8 activations are slow on x86".into()];
        let mut tract = ort.clone();
        tract.record.job.runtime.name = "tract".into();
        assert_eq!(compare(vec![ort, tract], 0).unwrap().warnings.len(), 1);
    }

    #[test]
    fn a_baseline_that_is_not_there_is_a_usage_error() {
        assert!(compare(vec![], 0).unwrap_err().what.contains("no run 0 among 0"));
        assert!(compare(vec![run("fp32")], 1).is_err());
    }

    #[test]
    fn nan_scores_reach_json_as_null() {
        let rows: [(&str, u32, &[f32]); 1] = [("a", 0, &[f32::NAN, 0.0, 0.0])];
        let mut zero = full("int8", &[0], &rows);
        zero.record.model.bytes = 0;
        let comparison = compare(vec![full("fp32", &[0], &rows), zero], 0).unwrap();
        let text = serde_json::to_string(&comparison).unwrap();
        let back: Comparison = serde_json::from_str(&text).unwrap();
        assert_eq!(back.columns[1].reading("log_loss").unwrap().value, None);
        assert_eq!(back, comparison);
        for column in &comparison.columns {
            for reading in &column.readings {
                assert_eq!(reading.value.is_none(), reading.undefined.is_some(), "{}", reading.metric);
            }
        }
    }

    /// Labels, and scores on so coarse a grid that ties and NaN are common.
    fn any_rows() -> impl Strategy<Value = Vec<(u32, [i8; 3], [i8; 3])>> {
        let scores = || prop::array::uniform3(-2i8..3);
        prop::collection::vec((0u32..3, scores(), scores()), 1..40)
    }

    fn evaluated(variant: &str, rows: impl Iterator<Item = (u32, [i8; 3])>) -> Run {
        let rows: Vec<(String, u32, [f32; 3])> = rows
            .enumerate()
            .map(|(i, (label, s))| {
                (i.to_string(), label, s.map(|x| if x == 2 { f32::NAN } else { x.into() }))
            })
            .collect();
        let rows: Vec<_> = rows.iter().map(|(id, label, s)| (id.as_str(), *label, &s[..])).collect();
        full(variant, &[150], &rows)
    }

    /// Compared with few resamples, since these tests are about everything else.
    fn few(runs: Vec<Run>) -> Comparison {
        let resampling = Resampling { resamples: 100, ..Resampling::default() };
        compare_with(runs, 0, &Options { resampling, ..Options::default() }).unwrap()
    }

    proptest! {
        #[test]
        fn a_run_against_itself_differs_in_nothing(rows in any_rows()) {
            let run = evaluated("fp32", rows.iter().map(|&(label, a, _)| (label, a)));
            let comparison = few(vec![run.clone(), run]);
            let versus = comparison.columns[1].versus.as_ref().unwrap();
            for delta in &versus.deltas {
                prop_assert!(delta.absolute.is_none_or(|by| by == 0.0), "{}", delta.metric);
                prop_assert!(delta.interval.is_none_or(|interval| interval.contains(0.0)), "{}", delta.metric);
                prop_assert!(delta.test.is_none_or(|test| test.p == 1.0), "{}", delta.metric);
                prop_assert!(delta.per_class.iter().flatten().filter_map(|class| class.absolute).all(|by| by == 0.0));
            }
            let pair = |id| versus.pair(id).unwrap().value;
            let finite = rows.iter().filter(|(_, scores, _)| !scores.contains(&2)).count();
            let share = finite as f64 / rows.len() as f64;
            // Scores that are not finite agree with nothing, not even with themselves.
            prop_assert_eq!((pair("agreement"), pair("speed_up")), (Some(share), Some(1.0)));
            prop_assert_eq!(pair("output_max_abs"), (finite == rows.len()).then_some(0.0));
            let flips = ["flips_right_to_wrong", "flips_wrong_to_right"];
            prop_assert!(flips.iter().all(|id| pair(id) == Some(0.0)));
            prop_assert_eq!(pair("flips_wrong_to_other_wrong"), Some((rows.len() - finite) as f64));
        }

        #[test]
        fn flips_are_the_disagreements_and_their_balance_is_the_change_of_accuracy(rows in any_rows()) {
            let one = evaluated("fp32", rows.iter().map(|&(label, a, _)| (label, a)));
            let two = evaluated("int8", rows.iter().map(|&(label, _, b)| (label, b)));
            let n = rows.len() as f64;
            let comparison = few(vec![one.clone(), two.clone()]);
            let versus = comparison.columns[1].versus.as_ref().unwrap();
            let pair = |id| versus.pair(id).unwrap().value.unwrap();
            let (lost, won) = (pair("flips_right_to_wrong"), pair("flips_wrong_to_right"));
            let all = lost + won + pair("flips_wrong_to_other_wrong");
            prop_assert!((all - (1.0 - pair("agreement")) * n).abs() < 1e-9);
            let change = versus.delta("accuracy").unwrap().absolute.unwrap();
            prop_assert!((change * n - (won - lost)).abs() < 1e-9);

            let (one, two) = (ScoredRun::of(&one).unwrap(), ScoredRun::of(&two).unwrap());
            let (aligned, _) = align(&one, &two);
            prop_assert_eq!(aligned.timing, Timing::Interleaved);
            prop_assert_eq!(flips(&aligned).len() as f64, all);
        }

        #[test]
        fn swapping_the_sides_negates_every_difference_of_images_and_its_interval(rows in any_rows()) {
            let one = evaluated("fp32", rows.iter().map(|&(label, a, _)| (label, a)));
            let two = evaluated("int8", rows.iter().map(|&(label, _, b)| (label, b)));
            let (there, back) = (few(vec![one.clone(), two.clone()]), few(vec![two, one]));
            let deltas = |comparison: &Comparison| comparison.columns[1].versus.as_ref().unwrap().deltas.clone();
            for (a, b) in deltas(&there).iter().zip(&deltas(&back)) {
                prop_assert_eq!(&a.metric, &b.metric);
                let sum = a.absolute.zip(b.absolute).map_or(0.0, |(a, b)| a + b);
                prop_assert!(sum.abs() < 1e-9, "{}", a.metric);
                prop_assert_eq!(a.interval.is_some(), b.interval.is_some());
                prop_assert_eq!(a.test.map(|test| test.p), b.test.map(|test| test.p));
                if let Some((a, b)) = a.interval.zip(b.interval).filter(|(a, _)| a.method == IntervalMethod::Tango) {
                    prop_assert!((a.low + b.high).abs() < 1e-12 && (a.high + b.low).abs() < 1e-12);
                }
            }
        }
    }
}
