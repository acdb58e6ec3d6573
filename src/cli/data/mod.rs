//! `bench data`: what is in a data set, before anything is measured on it, and lists that divide it.

mod document;
mod page;
mod remarks;
mod wish;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use self::document::{Document, Lists, SheetFacts};
use self::wish::{SplitArg, Wish};
use super::exit::Exit;
use super::output_file::write_to;
use super::progress::Line;
use super::signals;
use super::start::closed_pipe;
use crate::dataset::survey::{
    Division, Drawing, Examined, Examples, Part, Survey, Together, Watch, beside, sources,
};
use crate::error::{Error, ErrorKind, Result};
use crate::json_text;
use crate::measure::Interrupt;
use crate::plan::{CommaList, DatasetFormat};
use crate::record::{cannot_write, write_together};
use crate::report::contact_sheet::{MOST_CLASSES, Sheet, SheetRow};
use crate::report::number::{counted, whole};
use crate::report::{ColorChoice, Style};

/// Arguments of `bench data`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench data images/
  bench data images/ --contact-sheet sheet.png --json data.json
  bench data images/ --split 80/16/4 --seed 7 --out lists/
  bench data images/test --against images/calibration")]
pub struct DataArgs {
    /// Images with labels: a folder, a list, or files of one of many formats (`bench list formats`)
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// NAME: only this split [default: all]. SHARES, such as 80/16/4: divide into lists, see --out. May be given once each
    #[arg(long = "split", value_name = "NAME|SHARES")]
    splits: Vec<SplitArg>,
    /// Folder for the lists: train.txt, val.txt and test.txt, or part-1.txt and so on; what --list reads
    #[arg(long, value_name = "DIR", help_heading = "Lists")]
    out: Option<PathBuf>,
    /// Seed of the draw of lists and of the contact sheet
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Images that stay in one list: those that are the same to the pixel, also those that look the same, or none
    #[arg(long, value_name = "WHICH", default_value = "exact", help_heading = "Lists")]
    together: Together,
    /// Images to hold these against, such as those for calibration: a data set, or a list of ids of this one
    #[arg(long, value_name = "LIST|PATH")]
    against: Option<PathBuf>,
    /// Split that those are of
    #[arg(long, value_name = "NAME", requires = "against")]
    against_split: Option<String>,
    /// Write some images of each class as one PNG picture
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    contact_sheet: Option<PathBuf>,
    /// Images of each class on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=32), help_heading = "Output")]
    samples: u64,
    /// Format, when it is not to be found from the content
    #[arg(long, value_name = "FORMAT", help_heading = "Data")]
    format: Option<DatasetFormat>,
    /// Column of a table with the images or their paths [default: found by type and name]
    #[arg(long, value_name = "NAME", help_heading = "Data")]
    image_column: Option<String>,
    /// Column of a table with the labels [default: found by type and name]
    #[arg(long, value_name = "NAME", help_heading = "Data")]
    label_column: Option<String>,
    /// Class names in label order, comma-separated; one that holds a comma in double quotes
    #[arg(long, value_name = "NAMES", help_heading = "Data")]
    class_names: Vec<CommaList>,
    /// Only images whose ids are in this file, one a line
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    list: Option<PathBuf>,
    /// Write everything that was found as JSON; - for standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    json: Option<PathBuf>,
    /// Every class, image and group on the page
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
    /// No progress and no page, only files and errors
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: ColorChoice,
}

/// Looks at every image and writes what was asked for. What is wrong with images is told and no
/// error; a data set that cannot be listed is one.
pub fn data(args: &DataArgs) -> Result<Exit> {
    let wish = Wish::of(args)?;
    let interrupt = Interrupt::default();
    signals::watch(&interrupt)?;
    let line = Line::new(args.quiet);
    let done = line.watch(&interrupt, |watch| looked_at(args, &wish, watch));
    drop(line);
    match (done, interrupt.signal()) {
        (Err(error), Some(signal)) if error.kind == ErrorKind::Interrupted => Ok(Exit::Interrupted(signal)),
        (done, _) => publish(args, &done?).map(|()| Exit::Done),
    }
}

/// Looks at the images; writes the lists and the contact sheet, once both are made: who stops it finds
/// neither.
fn looked_at(args: &DataArgs, wish: &Wish, watch: &Watch<'_>) -> Result<Document> {
    let mut all = sources(&wish.spec)?;
    wish.check_splits(&all)?;
    wish.check_places(&all)?;
    if let Some(path) = &args.against {
        all.extend(beside(path, args.against_split.as_deref(), &wish.spec)?);
    }
    let examined = Examined::of(all, watch)?;
    let mut document = Document::of(&args.path, examined.survey()?);
    let divide = |shares| examined.divide(shares, args.seed, args.together);
    let division = wish.shares.as_ref().map(divide).transpose()?;
    let draw = |path: &PathBuf| contact_sheet(args, path, &document.survey, &examined, watch);
    let sheet = args.contact_sheet.as_ref().map(draw).transpose()?;
    if let (Some(shares), Some(division)) = (&wish.shares, division) {
        write_lists(&division, &wish.lists)?;
        document = document.divided(Lists::of(&division, wish, shares, args.seed, args.together));
    }
    if let (Some(path), Some((facts, png))) = (&args.contact_sheet, sheet) {
        write_to(path, &|out| out.write_all(&png))?;
        document.contact_sheet = Some(facts);
    }
    Ok(document)
}

fn write_lists(division: &Division, files: &[PathBuf]) -> Result<()> {
    let text = |part: &Part| (part.ids.join("\n") + "\n").into_bytes();
    let lists = division.parts.iter().zip(files).map(|(part, file)| (file.as_path(), text(part)));
    write_together(&lists.collect::<Vec<_>>())
}

/// What is to be told of the sheet, and the sheet as PNG.
fn contact_sheet(
    args: &DataArgs,
    path: &Path,
    survey: &Survey,
    examined: &Examined,
    watch: &Watch<'_>,
) -> Result<(SheetFacts, Vec<u8>)> {
    let each = usize::try_from(args.samples).unwrap_or(1);
    let sheet = Sheet::of(survey.classes.counts.len(), each);
    let drawing = Drawing { each, classes: MOST_CLASSES, side: sheet.side, seed: args.seed };
    let examples = examined.examples(drawing, watch)?;
    let images = counted(survey.images() as u64, "image", "images");
    let title = format!("{}: {images}, seed {}", survey.name, args.seed);
    let classes = examples.len();
    let rows: Vec<SheetRow> = examples.into_iter().map(row).collect();
    let picture = sheet.draw(&title, &rows);
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&picture.pixels, picture.width, picture.height, ExtendedColorType::Rgb8)
        .map_err(|cause| cannot_write(path, &cause))?;
    Ok((SheetFacts { file: path.display().to_string(), classes, each }, png))
}

fn row(examples: Examples) -> SheetRow {
    let Examples { label, class, images, pictures } = examples;
    SheetRow { name: format!("{label} {class}"), note: whole(images as u64), pictures }
}

fn publish(args: &DataArgs, document: &Document) -> Result<()> {
    if let Some(path) = &args.json {
        let text = json_text::indented(document)
            .map_err(|cause| Error::unusable("the survey cannot be written as JSON").because(cause))?;
        write_to(path, &|out| write!(out, "{text}"))?;
    }
    if args.quiet || args.json.as_deref() == Some(Path::new("-")) {
        return Ok(());
    }
    let text = page::render(document, args.verbose, &Style::of_stdout(args.color));
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).or_else(closed_pipe)
}
