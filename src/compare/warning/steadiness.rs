//! Whether the latency of each run held still.

use super::{Concerned, change, listing, percent, time_flag, warning};
use crate::compare::{Warning, WarningCode};
use crate::record::{Round, RunRecord};
use crate::stats::{self, Block};

pub(super) fn not_settled(record: &RunRecord) -> Option<Warning> {
    let warm_up = &record.evidence.latency.as_ref()?.warm_up;
    let seconds = warm_up.elapsed_ns as f64 / 1e9;
    let text = format!(
        "warm-up ended after {} runs ({seconds:.1} s) before block medians agreed; its latencies may drift; \
         run again on a quiet machine",
        warm_up.runs
    );
    (!warm_up.settled).then(|| warning(record, WarningCode::NotSettled, &text))
}

/// Largest coefficient of variation of the block medians of an undisturbed run.
const STEADY: f64 = 0.025;
/// Fewest degrees of freedom to judge that by.
const LEAST_DEGREES: usize = 4;

pub(super) fn unsteady(records: &[&RunRecord]) -> Option<Warning> {
    let concerned = concerned(records, |record| {
        let variation = variation(&blocks(record)).filter(|variation| *variation > STEADY)?;
        Some(percent(variation))
    });
    listing(WarningCode::Unsteady, &concerned, |named| {
        format!(
            "latency moved within one process by more than {}: {named} (coefficient of variation of the block \
             medians); close other programs and run again, or average longer with --time",
            percent(STEADY)
        )
    })
}

/// The coefficient of variation of the block medians within launches: the root of the sum of
/// (x / mean of its launch − 1)² over the degrees of freedom, blocks less launches. Launches differ
/// by where they lie in memory, which is no unrest.
fn variation(blocks: &[Block]) -> Option<f64> {
    let (mut squares, mut degrees) = (0.0, 0);
    for launch in blocks.chunk_by(|one, next| one.launch == next.launch) {
        let values: Vec<f64> = launch.iter().map(|block| block.value).collect();
        let mean = stats::mean(&values)?;
        squares += values.iter().map(|value| (value / mean - 1.0).powi(2)).sum::<f64>();
        degrees += values.len() - 1;
    }
    (degrees >= LEAST_DEGREES).then(|| (squares / degrees as f64).sqrt())
}

/// Change of a run's own latency from which it has drifted.
const DRIFTED: f64 = 0.05;

pub(super) fn drift(records: &[&RunRecord]) -> Option<Warning> {
    let concerned = concerned(records, |record| {
        let logs: Vec<f64> = blocks(record).iter().map(|block| block.value.ln()).collect();
        drifted(&logs, DRIFTED).map(change)
    });
    listing(WarningCode::Drift, &concerned, |named| {
        format!(
            "latency drifted from the first third of the rounds to the last: {named}; the machine heats up, slows \
             down or is shared: let it cool, close other programs, and run again"
        )
    })
}

/// Probability below which a trend is taken for one.
const TREND: f64 = 0.01;

/// The change from the median of the first third of these logarithms to that of the last, where
/// Spearman's test sees a trend and the change is larger than `least` either way.
pub(super) fn drifted(logs: &[f64], least: f64) -> Option<f64> {
    stats::trend(logs).filter(|trend| trend.p < TREND)?;
    let third = logs.len() / 3;
    let (first, last) = (stats::median(&logs[..third])?, stats::median(&logs[logs.len() - third..])?);
    Some((last - first).exp_m1()).filter(|by| by.abs() > least)
}

/// Fewest rounds that figures of latency should rest on.
pub(super) const LEAST_ROUNDS: usize = 20;

pub(super) fn few_rounds(records: &[&RunRecord]) -> Option<Warning> {
    let few =
        |record: &RunRecord| Some(blocks(record).len()).filter(|rounds| (1..LEAST_ROUNDS).contains(rounds));
    let concerned = concerned(records, |record| {
        few(record).map(|rounds| if rounds == 1 { "1 round".into() } else { format!("{rounds} rounds") })
    });
    let enough = |record: &&RunRecord| {
        Some(record.job.protocol.latency_seconds * LEAST_ROUNDS as f64 / few(record)? as f64)
    };
    let seconds = records.iter().filter_map(enough).fold(0.0, f64::max);
    let then =
        time_flag(seconds).map_or("such slow runs take over an hour".into(), |flag| format!("pass {flag}"));
    listing(WarningCode::FewRounds, &concerned, |named| {
        format!("latency rests on few rounds: {named}; for {LEAST_ROUNDS}, {then}")
    })
}

fn concerned(records: &[&RunRecord], figure: impl Fn(&RunRecord) -> Option<String>) -> Vec<Concerned> {
    let of = |record: &&RunRecord| Some(Concerned { label: record.job.label(), figure: figure(record)? });
    records.iter().filter_map(of).collect()
}

pub(super) fn blocks(record: &RunRecord) -> Vec<Block> {
    record.evidence.latency.as_ref().map(|latency| Round::blocks(&latency.rounds)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::warning::fixtures::{only, quiet, timed, told};
    use crate::record::Run;

    /// Block medians that swing by `by` around 1 ms, so that their coefficient of variation in a
    /// launch of four blocks is `by`·√(4/3).
    fn swinging(variant: &str, by: f64) -> Run {
        timed(variant, (0..20).map(|round| (1e6 * (1.0 + if round % 2 == 0 { by } else { -by })) as u64))
    }

    #[test]
    fn unsteady_is_a_coefficient_of_variation_above_two_and_a_half_percent_told_once_for_all() {
        let (calm, wild) = (0.0249 / (4f64 / 3.0).sqrt(), 0.0261 / (4f64 / 3.0).sqrt());
        assert_eq!(told(&[swinging("fp32", calm)]), []);
        let message = only(&[swinging("fp32", wild), swinging("int8", wild)], WarningCode::Unsteady);
        assert!(message.contains("ort · fp32 (2.6 %), ort · int8 (2.6 %)"), "{message}");
        assert!(message.contains("--time"), "{message}");
    }

    #[test]
    fn launches_that_differ_are_not_unsteady() {
        let placed = [1.04, 0.97, 1.0, 0.96, 1.03];
        let run = timed("fp32", (0..20).map(|round| (1e6 * placed[round / 4]) as u64));
        assert_eq!(told(&[run]), []);
    }

    /// Rises evenly, so that the medians of the outer thirds differ by 14/20 of `by`.
    fn rising(by: f64) -> Run {
        timed("int8", (0..20).map(|round| (1e6 * (by * f64::from(round) / 20.0).exp()) as u64))
    }

    #[test]
    fn latency_that_rises_by_more_than_five_percent_has_drifted() {
        let message = only(&[rising(0.08)], WarningCode::Drift);
        assert!(message.contains("ort · int8 (+5.8 %)"), "{message}");
        assert_eq!(told(&[rising(0.068)]), []);
        assert!(only(&[rising(-0.08)], WarningCode::Drift).contains("(−5.4 %)"));
    }

    #[test]
    fn fewer_than_twenty_rounds_are_told_with_the_time_that_gives_twenty() {
        let message = only(&[timed("int8", quiet(500_000).take(7))], WarningCode::FewRounds);
        assert!(message.contains("ort · int8 (7 rounds); for 20, pass --time 15"), "{message}");
        assert_eq!(told(&[timed("int8", quiet(500_000).take(0))]), []);
    }

    #[test]
    fn a_warm_up_that_did_not_settle_is_told_with_its_length() {
        let mut run = timed("int8", quiet(100_000));
        run.record.evidence.latency.as_mut().unwrap().warm_up.settled = false;
        let warnings = told(&[run.clone()]);
        assert_eq!(warnings[0].code, WarningCode::NotSettled);
        assert!(warnings[0].message.contains("after 10 runs (1.5 s)"), "{}", warnings[0].message);
    }
}
