//! Progress on standard error: one line that moves and then vanishes; nothing where nobody watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::dataset::survey::Watch;
use crate::measure::{Event, Interrupt, Observer};
use crate::record::Stage;

/// The line.
pub struct Line(ProgressBar);

impl Line {
    /// A line that hides itself where standard error is no terminal.
    pub fn new(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Something begins; with a bar where it is known how much there is of it.
    fn begin(&self, message: String, total: Option<u64>) {
        let template = match total {
            Some(_) => "  {spinner} {msg:<42} {wide_bar} {pos}/{len} {eta:>4}",
            None => "  {spinner} {msg}",
        };
        // The templates are constants that parse; a default line is the worst that could come of it.
        self.0.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        self.0.reset();
        self.0.set_length(total.unwrap_or(0));
        self.0.set_message(message);
    }

    /// Lets `work` over many images move the line, and `interrupt` stop it.
    pub fn watch<T>(&self, interrupt: &Interrupt, work: impl FnOnce(&Watch<'_>) -> T) -> T {
        work(&Watch {
            stopped: &|| interrupt.raised(),
            entered: &|what, total| self.begin(what.to_owned(), Some(total as u64)),
            advanced: &|done| self.0.inc(done as u64),
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Shows what is being measured.
pub struct Progress {
    labels: Vec<String>,
    line: Line,
    shown: Option<(usize, Stage)>,
}

impl Progress {
    /// A line for candidates with these labels. It hides itself where standard error is no terminal.
    pub fn new(labels: Vec<String>, quiet: bool) -> Self {
        Self { labels, line: Line::new(quiet), shown: None }
    }

    fn show(&mut self, candidate: usize, stage: Stage, total: Option<u64>) {
        self.shown = Some((candidate, stage));
        self.line.begin(self.message(candidate, stage), total);
    }

    fn message(&self, candidate: usize, stage: Stage) -> String {
        match stage {
            Stage::Prepare => format!("loading {}", self.labels[candidate]),
            Stage::WarmUp => format!("warming up {}", self.labels[candidate]),
            Stage::Latency => "latency, all candidates in turns".into(),
            Stage::Throughput => "throughput, all candidates in turns".into(),
            Stage::Evaluate => format!("accuracy of {}", self.labels[candidate]),
        }
    }
}

impl Observer for Progress {
    fn notice(&mut self, event: Event) {
        match event {
            Event::Entered { candidate, stage, total } => self.show(candidate, stage, total),
            Event::Advanced { stage, done, .. } if self.shown.is_some_and(|(_, shown)| shown == stage) => {
                self.line.0.set_position(done);
            }
            Event::Ended { candidate, error } => {
                self.line.0.println(format!("  {}: {}", self.labels[candidate], error.what));
            }
            Event::Advanced { .. } | Event::Completed { .. } => {}
        }
    }
}
