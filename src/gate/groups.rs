//! Classes and slices: many small groups, of which none may lose much. A group fails where its loss is
//! beyond the margin by itself and beyond chance among all groups that are judged (Benjamini and Hochberg);
//! one that is too small to tell is told, and does the gate no harm unless it is strict.

use std::collections::BTreeSet;

use super::case::{Case, GroupChange, Unknown};
use super::flips::without_predictions;
use super::policy::{GroupRule, Rules};
use super::share::ShareChange;
use super::{Finding, Ground, Outcome, Scale, Scope};
use crate::compare::CHANGED;
use crate::plan::{ClassMetric, RuleKind};
use crate::stats;

/// One finding for each class that the rule holds for.
pub(super) fn classes(case: &Case, rules: &Rules) -> Vec<Finding> {
    let Some(rule) = &rules.classes else { return Vec::new() };
    let new = |class: Option<&str>| {
        let scope = Scope { class: class.map(str::to_owned), ..case.scope.clone() };
        Finding::new(RuleKind::Classes, rule.metric.id(), scope, Scale::Points)
    };
    if let Some(unknown) = unevaluated(case, rules, RuleKind::Classes) {
        return vec![new(None).not_measured(&*unknown.why, &*unknown.missing)];
    }
    let groups = match rule.metric {
        ClassMetric::Recall => &case.classes,
        ClassMetric::Precision | ClassMetric::F1 => match case.class_rates.get(rule.metric.id()) {
            Some(rates) => rates,
            None if case.accuracy.is_err() => return Vec::new(),
            None => return vec![without_predictions(new(None), case)],
        },
    };
    let chosen = |group: &&GroupChange| rule.each.only.as_ref().is_none_or(|only| only.contains(&group.name));
    let chosen: Vec<&GroupChange> = groups.iter().filter(chosen).collect();
    let found = held(&chosen, &rule.each, case.identical, |group| new(Some(group.name.as_str())));
    let named = rule.each.only.iter().flatten().chain(rule.each.margins.keys());
    let absent = named.filter(|name| !groups.iter().any(|group| group.name == **name));
    let told = |name: &String| {
        new(Some(name.as_str()))
            .not_measured("no image of this class was evaluated", "name a class of the data set")
    };
    found.into_iter().chain(once_each(absent, case).into_iter().map(told)).collect()
}

/// One finding for each slice that the rule holds for.
pub(super) fn slices(case: &Case, rules: &Rules) -> Vec<Finding> {
    let Some(rule) = &rules.slices else { return Vec::new() };
    let new = |slice: Option<&str>| {
        let scope = Scope { slice: slice.map(str::to_owned), ..case.scope.clone() };
        Finding::new(RuleKind::Slices, "accuracy", scope, Scale::Points)
    };
    if let Some(unknown) = unevaluated(case, rules, RuleKind::Slices) {
        return vec![new(None).not_measured(&*unknown.why, &*unknown.missing)];
    }
    let is_of = |group: &GroupChange, column: &String| group.column.as_ref() == Some(column);
    let holds_for = |column: &String| rule.only.as_ref().is_none_or(|only| only.contains(column));
    let chosen: Vec<&GroupChange> =
        case.slices.iter().filter(|group| group.column.as_ref().is_some_and(holds_for)).collect();
    let found = held(&chosen, rule, case.identical, |group| new(Some(group.name.as_str())));
    let apart = case.unsliced.iter().filter(|column| holds_for(column));
    let lacking = rule.only.iter().flatten();
    let lacking = lacking.filter(|column| !case.slices.iter().any(|group| is_of(group, column)));
    let values = rule.margins.keys().filter(|name| !case.slices.iter().any(|group| group.name == **name));
    let told = |name: &String| match case.unsliced.contains(name) {
        true => new(Some(name.as_str())).not_measured(
            "this column of the baseline says nothing, or something else, of the candidate's images",
            "evaluate both with the same column (--slice COLUMN)",
        ),
        false => new(Some(name.as_str())).not_measured(
            "no image of this slice was evaluated",
            "name a column of the data (--slice COLUMN)",
        ),
    };
    let told = once_each(apart.chain(lacking).chain(values), case).into_iter().map(told);
    found.into_iter().chain(told).collect()
}

/// Why a rule that was asked for finds no evaluation, where no rule of accuracy says so.
fn unevaluated<'a>(case: &'a Case, rules: &Rules, kind: RuleKind) -> Option<&'a Unknown> {
    let unknown = case.accuracy.as_ref().err()?;
    (rules.accuracy.is_none() && rules.asked.contains(&kind)).then_some(unknown)
}

/// What a rule names and the data lacks, each once: a typing error, or another data set. Nothing where
/// there was no evaluation, which is said elsewhere.
fn once_each<'a>(names: impl Iterator<Item = &'a String>, case: &Case) -> BTreeSet<&'a String> {
    names.filter(|_| case.accuracy.is_ok()).collect()
}

/// All groups that are judged: their tests share one correction.
fn held(
    groups: &[&GroupChange],
    rule: &GroupRule,
    identical: bool,
    new: impl Fn(&GroupChange) -> Finding,
) -> Vec<Finding> {
    let is_large = |group: &GroupChange| group.change.images() >= rule.at_least;
    let judged = groups.iter().filter(|group| is_large(group)).count() as f64;
    let p: Vec<Option<f64>> =
        groups.iter().map(|group| group.change.p().filter(|_| is_large(group))).collect();
    let held = |(group, p): (&&GroupChange, Option<f64>)| {
        let (finding, change) = (new(group), &group.change);
        let margin = rule.margins.get(&group.name).copied().unwrap_or(rule.margin);
        let finding = Finding {
            value: change.difference(),
            low: change.lower(),
            high: change.upper(),
            limit: Some(-margin),
            images: Some(change.images()),
            paired: change.is_paired(),
            ..finding
        };
        let (outcome, ground) = match (identical, is_large(group)) {
            (true, _) => (Outcome::Pass, Ground::Identical),
            (false, false) => {
                let (images, least) = (change.images(), rule.at_least);
                (Outcome::CannotTell, Ground::TooFew { images, least })
            }
            (false, true) => among_all(change, margin, p, judged),
        };
        finding.with(outcome, ground)
    };
    groups.iter().zip(corrected(&p)).map(held).collect()
}

/// Every p corrected for their number.
fn corrected(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let tested: Vec<f64> = p.iter().flatten().copied().collect();
    let mut adjusted = stats::benjamini_hochberg(&tested).into_iter();
    p.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// What a group comes to among all that are `judged`; `p` is corrected for those that have a test.
fn among_all(change: &ShareChange, margin: f64, p: Option<f64>, judged: f64) -> (Outcome, Ground) {
    let changed = p.filter(|p| *p < CHANGED);
    let beyond = change.difference().is_some_and(|difference| difference < -margin);
    match (change.held_to(margin), changed) {
        ((Outcome::Fail, _), None) => {
            let expected = change.chance_of_loss().unwrap_or(1.0) * judged;
            (Outcome::CannotTell, Ground::NotBeyondChance { p, expected })
        }
        ((outcome, Ground::TooWide { needed }), Some(p)) if beyond => {
            (outcome, Ground::SurelyWorse { p, needed })
        }
        (by_itself, _) => by_itself,
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    use super::*;
    use crate::gate::{Needed, Policy, fixtures};
    use crate::metric::paired::Discordant;

    fn group(name: &str, lost: u64, images: u64) -> GroupChange {
        let change = ShareChange::Paired(Discordant { lost, won: 0, images });
        GroupChange { name: name.into(), column: None, change }
    }

    /// So many groups of which half changed sides this way, half that way.
    fn others(count: usize) -> Vec<GroupChange> {
        let change = ShareChange::Paired(Discordant { lost: 6, won: 6, images: 1000 });
        (0..count).map(|at| GroupChange { name: format!("other {at}"), column: None, change }).collect()
    }

    fn with(one: GroupChange, others: Vec<GroupChange>) -> Vec<GroupChange> {
        [vec![one], others].concat()
    }

    fn found(groups: Vec<GroupChange>, change: impl Fn(&mut GroupRule)) -> Vec<Finding> {
        let mut case = fixtures::case();
        case.accuracy = Ok(ShareChange::Paired(Discordant { lost: 0, won: 0, images: 1000 }));
        case.classes = groups;
        let mut rules = Policy::default().rules;
        change(&mut rules.classes.as_mut().unwrap().each);
        classes(&case, &rules)
    }

    fn first(groups: Vec<GroupChange>) -> Finding {
        found(groups, |_| {}).remove(0)
    }

    #[test]
    fn a_class_fails_when_its_loss_is_beyond_the_margin_and_beyond_chance() {
        assert_eq!(first(vec![group("coat", 180, 1000)]).outcome, Outcome::Fail);
        assert_eq!(first(vec![group("coat", 20, 1000)]).outcome, Outcome::Pass, "within the margin");
        assert_eq!(first(vec![group("coat", 9, 50)]).outcome, Outcome::CannotTell, "too few to test");
        // 13 lost and 2 won have p = 0.0042: enough for one class, not for a hundred.
        let change = ShareChange::Paired(Discordant { lost: 13, won: 2, images: 100 });
        let coat = GroupChange { change, ..group("coat", 0, 0) };
        assert_eq!(first(vec![coat.clone()]).outcome, Outcome::Fail);
        let among = first(with(coat.clone(), others(99)));
        assert!(matches!(among.ground, Ground::NotBeyondChance { p: Some(p), .. } if p > 0.4));
        let alone = found(with(coat, others(99)), |rule| rule.only = Some(vec!["coat".into()]));
        assert_eq!(alone[0].outcome, Outcome::Fail, "who names one class asks one question");
    }

    #[test]
    fn a_small_class_is_told_and_harmless_and_a_suspicious_one_is_not() {
        let small = first(vec![group("coat", 2, 40)]);
        assert!(small.outcome == Outcome::CannotTell && small.is_quiet());
        let fewer = first(vec![group("coat", 12, 12)]);
        assert_eq!(fewer.ground, Ground::TooFew { images: 12, least: 20 });
        let suspicious = first(with(group("coat", 9, 50), others(9)));
        assert!(!suspicious.is_quiet(), "{suspicious:?}");
        let by_chance = first(with(group("coat", 9, 50), others(999)));
        assert!(by_chance.is_quiet(), "of a thousand classes one loses so much by chance: {by_chance:?}");
    }

    #[test]
    fn a_large_class_that_is_surely_worse_is_no_small_one() {
        let worse = first(vec![group("coat", 55, 1000)]);
        assert_eq!((worse.outcome, worse.is_quiet()), (Outcome::CannotTell, false));
        let Ground::SurelyWorse { p, needed: Some(Needed::Images(images)) } = worse.ground else {
            panic!("{:?}", worse.ground)
        };
        assert!(p < 1e-9 && images > 1000);
        assert!(first(vec![group("coat", 45, 1000)]).is_quiet(), "within the margin as far as it was seen");
    }

    /// An eighth of the images of a thousand classes of fifty changes sides, as often this way as that.
    #[test]
    fn of_a_thousand_classes_that_lost_nothing_some_are_beyond_the_margin_and_hardly_any_gate_stops() {
        let mut random = Pcg64::seed_from_u64(3);
        let mut class = |name: usize| {
            let mut counts = Discordant { lost: 0, won: 0, images: 50 };
            for _ in 0..counts.images {
                match random.random::<f64>() {
                    drawn if drawn < 1.0 / 16.0 => counts.lost += 1,
                    drawn if drawn < 1.0 / 8.0 => counts.won += 1,
                    _ => {}
                }
            }
            GroupChange { name: name.to_string(), column: None, change: ShareChange::Paired(counts) }
        };
        let (mut beyond, mut stopped) = (0, 0);
        for _ in 0..20 {
            let found = found((0..1000).map(&mut class).collect(), |_| {});
            let alone = |it: &Finding| matches!(it.ground, Ground::NotBeyondChance { .. });
            beyond += u32::from(found.iter().any(alone));
            stopped += u32::from(found.iter().any(|it| it.outcome != Outcome::Pass && !it.is_quiet()));
        }
        assert!(beyond >= 18 && stopped <= 4, "{beyond} {stopped}");
    }

    #[test]
    fn single_classes_have_margins_of_their_own_and_others_can_be_left_out() {
        let groups = || vec![group("coat", 80, 1000), group("bag", 80, 1000)];
        let own = found(groups(), |rule| rule.margins = [("coat".to_owned(), 0.12)].into());
        assert_eq!((own[0].outcome, own[1].outcome), (Outcome::Pass, Outcome::Fail));
        let only = found(groups(), |rule| rule.only = Some(vec!["bag".into(), "hat".into()]));
        let names: Vec<_> = only.iter().filter_map(|finding| finding.scope.class.as_deref()).collect();
        assert_eq!((names, only[1].outcome), (vec!["bag", "hat"], Outcome::CannotTell));
    }

    #[test]
    fn precision_or_f1_is_held_where_the_rule_says_so_and_predictions_are_there() {
        let change = |difference: f64| ShareChange::Resampled {
            difference: Some(difference),
            ends: Some((difference - 0.02, difference + 0.02)),
            images: 500,
        };
        let rate = |name: &str, difference| GroupChange {
            name: name.into(),
            column: None,
            change: change(difference),
        };
        let mut case = fixtures::case();
        case.accuracy = Ok(ShareChange::Paired(Discordant { lost: 0, won: 0, images: 1000 }));
        case.classes = vec![group("coat", 0, 500), group("bag", 0, 500)];
        let mut rules = Policy::default().rules;
        rules.classes.as_mut().unwrap().metric = ClassMetric::F1;
        let told = classes(&case, &rules);
        let Ground::NotMeasured { why, .. } = &told[0].ground else { panic!("{told:?}") };
        assert_eq!((told.len(), why.as_str()), (1, "the baseline keeps no predictions"));

        case.class_rates.insert("macro_f1", vec![rate("coat", -0.18), rate("bag", 0.01)]);
        let told = classes(&case, &rules);
        let outcomes: Vec<_> = told.iter().map(|it| (it.metric.as_str(), it.outcome)).collect();
        assert_eq!(outcomes, [("macro_f1", Outcome::Fail), ("macro_f1", Outcome::Pass)]);
    }

    #[test]
    fn slices_are_held_by_column_and_value() {
        let mut case = fixtures::case();
        let slice = |column: &str, value: &str, lost| GroupChange {
            column: Some(column.into()),
            ..group(&format!("{column}={value}"), lost, 1000)
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

    #[test]
    fn a_column_that_only_the_baseline_has_is_told() {
        let mut case = fixtures::case();
        case.accuracy = Ok(ShareChange::Paired(Discordant { lost: 0, won: 0, images: 1000 }));
        case.unsliced = vec!["source".into()];
        let rules = Policy::default().rules;
        let found = slices(&case, &rules);
        assert_eq!((found.len(), found[0].scope.slice.as_deref()), (1, Some("source")));
        let Ground::NotMeasured { why, .. } = &found[0].ground else { panic!() };
        assert!(why.contains("of the baseline"), "{why}");
    }
}
