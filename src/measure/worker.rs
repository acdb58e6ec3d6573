//! The worker's side: takes commands one after the other and answers each.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::Candidate;
use super::wire::{Answer, Assignment, Command, Message};
use crate::error::{Error, Result};

/// Between two lines of progress.
const BETWEEN_SIGNS: Duration = Duration::from_millis(50);

/// A candidate at work, wherever it runs.
pub struct Workbench {
    assignment: Assignment,
    candidate: Option<Candidate>,
    stop: Arc<AtomicBool>,
}

impl Workbench {
    /// A workbench with nothing loaded yet.
    pub fn new(assignment: Assignment, stop: Arc<AtomicBool>) -> Self {
        Self { assignment, candidate: None, stop }
    }

    /// Carries a command out. `progress` hears how many images are done.
    pub fn answer(&mut self, command: &Command, progress: &mut dyn FnMut(u64)) -> Answer {
        self.carry_out(command, progress).unwrap_or_else(|error| Answer::Failed { error })
    }

    fn carry_out(&mut self, command: &Command, progress: &mut dyn FnMut(u64)) -> Result<Answer> {
        if let Command::Prepare = command {
            let (candidate, mut prepared) = Candidate::prepare(self.assignment.job.clone())?;
            let wanted = self.assignment.job.protocol.passes.is_all();
            if let Some(path) = self.assignment.inputs.as_deref().filter(|_| wanted) {
                // Without them there are no later launches, which is no reason to give up.
                prepared.unsaved = candidate.save_inputs(path).err();
            }
            self.candidate = Some(candidate);
            return Ok(Answer::Prepared(Box::new(prepared)));
        }
        if let Command::Relaunch = command {
            let inputs = self.assignment.inputs.as_deref().ok_or_else(no_inputs)?;
            let (candidate, load) = Candidate::relaunch(self.assignment.job.clone(), inputs)?;
            self.candidate = Some(candidate);
            return Ok(Answer::Relaunched(load));
        }
        let Some(candidate) = &mut self.candidate else {
            return Err(Error::unusable("the worker was asked to measure before it was prepared"));
        };
        match command {
            Command::WarmUp => {
                let warm_up = candidate.warm_up()?;
                Ok(Answer::Warm { warm_up, memory: candidate.memory() })
            }
            Command::Round => Ok(Answer::Round { samples_ns: candidate.round()? }),
            Command::Throughput { round, seconds } => {
                let (batch, streams, round) = candidate.throughput(*round, *seconds, &self.stop)?;
                Ok(Answer::Throughput { batch, streams, round })
            }
            Command::Evaluate => {
                let path: &PathBuf = &self.assignment.predictions;
                let (evidence, error) = candidate.evaluate(path, &self.stop, progress)?;
                Ok(Answer::Evaluated { evidence, error })
            }
            Command::Prepare | Command::Relaunch | Command::Finish | Command::Stop => {
                Ok(Answer::Finished { memory: candidate.finish() })
            }
        }
    }
}

fn no_inputs() -> Error {
    Error::unusable("there was no place for the inputs of later launches")
}

/// Serves a conductor over standard input and output until it says so or goes away.
///
/// Everything else that is printed in this process, by native libraries too, goes to standard
/// error: the answers must stay one JSON value a line.
pub fn serve() -> Result<()> {
    let mut answers =
        claim_stdout().map_err(|e| Error::unusable("standard output cannot be used").because(e))?;
    let mut first = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut first)
        .map_err(|e| Error::unusable("standard input cannot be read").because(e))?;
    let assignment: Assignment = serde_json::from_str(&first).map_err(|e| {
        Error::usage("`bench worker` is started by bench itself").because(e).help("use `bench compare`")
    })?;
    let stop = Arc::new(AtomicBool::new(false));
    let commands = listen(Arc::clone(&stop));
    let mut workbench = Workbench::new(assignment, stop);
    for command in commands {
        let mut said = Instant::now();
        let answer = workbench.answer(&command, &mut |done| {
            // The pipe is small; and the slowest model gives a sign of life with each of its images.
            if said.elapsed() >= BETWEEN_SIGNS {
                said = Instant::now();
                // A conductor that is gone is noticed by the listening thread.
                let _ = say(&mut answers, &Message::Progress { done });
            }
        });
        say(&mut answers, &Message::Answer { answer: Box::new(answer) })?;
        if let Command::Finish = command {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads commands in a thread of its own, so that `Stop` is heard in the middle of a step, and a
/// conductor that is gone ends the process whatever it is doing.
fn listen(stop: Arc<AtomicBool>) -> Receiver<Command> {
    let (sender, commands) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {
            match serde_json::from_str(&line) {
                Ok(Command::Stop) => stop.store(true, Ordering::Relaxed),
                Ok(command) => {
                    if sender.send(command).is_err() {
                        return;
                    }
                }
                Err(_) => break,
            }
        }
        std::process::exit(0);
    });
    commands
}

fn say(answers: &mut impl Write, message: &Message) -> Result<()> {
    let broken = |e: std::io::Error| Error::new(crate::ErrorKind::Interrupted, "bench is gone").because(e);
    let mut line = serde_json::to_vec(message)
        .map_err(|e| Error::unusable("an answer could not be written as JSON").because(e))?;
    line.push(b'\n');
    answers.write_all(&line).and_then(|()| answers.flush()).map_err(broken)
}

/// The real standard output, while what others print to it goes to standard error from now on.
#[cfg(unix)]
fn claim_stdout() -> std::io::Result<std::fs::File> {
    let real = rustix::io::dup(rustix::stdio::stdout())?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(std::fs::File::from(real))
}

#[cfg(not(unix))]
fn claim_stdout() -> std::io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}
