//! A small language for stories about the program: what was typed, what came out, what is on disk.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The three-class network of 1x8x8 inputs and images for it.
pub const FP32: &str = "fixtures/models/classifier.fp32.onnx";
pub const INT8: &str = "fixtures/models/classifier.int8.onnx";
pub const SHAPES: &str = "fixtures/images/shapes";

/// One user with a desk (a folder of their own). All stories share a cache.
pub struct Story {
    desk: TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Story {
    /// `bench compare` with short times, so that stories are quick.
    pub fn compare(models: &[&str]) -> Self {
        Self::new("compare").args(models).args(&["--time", "0.1"])
    }

    /// Any command.
    pub fn new(command: &str) -> Self {
        Self { desk: tempfile::tempdir().unwrap(), arguments: vec![command.into()], variables: Vec::new() }
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// A path on the desk, as an argument too.
    pub fn path(&self, name: &str) -> PathBuf {
        self.desk.path().join(name)
    }

    /// Adds `--json` and `--record` to places on the desk.
    pub fn recorded(self) -> Self {
        let (json, records) = (self.path("report.json"), self.path("records"));
        self.args(&["--json", json.to_str().unwrap(), "--record", records.to_str().unwrap()])
    }

    /// The process, not started yet.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(&self.arguments);
        command
            .env("BENCH_CACHE_DIR", cache())
            .env("NO_COLOR", "1")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("FORCE_COLOR")
            .env("COLUMNS", "100")
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITHUB_STEP_SUMMARY")
            .env_remove("GITHUB_OUTPUT");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run(self) -> Ending {
        let output = self.command().output().unwrap();
        Ending { output, desk: self.desk }
    }
}

/// The cache of all stories, in which none of the user's runs is thrown away. The ONNX Runtime library in
/// it is the user's, so that it is fetched at most once.
#[cfg(unix)]
fn cache() -> PathBuf {
    use onnx_bench::{cache, digest};
    let library = std::path::absolute(cache::root().unwrap().join("onnxruntime")).unwrap();
    let name = digest::sha256_of(library.as_os_str().as_encoded_bytes()).unwrap();
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cache-{}", digest::short(&name)));
    for folder in [&own, &library] {
        std::fs::create_dir_all(folder).unwrap();
    }
    match std::os::unix::fs::symlink(&library, own.join("onnxruntime")) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{error}"),
        _ => own,
    }
}

#[cfg(not(unix))]
fn cache() -> PathBuf {
    onnx_bench::cache::root().unwrap()
}

/// How a story ended.
pub struct Ending {
    output: Output,
    desk: TempDir,
}

impl Ending {
    pub fn status(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The status is `expected`, or everything is shown.
    #[track_caller]
    pub fn exits(self, expected: i32) -> Self {
        assert_eq!(self.status(), expected, "\n{}\n{}", self.stdout(), self.stderr());
        self
    }

    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout().contains(text), "`{text}` is not in\n{}\n{}", self.stdout(), self.stderr());
        self
    }

    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "`{text}` is not in\n{}", self.stderr());
        self
    }

    /// No panic, no backtrace, nothing that only a programmer would read.
    #[track_caller]
    pub fn keeps_its_manners(self) -> Self {
        for word in ["panicked", "RUST_BACKTRACE", "unwrap"] {
            assert!(!self.stderr().contains(word) && !self.stdout().contains(word), "{}", self.stderr());
        }
        self
    }

    pub fn desk(&self) -> &Path {
        self.desk.path()
    }

    /// The report that `--json` wrote.
    pub fn report(&self) -> Value {
        read_json(&self.desk().join("report.json"))
    }

    /// Column `index` of the report.
    pub fn column(&self, index: usize) -> Value {
        self.report()["columns"][index].clone()
    }

    /// How column `index` ended: `completed`, `crashed` …
    pub fn outcome(&self, index: usize) -> String {
        self.column(index)["outcome"]["kind"].as_str().unwrap().to_owned()
    }

    /// Value of metric `id` in column `index`; none when it is not there or null.
    pub fn metric(&self, index: usize, id: &str) -> Option<f64> {
        let column = self.column(index);
        column["readings"].as_array().unwrap().iter().find(|reading| reading["metric"] == id)?["value"]
            .as_f64()
    }
}

pub fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
