//! What differs between two runs, in words, by what it makes incomparable.

use crate::digest::short;
use crate::metric::ScoredRun;
use crate::preprocess::Preprocess;
use crate::record::{DatasetIdentity, RunRecord};
use crate::tensor::ElementType;

/// What keeps the accuracies of two records apart: other data, or other preprocessing; none where they
/// may be compared.
pub fn of_evaluations(a: &RunRecord, b: &RunRecord) -> Option<String> {
    let (one, two) = (&a.dataset, &b.dataset);
    let digest = |data: &Option<DatasetIdentity>| data.as_ref().map(|data| data.sha256.clone());
    if digest(one) != digest(two) {
        return Some(format!("other data, {} and {}", name(one), name(two)));
    }
    let settings = of_preprocessing(&a.job.preprocess, &b.job.preprocess);
    (!settings.is_empty()).then(|| format!("other preprocessing, {}", settings.join(", ")))
}

/// Why two evaluations were not on the same data; none where they were.
pub(super) fn of_data(a: &ScoredRun<'_>, b: &ScoredRun<'_>) -> Option<String> {
    let (one, two) = (&a.run.record.dataset, &b.run.record.dataset);
    let digest = |data: &Option<DatasetIdentity>| data.as_ref().map(|data| data.sha256.clone());
    if digest(one) != digest(two) {
        return Some(format!("{} and {}", name(one), name(two)));
    }
    let classes = |run: &ScoredRun<'_>| run.scoring.as_ref().map(|scoring| scoring.confusion().classes());
    let (one, two) = classes(a).zip(classes(b))?;
    (one != two).then(|| format!("{one} and {two} classes"))
}

fn name(data: &Option<DatasetIdentity>) -> String {
    let Some(data) = data else { return "unnamed data".into() };
    let split = data.split.iter().map(|split| format!(" {split}")).collect::<String>();
    format!("{}{split} ({} images, {})", data.name, data.images, short(&data.sha256))
}

/// What decoded the image files of two evaluations, as `a 1.0 and a 2.0`; none where it was the same.
/// Records of before this was noted name none.
pub(super) fn of_decoder(a: &RunRecord, b: &RunRecord) -> Option<String> {
    let decoder = |record: &RunRecord| record.dataset.as_ref().map(|data| data.decoder.clone());
    let (one, two) = decoder(a).zip(decoder(b)).filter(|(one, two)| one != two)?;
    let name = |decoder: Option<String>| decoder.unwrap_or_else(|| "an unnamed one".into());
    Some(format!("{} and {}", name(one), name(two)))
}

/// The preprocessing settings in which two jobs differ, as `mean`, `crop` …; empty where the models
/// see the same pixels. The order of the axes and the float width do not change what is seen, and a
/// model that takes bytes does its own scaling.
pub(super) fn of_preprocessing(a: &Preprocess, b: &Preprocess) -> Vec<&'static str> {
    let scaled = takes_bytes(a) == takes_bytes(b);
    let settings = [
        ("exif_orientation", a.exif_orientation != b.exif_orientation),
        ("channels", a.channels != b.channels),
        ("resize", a.resize != b.resize),
        ("crop", a.crop != b.crop),
        ("size", a.size != b.size),
        ("scale", scaled && a.scale != b.scale),
        ("mean", scaled && a.mean != b.mean),
        ("std", scaled && a.std != b.std),
    ];
    settings.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

fn takes_bytes(preprocess: &Preprocess) -> bool {
    matches!(preprocess.element, ElementType::U8 | ElementType::I8)
}

/// In what the runtime that both used differs, as `ort 1.23.0 and 1.24.1`; none where it does not, or
/// where the two are different runtimes on purpose.
pub(super) fn of_runtime(a: &RunRecord, b: &RunRecord) -> Option<String> {
    let (one, two) = a.runtime.as_ref().zip(b.runtime.as_ref())?;
    if one.name != two.name {
        return None;
    }
    if one.version != two.version {
        return Some(format!("{} {} and {}", one.name, one.version, two.version));
    }
    let (first, second) = one.library_sha256.as_ref().zip(two.library_sha256.as_ref())?;
    (first != second).then(|| {
        format!("two builds of {} {}, {} and {}", one.name, one.version, short(first), short(second))
    })
}

/// What in the machine or the session settings differs, as `threads (1 and 2)`; empty where timings
/// may be compared. Settings of a runtime's own count only between runs in that runtime.
pub fn of_machine(a: &RunRecord, b: &RunRecord) -> Vec<String> {
    let (here, there) = (&a.environment, &b.environment);
    let (one, two) = (&a.job.session, &b.job.session);
    let quota = |record: &RunRecord| match &record.environment.quota {
        Some(quota) => format!("{} cpus", quota.cpus),
        None => "none".into(),
    };
    let batch = |record: &RunRecord| record.evidence.latency.as_ref().map(|latency| latency.batch);
    let batches = batch(a).zip(batch(b)).map(|(one, two)| unequal("images in a run", one, two));
    let governors = here.governor.as_ref().zip(there.governor.as_ref());
    let same_runtime = a.job.runtime.name == b.job.runtime.name;
    let own = (same_runtime && one.config != two.config).then(|| "settings of the runtime's own".into());
    let found = [
        unequal("host", &here.host, &there.host),
        unequal("processor", &here.cpu, &there.cpu),
        unequal("cores", here.cores, there.cores),
        unequal("processor quota", quota(a), quota(b)),
        governors.and_then(|(one, two)| unequal("frequency governor", one, two)),
        unequal("threads", one.threads, two.threads),
        unequal("optimization", format!("{:?}", one.optimization), format!("{:?}", two.optimization)),
        unequal("spinning", one.spinning, two.spinning),
        batches.flatten(),
        own,
    ];
    found.into_iter().flatten().collect()
}

fn unequal<T: PartialEq + std::fmt::Display>(what: &str, one: T, two: T) -> Option<String> {
    (one != two).then(|| format!("{what} ({one} and {two})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::run;
    use crate::preprocess::Layout;
    use crate::record::RuntimeIdentity;

    #[test]
    fn each_setting_of_the_machine_is_named_with_both_values() {
        let base = run("fp32").record;
        let changed = |change: fn(&mut RunRecord)| {
            let mut other = base.clone();
            change(&mut other);
            of_machine(&base, &other).join(", ")
        };
        assert_eq!(changed(|_| ()), "");
        assert_eq!(changed(|r| r.environment.host = "beta".into()), "host (alpha and beta)");
        assert_eq!(changed(|r| r.environment.cores = 8), "cores (2 and 8)");
        assert_eq!(changed(|r| r.job.session.threads = 2), "threads (1 and 2)");
        assert!(changed(|r| _ = r.job.session.config.insert("a".into(), "b".into())).contains("own"));
    }

    #[test]
    fn another_governor_parts_two_runs_where_both_know_theirs() {
        let governed = |name: Option<&str>| {
            let mut record = run("fp32").record;
            record.environment.governor = name.map(str::to_owned);
            record
        };
        let told = |one, two| of_machine(&governed(one), &governed(two)).join(", ");
        let named = "frequency governor (performance and powersave)";
        assert_eq!(told(Some("performance"), Some("powersave")), named);
        assert_eq!(told(Some("performance"), None), "");
    }

    #[test]
    fn another_version_or_build_of_one_runtime_is_named_and_another_runtime_is_not() {
        let ran = |name: &str, version: &str, digest: Option<&str>| {
            let mut record = run("fp32").record;
            let mut runtime = RuntimeIdentity::new(name, version, "CPU", None);
            runtime.library_sha256 = digest.map(str::to_owned);
            record.runtime = Some(runtime);
            record
        };
        let ort = ran("ort", "1.24.1", Some("aa"));
        let against = |other: &RunRecord| of_runtime(&ort, other).unwrap_or_default();
        assert_eq!(against(&ran("ort", "1.23.0", Some("bb"))), "ort 1.24.1 and 1.23.0");
        assert_eq!(against(&ran("ort", "1.24.1", Some("bb"))), "two builds of ort 1.24.1, aa and bb");
        for same in [&ort, &ran("ort", "1.24.1", None), &ran("tract", "0.23", None), &run("int8").record] {
            assert_eq!(against(same), "");
        }
    }

    #[test]
    fn another_decoder_is_named_where_there_was_something_to_decode() {
        let decoded = |decoder: Option<&str>| {
            let mut record = run("fp32").record;
            record.dataset.as_mut().unwrap().decoder = decoder.map(str::to_owned);
            record
        };
        let told = |one, two| of_decoder(&decoded(one), &decoded(two)).unwrap_or_default();
        assert_eq!(told(Some("a 1.0"), Some("a 2.0")), "a 1.0 and a 2.0");
        assert_eq!(told(None, Some("a 2.0")), "an unnamed one and a 2.0");
        assert_eq!(told(Some("a 1.0"), Some("a 1.0")) + &told(None, None), "");
        let without = RunRecord { dataset: None, ..decoded(None) };
        assert_eq!(of_decoder(&without, &decoded(Some("a 1.0"))), None);
    }

    #[test]
    fn settings_that_only_one_runtime_has_do_not_part_two_runtimes() {
        let (ort, mut tract) = (run("fp32").record, run("fp32").record);
        tract.job.runtime.name = "tract".into();
        tract.job.session.config.insert("a".into(), "b".into());
        assert!(of_machine(&ort, &tract).is_empty());
    }

    #[test]
    fn preprocessing_differs_by_what_the_model_sees() {
        let base = run("fp32").record.job.preprocess;
        let layout = Preprocess { layout: Layout::Nhwc, ..base.clone() };
        let bytes = Preprocess { element: ElementType::U8, mean: vec![0.5], ..base.clone() };
        let upright = Preprocess { exif_orientation: true, ..base.clone() };
        assert_eq!(of_preprocessing(&base, &upright), ["exif_orientation"]);
        let mean = Preprocess { mean: vec![0.5], std: vec![0.2], ..base.clone() };
        assert!(of_preprocessing(&base, &layout).is_empty());
        assert!(of_preprocessing(&base, &bytes).is_empty());
        assert_eq!(of_preprocessing(&base, &mean), ["mean", "std"]);
    }
}
