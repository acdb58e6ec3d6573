//! What `bench gate` says of a measured ratio by its default policy.

use onnx_bench::gate::{Case, CostChange, Effect, Policy, Scope, Unknown, judge_cases};
use onnx_bench::plan::RuleKind;
use onnx_bench::record::Outcome;

use super::SpeedUp;

/// Whether the first measurement passes at once: not even to be repeated, as one that fails or is not
/// clear would be.
pub fn passes(speed_up: &SpeedUp, floor: f64) -> bool {
    let judgement = judge_cases(&[case(speed_up, floor)], &Policy::default().latency_alone());
    !judgement.findings.is_empty() && judgement.effect() == Effect::None
}

/// A candidate of which nothing but the latency is known.
fn case(speed_up: &SpeedUp, floor: f64) -> Case {
    let growth = |ratio: f64| 1.0 / ratio - 1.0;
    let ends = (growth(speed_up.high), growth(speed_up.low));
    let latency = CostChange { growth: growth(speed_up.ratio), interval: Ok(ends), floor, fixed: false };
    Case {
        scope: Scope::default(),
        run: Outcome::Completed,
        identical: false,
        accuracy: Err(Unknown { why: String::new(), missing: String::new(), unasked: true }),
        baseline_accuracy: None,
        classes: Vec::new(),
        slices: Vec::new(),
        metrics: Default::default(),
        flips: None,
        costs: [(RuleKind::Latency, Ok(latency))].into(),
        bytes: (1, 1),
    }
}
