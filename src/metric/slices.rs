//! Accuracy on the images about which a column of the data set says the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classification::wilson;
use super::{Interval, ScoredRun, Scoring};
use crate::record::SliceColumn;

/// Accuracy of one run on one slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SliceReading {
    /// The column.
    pub column: String,
    /// What it says about these images; empty where it says nothing.
    pub value: String,
    /// Images of the slice.
    pub images: u64,
    /// Those of them that were predicted right.
    pub right: u64,
    /// `right` / `images`.
    pub accuracy: f64,
    /// How sure it is.
    pub interval: Option<Interval>,
}

/// Every slice of every column, in the order in which the values first occur; none where the run was
/// not evaluated.
pub fn slices(run: &ScoredRun<'_>) -> Vec<SliceReading> {
    let (Some(scoring), Some(predictions)) = (&run.scoring, &run.run.predictions) else { return Vec::new() };
    predictions.slices().iter().flat_map(|column| of_column(column, scoring)).collect()
}

fn of_column(column: &SliceColumn, scoring: &Scoring) -> Vec<SliceReading> {
    let mut counts = vec![(0, 0); column.values().len()];
    for (&code, image) in column.codes().iter().zip(scoring.images()) {
        let (images, right) = &mut counts[code as usize];
        *images += 1;
        *right += u64::from(image.is_correct());
    }
    let reading = |(value, (images, right)): (&String, (u64, u64))| SliceReading {
        column: column.name().to_owned(),
        value: value.clone(),
        images,
        right,
        accuracy: right as f64 / images as f64,
        interval: wilson(right, images),
    };
    // A word is only known from a row, so that no slice is empty.
    column.values().iter().zip(counts).map(reading).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{run, sliced};

    #[test]
    fn each_value_of_each_column_has_its_accuracy() {
        let rows: [(&str, u32, &[f32], &[&str]); 4] = [
            ("a", 0, &[1.0, 0.0], &["web", "day"]),
            ("b", 0, &[0.0, 1.0], &["phone", "day"]),
            ("c", 1, &[0.0, 1.0], &["web", "day"]),
            ("d", 1, &[1.0, 0.0], &["web", ""]),
        ];
        let mut run = run("int8");
        run.predictions = Some(sliced(2, &["source", "light"], &rows));
        let found = slices(&ScoredRun::of(&run).unwrap());
        let told: Vec<(&str, &str, u64, u64)> =
            found.iter().map(|it| (it.column.as_str(), it.value.as_str(), it.right, it.images)).collect();
        assert_eq!(
            told,
            [("source", "web", 2, 3), ("source", "phone", 0, 1), ("light", "day", 2, 3), ("light", "", 0, 1)]
        );
        // Wilson's interval of 2 in 3, from statsmodels.
        let interval = found[0].interval.unwrap();
        assert!(
            (interval.low - 0.207_660).abs() < 1e-6 && (interval.high - 0.938_508).abs() < 1e-6,
            "{interval:?}"
        );
    }

    #[test]
    fn a_run_without_columns_has_no_slice() {
        assert_eq!(slices(&ScoredRun::of(&run("fp32")).unwrap()), []);
    }
}
