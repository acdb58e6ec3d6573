//! A candidate for tests to spoil: nothing measured but its size.

use std::collections::BTreeMap;

use super::case::Unknown;
use super::{Case, Scope};
use crate::record::Outcome;

/// Of which nothing is known.
pub(crate) fn case() -> Case {
    Case {
        scope: Scope {
            runtime: "ort".into(),
            candidate: "ort · int8".into(),
            baseline: "ort · fp32".into(),
            class: None,
            slice: None,
        },
        variant: "int8".into(),
        run: Outcome::Completed,
        baseline_run: Outcome::Completed,
        identical: false,
        accuracy: Err(Unknown::unasked("neither was evaluated on images", "give --data")),
        baseline_accuracy: None,
        classes: Vec::new(),
        class_rates: BTreeMap::new(),
        slices: Vec::new(),
        unsliced: Vec::new(),
        metrics: BTreeMap::new(),
        flips: None,
        costs: BTreeMap::new(),
        bytes: (1000, 1000),
        remarks: Vec::new(),
    }
}
