//! Any other metric of images: not worse by more than a margin, its interval as the report has it.

use super::case::{Case, MetricChange};
use super::policy::{MetricRule, Rules};
use super::{Finding, Ground, Outcome, Scale};
use crate::metric::{Better, Unit};
use crate::plan::RuleKind;

/// One finding for each metric that a rule names.
pub(super) fn judge(case: &Case, rules: &Rules) -> Vec<Finding> {
    rules.metrics.iter().map(|rule| held_to(case, rule)).collect()
}

fn held_to(case: &Case, rule: &MetricRule) -> Finding {
    let scale = if rule.spec.unit == Unit::Fraction { Scale::Points } else { Scale::Own };
    let finding = Finding::new(RuleKind::Metrics, rule.spec.id, case.scope.clone(), scale);
    match (case.metrics.get(rule.spec.id), &case.accuracy) {
        (Some(change), _) => decided(finding, change, rule, case.identical),
        (None, Err(unknown)) => finding.not_measured(&*unknown.why, &*unknown.missing),
        (None, Ok(_)) => finding.not_measured(
            "one side has no value of it",
            "see `bench report` for the reason; a baseline without predictions has values alone",
        ),
    }
}

/// Decided by the end of the interval that lies towards worse and by the one that lies towards better.
fn decided(mut finding: Finding, change: &MetricChange, rule: &MetricRule, identical: bool) -> Finding {
    let margin = rule.margin.of(change.baseline);
    let towards_worse = if rule.spec.better == Better::Lower { 1.0 } else { -1.0 };
    finding.limit = Some(towards_worse * margin);
    (finding.value, finding.images) = (Some(change.difference), Some(change.images));
    // One model may score otherwise in another version of its runtime, and predict the same classes.
    if identical && towards_worse * change.difference <= margin {
        return finding.with(Outcome::Pass, Ground::Identical);
    }
    let (low, high) = match &change.interval {
        Ok(ends) => *ends,
        Err(why) => return finding.with(Outcome::CannotTell, Ground::NoInterval { why: why.clone() }),
    };
    (finding.low, finding.high) = (Some(low), Some(high));
    let (least, most) = match rule.spec.better {
        Better::Lower => (low, high),
        _ => (-high, -low),
    };
    match (most <= margin, least > margin) {
        (true, _) => finding.with(Outcome::Pass, Ground::Decided),
        (false, true) => finding.with(Outcome::Fail, Ground::Decided),
        (false, false) => finding.with(Outcome::CannotTell, Ground::TooWide { needed: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::policy::MetricMargin;
    use crate::gate::{Policy, fixtures};
    use crate::metric;

    fn found(id: &'static str, difference: f64, half: f64, margin: MetricMargin) -> Finding {
        let mut case = fixtures::case();
        let interval = Ok((difference - half, difference + half));
        let change = MetricChange { baseline: 0.8, difference, interval, images: 1000 };
        case.metrics.insert(id.into(), change);
        let rule = MetricRule { spec: metric::spec(id).unwrap(), margin };
        judge(&case, &Rules { metrics: vec![rule], ..Policy::default().rules }).remove(0)
    }

    #[test]
    fn a_score_may_fall_and_a_loss_may_rise_by_the_margin() {
        let absolute = MetricMargin::Absolute(0.01);
        let outcome = |id, difference, half| found(id, difference, half, absolute).outcome;
        assert_eq!(outcome("macro_f1", -0.02, 0.005), Outcome::Fail);
        assert_eq!(outcome("macro_f1", -0.005, 0.004), Outcome::Pass);
        assert_eq!(outcome("macro_f1", 0.3, 0.2), Outcome::Pass);
        assert_eq!(outcome("macro_f1", -0.005, 0.01), Outcome::CannotTell);
        assert_eq!(outcome("log_loss", 0.02, 0.005), Outcome::Fail);
        assert_eq!(outcome("log_loss", -0.3, 0.1), Outcome::Pass);
    }

    #[test]
    fn a_margin_relative_to_the_baseline_uses_its_value() {
        let finding = found("macro_f1", -0.02, 0.001, MetricMargin::OfBaseline(0.97));
        assert!((finding.limit.unwrap() + 0.024).abs() < 1e-12);
        assert_eq!(finding.outcome, Outcome::Pass);
    }

    #[test]
    fn the_same_predictions_with_much_worse_probabilities_do_not_pass_for_the_same() {
        let judged = |difference: f64| {
            let mut case = Case { identical: true, ..fixtures::case() };
            let interval = Ok((difference - 0.001, difference + 0.001));
            let change = MetricChange { baseline: 0.3, difference, interval, images: 1000 };
            case.metrics.insert("log_loss".into(), change);
            let spec = metric::spec("log_loss").unwrap();
            let rule = MetricRule { spec, margin: MetricMargin::Absolute(0.01) };
            judge(&case, &Rules { metrics: vec![rule], ..Policy::default().rules }).remove(0)
        };
        assert_eq!(judged(0.0).ground, Ground::Identical);
        assert_eq!(judged(0.5).outcome, Outcome::Fail);
    }

    #[test]
    fn a_metric_that_one_side_lacks_cannot_be_told() {
        let rule = MetricRule { spec: metric::spec("top5").unwrap(), margin: MetricMargin::Absolute(0.01) };
        let rules = Rules { metrics: vec![rule], ..Policy::default().rules };
        assert_eq!(judge(&fixtures::case(), &rules)[0].outcome, Outcome::CannotTell);
    }
}
