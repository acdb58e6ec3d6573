//! What the default rule of `bench gate` says of a measured ratio.

use onnx_bench::gate::Policy;
use onnx_bench::plan::RuleKind;

use super::SpeedUp;

/// Whether the first measurement passes at once: the whole interval of the growth is within the limit,
/// so that it is not even repeated, as one that fails or is not clear would be.
pub fn passes(speed_up: &SpeedUp, floor: f64) -> bool {
    let policy = Policy::default();
    let rule = policy.rules.costs.iter().find(|rule| rule.kind == RuleKind::Latency);
    rule.is_some_and(|rule| 1.0 / speed_up.low - 1.0 <= rule.margin.max(rule.noise * floor))
}
