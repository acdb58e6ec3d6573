//! From the bytes of an image file to a sample of the input tensor, step by step.

mod support;

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use onnx_bench::dataset;
use onnx_bench::preprocess::{
    Channels, Crop, CropRounding, Filter, Image, Layout, Preprocess, Resampler, Resize, ResizeTo, Scale,
    Scratch, Size,
};
use onnx_bench::tensor::{ElementType, Values};

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
            Ok(bytes) => drop(group.bench_function(name, |b| b.iter(|| dataset::decode(black_box(&bytes))))),
            Err(error) => eprintln!("decode/{name} skipped: {}: {error}", path.display()),
        }
    }
    group.finish();
}

/// What ImageNet models want.
fn imagenet() -> Preprocess {
    Preprocess {
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
        ("resize 256 and crop 224 of 500x375", imagenet(), support::picture(500, 375)),
    ];
    let mut group = criterion.benchmark_group("preprocess");
    group.throughput(Throughput::Elements(1));
    for (name, preprocess, image) in cases {
        let mut scratch = Scratch::default();
        let mut values = Values::zeros(preprocess.element, preprocess.sample_len());
        group.bench_function(name, |b| {
            b.iter(|| preprocess.write(black_box(&image), &mut scratch, &mut values, 0))
        });
    }
    group.finish();
}

criterion_group!(benches, decode, steps);
criterion_main!(benches);
