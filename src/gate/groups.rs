//! Classes and slices: many small groups, of which none may lose much. A group fails where its loss is
//! beyond the margin (one-sided 95 %) and beyond chance among all groups tested (Benjamini and Hochberg);
//! one that is too small to tell is told, and does the gate no harm unless it is strict.

use std::collections::BTreeSet;

use super::case::{Case, GroupChange};
use super::policy::{GroupRule, Rules};
use super::{Finding, Ground, Outcome, Scale, Scope};
use crate::compare::CHANGED;
use crate::plan::RuleKind;

/// One finding for each class that the rule holds for.
pub(super) fn classes(case: &Case, rules: &Rules) -> Vec<Finding> {
    let Some(rule) = &rules.classes else { return Vec::new() };
    let new = |name: &str| {
        let scope = Scope { class: Some(name.to_owned()), ..case.scope.clone() };
        Finding::new(RuleKind::Classes, "macro_recall", scope, Scale::Points)
    };
    let chosen = |group: &&GroupChange| rule.only.as_ref().is_none_or(|only| only.contains(&group.name));
    let found = case.classes.iter().filter(chosen).map(|group| held_to(new(&group.name), group, rule, case));
    let named = rule.only.iter().flatten().chain(rule.margins.keys());
    let absent = named.filter(|name| !case.classes.iter().any(|group| group.name == **name));
    let told = |name: &String| {
        new(name).not_measured("no image of this class was evaluated", "name a class of the data set")
    };
    found.chain(once_each(absent, case).into_iter().map(told)).collect()
}

/// One finding for each slice that the rule holds for.
pub(super) fn slices(case: &Case, rules: &Rules) -> Vec<Finding> {
    let Some(rule) = &rules.slices else { return Vec::new() };
    let new = |name: &str| {
        let scope = Scope { slice: Some(name.to_owned()), ..case.scope.clone() };
        Finding::new(RuleKind::Slices, "accuracy", scope, Scale::Points)
    };
    let is_of = |group: &GroupChange, column: &String| group.column.as_ref() == Some(column);
    let chosen = |group: &&GroupChange| {
        rule.only.as_ref().is_none_or(|only| only.iter().any(|column| is_of(group, column)))
    };
    let found = case.slices.iter().filter(chosen).map(|group| held_to(new(&group.name), group, rule, case));
    let columns = rule.only.iter().flatten();
    let lacking = columns.filter(|column| !case.slices.iter().any(|group| is_of(group, column)));
    let values = rule.margins.keys().filter(|name| !case.slices.iter().any(|group| group.name == **name));
    let told = |name: &String| {
        new(name).not_measured(
            "no image of this slice was evaluated",
            "name a column of the data (--slice COLUMN)",
        )
    };
    found.chain(once_each(lacking.chain(values), case).into_iter().map(told)).collect()
}

/// What a rule names and the data lacks, each once: a typing error, or another data set. Nothing where
/// there was no evaluation, which the rule of accuracy says.
fn once_each<'a>(names: impl Iterator<Item = &'a String>, case: &Case) -> BTreeSet<&'a String> {
    names.filter(|_| case.accuracy.is_ok()).collect()
}

fn held_to(mut finding: Finding, group: &GroupChange, rule: &GroupRule, case: &Case) -> Finding {
    let change = &group.change;
    let margin = rule.margins.get(&group.name).copied().unwrap_or(rule.margin);
    let images = change.images();
    (finding.value, finding.low, finding.high) = (change.difference(), change.lower(), change.upper());
    (finding.limit, finding.images, finding.paired) = (Some(-margin), Some(images), change.is_paired());
    if case.identical {
        return finding.with(Outcome::Pass, Ground::Identical);
    }
    if images < rule.at_least {
        return finding.with(Outcome::CannotTell, Ground::TooFew { images, least: rule.at_least });
    }
    match change.held_to(margin) {
        (Outcome::Fail, _) if group.p.is_none_or(|p| p >= CHANGED) => {
            finding.with(Outcome::CannotTell, Ground::NotBeyondChance { p: group.p })
        }
        (outcome, ground) => finding.with(outcome, ground),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::share::ShareChange;
    use crate::gate::{Policy, sample};
    use crate::metric::paired::Discordant;

    fn group(name: &str, lost: u64, images: u64, p: Option<f64>) -> GroupChange {
        let change = ShareChange::Paired(Discordant { lost, won: 0, images });
        GroupChange { name: name.into(), column: None, change, p }
    }

    fn found(groups: Vec<GroupChange>, change: impl Fn(&mut GroupRule)) -> Vec<Finding> {
        let mut case = sample::case();
        case.accuracy = Ok(ShareChange::Paired(Discordant { lost: 0, won: 0, images: 1000 }));
        case.classes = groups;
        let mut rules = Policy::default().rules;
        change(rules.classes.as_mut().unwrap());
        classes(&case, &rules)
    }

    fn outcome(groups: Vec<GroupChange>) -> Outcome {
        found(groups, |_| {})[0].outcome
    }

    #[test]
    fn a_class_fails_when_its_loss_is_beyond_the_margin_and_beyond_chance() {
        assert_eq!(outcome(vec![group("coat", 180, 1000, Some(1e-9))]), Outcome::Fail);
        assert_eq!(outcome(vec![group("coat", 180, 1000, Some(0.2))]), Outcome::CannotTell);
        assert_eq!(outcome(vec![group("coat", 9, 50, None)]), Outcome::CannotTell, "too few to test");
        assert_eq!(outcome(vec![group("coat", 20, 1000, Some(1e-4))]), Outcome::Pass, "within the margin");
    }

    #[test]
    fn a_small_class_is_told_and_harmless_and_a_suspicious_one_is_not() {
        let small = found(vec![group("coat", 2, 40, None)], |_| {}).remove(0);
        assert!(small.outcome == Outcome::CannotTell && small.is_quiet());
        let fewer = found(vec![group("coat", 12, 12, Some(0.01))], |_| {}).remove(0);
        assert_eq!(fewer.ground, Ground::TooFew { images: 12, least: 20 });
        let suspicious = found(vec![group("coat", 9, 50, None)], |_| {}).remove(0);
        assert!(!suspicious.is_quiet());
    }

    #[test]
    fn single_classes_have_margins_of_their_own_and_others_can_be_left_out() {
        let groups = || vec![group("coat", 80, 1000, Some(1e-9)), group("bag", 80, 1000, Some(1e-9))];
        let own = found(groups(), |rule| rule.margins = [("coat".to_owned(), 0.12)].into());
        assert_eq!((own[0].outcome, own[1].outcome), (Outcome::Pass, Outcome::Fail));
        let only = found(groups(), |rule| rule.only = Some(vec!["bag".into(), "hat".into()]));
        let names: Vec<_> = only.iter().filter_map(|finding| finding.scope.class.as_deref()).collect();
        assert_eq!((names, only[1].outcome), (vec!["bag", "hat"], Outcome::CannotTell));
    }

    #[test]
    fn slices_are_held_by_column_and_value() {
        let mut case = sample::case();
        let slice = |column: &str, value: &str, lost| GroupChange {
            column: Some(column.into()),
            ..group(&format!("{column}={value}"), lost, 1000, Some(1e-9))
        };
        case.slices = vec![slice("source", "scan", 180), slice("light", "night", 180)];
        let mut rules = Policy::default().rules;
        rules.slices.as_mut().unwrap().only = Some(vec!["source".into()]);
        let found = slices(&case, &rules);
        assert_eq!(found.len(), 1, "nothing was evaluated, so that no column is missed");
        assert_eq!((found[0].scope.slice.as_deref(), found[0].outcome), (Some("source=scan"), Outcome::Fail));

        case.accuracy = Ok(ShareChange::Paired(Discordant { lost: 0, won: 0, images: 1000 }));
        rules.slices.as_mut().unwrap().only = Some(vec!["sauce".into(), "light".into()]);
        let found = slices(&case, &rules);
        let told: Vec<_> = found.iter().map(|it| (it.scope.slice.as_deref().unwrap(), it.outcome)).collect();
        assert_eq!(told, [("light=night", Outcome::Fail), ("sauce", Outcome::CannotTell)]);
    }
}
