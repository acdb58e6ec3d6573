//! `bench plan`: before any run, what so many images can show and how many a margin needs.

mod figures;
mod page;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use self::figures::{Figures, Question};
use super::args::positive;
use super::output_file::{check_file, write_to};
use super::start::closed_pipe;
use crate::compare::Margin;
use crate::error::{Error, Result};
use crate::json_text;
use crate::report::{ColorChoice, Style};

/// Disagreements to choose neighbours from.
const LADDER: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0];

/// Disagreements of a plan that names none.
const USUAL: [f64; 5] = [0.01, 0.02, 0.03, 0.05, 0.1];

/// Accuracy of a plan that names none.
const ACCURACY: f64 = 0.9;

/// The smallest margin above 0: below it numbers of images have no meaning any more.
const LEAST_MARGIN: f64 = 1e-6;

/// Margins that are always shown.
const MARGINS: [f64; 4] = [0.0025, 0.005, 0.01, 0.02];

/// Arguments of `bench plan`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench plan --images 10000 --disagreement 3%
  bench plan --margin 0.5 --disagreement 3%
  bench plan --images 10000 --classes 100 --disagreement 3%

Disagreement is the share of images that one model gets right and the other does not. Percent is
written as 3% or 3.")]
pub struct PlanArgs {
    /// Images to evaluate both models on
    #[arg(long, value_name = "N", value_parser = positive)]
    images: Option<usize>,
    /// Classes among these images, for what one class alone can show
    #[arg(long, value_name = "K", value_parser = positive, requires = "images")]
    classes: Option<usize>,
    /// Images on which one model alone is right, in percent; comma-separated [default: 1,2,3,5,10]
    #[arg(long, value_name = "PERCENT", value_parser = share, value_delimiter = ',')]
    disagreement: Vec<f64>,
    /// Loss of accuracy that would still be good enough: percentage points, or with --accuracy
    /// 99%-of-baseline or 110%-of-errors; comma-separated [default: 0.25,0.5,1,2]
    #[arg(long, value_name = "MARGIN", value_delimiter = ',')]
    margin: Vec<Margin>,
    /// Difference of accuracy that the candidate truly has, in percentage points, −0.2 for a loss
    #[arg(long, value_name = "POINTS", value_parser = difference, default_value = "0", allow_hyphen_values = true)]
    true_difference: f64,
    /// Percent of all measurements that are to find what is there
    #[arg(long, value_name = "PERCENT", value_parser = power, default_value = "80")]
    power: f64,
    /// Accuracy of the baseline in percent, for margins that depend on it and for what two separate
    /// test sets would show [default: 90]
    #[arg(long, value_name = "PERCENT", value_parser = accuracy)]
    accuracy: Option<f64>,
    /// Write the figures as JSON, shares instead of percent; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// Shows what can be seen and how much is needed.
pub fn plan(args: &PlanArgs) -> Result<()> {
    args.json.as_deref().map_or(Ok(()), check_file)?;
    let figures = Figures::of(question(args)?);
    if let Some(path) = &args.json {
        let text = json_text::indented(&figures)
            .map_err(|e| Error::unusable("the plan cannot be written as JSON").because(e))?;
        write_to(path, &|out| write!(out, "{text}"))?;
    }
    if args.json.as_deref() == Some(Path::new("-")) {
        return Ok(());
    }
    let lines = page::lines(&figures, &Style::of_stdout(args.color));
    let mut out = io::stdout().lock();
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).or_else(closed_pipe)
}

fn question(args: &PlanArgs) -> Result<Question> {
    let images = args.images.map(|images| images as u64);
    let classes = args.classes.map(|classes| classes as u64);
    if let Some((images, classes)) = images.zip(classes).filter(|(images, classes)| classes > images) {
        return Err(Error::usage(format!("{images} images are fewer than {classes} classes"))
            .help("give --images for the whole data set; each class has images / classes of them"));
    }
    let asked_margins = args.margin.iter().map(|margin| asked(*margin, args.accuracy));
    let asked_margins = asked_margins.collect::<Result<Vec<_>>>()?;
    let question = Question {
        images,
        classes,
        disagreements: disagreements(args)?,
        asked: args.disagreement.clone(),
        margins: sorted(MARGINS.iter().chain(asked_margins.iter().map(|(_, share)| share))),
        asked_margins,
        true_difference: args.true_difference,
        power: args.power,
        accuracy: args.accuracy.unwrap_or(ACCURACY),
    };
    match args.accuracy {
        None => Ok(question),
        Some(_) => fits_accuracy(question),
    }
}

/// A margin with the share of images that it stands for.
fn asked(margin: Margin, accuracy: Option<f64>) -> Result<(Margin, f64)> {
    let share = match (margin, accuracy) {
        (Margin::Points(points), _) => points,
        (relative, Some(accuracy)) => relative.in_shares(accuracy),
        (relative, None) => {
            return Err(Error::usage(format!("a margin of {relative} depends on the baseline's accuracy"))
                .help("say how accurate it is, in percent: --accuracy 94"));
        }
    };
    match share {
        share if share > 1.0 => Err(Error::usage(format!("a margin of {margin} is more than all images"))
            .help("give a smaller --margin")),
        share if share > 0.0 && share < LEAST_MARGIN => {
            Err(Error::usage("a margin below 0.0001 points is too small to plan for")
                .help("give a larger --margin, or 0 where nothing may be lost"))
        }
        share => Ok((margin, share)),
    }
}

/// Models of this accuracy cannot disagree on any number of images: one alone is right only where
/// the other is wrong.
fn fits_accuracy(mut question: Question) -> Result<Question> {
    let (baseline, by) = (page::percent(question.accuracy), question.true_difference);
    if !(0.0..=1.0).contains(&(question.accuracy + by)) {
        return Err(Error::usage(format!(
            "no candidate differs from {baseline} accuracy by {}",
            page::percent(by)
        ))
        .help("give a smaller --true-difference, or another --accuracy"));
    }
    let most = question.most_disagreement() + 1e-9;
    question.disagreements.retain(|disagreement| *disagreement <= most);
    let asked = question.asked.iter().find(|asked| **asked > most);
    if asked.is_none() && !question.disagreements.is_empty() {
        return Ok(question);
    }
    let asked = asked.map_or_else(|| "so many".into(), |asked| page::percent(*asked));
    Err(Error::usage(format!("at {baseline} accuracy models cannot disagree on {asked} of the images"))
        .because(format!("one model alone can be right on at most {}", page::percent(most)))
        .help("give a smaller --disagreement, or another --accuracy"))
}

/// What was asked for; a single one between its neighbours. Models cannot differ by more than they
/// disagree, so that those below the true difference are left out, or refused where asked for.
fn disagreements(args: &PlanArgs) -> Result<Vec<f64>> {
    let possible = |d: &&f64| args.true_difference.abs() <= **d;
    if let Some(asked) = args.disagreement.iter().find(|asked| !possible(asked)) {
        let (asked, difference) = (page::percent(*asked), page::percent(args.true_difference.abs()));
        return Err(Error::usage(format!(
            "models that disagree on {asked} of the images cannot differ in accuracy by {difference}"
        ))
        .help("give a --disagreement of at least --true-difference"));
    }
    let shown = match args.disagreement.as_slice() {
        [] => sorted(USUAL.iter().filter(possible)),
        [one] => sorted(neighbours(*one).iter().filter(possible)),
        several => sorted(several.iter()),
    };
    match shown.is_empty() {
        false => Ok(shown),
        true => Err(Error::usage("--true-difference is more than any usual disagreement")
            .help("say with --disagreement on how many images the models disagree")),
    }
}

/// `one` with the next ones of the ladder on both sides.
fn neighbours(one: f64) -> Vec<f64> {
    let below = LADDER.iter().rev().find(|step| **step < one * 0.999);
    let above = LADDER.iter().find(|step| **step > one * 1.001);
    [below, Some(&one), above].into_iter().flatten().copied().collect()
}

/// In order, each once.
fn sorted<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    values
}

/// `3%`, `3 %` or `3`: 0.03.
fn of_hundred(text: &str) -> Option<f64> {
    let number = text.trim().trim_end_matches('%').trim_end();
    // A typographic minus is what this program itself writes.
    number.replace('−', "-").parse::<f64>().ok().filter(|number| number.is_finite()).map(|n| n / 100.0)
}

fn share(text: &str) -> Result<f64, String> {
    let found = of_hundred(text).filter(|share| (1e-6..=1.0).contains(share));
    found.ok_or_else(|| "it must be percent from 0.0001 to 100, such as 3% or 0.5".into())
}

fn difference(text: &str) -> Result<f64, String> {
    let found = of_hundred(text).filter(|share| share.abs() < 1.0);
    found.ok_or_else(|| "it must be percentage points between −100 and 100, such as −0.2".into())
}

fn power(text: &str) -> Result<f64, String> {
    let found = of_hundred(text).filter(|share| (0.5..=0.9999).contains(share));
    found.ok_or_else(|| "it must be percent from 50 to 99.99, such as 80%".into())
}

fn accuracy(text: &str) -> Result<f64, String> {
    let found = of_hundred(text).filter(|share| *share > 0.0 && *share < 1.0);
    found.ok_or_else(|| "it must be percent above 0 and below 100, such as 90%".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_is_written_with_or_without_its_sign() {
        for text in ["3%", "3", "3 %", " 3.0% "] {
            assert!((share(text).unwrap() - 0.03).abs() < 1e-15, "{text}");
        }
        assert!((difference("−0.2").unwrap() + 0.002).abs() < 1e-15);
        for text in ["", "%", "x", "0", "-3", "101%", "NaN", "inf", "3%%x"] {
            assert!(share(text).is_err(), "{text}");
        }
        for text in ["49%", "100%", "NaN"] {
            assert!(power(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_disagreement_stands_between_its_neighbours() {
        assert_eq!(neighbours(0.03), [0.02, 0.03, 0.05]);
        assert_eq!(neighbours(0.04), [0.03, 0.04, 0.05]);
        assert_eq!(neighbours(1e-4), [1e-4, 0.001]);
        assert_eq!(neighbours(1.0), [0.5, 1.0]);
    }
}
