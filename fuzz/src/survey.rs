//! A small data set of any images, looked at and divided. What must hold whatever they are is found out
//! here a second time, the slow way: images are compared pixel by pixel, ids are looked up in lists.
//!
//! The bytes say, one after the other, how the images lie on disk, which of them stay together, the
//! seed, the shares (their number less 2; each before and behind the point), and then the images.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{ExtendedColorType, ImageFormat};
use onnx_bench::dataset::survey::{
    Division, Examined, Group, Repeated, Shares, Survey, Together, Watch, beside, sources,
};
use onnx_bench::dataset::{self, Image};
use onnx_bench::plan::{DatasetFormat, DatasetSpec, OnBadImage, Part};

use super::{hush, in_folder, is_large};

/// Most images of a data set.
const MAX_IMAGES: usize = 16;
/// Longest side of a picture.
const LONGEST: u32 = 32;
const CLASSES: [&str; 3] = ["a", "b c", "d"];
/// What stands before the endings of files. Not all of it can stand in a list.
const NAMES: [&str; 8] = ["", " ", "é", "\\", "\",", "\u{1b}[2J", "\n", "\r"];

/// What is in a data set, and lists that divide it.
pub fn survey(bytes: &[u8]) {
    hush();
    let mut bytes = Bytes(bytes);
    let form = bytes.below(4);
    // A share of nothing is refused.
    let Some(wish) = Wish::of(&mut bytes) else { return };
    let (format, files) = match form {
        0 => (DatasetFormat::Folder, folder(&samples(&mut bytes), false)),
        1 => (DatasetFormat::Folder, folder(&samples(&mut bytes), true)),
        2 => (DatasetFormat::Manifest, manifest(&samples(&mut bytes))),
        _ => (DatasetFormat::Idx, arrays(&mut bytes)),
    };
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    in_folder(&files, |folder| {
        let whole = DatasetSpec::at(folder.join("data"));
        let data = DatasetSpec { format: Some(format), on_bad_image: OnBadImage::Skip, ..whole };
        hold(&data, &wish, &folder.join("list.txt"));
    });
}

/// Bytes that are taken one after the other; zeros where there are no more.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    fn pixels(&mut self, count: usize) -> Vec<u8> {
        let mut pixels = self.take(count).to_vec();
        pixels.resize(count, 0);
        pixels
    }

    fn are_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// How the images are to be divided.
struct Wish {
    shares: Shares,
    /// The same shares as numbers.
    weights: Vec<f64>,
    seed: u64,
    together: Together,
}

impl Wish {
    fn of(bytes: &mut Bytes<'_>) -> Option<Self> {
        let together = [Together::Exact, Together::Near, Together::None][bytes.below(3)];
        let seed = bytes.byte().into();
        let count = 2 + bytes.below(3);
        let texts: Vec<String> = (0..count).map(|_| format!("{}.{}", bytes.byte(), bytes.byte())).collect();
        let weights = texts.iter().map(|text| text.parse().expect("a number")).collect();
        Some(Self { shares: texts.join("/").parse().ok()?, weights, seed, together })
    }

    fn divide(&self, examined: &Examined) -> onnx_bench::Result<Division> {
        examined.divide(&self.shares, self.seed, self.together)
    }
}

/// What a file holds.
#[derive(Clone)]
enum Content {
    Any(Vec<u8>),
    Picture(Image, ImageFormat),
}

impl Content {
    /// A picture, a copy of an `earlier` one, a larger one, or bytes that are hardly one.
    fn of(bytes: &mut Bytes<'_>, earlier: &[Sample]) -> Self {
        let kind = bytes.below(5);
        if kind < 2 && !earlier.is_empty() {
            let same = earlier[bytes.below(earlier.len())].content.clone();
            return if kind == 0 { same.again(bytes) } else { same.larger() };
        }
        if kind == 2 {
            let length = bytes.byte().into();
            let file = bytes.take(length);
            return Self::Any(if is_large(file) { Vec::new() } else { file.to_vec() });
        }
        let channels: u8 = if kind == 3 { 1 } else { 3 };
        let (width, height) = (1 + bytes.below(6), 1 + bytes.below(6));
        let pixels = bytes.pixels(width * height * usize::from(channels));
        let image = Image { width: width as u32, height: height as u32, channels, pixels };
        Self::Picture(image, format(bytes))
    }

    /// The same picture, it may be in another kind of file.
    fn again(self, bytes: &mut Bytes<'_>) -> Self {
        match self {
            Self::Picture(image, _) => Self::Picture(image, format(bytes)),
            any => any,
        }
    }

    /// Each pixel four times; a picture that is large already stays as it is.
    fn larger(self) -> Self {
        match self {
            Self::Picture(image, format) if 2 * image.width.max(image.height) <= LONGEST => {
                let channels = usize::from(image.channels);
                let lines = image.pixels.chunks_exact(image.width as usize * channels);
                let wide = |line: &[u8]| -> Vec<u8> {
                    line.chunks_exact(channels).flat_map(|pixel| pixel.repeat(2)).collect()
                };
                let pixels = lines.flat_map(|line| wide(line).repeat(2)).collect();
                let (width, height) = (2 * image.width, 2 * image.height);
                Self::Picture(Image { width, height, channels: image.channels, pixels }, format)
            }
            same => same,
        }
    }

    fn file(&self) -> Vec<u8> {
        let (picture, format) = match self {
            Self::Any(bytes) => return bytes.clone(),
            Self::Picture(picture, format) => (picture, *format),
        };
        let colour = if picture.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        let mut file = Cursor::new(Vec::new());
        let (width, height) = (picture.width, picture.height);
        image::write_buffer_with_format(&mut file, &picture.pixels, width, height, colour, format)
            .expect("a picture that can be written");
        file.into_inner()
    }

    fn ending(&self) -> &'static str {
        match self {
            Self::Picture(_, ImageFormat::Bmp) => "bmp",
            _ => "png",
        }
    }
}

fn format(bytes: &mut Bytes<'_>) -> ImageFormat {
    [ImageFormat::Png, ImageFormat::Bmp][bytes.below(2)]
}

/// An image with its label.
struct Sample {
    class: &'static str,
    split: &'static str,
    name: String,
    content: Content,
}

fn samples(bytes: &mut Bytes<'_>) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    while samples.len() < MAX_IMAGES && !bytes.are_over() {
        let class = CLASSES[bytes.below(CLASSES.len())];
        let split = ["test", "train"][bytes.below(2)];
        // Other systems have no such names.
        let name = NAMES[bytes.below(NAMES.len()) * usize::from(cfg!(unix))];
        let content = Content::of(bytes, &samples);
        let name = format!("{:02}{name}.{}", samples.len(), content.ending());
        samples.push(Sample { class, split, name, content });
    }
    samples
}

type Files = Vec<(String, Vec<u8>)>;

fn folder(samples: &[Sample], splits: bool) -> Files {
    let path = |sample: &Sample| match splits {
        true => format!("data/{}/{}/{}", sample.split, sample.class, sample.name),
        false => format!("data/{}/{}", sample.class, sample.name),
    };
    samples.iter().map(|sample| (path(sample), sample.content.file())).collect()
}

fn manifest(samples: &[Sample]) -> Files {
    let row = |sample: &Sample| format!("\"images/{}\",{}\n", sample.name.replace('"', "\"\""), sample.class);
    let rows: String = samples.iter().map(row).collect();
    let image = |sample: &Sample| (format!("data/images/{}", sample.name), sample.content.file());
    let table = ("data/test.csv".to_owned(), format!("path,label\n{rows}").into_bytes());
    std::iter::once(table).chain(samples.iter().map(image)).collect()
}

/// Images of one size, without any encoding.
fn arrays(bytes: &mut Bytes<'_>) -> Files {
    let (width, height) = (1 + bytes.below(6), 1 + bytes.below(6));
    let (mut labels, mut pixels) = (Vec::new(), Vec::new());
    while labels.len() < MAX_IMAGES && !bytes.are_over() {
        labels.push(bytes.below(4) as u8);
        pixels.extend(bytes.pixels(width * height));
    }
    let word = |number: usize| (number as u32).to_be_bytes();
    let count = word(labels.len());
    let images = [&[0, 0, 8, 3][..], &count, &word(height), &word(width), &pixels].concat();
    let labels = [&[0, 0, 8, 1][..], &count, &labels].concat();
    vec![("data/t10k-images-idx3-ubyte".into(), images), ("data/t10k-labels-idx1-ubyte".into(), labels)]
}

/// An image by its split and its id.
type Name = (String, String);

/// Everything that is asked of a data set; one that cannot be listed is nothing to look at.
fn hold(data: &DatasetSpec, wish: &Wish, list: &Path) {
    let Some(examined) = examined(data, None) else { return };
    let survey = examined.survey().expect("what was listed is told");
    hold_counts(&survey);
    assert_eq!(named(&survey.duplicates.exact.groups), same(data, &survey), "images with the same pixels");
    hold_against_itself(data, &survey);
    // A part may get no image, and an id may be no line.
    let Ok(division) = wish.divide(&examined) else { return };
    let readable = readable(data, &survey);
    hold_parts(&division, &readable, &survey);
    hold_groups(&division, wish.together, &survey);
    if wish.together == Together::None {
        hold_shares(&division, &wish.weights);
    }
    hold_lists(&division, data, list);
    let again = examined_before(data, None);
    assert_eq!(again.survey().as_ref(), Ok(&survey));
    assert_eq!(wish.divide(&again).as_ref(), Ok(&division), "the same seed");
}

/// The images of `data`, and with them those of another data set where one is named.
fn examined(data: &DatasetSpec, other: Option<&Path>) -> Option<Examined> {
    let mut all = sources(data).ok()?;
    all.extend(other.into_iter().flat_map(|other| beside(other, None, data).expect("listed before")));
    Some(Examined::of(all, &Watch::NONE).expect("nobody stops it"))
}

fn examined_before(data: &DatasetSpec, other: Option<&Path>) -> Examined {
    examined(data, other).expect("listed before")
}

/// Every image is counted once by whatever it is counted.
fn hold_counts(survey: &Survey) {
    let (images, unreadable) = (survey.images(), survey.unreadable.len());
    assert_eq!(survey.splits.iter().map(|split| split.unreadable).sum::<usize>(), unreadable);
    assert_eq!(survey.classes.counts.iter().map(|class| class.images).sum::<usize>(), images);
    for class in &survey.classes.counts {
        assert_eq!(class.by_split.iter().sum::<usize>(), class.images);
    }
    let measures = &survey.measures;
    assert_eq!(measures.kinds.values().sum::<usize>(), images - unreadable);
    assert_eq!(measures.channels.values().sum::<usize>(), images - unreadable);
    let common: usize = measures.common.iter().map(|size| size.images).sum();
    assert!(common == images - unreadable || measures.sizes > measures.common.len());
    for repeated in [&survey.duplicates.exact, &survey.duplicates.near] {
        hold_repeated(repeated);
    }
}

/// No image is in two groups, and none is alone in one.
fn hold_repeated(repeated: &Repeated) {
    let groups = &repeated.groups;
    let members: usize = groups.iter().map(|group| group.images.len()).sum();
    assert_eq!(named(groups).into_iter().flatten().count(), members);
    assert!(groups.iter().all(|group| group.images.len() > 1));
    assert!((groups.len()..=members - groups.len()).contains(&repeated.surplus));
}

fn named(groups: &[Group]) -> BTreeSet<BTreeSet<Name>> {
    let names = |group: &Group| group.images.iter().map(|it| (it.split.clone(), it.id.clone())).collect();
    groups.iter().map(names).collect()
}

/// The images of which there are several, found by comparing their pixels.
fn same(data: &DatasetSpec, survey: &Survey) -> BTreeSet<BTreeSet<Name>> {
    let mut names: BTreeMap<(u32, u32, u8, Vec<u8>), BTreeSet<Name>> = BTreeMap::new();
    for split in &survey.splits {
        let asked = Some(split.name.clone()).filter(|name| name != "all");
        let opened = dataset::open(&DatasetSpec { split: asked, ..data.clone() }).expect("listed before");
        for index in 0..opened.count() {
            let Ok(Image { width, height, channels, pixels }) = opened.image(index) else { continue };
            let id = opened.entry(index).expect("an image of the list").id;
            names.entry((width, height, channels, pixels)).or_default().insert((split.name.clone(), id));
        }
    }
    names.into_values().filter(|names| names.len() > 1).collect()
}

/// Whoever holds a data set against itself finds every image by its id, and all that can be read to
/// the pixel; and the data set is what it was.
fn hold_against_itself(data: &DatasetSpec, alone: &Survey) {
    let survey = examined_before(data, Some(&data.path)).survey().expect("what was listed is told");
    let first = &alone.splits[0];
    let mut between = survey.duplicates.between.iter();
    let itself = between.find(|it| it.beside && it.split == first.name).expect("an answer to the question");
    let readable = first.images - first.unreadable;
    assert_eq!((itself.exact, itself.near, itself.by_id), (readable, 0, Some(first.images)));
    assert_eq!((&survey.splits, &survey.classes), (&alone.splits, &alone.classes));
    assert_eq!(survey.measures, alone.measures);
    assert_eq!(survey.duplicates.exact, alone.duplicates.exact);
    assert_eq!(survey.duplicates.near, alone.duplicates.near);
}

/// The ids of the images that are divided: those of the first split that can be read.
fn readable(data: &DatasetSpec, survey: &Survey) -> Vec<String> {
    let first = &survey.splits[0].name;
    let bad: BTreeSet<&String> =
        survey.unreadable.iter().filter(|bad| bad.split == *first).map(|bad| &bad.id).collect();
    ids(data).into_iter().filter(|id| !bad.contains(id)).collect()
}

fn ids(data: &DatasetSpec) -> Vec<String> {
    let opened = dataset::open(data).expect("listed before");
    (0..opened.count()).map(|index| opened.entry(index).expect("an image of the list").id).collect()
}

/// Each image that can be read is in one part, in the order of the data.
fn hold_parts(division: &Division, readable: &[String], survey: &Survey) {
    let part = |id: &String| division.parts.iter().position(|part| part.ids.contains(id));
    for (number, found) in division.parts.iter().enumerate() {
        let of_part: Vec<&String> = readable.iter().filter(|id| part(id) == Some(number)).collect();
        assert_eq!(found.ids.iter().collect::<Vec<_>>(), of_part);
        assert_eq!(found.by_class.iter().sum::<usize>(), found.ids.len());
    }
    let divided: usize = division.parts.iter().map(|part| part.ids.len()).sum();
    assert_eq!((divided, divided + division.left_out), (readable.len(), survey.splits[0].images));
}

/// What is to stay together does.
fn hold_groups(division: &Division, together: Together, survey: &Survey) {
    let duplicates = &survey.duplicates;
    let groups: Vec<&Group> = match together {
        Together::None => Vec::new(),
        Together::Exact => duplicates.exact.groups.iter().collect(),
        Together::Near => duplicates.exact.groups.iter().chain(&duplicates.near.groups).collect(),
    };
    for group in groups {
        let divided = group.images.iter().filter(|image| image.split == survey.splits[0].name);
        let part = |id: &String| division.parts.iter().position(|part| part.ids.contains(id));
        let parts: BTreeSet<Option<usize>> = divided.map(|image| part(&image.id)).collect();
        assert!(parts.len() < 2, "{group:?} is in {parts:?}");
    }
}

/// Each part has of each class its share, rounded up or down.
fn hold_shares(division: &Division, weights: &[f64]) {
    let whole: f64 = weights.iter().sum();
    for class in 0..division.parts[0].by_class.len() {
        let images: usize = division.parts.iter().map(|part| part.by_class[class]).sum();
        for (part, weight) in division.parts.iter().zip(weights) {
            let share = weight / whole * images as f64;
            assert!((part.by_class[class] as f64 - share).abs() < 1.0, "{division:?} of {weights:?}");
        }
    }
}

/// A list that was written is the images that it was made of.
fn hold_lists(division: &Division, data: &DatasetSpec, list: &Path) {
    for part in &division.parts {
        fs::write(list, part.ids.join("\n") + "\n").expect("a temporary file");
        let listed = Part { list: Some(list.to_owned()), ..Part::default() };
        assert_eq!(ids(&DatasetSpec { part: listed, ..data.clone() }), part.ids);
    }
}
