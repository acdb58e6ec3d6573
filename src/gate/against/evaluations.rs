//! What a baseline and a candidate had right: image by image where both evaluated the same images.

use crate::gate::baseline::{BaselineAccuracy, BaselineClass, BaselineRun, BaselineSlice};
use crate::gate::case::{GroupChange, Unknown};
use crate::gate::share::{Share, ShareChange};
use crate::metric::paired::Discordant;
use crate::metric::{ScoredRun, Scoring};
use crate::record::{Run, RunRecord};

/// Both evaluations.
pub(super) struct Evaluations<'a> {
    before: &'a BaselineAccuracy,
    after: &'a Scoring,
    /// Whether the baseline had each image right; none where the two are not of the same images.
    right: Option<Vec<bool>>,
}

impl<'a> Evaluations<'a> {
    pub(super) fn of(baseline: &'a BaselineRun, candidate: &'a ScoredRun<'_>) -> Result<Self, Unknown> {
        let data = "evaluate it on the baseline's images: --data PATH";
        match (&baseline.accuracy, &candidate.scoring) {
            (Some(before), Some(after)) => {
                let same = left_out_alike(&baseline.record, &candidate.run.record);
                let right = before.right().filter(|right| same && right.len() as u64 == after.count());
                Ok(Self { before, after, right })
            }
            (Some(_), None) => Err(Unknown::lacking("the candidate was not evaluated on images", data)),
            (None, Some(_)) => Err(Unknown::lacking(
                "the baseline was not evaluated on images",
                "save one that was: bench baseline accept",
            )),
            (None, None) => Err(Unknown::unasked("neither was evaluated on images", data)),
        }
    }

    pub(super) fn all(&self) -> ShareChange {
        let after = Share { hits: self.after.confusion().correct(), images: self.after.count() };
        self.change(self.before.share(), after, |_| true)
    }

    /// Over the images that `belongs` says of by their place.
    fn change(&self, before: Share, after: Share, belongs: impl Fn(usize) -> bool) -> ShareChange {
        let Some(right) = &self.right else { return ShareChange::Unpaired { before, after } };
        let mut counts = Discordant::default();
        let images = right.iter().zip(self.after.images()).enumerate();
        for (_, (&before, image)) in images.filter(|(place, _)| belongs(*place)) {
            counts.images += 1;
            counts.lost += u64::from(before && !image.is_correct());
            counts.won += u64::from(!before && image.is_correct());
        }
        ShareChange::Paired(counts)
    }

    /// By the names that the candidate's data has now: they may have been given anew, and labels are the
    /// same as long as the data is.
    pub(super) fn classes(&self, candidate: &Run) -> Vec<GroupChange> {
        let confusion = self.after.confusion();
        let names = candidate.record.dataset.as_ref().map(|data| data.classes.as_slice()).unwrap_or_default();
        let names = if names.len() == self.before.classes.len() { names } else { &[] };
        let of = |(class, known): (usize, &BaselineClass)| {
            let images = confusion.support().get(class).copied().unwrap_or_default();
            let after = Share { hits: confusion.counts().get(class).map_or(0, |row| row[class]), images };
            let before = Share { hits: known.right, images: known.images };
            let belongs = |place: usize| self.after.images()[place].label as usize == class;
            let change = self.change(before, after, belongs);
            let name = names.get(class).unwrap_or(&known.name).clone();
            (images.max(known.images) > 0).then_some(GroupChange { name, column: None, change })
        };
        self.before.classes.iter().enumerate().filter_map(of).collect()
    }

    /// Slices, and the columns of the baseline that do not say the same of the candidate's images.
    pub(super) fn slices(&self, candidate: &Run) -> (Vec<GroupChange>, Vec<String>) {
        let slices = self.before.slices.iter().map(|known| (known, self.slice(known, candidate)));
        let (mut found, mut apart) = (Vec::new(), Vec::new());
        for (known, change) in slices {
            match change {
                Some(change) => found.push(GroupChange {
                    name: format!("{}={}", known.column, known.value),
                    column: Some(known.column.clone()),
                    change,
                }),
                None if !apart.contains(&known.column) => apart.push(known.column.clone()),
                None => {}
            }
        }
        found
            .retain(|group: &GroupChange| group.column.as_ref().is_none_or(|column| !apart.contains(column)));
        (found, apart)
    }

    /// None where the column is not there, or says of other images what it said.
    fn slice(&self, known: &BaselineSlice, candidate: &Run) -> Option<ShareChange> {
        let predictions = candidate.predictions.as_ref()?;
        let column = predictions.slices().iter().find(|column| column.name() == known.column)?;
        let belongs = |place: usize| column.value(place) == known.value;
        let places = || (0..predictions.len()).filter(|&place| belongs(place));
        let after = Share {
            hits: places().filter(|&place| self.after.images()[place].is_correct()).count() as u64,
            images: places().count() as u64,
        };
        let before = Share { hits: known.right, images: known.images };
        if let Some(right) = &self.right {
            let hits = places().filter(|&place| right.get(place) == Some(&true)).count() as u64;
            if (Share { hits, images: after.images }) != before {
                return None;
            }
        }
        Some(self.change(before, after, belongs))
    }
}

/// Whether both left out the same images, so that the bits of one belong to the rows of the other. Only
/// the first ones are named: of more nobody knows.
fn left_out_alike(one: &RunRecord, two: &RunRecord) -> bool {
    let left_out = |record: &RunRecord| {
        let evaluation = record.evidence.evaluation.as_ref();
        let mut ids: Vec<String> =
            evaluation.iter().flat_map(|it| &it.skipped).map(|image| image.id.clone()).collect();
        ids.sort();
        (evaluation.map_or(0, |it| it.skipped_count), ids)
    };
    let (one, two) = (left_out(one), left_out(two));
    one == two && one.0 == one.1.len()
}

impl BaselineAccuracy {
    /// Those right of all.
    pub(super) fn share(&self) -> Share {
        Share { hits: self.right, images: self.images }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::against::fixtures::{baseline, evaluated, without};
    use crate::gate::{Case, FlipCounts};
    use crate::metric::fixtures::{predictions, run, sliced};

    #[test]
    fn bits_pair_accuracy_and_classes_image_by_image() {
        let kept = baseline(evaluated("fp32", 300, |place| place % 10 != 0));
        let candidate = evaluated("int8", 300, |place| place % 3 != 1 || place % 2 == 0);
        let case = Case::against(&kept, &candidate).unwrap();
        let Ok(ShareChange::Paired(all)) = case.accuracy else { panic!("{:?}", case.accuracy) };
        // Odd places of class 1 that are no multiples of ten are lost; multiples of ten are won.
        assert_eq!((all.lost, all.won, all.images), (50, 30, 300));
        let ShareChange::Paired(shirt) = case.classes[1].change else { panic!() };
        assert_eq!((shirt.lost, shirt.won, shirt.images), (50, 10, 100));
        assert!(case.classes[1].change.p().unwrap() < 1e-5);
        assert_eq!(case.flips, Some(FlipCounts { lost: 50, won: 30, other: None, images: 300 }));
    }

    #[test]
    fn other_images_are_compared_as_two_samples() {
        let kept = baseline(evaluated("fp32", 300, |place| place % 10 != 0));
        let case = Case::against(&kept, &evaluated("int8", 299, |_| true)).unwrap();
        let Ok(ShareChange::Unpaired { before, after }) = case.accuracy else { panic!() };
        assert_eq!((before, after), (Share { hits: 270, images: 300 }, Share { hits: 299, images: 299 }));
        assert_eq!((case.flips, case.classes[0].change.is_paired()), (None, false));
    }

    #[test]
    fn as_many_images_of_which_others_were_left_out_are_not_paired() {
        let kept = baseline(without(evaluated("fp32", 300, |_| true), &["7"]));
        let paired = |skipped: &[&str]| {
            let run = without(evaluated("int8", 300, |_| true), skipped);
            Case::against(&kept, &run).unwrap().accuracy.unwrap().is_paired()
        };
        assert!(paired(&["7"]) && !paired(&["8"]) && !paired(&[]));
    }

    #[test]
    fn a_class_is_called_what_the_data_calls_it_now() {
        let kept = baseline(evaluated("fp32", 300, |_| true));
        let mut renamed = evaluated("int8", 300, |_| true);
        renamed.record.dataset.as_mut().unwrap().classes[1] = "t-shirt".into();
        let names = |case: Case| case.classes.into_iter().map(|group| group.name).collect::<Vec<_>>();
        assert_eq!(names(Case::against(&kept, &renamed).unwrap()), ["coat", "t-shirt", "dress"]);
    }

    #[test]
    fn a_class_of_which_no_image_is_left_is_still_there() {
        let kept = baseline(evaluated("fp32", 300, |_| true));
        let mut rest = evaluated("int8", 300, |_| true);
        let rows: Vec<(String, u32)> =
            (0..300).filter(|place| place % 3 != 2).map(|place| (place.to_string(), place % 3)).collect();
        let rows: Vec<(&str, u32, &[f32])> =
            rows.iter().map(|(id, label)| (id.as_str(), *label, &[1.0f32, 0.0, 0.0][..])).collect();
        rest.predictions = Some(predictions(3, &rows));
        let case = Case::against(&kept, &rest).unwrap();
        assert_eq!((case.classes.len(), case.classes[2].change.images()), (3, 0));
    }

    /// Sixty images of one class, all right, and what a column says of each.
    fn in_slices(value: impl Fn(usize) -> [&'static str; 1]) -> Run {
        let ids: Vec<String> = (0..60).map(|place| place.to_string()).collect();
        let values: Vec<[&str; 1]> = (0..60).map(value).collect();
        let rows: Vec<(&str, u32, &[f32], &[&str])> = ids
            .iter()
            .zip(&values)
            .map(|(id, value)| (id.as_str(), 0, &[1.0f32, 0.0][..], &value[..]))
            .collect();
        let mut run = run("any");
        run.predictions = Some(sliced(2, &["source"], &rows));
        run
    }

    #[test]
    fn a_column_that_says_something_else_of_the_images_is_not_compared() {
        let kept = baseline(in_slices(|place| [["phone"], ["web"]][place % 2]));
        let otherwise = in_slices(|place| [["phone"], ["web"]][usize::from(place < 20)]);
        let case = Case::against(&kept, &otherwise).unwrap();
        assert_eq!((case.slices.len(), case.unsliced), (0, vec!["source".to_owned()]));
        let mut none = in_slices(|_| ["phone"]);
        none.predictions = Some(predictions(2, &[("0", 0, &[1.0, 0.0])]));
        assert_eq!(Case::against(&kept, &none).unwrap().unsliced, ["source"]);
    }

    #[test]
    fn slices_are_paired_by_what_the_candidate_says_of_the_images() {
        let run = |right: fn(usize) -> bool| {
            let mut run = run("any");
            let ids: Vec<String> = (0..60).map(|place| place.to_string()).collect();
            let value = |place: usize| [["phone"], ["web"]][place % 2];
            let scores = |place| if right(place) { [1.0f32, 0.0] } else { [0.0, 1.0] };
            let rows: Vec<_> =
                (0..60).map(|place| (ids[place].as_str(), 0, scores(place), value(place))).collect();
            let rows: Vec<(&str, u32, &[f32], &[&str])> = rows
                .iter()
                .map(|(id, label, scores, value)| (*id, *label, &scores[..], &value[..]))
                .collect();
            run.predictions = Some(sliced(2, &["source"], &rows));
            run
        };
        let case = Case::against(&baseline(run(|_| true)), &run(|place| place % 4 != 1)).unwrap();
        let web = case.slices.iter().find(|group| group.name == "source=web").unwrap();
        assert_eq!(web.change, ShareChange::Paired(Discordant { lost: 15, won: 0, images: 30 }));
    }
}
