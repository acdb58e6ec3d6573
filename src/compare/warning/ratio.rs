//! Whether the interval of each speed-up says what it seems to.

use super::steadiness::{LEAST_ROUNDS, blocks, drifted};
use super::{AN_HOUR, Concerned, change, listing, time_flag};
use crate::compare::align::timing;
use crate::compare::{Warning, WarningCode};
use crate::error::Error;
use crate::metric::{LEVEL, Timing};
use crate::plan::ROUNDS_A_LAUNCH;
use crate::record::{Ended, RunRecord};
use crate::stats::{self, Interval, LEAST_LAUNCHES, LogRatios};

/// A candidate measured in turn with the baseline.
pub(super) struct Pair<'a> {
    baseline: &'a RunRecord,
    candidate: &'a RunRecord,
    ratios: LogRatios,
    interval: Option<Interval>,
}

/// All candidates that share rounds with the run that they are set against.
pub(super) fn pairs<'a>(records: &[&'a RunRecord], references: &[usize]) -> Vec<Pair<'a>> {
    let sides = records.iter().zip(references).enumerate();
    let others = sides.filter(|(index, (_, reference))| index != *reference);
    others.filter_map(|(_, (candidate, &reference))| pair(records.get(reference)?, candidate)).collect()
}

fn pair<'a>(baseline: &'a RunRecord, candidate: &'a RunRecord) -> Option<Pair<'a>> {
    // What keeps timings apart is told where the two are aligned.
    if timing(baseline, candidate, &mut Vec::new()) != Timing::Interleaved {
        return None;
    }
    let ratios = LogRatios::of(&blocks(baseline), &blocks(candidate));
    let interval = ratios.interval(LEVEL);
    Some(Pair { baseline, candidate, ratios, interval })
}

fn concerned<'a>(pairs: &'a [Pair<'_>], figure: impl Fn(&'a Pair<'_>) -> Option<String>) -> Vec<Concerned> {
    let of = |pair| Some((pair, figure(pair)?));
    let named = |(pair, figure): (&Pair<'_>, _)| Concerned { label: pair.candidate.job.label(), figure };
    pairs.iter().filter_map(of).map(named).collect()
}

/// Change of a ratio from which it has drifted.
const DRIFTED: f64 = 0.02;

pub(super) fn drift(pairs: &[Pair<'_>]) -> Option<Warning> {
    let concerned = concerned(pairs, |pair| drifted(&pair.ratios.values(), DRIFTED).map(change));
    listing(WarningCode::Drift, &concerned, |named| {
        format!(
            "the speed-up drifted from the first third of the rounds to the last: {named}; it is no single \
             number then: let the machine settle, close other programs, and run again"
        )
    })
}

pub(super) fn imprecise(pairs: &[Pair<'_>]) -> Option<Warning> {
    let concerned = concerned(pairs, |pair| {
        missed(pair).map(|half_width| format!("±{:.1} %", half_width.exp_m1() * 100.0))
    });
    let protocol = &pairs.first()?.candidate.job.protocol;
    // The width falls with the root of the time.
    let factor = pairs.iter().filter_map(missed).fold(0.0, f64::max) / protocol.precision;
    let seconds = protocol.latency_seconds * factor * factor;
    let then = match time_flag(seconds) {
        Some(flag) => format!("about {flag} would do, or a quieter machine"),
        None => format!("no {:.0} minutes would do: look for a quieter machine", AN_HOUR / 60.0),
    };
    let asked = protocol.precision * 100.0;
    listing(WarningCode::FewRounds, &concerned, |named| {
        format!("the time ended before the speed-up was known to ±{asked:.1} %: {named}; {then}")
    })
}

/// Half the width of the interval, where time ended before it was as narrow as was asked for.
/// Too few rounds for any interval worth the name are told elsewhere.
fn missed(pair: &Pair<'_>) -> Option<f64> {
    let ended = pair.candidate.evidence.latency.as_ref()?.ended;
    let half_width = pair.interval?.half_width();
    let late = ended == Some(Ended::Time) && pair.ratios.rounds() >= LEAST_ROUNDS;
    (late && half_width > pair.candidate.job.protocol.precision).then_some(half_width)
}

/// Smallest lag-one correlation that matters: the interval is then too narrow by a fifth.
const CORRELATED: f64 = 0.2;

pub(super) fn autocorrelated(pairs: &[Pair<'_>]) -> Option<Warning> {
    let concerned = concerned(pairs, |pair| {
        let lag = correlation(pair)?;
        let factor = ((1.0 + lag) / (1.0 - lag)).sqrt();
        Some(format!("{lag:.2}, interval too narrow by about {factor:.1}x"))
    });
    let correlated = pairs.iter().filter(|pair| correlation(pair).is_some());
    let then = match failed_launches(correlated) {
        Some(failed) => format!("; {failed}"),
        None => {
            format!(
                ", or pass a longer --time so that candidates are started at least {LEAST_LAUNCHES} times"
            )
        }
    };
    listing(WarningCode::Autocorrelated, &concerned, |named| {
        format!(
            "neighbouring rounds hang together: {named} (lag-one correlation of the log ratios); close other \
             programs{then}"
        )
    })
}

/// The lag-one correlation of the rounds, where they are the units of the interval, and it is both
/// significant and large enough to matter.
fn correlation(pair: &Pair<'_>) -> Option<f64> {
    pair.interval.filter(|_| !pair.ratios.over_launches())?;
    let values = pair.ratios.values();
    let chance = 2.0 / (values.len() as f64).sqrt();
    stats::lag_one(&values).filter(|lag| *lag > CORRELATED.max(chance))
}

pub(super) fn one_launch(pairs: &[Pair<'_>]) -> Option<Warning> {
    let few = |pair: &&Pair<'_>| pair.interval.is_some() && !pair.ratios.over_launches();
    let concerned = concerned(pairs, |pair| {
        let launches = pair.ratios.launches();
        few(&pair).then(|| if launches == 1 { "1 launch".into() } else { format!("{launches} launches") })
    });
    let seconds = pairs.iter().filter(few).map(time_for_launches).fold(0.0, f64::max);
    let more = || Some(format!("{} or more allows {LEAST_LAUNCHES}", time_flag(seconds)?));
    // Where they failed, more time would change nothing.
    let then = failed_launches(pairs.iter().filter(few)).or_else(more);
    let then = then.map_or_else(String::new, |then| format!("; {then}"));
    listing(WarningCode::OneLaunch, &concerned, |named| {
        format!(
            "the interval of the speed-up holds for these processes only, and others may lie some tenths of a \
             percent beside it: {named}{then}"
        )
    })
}

/// Why later processes of either side of `pairs` failed, each run told once; none where none did.
fn failed_launches<'a>(pairs: impl Iterator<Item = &'a Pair<'a>>) -> Option<String> {
    let mut told = Vec::new();
    for record in pairs.flat_map(|pair| [pair.candidate, pair.baseline]) {
        let error = record.evidence.latency.as_ref().and_then(|latency| latency.launch_error.as_ref());
        let failed = error.map(|error| format!("{}: {}", record.job.label(), in_a_line(error)));
        told.extend(failed.filter(|failed| !told.contains(failed)));
    }
    (!told.is_empty()).then(|| format!("later processes failed: {}", told.join("; ")))
}

/// What is wrong, why, where, and what to do.
fn in_a_line(error: &Error) -> String {
    let Error { what, cause, place, help, .. } = error;
    let part = |between: &str, text: &Option<String>| {
        text.as_ref().map_or_else(String::new, |text| format!("{between}{text}"))
    };
    format!("{what}{}{}{}", part(": ", cause), part(", at ", place), part("; ", help))
}

/// Starting a process and warming it up beside loading the model, nanoseconds: more than is usual, so that
/// the time that a warning proposes suffices.
const SLOW_START_NS: f64 = 250e6;

/// Seconds of latency pass in which the slower of the two is started often enough.
fn time_for_launches(pair: &Pair<'_>) -> f64 {
    let sides = [pair.baseline, pair.candidate];
    let loads = sides.iter().flat_map(|record| &record.evidence.load);
    let slowest = loads.map(|load| load.load_ns as f64 + load.first_run_ns as f64).fold(0.0, f64::max);
    let starting = (LEAST_LAUNCHES - 1) as f64 * (slowest + SLOW_START_NS) / 1e9;
    let running = sides.map(seconds_a_round).into_iter().fold(0.0, f64::max) * f64::from(ROUNDS_A_LAUNCH);
    starting.max(running * LEAST_LAUNCHES as f64)
}

fn seconds_a_round(record: &RunRecord) -> f64 {
    let Some(latency) = &record.evidence.latency else { return 0.0 };
    let all: f64 = latency.rounds.iter().flat_map(|round| &round.samples_ns).map(|&ns| ns as f64).sum();
    all / 1e9 / latency.rounds.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::warning::fixtures::{in_one_launch, only, quiet, timed, told};
    use crate::record::{LoadEvidence, Run};

    fn baseline() -> Run {
        timed("fp32", [1_000_000; 20])
    }

    fn exponentials(logs: impl IntoIterator<Item = f64>) -> Run {
        timed("int8", logs.into_iter().map(|log| (1e6 * log.exp()) as u64))
    }

    #[test]
    fn a_speed_up_that_moves_by_more_than_two_percent_has_drifted() {
        let falling = |by: f64| exponentials((0..20).map(move |round| by * f64::from(round) / 20.0));
        let message = only(&[baseline(), falling(0.03)], WarningCode::Drift);
        assert!(message.contains("ort · int8 (−2.1 %)"), "{message}");
        assert_eq!(told(&[baseline(), falling(0.027)]), []);
    }

    #[test]
    fn time_that_ended_early_is_told_with_the_width_and_the_time_that_would_do() {
        let launches = [0.011, -0.012, 0.002, 0.01, -0.011];
        let wide = || exponentials((0..20).map(move |round| launches[round / 4]));
        let late = |mut run: Run| {
            run.record.evidence.latency.as_mut().unwrap().ended = Some(Ended::Time);
            run
        };
        // t(4)·s/√5 of the launches is 0.0140.
        let message = only(&[baseline(), late(wide())], WarningCode::FewRounds);
        assert!(message.contains("ort · int8 (±1.4 %); about --time 10 would do"), "{message}");
        assert_eq!(told(&[baseline(), late(timed("int8", quiet(900_000)))]), []);
        assert_eq!(told(&[baseline(), wide()]), []);

        let hopeless = late(exponentials((0..20).map(move |round| launches[round / 4] * 30.0)));
        assert!(only(&[baseline(), hopeless], WarningCode::FewRounds).contains("no 60 minutes would do"));
    }

    fn codes(runs: &[Run]) -> Vec<WarningCode> {
        told(runs).iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn rounds_that_hang_together_are_told_unless_launches_are_the_units() {
        // Five rounds up, five down: lag one is far above 2/√20.
        let waves = || exponentials((0..20).map(|round| if round / 5 % 2 == 0 { 0.004 } else { -0.004 }));
        let told_of = told(&[in_one_launch(baseline()), in_one_launch(waves())]);
        assert_eq!(told_of[0].code, WarningCode::Autocorrelated);
        assert!(
            told_of[0].message.contains("ort · int8 (0.65, interval too narrow by about 2.2x)"),
            "{told_of:#?}"
        );
        assert_eq!(codes(&[baseline(), waves()]), []);
        let calm = in_one_launch(timed("int8", quiet(900_000)));
        assert_eq!(codes(&[in_one_launch(baseline()), calm]), [WarningCode::OneLaunch]);
    }

    #[test]
    fn an_interval_of_one_launch_is_told_with_the_time_that_allows_more() {
        let slow = |run: Run| {
            let mut run = in_one_launch(run);
            run.record.evidence.load =
                vec![LoadEvidence { load_ns: 2_500_000_000, first_run_ns: 100_000_000 }];
            run
        };
        let runs = [slow(baseline()), slow(timed("int8", quiet(900_000)))];
        let message = only(&runs, WarningCode::OneLaunch);
        assert!(message.contains("ort · int8 (1 launch); --time 15 or more allows 5"), "{message}");
        assert_eq!(told(&[baseline(), timed("int8", quiet(900_000))]), []);
    }

    #[test]
    fn where_later_launches_failed_their_reason_is_told_and_no_time() {
        let failing = |run: Run| {
            let mut run = in_one_launch(run);
            let error = Error::unusable("the inputs cannot be kept").because("the disk is full").at("/tmp/0");
            run.record.evidence.latency.as_mut().unwrap().launch_error = Some(error.help("make room"));
            run
        };
        let runs = [in_one_launch(baseline()), failing(timed("int8", quiet(900_000)))];
        let message = only(&runs, WarningCode::OneLaunch);
        let reason = "later processes failed: ort · int8: the inputs cannot be kept: the disk is full, at /tmp/0; make room";
        assert!(message.contains(reason) && !message.contains("--time"), "{message}");

        let waves = exponentials((0..20).map(|round| if round / 5 % 2 == 0 { 0.004 } else { -0.004 }));
        let told = told(&[failing(baseline()), failing(waves)]);
        assert!(
            told.len() == 2 && told.iter().all(|warning| !warning.message.contains("--time")),
            "{told:#?}"
        );
        assert_eq!(told[0].message.matches("the disk is full").count(), 2, "each run once: {told:#?}");
    }
}
