//! What no program can have written: a baseline is edited by hand, merged by tools and reviewed by people
//! who see a line of digits. What does not add up is refused when it is read, since counts that stand in
//! for damaged bits would show less than the bits.

use super::{Baseline, BaselineAccuracy, BaselineCosts, BaselineRun};
use crate::record::{self, Outcome};

/// The first thing about `baseline` that cannot be.
pub(super) fn nonsense(baseline: &Baseline) -> Option<String> {
    let Some(first) = baseline.runs.first() else { return Some("it has no run".into()) };
    baseline.runs.iter().enumerate().find_map(|(place, run)| {
        let runtime = &run.record.job.runtime;
        let twice = baseline.runs[..place].iter().any(|before| before.record.job.runtime == *runtime);
        if twice {
            return Some(format!("it has two runs in {runtime}"));
        }
        if run.record.model.sha256 != first.record.model.sha256 {
            return Some("its runs are of several models".into());
        }
        of_run(run).map(|why| format!("{why}, in {runtime}"))
    })
}

fn of_run(run: &BaselineRun) -> Option<String> {
    if run.record.outcome != Outcome::Completed {
        return Some("its run did not complete".into());
    }
    let record = record::nonsense(&run.record);
    record.or_else(|| run.accuracy.as_ref().and_then(of_accuracy)).or_else(|| of_costs(&run.costs))
}

fn of_accuracy(accuracy: &BaselineAccuracy) -> Option<String> {
    let BaselineAccuracy { images, right, classes, slices, .. } = accuracy;
    if accuracy.right().is_none() {
        return Some(format!("`right_images` does not hold {right} of {images} images"));
    }
    let all = sum(classes.iter().map(|class| class.images));
    let hits = sum(classes.iter().map(|class| class.right));
    if (all, hits) != (Some(*images), Some(*right)) {
        return Some(format!("`classes` do not add up to {right} of {images} images"));
    }
    let class = classes.iter().find(|class| class.right > class.images).map(|class| class.name.clone());
    let slice = slices.iter().find(|it| it.right > it.images || it.images > *images);
    let slice = slice.map(|slice| format!("{}={}", slice.column, slice.value));
    class.or(slice).map(|name| format!("{name} has more images right than there are"))
}

/// None where it is more than any count.
fn sum(mut counts: impl Iterator<Item = u64>) -> Option<u64> {
    counts.try_fold(0u64, u64::checked_add)
}

fn of_costs(costs: &BaselineCosts) -> Option<String> {
    let BaselineCosts { latency_ns, images_per_second, memory_bytes, load_ns } = costs;
    let all = [latency_ns, images_per_second, memory_bytes, load_ns];
    let wrong = all.into_iter().flatten().find(|value| !(value.is_finite() && **value >= 0.0));
    wrong.map(|value| format!("a cost is {value}"))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::evaluated;
    use super::*;

    fn told(change: impl Fn(&mut Baseline)) -> String {
        let mut baseline = Baseline::of(&[evaluated()]).unwrap();
        assert_eq!(nonsense(&baseline), None);
        change(&mut baseline);
        nonsense(&baseline).unwrap_or_default()
    }

    fn accuracy(baseline: &mut Baseline) -> &mut BaselineAccuracy {
        baseline.runs[0].accuracy.as_mut().unwrap()
    }

    #[test]
    fn bits_that_were_cut_or_do_not_fit_their_counts_are_refused() {
        assert!(told(|it| accuracy(it).right_images.truncate(2)).contains("8 of 11 images"));
        assert!(told(|it| accuracy(it).right_images = "ffff".into()).contains("right_images"));
        assert!(told(|it| accuracy(it).images = 12).contains("classes"), "two bytes hold 12 bits as well");
        assert!(told(|it| accuracy(it).images = 17).contains("right_images"));
    }

    #[test]
    fn counts_that_do_not_add_up_are_refused() {
        assert!(told(|it| accuracy(it).classes[0].right = 7).contains("add up"));
        assert!(told(|it| accuracy(it).classes[0].images = u64::MAX).contains("add up"));
        let moved = told(|it| {
            let classes = &mut accuracy(it).classes;
            (classes[0].right, classes[1].right) = (4, 4);
        });
        assert!(moved.starts_with("shirt has more images right"), "{moved}");
    }

    #[test]
    fn what_two_branches_of_a_repository_wrote_is_no_baseline() {
        assert!(told(|it| it.runs.push(it.runs[0].clone())).contains("two runs in ort"));
        let two_models = told(|it| {
            let mut other = it.runs[0].clone();
            (other.record.job.runtime.name, other.record.model.sha256) = ("tract".into(), "other".into());
            it.runs.push(other);
        });
        assert!(two_models.contains("several models"), "{two_models}");
        assert_eq!(told(|it| it.runs.clear()), "it has no run");
    }

    #[test]
    fn costs_and_sizes_that_cannot_be_are_refused() {
        assert!(told(|it| it.runs[0].costs.latency_ns[0] = -1.0).contains("a cost is -1"));
        assert!(told(|it| it.runs[0].record.model.bytes = 0).contains("model.bytes is 0"));
    }
}
