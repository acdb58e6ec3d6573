//! The conductor's side of a worker: a process of its own, or the same code in this one.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Interrupt;
use super::wire::{Answer, Assignment, Command, Message};
use super::worker::Workbench;
use crate::error::{Error, Result};
use crate::runtime::ort;

/// Where candidates run.
#[derive(Clone, Debug)]
pub enum Placement {
    /// Each in a process of its own: this program, started as `bench worker`.
    Process {
        /// The `bench` binary.
        program: PathBuf,
        /// A worker that gives no sign of life for this long is ended.
        patience: Duration,
    },
    /// In this process, for debugging and tests: a crash of a runtime is a crash of everything.
    Inline,
}

/// Why a worker gives no answer any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// `killed by signal 9 …`, `exit status 3` …
    pub how: String,
    /// The last lines that it wrote to standard error.
    pub stderr: String,
}

impl Death {
    /// The same as an error. The last line of standard error is most often the reason.
    pub fn into_error(self) -> Error {
        let error = Error::unusable(format!("the worker process died: {}", self.how));
        match self.stderr.lines().last() {
            Some(last) => error.because(last),
            None => error,
        }
    }
}

/// A worker, wherever it runs.
pub trait Link {
    /// Sends a command and waits for its answer. On an interrupt the step under way is cut short
    /// and answers with what it has.
    fn ask(
        &mut self,
        command: &Command,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Answer, Death>;
}

impl Placement {
    /// Starts a worker.
    pub fn start(&self, assignment: Assignment) -> Result<Box<dyn Link>> {
        match self {
            Self::Process { program, patience } => {
                Ok(Box::new(ProcessLink::start(program, *patience, &assignment)?))
            }
            Self::Inline => Ok(Box::new(InlineLink::new(assignment))),
        }
    }
}

struct InlineLink {
    workbench: Workbench,
    stop: Arc<AtomicBool>,
}

impl InlineLink {
    fn new(assignment: Assignment) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        Self { workbench: Workbench::new(assignment, Arc::clone(&stop)), stop }
    }
}

impl Link for InlineLink {
    fn ask(
        &mut self,
        command: &Command,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Answer, Death> {
        let stop = &self.stop;
        Ok(self.workbench.answer(command, &mut |done| {
            if interrupt.raised() {
                stop.store(true, Ordering::Relaxed);
            }
            progress(done);
        }))
    }
}

/// How much of a worker's standard error is kept.
const STDERR_LINES: usize = 20;
/// How often the conductor looks up from waiting.
const TICK: Duration = Duration::from_millis(50);
/// How long a worker may take to end its step after it was told to stop.
const GRACE: Duration = Duration::from_secs(10);

struct ProcessLink {
    child: Child,
    commands: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    stderr_reader: Option<JoinHandle<()>>,
    patience: Duration,
}

impl ProcessLink {
    fn start(program: &std::path::Path, patience: Duration, assignment: &Assignment) -> Result<Self> {
        let mut command = std::process::Command::new(program);
        command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(ort::settings().variables());
        own_group(&mut command);
        let cannot = |e: &dyn std::fmt::Display| {
            Error::unusable("a worker process cannot be started").because(e).at_path(program)
        };
        let mut child = command.spawn().map_err(|e| cannot(&e))?;
        let (Some(commands), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(cannot(&"it has no pipes"));
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let stderr_reader = Some(keep_tail(stderr, Arc::clone(&kept)));
        let mut link = Self { child, commands: Some(commands), lines, stderr: kept, stderr_reader, patience };
        let line = serde_json::to_string(assignment).map_err(|e| cannot(&e))?;
        // A worker that dies at once is noticed, with its reason, at the first command.
        let _ = link.write(&line);
        Ok(link)
    }

    fn write(&mut self, line: &str) -> std::io::Result<()> {
        let Some(commands) = &mut self.commands else { return Ok(()) };
        commands.write_all(line.as_bytes())?;
        commands.write_all(b"\n")?;
        commands.flush()
    }

    fn send(&mut self, command: &Command) {
        if let Ok(line) = serde_json::to_string(command) {
            // As above: a broken pipe shows as the end of the answers.
            let _ = self.write(&line);
        }
    }

    /// How the process ended, after its answers ended.
    fn autopsy(&mut self) -> Death {
        drop(self.commands.take());
        let how = match self.child.wait() {
            Ok(status) => describe(status),
            Err(error) => format!("it could not be waited for: {error}"),
        };
        self.death(how)
    }

    fn kill(&mut self, how: String) -> Death {
        // Fails only when it is dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.death(how)
    }

    fn death(&mut self, how: String) -> Death {
        if let Some(reader) = self.stderr_reader.take() {
            // It ends with the pipe; a panic there loses nothing but the tail.
            let _ = reader.join();
        }
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        Death { how, stderr: lines.iter().cloned().collect::<Vec<_>>().join("\n") }
    }
}

impl Link for ProcessLink {
    fn ask(
        &mut self,
        command: &Command,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Answer, Death> {
        self.send(command);
        let mut deadline = Instant::now() + self.patience;
        let mut told_to_stop = false;
        loop {
            if interrupt.raised() && !told_to_stop {
                told_to_stop = true;
                self.send(&Command::Stop);
                deadline = deadline.min(Instant::now() + GRACE);
            }
            match self.lines.recv_timeout(TICK) {
                Ok(line) => match serde_json::from_str(&line) {
                    Ok(Message::Answer { answer }) => return Ok(*answer),
                    Ok(Message::Progress { done }) => {
                        progress(done);
                        if !told_to_stop {
                            deadline = Instant::now() + self.patience;
                        }
                    }
                    Err(error) => {
                        return Err(self.kill(format!("it wrote a line that is no answer ({error}): {line}")));
                    }
                },
                Err(RecvTimeoutError::Disconnected) => return Err(self.autopsy()),
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                    let waited = if told_to_stop { GRACE } else { self.patience };
                    return Err(
                        self.kill(format!("no sign of life for {} s; it was ended", waited.as_secs()))
                    );
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for ProcessLink {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep_tail(
    stderr: impl std::io::Read + Send + 'static,
    kept: Arc<Mutex<VecDeque<String>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let mut lines = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == STDERR_LINES {
                lines.pop_front();
            }
            lines.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    })
}

/// A Ctrl-C at the terminal goes to the conductor alone, which then asks its workers to stop.
#[cfg(unix)]
fn own_group(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut std::process::Command) {}

#[cfg(unix)]
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(6) => "aborted inside the runtime (signal 6)".into(),
        Some(9) => "killed (signal 9); often the system does so when memory runs out".into(),
        Some(11) => "crashed inside the runtime (signal 11, invalid memory access)".into(),
        Some(signal) => format!("ended by signal {signal}"),
        None => format!("ended with {status} in the middle of its work"),
    }
}

#[cfg(not(unix))]
fn describe(status: ExitStatus) -> String {
    format!("ended with {status} in the middle of its work")
}
