//! What is in a data set, as a page for people.

use super::document::{Document, Lists, SheetFacts};
use crate::dataset::survey::{
    Between, ClassCount, Duplicates, Group, Kind, Measures, Member, Repeated, SliceCount, SplitCount, Spread,
    Survey,
};
use crate::report::Style;
use crate::report::blocks::Blocks;
use crate::report::layout::{Align, cut, width};
use crate::report::number::{counted, percent, whole};

/// Most classes that are all shown; of more, this many of the largest and smallest are.
const ALL_CLASSES: usize = 30;
const SOME_CLASSES: usize = 10;
/// Most images, groups and values of a column that are shown.
const SHOWN: usize = 10;
/// Most splits that have a column of their own.
const SPLITS: usize = 4;

/// The page, wrapped to the width of `style`; with everything where it is to be `verbose`.
pub fn render(document: &Document, verbose: bool, style: &Style) -> String {
    let page = Page { blocks: Blocks { style }, verbose };
    let survey = &document.survey;
    Blocks::page([
        page.whole(document),
        page.sizes(&survey.measures),
        page.classes(survey),
        page.slices(&survey.slices),
        page.same(&survey.duplicates),
        page.unreadable(survey),
        page.remarks(document),
        page.lists(document.division.as_ref()),
        page.sheet(document.contact_sheet.as_ref(), survey),
    ])
}

struct Page<'a> {
    blocks: Blocks<'a>,
    verbose: bool,
}

impl Page<'_> {
    fn whole(&self, document: &Document) -> Vec<String> {
        let survey = &document.survey;
        let mut lines = self.blocks.heading(&document.path);
        let classes = counted(survey.classes.counts.len() as u64, "class", "classes");
        let about =
            [survey.name.clone(), format!("format {}", survey.format), images(survey.images()), classes];
        lines.extend(self.blocks.fact("data", &about.join(" · ")));
        if survey.splits.len() > 1 {
            let split = |split: &SplitCount| format!("{} {}", split.name, whole(split.images as u64));
            lines.extend(
                self.blocks.fact("splits", &survey.splits.iter().map(split).collect::<Vec<_>>().join(" · ")),
            );
        } else if let Some(split) = survey.splits.first().filter(|split| split.name != "all") {
            lines.extend(self.blocks.fact("split", &split.name));
        }
        let measures = &survey.measures;
        let kinds = measures.kinds.iter().map(|(kind, count)| match kind {
            Kind::Pixels => format!("{} as plain pixels", images(*count)),
            file => format!("{} {}", whole(*count as u64), file.name()),
        });
        lines.extend(self.facts("files", kinds));
        let channels = measures.channels.iter().map(|(channels, count)| {
            let name = if *channels == 1 { "grey" } else { "in colour" };
            format!("{} {name}", whole(*count as u64))
        });
        lines.extend(self.facts("channels", channels));
        lines
    }

    fn facts(&self, name: &str, texts: impl Iterator<Item = String>) -> Vec<String> {
        let texts: Vec<String> = texts.collect();
        if texts.is_empty() { Vec::new() } else { self.blocks.fact(name, &texts.join(" · ")) }
    }

    fn sizes(&self, measures: &Measures) -> Vec<String> {
        let (Some(wide), Some(high), Some(aspect)) = (measures.width, measures.height, measures.aspect)
        else {
            return Vec::new();
        };
        if measures.sizes == 1 {
            let mut lines = self.blocks.heading("size");
            lines.extend(self.blocks.fact("all images", &format!("{}x{}", wide.least, high.least)));
            return lines;
        }
        let mut lines = self.blocks.heading(&format!("sizes: {} different", whole(measures.sizes as u64)));
        let pixels = |spread: Spread<u32>| spread_texts(spread, |side| whole(u64::from(side)));
        let rows = [
            ("", ["least", "5 %", "median", "95 %", "greatest"].map(str::to_owned)),
            ("width", pixels(wide)),
            ("height", pixels(high)),
            ("aspect", spread_texts(aspect, |ratio| format!("{ratio:.2}"))),
        ];
        let row = |short: bool| {
            rows.iter()
                .map(|(name, texts)| {
                    let texts = texts.iter().enumerate().filter(|(at, _)| !short || at % 2 == 0);
                    std::iter::once((*name).to_owned()).chain(texts.map(|(_, text)| text.clone())).collect()
                })
                .collect::<Vec<Vec<String>>>()
        };
        lines.extend(self.fitting([row(false), row(true)]));
        let common = measures
            .common
            .iter()
            .map(|size| format!("{}x{} {}", size.width, size.height, whole(size.images as u64)));
        lines.extend(self.facts("most common", common));
        lines
    }

    fn classes(&self, survey: &Survey) -> Vec<String> {
        let counts = &survey.classes.counts;
        let mut lines = self.blocks.heading(&counted(counts.len() as u64, "class", "classes"));
        let shown = self.shown(counts);
        if shown.len() < counts.len() {
            let note = format!("the {SOME_CLASSES} largest and smallest; -v shows all");
            lines.extend(self.blocks.wrapped(&note, 4));
        }
        let shapes = [(40, true), (24, true), (12, true), (24, false), (12, false), (6, false)];
        let tables = shapes.map(|(name, by_split)| self.class_rows(survey, &shown, name, by_split));
        lines.extend(self.fitting(tables));
        if let Some(times) = survey.classes.imbalance.filter(|times| *times > 1.0) {
            lines.extend(self.blocks.wrapped(&format!("largest / smallest: {times:.2}"), 4));
        }
        lines
    }

    /// The classes that are shown, in label order; of many the largest and the smallest, with nothing
    /// in place of those between.
    fn shown<'a>(&self, counts: &'a [ClassCount]) -> Vec<Option<&'a ClassCount>> {
        if self.verbose || counts.len() <= ALL_CLASSES {
            return counts.iter().map(Some).collect();
        }
        let mut order: Vec<&ClassCount> = counts.iter().collect();
        order.sort_by_key(|class| (std::cmp::Reverse(class.images), class.label));
        let smallest = order.split_off(order.len() - SOME_CLASSES);
        order.truncate(SOME_CLASSES);
        order.into_iter().map(Some).chain([None]).chain(smallest.into_iter().map(Some)).collect()
    }

    /// The table of classes, their names cut to `name` columns, with or without a column a split.
    fn class_rows(
        &self,
        survey: &Survey,
        shown: &[Option<&ClassCount>],
        name: usize,
        by_split: bool,
    ) -> Vec<Vec<String>> {
        let by_split = by_split && (2..=SPLITS).contains(&survey.splits.len());
        let total = survey.images().max(1) as f64;
        let splits = survey.splits.iter().filter(|_| by_split).map(|split| self.blocks.text(&split.name));
        let head = ["label", "class"].map(str::to_owned).into_iter().chain(splits);
        let head = head.chain(["images", "share"].map(str::to_owned)).collect();
        let more = self.blocks.text("…");
        let row = |class: &Option<&ClassCount>| {
            let Some(class) = class else { return vec![String::new(), more.clone()] };
            let of_splits = class.by_split.iter().filter(|_| by_split).map(|count| whole(*count as u64));
            let mut row = vec![class.label.to_string(), cut(&self.blocks.text(&class.name), name, &more)];
            row.extend(of_splits);
            row.extend([whole(class.images as u64), percent(class.images as f64 / total)]);
            row
        };
        std::iter::once(head).chain(shown.iter().map(row)).collect()
    }

    /// The first of the tables that fits, else the last. The first column of words is that of names.
    fn fitting<const N: usize>(&self, tables: [Vec<Vec<String>>; N]) -> Vec<String> {
        let mut last = Vec::new();
        for rows in tables {
            let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
            let label = rows.first().and_then(|row| row.first()).is_some_and(|first| first == "label");
            let names = usize::from(label);
            let align: Vec<Align> =
                (0..columns).map(|at| if at == names { Align::Left } else { Align::Right }).collect();
            last = self.blocks.table(rows, &align);
            if last.iter().all(|line| width(line) <= self.blocks.style.width) {
                break;
            }
        }
        last
    }

    fn slices(&self, slices: &[SliceCount]) -> Vec<String> {
        if slices.is_empty() {
            return Vec::new();
        }
        let mut lines = self.blocks.heading("columns");
        for slice in slices {
            let name = |value: &str| if value.is_empty() { "(none)".to_owned() } else { value.to_owned() };
            let value =
                |(value, count): (&String, &usize)| format!("{} {}", name(value), whole(*count as u64));
            let shown = if self.verbose { usize::MAX } else { SHOWN };
            let more = slice.values.len().saturating_sub(shown);
            let more = (more > 0).then(|| format!("… and {} more", whole(more as u64)));
            lines.extend(self.facts(&slice.column, slice.values.iter().take(shown).map(value).chain(more)));
        }
        lines
    }

    fn same(&self, duplicates: &Duplicates) -> Vec<String> {
        let mut lines = self.blocks.heading("images that are there more than once");
        let (exact, near) = (&duplicates.exact, &duplicates.near);
        let copies = counted(exact.surplus as u64, "copy", "copies");
        lines.extend(self.blocks.fact("to the pixel", &repeated(exact, copies)));
        lines.extend(self.groups(&exact.groups, "="));
        let or_more = if duplicates.incomplete { " or more" } else { "" };
        let alike = format!("{}{or_more}", images(near.surplus));
        lines.extend(self.blocks.fact("look alike", &repeated(near, alike)));
        lines.extend(self.groups(&near.groups, "~"));
        for between in &duplicates.between {
            lines.extend(self.between(between));
        }
        lines
    }

    fn groups(&self, groups: &[Group], sign: &str) -> Vec<String> {
        let shown = if self.verbose { usize::MAX } else { SHOWN };
        let mut lines = Vec::new();
        for group in groups.iter().take(shown) {
            let name = |image: &Member| {
                let split = if group.across_splits { format!("{}: ", image.split) } else { String::new() };
                let class = if group.across_classes { format!(" ({})", image.class) } else { String::new() };
                format!("{split}{}{class}", image.id)
            };
            let mut names: Vec<String> = group.images.iter().take(SHOWN).map(name).collect();
            let more = group.images.len() - names.len();
            names.extend((more > 0).then(|| format!("{} more", whole(more as u64))));
            lines.extend(self.blocks.wrapped(&names.join(&format!(" {sign} ")), 6));
        }
        lines.extend(self.rest(groups.len(), shown, "group", "groups"));
        lines
    }

    fn between(&self, between: &Between) -> Vec<String> {
        let Between { split, other, exact, near, by_id, images: shared, .. } = between;
        let by_id = by_id.map(|count| format!("{} by id", whole(count as u64)));
        let found =
            [format!("{} to the pixel", whole(*exact as u64)), format!("{} look alike", whole(*near as u64))];
        let found = by_id.into_iter().chain(found).collect::<Vec<_>>().join(" · ");
        let name = if split == "all" { format!("in {other}") } else { format!("{split} in {other}") };
        let mut lines = match name.chars().count() {
            0..=13 => self.blocks.fact(&name, &found),
            _ => [self.blocks.wrapped(&name, 4), self.blocks.fact("", &found)].concat(),
        };
        let shown = if self.verbose { usize::MAX } else { SHOWN };
        for image in shared.iter().take(shown) {
            let sign = if image.exact { "=" } else { "~" };
            lines.extend(self.blocks.wrapped(&format!("{} {sign} {}", image.id, image.other), 6));
        }
        lines.extend(self.rest(shared.len(), shown, "image", "images"));
        lines
    }

    fn unreadable(&self, survey: &Survey) -> Vec<String> {
        let unreadable = &survey.unreadable;
        if unreadable.is_empty() {
            return Vec::new();
        }
        let mut lines = self.blocks.heading(&format!("cannot be read: {}", images(unreadable.len())));
        let shown = if self.verbose { usize::MAX } else { SHOWN };
        // Images of what it is compared with may be among them.
        let only = Some(&survey.splits).filter(|splits| splits.len() == 1).map(|splits| &splits[0].name);
        for image in unreadable.iter().take(shown) {
            let alone = only == Some(&image.split);
            let split = if alone { String::new() } else { format!("{}: ", image.split) };
            let cause = image.error.cause.as_ref().map_or_else(String::new, |cause| format!(" ({cause})"));
            lines.extend(self.blocks.marked(
                4,
                "!",
                &format!("{split}{}: {}{cause}", image.id, image.error.what),
            ));
        }
        lines.extend(self.rest(unreadable.len(), shown, "image", "images"));
        lines
    }

    /// That there is more than is shown.
    fn rest(&self, count: usize, shown: usize, one: &str, many: &str) -> Vec<String> {
        match count.saturating_sub(shown) {
            0 => Vec::new(),
            more => {
                let more = counted(more as u64, one, many);
                self.blocks.wrapped(&format!("… and {more} more: -v, or --json FILE"), 6)
            }
        }
    }

    fn remarks(&self, document: &Document) -> Vec<String> {
        if document.remarks.is_empty() {
            return Vec::new();
        }
        let mut lines = self.blocks.heading("remarks");
        for remark in &document.remarks {
            lines.extend(self.blocks.remark(&remark.what, &remark.advice));
        }
        lines
    }

    fn lists(&self, lists: Option<&Lists>) -> Vec<String> {
        let Some(lists) = lists else { return Vec::new() };
        let mut lines = self.blocks.heading(&format!("lists: {}, seed {}", lists.shares, lists.seed));
        for list in &lists.parts {
            let of = format!("{} · {}", images(list.images), list.file);
            lines.extend(self.blocks.fact(&list.name, &of));
        }
        if lists.groups > 0 {
            let groups =
                counted(lists.groups as u64, "group of the same images", "groups of the same images");
            lines.extend(self.blocks.fact("together", &format!("{groups}, each in one list")));
        }
        if lists.left_out > 0 {
            let left_out = format!("{} that cannot be read", images(lists.left_out));
            lines.extend(self.blocks.fact("left out", &left_out));
        }
        if let Some(last) = lists.parts.last() {
            lines.push(self.blocks.unbroken("use it as", &last.flags));
        }
        lines
    }

    fn sheet(&self, sheet: Option<&SheetFacts>, survey: &Survey) -> Vec<String> {
        let Some(sheet) = sheet else { return Vec::new() };
        let mut lines = self.blocks.heading("contact sheet");
        let classes = match survey.classes.counts.len() {
            all if all == sheet.classes => counted(all as u64, "class", "classes"),
            // Of no class without an image that can be read, nor of those after the first few hundred.
            all => format!("{} of {} classes", whole(sheet.classes as u64), whole(all as u64)),
        };
        let about = format!("{} · {classes}, up to {} of each", sheet.file, images(sheet.each));
        lines.extend(self.blocks.fact("written to", &about));
        lines
    }
}

fn images(count: usize) -> String {
    counted(count as u64, "image", "images")
}

fn spread_texts<T: Copy>(spread: Spread<T>, text: impl Fn(T) -> String) -> [String; 5] {
    let Spread { least, low, median, high, greatest } = spread;
    [least, low, median, high, greatest].map(text)
}

/// `3 copies · 2 groups · 1 across classes`.
fn repeated(repeated: &Repeated, surplus: String) -> String {
    if repeated.groups.is_empty() {
        return "none".to_owned();
    }
    let mut parts = vec![surplus, counted(repeated.groups.len() as u64, "group", "groups")];
    let across = [(repeated.across_splits, "splits"), (repeated.across_classes, "classes")];
    let across = across.into_iter().filter(|(groups, _)| *groups > 0);
    parts.extend(across.map(|(groups, of)| format!("{} across {of}", whole(groups as u64))));
    parts.join(" · ")
}
