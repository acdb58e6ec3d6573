//! A plan for people: one table, what its rows mean, and the answer in words.

use super::figures::{Figures, Needed, Seen};
use crate::compare::Margin;
use crate::report::Style;
use crate::report::layout::{Align, table, width, wrap};
use crate::report::number::{counted, ratio, whole};

/// Where there is no figure: no number of images, and no difference, is enough.
const NONE: &str = "none";

/// The page in lines that fit the style.
pub fn lines(figures: &Figures, style: &Style) -> Vec<String> {
    let page = Page { figures, style };
    let mut lines = page.table();
    let paragraphs = [page.legend(), vec![page.answer().join(" ")]];
    for paragraph in paragraphs {
        lines.push(String::new());
        lines.extend(paragraph.iter().flat_map(|text| wrap(&style.text(text), style.width)));
    }
    lines
}

/// A share as people write percent: `3 %`, `0.5 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", bare(share))
}

/// Percent without the sign, no more digits than it has.
fn bare(share: f64) -> String {
    let percent = (share * 1e6).round() / 1e4;
    percent.to_string().replace('-', "−")
}

/// A margin: `0.5 points`, `1 point`.
fn of_points(margin: f64) -> String {
    let number = bare(margin);
    let unit = if number == "1" { "point" } else { "points" };
    format!("{number} {unit}")
}

/// Percentage points with the digits that matter.
fn points(share: f64) -> String {
    format!("{:.2}", share * 100.0)
}

struct Page<'a> {
    figures: &'a Figures,
    style: &'a Style,
}

/// A row of the table: its name, and a figure for each disagreement.
struct Row {
    name: String,
    cells: Vec<String>,
}

impl Row {
    fn title(name: impl Into<String>) -> Self {
        Self { name: name.into(), cells: Vec::new() }
    }

    fn of<T>(name: &str, from: &[T], cell: impl Fn(&T) -> String) -> Self {
        Self { name: format!("  {name}"), cells: from.iter().map(cell).collect() }
    }
}

impl Page<'_> {
    /// As many disagreements beside each other as fit, the others below.
    fn table(&self) -> Vec<String> {
        let (rows, columns) = (self.rows(), self.figures.question.disagreements.len());
        let fits = |lines: &[String]| lines.iter().all(|line| width(line) <= self.style.width);
        let (mut lines, mut from) = (Vec::new(), 0);
        while from < columns {
            let blocks = (from + 1..=columns).rev().map(|to| (to, self.block(&rows, from, to)));
            let Some((to, block)) = blocks.into_iter().find(|(to, block)| *to == from + 1 || fits(block))
            else {
                break;
            };
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(block);
            from = to;
        }
        lines
    }

    fn block(&self, rows: &[Row], from: usize, to: usize) -> Vec<String> {
        let line = |row: &Row| -> Vec<String> {
            let name = self.style.text(&row.name);
            let name = if row.cells.is_empty() { self.style.bold(&name) } else { name };
            let cells = row.cells.iter().take(to).skip(from).map(|cell| self.style.text(cell));
            [name].into_iter().chain(cells).collect()
        };
        let align: Vec<Align> =
            (from..=to).map(|at| if at == from { Align::Left } else { Align::Right }).collect();
        table(&rows.iter().map(line).collect::<Vec<_>>(), &align)
    }

    fn rows(&self) -> Vec<Row> {
        let figures = self.figures;
        let question = &figures.question;
        let disagreements = question.disagreements.iter().map(|&d| percent(d));
        let mut rows = vec![Row { name: "disagreement".into(), cells: disagreements.collect() }];
        if let Some(images) = question.images {
            rows.push(Row::title(counted(images, "image", "images")));
            rows.extend(seen(&figures.all_images));
        }
        if let Some(images) = question.images_of_a_class() {
            rows.push(Row::title(format!("{} of a class", counted(images, "image", "images"))));
            rows.extend(seen(&figures.one_class));
        }
        rows.push(Row::title("images for a margin of"));
        for (margin, needed) in question.margins.iter().zip(self.needed()) {
            rows.push(Row::of(&of_points(*margin), needed, |needed| or_none(needed.images.map(whole))));
        }
        rows.push(Row::title("pairing saves"));
        rows.push(Row::of("images, times", &figures.pairing, |pairing| {
            or_none(pairing.times_fewer_images.map(ratio))
        }));
        rows
    }

    /// What each margin needs, one slice a margin.
    fn needed(&self) -> impl Iterator<Item = &[Needed]> {
        self.figures.needed.chunks(self.figures.question.disagreements.len().max(1))
    }

    /// What the rows mean.
    fn legend(&self) -> Vec<String> {
        let question = &self.figures.question;
        let power = percent(question.power);
        let mut legend = vec![
            "Accuracy differences in percentage points; disagreement is the share of images that one model \
             alone gets right."
                .to_owned(),
        ];
        if question.images.is_some() {
            legend.extend([
                "Known to: half of the 95 % interval of the difference.".to_owned(),
                format!("Seen from: the smallest true difference that {power} of all measurements find."),
                format!(
                    "Good enough from: the smallest margin at which {power} of all measurements call {} good \
                     enough.",
                    self.candidate()
                ),
            ]);
        } else {
            legend.push(format!(
                "Images for a margin: with so many, {power} of all measurements call {} good enough.",
                self.candidate()
            ));
        }
        legend.push(format!(
            "Pairing: both models see the same images; two test sets would each need so many times the \
             images, at {} accuracy.",
            percent(question.accuracy)
        ));
        legend
    }

    fn candidate(&self) -> String {
        match self.figures.question.true_difference {
            0.0 => "an equally accurate candidate".into(),
            loss if loss < 0.0 => {
                format!("a candidate that is truly {} worse", of_points(-loss))
            }
            gain => format!("a candidate that is truly {} better", of_points(gain)),
        }
    }

    /// The answer to what was asked, for the disagreements that were named.
    fn answer(&self) -> Vec<String> {
        let question = &self.figures.question;
        let mut answer: Vec<String> =
            question.asked.iter().flat_map(|&d| [self.shown(d), self.decided(d)].concat()).collect();
        if question.asked.is_empty() {
            answer.push(
                "How far two models disagree is known after a small run: bench compare A.onnx B.onnx \
                 --data images/ --limit 1000."
                    .into(),
            );
        }
        answer
    }

    /// What the images that there are show at one disagreement.
    fn shown(&self, disagreement: f64) -> Vec<String> {
        let at = |seen: &&Seen| same(seen.disagreement, disagreement);
        let all = self.figures.all_images.iter().find(at);
        let class = self.figures.one_class.iter().find(at);
        let mut text: Vec<String> = all.into_iter().map(in_words).collect();
        text.extend(class.and_then(|class| class.half_width.map(|half| (class, half))).map(
            |(class, half)| {
                let images = counted(class.images, "image", "images");
                format!("The {images} of one class show its recall to ±{} points.", points(half))
            },
        ));
        text
    }

    /// Whether the images that there are suffice for the margins that were named, or what they need.
    fn decided(&self, disagreement: f64) -> Vec<String> {
        let question = &self.figures.question;
        let needed = self.figures.needed.iter().filter(|needed| same(needed.disagreement, disagreement));
        let told = |needed: &Needed| {
            let (asked, _) = question.asked_margins.iter().find(|(_, share)| same(*share, needed.margin))?;
            Some(self.need(asked, needed))
        };
        needed.filter_map(told).collect()
    }

    fn need(&self, asked: &Margin, needed: &Needed) -> String {
        let margin = of_points(needed.margin);
        let Some(images) = needed.images else {
            let wanted = match needed.margin {
                0.0 => "as good as the baseline".into(),
                _ => format!("within {margin}"),
            };
            return format!("No number of images shows {} to be {wanted}.", self.candidate());
        };
        let enough = match self.figures.question.images {
            Some(there) if there >= images => "; there are enough",
            Some(_) => "; there are too few",
            None => "",
        };
        let margin = match asked {
            Margin::Points(_) => margin,
            relative => {
                format!("{relative} ({margin} at {} accuracy)", percent(self.figures.question.accuracy))
            }
        };
        let needs = counted(images, "image", "images");
        format!(
            "A margin of {margin} needs {needs} at {} disagreement{enough}.",
            percent(needed.disagreement)
        )
    }
}

/// The rows about a number of images.
fn seen(seen: &[Seen]) -> Vec<Row> {
    let cell = |sign: &'static str, figure: fn(&Seen) -> Option<f64>| {
        move |seen: &Seen| or_none(figure(seen).map(|share| format!("{sign}{}", points(share))))
    };
    vec![
        Row::of("difference known to", seen, cell("±", |seen| seen.half_width)),
        Row::of("difference seen from", seen, cell("", |seen| seen.smallest_difference)),
        Row::of("good enough from margin", seen, cell("", |seen| seen.smallest_margin)),
        Row::of("two test sets known to", seen, cell("±", |seen| seen.unpaired_half_width)),
    ]
}

fn or_none(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| NONE.into())
}

fn in_words(seen: &Seen) -> String {
    let images = counted(seen.images, "image", "images");
    let known = seen.half_width.map(points).unwrap_or_default();
    let found = match seen.smallest_difference {
        Some(difference) => format!("a true difference is seen from {} points on", points(difference)),
        None => "no difference that such models can have is seen reliably".into(),
    };
    let apart = seen.unpaired_half_width.map(points).unwrap_or_default();
    let disagreement = percent(seen.disagreement);
    format!(
        "{images} at {disagreement} disagreement show the accuracy difference to ±{known} points, where two \
         separate test sets would show ±{apart}; {found}."
    )
}

/// Whether two shares were written the same.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}
