//! One function for each reader of bytes that a user may get from somebody else. Each goes the way that
//! a command goes, through what the crate offers to all; nothing is opened up for it.
//!
//! None of them may panic, hang, or take much memory, whatever the bytes are. What they find is
//! otherwise of no interest: an error is as good as a result. One asks for more: `survey` makes a data
//! set of the bytes, and holds what is told of it and how it is divided against what must be so.

#![allow(clippy::expect_used, reason = "without a scratch folder nothing can be fuzzed")]

mod survey;

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Once;

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use onnx_bench::compare::compare;
use onnx_bench::dataset;
use onnx_bench::model::ModelFile;
use onnx_bench::plan::{self, DatasetFormat, DatasetSpec};
use onnx_bench::preprocess::{
    Decoding, Image, InputFacts, Layout, PreprocessSettings, ResizeTo, Scratch, Size, config,
};
use onnx_bench::record;
use onnx_bench::report::{Report, Style, Terminal, View};
use onnx_bench::tensor::{ElementType, Values};
use sha2::{Digest, Sha256};

pub use survey::survey;

/// A reader that is given any bytes.
pub type Target = fn(&[u8]);

/// All targets by name. `fuzz/seeds.txt` says what each starts from.
pub const TARGETS: &[(&str, Target)] = &[
    ("image", image),
    ("idx", idx),
    ("cifar", cifar),
    ("cifar_python", cifar_python),
    ("npz", npz),
    ("parquet", parquet),
    ("manifest", manifest),
    ("shards", shards),
    ("survey", survey),
    ("model", model),
    ("config", config),
    ("settings", settings),
    ("record", record),
    ("predictions", predictions),
];

/// Most pixels of an image that is decoded here: larger ones only take time.
const MAX_PIXELS: u64 = 1 << 18;
/// Most images of a data set that are read here.
const MAX_IMAGES: usize = 16;

/// Most values of a model's input that is filled here.
const MAX_VALUES: usize = 1 << 18;

/// The decoder of image files, with and without the orientation that they note. The checksums of a PNG
/// are made to fit.
pub fn image(bytes: &[u8]) {
    hush();
    if is_large(bytes) {
        return;
    }
    let mended = with_png_checksums(bytes);
    for exif_orientation in [false, true] {
        let _ = dataset::decode(&mended, Decoding { exif_orientation });
    }
}

/// A PNG is a signature, then chunks: length, name, content, checksum of the name and the content.
fn with_png_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") { 8 } else { bytes.len() };
    while let Some(length) =
        bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
    {
        let end = at + 8 + length as usize;
        let Some(sum) = bytes.get(at + 4..end).map(checksum) else { break };
        let Some(place) = bytes.get_mut(end..end + 4) else { break };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
    bytes
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
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

/// The binary files of CIFAR: `bytes` as records of either kind, filled up to a whole number of them,
/// then as names of classes.
pub fn cifar(bytes: &[u8]) {
    for (name, record) in [("test_batch.bin", 1 + 3072), ("test.bin", 2 + 3072)] {
        let mut records = bytes.to_vec();
        records.resize(bytes.len().next_multiple_of(record), 0);
        in_folder(&[(name, &records)], |folder| read_all(folder, DatasetFormat::Cifar));
    }
    let named = [
        ("test_batch.bin", "batches.meta.txt", vec![0; 1 + 3072]),
        ("test.bin", "fine_label_names.txt", vec![0; 2 + 3072]),
    ];
    for (name, names, record) in &named {
        in_folder(&[(name, record), (names, bytes)], |folder| read_all(folder, DatasetFormat::Cifar));
    }
}

/// The pickles of CIFAR: `bytes` as images of either kind, then as names of classes.
pub fn cifar_python(bytes: &[u8]) {
    for files in
        [&[("test_batch", bytes)][..], &[("test", bytes)], &[("test_batch", b"}."), ("batches.meta", bytes)]]
    {
        in_folder(files, |folder| read_all(folder, DatasetFormat::CifarPython));
    }
}

/// Arrays of NumPy: an archive with fitting checksums; or an array as the images and as the labels,
/// each beside the other half.
pub fn npz(bytes: &[u8]) {
    const IMAGES: &[u8] = include_bytes!("../../fixtures/arrays/numpy/loose/images.npy");
    const LABELS: &[u8] = include_bytes!("../../fixtures/arrays/numpy/loose/labels.npy");
    if !bytes.starts_with(b"\x93NUMPY") {
        let mended = with_zip_checksums(bytes);
        return in_folder(&[("test.npz", &mended)], |folder| read_all(folder, DatasetFormat::Npz));
    }
    for (images, labels) in [(bytes, LABELS), (IMAGES, bytes)] {
        let files = [("images.npy", images), ("labels.npy", labels)];
        in_folder(&files, |folder| read_all(folder, DatasetFormat::Npz));
    }
}

/// The checksums in the directory at the end of a zip archive are those of the members.
fn with_zip_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut mended = bytes.to_vec();
    for (at, entry) in bytes.windows(46).enumerate().filter(|(_, entry)| entry.starts_with(b"PK\x01\x02")) {
        if let Some(sum) = member_checksum(bytes, entry) {
            mended[at + 16..at + 20].copy_from_slice(&sum.to_le_bytes());
        }
    }
    mended
}

/// The checksum of the member that an entry of the directory describes.
fn member_checksum(bytes: &[u8], entry: &[u8]) -> Option<u32> {
    let half = |bytes: &[u8], at: usize| {
        Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
    };
    let word = |at: usize| Some(u32::from_le_bytes(entry.get(at..at + 4)?.try_into().ok()?) as usize);
    let local = bytes.get(word(42)?..)?;
    let start = 30 + half(local, 26)? + half(local, 28)?;
    let packed = local.get(start..start.checked_add(word(20)?)?)?;
    if half(entry, 10)? == 0 {
        return Some(checksum(packed));
    }
    let mut content = Vec::new();
    DeflateDecoder::new(packed).take(1 << 20).read_to_end(&mut content).ok()?;
    Some(checksum(&content))
}

/// A Parquet file with images. The seeds without checksums lead behind those.
pub fn parquet(bytes: &[u8]) {
    hush();
    in_folder(&[("test.parquet", bytes)], |folder| read_all(folder, DatasetFormat::Parquet));
}

/// A manifest, of each kind that its name can tell, beside an image of those that the seeds name.
pub fn manifest(bytes: &[u8]) {
    const PNG: &[u8] = include_bytes!("../../fixtures/tables/manifests/images/0.png");
    const NAMES: [&str; 5] = ["a.csv", "a.tsv", "a.jsonl", "a.txt", "y_labels.csv"];
    let mut files = NAMES.map(|name| (name, bytes)).to_vec();
    files.push(("images/0.png", PNG));
    in_folder(&files, |folder| {
        for name in NAMES {
            read_all(&folder.join(name), DatasetFormat::Manifest);
        }
    });
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

/// The files that models of Hugging Face and timm ship with, and what becomes of an image by them.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let own_type = config::model_type(text);
    for model_type in [own_type.as_deref(), Some("vit"), None] {
        config::hugging_face(text, model_type).iter().for_each(|found| preprocess(found.settings()));
    }
    for graph in [None, Some(Size { width: 224, height: 224 })] {
        config::timm(text, graph).iter().flatten().for_each(|found| preprocess(found.settings()));
    }
    let _ = config::labels(text);
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
    let length = preprocess.sample_len();
    if length > MAX_VALUES || preprocess.resize.is_some_and(|resize| pixels_of(resize.to) > MAX_PIXELS) {
        return;
    }
    let image = Image { width: 5, height: 3, channels: 3, pixels: (0..45).collect() };
    let mut values = Values::zeros(preprocess.element, length);
    let _ = preprocess.write(&image, &mut Scratch::default(), &mut values, 0);
}

/// Pixels that a square image comes to have.
fn pixels_of(resize: ResizeTo) -> u64 {
    match resize {
        ResizeTo::Exact(size) => u64::from(size.width) * u64::from(size.height),
        ResizeTo::ShorterSide(side) => u64::from(side) * u64::from(side),
    }
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
        let digest = onnx_bench::digest::hex(&Sha256::digest(&bytes));
        let at = mark.map_or(0, |at| at + MARK.len());
        bytes[at..at + 64].copy_from_slice(digest.as_bytes());
    }
    bytes
}

/// Reads the first images of the data set at `path`.
fn read_all(path: &Path, format: DatasetFormat) {
    let spec = DatasetSpec { format: Some(format), ..DatasetSpec::at(path) };
    let Ok(data) = dataset::open(&spec) else { return };
    for index in 0..data.count().min(MAX_IMAGES) {
        let _ = data.entry(index);
        let _ = data.slice_values(index);
        let _ = data.image(index);
    }
}

/// Runs `read` on a folder in memory that holds these files. `TMPDIR` says where (`run.sh` sets it).
fn in_folder(files: &[(&str, &[u8])], read: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a temporary folder");
        fs::write(path, content).expect("a temporary file");
    }
    read(folder.path());
}

fn is_large(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0xff, 0xd8]) {
        return bytes.windows(9).any(is_large_frame);
    }
    let size = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let size = size.and_then(|reader| reader.into_dimensions().ok());
    size.is_some_and(|(width, height)| u64::from(width) * u64::from(height) > MAX_PIXELS)
}

/// Whether a frame of a JPEG starts here: marker, length, precision, height, width.
fn is_large_frame(bytes: &[u8]) -> bool {
    let side = |at: usize| u64::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let frame =
        bytes[0] == 0xff && matches!(bytes[1], 0xc0..=0xcf) && !matches!(bytes[1], 0xc4 | 0xc8 | 0xcc);
    frame && side(5) * side(7) > MAX_PIXELS
}

/// A panic that a reader catches, as it must around decoders of others, is no finding: libFuzzer's own
/// hook would end the process before anything could be caught. One that nobody catches still does.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
}
