//! Progress on standard error: one line that moves and then vanishes; nothing where nobody watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::measure::{Event, Observer};
use crate::record::Stage;

/// Shows what is being measured.
pub struct Progress {
    labels: Vec<String>,
    bar: ProgressBar,
    shown: Option<(usize, Stage)>,
}

impl Progress {
    /// A line for candidates with these labels. It hides itself where standard error is no terminal.
    pub fn new(labels: Vec<String>, quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { labels, bar, shown: None }
    }

    fn show(&mut self, candidate: usize, stage: Stage, total: Option<u64>) {
        self.shown = Some((candidate, stage));
        let template = match total {
            Some(_) => "  {spinner} {msg:<42} {wide_bar} {pos}/{len} {eta:>4}",
            None => "  {spinner} {msg}",
        };
        // The templates are constants that parse; a default line is the worst that could come of it.
        self.bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        self.bar.reset();
        self.bar.set_length(total.unwrap_or(0));
        self.bar.set_message(self.line(candidate, stage));
    }

    fn line(&self, candidate: usize, stage: Stage) -> String {
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
                self.bar.set_position(done);
            }
            Event::Ended { candidate, error } => {
                self.bar.println(format!("  {}: {}", self.labels[candidate], error.what));
            }
            Event::Advanced { .. } | Event::Completed { .. } => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
