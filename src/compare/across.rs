//! Data sets side by side: how accurate the run that stands for each is. Images of different data cannot
//! be paired, so that these are independent samples.

use super::data_sets::DataSet;
use super::{Classes, Column, Delta, OnData};
use crate::metric::{ACCURACY, Interval, IntervalMethod, LEVEL};
use crate::stats;

/// Images of which something holds, and all images.
type Counts = (u64, u64);

/// The run that stands for a data set.
struct Standing<'a> {
    set: &'a DataSet,
    column: usize,
    classes: &'a Classes,
    /// Images that it has right.
    counts: Counts,
}

/// One for each data set that a run was evaluated on, the highest accuracy first; none for fewer than two.
pub(super) fn across(sets: &[DataSet], columns: &[Column], baseline: usize) -> Vec<OnData> {
    let mut all: Vec<Standing<'_>> = sets.iter().filter_map(|set| Standing::of(set, columns)).collect();
    if all.len() < 2 {
        return Vec::new();
    }
    all.sort_by(|a, b| share(b.counts).total_cmp(&share(a.counts)));
    let before = all.iter().find(|standing| standing.set.runs.contains(&baseline));
    all.iter().map(|standing| standing.against(before)).collect()
}

impl<'a> Standing<'a> {
    /// None where no run was evaluated, or on no image.
    fn of(set: &'a DataSet, columns: &'a [Column]) -> Option<Self> {
        let column = set.first?;
        let classes = columns.get(column)?.classes.as_ref()?;
        let diagonal = classes.confusion.iter().enumerate().filter_map(|(class, row)| row.get(class));
        let counts: Counts = (diagonal.sum(), classes.support.iter().sum());
        (counts.1 > 0).then_some(Self { set, column, classes, counts })
    }

    fn against(&self, before: Option<&Standing<'_>>) -> OnData {
        let commonest = self.classes.support.iter().copied().max().unwrap_or_default();
        let before = before.filter(|before| before.column != self.column);
        OnData {
            data: self.set.name.clone(),
            column: self.column,
            classes: self.classes.names.len(),
            commonest: share((commonest, self.counts.1)),
            difference: before.map(|before| difference(before.counts, self.counts)),
        }
    }
}

fn share((some, all): Counts) -> f64 {
    some as f64 / all as f64
}

fn difference(before: Counts, now: Counts) -> Delta {
    let absolute = share(now) - share(before);
    let interval = stats::newcombe(before, now, LEVEL).map(|ends| Interval {
        low: ends.low,
        high: ends.high,
        level: LEVEL,
        method: IntervalMethod::Newcombe,
    });
    Delta {
        metric: ACCURACY.id.into(),
        absolute: Some(absolute),
        relative: Some(absolute / share(before)).filter(|share| share.is_finite()),
        interval,
        ..Delta::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::compare::{Comparison, WarningCode, compare};
    use crate::metric::IntervalMethod;
    use crate::metric::fixtures::{latency, predictions, run};
    use crate::record::Run;

    /// Scores of a prediction of each class.
    static SCORES: [[f32; 2]; 2] = [[2.0, 0.0], [0.0, 2.0]];

    /// A run that has the first `right` of `images` right, four of five of them of class 0.
    fn on(variant: &str, data: &str, right: usize, images: usize) -> Run {
        let mut run = run(variant);
        let identity = run.record.dataset.as_mut().unwrap();
        (identity.name, identity.sha256) = (data.into(), data.into());
        identity.classes = vec!["cat".into(), "dog".into()];
        let ids: Vec<String> = (0..images).map(|image| image.to_string()).collect();
        let rows = ids.iter().enumerate().map(|(image, id)| {
            let label = usize::from(image % 5 == 4);
            let predicted = if image < right { label } else { 1 - label };
            (id.as_str(), label as u32, &SCORES[predicted][..])
        });
        run.predictions = Some(predictions(2, &rows.collect::<Vec<_>>()));
        run
    }

    fn ranked(comparison: &Comparison) -> Vec<(&str, usize)> {
        comparison.across.iter().map(|on| (on.data.as_str(), on.column)).collect()
    }

    #[test]
    fn data_sets_are_ranked_and_set_against_the_baselines_as_independent_samples() {
        let runs = vec![on("fp32", "shirts", 48, 80), on("fp32", "pets", 56, 70), on("fp32", "signs", 7, 70)];
        let comparison = compare(runs, 0).unwrap();
        assert_eq!(ranked(&comparison), [("pets", 1), ("shirts", 0), ("signs", 2)]);
        let [pets, shirts, _] = &comparison.across[..] else { panic!("three data sets") };
        assert_eq!((shirts.difference.as_ref(), shirts.classes, shirts.commonest), (None, 2, 0.8));
        // Newcombe (1998), table II, (a).
        let interval = pets.difference.as_ref().unwrap().interval.unwrap();
        assert_eq!(interval.method, IntervalMethod::Newcombe);
        assert!((interval.low - 0.0524).abs() < 5e-5 && (interval.high - 0.3339).abs() < 5e-5);
        assert!((comparison.unpaired(1).unwrap().absolute.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(comparison.unpaired(0), None);
    }

    #[test]
    fn what_cannot_be_paired_is_not_and_what_can_be_is() {
        let runs = vec![
            on("fp32", "shirts", 48, 80),
            on("int8", "shirts", 40, 80),
            on("fp32", "pets", 56, 70),
            on("int8", "pets", 49, 70),
        ];
        let comparison = compare(runs, 0).unwrap();
        let versus = |index: usize| comparison.columns[index].versus.as_ref().unwrap();
        assert!(versus(2).delta("accuracy").is_none() && versus(2).delta("size").is_some());
        assert_eq!((versus(1).against, versus(2).against, versus(3).against), (None, None, Some(2)));
        let lost = |index: usize| versus(index).delta("accuracy").unwrap().discordant.unwrap();
        assert_eq!((lost(1).lost, lost(1).images), (8, 80));
        assert_eq!((lost(3).lost, lost(3).images), (7, 70));
        let verdict = |index: usize| comparison.columns[index].verdict.as_ref().unwrap();
        assert!(verdict(3).good_enough.is_some() && verdict(2).good_enough.is_none());
        let told: Vec<WarningCode> = comparison.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(told, [WarningCode::DifferentData]);
        let message = &comparison.warnings[0].message;
        assert!(message.starts_with("ort · fp32 · pets and ort · fp32 · shirts "), "{message}");
    }

    #[test]
    fn a_speed_up_on_other_data_is_over_the_first_run_there_with_the_noise_of_the_baseline() {
        let timed = |variant: &str, data: &str, ns: u64| {
            let mut run = on(variant, data, 5, 10);
            run.record.evidence.latency = Some(latency(&[&[ns, ns][..]; 20]));
            run
        };
        let mut first = timed("fp32", "shirts", 1000);
        let twin = latency(&[&[1100, 1100][..]; 20]).rounds;
        first.record.evidence.twin = Some(crate::record::TwinEvidence { rounds: twin, memory: None });
        let runs = vec![first, timed("fp32", "pets", 4000), timed("int8", "pets", 2000)];
        let comparison = compare(runs, 0).unwrap();
        let column = &comparison.columns[2];
        let speed_up = column.versus.as_ref().unwrap().pair("speed_up").unwrap().value.unwrap();
        assert!((speed_up - 2.0).abs() < 1e-12);
        let gains = &column.verdict.as_ref().unwrap().worth_it.as_ref().unwrap().gains;
        let threshold = gains.iter().find(|gain| gain.metric == "speed_up").unwrap().threshold;
        assert!((threshold - 0.1).abs() < 1e-9, "{threshold}");
    }

    #[test]
    fn one_data_set_has_no_other_beside_it() {
        let alone = compare(vec![on("fp32", "shirts", 5, 10), on("int8", "shirts", 4, 10)], 0).unwrap();
        assert_eq!(ranked(&alone), []);
        let mut unread = on("fp32", "pets", 5, 10);
        unread.predictions = None;
        let comparison = compare(vec![on("fp32", "shirts", 5, 10), unread], 0).unwrap();
        assert_eq!(ranked(&comparison), []);
        let text = serde_json::to_string(&alone).unwrap();
        assert!(!text.contains("\"across\"") && !text.contains("\"against\""));
    }

    #[test]
    fn another_run_stands_for_the_baselines_data_where_that_was_not_evaluated() {
        let mut crashed = on("fp32", "shirts", 5, 10);
        crashed.predictions = None;
        let runs = vec![crashed, on("int8", "shirts", 5, 10), on("fp32", "pets", 8, 10)];
        let comparison = compare(runs, 0).unwrap();
        assert_eq!(ranked(&comparison), [("pets", 2), ("shirts", 1)]);
        assert!(comparison.unpaired(2).is_some());
    }
}
