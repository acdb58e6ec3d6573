//! `bench baseline`: what candidates are held against, as a small file in the repository.

mod difference;
mod page;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::runs::load;
use super::start::{closed_pipe, printable};
use crate::error::{Error, Result};
use crate::gate::Baseline;
use crate::record::Run;

/// Arguments of `bench baseline`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench run model.onnx --data images/ -o run.json && bench baseline save run.json -o baseline.json
  bench baseline diff baseline.json run.json
  bench baseline accept run.json -o baseline.json")]
pub struct BaselineArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Keep the runs of a model as a new baseline
    #[command(before_help = "Example:  bench baseline save last --variant fp32 -o baseline.json")]
    Save(KeepArgs),
    /// Put the runs of a model in the place of a baseline, and say what changes
    #[command(before_help = "Example:  bench baseline accept last -o baseline.json")]
    Accept(KeepArgs),
    /// What a baseline holds
    #[command(before_help = "Example:  bench baseline show baseline.json")]
    Show {
        /// The baseline
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// What differs between a baseline and another one, or records
    #[command(before_help = "Example:  bench baseline diff baseline.json run.json")]
    Diff {
        /// The baseline
        #[arg(value_name = "FILE")]
        before: PathBuf,
        /// Another baseline, or a record, a folder of records, or `last`
        #[arg(value_name = "OTHER")]
        after: PathBuf,
        /// Of several models among the records, the one of this name
        #[arg(long, value_name = "NAME")]
        variant: Option<String>,
    },
}

/// What is kept, and where.
#[derive(Args, Debug)]
struct KeepArgs {
    /// Saved records (.json), folders of them, or `last`: one model, one record for each runtime
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// The baseline
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Of several models among the records, the one of this name: fp32, int8 …
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Keep the predictions too, in Parquet beside the file: agreement and resampled metrics need them
    #[arg(long)]
    with_predictions: bool,
}

/// Runs `bench baseline`.
pub fn baseline(args: &BaselineArgs, out: &mut impl Write) -> Result<()> {
    let lines = match &args.command {
        Command::Save(args) => save(args)?,
        Command::Accept(args) => accept(args)?,
        Command::Show { file } => page::lines(&Baseline::read(file)?),
        Command::Diff { before, after, variant } => {
            let after = either(after, variant.as_deref())?;
            difference::lines(&Baseline::read(before)?, &after)
        }
    };
    lines.iter().try_for_each(|line| writeln!(out, "{}", printable(line).trim_end())).or_else(closed_pipe)
}

fn save(args: &KeepArgs) -> Result<Vec<String>> {
    check_name(&args.out)?;
    if args.out.exists() {
        return Err(Error::usage("this file is there already").at_path(&args.out).help(
            "see what would change with `bench baseline diff`, and replace it with `bench baseline accept`",
        ));
    }
    let (baseline, runs) = kept(args)?;
    let lines = page::lines(&baseline);
    baseline.write(&args.out, &runs, args.with_predictions)?;
    Ok([vec![format!("{} is the baseline", args.out.display())], lines].concat())
}

fn accept(args: &KeepArgs) -> Result<Vec<String>> {
    check_name(&args.out)?;
    let before = Baseline::read(&args.out)?;
    let (baseline, runs) = kept(args)?;
    let lines = difference::lines(&before, &baseline);
    baseline.write(&args.out, &runs, args.with_predictions)?;
    Ok([vec![format!("{} is replaced", args.out.display())], lines].concat())
}

fn check_name(path: &Path) -> Result<()> {
    match path.extension().is_some_and(|extension| extension == "json") {
        true => Ok(()),
        false => Err(Error::usage("a baseline is a .json file").at_path(path).help("write -o NAME.json")),
    }
}

fn kept(args: &KeepArgs) -> Result<(Baseline, Vec<Run>)> {
    let runs = chosen(&args.records, args.variant.as_deref())?;
    Ok((Baseline::of(&runs)?, runs))
}

/// The runs of the records that are of `variant`.
fn chosen(records: &[PathBuf], variant: Option<&str>) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for path in records {
        runs.extend(load(path)?);
    }
    let Some(wanted) = variant else { return Ok(runs) };
    let mut names: Vec<String> = runs.iter().map(|run| run.record.job.variant.clone()).collect();
    names.dedup();
    runs.retain(|run| run.record.job.variant == wanted);
    if runs.is_empty() {
        return Err(Error::usage(format!("no record is of {wanted}"))
            .help(format!("choose among: {}", names.join(", "))));
    }
    Ok(runs)
}

/// A baseline, or what would be one.
fn either(path: &Path, variant: Option<&str>) -> Result<Baseline> {
    match Baseline::is_one(path) {
        true => Baseline::read(path),
        false => Baseline::of(&chosen(&[path.to_owned()], variant)?),
    }
}
