//! `bench flips`: the images on which two saved runs differ, the worst first.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::lineup::baseline;
use super::output_file::{check_file, write_to};
use super::runs::load;
use super::start::closed_pipe;
use crate::compare::{Flip, FlipKind, align, flips as flips_of, references};
use crate::error::{Error, Result};
use crate::json_text;
use crate::metric::ScoredRun;
use crate::record::Run;
use crate::report::layout::{Align, cut, table};
use crate::report::number::{counted, firmness};

/// Columns of the longest class name or image id that is shown in full.
const NAME: usize = 32;

/// Columns of the table that is saved.
const HEAD: [&str; 9] = [
    "run",
    "baseline_run",
    "image",
    "kind",
    "label",
    "baseline",
    "candidate",
    "baseline_margin",
    "candidate_margin",
];

/// Arguments of `bench flips`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench flips runs/01-ort-fp32.json runs/02-ort-int8.json
  bench flips last --kind right-to-wrong --limit 50
  bench flips last --candidate 'ort · int8' --csv flips.csv")]
pub struct FlipsArgs {
    /// Saved records (.json), folders of them, or `last`; the first record is the baseline
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// The run to set against the baseline, by its label; repeatable [default: all]
    #[arg(long = "candidate", value_name = "LABEL")]
    candidates: Vec<String>,
    /// Only flips of this kind; repeatable [default: all]
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<Kind>,
    /// Rows of the table; files hold every flip
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Write the flips as CSV; - for standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the flips as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The baseline was right, the candidate is not
    RightToWrong,
    /// Both are wrong, each in its own way
    WrongToOtherWrong,
    /// The baseline was wrong, the candidate is right
    WrongToRight,
}

impl From<FlipKind> for Kind {
    fn from(kind: FlipKind) -> Self {
        match kind {
            FlipKind::RightToWrong => Self::RightToWrong,
            FlipKind::WrongToRight => Self::WrongToRight,
            FlipKind::WrongToOtherWrong => Self::WrongToOtherWrong,
        }
    }
}

/// The flips of one candidate.
#[derive(Serialize)]
struct Flips {
    baseline: String,
    candidate: String,
    /// Class names in label order.
    classes: Vec<String>,
    flips: Vec<Flip>,
}

/// Shows the flips of saved runs.
pub fn flips(args: &FlipsArgs) -> Result<()> {
    let files = || [&args.csv, &args.json].into_iter().flatten();
    files().try_for_each(|path| check_file(path))?;
    let mut runs = Vec::new();
    for path in &args.records {
        runs.extend(load(path)?);
    }
    let baseline = baseline(&runs);
    let references = references(&runs, baseline);
    let mut all = Vec::new();
    for index in candidates(&runs, baseline, &args.candidates)? {
        all.extend(between(&runs[references[index]], &runs[index], &args.kinds)?);
    }
    if all.is_empty() {
        return Err(Error::unusable("no two of these runs were evaluated on the same images").help(
            "give records of runs with --data: bench compare A.onnx B.onnx --data images/ --record runs",
        ));
    }
    if let Some(path) = &args.csv {
        write_to(path, &|out| csv(&all, out))?;
    }
    if let Some(path) = &args.json {
        write_to(path, &|out| json(&all, out))?;
    }
    if files().any(|path| path == Path::new("-")) {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    all.iter().try_for_each(|flips| page(flips, args.limit, &mut out)).or_else(closed_pipe)
}

/// Writes all flips of `candidate` against `baseline` to `path`, as `--csv` does; nothing where the two
/// were not evaluated on the same images.
pub fn save(baseline: &Run, candidate: &Run, path: &Path) -> Result<()> {
    let Some(flips) = between(baseline, candidate, &[])? else { return Ok(()) };
    write_to(path, &|out| csv(std::slice::from_ref(&flips), out))
}

/// Places of the runs to set against the baseline.
fn candidates(runs: &[Run], baseline: usize, wanted: &[String]) -> Result<Vec<usize>> {
    let others: Vec<usize> = (0..runs.len()).filter(|&index| index != baseline).collect();
    let label = |index: usize| runs[index].record.job.label();
    if others.is_empty() {
        return Err(Error::usage("one run alone has no flips")
            .help("give two records or a folder of them: bench flips A.json B.json"));
    }
    if let Some(unknown) = wanted.iter().find(|name| others.iter().all(|&index| label(index) != **name)) {
        let labels: Vec<String> = others.iter().map(|&index| label(index)).collect();
        return Err(Error::usage(format!("there is no candidate {unknown}"))
            .help(format!("choose among: {}", labels.join(", "))));
    }
    Ok(others.into_iter().filter(|&index| wanted.is_empty() || wanted.contains(&label(index))).collect())
}

/// None where the two were not evaluated on the same images.
fn between(baseline: &Run, candidate: &Run, kinds: &[Kind]) -> Result<Option<Flips>> {
    let (one, other) = (ScoredRun::of(baseline)?, ScoredRun::of(candidate)?);
    let (pair, _) = align(&one, &other);
    if pair.images.is_none() {
        return Ok(None);
    }
    let mut flips = flips_of(&pair);
    flips.retain(|flip| kinds.is_empty() || kinds.contains(&flip.kind.into()));
    let classes = baseline.record.dataset.as_ref().map(|data| data.classes.clone()).unwrap_or_default();
    let (baseline, candidate) = (baseline.record.job.label(), candidate.record.job.label());
    Ok(Some(Flips { baseline, candidate, classes, flips }))
}

impl Flips {
    /// The name of a class, its number where it has none, a dot for no prediction.
    fn class(&self, label: Option<u32>) -> String {
        let name =
            |label: u32| self.classes.get(label as usize).cloned().unwrap_or_else(|| label.to_string());
        label.map_or_else(|| "·".into(), name)
    }

    fn row(&self, flip: &Flip) -> Vec<String> {
        let margin = |margin: Option<f64>| margin.map_or_else(|| "·".into(), firmness);
        let name = |label| plain(&self.class(label));
        vec![
            plain(&flip.id),
            words(flip.kind).into(),
            name(Some(flip.label)),
            name(flip.baseline),
            margin(flip.baseline_margin),
            name(flip.candidate),
            margin(flip.candidate_margin),
        ]
    }
}

/// A user's text must not be able to move the cursor.
fn plain(text: &str) -> String {
    cut(&super::start::printable(&text.replace('\n', " ")), NAME, "…")
}

fn words(kind: FlipKind) -> &'static str {
    match kind {
        FlipKind::RightToWrong => "right → wrong",
        FlipKind::WrongToRight => "wrong → right",
        FlipKind::WrongToOtherWrong => "wrong → other wrong",
    }
}

fn page(flips: &Flips, limit: usize, out: &mut impl Write) -> io::Result<()> {
    let total = flips.flips.len();
    let images = counted(total as u64, "image", "images");
    writeln!(
        out,
        "{} against {}: predictions differ on {images}",
        plain(&flips.candidate),
        plain(&flips.baseline)
    )?;
    if total == 0 {
        return Ok(());
    }
    let head = ["image", "what", "truth", "baseline", "margin", "candidate", "margin"].map(String::from);
    let rows: Vec<Vec<String>> = [head.to_vec()]
        .into_iter()
        .chain(flips.flips.iter().take(limit).map(|flip| flips.row(flip)))
        .collect();
    for line in table(&rows, &[Align::Left; 7]) {
        writeln!(out, "{line}")?;
    }
    match total.saturating_sub(limit) {
        0 => Ok(()),
        more => writeln!(out, "… {more} more; --limit {total} shows all, --csv FILE writes all"),
    }
}

fn json(all: &[Flips], out: &mut dyn Write) -> io::Result<()> {
    let text = json_text::indented(all).map_err(io::Error::other)?;
    write!(out, "{text}")
}

fn csv(all: &[Flips], out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(HEAD)?;
    for flips in all {
        for flip in &flips.flips {
            table.write_record(csv_row(flips, flip))?;
        }
    }
    table.flush()
}

fn csv_row(flips: &Flips, flip: &Flip) -> [String; 9] {
    let name = |label: Option<u32>| label.map(|label| flips.class(Some(label))).unwrap_or_default();
    let number = |margin: Option<f64>| margin.map(|margin| margin.to_string()).unwrap_or_default();
    let kind = match flip.kind {
        FlipKind::RightToWrong => "right_to_wrong",
        FlipKind::WrongToRight => "wrong_to_right",
        FlipKind::WrongToOtherWrong => "wrong_to_other_wrong",
    };
    [
        flips.candidate.clone(),
        flips.baseline.clone(),
        flip.id.clone(),
        kind.into(),
        name(Some(flip.label)),
        name(flip.baseline),
        name(flip.candidate),
        number(flip.baseline_margin),
        number(flip.candidate_margin),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixtures::{predictions, run};

    #[test]
    fn all_flips_are_saved_the_worst_first() {
        let (right, wrong, unsure): (&[f32], &[f32], &[f32]) = (&[4.0, 0.0], &[0.0, 4.0], &[0.0, 0.5]);
        let (mut one, mut other) = (run("fp32"), run("int8"));
        one.predictions =
            Some(predictions(2, &[("a", 0, right), ("b", 0, wrong), ("c", 1, unsure), ("d", 1, wrong)]));
        other.predictions =
            Some(predictions(2, &[("a", 0, right), ("b", 0, right), ("c", 1, right), ("d", 1, right)]));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("02-ort-int8.flips.csv");
        save(&one, &other, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let told = |line: &str| line.split(',').skip(2).take(2).collect::<Vec<_>>().join(" ");
        let told: Vec<String> = text.lines().skip(1).map(told).collect();
        assert_eq!(told, ["d right_to_wrong", "c right_to_wrong", "b wrong_to_right"], "{text}");
    }

    #[test]
    fn runs_without_images_in_common_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("02-ort-int8.flips.csv");
        save(&run("fp32"), &run("int8"), &path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_comma_or_a_quote_in_a_name_stays_one_field() {
        let (right, wrong): (&[f32], &[f32]) = (&[4.0, 0.0], &[0.0, 4.0]);
        let (mut one, mut other) = (run("fp32"), run("int8"));
        one.predictions = Some(predictions(2, &[("5\" nail, blue.png", 0, right)]));
        other.predictions = Some(predictions(2, &[("5\" nail, blue.png", 0, wrong)]));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("02-ort-int8.flips.csv");
        save(&one, &other, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(",\"5\"\" nail, blue.png\",right_to_wrong,"), "{text}");
    }
}
