//! The check for people: what was tried, in order, and the answer.

use super::advice::{Part, advice};
use super::findings::{Findings, Tried};
use crate::cli::start::printable;
use crate::compare::Standing;
use crate::metric::Unit;
use crate::plan::Job;
use crate::report::layout::{Align, cut, table, width, wrap, wrap_parts};
use crate::report::number::{counted, interval_of_difference, percent, points_bare, probability};
use crate::report::{Style, Tone};

/// The page in lines that fit the style.
pub fn lines(findings: &Findings, job: &Job, style: &Style) -> Vec<String> {
    let mut lines = head(findings, style);
    lines.push(String::new());
    lines.extend(trials(findings, style));
    lines.push(String::new());
    lines.extend(wrap(&style.text(&legend(findings)), style.width).iter().map(|line| style.dim(line)));
    lines.extend(impossible(findings, style));
    for part in advice(findings, job) {
        lines.push(String::new());
        match part {
            Part::Text(text) => lines.extend(wrap(&printable(&style.text(&text)), style.width)),
            Part::Lines(copy) => lines.extend(copy.into_iter().map(|line| format!("    {line}"))),
        }
    }
    lines
}

fn head(findings: &Findings, style: &Style) -> Vec<String> {
    let skipped = (findings.skipped > 0).then(|| format!("{} left out, unreadable", findings.skipped));
    let images = counted(findings.images, "image", "images");
    let about = [findings.model.clone(), findings.runtime.clone(), format!("{images} of {}", findings.data)];
    let about = about.into_iter().chain(skipped).chain([format!("seed {}", findings.seed)]);
    let about = printable(&about.collect::<Vec<_>>().join(" · "));
    let current = format!("settings in use: {}", findings.current.preprocess.summary());
    [about, current]
        .iter()
        .flat_map(|text| wrap_parts(&style.text(text), &style.text(" · "), style.width))
        .collect()
}

/// What a row may leave out where the terminal is narrow.
#[derive(Clone, Copy)]
struct Shape {
    interval: bool,
    p: bool,
    /// Whether the word stands beside its sign.
    word: bool,
    name: usize,
}

impl Shape {
    const WHOLE: Self = Self { interval: true, p: true, word: true, name: usize::MAX };
    const SHORT: Self = Self { interval: false, p: false, ..Self::WHOLE };
}

fn trials(findings: &Findings, style: &Style) -> Vec<String> {
    let shapes = [Shape::WHOLE, Shape { interval: false, ..Shape::WHOLE }, Shape::SHORT];
    let narrow = (8..40).rev().map(|name| Shape { word: false, name, ..Shape::SHORT });
    let mut tables = shapes.into_iter().chain(narrow).map(|shape| trials_in(findings, style, shape));
    let fits = |lines: &Vec<String>| lines.iter().all(|line| width(line) <= style.width);
    let narrowest = || trials_in(findings, style, Shape { word: false, name: 8, ..Shape::SHORT });
    tables.find(fits).unwrap_or_else(narrowest)
}

fn trials_in(findings: &Findings, style: &Style, shape: Shape) -> Vec<String> {
    let mut rows =
        vec![cells(shape, ["changed", "accuracy", "pp", "95 % interval", "p", ""].map(str::to_owned))];
    // Of equal accuracies the settings in use come first: there is no reason to leave them.
    let ahead = |tried: &&Tried| tried.settings.accuracy > findings.current.accuracy;
    let place = findings.tried.iter().take_while(ahead).count();
    rows.extend(findings.tried.iter().map(|tried| row(tried, style, shape)));
    rows.insert(1 + place, current(findings, style, shape));
    let align: Vec<Align> = (0..rows[0].len())
        .map(|at| if at == 0 || at + 1 == rows[0].len() { Align::Left } else { Align::Right })
        .collect();
    table(&rows, &align)
}

fn current(findings: &Findings, style: &Style, shape: Shape) -> Vec<String> {
    let name = cut("nothing (in use)", shape.name, &style.text("…"));
    let accuracy = percent(findings.current.accuracy);
    cells(shape, [style.bold(&name), style.bold(&accuracy), "".into(), "".into(), "".into(), "".into()])
}

fn row(tried: &Tried, style: &Style, shape: Shape) -> Vec<String> {
    let (tone, word) = match tried.standing {
        Standing::Better => (Tone::Better, "better"),
        Standing::Worse => (Tone::Worse, "worse"),
        Standing::Same => (Tone::Same, "not told apart"),
    };
    let interval = tried.low.zip(tried.high);
    let interval = interval.map(|(low, high)| interval_of_difference(low, high, Unit::Fraction));
    let texts = [
        cut(&printable(&tried.name), shape.name, &style.text("…")),
        percent(tried.settings.accuracy),
        points_bare(tried.difference),
        interval.unwrap_or_default(),
        probability(tried.p_corrected),
    ];
    let [name, accuracy, difference, interval, p] = texts.map(|text| style.text(&text));
    let word = if shape.word { format!(" {word}") } else { String::new() };
    let standing = style.paint(tone, &format!("{}{word}", style.mark(tone)));
    cells(shape, [name, accuracy, difference, interval, p, standing])
}

fn cells(shape: Shape, [name, accuracy, difference, interval, p, standing]: [String; 6]) -> Vec<String> {
    let interval = shape.interval.then_some(interval);
    let p = shape.p.then_some(p);
    [name, accuracy, difference].into_iter().chain(interval).chain(p).chain([standing]).collect()
}

fn legend(findings: &Findings) -> String {
    format!(
        "pp: percentage points against the settings in use, on the same images. p: McNemar's test, corrected for the {} tried (Holm).",
        findings.tried.len()
    )
}

fn impossible(findings: &Findings, style: &Style) -> Vec<String> {
    let texts = findings.impossible.iter().map(|it| format!("not possible: {} ({})", it.name, it.why));
    texts.flat_map(|text| wrap(&printable(&style.text(&text)), style.width)).collect()
}
