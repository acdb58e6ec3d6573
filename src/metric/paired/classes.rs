//! Recall of each class: shares of its own images, tested class by class.

use super::judge::JudgedClass;
use super::shares::Discordant;
use crate::metric::Scoring;
use crate::stats;

/// Classes with fewer images that one side alone has right are shown and not tested: with nine the
/// smallest p that a one-sided change can give is rarely left after correction, and every class
/// tested costs the others.
pub const TESTED: u64 = 10;

/// One a class. The tests of all classes share one Benjamini–Hochberg correction.
pub(super) fn judge(baseline: &Scoring, candidate: &Scoring, level: f64) -> Vec<JudgedClass> {
    let mut counts = vec![Discordant::default(); baseline.confusion().classes()];
    for (a, b) in baseline.images().iter().zip(candidate.images()) {
        counts[a.label as usize].add(a.is_correct(), b.is_correct());
    }
    judge_shares(counts, level)
}

/// One for each group of images; the tests of all groups share one correction.
pub(super) fn judge_shares(counts: Vec<Discordant>, level: f64) -> Vec<JudgedClass> {
    let mut groups: Vec<JudgedClass> = counts.into_iter().map(|count| judged(count, level)).collect();
    adjust(&mut groups);
    groups
}

fn judged(count: Discordant, level: f64) -> JudgedClass {
    let why = || format!("{} images differ, and a test needs {TESTED}", count.count());
    JudgedClass {
        interval: count.tango(level),
        test: (count.count() >= TESTED).then(|| count.mid_p()),
        discordant: (count.images > 0).then_some(count),
        rests_on: None,
        untested: (count.images > 0 && count.count() < TESTED).then(why),
        no_interval: None,
    }
}

fn adjust(classes: &mut [JudgedClass]) {
    let tests = || classes.iter().filter_map(|class| class.test);
    let adjusted = stats::benjamini_hochberg(&tests().map(|test| test.p).collect::<Vec<_>>());
    let tests = classes.iter_mut().filter_map(|class| class.test.as_mut());
    tests.zip(adjusted).for_each(|(test, p)| test.p_adjusted = Some(p));
}
