//! `bench doctor`: what works on this machine, found out by trying, and what to do about the rest.

use std::env;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::available_parallelism;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::signals;
use crate::cache;
use crate::error::{Error, Result};
use crate::json_text;
use crate::measure::Interrupt;
use crate::plan::{Device, RuntimeSpec};
use crate::record::RuntimeIdentity;
use crate::runtime::cpu::{cpu_model, int8_features, int8_remark};
use crate::runtime::ort::pins::Build;
use crate::runtime::ort::{self, Library, Places, Refusal, Source};
use crate::runtime::{RUNTIMES, find};

/// Layout of the JSON that `bench doctor --json` writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Shows which runtimes, devices and libraries work here, and why others do not
#[derive(Args, Clone, Debug)]
#[command(
    before_help = "Examples:\n  bench doctor\n  bench doctor --json | jq '.runtimes[] | select(.works)'"
)]
pub struct DoctorArgs {
    /// Write JSON
    #[arg(long)]
    pub json: bool,
    /// Tries one runtime in this process and writes the outcome; `doctor` calls itself with it, so
    /// that a library that crashes is a finding and not the end.
    #[arg(long, hide = true, value_name = "RUNTIME")]
    pub probe: Option<RuntimeSpec>,
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// Layout of this document.
    pub schema_version: u32,
    /// Version of `bench`.
    pub bench: String,
    /// Each runtime on each kind of device, by trying.
    pub runtimes: Vec<Finding>,
    /// ONNX Runtime libraries that can be used; the first one is, unless one that was asked for is
    /// among `refused`.
    pub libraries: Vec<Library>,
    /// Files that were taken for ONNX Runtime and cannot be used.
    pub refused: Vec<Refusal>,
    /// The processor.
    pub cpu: CpuFinding,
    /// The cache folder.
    pub cache: Option<PathBuf>,
}

/// Whether a runtime works on a device.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// As it is written after `--runtime`.
    pub runtime: RuntimeSpec,
    /// Whether it works.
    pub works: bool,
    /// What works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<RuntimeIdentity>,
    /// Why it does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// The processor and what it means for int8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CpuFinding {
    /// Its name.
    pub model: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Features that matter to int8.
    pub int8_features: Vec<String>,
    /// What is to be known about int8 here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// Runs `bench doctor`; writes to `out`.
pub fn doctor(args: &DoctorArgs, out: &mut dyn Write) -> Result<()> {
    let text = match &args.probe {
        Some(spec) => {
            // Where it was not started by `doctor` it may fetch, and must not leave that behind.
            signals::watch(&Interrupt::default())?;
            to_json(&check(spec))?
        }
        None => {
            let diagnosis = diagnose(&probe_in_child);
            if args.json { to_json(&diagnosis)? } else { render(&diagnosis) }
        }
    };
    out.write_all(text.as_bytes()).map_err(|error| Error::unusable("cannot write").because(error))
}

fn to_json(value: &impl Serialize) -> Result<String> {
    json_text::indented(value).map_err(|error| Error::unusable("cannot write JSON").because(error))
}

fn check(spec: &RuntimeSpec) -> Result<RuntimeIdentity> {
    find(&spec.name)?.check(spec.device)
}

type Probe<'a> = &'a dyn Fn(&RuntimeSpec) -> Result<RuntimeIdentity>;

fn diagnose(probe: Probe<'_>) -> Diagnosis {
    // Trying comes first: it may fetch the library that is then found.
    let runtimes = specs().into_iter().map(|spec| finding(spec, probe)).collect();
    let (libraries, refused) = libraries(&Places::here(ort::settings()));
    Diagnosis {
        schema_version: SCHEMA_VERSION,
        bench: env!("CARGO_PKG_VERSION").to_owned(),
        runtimes,
        libraries,
        refused,
        cpu: cpu(),
        cache: cache::root().ok(),
    }
}

/// Every runtime but the scripted one, ONNX Runtime on the GPU, and tract even when it is not built
/// in: a user may look for it here.
fn specs() -> Vec<RuntimeSpec> {
    let on_cpu = |name: &str| RuntimeSpec { name: name.to_owned(), device: Device::Cpu };
    let mut specs: Vec<RuntimeSpec> =
        RUNTIMES.iter().map(|runtime| on_cpu(runtime.name())).filter(|spec| spec.name != "fake").collect();
    specs.insert(1, RuntimeSpec { name: "ort".to_owned(), device: Device::Cuda(0) });
    if !specs.iter().any(|spec| spec.name == "tract") {
        specs.push(on_cpu("tract"));
    }
    specs
}

fn finding(runtime: RuntimeSpec, probe: Probe<'_>) -> Finding {
    match probe(&runtime) {
        Ok(identity) => Finding { runtime, works: true, identity: Some(identity), error: None },
        Err(error) => Finding { runtime, works: false, identity: None, error: Some(error) },
    }
}

/// Every library that can be used, in the order of looking, and every file that cannot.
fn libraries(places: &Places) -> (Vec<Library>, Vec<Refusal>) {
    let mut candidates = places.candidates(Build::Cpu);
    if places.explicit.is_some() {
        candidates.extend(Places { explicit: None, ..places.clone() }.candidates(Build::Cpu));
    }
    // The loader also gives what this process has loaded already: it must be asked before that.
    candidates.sort_by_key(|place| place.source != Source::Loader);
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for place in candidates {
        match places.examine(&place) {
            Ok(library) => found.push(library),
            Err(refusal) => refused.push(refusal),
        }
    }
    found.sort_by_key(|library: &Library| library.source == Source::Loader);
    (found, refused)
}

fn cpu() -> CpuFinding {
    let int8_features = int8_features();
    CpuFinding {
        model: cpu_model(),
        cores: available_parallelism().map_or(1, usize::from),
        remark: int8_remark(&int8_features).map(str::to_owned),
        int8_features,
    }
}

/// Tries a runtime in a process of its own.
fn probe_in_child(spec: &RuntimeSpec) -> Result<RuntimeIdentity> {
    let failed = |cause: String| Error::unavailable(format!("{spec} could not be tried")).because(cause);
    let program = env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(program);
    command
        .args(["doctor", "--probe", &spec.to_string()])
        .envs(ort::settings().variables())
        // A diagnosis shows what is there and changes nothing.
        .env(ort::OFFLINE_VARIABLE, "1")
        .env("RUST_BACKTRACE", "0");
    let output = command.stdin(Stdio::null()).output().map_err(|error| failed(error.to_string()))?;
    outcome(&output).unwrap_or_else(|cause| Err(failed(cause)))
}

/// The outcome that a child wrote, or how it ended without writing one.
fn outcome(output: &Output) -> Result<Result<RuntimeIdentity>, String> {
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(4)..];
        format!("it ended with {}\n{}", output.status, last.join("\n")).trim_end().to_owned()
    })
}

// ── The text ────────────────────────────────────────────────────────────────────────────────────

const WORKS: &str = "✓";
const FAILS: &str = "✗";

fn render(diagnosis: &Diagnosis) -> String {
    let mut text = format!("bench {}\n", diagnosis.bench);
    text += "\nRuntimes\n";
    for finding in &diagnosis.runtimes {
        text += &runtime_lines(finding);
    }
    text += "\nONNX Runtime libraries\n";
    text += &library_lines(diagnosis);
    text += "\nProcessor\n";
    text += &cpu_lines(&diagnosis.cpu);
    text += "\nCache\n";
    text += &cache_line(diagnosis.cache.as_deref());
    text
}

/// `  ✓ ort        1.31.1   CPUExecutionProvider`, or why not and what to do.
fn runtime_lines(finding: &Finding) -> String {
    let name = finding.runtime.to_string();
    if let Some(identity) = &finding.identity {
        return format!("  {WORKS} {name:<10} {:<9} {}\n", identity.version, identity.provider);
    }
    let Some(error) = &finding.error else { return String::new() };
    let mut text = format!("  {FAILS} {name:<10} {}\n", error.what);
    for (mark, more) in [("", &error.cause), ("", &error.place), ("→ ", &error.help)] {
        if let Some(more) = more {
            text += &indented(more, &format!("{:13}{mark}", ""));
        }
    }
    text
}

/// The lines of `more`, the first behind `lead` and the others below it.
fn indented(more: &str, lead: &str) -> String {
    let below = " ".repeat(lead.chars().count());
    let mut text = String::new();
    for (index, line) in more.lines().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}{}", if index == 0 { lead } else { &below }, line.trim_start());
    }
    text
}

fn library_lines(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    // One that the user named is in use or nothing is.
    let is_named_refused = diagnosis.refused.iter().any(|refusal| refusal.source == Source::Explicit);
    for (index, library) in diagnosis.libraries.iter().enumerate() {
        let used = if index == 0 && !is_named_refused { "in use" } else { "also here" };
        let cuda = if library.cuda { ", with CUDA" } else { "" };
        let _ = writeln!(text, "  {WORKS} {:<18} {:<8} {used}{cuda}", library.source, library.version);
        let _ = writeln!(text, "      {}", shortened(&library.path));
        if let Some(note) = &library.note {
            let _ = writeln!(text, "      {note}");
        }
    }
    // That the loader has none is the rule and no fault.
    for refusal in diagnosis.refused.iter().filter(|refusal| refusal.source != Source::Loader) {
        let _ = writeln!(text, "  {FAILS} {:<18} {}", refusal.source, shortened(&refusal.path));
        text += &indented(&refusal.why, "      ");
    }
    if text.is_empty() {
        text += "  none\n";
    }
    text
}

fn cpu_lines(cpu: &CpuFinding) -> String {
    let cores = if cpu.cores == 1 { "1 core".to_owned() } else { format!("{} cores", cpu.cores) };
    let features = match cpu.int8_features.is_empty() {
        true => "none".to_owned(),
        false => cpu.int8_features.join(", "),
    };
    let mut text = format!("  {} · {cores}\n  for int8: {features}\n", cpu.model);
    if let Some(remark) = &cpu.remark {
        let _ = writeln!(text, "  {remark}");
    }
    text
}

fn cache_line(cache: Option<&Path>) -> String {
    match cache {
        Some(path) if path.is_dir() => format!("  {}\n", shortened(path)),
        Some(path) => format!("  {} (empty)\n", shortened(path)),
        None => format!("  none: set {}\n", cache::CACHE_VARIABLE),
    }
}

/// The path with the home folder as `~`.
fn shortened(path: &Path) -> String {
    let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    match home.as_deref().and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> RuntimeSpec {
        text.parse().unwrap()
    }

    fn identity(name: &str) -> RuntimeIdentity {
        RuntimeIdentity {
            name: name.into(),
            version: "1.31.1".into(),
            provider: "CPUExecutionProvider".into(),
            library: None,
            library_sha256: None,
        }
    }

    fn sample() -> Diagnosis {
        let probe = |spec: &RuntimeSpec| match spec.device {
            Device::Cpu => Ok(identity(&spec.name)),
            Device::Cuda(_) => Err(Error::unavailable("no ONNX Runtime with CUDA is on this machine")
                .help("`bench setup --gpu` fetches it (255.5 MB)")),
        };
        Diagnosis {
            schema_version: SCHEMA_VERSION,
            bench: "0.1.0".into(),
            runtimes: vec![finding(spec("ort"), &probe), finding(spec("ort:cuda"), &probe)],
            libraries: vec![Library {
                source: Source::Cache,
                path: "/c/libonnxruntime.so.1.31.1".into(),
                version: "1.31.1".into(),
                sha256: None,
                cuda: false,
                note: None,
            }],
            refused: vec![Refusal {
                source: Source::SitePackages,
                path: "/usr/lib/old.so".into(),
                why: "it is version 1.20.1; 1.24 or a later 1.x is needed".into(),
            }],
            cpu: CpuFinding {
                model: "Some CPU".into(),
                cores: 2,
                int8_features: vec!["avx2".into(), "avx512_vnni".into()],
                remark: None,
            },
            cache: None,
        }
    }

    #[test]
    fn the_text_says_what_works_what_does_not_and_what_to_do() {
        let expected = "\
bench 0.1.0

Runtimes
  ✓ ort        1.31.1    CPUExecutionProvider
  ✗ ort:cuda   no ONNX Runtime with CUDA is on this machine
             → `bench setup --gpu` fetches it (255.5 MB)

ONNX Runtime libraries
  ✓ bench cache        1.31.1   in use
      /c/libonnxruntime.so.1.31.1
  ✗ python packages    /usr/lib/old.so
      it is version 1.20.1; 1.24 or a later 1.x is needed

Processor
  Some CPU · 2 cores
  for int8: avx2, avx512_vnni

Cache
  none: set BENCH_CACHE_DIR
";
        assert_eq!(render(&sample()), expected);
    }

    #[test]
    fn the_json_tells_the_same() {
        let json: serde_json::Value = serde_json::from_str(&to_json(&sample()).unwrap()).unwrap();
        assert_eq!(json["runtimes"][0]["identity"]["provider"], "CPUExecutionProvider");
        assert_eq!(json["runtimes"][1]["runtime"], "ort:cuda");
        assert_eq!(json["runtimes"][1]["works"], false);
        assert_eq!(json["refused"][0]["source"], "site_packages");
    }

    #[test]
    fn every_real_runtime_is_tried_and_the_gpu_too() {
        let names: Vec<String> = specs().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ort", "ort:cuda", "tract"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_runtime_that_crashes_the_child_is_a_finding() {
        let crash = Command::new("sh").args(["-c", "echo bad library >&2; kill -ABRT $$"]).output().unwrap();
        let how = outcome(&crash).unwrap_err();
        assert!(how.contains("signal: 6") && how.contains("bad library"), "{how}");
    }

    #[test]
    fn the_outcome_of_a_child_is_read_back() {
        for told in [Ok(identity("ort")), Err(Error::unavailable("no GPU").help("buy one"))] {
            let written = to_json(&told).unwrap();
            assert_eq!(serde_json::from_str::<Result<RuntimeIdentity>>(&written).unwrap(), told);
        }
    }
}
