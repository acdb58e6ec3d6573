//! Resizes and whole pipelines against the libraries that models are trained with: the tensors under
//! `fixtures/preprocess` were made by them, with `fixtures/make_preprocess.py`.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::path::{Path, PathBuf};

use onnx_bench::dataset::decode;
use onnx_bench::preprocess::{Decoding, Image, InputFacts, Layout, Preprocess, PreprocessSettings, Scratch};
use onnx_bench::tensor::{ElementType, Values};
use serde::Deserialize;

/// Where values lie, and what they are of.
#[derive(Deserialize)]
struct Golden {
    resizes: Vec<Resized>,
    pipelines: Vec<Pipeline>,
}

#[derive(Deserialize)]
struct Resized {
    library: String,
    filter: String,
    antialias: bool,
    grey: bool,
    from: (u32, u32),
    to: (u32, u32),
    #[serde(flatten)]
    place: Place,
}

#[derive(Deserialize)]
struct Pipeline {
    name: String,
    settings: String,
    from: (u32, u32),
    shape: Vec<u32>,
    #[serde(flatten)]
    place: Place,
}

#[derive(Deserialize)]
struct Place {
    kind: String,
    offset: usize,
    count: usize,
}

impl Place {
    fn values(&self) -> Vec<f32> {
        let raw = std::fs::read(fixture(&format!("preprocess/golden.{}", self.kind))).unwrap();
        let raw = &raw[self.offset..];
        match self.kind.as_str() {
            "u8" => raw[..self.count].iter().map(|&level| f32::from(level)).collect(),
            _ => raw.as_chunks().0[..self.count].iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
        }
    }
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn golden() -> Golden {
    serde_json::from_slice(&std::fs::read(fixture("preprocess/golden.json")).unwrap()).unwrap()
}

/// The upper left corner of the picture that all golden values were made of.
fn corner((width, height): (u32, u32)) -> Image {
    let picture =
        decode(&std::fs::read(fixture("images/golden/source.png")).unwrap(), Decoding::default()).unwrap();
    let rows = picture.pixels.chunks_exact(picture.width as usize * 3).take(height as usize);
    let pixels = rows.flat_map(|row| row[..width as usize * 3].to_vec()).collect();
    Image { width, height, channels: 3, pixels }
}

/// What these settings make of the corner, for a model that takes `width` × `height`.
fn made(settings: &str, from: (u32, u32), (width, height): (u32, u32), grey: bool) -> Vec<f32> {
    let facts = InputFacts {
        channels: Some(if grey { 1 } else { 3 }),
        height: Some(height),
        width: Some(width),
        layout: Layout::Nhwc,
        element: ElementType::F32,
    };
    let settings = toml::from_str::<PreprocessSettings>(settings).unwrap();
    let preprocess: Preprocess = settings.resolve(facts).unwrap();
    let mut batch = Values::zeros(ElementType::F32, preprocess.sample_len());
    preprocess.write(&corner(from), &mut Scratch::default(), &mut batch, 0).unwrap();
    batch.to_f32()
}

/// Values of which some differ from the library's.
#[derive(Debug, Default, PartialEq)]
struct Differing {
    values: usize,
    differ: usize,
    most: f32,
}

impl Differing {
    fn of(ours: &[f32], theirs: &[f32]) -> Self {
        assert_eq!(ours.len(), theirs.len());
        let distance = |(a, b): (&f32, &f32)| (a - b).abs();
        let distances = || ours.iter().zip(theirs).map(distance);
        Self {
            values: ours.len(),
            differ: distances().filter(|&distance| distance > 0.0).count(),
            most: distances().fold(0.0, f32::max),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            values: self.values + other.values,
            differ: self.differ + other.differ,
            most: self.most.max(other.most),
        }
    }
}

/// All sizes of one library that `of` picks, in levels of 255.
fn resizes(library: &str, resampler: &str, of: impl Fn(&Resized) -> bool) -> Differing {
    let cases = golden().resizes;
    let cases: Vec<_> = cases.into_iter().filter(|case| case.library == library && of(case)).collect();
    assert!(cases.len() >= 9, "{} cases of {library}", cases.len());
    cases.iter().fold(Differing::default(), |sum, case| {
        let settings = format!(
            "resampler = '{resampler}'\nresize = [{}, {}]\nfilter = '{}'\nantialias = {}\nscale = 'raw'",
            case.to.0, case.to.1, case.filter, case.antialias
        );
        sum.and(Differing::of(&made(&settings, case.from, case.to, case.grey), &case.place.values()))
    })
}

const PILLOWS: [&str; 6] = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"];

#[test]
fn pillow_exact_is_pillow_to_the_bit_by_every_filter_up_and_down_and_in_either_order() {
    for filter in PILLOWS {
        let found = resizes("pillow", "pillow-exact", |case| case.filter == filter);
        println!("{filter}: {found:?}");
        assert_eq!(found.differ, 0, "{filter}: {found:?}");
    }
}

#[test]
fn pillow_is_within_one_level_of_pillow_and_takes_its_very_pixels_for_nearest() {
    for filter in PILLOWS {
        let found = resizes("pillow", "pillow", |case| case.filter == filter);
        println!("{filter}: {found:?}");
        let most = if filter == "nearest" { 0.0 } else { 1.0 };
        assert!(found.most <= most && found.differ * 5 <= found.values, "{filter}: {found:?}");
    }
}

/// The crop computes less, and must not compute something else.
#[test]
fn a_crop_is_the_middle_of_the_whole_in_every_mode_and_order() {
    for resampler in ["pillow", "pillow-exact", "opencv", "tensorflow"] {
        // Pillow sums the columns of the first before the rows.
        for from in [(21, 44), (61, 47)] {
            let resize = format!("resampler = '{resampler}'\nscale = 'raw'\nresize = [18, 16]\n");
            let whole = made(&resize, from, (18, 16), false);
            let middle: Vec<f32> =
                whole.chunks(18 * 3).skip(3).take(10).flat_map(|row| row[4 * 3..14 * 3].to_vec()).collect();
            assert_eq!(made(&format!("{resize}crop = 10"), from, (10, 10), false), middle, "{resampler}");
        }
    }
}

#[test]
fn torchvisions_tensors_are_within_one_level_with_and_without_antialias() {
    for filter in ["bilinear", "bicubic"] {
        for antialias in [true, false] {
            let found = resizes("torchvision", "pillow-exact", |case| {
                case.filter == filter && case.antialias == antialias
            });
            println!("torchvision {filter}, antialias {antialias}: {found:?}");
            assert!(found.most <= 1.0, "{filter}, antialias {antialias}: {found:?}");
            assert!(found.differ * 50 <= found.values, "{filter}, antialias {antialias}: {found:?}");
        }
    }
}

#[test]
fn opencv_is_followed_to_the_bit_and_by_bicubic_within_one_level() {
    for filter in ["nearest", "bilinear", "area"] {
        let found = resizes("opencv", "opencv", |case| case.filter == filter);
        println!("opencv {filter}: {found:?}");
        assert_eq!(found.differ, 0, "{filter}: {found:?}");
    }
    let found = resizes("opencv", "opencv", |case| case.filter == "bicubic");
    println!("opencv bicubic: {found:?}");
    assert!(found.most <= 1.0 && found.differ * 50 <= found.values, "{found:?}");
}

#[test]
fn tensorflow_is_followed_within_a_ten_thousandth_of_a_level() {
    for filter in ["nearest", "bilinear", "bicubic", "lanczos", "area"] {
        let found = resizes("tensorflow", "tensorflow", |case| case.filter == filter);
        println!("tensorflow {filter}: {found:?}");
        let most = if filter == "lanczos" { 2e-4 } else { 1e-4 };
        assert!(found.most <= most, "{filter}: {found:?}");
    }
}

#[test]
fn antialiasing_libraries_and_filters_are_told_apart() {
    let with = |settings: &str| {
        made(&format!("{settings}\nscale = 'raw'\nresize = [28, 20]"), (61, 47), (28, 20), false)
    };
    let all = [
        "",
        "antialias = false",
        "filter = 'bicubic'",
        "resampler = 'opencv'",
        "resampler = 'tensorflow'",
        "resampler = 'opencv'\nfilter = 'area'",
        "resampler = 'tensorflow'\nantialias = true",
    ];
    for (index, one) in all.iter().enumerate() {
        for other in &all[..index] {
            assert_ne!(with(one), with(other), "{one} and {other}");
        }
    }
}

/// What rounds to levels is the same to the last digits, scaled, in the exact mode; Hugging Face
/// resizes tensors.
#[test]
fn whole_pipelines_come_out_as_in_the_libraries() {
    for case in golden().pipelines {
        let (height, width) = match case.shape[..] {
            [3, height, width] | [height, width, 3] => (height, width),
            _ => panic!("{}: {:?}", case.name, case.shape),
        };
        let exact = match case.settings.contains("resampler") {
            true => String::new(),
            false => "resampler = 'pillow-exact'\n".to_owned(),
        };
        let ours = made(&(exact + &case.settings), case.from, (width, height), false);
        let found = Differing::of(&ours, &case.place.values());
        println!("{}: {found:?}", case.name);
        let most = if case.name == "hugging face clip" || case.name == "hugging face vit" {
            ONE_LEVEL
        } else {
            1e-4
        };
        assert!(found.most <= most, "{}: {found:?}", case.name);
    }
}

/// Of values that were divided by 127.5: torchvision's tensors are within a level of Pillow.
const ONE_LEVEL: f32 = 1.001 / 127.5;
