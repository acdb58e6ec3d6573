//! A square of classes by classes. Cells of one tint are one path, so that a hundred classes, ten thousand
//! cells, take some hundred kilobytes at most.

use std::collections::BTreeMap;

use super::super::layout;
use super::svg::{Anchor, Svg, place};
use super::{Heading, palette};

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tint {
    /// As the ground.
    None,
    /// So much, from 1 to 8.
    Heat(u8),
    /// Better by so much, from 1 to 4.
    Gain(u8),
    /// Worse by so much, from 1 to 4.
    Loss(u8),
}

impl Tint {
    /// Of a share from 0 to 1. Square roots, since what matters in a confusion matrix is small.
    pub fn of_share(share: f64) -> Self {
        match steps(share.clamp(0.0, 1.0).sqrt(), 8) {
            0 => Self::None,
            step => Self::Heat(step),
        }
    }

    /// Of a change, as a share of the largest there is; above 0 is better.
    pub fn of_change(change: f64) -> Self {
        match (steps(change.abs(), 4), change > 0.0) {
            (0, _) => Self::None,
            (step, true) => Self::Gain(step),
            (step, false) => Self::Loss(step),
        }
    }

    fn class(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Heat(step) => format!("heat{step}"),
            Self::Gain(step) => format!("gain{step}"),
            Self::Loss(step) => format!("loss{step}"),
        }
    }

    fn is_strong(self) -> bool {
        match self {
            Self::None => false,
            Self::Heat(step) => step >= palette::STRONG_HEAT,
            Self::Gain(step) | Self::Loss(step) => step >= 4,
        }
    }
}

/// Which of `count` steps a share from 0 to 1 has; 0 for nothing.
fn steps(share: f64, count: u8) -> u8 {
    let step = (share * f64::from(count)).ceil();
    step.clamp(0.0, f64::from(count)) as u8
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How it looks.
    pub tint: Tint,
    /// What is written in it, where there is room.
    pub text: String,
}

/// A square of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heatmap {
    /// Names of rows and columns.
    pub names: Vec<String>,
    /// What rows are, and what columns are.
    pub axes: (&'static str, &'static str),
    /// `cells[row][column]`, as many as names each way.
    pub cells: Vec<Vec<Cell>>,
}

/// Beyond so many classes cells are too small for numbers.
const WITH_NUMBERS: usize = 14;
/// Beyond so many classes rows are too small for names.
const WITH_NAMES: usize = 130;
/// Side of a square of many classes.
const SIDE: f64 = 840.0;

/// How large things are.
struct Plan {
    cell: f64,
    left: f64,
    top: f64,
    name: usize,
    class: &'static str,
}

impl Plan {
    fn of(classes: usize) -> Self {
        match classes {
            0..=WITH_NUMBERS => Self { cell: 26.0, left: 94.0, top: 94.0, name: 13, class: "small" },
            15..=60 => Self { cell: 11.0, left: 112.0, top: 112.0, name: 18, class: "small" },
            61..=WITH_NAMES => Self { cell: 8.4, left: 104.0, top: 104.0, name: 20, class: "tiny" },
            _ => Self { cell: SIDE / classes as f64, left: 20.0, top: 20.0, name: 0, class: "tiny" },
        }
    }
}

/// The square, with numbers where there is room for them.
pub fn heatmap(heading: Heading, map: &Heatmap) -> Svg {
    let plan = Plan::of(map.names.len());
    let side = plan.cell * map.names.len() as f64;
    let mut svg = Svg::new(heading, plan.left + side + 8.0, plan.top + side + 8.0);
    for (tint, path) in paths(map, &plan) {
        svg.path(&tint.class(), &path);
    }
    grid(&mut svg, map.names.len(), &plan);
    if map.names.len() <= WITH_NUMBERS {
        numbers(&mut svg, map, &plan);
    }
    names(&mut svg, map, &plan);
    svg.text("note", Anchor::Middle, (plan.left + side / 2.0, 10.0), map.axes.1);
    svg.rising_text("note", Anchor::Middle, (10.0, plan.top + side / 2.0), map.axes.0);
    svg
}

/// All cells of a tint.
fn paths(map: &Heatmap, plan: &Plan) -> BTreeMap<Tint, String> {
    let size = place(plan.cell);
    let mut paths: BTreeMap<Tint, String> = BTreeMap::new();
    for (row, cells) in map.cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.tint != Tint::None) {
            let (x, y) = (plan.left + column as f64 * plan.cell, plan.top + row as f64 * plan.cell);
            let path = paths.entry(cell.tint).or_default();
            *path += &format!("M{} {}h{size}v{size}h-{size}z", place(x), place(y));
        }
    }
    paths
}

/// Lines between few classes; between many, one at every tenth.
fn grid(svg: &mut Svg, classes: usize, plan: &Plan) {
    let side = plan.cell * classes as f64;
    let every = if classes <= WITH_NUMBERS { 1 } else { 10 };
    for index in (0..=classes).filter(|index| index % every == 0 || *index == classes) {
        let offset = index as f64 * plan.cell;
        svg.line("grid", (plan.left, plan.top + offset), (plan.left + side, plan.top + offset));
        svg.line("grid", (plan.left + offset, plan.top), (plan.left + offset, plan.top + side));
    }
}

fn numbers(svg: &mut Svg, map: &Heatmap, plan: &Plan) {
    for (row, cells) in map.cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.text.is_empty()) {
            let x = plan.left + (column as f64 + 0.5) * plan.cell;
            let y = plan.top + (row as f64 + 0.5) * plan.cell + 3.0;
            let class = if cell.tint.is_strong() { "small on-strong" } else { "small" };
            svg.text(class, Anchor::Middle, (x, y), &cell.text);
        }
    }
}

fn names(svg: &mut Svg, map: &Heatmap, plan: &Plan) {
    if plan.name == 0 {
        return;
    }
    for (index, name) in map.names.iter().enumerate() {
        let name = layout::cut(name, plan.name, "…");
        let middle = (index as f64 + 0.5) * plan.cell + 2.7;
        svg.text(plan.class, Anchor::End, (plan.left - 4.0, plan.top + middle), &name);
        svg.rising_text(plan.class, Anchor::Start, (plan.left + middle, plan.top - 4.0), &name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(classes: usize) -> Heatmap {
        let cell = |row: usize, column: usize| match row == column {
            true => Cell { tint: Tint::of_share(0.9), text: "9".into() },
            false => Cell { tint: Tint::None, text: String::new() },
        };
        Heatmap {
            names: (0..classes).map(|class| format!("class {class}")).collect(),
            axes: ("true class", "predicted"),
            cells: (0..classes).map(|row| (0..classes).map(|column| cell(row, column)).collect()).collect(),
        }
    }

    fn drawn(classes: usize) -> String {
        heatmap(Heading { title: "t".into(), description: "d".into() }, &map(classes)).embedded()
    }

    #[test]
    fn few_classes_have_numbers_and_many_have_names_alone() {
        assert_eq!(drawn(10).matches(">9<").count(), 10);
        assert_eq!((drawn(51).matches(">9<").count(), drawn(51).matches(">class 50<").count()), (0, 2));
        assert_eq!(drawn(100).matches(">class 99<").count(), 2);
        assert!(!drawn(1000).contains("class 999"));
    }

    #[test]
    fn a_full_matrix_of_a_hundred_classes_stays_small() {
        let mut full = map(100);
        full.cells.iter_mut().flatten().for_each(|cell| cell.tint = Tint::Heat(3));
        let text = heatmap(Heading { title: "t".into(), description: "d".into() }, &full).embedded();
        assert!(text.len() < 400_000, "{} bytes", text.len());
    }

    #[test]
    fn the_smallest_share_is_seen_and_the_largest_is_full() {
        assert_eq!(
            [0.0, 0.001, 0.25, 1.0].map(Tint::of_share),
            [Tint::None, Tint::Heat(1), Tint::Heat(4), Tint::Heat(8)]
        );
        assert_eq!([-1.0, 0.0, 0.2].map(Tint::of_change), [Tint::Loss(4), Tint::None, Tint::Gain(1)]);
    }
}
