//! Agreement and flips: two models of one accuracy may differ on many images.

use super::case::{Case, FlipCounts};
use super::policy::Rules;
use super::{Finding, Ground, Outcome, Scale};
use crate::metric::LEVEL;
use crate::plan::RuleKind;
use crate::stats;

/// What is said of agreement, where a rule holds, and of flips, which are reported in any case.
pub(super) fn judge(case: &Case, rules: &Rules) -> Vec<Finding> {
    agreement(case, rules).into_iter().chain(flips(case, rules)).collect()
}

fn agreement(case: &Case, rules: &Rules) -> Option<Finding> {
    let least = rules.agreement?;
    let mut finding = Finding::new(RuleKind::Agreement, "agreement", case.scope.clone(), Scale::Share);
    finding.limit = Some(least);
    let same = case.flips.and_then(|flips| Some((flips.images.checked_sub(flips.any()?)?, flips.images)));
    let Some((same, images)) = same else { return Some(without_predictions(finding, case)) };
    Some(share(finding, same, images, case.identical, |low, high| (low >= least, high < least)))
}

fn flips(case: &Case, rules: &Rules) -> Vec<Finding> {
    let Some(rule) = rules.flips else { return Vec::new() };
    let new = |id: &str| Finding::new(RuleKind::Flips, id, case.scope.clone(), Scale::Share);
    let limited = rule.right_to_wrong.is_some() || rule.any.is_some();
    let Some(flips) = case.flips else {
        return if limited {
            vec![without_predictions(new("flips_right_to_wrong"), case)]
        } else {
            Vec::new()
        };
    };
    let lost =
        at_most(new("flips_right_to_wrong"), Some(flips.lost), flips.images, rule.right_to_wrong, case);
    let won = at_most(new("flips_wrong_to_right"), Some(flips.won), flips.images, None, case);
    let any = rule.any.map(|most| at_most(new("flips"), flips.any(), flips.images, Some(most), case));
    [lost, won].into_iter().chain(any).collect()
}

impl FlipCounts {
    /// Images with another prediction; none where only right and wrong are known.
    fn any(&self) -> Option<u64> {
        Some(self.lost + self.won + self.other?)
    }
}

fn at_most(mut finding: Finding, count: Option<u64>, images: u64, most: Option<f64>, case: &Case) -> Finding {
    finding.limit = most;
    let Some(count) = count else { return without_predictions(finding, case) };
    match most {
        Some(most) => share(finding, count, images, case.identical, |low, high| (high <= most, low > most)),
        None => {
            (finding.value, finding.images) =
                ((images > 0).then(|| count as f64 / images as f64), Some(images));
            finding.with(Outcome::Pass, Ground::Reported)
        }
    }
}

/// A share with Wilson's interval; `decide` says of its ends whether it surely holds and surely fails.
fn share(
    mut finding: Finding,
    hits: u64,
    images: u64,
    identical: bool,
    decide: impl Fn(f64, f64) -> (bool, bool),
) -> Finding {
    finding.images = Some(images);
    let Some(ends) = stats::wilson(hits, images, LEVEL) else {
        return finding.not_measured("no image was evaluated by both", "images (--data)");
    };
    finding.value = Some(hits as f64 / images as f64);
    (finding.low, finding.high) = (Some(ends.low), Some(ends.high));
    match (identical, decide(ends.low, ends.high)) {
        (true, _) => finding.with(Outcome::Pass, Ground::Identical),
        (false, (true, _)) => finding.with(Outcome::Pass, Ground::Decided),
        (false, (_, true)) => finding.with(Outcome::Fail, Ground::Decided),
        (false, _) => finding.with(Outcome::CannotTell, Ground::TooWide { needed: None }),
    }
}

/// What needs predictions, of which the baseline keeps none.
pub(super) fn without_predictions(finding: Finding, case: &Case) -> Finding {
    match &case.accuracy {
        Err(unknown) => finding.not_measured(&*unknown.why, &*unknown.missing),
        Ok(_) => finding.not_measured(
            "the baseline keeps no predictions",
            "save it again: bench baseline save RECORD -o FILE --with-predictions",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::policy::FlipRule;
    use crate::gate::{Policy, fixtures};

    fn found(flips: Option<FlipCounts>, agreement: Option<f64>, rule: FlipRule) -> Vec<Finding> {
        let case = Case { flips, ..fixtures::case() };
        judge(&case, &Rules { agreement, flips: Some(rule), ..Policy::default().rules })
    }

    const FLIPS: FlipCounts = FlipCounts { lost: 500, won: 500, other: Some(100), images: 10_000 };

    #[test]
    fn flips_are_reported_without_a_limit_and_held_to_one() {
        let reported = found(Some(FLIPS), None, FlipRule::default());
        assert!(reported.len() == 2 && reported.iter().all(|it| it.ground == Ground::Reported));
        assert_eq!((reported[0].value, reported[1].value), (Some(0.05), Some(0.05)));
        let rule = |most| FlipRule { right_to_wrong: Some(most), any: Some(most) };
        let outcomes = |rule| found(Some(FLIPS), None, rule).iter().map(|it| it.outcome).collect::<Vec<_>>();
        assert_eq!(outcomes(rule(0.08)), [Outcome::Pass, Outcome::Pass, Outcome::Fail]);
        assert_eq!(outcomes(rule(0.05))[0], Outcome::CannotTell);
    }

    #[test]
    fn agreement_is_what_is_left_of_the_flips() {
        let of = |least| found(Some(FLIPS), Some(least), FlipRule::default())[0].clone();
        assert!((of(0.85).value.unwrap() - 0.89).abs() < 1e-12);
        assert_eq!([of(0.85).outcome, of(0.95).outcome], [Outcome::Pass, Outcome::Fail]);
    }

    #[test]
    fn a_baseline_without_predictions_cannot_tell_of_agreement() {
        let known = FlipCounts { other: None, ..FLIPS };
        let told = found(Some(known), Some(0.9), FlipRule::default());
        assert_eq!((told[0].outcome, told[1].outcome), (Outcome::CannotTell, Outcome::Pass));
        assert!(found(None, None, FlipRule::default()).is_empty());
    }
}
