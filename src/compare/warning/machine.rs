//! The machine: what else ran there, and what it allowed.

use super::{Concerned, listing};
use crate::compare::align::overlap;
use crate::compare::{Warning, WarningCode};
use crate::plan::Device;
use crate::record::RunRecord;

/// Other work per core above which timings are in doubt.
const BUSY: f64 = 0.5;

/// Warnings of the machines themselves. Runs of one machine are warned of once, without a name where
/// there is no other machine.
pub(super) fn of_machines(records: &[&RunRecord]) -> Vec<Warning> {
    let host = |record: &RunRecord| record.environment.host.clone();
    let several = records.iter().any(|record| host(record) != host(records[0]));
    let mut told: Vec<(String, Warning, Vec<String>)> = Vec::new();
    for record in records {
        for warning in [busy(record), quota(record), powersave(record)].into_iter().flatten() {
            let label = record.job.label();
            match told.iter_mut().find(|(of, known, _)| *of == host(record) && *known == warning) {
                Some((_, _, labels)) => labels.push(label),
                None => told.push((host(record), warning, vec![label])),
            }
        }
    }
    let named = |(_, warning, labels): (String, Warning, Vec<String>)| match several {
        true => Warning { message: format!("{}: {}", labels.join(", "), warning.message), ..warning },
        false => warning,
    };
    told.into_iter().map(named).collect()
}

fn busy(record: &RunRecord) -> Option<Warning> {
    let here = &record.environment;
    let load = here.load_average.filter(|load| *load > BUSY * here.cores as f64)?;
    record.evidence.latency.as_ref()?;
    let message = format!(
        "the machine was busy: a load of {load:.1} on {} cores when the measurement began; timings are in doubt, \
         ratios less so; close other programs, wait until the load is below {:.1}, and run again",
        here.cores,
        BUSY * here.cores as f64
    );
    Some(Warning { code: WarningCode::Busy, message })
}

/// A limit on processor time below what was used at once: the system then stops the process for the
/// rest of each period.
fn quota(record: &RunRecord) -> Option<Warning> {
    let cpus = record.environment.quota?.cpus;
    let (threads, cores) = (record.job.session.threads, record.environment.cores);
    let below = |count: usize| cpus < count as f64;
    let what = if record.evidence.latency.is_some() && below(threads) {
        let threads = if threads == 1 { "the one thread".into() } else { format!("the {threads} threads") };
        format!(
            "less than {threads} of a run, so that latency holds pauses; pass fewer --threads or raise the limit"
        )
    } else if record.evidence.throughput.is_some() && below(cores) {
        format!(
            "less than the {cores} cores it sees, so that throughput holds pauses; raise the limit, or give \
             bench fewer cores (taskset)"
        )
    } else {
        return None;
    };
    let cpus = (cpus * 100.0).round() / 100.0;
    let message = format!("the container may use the time of {cpus} processors, {what}");
    Some(Warning { code: WarningCode::QuotaBelowThreads, message })
}

/// Governors that keep the frequency low, or raise it slowly.
const SLOW_GOVERNORS: [&str; 2] = ["powersave", "conservative"];

fn powersave(record: &RunRecord) -> Option<Warning> {
    record.evidence.latency.as_ref()?;
    let governor = record.environment.governor.as_deref().filter(|name| SLOW_GOVERNORS.contains(name))?;
    let message = format!(
        "the processor's frequency governor is {governor}, which may hold the frequency down or let it move; set \
         another for the measurement: sudo cpupower frequency-set -g performance"
    );
    Some(Warning { code: WarningCode::Powersave, message })
}

/// Idle threads that spin take the cores from the candidates measured in turn with them.
pub(super) fn spinning(records: &[&RunRecord]) -> Option<Warning> {
    let measured_beside = |index: usize| {
        let others = records.iter().enumerate().filter(|(other, record)| *other != index && is_timed(record));
        others.map(|(_, other)| other).any(|other| together(records[index], other))
    };
    let concerned: Vec<Concerned> = (0..records.len())
        .filter(|&index| spins(records[index]) && measured_beside(index))
        .map(|index| {
            let job = &records[index].job;
            Concerned { label: job.label(), figure: format!("{} threads", job.session.threads) }
        })
        .collect();
    listing(WarningCode::Spinning, &concerned, |named| {
        format!(
            "idle threads of {named} spin, which takes time from whatever else runs, the other candidates \
             included; pass --no-spin if the model will share its machine"
        )
    })
}

/// Only ONNX Runtime's threads do.
fn spins(record: &RunRecord) -> bool {
    let (session, runtime) = (&record.job.session, &record.job.runtime);
    is_timed(record)
        && session.spinning
        && session.threads > 1
        && runtime.name == "ort"
        && runtime.device == Device::Cpu
}

fn is_timed(record: &RunRecord) -> bool {
    record.evidence.latency.is_some()
}

fn together(a: &RunRecord, b: &RunRecord) -> bool {
    a.environment.host == b.environment.host && overlap(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::warning::fixtures::{only, quiet, timed, told};
    use crate::record::{Environment, Quota, Run};

    fn on(change: impl Fn(&mut Environment)) -> Run {
        let mut run = timed("fp32", quiet(200_000));
        change(&mut run.record.environment);
        run
    }

    #[test]
    fn a_load_above_half_a_core_each_is_busy() {
        let loaded = |load| on(|here| here.load_average = Some(load));
        let message = only(&[loaded(1.1)], WarningCode::Busy);
        assert!(message.contains("a load of 1.1 on 2 cores") && message.contains("below 1.0"), "{message}");
        assert_eq!(told(&[loaded(1.0)]), []);
    }

    #[test]
    fn of_several_machines_each_is_named_by_its_runs() {
        let on = |variant: &str, host: &str, load| {
            let mut run = timed(variant, quiet(200_000));
            let here = &mut run.record.environment;
            (here.host, here.load_average) = (host.into(), Some(load));
            run
        };
        let busy = |runs: &[Run]| -> Vec<String> {
            let busy = |warning: &Warning| warning.code == WarningCode::Busy;
            told(runs).into_iter().filter(busy).map(|warning| warning.message).collect()
        };
        let told = busy(&[on("fp32", "alpha", 0.1), on("int8", "beta", 3.0), on("fp16", "beta", 3.0)]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("ort · int8, ort · fp16: the machine was busy"), "{told:?}");
        let told = busy(&[on("fp32", "alpha", 3.0), on("int8", "alpha", 3.0)]);
        assert!(told.len() == 1 && told[0].starts_with("the machine was busy"), "{told:?}");
    }

    #[test]
    fn a_limit_below_the_threads_or_for_throughput_below_the_cores_is_told() {
        let limited = |cpus| on(|here| here.quota = Some(Quota { cpus }));
        let message = only(&[limited(0.5)], WarningCode::QuotaBelowThreads);
        assert!(message.contains("0.5 processors") && message.contains("one thread"), "{message}");
        assert_eq!(told(&[limited(1.0)]), []);

        let with_throughput = |cpus| {
            let mut run = limited(cpus);
            run.record.evidence.throughput = Some(crate::metric::fixtures::throughput(&[(1, 1)]));
            run
        };
        let message = only(&[with_throughput(1.5)], WarningCode::QuotaBelowThreads);
        assert!(message.contains("the 2 cores it sees"), "{message}");
        assert_eq!(told(&[with_throughput(2.0)]), []);
    }

    #[test]
    fn a_governor_that_saves_power_is_told_with_the_command_that_sets_another() {
        let governed = |name: &str| on(|here| here.governor = Some(name.into()));
        assert!(only(&[governed("powersave")], WarningCode::Powersave).contains("cpupower"));
        assert!(only(&[governed("conservative")], WarningCode::Powersave).contains("conservative"));
        assert_eq!(told(&[governed("performance"), governed("schedutil")]), []);
    }

    #[test]
    fn spinning_threads_matter_beside_other_candidates_only() {
        let spinning = |variant: &str, threads, spinning| {
            let mut run = timed(variant, quiet(200_000));
            (run.record.job.session.threads, run.record.job.session.spinning) = (threads, spinning);
            run
        };
        let two = [spinning("fp32", 2, true), spinning("int8", 2, true)];
        let message = only(&two, WarningCode::Spinning);
        assert!(message.contains("ort · fp32 (2 threads), ort · int8 (2 threads)"), "{message}");
        assert!(message.contains("--no-spin"), "{message}");
        assert_eq!(told(&two[..1]), []);
        assert_eq!(told(&[spinning("fp32", 2, false), spinning("int8", 2, false)]), []);
        assert_eq!(told(&[spinning("fp32", 1, true), spinning("int8", 1, true)]), []);
    }
}
