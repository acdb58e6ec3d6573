//! `bench report`, and the way every comparison is shown.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

use super::criteria::CriteriaArgs;
use super::explain::class_map;
use super::runs;
use super::start::closed_pipe;
use crate::compare::{self, Options};
use crate::error::{Error, Result};
use crate::record::{self, Run};
use crate::report::{ColorChoice, Markdown, Report, ReportDocument, Style, Terminal, View};

/// Arguments of `bench report`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench report last
  bench report runs/01-ort-fp32.json runs/02-ort-int8.json --markdown report.md")]
pub struct ReportArgs {
    /// Saved records (.json), folders of them, or `last`; the first record is the baseline
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    #[command(flatten)]
    criteria: CriteriaArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Where a report goes and how it looks.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write the comparison as JSON (`bench schema` describes it); - for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the tables as Markdown; - for standard output
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Every figure and the confusion matrices on the page
    #[arg(long, short)]
    pub verbose: bool,
    /// No progress and no page, only files and errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// Shows saved runs.
pub fn report(args: &ReportArgs, matches: &ArgMatches) -> Result<()> {
    let options = args.criteria.options(matches)?;
    args.output.check()?;
    let mut runs = Vec::new();
    for path in &args.records {
        runs.extend(load(path)?);
    }
    publish(runs, &options, &args.output)
}

/// The runs of a record, of a folder of them, or of the last measurement.
pub fn load(path: &Path) -> Result<Vec<Run>> {
    if path == Path::new("last") && !path.exists() {
        return record::load_folder(&runs::last()?);
    }
    if path.is_dir() { record::load_folder(path) } else { record::load(path).map(|run| vec![run]) }
}

/// Compares runs and writes everything that was asked for.
pub fn publish(runs: Vec<Run>, options: &Options, args: &OutputArgs) -> Result<()> {
    let baseline = baseline(&runs);
    let classes = class_maps(&runs);
    let comparison = compare::compare_with(runs, baseline, options)?;
    let view = View::of(&comparison);
    let taken = args.files().any(|path| path == Path::new("-"));
    if !args.quiet && !taken {
        let shown = if args.verbose { view.clone() } else { view.clone().headlines() };
        let style = Style::of_stdout(args.color);
        let mut out = io::stdout().lock();
        Terminal { style }.write(&shown, &mut out).or_else(closed_pipe)?;
        let mut maps = classes.iter().filter(|_| args.verbose);
        maps.try_for_each(|classes| class_map(classes, style.width, &mut out)).or_else(closed_pipe)?;
    }
    if let Some(path) = &args.json {
        let document = ReportDocument::of(&comparison)
            .to_json()
            .map_err(|e| Error::unusable("the report cannot be written as JSON").because(e).at_path(path))?;
        write_to(path, &|out| writeln!(out, "{document}"))?;
    }
    match &args.markdown {
        Some(path) => write_to(path, &|out| Markdown.write(&view, out)),
        None => Ok(()),
    }
}

/// The class names of all data in label order, the same ones once.
fn class_maps(runs: &[Run]) -> Vec<Vec<String>> {
    let mut maps: Vec<Vec<String>> = Vec::new();
    for data in runs.iter().filter_map(|run| run.record.dataset.as_ref()) {
        if !maps.contains(&data.classes) {
            maps.push(data.classes.clone());
        }
    }
    maps
}

impl OutputArgs {
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.json.iter().chain(&self.markdown).map(PathBuf::as_path)
    }

    /// A wrong place for a report is to be known before minutes of measuring.
    pub fn check(&self) -> Result<()> {
        if self.files().filter(|path| *path == Path::new("-")).count() > 1 {
            return Err(Error::usage("two reports cannot both go to standard output")
                .help("name a file for one of them"));
        }
        for path in self.files().filter(|path| *path != Path::new("-")) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
                return Err(Error::usage("a report cannot be written there")
                    .at_path(path)
                    .help("name a file in a folder that exists"));
            }
        }
        Ok(())
    }
}

/// The first run, or the first that has any figure when that one could not run.
pub fn baseline(runs: &[Run]) -> usize {
    let measured = |run: &Run| {
        let evidence = &run.record.evidence;
        !evidence.load.is_empty() || evidence.evaluation.is_some()
    };
    runs.iter().position(measured).unwrap_or(0)
}

/// Writes a file, or to standard output for `-`.
pub fn write_to(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    if path == Path::new("-") {
        return write(&mut io::stdout().lock()).or_else(closed_pipe);
    }
    let cannot = |e: io::Error| {
        Error::unusable("the report cannot be written")
            .because(e)
            .at_path(path)
            .help("choose another place; the measurement is kept: `bench report last`, or the folder of --record, shows it")
    };
    let mut file = io::BufWriter::new(fs::File::create(path).map_err(cannot)?);
    write(&mut file).and_then(|()| file.flush()).map_err(cannot)
}
