//! Where the gate's word goes: the terminal, files, and what CI systems read. GitHub is found by its
//! variables.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use crate::cli::measuring::say;
use crate::cli::output_file::{check_file, check_folder, write_to};
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
        self.files().try_for_each(check_file)?;
        self.summary.iter().chain(&self.outputs).try_for_each(|path| check_folder(path))
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
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes everything that was asked for. What cannot be written keeps nothing else from being; the first
/// such error is returned.
pub(super) fn publish(
    args: &GateOutputArgs,
    judgement: &Judgement,
    comparisons: &[Comparison],
) -> Result<()> {
    let view = GateView::of(judgement);
    let taken = args.files().any(is_stdout);
    let shown = match args.quiet || taken {
        true => Ok(()),
        false => terminal(args, &view, comparisons).or_else(closed_pipe),
    };
    let annotated = match args.on_github() && !taken {
        true => annotate(&view).or_else(closed_pipe),
        false => Ok(()),
    };
    let summary = || comment(&view);
    let counts = || outputs(&view).join("\n") + "\n";
    let written = [
        shown,
        annotated,
        files(args, judgement, &view),
        appended(args, &args.summary, "GITHUB_STEP_SUMMARY", summary),
        appended(args, &args.outputs, "GITHUB_OUTPUT", counts),
    ];
    written.into_iter().collect()
}

fn annotate(view: &GateView) -> io::Result<()> {
    let mut out = io::stdout().lock();
    annotations(view).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// To the place that was `chosen`, else to that of variable `name`, which nobody asked for here: where it
/// cannot be written, as in a container that does not have it, the gate is as good as without.
fn appended(
    args: &GateOutputArgs,
    chosen: &Option<PathBuf>,
    name: &str,
    text: impl Fn() -> String,
) -> Result<()> {
    let found = || variable(name).filter(|_| args.on_github()).map(PathBuf::from);
    match (chosen, found()) {
        (Some(path), _) => append(path, &text()),
        (None, Some(path)) => append(&path, &text()).or_else(|error| {
            say(&format!("warning: {error}"));
            Ok(())
        }),
        (None, None) => Ok(()),
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
    let unwritten = |path: &Path, what: &str, e: &dyn std::fmt::Display| {
        Error::unusable(format!("the findings cannot be written as {what}")).because(e).at_path(path)
    };
    let json = |path: &PathBuf| {
        let text =
            GateDocument::of(judgement, view).to_json().map_err(|e| unwritten(path.as_path(), "JSON", &e))?;
        write_to(path, &|out| write!(out, "{text}"))
    };
    let xml = |path: &PathBuf| {
        let text = junit(view).map_err(|e| unwritten(path.as_path(), "JUnit XML", &e))?;
        write_to(path, &|out| write!(out, "{text}"))
    };
    let markdown = |path: &PathBuf| write_to(path, &|out| write!(out, "{}", comment(view)));
    let written =
        [args.json.as_ref().map(json), args.junit.as_ref().map(xml), args.comment.as_ref().map(markdown)];
    written.into_iter().flatten().collect()
}

/// Other steps have written to these files before, and may have left a line without its end.
fn append(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let start = if is_mid_line(path) { "\n" } else { "" };
    file.and_then(|mut file| file.write_all(format!("{start}{text}").as_bytes())).map_err(|e| {
        Error::unusable("the file cannot be written")
            .because(e)
            .at_path(path)
            .help("choose another place for it")
    })
}

/// Whether the file at `path` ends without the end of a line. Pipes and terminals are not looked at.
fn is_mid_line(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let mut file = std::fs::File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte).map(|()| byte[0])
    };
    path.is_file() && last().is_ok_and(|byte| byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_begins_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs");
        for (before, after) in [("", "a=1\n"), ("x=y\n", "x=y\na=1\n"), ("x=y", "x=y\na=1\n")] {
            std::fs::write(&path, before).unwrap();
            append(&path, "a=1\n").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
        assert!(append(&folder.path().join("none/outputs"), "a=1\n").is_err());
    }
}
