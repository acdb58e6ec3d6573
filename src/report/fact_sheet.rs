//! Facts of all runs side by side: what a model file holds, the machine, every setting. Runs of which
//! all facts are alike share a column.

use super::number::{self, plain, whole};
use super::settings;
use super::view::clean;
use crate::compare::Comparison;
use crate::plan::Job;
use crate::record::{Environment, RunRecord, RuntimeIdentity};

/// A name and what is the case.
type Named = (String, String);

/// Facts by run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactSheet {
    /// Heads of the columns: the runs that each stands for.
    pub runs: Vec<String>,
    /// One for each fact that any run has.
    pub rows: Vec<FactRow>,
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// Its name.
    pub name: String,
    /// One value for each column, or one alone that holds for all.
    pub values: Vec<String>,
}

impl FactSheet {
    /// The quantization passport: what each model file holds, and what a reviewer should know of it.
    pub(super) fn models(comparison: &Comparison) -> Self {
        Self::of(comparison, model)
    }

    /// Where each run was made.
    pub(super) fn machines(comparison: &Comparison) -> Self {
        Self::of(comparison, |record| {
            let mut facts = machine(&record.environment);
            facts.extend(record.runtime.iter().flat_map(runtime));
            facts
        })
    }

    /// Every setting of each run, with who decided it.
    pub(super) fn settings(comparison: &Comparison) -> Self {
        Self::of(comparison, |record| settings(record, comparison))
    }

    fn of(comparison: &Comparison, facts: impl Fn(&RunRecord) -> Vec<Named>) -> Self {
        let mut columns: Vec<(String, Vec<Named>)> = Vec::new();
        for column in &comparison.columns {
            let (label, facts) = (clean(&column.record.job.label()), facts(&column.record));
            match columns.iter_mut().find(|(_, known)| *known == facts) {
                Some((labels, _)) => *labels += &format!(", {label}"),
                None => columns.push((label, facts)),
            }
        }
        let rows = names(&columns).into_iter().map(|name| row(name, &columns)).collect();
        Self { runs: columns.into_iter().map(|(labels, _)| labels).collect(), rows }
    }
}

/// The names of all facts, in the order of the first column that has each.
fn names(columns: &[(String, Vec<Named>)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in columns.iter().flat_map(|(_, facts)| facts) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn row(name: String, columns: &[(String, Vec<Named>)]) -> FactRow {
    let value = |facts: &Vec<Named>| {
        let found: Vec<&str> =
            facts.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_str()).collect();
        if found.is_empty() { "·".to_owned() } else { found.join("\n") }
    };
    let mut values: Vec<String> = columns.iter().map(|(_, facts)| value(facts)).collect();
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        values.truncate(1);
    }
    FactRow { name, values }
}

fn named(name: &str, value: impl Into<String>) -> Named {
    (name.to_owned(), clean(&value.into()))
}

fn model(record: &RunRecord) -> Vec<Named> {
    let model = &record.model;
    let weights = model
        .initializer_bytes
        .iter()
        .map(|(kind, &bytes)| format!("{kind} {}", number::bytes(bytes as f64)));
    let weights: Vec<String> = weights.collect();
    let quantization = if model.quantization.is_empty() { "none" } else { model.quantization.as_str() };
    let mut facts = vec![
        named("file", &model.path),
        named("SHA-256", &model.sha256),
        named("size", number::bytes(model.bytes as f64)),
        named("parameters", whole(model.parameters)),
        named("weights by type", weights.join(" · ")),
        named("opset", model.opset.to_string()),
        named("quantization", quantization),
        named("input", format!("{} · {}", record.job.input.name, record.job.preprocess.summary())),
        named("output", output(&record.job)),
    ];
    facts.extend(model.remarks.iter().map(|remark| named("remark", remark)));
    facts
}

fn output(job: &Job) -> String {
    let scores = format!("{:?}", job.output.activation).to_lowercase();
    let background = if job.output.background { " · the first is background" } else { "" };
    format!("{} · {} · {scores}{background}", job.output.name, job.output.element.name())
}

fn machine(machine: &Environment) -> Vec<Named> {
    let count = |name: &str, count: Option<usize>| count.map(|count| named(name, whole(count as u64)));
    let bytes = |name: &str, bytes: Option<u64>| bytes.map(|bytes| named(name, number::bytes(bytes as f64)));
    let facts = [
        Some(named("host", &machine.host)),
        Some(named("processor", &machine.cpu)),
        Some(named("architecture", &machine.arch)),
        Some(named("features for int8", machine.cpu_features.join(" "))),
        count("cores in use", Some(machine.cores)),
        count("physical cores", machine.physical_cores),
        count("logical cores", machine.logical_cores),
        machine.smt.map(|smt| named("SMT", if smt { "on" } else { "off" })),
        count("NUMA nodes", machine.numa_nodes),
        machine.frequency_mhz.map(|mhz| named("highest frequency", format!("{} MHz", number::count(mhz)))),
        machine.governor.as_ref().map(|governor| named("frequency governor", governor)),
        machine.quota.map(|quota| named("limit on processor time", format!("{} cores", plain(quota.cpus)))),
        bytes("memory", machine.memory_bytes),
        bytes("memory available", machine.memory_available_bytes),
        machine.load_average.map(|load| named("load at the start", plain(load))),
        Some(named("system", &machine.os)),
        machine.kernel.as_ref().map(|kernel| named("kernel", kernel)),
        machine.virtualization.as_ref().map(|inside| named("inside of", inside)),
    ];
    facts.into_iter().flatten().filter(|(_, value)| !value.is_empty()).collect()
}

fn runtime(runtime: &RuntimeIdentity) -> Vec<Named> {
    let facts = [
        Some(named("runtime", format!("{} {}", runtime.name, runtime.version))),
        Some(named("provider", &runtime.provider)),
        runtime.library.as_ref().map(|library| named("library", library)),
        runtime.library_sha256.as_ref().map(|digest| named("SHA-256 of the library", digest)),
    ];
    facts.into_iter().flatten().collect()
}

fn settings(record: &RunRecord, comparison: &Comparison) -> Vec<Named> {
    let job = &record.job;
    let mut all = settings::of(job);
    all.extend(record.dataset.iter().map(|data| ("data.sha256".into(), data.sha256.clone())));
    all.extend(settings::of_verdict(&comparison.criteria, comparison.resamples));
    settings::by_section(&mut all);
    let decided = |(key, value): Named| {
        let source = job.sources.get(settings::decided_as(&key));
        let source = source.map(|source| format!(" ({source})")).unwrap_or_default();
        named(&key, value + &source)
    };
    all.into_iter().map(decided).collect()
}
