//! From the bytes of an image file to a sample of the input tensor, step by step.

mod support;

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use libjpeg_turbo_rs::{JpegError, PixelFormat, Subsampling};
use onnx_bench::dataset;
use onnx_bench::preprocess::{
    Channels, Crop, CropRounding, Decoding, Filter, Image, Layout, Preprocess, Resampler, Resize, ResizeTo,
    Scale, Scratch, Size,
};
use onnx_bench::tensor::{ElementType, Values};

/// Functions that are set beside each other.
type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Files of `fixtures/images`, small on purpose: this is the fixed cost of an image.
const FILES: [(&str, &str); 5] = [
    ("png 61x47", "golden/source.png"),
    ("jpeg", "odd/baseline.jpg"),
    ("progressive jpeg", "odd/progressive.jpg"),
    ("bmp 8x8", "shapes/circle/0.bmp"),
    ("webp 8x8", "shapes/circle/3.webp"),
];

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, file) in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(file);
        match fs::read(&path) {
            Ok(bytes) => drop(group.bench_function(name, |b| {
                b.iter(|| dataset::decode(black_box(&bytes), Decoding::default()))
            })),
            Err(error) => eprintln!("decode/{name} skipped: {}: {error}", path.display()),
        }
    }
    for (width, height) in [(32, 32), (500, 375)] {
        match photograph(width, height) {
            Ok(bytes) => drop(group.bench_function(format!("jpeg {width}x{height}"), |b| {
                b.iter(|| dataset::decode(black_box(&bytes), Decoding::default()))
            })),
            Err(error) => eprintln!("decode/jpeg skipped: {error}"),
        }
    }
    group.finish();
}

/// A JPEG with as many bytes a pixel as a photograph's: slow changes and a little noise.
fn photograph(width: usize, height: usize) -> Result<Vec<u8>, JpegError> {
    let place = |at: usize| (at / 3 % width, at / 3 / width, at % 3);
    let level = |at: usize| {
        let (x, y, channel) = place(at);
        let slow = ((x * (channel + 2)) as f64 / 40.0).sin() + (y as f64 / 30.0).cos();
        let noise = (support::splitmix(at as u64 / 3) >> 60) as f64;
        (slow * 50.0 + noise + 120.0) as u8
    };
    let pixels: Vec<u8> = (0..width * height * 3).map(level).collect();
    libjpeg_turbo_rs::compress(&pixels, width, height, PixelFormat::Rgb, 90, Subsampling::S420)
}

/// What ImageNet models want.
fn imagenet() -> Preprocess {
    Preprocess {
        exif_orientation: false,
        channels: Channels::Rgb,
        resize: Some(Resize {
            to: ResizeTo::ShorterSide(256),
            filter: Filter::Bilinear,
            antialias: true,
            resampler: Resampler::Pillow,
        }),
        crop: Some(Crop { size: Size { width: 224, height: 224 }, rounding: CropRounding::Even, pad: false }),
        scale: Scale::Unit,
        mean: vec![0.485, 0.456, 0.406],
        std: vec![0.229, 0.224, 0.225],
        layout: Layout::Nchw,
        element: ElementType::F32,
        size: Size { width: 224, height: 224 },
    }
}

/// Settings that change the values of an image of `size` and nothing else.
fn values_only(channels: Channels, size: u32) -> Preprocess {
    let size = Size { width: size, height: size };
    let (mean, std) =
        if channels == Channels::Grey { (vec![0.286], vec![0.353]) } else { (vec![0.5], vec![0.5]) };
    Preprocess { channels, resize: None, crop: None, mean, std, size, ..imagenet() }
}

fn steps(criterion: &mut Criterion) {
    let grey = Image { channels: 1, pixels: vec![100; 28 * 28], ..support::picture(28, 28) };
    let nhwc = Preprocess { layout: Layout::Nhwc, ..values_only(Channels::Rgb, 224) };
    let cases = [
        ("normalise grey 28x28", values_only(Channels::Grey, 28), grey),
        ("grey from colour 224x224", values_only(Channels::Grey, 224), support::picture(224, 224)),
        ("normalise 224x224", values_only(Channels::Rgb, 224), support::picture(224, 224)),
        ("normalise 224x224 nhwc", nhwc, support::picture(224, 224)),
    ];
    let mut group = criterion.benchmark_group("preprocess");
    group.throughput(Throughput::Elements(1));
    for (name, preprocess, image) in cases {
        measure(&mut group, name, &preprocess, &image);
    }
    group.finish();
}

fn measure(group: &mut Group<'_>, name: &str, preprocess: &Preprocess, image: &Image) {
    let mut scratch = Scratch::default();
    let mut values = Values::zeros(preprocess.element, preprocess.sample_len());
    group.bench_function(name, |b| {
        b.iter(|| preprocess.write(black_box(image), &mut scratch, &mut values, 0))
    });
}

/// What each resampler takes for the usual ways to a model's size, up to the finished tensor.
fn resize(criterion: &mut Criterion) {
    let cases = [
        ("500x375 to 224x224", squashed(224), (500, 375)),
        ("500x375 to 96x96", squashed(96), (500, 375)),
        ("32x32 to 96x96", squashed(96), (32, 32)),
        ("500x375 to 256, crop 224", imagenet(), (500, 375)),
    ];
    let mut group = criterion.benchmark_group("resize");
    group.throughput(Throughput::Elements(1));
    for (name, preprocess, (width, height)) in cases {
        let image = support::picture(width, height);
        for resampler in [Resampler::Pillow, Resampler::PillowExact, Resampler::Opencv, Resampler::Tensorflow]
        {
            let antialias = matches!(resampler, Resampler::Pillow | Resampler::PillowExact);
            let resize = preprocess.resize.map(|step| Resize { resampler, antialias, ..step });
            let library = format!("{resampler:?}").to_lowercase();
            let preprocess = Preprocess { resize, ..preprocess.clone() };
            measure(&mut group, &format!("{name}/{library}"), &preprocess, &image);
        }
    }
    group.finish();
}

/// To a square, whatever the shape.
fn squashed(side: u32) -> Preprocess {
    let size = Size { width: side, height: side };
    let resize = imagenet().resize.map(|step| Resize { to: ResizeTo::Exact(size), ..step });
    Preprocess { resize, crop: None, size, ..imagenet() }
}

criterion_group!(benches, decode, steps, resize);
criterion_main!(benches);
