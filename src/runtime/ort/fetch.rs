//! Fetches a wheel through the user's own pip, so that their index, proxy and certificates apply.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::pins::Pin;
use super::stop_asked;
use crate::error::{Error, ErrorKind, Result};

/// The longest that a download may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long an installer may take to clean up when it is asked to end.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether there is something to do.
const TICK: Duration = Duration::from_millis(20);
/// Any Python for which the wheel exists: the libraries in it do not depend on it.
const PYTHON: &str = "3.12";

/// The commands that may be pip, in the order of trying.
const INSTALLERS: &[&[&str]] = &[
    &["python3", "-m", "pip"],
    &["python", "-m", "pip"],
    &["py", "-m", "pip"],
    &["pip3"],
    &["pip"],
    &["uv", "pip"],
];

/// Puts the wheel of `pin`, or its unpacked content, into the empty folder `target`. Gives the
/// command that did it.
pub fn fetch(pin: &Pin, target: &Path) -> Result<String> {
    let installer = INSTALLERS.iter().find(|words| answers(words)).ok_or_else(|| {
        if stop_asked() {
            return interrupted();
        }
        Error::unavailable(format!("{} cannot be fetched: there is no pip here", pin.requirement()))
            .because(format!("none of these works: {}", spoken_list()))
    })?;
    let log = target.join("pip.log");
    let outcome = run(command(installer, pin, target), &log, PATIENCE, &stop_asked);
    let said = fs::read_to_string(&log).unwrap_or_default();
    outcome.map_err(|why| {
        if stop_asked() {
            return interrupted();
        }
        Error::unavailable(format!(
            "{} could not be fetched with `{}`",
            pin.requirement(),
            installer.join(" ")
        ))
        .because(format!("{why}\n{}", tail(&said, 12)))
    })?;
    Ok(installer.join(" "))
}

/// The error of a fetch that the user or the system ended.
pub fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "fetching ONNX Runtime was interrupted")
        .help("run it again to fetch it")
}

fn spoken_list() -> String {
    INSTALLERS.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join(", ")
}

/// Whether the command exists and has pip in it.
fn answers(words: &[&str]) -> bool {
    let mut command = start(words);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    finished(command, Duration::from_secs(30), &stop_asked) == Ok(())
}

fn start(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null());
    // A user who lets pip install only into virtual environments has nothing against a download.
    command.env("PIP_REQUIRE_VIRTUALENV", "0");
    own_group(&mut command);
    command
}

/// An installer starts processes of its own; in one group they can be ended together.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

fn command(words: &[&str], pin: &Pin, target: &Path) -> Command {
    let mut command = start(words);
    if words[0] == "uv" {
        // uv has no `download`; it unpacks the wheel for the machine that it runs on.
        command.args(["install", "--no-deps", "--only-binary", ":all:", "--python-version", PYTHON]);
        command.arg("--target").arg(target);
    } else {
        command.args(["download", "--no-deps", "--only-binary=:all:", "--no-input"]);
        command.args(["--disable-pip-version-check", "--progress-bar", "off"]);
        command.args(["--platform", pin.tag, "--python-version", PYTHON, "-d"]).arg(target);
    }
    command.arg(pin.requirement());
    command
}

type Stop<'a> = &'a dyn Fn() -> bool;

/// Runs `command` with all that it says in the file `log`.
fn run(mut command: Command, log: &Path, patience: Duration, stop: Stop<'_>) -> Result<(), String> {
    let file = File::create(log).map_err(|error| error.to_string())?;
    let second = file.try_clone().map_err(|error| error.to_string())?;
    command.stdout(Stdio::from(file)).stderr(Stdio::from(second));
    finished(command, patience, stop)
}

/// Waits for `command` to succeed; ends it when it takes longer than `patience` or `stop` says so.
fn finished(mut command: Command, patience: Duration, stop: Stop<'_>) -> Result<(), String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it ended with {status}")),
            Ok(None) if stop() => {
                end(&mut child);
                return Err("it was interrupted".into());
            }
            Ok(None) if start.elapsed() < patience => sleep(TICK),
            Ok(None) => {
                end(&mut child);
                return Err(format!("it was stopped after {} s", patience.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Ends the child and all that it started: as Ctrl-C does, so that it can remove what it has begun,
/// and then for certain.
fn end(child: &mut Child) {
    signal_group(child, false);
    let asked = Instant::now();
    while asked.elapsed() < GRACE && matches!(child.try_wait(), Ok(None)) {
        sleep(TICK);
    }
    signal_group(child, true);
    // Already gone is fine too.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn signal_group(child: &Child, for_certain: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if for_certain { Signal::KILL } else { Signal::INT };
    // A group without members is what is wanted.
    let _ = kill_process_group(Pid::from_child(child), signal);
}

#[cfg(not(unix))]
fn signal_group(_: &Child, _: bool) {}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::ort::pins::{Build, PINS};

    #[test]
    fn pip_is_asked_for_the_exact_wheel_and_no_index_is_named() {
        let pin = PINS.iter().find(|pin| pin.build == Build::Cpu && pin.os == "linux").unwrap();
        let command = command(&["python3", "-m", "pip"], pin, Path::new("/t"));
        let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let line = words.join(" ");
        assert!(line.contains("--no-deps --only-binary=:all:"), "{line}");
        assert!(line.contains("--platform manylinux_2_28_x86_64 --python-version 3.12 -d /t"), "{line}");
        assert!(line.ends_with("onnxruntime==1.31.1"), "{line}");
        assert!(!line.contains("index") && !line.contains("://"), "{line}");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_stopped_and_one_that_fails_is_quoted() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut sleeper = Command::new("sleep");
        sleeper.arg("60");
        let why = run(sleeper, log.path(), Duration::from_millis(50), &|| false).unwrap_err();
        assert!(why.contains("stopped after"), "{why}");

        let mut failing = Command::new("sh");
        failing.args(["-c", "echo no such package >&2; exit 3"]);
        let why = run(failing, log.path(), PATIENCE, &|| false).unwrap_err();
        assert!(why.contains('3'), "{why}");
        assert_eq!(fs::read_to_string(log.path()).unwrap(), "no such package\n");
    }

    #[cfg(unix)]
    #[test]
    fn an_interrupt_ends_the_command_and_what_it_started() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let shell = start(&["sh", "-c", "sleep 60 & echo $!; wait"]);
        let begun = Instant::now();
        let has_started = || fs::read_to_string(log.path()).is_ok_and(|said| said.ends_with('\n'));
        let why = run(shell, log.path(), PATIENCE, &has_started).unwrap_err();
        assert!(why.contains("interrupted") && begun.elapsed() < Duration::from_secs(30), "{why}");
        let sleeper = fs::read_to_string(log.path()).unwrap();
        let is_there = || Command::new("kill").args(["-0", sleeper.trim()]).stderr(Stdio::null()).status();
        // Whoever inherits it takes a moment to notice.
        while begun.elapsed() < Duration::from_secs(30) && is_there().unwrap().success() {
            sleep(TICK);
        }
        assert!(!is_there().unwrap().success(), "{sleeper} still runs");
    }

    #[test]
    fn only_the_last_lines_are_quoted() {
        assert_eq!(tail("a\n\nb\nc\n", 2), "b\nc");
    }
}
