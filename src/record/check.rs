//! What no measurement can have written: found when a record is loaded, so that no figure is computed
//! from it.

use super::{DatasetIdentity, EvaluationEvidence, RunRecord};

/// The first field of `record` that cannot be, and why.
pub(crate) fn nonsense(record: &RunRecord) -> Option<String> {
    let zero = counts(record).into_iter().find(|(_, count)| *count == Some(0));
    let zero = zero.map(|(field, _)| format!("{field} is 0"));
    zero.or_else(|| times(record)).or_else(|| load(record)).or_else(|| contradiction(record))
}

/// Numbers that are at least 1 where they are given.
fn counts(record: &RunRecord) -> Vec<(&'static str, Option<u64>)> {
    let (job, evidence) = (&record.job, &record.evidence);
    let of = |count: usize| Some(count as u64);
    let throughput = evidence.throughput.as_ref();
    let evaluation = evidence.evaluation.as_ref();
    vec![
        ("model.bytes", Some(record.model.bytes)),
        ("environment.cores", of(record.environment.cores)),
        ("environment.memory_bytes", record.environment.memory_bytes),
        ("job.session.threads", of(job.session.threads)),
        ("job.fixed_batch", job.fixed_batch.and_then(of)),
        ("job.protocol.batch", job.protocol.batch.and_then(of)),
        ("dataset.images", record.dataset.as_ref().and_then(images)),
        ("evidence.latency.batch", evidence.latency.as_ref().and_then(|latency| of(latency.batch))),
        ("evidence.memory.peak_bytes", evidence.memory.as_ref().map(|memory| memory.peak_bytes)),
        ("evidence.throughput.batch", throughput.and_then(|it| of(it.batch))),
        ("evidence.throughput.streams", throughput.and_then(|it| of(it.streams))),
        (
            "evidence.throughput.rounds.elapsed_ns",
            throughput.and_then(|it| it.rounds.iter().map(|round| round.elapsed_ns).min()),
        ),
        ("evidence.evaluation.batch", evaluation.and_then(|it| of(it.batch))),
        ("evidence.evaluation.streams", evaluation.and_then(|it| of(it.streams))),
    ]
}

/// Images of the data set; of several parts of a small one, some have none.
fn images(data: &DatasetIdentity) -> Option<u64> {
    let images = data.shard.as_ref().map_or(data.images, |part| part.whole.images);
    Some(images as u64)
}

/// Lengths of time that the protocol sets.
fn times(record: &RunRecord) -> Option<String> {
    let protocol = &record.job.protocol;
    let times = [
        ("latency_seconds", protocol.latency_seconds),
        ("block_ms", protocol.block_ms),
        ("throughput_seconds", protocol.throughput_seconds),
        ("warm_up_seconds", protocol.warm_up_seconds),
    ];
    let wrong = times.into_iter().find(|(_, time)| !(time.is_finite() && *time >= 0.0));
    wrong.map(|(field, time)| format!("job.protocol.{field} is {time}"))
}

/// What the system said of itself.
fn load(record: &RunRecord) -> Option<String> {
    let here = &record.environment;
    let load = here.load_average.filter(|load| !(load.is_finite() && *load >= 0.0));
    let cpus = here.quota.map(|quota| quota.cpus).filter(|cpus| !(cpus.is_finite() && *cpus > 0.0));
    load.map(|load| format!("environment.load_average is {load}"))
        .or_else(|| cpus.map(|cpus| format!("environment.quota.cpus is {cpus}")))
}

/// Numbers that do not go together.
fn contradiction(record: &RunRecord) -> Option<String> {
    let evaluation = record.evidence.evaluation.as_ref()?;
    let EvaluationEvidence { images, not_finite, session_sha256, .. } = evaluation;
    if not_finite > images {
        return Some(format!("evidence.evaluation.not_finite is {not_finite} of {images} images"));
    }
    let timed = &record.evidence.latency.as_ref()?.session_sha256;
    (timed != session_sha256).then(|| {
        "evidence.evaluation.session_sha256 is not evidence.latency.session_sha256: accuracy and latency are \
         of different session settings"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{self, Quota};

    fn told(change: impl Fn(&mut RunRecord)) -> String {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/records/ten-classes/01-ort-fp32.json");
        let mut record = record::load(golden.as_ref()).unwrap().record;
        assert_eq!(nonsense(&record), None);
        change(&mut record);
        nonsense(&record).unwrap_or_default()
    }

    #[test]
    fn every_field_that_cannot_be_is_named() {
        assert_eq!(told(|r| r.model.bytes = 0), "model.bytes is 0");
        assert_eq!(told(|r| r.environment.cores = 0), "environment.cores is 0");
        assert_eq!(told(|r| r.job.session.threads = 0), "job.session.threads is 0");
        assert_eq!(told(|r| r.job.protocol.block_ms = -1.0), "job.protocol.block_ms is -1");
        assert_eq!(
            told(|r| r.job.protocol.latency_seconds = f64::NAN),
            "job.protocol.latency_seconds is NaN"
        );
        assert_eq!(told(|r| r.environment.load_average = Some(-2.0)), "environment.load_average is -2");
        assert_eq!(told(|r| r.environment.quota = Some(Quota { cpus: 0.0 })), "environment.quota.cpus is 0");
        let no_batch = told(|r| r.evidence.latency.as_mut().unwrap().batch = 0);
        assert_eq!(no_batch, "evidence.latency.batch is 0");
        let no_time = told(|r| r.evidence.throughput.as_mut().unwrap().rounds[0].elapsed_ns = 0);
        assert_eq!(no_time, "evidence.throughput.rounds.elapsed_ns is 0");
        let other = told(|r| r.evidence.evaluation.as_mut().unwrap().session_sha256 = "0f".into());
        assert!(other.contains("session_sha256"), "{other}");
        let too_many = told(|r| r.evidence.evaluation.as_mut().unwrap().not_finite = 1_000_000);
        assert!(too_many.contains("not_finite"), "{too_many}");
    }
}
