//! Where the gate's word goes: the terminal, files, and what CI systems read. GitHub is found by its
//! variables.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use crate::cli::output_file::{check_file, write_to};
use crate::cli::start::closed_pipe;
use crate::compare::Comparison;
use crate::error::{Error, Result};
use crate::gate::Judgement;
use crate::report::gate::{GateDocument, GateView, annotations, comment, junit, outputs, page};
use crate::report::{ColorChoice, Report, Style, Terminal, View};

/// Where the gate's word goes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct GateOutputArgs {
    /// Write the findings as JSON (`bench schema gate` describes it); - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the findings as JUnit XML, for GitLab and others; - for standard output
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a Markdown comment below GitHub's limit, with a marker by which it is found again; - for standard output
    #[arg(long, value_name = "FILE")]
    comment: Option<PathBuf>,
    /// Append the same Markdown to FILE [default: GITHUB_STEP_SUMMARY, on GitHub]
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Append verdict and counts as key=value lines to FILE [default: GITHUB_OUTPUT, on GitHub]
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// Annotations on standard output, and the defaults of --summary and --outputs; auto: where GITHUB_ACTIONS is true
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    github: When,
    /// The comparison above the findings
    #[arg(long, short)]
    verbose: bool,
    /// No progress and no page, only files, annotations and errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// When something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// Where it is of use
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl GateOutputArgs {
    /// A wrong place for a report is to be known before minutes of measuring.
    pub fn check(&self) -> Result<()> {
        if self.files().filter(|path| is_stdout(path)).count() > 1 {
            return Err(Error::usage("two reports cannot both go to standard output")
                .help("name a file for one of them"));
        }
        let appended = self.summary.iter().chain(&self.outputs).map(PathBuf::as_path);
        self.files().chain(appended).try_for_each(check_file)
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        self.json.iter().chain(&self.junit).chain(&self.comment).map(PathBuf::as_path)
    }

    fn on_github(&self) -> bool {
        match self.github {
            When::Always => true,
            When::Never => false,
            When::Auto => variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        }
    }

    /// `chosen`, else what GitHub says in `name`.
    fn place(&self, chosen: &Option<PathBuf>, name: &str) -> Option<PathBuf> {
        chosen.clone().or_else(|| variable(name).filter(|_| self.on_github()).map(PathBuf::from))
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes everything that was asked for.
pub(super) fn publish(
    args: &GateOutputArgs,
    judgement: &Judgement,
    comparisons: &[Comparison],
) -> Result<()> {
    let view = GateView::of(judgement);
    let taken = args.files().any(is_stdout);
    if !args.quiet && !taken {
        terminal(args, &view, comparisons).or_else(closed_pipe)?;
    }
    if args.on_github() && !taken {
        let mut out = io::stdout().lock();
        annotations(&view).iter().try_for_each(|line| writeln!(out, "{line}")).or_else(closed_pipe)?;
    }
    files(args, judgement, &view)?;
    if let Some(path) = args.place(&args.summary, "GITHUB_STEP_SUMMARY") {
        append(&path, &comment(&view))?;
    }
    match args.place(&args.outputs, "GITHUB_OUTPUT") {
        Some(path) => append(&path, &(outputs(&view).join("\n") + "\n")),
        None => Ok(()),
    }
}

fn terminal(args: &GateOutputArgs, view: &GateView, comparisons: &[Comparison]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let token = args.on_github().then(token);
    if let Some(token) = &token {
        writeln!(out, "::stop-commands::{token}")?;
    }
    shown(args, view, comparisons, &mut out)?;
    token.iter().try_for_each(|token| writeln!(out, "::{token}::"))
}

/// Until the runner reads this word again it takes no line for a command: a class may be called `::error::`.
fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_nanos()).unwrap_or_default();
    format!("bench-{now}-{}", std::process::id())
}

fn shown(
    args: &GateOutputArgs,
    view: &GateView,
    comparisons: &[Comparison],
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::of_stdout(args.color);
    for comparison in comparisons.iter().filter(|_| args.verbose) {
        Terminal { style }.write(&View::of(comparison).headlines(), out)?;
        writeln!(out)?;
    }
    page(view, &style).iter().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

fn files(args: &GateOutputArgs, judgement: &Judgement, view: &GateView) -> Result<()> {
    if let Some(path) = &args.json {
        let text = GateDocument::of(judgement, view).to_json().map_err(|e| {
            Error::unusable("the findings cannot be written as JSON").because(e).at_path(path)
        })?;
        write_to(path, &|out| write!(out, "{text}"))?;
    }
    if let Some(path) = &args.junit {
        let text = junit(view).map_err(|e| {
            Error::unusable("the findings cannot be written as JUnit XML").because(e).at_path(path)
        })?;
        write_to(path, &|out| write!(out, "{text}"))?;
    }
    match &args.comment {
        Some(path) => write_to(path, &|out| write!(out, "{}", comment(view))),
        None => Ok(()),
    }
}

/// Other steps have written to these files before.
fn append(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| {
        Error::unusable("the file cannot be written")
            .because(e)
            .at_path(path)
            .help("choose another place for it")
    })
}
