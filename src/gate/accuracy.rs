//! Accuracy: non-inferiority with a margin.

use super::case::Case;
use super::policy::{AccuracyRule, Rules};
use super::{Finding, Ground, Outcome, Scale};
use crate::compare::Margin;
use crate::plan::RuleKind;

/// The finding, where the rule holds.
pub(super) fn judge(case: &Case, rules: &Rules) -> Option<Finding> {
    let rule = rules.accuracy?;
    let mut finding = Finding::new(RuleKind::Accuracy, "accuracy", case.scope.clone(), Scale::Points);
    let change = match &case.accuracy {
        Ok(change) => change,
        Err(unknown) => return Some(finding.not_measured(&*unknown.why, &*unknown.missing)),
    };
    finding.images = Some(change.images());
    finding.paired = change.is_paired();
    (finding.value, finding.low, finding.high) = (change.difference(), change.lower(), change.upper());
    let Some(margin) = margin(rule, case.baseline_accuracy) else {
        return Some(finding.not_measured("the baseline's accuracy is not known", "evaluate it on images"));
    };
    finding.limit = Some(-margin);
    let (outcome, ground) = match case.identical {
        true => (Outcome::Pass, Ground::Identical),
        false => change.held_to(margin),
    };
    Some(finding.with(outcome, ground))
}

/// The margin as a share of all images; some forms need the baseline's accuracy.
fn margin(rule: AccuracyRule, baseline: Option<f64>) -> Option<f64> {
    match (rule.margin, baseline) {
        (Margin::Points(points), _) => Some(points),
        (margin, Some(accuracy)) => Some(margin.in_shares(accuracy)),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Policy, fixtures, share::ShareChange};
    use crate::metric::paired::Discordant;

    fn found(lost: u64, won: u64, margin: Margin) -> Finding {
        let mut case = fixtures::case();
        case.accuracy = Ok(ShareChange::Paired(Discordant { lost, won, images: 10_000 }));
        case.baseline_accuracy = Some(0.9);
        let rules = Rules { accuracy: Some(AccuracyRule { margin }), ..Policy::default().rules };
        judge(&case, &rules).unwrap()
    }

    #[test]
    fn each_form_of_the_margin_decides() {
        assert_eq!(found(100, 20, Margin::Points(0.005)).outcome, Outcome::Fail);
        assert_eq!(found(100, 20, Margin::Points(0.02)).outcome, Outcome::Pass);
        let of_baseline = found(100, 20, Margin::OfBaseline(0.98));
        assert!((of_baseline.limit.unwrap() + 0.018).abs() < 1e-12);
        assert_eq!(of_baseline.outcome, Outcome::Pass);
        assert_eq!(found(200, 20, Margin::Errors(1.1)).outcome, Outcome::Fail);
    }

    #[test]
    fn the_same_model_with_the_same_answers_passes_on_few_images_too() {
        let mut case = fixtures::case();
        case.accuracy = Ok(ShareChange::Paired(Discordant { lost: 0, won: 0, images: 5 }));
        let rules = Policy::default().rules;
        assert_eq!(judge(&case, &rules).unwrap().outcome, Outcome::CannotTell);
        case.identical = true;
        assert_eq!(judge(&case, &rules).unwrap().ground, Ground::Identical);
    }
}
