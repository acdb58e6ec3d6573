//! Accuracy on each slice of the images, tested slice by slice.

use super::classes;
use super::judge::JudgedClass;
use super::shares::Discordant;
use crate::metric::{ScoredPair, Scoring};
use crate::record::{Predictions, SliceColumn};

/// How sure the difference on one slice is.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedSlice {
    /// The column.
    pub column: String,
    /// What it says about these images.
    pub value: String,
    /// candidate − baseline.
    pub absolute: f64,
    /// Interval and test, corrected for the number of slices tested.
    pub judged: JudgedClass,
}

/// All slices of a pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgedSlices {
    /// Those of the columns that both have, in the baseline's order.
    pub slices: Vec<JudgedSlice>,
    /// Columns that do not say the same about every image, each with the first such image.
    pub parted: Vec<(String, String)>,
}

/// Judges the slices of two runs on the images that both evaluated. The tests of all slices of all
/// columns share one Benjamini–Hochberg correction.
pub fn judge_slices(pair: &ScoredPair<'_>, level: f64) -> JudgedSlices {
    let mut judged = JudgedSlices::default();
    let Some(sides) = Sides::of(pair) else { return judged };
    let (mut names, mut counts) = (Vec::new(), Vec::new());
    for column in sides.one.slices() {
        let Some(other) = sides.two.slices().iter().find(|other| other.name() == column.name()) else {
            continue;
        };
        match sides.counts(column, other) {
            Ok(found) => {
                let occur = column.values().iter().zip(found).filter(|(_, count)| count.images > 0);
                let named = occur.map(|(value, count)| ((column.name().to_owned(), value.clone()), count));
                let (its_names, its_counts): (Vec<_>, Vec<_>) = named.unzip();
                names.extend(its_names);
                counts.extend(its_counts);
            }
            Err(image) => judged.parted.push((column.name().to_owned(), image)),
        }
    }
    let differences: Vec<f64> = counts.iter().map(difference).collect();
    let sure = classes::judge_shares(counts, level);
    let slices = names.into_iter().zip(differences).zip(sure);
    judged.slices = slices
        .map(|(((column, value), absolute), judged)| JudgedSlice { column, value, absolute, judged })
        .collect();
    judged
}

fn difference(count: &Discordant) -> f64 {
    (count.won as f64 - count.lost as f64) / count.images as f64
}

/// Both runs and the rows of the images that both evaluated.
struct Sides<'a> {
    one: &'a Predictions,
    two: &'a Predictions,
    scorings: (&'a Scoring, &'a Scoring),
    rows: &'a [(usize, usize)],
}

impl<'a> Sides<'a> {
    fn of(pair: &'a ScoredPair<'_>) -> Option<Self> {
        Some(Self {
            one: pair.baseline.run.predictions.as_ref()?,
            two: pair.candidate.run.predictions.as_ref()?,
            scorings: (pair.baseline.scoring.as_ref()?, pair.candidate.scoring.as_ref()?),
            rows: pair.images.as_deref()?,
        })
    }

    /// For each value of `column` the images that one side alone has right; the id of the first image
    /// about which the two columns do not say the same.
    fn counts(&self, column: &SliceColumn, other: &SliceColumn) -> Result<Vec<Discordant>, String> {
        let mut counts = vec![Discordant::default(); column.values().len()];
        let (baseline, candidate) = (self.scorings.0.images(), self.scorings.1.images());
        for &(row, other_row) in self.rows {
            if column.value(row) != other.value(other_row) {
                return Err(self.one.get(row).map(|row| row.id.to_owned()).unwrap_or_default());
            }
            counts[column.codes()[row] as usize]
                .add(baseline[row].is_correct(), candidate[other_row].is_correct());
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{run, sliced};
    use crate::metric::{ScoredRun, Timing};
    use crate::record::Run;
    use crate::stats;

    /// Images of two sources: `phone` and `web` in turn, forty of each.
    fn evaluated(right: impl Fn(usize) -> bool, source: impl Fn(usize) -> &'static str) -> Run {
        let ids: Vec<String> = (0..80).map(|index| index.to_string()).collect();
        let scores = |index| if right(index) { [1.0f32, 0.0] } else { [0.0, 1.0] };
        let rows: Vec<_> =
            (0..80).map(|index| (ids[index].as_str(), 0, scores(index), [source(index)])).collect();
        let rows: Vec<(&str, u32, &[f32], &[&str])> =
            rows.iter().map(|(id, label, scores, values)| (*id, *label, &scores[..], &values[..])).collect();
        let mut run = run("any");
        run.predictions = Some(sliced(2, &["source"], &rows));
        run
    }

    fn in_turn(index: usize) -> &'static str {
        ["phone", "web"][index % 2]
    }

    fn judged(one: &Run, two: &Run, images: Vec<(usize, usize)>) -> JudgedSlices {
        let (baseline, candidate) = (&ScoredRun::of(one).unwrap(), &ScoredRun::of(two).unwrap());
        judge_slices(
            &ScoredPair { baseline, candidate, images: Some(images), timing: Timing::Incomparable },
            0.95,
        )
    }

    fn all() -> Vec<(usize, usize)> {
        (0..80).map(|row| (row, row)).collect()
    }

    #[test]
    fn a_loss_on_one_slice_is_found_there_and_corrected_for_both() {
        // The candidate loses twelve phones and one web image, and wins ten web images.
        let one = evaluated(|index| index % 2 == 0 || index > 20, in_turn);
        let two = evaluated(|index| if index % 2 == 0 { index >= 24 } else { index != 23 }, in_turn);
        let found = judged(&one, &two, all());
        let [phone, web] = &found.slices[..] else { panic!("two slices: {found:?}") };
        assert_eq!((phone.value.as_str(), phone.absolute), ("phone", -12.0 / 40.0));
        assert_eq!((web.value.as_str(), web.absolute), ("web", 9.0 / 40.0));
        let tango = stats::tango(12, 0, 40, 0.95).unwrap();
        let interval = phone.judged.interval.unwrap();
        assert_eq!((interval.low, interval.high), (tango.low, tango.high));
        let p = [stats::mcnemar_mid_p(12, 0), stats::mcnemar_mid_p(1, 10)];
        let adjusted = stats::benjamini_hochberg(&p);
        let test = |slice: &JudgedSlice| slice.judged.test.unwrap().p_adjusted.unwrap();
        assert_eq!([test(phone), test(web)], [adjusted[0], adjusted[1]]);
    }

    #[test]
    fn a_slice_on_which_few_images_change_sides_is_not_tested() {
        let found = judged(&evaluated(|_| true, in_turn), &evaluated(|index| index > 4, in_turn), all());
        assert_eq!(found.slices[0].judged.test, None);
        assert!(found.slices[0].judged.untested.as_ref().unwrap().contains("3 images differ"));
        assert!(found.slices[0].judged.interval.is_some());
    }

    #[test]
    fn rows_in_another_order_are_the_same_images() {
        let one = evaluated(|_| true, in_turn);
        // The candidate's rows start one later, so that its column starts with the other word.
        let two = evaluated(|index| index % 2 == 1, |index| in_turn(index + 1));
        let shifted: Vec<_> = (0..79).map(|row| (row + 1, row)).collect();
        let found = judged(&one, &two, shifted);
        let told: Vec<_> = found.slices.iter().map(|it| (it.value.as_str(), it.absolute)).collect();
        assert_eq!((told, found.parted), (vec![("phone", 0.0), ("web", -1.0)], vec![]));
    }

    #[test]
    fn columns_that_say_something_else_are_not_compared() {
        let (one, two) = (evaluated(|_| true, in_turn), evaluated(|_| true, |index| in_turn(index / 3)));
        let found = judged(&one, &two, all());
        assert_eq!((found.slices, found.parted), (vec![], vec![("source".into(), "1".into())]));
    }
}
