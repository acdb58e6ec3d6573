//! One function for each reader of bytes that a user may get from somebody else. Each goes the way that
//! a command goes, through what the crate offers to all; nothing is opened up for it.
//!
//! None of them may panic, hang, or take much memory, whatever the bytes are. What they find is
//! otherwise of no interest: an error is as good as a result.

#![allow(clippy::expect_used, reason = "without a scratch folder nothing can be fuzzed")]

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Once;

use flate2::read::MultiGzDecoder;
use onnx_bench::compare::compare;
use onnx_bench::dataset;
use onnx_bench::model::ModelFile;
use onnx_bench::plan::{self, DatasetFormat, DatasetSpec};
use onnx_bench::preprocess::Decoding;
use onnx_bench::preprocess::{Image, InputFacts, Layout, PreprocessSettings, Scratch};
use onnx_bench::record;
use onnx_bench::report::{Report, Style, Terminal, View};
use onnx_bench::tensor::{ElementType, Values};
use sha2::{Digest, Sha256};

/// A reader that is given any bytes.
pub type Target = fn(&[u8]);

/// All targets by name. `fuzz/seeds.txt` says what each starts from.
pub const TARGETS: &[(&str, Target)] = &[
    ("image", image),
    ("idx", idx),
    ("shards", shards),
    ("model", model),
    ("settings", settings),
    ("record", record),
    ("predictions", predictions),
];

/// Most pixels of an image that is decoded here: larger ones only take time.
const MAX_PIXELS: u64 = 1 << 20;
/// Most images of a data set that are read here.
const MAX_IMAGES: usize = 16;

/// The decoder of image files.
pub fn image(bytes: &[u8]) {
    hush();
    if !is_large(bytes) {
        let _ = dataset::decode(bytes, Decoding::default());
    }
}

/// A pair of IDX files: `bytes` as the images, then as the labels, each beside the other half that it
/// asks for.
pub fn idx(bytes: &[u8]) {
    let count = idx_count(bytes).filter(|&count| count < 1 << 16).unwrap_or(1);
    let labels = [&[0, 0, 8, 1][..], &count.to_be_bytes(), &vec![3; count as usize]].concat();
    let one = 1_u32.to_be_bytes();
    let images = [&[0, 0, 8, 3][..], &count.to_be_bytes(), &one, &one, &vec![200; count as usize]].concat();
    for (images, labels) in [(bytes, labels.as_slice()), (images.as_slice(), bytes)] {
        in_folder(&[("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels)], |folder| {
            read_all(folder, DatasetFormat::Idx);
        });
    }
}

/// How many items the header of an IDX file declares, packed or not.
fn idx_count(bytes: &[u8]) -> Option<u32> {
    let mut start = [0; 8];
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes).read_exact(&mut start).ok()?;
    } else {
        start.copy_from_slice(bytes.get(..8)?);
    }
    Some(u32::from_be_bytes(start[4..].try_into().ok()?))
}

/// A WebDataset shard: as it is, and with fitting checksums, since a wrong one ends the walk.
pub fn shards(bytes: &[u8]) {
    hush();
    let mut mended = bytes.to_vec();
    mended.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")).for_each(mend_checksum);
    for bytes in [bytes, &mended] {
        in_folder(&[("a.tar", bytes)], |folder| read_all(folder, DatasetFormat::Webdataset));
    }
}

fn mend_checksum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// A model file, and all that is told of it.
pub fn model(bytes: &[u8]) {
    in_folder(&[("model.onnx", bytes), ("weights.data", &[0; 64])], |folder| {
        let Ok(model) = ModelFile::open(folder.join("model.onnx")) else { return };
        let _ = (model.identity(), model.metadata(), model.input_port(), model.output_port(None));
        let _ = (model.fixed_batch(), model.layout());
    });
}

/// A settings file, and the section of one that a model carries in its metadata.
pub fn settings(bytes: &[u8]) {
    in_folder(&[("bench.toml", bytes)], |folder| {
        let layer = plan::read_file(&folder.join("bench.toml"));
        if let Ok(resolved) = layer.and_then(|layer| plan::resolve(&[layer])) {
            preprocess(resolved.settings.preprocess);
        }
    });
    let section = std::str::from_utf8(bytes).ok().and_then(|text| toml::from_str(text).ok());
    section.into_iter().for_each(preprocess);
}

/// Settings applied to a small image.
fn preprocess(settings: PreprocessSettings) {
    let facts = InputFacts {
        channels: None,
        height: None,
        width: None,
        layout: Layout::Nchw,
        element: ElementType::F32,
    };
    let Ok(preprocess) = settings.resolve(facts) else { return };
    let Some(length) = Some(preprocess.sample_len()).filter(|&length| length < 1 << 16) else { return };
    let image = Image { width: 5, height: 3, channels: 3, pixels: (0..45).collect() };
    let mut values = Values::zeros(preprocess.element, length);
    let _ = preprocess.write(&image, &mut Scratch::default(), &mut values, 0);
}

/// A record, and what is shown of it.
pub fn record(bytes: &[u8]) {
    in_folder(&[("01-ort-fp32.json", bytes)], |folder| {
        let Ok(run) = record::load(&folder.join("01-ort-fp32.json")) else { return };
        let Ok(comparison) = compare(vec![run], 0) else { return };
        let report = Terminal { style: Style::PLAIN };
        let _ = report.write(&View::of(&comparison), &mut std::io::sink());
    });
}

/// A file of predictions: as it is, and sealed anew, since the digest in it ends the reading of any
/// other.
pub fn predictions(bytes: &[u8]) {
    hush();
    for bytes in [bytes.to_vec(), sealed(bytes)] {
        in_folder(&[("a.predictions.parquet", &bytes)], |folder| {
            let _ = record::read_predictions(&folder.join("a.predictions.parquet"));
        });
    }
}

/// The file with the digest that fits it, where there is a place for one.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"bench-sha256:";
    let mut bytes = bytes.to_vec();
    let mark = bytes.windows(MARK.len()).rposition(|window| window == MARK);
    if let Some(digits) = mark.and_then(|at| bytes.get_mut(at + MARK.len()..at + MARK.len() + 64)) {
        digits.fill(b'0');
        let digest = record::hex(&Sha256::digest(&bytes));
        let at = mark.map_or(0, |at| at + MARK.len());
        bytes[at..at + 64].copy_from_slice(digest.as_bytes());
    }
    bytes
}

/// Reads the first images of the data set in `folder`.
fn read_all(folder: &Path, format: DatasetFormat) {
    let spec = DatasetSpec { format: Some(format), ..DatasetSpec::at(folder) };
    let Ok(data) = dataset::open(&spec) else { return };
    for index in 0..data.count().min(MAX_IMAGES) {
        let _ = data.entry(index);
        let _ = data.image(index);
    }
}

/// Runs `read` on a folder in memory that holds these files. `TMPDIR` says where (`run.sh` sets it).
fn in_folder(files: &[(&str, &[u8])], read: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("a temporary file");
    }
    read(folder.path());
}

fn is_large(bytes: &[u8]) -> bool {
    let size = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let size = size.and_then(|reader| reader.into_dimensions().ok());
    size.is_some_and(|(width, height)| u64::from(width) * u64::from(height) > MAX_PIXELS)
}

/// A panic that a reader catches, as it must around decoders of others, is no finding: libFuzzer's own
/// hook would end the process before anything could be caught. One that nobody catches still does.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
}
