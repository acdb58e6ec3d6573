//! Bytes of the model: exact, so without an interval.

use super::case::Case;
use super::policy::Rules;
use super::{Finding, Ground, Outcome, Scale};
use crate::plan::RuleKind;

/// Growth that comes of rounding the division.
const ROUNDING: f64 = 1e-12;

/// The finding, where the rule holds.
pub(super) fn judge(case: &Case, rules: &Rules) -> Option<Finding> {
    let most = rules.size?;
    let mut finding = Finding::new(RuleKind::Size, "size", case.scope.clone(), Scale::Growth);
    let (before, now) = case.bytes;
    if before == 0 {
        return Some(finding.not_measured("the baseline's bytes are not known", "save the baseline again"));
    }
    let growth = now as f64 / before as f64 - 1.0;
    (finding.value, finding.limit) = (Some(growth), Some(most));
    let outcome = if growth > most + ROUNDING { Outcome::Fail } else { Outcome::Pass };
    Some(finding.with(outcome, Ground::Decided))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Policy, fixtures};

    #[test]
    fn a_model_may_grow_up_to_the_limit_and_shrink_at_will() {
        let outcome = |now| {
            judge(&Case { bytes: (1000, now), ..fixtures::case() }, &Policy::default().rules).unwrap().outcome
        };
        assert_eq!([10, 1000, 1050].map(outcome), [Outcome::Pass; 3]);
        assert_eq!(outcome(1051), Outcome::Fail);
    }
}
