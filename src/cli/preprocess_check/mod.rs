//! `bench preprocess-check`: whether another preprocessing makes the model more accurate, so that a
//! wrong guess is found before int8 is blamed for it.

mod advice;
mod findings;
mod page;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

use self::findings::{Findings, Verdict};
use super::args::EvaluationArgs;
use super::candidates::{self, PlannedModel};
use super::exit::Exit;
use super::measuring::{self, LibraryArgs};
use super::output_file::{check_file, write_to};
use super::progress::Progress;
use super::signals;
use super::start::closed_pipe;
use crate::error::{Error, ErrorKind, Result};
use crate::json_text;
use crate::measure::{Event, Interrupt, Observer, Sweep, Swept, sweep};
use crate::metric::{self, ImageScore};
use crate::plan::{Dim, Job, Source};
use crate::preprocess::{Layout, Preprocess, Surroundings, Variant, variants};
use crate::record::Stage;
use crate::report::{ColorChoice, Style};

/// Images where nobody asks for another number: they show a difference of some points, and take
/// seconds.
const IMAGES: usize = 500;

/// Arguments of `bench preprocess-check`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench preprocess-check model.fp32.onnx --data images/
  bench preprocess-check model.fp32.onnx --data images/ --limit 2000 --json check.json

Every setting of a fixed grid (scale, mean and std, order of colours, filter, antialias, library,
crop) is tried on the same images as the settings in use: 500, or --limit. Give it the fp32 model.")]
#[command(
    after_help = "Exit status: 0 the settings hold · 1 another is significantly better, or all are at chance · 2 wrong usage · 3 could not run"
)]
pub struct CheckArgs {
    /// The model (.onnx)
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    settings: EvaluationArgs,
    /// Write everything that was found as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No progress and no page, only files and errors
    #[arg(long, short)]
    quiet: bool,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Tries the grid and says what came of it.
pub fn check(args: &CheckArgs, matches: &ArgMatches) -> Result<Exit> {
    args.json.as_deref().map_or(Ok(()), check_file)?;
    let planned = candidates::open_model(&args.model, &args.settings.layers(matches), COMMAND)?;
    let job = job(&planned)?;
    let jobs = [(&planned, job)];
    measuring::check(&jobs, args.quiet)?;
    let interrupt = Interrupt::default();
    signals::watch(&interrupt)?;
    measuring::provision(&args.library, &jobs);
    let [(_, job)] = jobs;
    let grid = variants(&job.preprocess, &surroundings(&args.model, &job)?);
    let swept = match (tried(&job, &grid, args.quiet, &interrupt), interrupt.signal()) {
        (Err(error), Some(signal)) if error.kind == ErrorKind::Interrupted => {
            return Ok(Exit::Interrupted(signal));
        }
        (swept, _) => swept?,
    };
    let findings = Findings::of(&job, grid, swept);
    publish(args, &findings, &job)?;
    Ok(match findings.verdict {
        Verdict::Holds => Exit::Done,
        Verdict::AnotherIsBetter | Verdict::AtChance => Exit::InDoubt,
    })
}

const COMMAND: &str = "bench preprocess-check";

/// The model with the settings in use, on so many images.
fn job(planned: &PlannedModel) -> Result<Job> {
    let mut job = candidates::job(planned, candidates::one_runtime(planned, COMMAND)?)?;
    let asked = matches!(planned.resolved.source("data.limit"), Source::Flag | Source::Environment);
    let Some(data) = &mut job.dataset else {
        return Err(Error::usage("without data there is no accuracy to go by").help("say --data PATH"));
    };
    // A settings file says how many images an evaluation takes, which is another question.
    if !asked {
        data.limit = Some(data.limit.map_or(IMAGES, |limit| limit.min(IMAGES)));
    }
    Ok(job)
}

/// What the grid cannot see in the settings alone.
fn surroundings(model: &Path, job: &Job) -> Result<Surroundings> {
    let layouts = [Layout::Nchw, Layout::Nhwc].into_iter().filter(|&layout| takes(job, layout)).collect();
    // Without flags and variables the model's own settings may not even fit: then nothing was overruled.
    let own = candidates::open_model(model, &[], COMMAND)
        .and_then(|planned| candidates::job(&planned, job.runtime.clone()));
    let overruled = own.ok().map(|own| Preprocess {
        // Images are decoded once for all.
        exif_orientation: job.preprocess.exif_orientation,
        ..own.preprocess
    });
    Ok(Surroundings { layouts, overruled })
}

/// Whether the model's input takes images in this layout, as far as its shape says.
fn takes(job: &Job, layout: Layout) -> bool {
    let shape = Preprocess { layout, ..job.preprocess.clone() }.shape(1);
    let fits = |(axis, length): (&Dim, &usize)| axis.known().is_none_or(|known| known == *length);
    job.input.shape.iter().zip(&shape).skip(1).all(fits)
}

fn tried(job: &Job, grid: &[Variant], quiet: bool, interrupt: &Interrupt) -> Result<Swept<ImageScore>> {
    let others = grid.iter().map(|variant| &variant.preprocess);
    let settings: Vec<&Preprocess> = [&job.preprocess].into_iter().chain(others).collect();
    let label = format!("{} under {} settings", job.label(), settings.len());
    let mut progress = Progress::new(vec![label], quiet);
    let (candidate, stage) = (0, Stage::Evaluate);
    let total = job.dataset.as_ref().and_then(|data| data.limit).map(|limit| limit as u64);
    progress.notice(Event::Entered { candidate, stage, total });
    sweep(
        &Sweep { job, settings: &settings, interrupt },
        &|prediction| metric::score(prediction, job.output.activation),
        &mut |done| progress.notice(Event::Advanced { candidate, stage, done }),
    )
}

fn publish(args: &CheckArgs, findings: &Findings, job: &Job) -> Result<()> {
    if let Some(path) = &args.json {
        let text = json_text::indented(findings)
            .map_err(|e| Error::unusable("the check cannot be written as JSON").because(e))?;
        write_to(path, &|out| write!(out, "{text}"))?;
    }
    if args.quiet || args.json.as_deref() == Some(Path::new("-")) {
        return Ok(());
    }
    let style = Style::of_stdout(args.color);
    let mut out = io::stdout().lock();
    page::lines(findings, job, &style)
        .iter()
        .try_for_each(|line| writeln!(out, "{line}"))
        .or_else(closed_pipe)
}
