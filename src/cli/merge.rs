//! `bench merge`: the records of all shards become one.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::measuring::{check_place, say, stem_of};
use super::runs::load;
use super::start::{closed_pipe, printable};
use crate::error::Result;
use crate::record::{self, Run};
use crate::report::number::counted;

/// Arguments of `bench merge`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench merge part1.json part2.json part3.json part4.json -o run.json
  bench merge parts/ -o run.json && bench report run.json")]
pub struct MergeArgs {
    /// Records of `bench run --shard` (.json), or folders of them: all shards, in any order
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// Where the record of the whole goes; the predictions go beside it
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

/// Merges records and says what came of it.
pub fn merge(args: &MergeArgs, out: &mut impl Write) -> Result<()> {
    check_place(&args.out)?;
    let mut parts = Vec::new();
    for path in &args.records {
        parts.extend(load(path)?.into_iter().map(|run| (path.display().to_string(), run)));
    }
    let shards = counted(parts.len() as u64, "shard", "shards");
    let merged = record::merge(parts)?;
    let folder = args.out.parent().unwrap_or(Path::new(""));
    record::save(&merged.run, folder, &stem_of(&args.out))?;
    merged.remarks.iter().for_each(|remark| say(&format!("note: {remark}")));
    let line = format!("{shards} merged into {}: {}", args.out.display(), evaluated(&merged.run));
    writeln!(out, "{}", printable(&line)).or_else(closed_pipe)
}

fn evaluated(run: &Run) -> String {
    let images = run.predictions.as_ref().map_or(0, |predictions| predictions.len());
    counted(images as u64, "image", "images")
}
