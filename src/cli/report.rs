//! `bench report`, and the way every comparison is shown.

use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, ValueEnum};

use super::criteria::CriteriaArgs;
use super::explain::class_map;
use super::lineup::baseline;
use super::output_file::{check_file, write_to};
use super::pictures::{Images, pictures};
use super::runs::load;
use super::start::closed_pipe;
use crate::compare::{self, Comparison, Options};
use crate::error::{Error, Result};
use crate::record::{Run, check_writable};
use crate::report::plot::{Fonts, png};
use crate::report::{
    Chart, Charts, ColorChoice, Html, Markdown, Report, ReportDocument, Style, Terminal, View, csv,
};

/// Arguments of `bench report`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench report last --html report.html
  bench report runs/01-ort-fp32.json runs/02-ort-int8.json --markdown report.md --csv report.csv")]
pub struct ReportArgs {
    /// Saved records (.json), folders of them, or `last`; the first record is the baseline
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    #[command(flatten)]
    criteria: CriteriaArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// How charts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlotFormat {
    /// Lines and text, light or dark as the reader's system is
    Svg,
    /// Pixels, always light
    Png,
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
    /// Write the comparison as one page for a browser, with charts; - for standard output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write every figure as CSV, a row for each metric, run and class; - for standard output
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Most pictures of flipped images for each candidate in the page for a browser, or none
    #[arg(long, value_name = "N", default_value_t)]
    pub images: Images,
    /// Write each chart as a file of its own into DIR
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// Format of these charts
    #[arg(long, value_name = "FORMAT", default_value = "svg")]
    pub plot_format: PlotFormat,
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
    args.output.check()?;
    let mut runs = Vec::new();
    for path in &args.records {
        runs.extend(load(path)?);
    }
    let options = args.criteria.options(matches, runs.get(baseline(&runs)))?;
    publish(runs, &options, &args.output)
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
    write_files(&comparison, &view, args)
}

/// Every file that was asked for.
fn write_files(comparison: &Comparison, view: &View, args: &OutputArgs) -> Result<()> {
    if let Some(path) = &args.json {
        let document = ReportDocument::of(comparison)
            .to_json()
            .map_err(|e| Error::unusable("the report cannot be written as JSON").because(e).at_path(path))?;
        write_to(path, &|out| writeln!(out, "{document}"))?;
    }
    if let Some(path) = &args.markdown {
        write_to(path, &|out| Markdown.write(view, out))?;
    }
    if let Some(path) = &args.csv {
        write_to(path, &|out| csv(comparison, out))?;
    }
    if let Some(path) = &args.html {
        let pictures = pictures(comparison, args.images);
        let page = Html { comparison, pictures: &pictures, cards: args.images.cards() };
        write_to(path, &|out| page.write(view, out))?;
    }
    match &args.plots {
        Some(folder) => plots(comparison, folder, args.plot_format),
        None => Ok(()),
    }
}

fn plots(comparison: &Comparison, folder: &Path, format: PlotFormat) -> Result<()> {
    let charts = Charts::of(comparison);
    let write = |chart: &Chart, extension: &str, content: &[u8]| {
        write_to(&folder.join(format!("{}.{extension}", chart.stem)), &|out| out.write_all(content))
    };
    match format {
        PlotFormat::Svg => {
            charts.iter().try_for_each(|chart| write(chart, "svg", chart.drawing.standalone().as_bytes()))
        }
        PlotFormat::Png => {
            let fonts = Fonts::of_system()?;
            charts.iter().try_for_each(|chart| write(chart, "png", &png(&chart.drawing, &fonts)?))
        }
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
        [&self.json, &self.markdown, &self.html, &self.csv].into_iter().flatten().map(PathBuf::as_path)
    }

    /// A wrong place for a report is to be known before minutes of measuring.
    pub fn check(&self) -> Result<()> {
        if self.files().filter(|path| *path == Path::new("-")).count() > 1 {
            return Err(Error::usage("two reports cannot both go to standard output")
                .help("name a file for one of them"));
        }
        self.plots.as_deref().map_or(Ok(()), check_plots)?;
        self.files().try_for_each(check_file)
    }
}

fn check_plots(folder: &Path) -> Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(Error::usage("charts cannot be written there")
            .because("it is not a folder")
            .at_path(folder)
            .help("name a folder; it is made where it is missing"));
    }
    check_writable(&folder.join("chart")).map_err(|error| error.at_path(folder))
}
