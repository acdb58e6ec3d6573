//! Runs sorted by runtime: what int8 does to a model is a question for each runtime by itself, so that a
//! candidate is held against the baseline's model in its own.

use crate::plan::RuntimeSpec;
use crate::record::{Run, RunRecord};

/// The runs of one runtime.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The runs, in the order asked for.
    pub runs: Vec<Run>,
    /// Index of what they are held against.
    pub baseline: usize,
}

/// One group for each runtime that has a candidate. `baseline` is the index of the run that all are held
/// against; in other runtimes the run of its model serves, where it completed, else that run itself.
pub fn in_runtimes(runs: Vec<Run>, baseline: usize) -> Vec<Group> {
    let Some(first) = runs.get(baseline) else { return Vec::new() };
    let places = places(&runs, baseline);
    // Predictions are large: the baseline is only copied for groups that have none of their own.
    let shared = places.iter().any(|place| place.baseline.is_none()).then(|| first.clone());
    let mut runs: Vec<Option<Run>> = runs.into_iter().map(Some).collect();
    let group = |place: Place| {
        let own: Vec<Run> = place.runs.iter().filter_map(|&index| runs[index].take()).collect();
        let at = place.baseline.and_then(|index| place.runs.iter().position(|&run| run == index));
        match (at, &shared) {
            (Some(baseline), _) => Some(Group { runs: own, baseline }),
            (None, Some(shared)) => {
                Some(Group { runs: [shared.clone()].into_iter().chain(own).collect(), baseline: 0 })
            }
            (None, None) => None,
        }
    };
    places.into_iter().filter_map(group).filter(|group| group.runs.len() > 1).collect()
}

/// The runs of one runtime, by index.
struct Place {
    runtime: RuntimeSpec,
    runs: Vec<usize>,
    baseline: Option<usize>,
}

fn places(runs: &[Run], baseline: usize) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let runtime = &run.record.job.runtime;
        let known = places.iter().position(|place| place.runtime == *runtime);
        let at = known.unwrap_or_else(|| {
            places.push(Place { runtime: runtime.clone(), runs: Vec::new(), baseline: None });
            places.len() - 1
        });
        places[at].runs.push(index);
        if serves(&runs[baseline].record, &run.record, index == baseline) && places[at].baseline.is_none() {
            places[at].baseline = Some(index);
        }
    }
    places
}

/// Whether a run is what its group is held against.
fn serves(baseline: &RunRecord, record: &RunRecord, is_it: bool) -> bool {
    let elsewhere = record.job.runtime != baseline.job.runtime;
    let same_model = record.model.sha256 == baseline.model.sha256;
    is_it || (elsewhere && same_model && record.outcome.is_completed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::metric::fixtures::run;
    use crate::record::{Outcome, Stage};

    fn in_runtime(variant: &str, runtime: &str) -> Run {
        let mut run = run(variant);
        run.record.job.runtime.name = runtime.into();
        run
    }

    fn labels(groups: &[Group]) -> Vec<(Vec<String>, usize)> {
        let of = |group: &Group| group.runs.iter().map(|run| run.record.job.label()).collect();
        groups.iter().map(|group| (of(group), group.baseline)).collect()
    }

    #[test]
    fn each_runtime_has_the_baselines_model_as_its_own_baseline() {
        let runs = [("fp32", "ort"), ("int8", "ort"), ("int8", "tract"), ("fp32", "tract")];
        let groups = in_runtimes(runs.map(|(variant, runtime)| in_runtime(variant, runtime)).into(), 0);
        let of = |labels: [&str; 2]| labels.map(str::to_owned).to_vec();
        assert_eq!(
            labels(&groups),
            [(of(["ort · fp32", "ort · int8"]), 0), (of(["tract · int8", "tract · fp32"]), 1)]
        );
    }

    #[test]
    fn a_runtime_that_cannot_run_the_baselines_model_borrows_the_first() {
        let mut broken = in_runtime("fp32", "tract");
        let error = Error::unsupported("no such operator");
        broken.record.outcome = Outcome::CouldNotRun { stage: Stage::Prepare, error };
        let groups = in_runtimes(vec![in_runtime("fp32", "ort"), broken, in_runtime("int8", "tract")], 0);
        assert_eq!(groups.len(), 1);
        assert_eq!(labels(&groups)[0].0, ["ort · fp32", "tract · fp32", "tract · int8"]);
    }

    #[test]
    fn a_model_beside_itself_is_a_candidate() {
        let groups = in_runtimes(vec![run("fp32"), run("fp32")], 0);
        assert_eq!((groups[0].runs.len(), groups[0].baseline), (2, 0));
        assert!(in_runtimes(vec![run("fp32")], 0).is_empty());
        assert!(in_runtimes(vec![], 0).is_empty());
    }
}
