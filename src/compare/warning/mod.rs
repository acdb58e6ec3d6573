//! What a reader must know before trusting a figure, and what to do about it.

mod machine;
mod ratio;
mod steadiness;
mod subject;

use super::{Warning, WarningCode};
use crate::metric::ScoredRun;
use crate::record::RunRecord;

/// Warnings of one run.
pub(super) fn of_run(scored: &ScoredRun<'_>) -> Vec<Warning> {
    let record = &scored.run.record;
    let found = [
        subject::other_names(record),
        subject::passed_over(record),
        subject::skipped(record),
        subject::not_reached(record),
        subject::calibration(record),
        subject::not_finite(scored),
        steadiness::not_settled(record),
    ];
    found.into_iter().flatten().chain(subject::quantization(record)).collect()
}

/// Warnings of the timings of all runs: each names all candidates that it holds for. `references` are the
/// runs that each is set against.
pub(super) fn of_timings(all: &[ScoredRun<'_>], references: &[usize]) -> Vec<Warning> {
    let records: Vec<&RunRecord> = all.iter().map(|scored| &scored.run.record).collect();
    let pairs = ratio::pairs(&records, references);
    let found = [
        steadiness::unsteady(&records),
        steadiness::drift(&records),
        steadiness::few_rounds(&records),
        ratio::drift(&pairs),
        ratio::imprecise(&pairs),
        ratio::autocorrelated(&pairs),
        ratio::one_launch(&pairs),
        machine::spinning(&records),
    ];
    machine::of_machines(&records).into_iter().chain(found.into_iter().flatten()).collect()
}

fn warning(record: &RunRecord, code: WarningCode, text: &str) -> Warning {
    Warning { code, message: format!("{}: {text}", record.job.label()) }
}

/// A candidate that a warning holds for, and the figure to name it with.
struct Concerned {
    label: String,
    figure: String,
}

/// One warning about all that are concerned; none where nobody is. `tell` makes the sentence from
/// their names and figures.
fn listing(code: WarningCode, concerned: &[Concerned], tell: impl Fn(&str) -> String) -> Option<Warning> {
    let named: Vec<String> = concerned.iter().map(|it| format!("{} ({})", it.label, it.figure)).collect();
    (!named.is_empty()).then(|| Warning { code, message: tell(&named.join(", ")) })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A change with its sign.
fn change(share: f64) -> String {
    let sign = if share < 0.0 { '−' } else { '+' };
    format!("{sign}{:.1} %", share.abs() * 100.0)
}

/// Longest measurement that a warning proposes, seconds.
const AN_HOUR: f64 = 3600.0;

/// What to pass for latency passes of `seconds`, rounded up; none beyond an hour.
fn time_flag(seconds: f64) -> Option<String> {
    let step = match seconds {
        s if s <= 10.0 => 1.0,
        s if s <= 120.0 => 5.0,
        _ => 60.0,
    };
    (seconds <= AN_HOUR).then(|| format!("--time {:.0}", (seconds / step).ceil() * step))
}

#[cfg(test)]
mod fixtures {
    //! Runs whose latency was measured properly, for tests to spoil.

    use super::*;
    use crate::metric::fixtures::{latency, run};
    use crate::record::{Ended, LoadEvidence, Run};

    /// Twenty rounds in five launches with these block medians, ended because it was precise.
    pub(super) fn timed(variant: &str, blocks: impl IntoIterator<Item = u64>) -> Run {
        let blocks: Vec<[u64; 1]> = blocks.into_iter().map(|block| [block]).collect();
        let mut run = run(variant);
        let mut evidence = latency(&blocks.iter().map(|block| &block[..]).collect::<Vec<_>>());
        evidence.ended = Some(Ended::Precision);
        run.record.evidence.latency = Some(evidence);
        run.record.evidence.load = vec![LoadEvidence { load_ns: 40_000_000, first_run_ns: 10_000_000 }; 5];
        run
    }

    /// Twenty blocks a little apart, without order.
    pub(super) fn quiet(median: u64) -> impl Iterator<Item = u64> {
        let wobble = [3, -2, 0, 4, -4, 1, -1, 2, -3, 0, -3, 4, 1, -2, 3, -4, 0, 2, -1, 1];
        wobble.into_iter().map(move |by| (median as i64 + by * median as i64 / 1000) as u64)
    }

    /// All in one process.
    pub(super) fn in_one_launch(mut run: Run) -> Run {
        let rounds = &mut run.record.evidence.latency.as_mut().unwrap().rounds;
        rounds.iter_mut().for_each(|round| round.launch = 0);
        run
    }

    /// What is said of these runs, the first being the baseline.
    pub(super) fn told(runs: &[Run]) -> Vec<Warning> {
        let scored: Vec<_> = runs.iter().map(|run| ScoredRun::of(run).unwrap()).collect();
        let references = vec![0; runs.len()];
        scored.iter().flat_map(of_run).chain(of_timings(&scored, &references)).collect()
    }

    /// The message of the only warning, which must be of this kind.
    pub(super) fn only(runs: &[Run], code: WarningCode) -> String {
        let told = told(runs);
        assert_eq!(told.iter().map(|warning| warning.code).collect::<Vec<_>>(), [code], "{told:#?}");
        told[0].message.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::{quiet, timed, told};
    use super::*;
    use crate::metric::fixtures::predictions;

    #[test]
    fn sound_runs_on_a_quiet_machine_have_no_warning() {
        let mut evaluated = timed("int8", quiet(100_000));
        evaluated.predictions = Some(predictions(2, &[("a", 0, &[1.0, 0.0])]));
        assert_eq!(told(&[timed("fp32", quiet(200_000)), evaluated]), []);
        assert_eq!(told(&[timed("fp32", quiet(200_000))]), []);
    }

    #[test]
    fn a_proposed_time_is_rounded_up_and_ends_at_an_hour() {
        let flag = |seconds| time_flag(seconds).unwrap_or_default();
        assert_eq!(
            [6.1, 10.0, 11.0, 121.0, 3601.0].map(flag),
            ["--time 7", "--time 10", "--time 15", "--time 180", ""]
        );
    }
}
