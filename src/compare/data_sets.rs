//! Runs on several data sets: which are on the same, what each is set against, and names that tell
//! them apart.

use crate::record::{DatasetIdentity, Run, RunRecord};

/// Runs on the same data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DataSet {
    /// A name that no other of them has.
    pub(super) name: String,
    /// The runs, by index.
    pub(super) runs: Vec<usize>,
    /// The first of them that was evaluated. It stands for the data, and the others are set against it.
    pub(super) first: Option<usize>,
}

/// For each run the index of the one that it is set against: `baseline`, but where runs are on several
/// data sets and this one is not on the baseline's, the first run that was evaluated on its own, since
/// these two have images in common. That first run is set against the baseline, and so is the baseline.
pub fn references(runs: &[Run], baseline: usize) -> Vec<usize> {
    let mut references = vec![baseline; runs.len()];
    for set in several(runs).iter().filter(|set| !set.runs.contains(&baseline)) {
        let Some(first) = set.first else { continue };
        for &run in set.runs.iter().filter(|&&run| run != first) {
            references[run] = first;
        }
    }
    references
}

/// The data sets of `runs`, in the order of the first run on each; none where all runs are on one.
pub(super) fn several(runs: &[Run]) -> Vec<DataSet> {
    let known = known(runs);
    if known.len() < 2 {
        return Vec::new();
    }
    let of = |run: &Run| known.iter().position(|(record, data)| is_on(&run.record, record, data));
    let places: Vec<Option<usize>> = runs.iter().map(of).collect();
    let set = |(place, name): (usize, String)| {
        let own: Vec<usize> = (0..runs.len()).filter(|&run| places[run] == Some(place)).collect();
        let first = own.iter().copied().find(|&run| runs[run].predictions.is_some());
        DataSet { name, runs: own, first }
    };
    names(&known).into_iter().enumerate().map(set).collect()
}

/// Adds the name of its data to the variant of each run.
pub(super) fn name(runs: &mut [Run], sets: &[DataSet]) {
    for set in sets {
        for &run in &set.runs {
            let variant = &mut runs[run].record.job.variant;
            *variant = format!("{variant} · {}", set.name);
        }
    }
}

/// A data set, and the first record that read it.
type Known<'a> = (&'a RunRecord, &'a DatasetIdentity);

fn known(runs: &[Run]) -> Vec<Known<'_>> {
    let mut known: Vec<Known<'_>> = Vec::new();
    for record in runs.iter().map(|run| &run.record) {
        let Some(data) = &record.dataset else { continue };
        if !known.iter().any(|(_, other)| are_same(data, other)) {
            known.push((record, data));
        }
    }
    known
}

/// The digest does not cover the names of the classes, which one may call otherwise, nor how many there are.
fn are_same(one: &DatasetIdentity, other: &DatasetIdentity) -> bool {
    one.sha256 == other.sha256 && one.classes.len() == other.classes.len()
}

/// Whether a run is on `data`. Of one that ended before its data was read, what it was to read decides.
fn is_on(record: &RunRecord, first: &RunRecord, data: &DatasetIdentity) -> bool {
    match &record.dataset {
        Some(own) => are_same(own, data),
        None => record.job.dataset.is_some() && record.job.dataset == first.job.dataset,
    }
}

/// Names of folders that say nothing of what is in them.
const PLAIN: [&str; 4] = ["data", "dataset", "images", "test"];

/// Of each the shortest form of its name that says something and that no other has.
fn names(known: &[Known<'_>]) -> Vec<String> {
    let forms: Vec<[String; 4]> = known.iter().map(|(record, data)| forms(record, data)).collect();
    let alone = |at: usize, form: &str| forms.iter().filter(|other| other[at] == form).count() == 1;
    let says_something = |at: usize, form: &str| at > 0 || !PLAIN.contains(&form);
    let name = |own: &[String; 4]| {
        let good = |&(at, form): &(usize, &String)| says_something(at, form) && alone(at, form);
        let found = own.iter().enumerate().find(good);
        found.map_or_else(|| own[3].clone(), |(_, form)| form.clone())
    };
    forms.iter().map(name).collect()
}

/// What a data set may be called: its name, with its folder, with its split, with its digest.
fn forms(record: &RunRecord, data: &DatasetIdentity) -> [String; 4] {
    let name = &data.name;
    let folder = record.job.dataset.as_ref().and_then(|spec| spec.path.parent()?.file_name());
    let folder = folder.map(|folder| format!("{}/{name}", folder.to_string_lossy()));
    let split = data.split.as_ref().map(|split| format!("{name} {split}"));
    let digest: String = data.sha256.chars().take(7).collect();
    [
        name.clone(),
        folder.unwrap_or_else(|| name.clone()),
        split.unwrap_or_else(|| name.clone()),
        format!("{name} {digest}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{predictions, run};
    use crate::plan::DatasetSpec;

    /// A run on the data of this name and digest.
    fn on(variant: &str, name: &str, digest: &str) -> Run {
        let mut run = run(variant);
        let data = run.record.dataset.as_mut().unwrap();
        (data.name, data.sha256) = (name.into(), digest.into());
        run.predictions = Some(predictions(3, &[("a", 0, &[1.0, 0.0, 0.0])]));
        run
    }

    fn labels(mut runs: Vec<Run>) -> Vec<String> {
        let sets = several(&runs);
        name(&mut runs, &sets);
        runs.iter().map(|run| run.record.job.label()).collect()
    }

    #[test]
    fn runs_on_one_data_set_are_all_set_against_the_baseline_and_keep_their_names() {
        let mut without = run("fp16");
        without.record.dataset = None;
        let runs = vec![on("fp32", "shirts", "5e7"), on("int8", "shirts", "5e7"), without];
        assert_eq!(references(&runs, 1), [1, 1, 1]);
        assert_eq!(labels(runs), ["ort · fp32", "ort · int8", "ort · fp16"]);
    }

    #[test]
    fn each_data_set_has_its_own_first_run_and_that_is_set_against_the_baseline() {
        let runs = vec![
            on("fp32", "shirts", "5e7"),
            on("fp32", "pets", "be7"),
            on("int8", "shirts", "5e7"),
            on("int8", "pets", "be7"),
        ];
        assert_eq!(references(&runs, 0), [0, 0, 0, 1]);
        assert_eq!(references(&runs, 3), [3, 3, 0, 3]);
        let named = ["fp32 · shirts", "fp32 · pets", "int8 · shirts", "int8 · pets"];
        assert_eq!(labels(runs), named.map(|variant| format!("ort · {variant}")));
    }

    #[test]
    fn a_run_that_was_not_evaluated_stands_for_no_data() {
        let mut crashed = on("fp32", "pets", "be7");
        crashed.predictions = None;
        let runs = vec![on("fp32", "shirts", "5e7"), crashed, on("int8", "pets", "be7")];
        assert_eq!(references(&runs, 0), [0, 2, 0]);
    }

    #[test]
    fn a_run_that_never_read_its_data_belongs_to_those_that_were_asked_for_the_same() {
        let asked = |mut run: Run, path: &str| {
            run.record.job.dataset = Some(DatasetSpec::at(path));
            run
        };
        let mut unread = asked(run("int8"), "animals");
        unread.record.dataset = None;
        let runs = vec![
            asked(on("fp32", "shirts", "5e7"), "clothes"),
            asked(on("fp32", "pets", "be7"), "animals"),
            unread,
        ];
        assert_eq!(references(&runs, 0), [0, 0, 1]);
        assert_eq!(labels(runs)[2], "ort · int8 · pets");
    }

    #[test]
    fn equal_names_are_told_apart_by_folder_then_split_then_digest() {
        let in_folder = |folder: &str, split: Option<&str>, digest: &str| {
            let mut run = on("fp32", "data", digest);
            run.record.job.dataset = Some(DatasetSpec::at(format!("{folder}/data")));
            run.record.dataset.as_mut().unwrap().split = split.map(str::to_owned);
            run
        };
        let names = |runs: [Run; 3]| several(&runs).into_iter().map(|set| set.name).collect::<Vec<_>>();
        let other = || on("fp32", "shirts", "5e7");
        let folders = [in_folder("cats", None, "aa"), in_folder("cifar", None, "bb"), other()];
        assert_eq!(names(folders), ["cats/data", "cifar/data", "shirts"]);
        let plain = [in_folder("cats", None, "aa"), other(), on("fp32", "signs", "bb")];
        assert_eq!(names(plain), ["cats/data", "shirts", "signs"]);
        let splits = [in_folder("cats", Some("test"), "aa"), in_folder("cats", Some("val"), "bb"), other()];
        assert_eq!(names(splits), ["data test", "data val", "shirts"]);
        let parts = [in_folder("cats", None, "0123456789"), in_folder("cats", None, "9876543210"), other()];
        assert_eq!(names(parts), ["data 0123456", "data 9876543", "shirts"]);
    }
}
