//! The shipped data and the golden images: from files on disk to tensors.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use onnx_bench::dataset::{Dataset, Entry, Image, JPEG_DECODER, decode, open, open_with, survey};
use onnx_bench::plan::{DatasetFormat, DatasetSpec};
use onnx_bench::preprocess::{Decoding, InputFacts, Layout, Preprocess, PreprocessSettings, Scratch};
use onnx_bench::tensor::{ElementType, Values};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn spec(path: impl Into<PathBuf>) -> DatasetSpec {
    DatasetSpec::at(path)
}

fn per_class(data: &dyn Dataset) -> Vec<usize> {
    let mut counts = vec![0; data.identity().classes.len()];
    (0..data.count()).for_each(|index| counts[data.entry(index).unwrap().label as usize] += 1);
    counts
}

mod fashion_mnist {
    use std::fs::File;
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    const FILES: [&str; 2] = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

    fn folder() -> PathBuf {
        fixture("fashion-mnist")
    }

    /// The test set under MNIST's names in a scratch folder, with what `change` does to it.
    fn copied(change: impl Fn(&Path)) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        for name in FILES {
            std::fs::copy(folder().join(name), scratch.path().join(name)).unwrap();
        }
        change(scratch.path());
        scratch
    }

    fn unpack(packed: &Path) {
        let mut bytes = vec![];
        GzDecoder::new(File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
        std::fs::write(packed.with_extension(""), bytes).unwrap();
        std::fs::remove_file(packed).unwrap();
    }

    #[test]
    fn the_shipped_test_set_opens_by_its_folder_alone() {
        let data = open(&spec(folder())).unwrap();
        let identity = data.identity();
        assert_eq!((identity.name.as_str(), identity.format.as_str()), ("fashion-mnist", "idx"));
        assert_eq!((identity.split.as_deref(), identity.images), (Some("test"), 10_000));
        assert_eq!(identity.classes[..2], ["T-shirt/top", "Trouser"]);
        assert_eq!(per_class(data.as_ref()), vec![1_000; 10]);
        // The first image is an ankle boot; its bytes sum to 33,456 in NumPy.
        assert_eq!(data.entry(0).unwrap(), Entry { id: "0".into(), label: 9 });
        let boot = data.image(0).unwrap();
        assert_eq!((boot.width, boot.height, boot.channels), (28, 28, 1));
        assert_eq!(boot.pixels.iter().map(|&x| u64::from(x)).sum::<u64>(), 33_456);
    }

    #[test]
    fn one_of_its_files_opens_it_as_well() {
        let whole = open(&spec(folder())).unwrap();
        let by_file = open(&spec(folder().join("t10k-images-idx3-ubyte.gz"))).unwrap();
        assert_eq!(by_file.identity(), whole.identity());
    }

    #[test]
    fn unpacked_it_is_the_same_data_set() {
        let plain = copied(|folder| FILES.iter().for_each(|name| unpack(&folder.join(name))));
        let (plain, packed) = (open(&spec(plain.path())).unwrap(), open(&spec(folder())).unwrap());
        assert_eq!(plain.identity().sha256, packed.identity().sha256);
        assert_eq!(plain.image(9_999).unwrap(), packed.image(9_999).unwrap());
        assert_eq!(plain.identity().classes[9], "9", "without classes.txt the numbers name the classes");
    }

    #[test]
    fn a_limit_keeps_proportions_order_and_ids() {
        let part = open(&DatasetSpec { limit: Some(200), ..spec(folder()) }).unwrap();
        let whole = open(&spec(folder())).unwrap();
        assert_eq!((part.identity().images, per_class(part.as_ref())), (200, vec![20; 10]));
        assert_ne!(part.identity().sha256, whole.identity().sha256);
        for index in (0..part.count()).step_by(37) {
            let entry = part.entry(index).unwrap();
            let original: usize = entry.id.parse().unwrap();
            assert_eq!(whole.entry(original).unwrap(), entry);
            assert_eq!(part.image(index).unwrap(), whole.image(original).unwrap());
        }
    }

    #[test]
    fn an_absent_split_lists_those_that_are_there() {
        let error = open(&DatasetSpec { split: Some("train".into()), ..spec(folder()) }).err().unwrap();
        assert!(error.to_string().contains("the splits here are: test"), "{error}");
    }

    #[test]
    fn too_few_class_names_are_refused() {
        let error = open(&DatasetSpec { class_names: vec!["shoe".into()], ..spec(folder()) }).err().unwrap();
        assert!(error.what.contains("out of range: there is 1 class name"), "{error}");
    }

    #[test]
    fn labels_that_do_not_fit_the_images_are_refused_with_both_numbers() {
        let three = [0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3];
        let short = copied(|folder| {
            std::fs::remove_file(folder.join("t10k-labels-idx1-ubyte.gz")).unwrap();
            std::fs::write(folder.join("t10k-labels-idx1-ubyte"), three).unwrap();
        });
        let error = open(&spec(short.path())).err().unwrap();
        assert_eq!(error.what, "3 labels do not fit 10000 images");
    }

    #[test]
    fn a_missing_half_is_named() {
        let half = copied(|folder| std::fs::remove_file(folder.join("t10k-labels-idx1-ubyte.gz")).unwrap());
        let error = open(&spec(half.path())).err().unwrap();
        assert!(error.what.contains("no labels"), "{error}");
    }

    #[test]
    fn a_truncated_download_is_refused_before_any_image_is_read() {
        let cut = copied(|folder| {
            let path = folder.join("t10k-images-idx3-ubyte.gz");
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        });
        let error = open(&spec(cut.path())).err().unwrap();
        assert!(error.to_string().contains("t10k-images-idx3-ubyte.gz"), "{error}");
    }
}

#[test]
fn the_decoder_is_named_where_there_is_something_to_decode() {
    let decoder = |path| open(&spec(fixture(path))).unwrap().identity().decoder.clone();
    assert_eq!(decoder("images/shapes").as_deref(), Some(JPEG_DECODER));
    assert_eq!(decoder("fashion-mnist"), None, "its pixels are stored as they are");
}

#[test]
fn a_data_set_gives_pictures_upright_where_preprocessing_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("class")).unwrap();
    let turned = fixture("images/jpeg/turned-6.jpg");
    std::fs::copy(turned, folder.path().join("class/1.jpg")).unwrap();
    let size = |data: Box<dyn Dataset>| data.image(0).map(|image| (image.width, image.height)).unwrap();
    let upright = Decoding { exif_orientation: true };
    assert_eq!(size(open(&spec(folder.path())).unwrap()), (21, 13));
    assert_eq!(size(open_with(&spec(folder.path()), upright).unwrap()), (13, 21));
}

#[test]
fn a_folder_of_every_image_format_opens_and_decodes() {
    let data = open(&spec(fixture("images/shapes"))).unwrap();
    assert_eq!(data.identity().classes, ["circle", "square", "triangle"]);
    assert_eq!(per_class(data.as_ref()), [4, 4, 4]);
    for index in 0..12 {
        let image = data.image(index).unwrap();
        assert_eq!((image.width, image.height, image.channels), (8, 8, 3));
    }
}

#[test]
fn images_stay_in_their_class_whatever_order_its_names_are_given_in() {
    for path in [
        "images/shapes",
        "fashion-mnist",
        "arrays/cifar-10-batches-bin",
        "arrays/cifar-100-python",
        "arrays/numpy/loose",
        "tables/snappy-1.parquet",
        "tables/manifests/tabs.tsv",
        "shards/names",
    ] {
        let own = open(&spec(fixture(path))).unwrap();
        let class_names: Vec<String> = own.identity().classes.iter().rev().cloned().collect();
        let turned = open(&DatasetSpec { class_names: class_names.clone(), ..spec(fixture(path)) }).unwrap();
        assert_eq!(turned.identity().classes, class_names);
        let (own, turned) = (class_of_each(own.as_ref()), class_of_each(turned.as_ref()));
        assert_eq!(own, turned, "{path}");
        assert!(own.values().any(|class| *class != own[own.keys().next().unwrap()]), "{path}: one class");
    }
}

fn class_of_each(data: &dyn Dataset) -> BTreeMap<String, String> {
    let class = |entry: Entry| (entry.id, data.identity().classes[entry.label as usize].clone());
    (0..data.count()).map(|index| class(data.entry(index).unwrap())).collect()
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_told_as_such_and_never_read() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.path().join("x.png")).unwrap();
    let rows = folder.path().join("rows.csv");
    std::fs::write(&rows, "path,label\nx.png,cat\n").unwrap();
    let error = open(&spec(rows)).unwrap().image(0).unwrap_err();
    assert!(error.to_string().contains("a device"), "{error}");
}

#[test]
fn a_path_that_is_nothing_says_what_was_looked_for() {
    let error = open(&spec(fixture("images/odd/text.jpg"))).err().unwrap();
    assert!(error.help.unwrap().contains("one folder of .jpg"));
    assert!(open(&spec("no/such/place")).err().unwrap().place.unwrap().contains("no/such/place"));
    let forced = DatasetSpec { format: Some(DatasetFormat::Idx), ..spec(fixture("images/shapes")) };
    assert!(open(&forced).err().unwrap().help.unwrap().contains("t10k-images-idx3-ubyte"));
}

mod litter {
    use onnx_bench::record::DatasetIdentity;

    use super::*;

    /// What macOS leaves as `._NAME` beside a file on disks of others, and in archives, begins so.
    const APPLE_DOUBLE: &[u8] = &[0, 5, 0x16, 7, 0, 2, 0, 0];

    /// Copies a file or a folder with all that is in it.
    fn copy(from: &Path, to: &Path) {
        if from.is_file() {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(from, to).unwrap();
            return;
        }
        for entry in from.read_dir().unwrap().map(Result::unwrap) {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    }

    /// Puts a twin beside every file and folder below `folder`.
    fn strew(folder: &Path) {
        for entry in folder.read_dir().unwrap().map(Result::unwrap).collect::<Vec<_>>() {
            let twin = format!("._{}", entry.file_name().to_str().unwrap());
            std::fs::write(folder.join(twin), APPLE_DOUBLE).unwrap();
            if entry.path().is_dir() {
                strew(&entry.path());
            }
        }
    }

    /// Of every split that is here.
    fn identities(path: &Path) -> Vec<DatasetIdentity> {
        let sources = survey::sources(&spec(path)).unwrap();
        sources.iter().map(|source| source.identity().clone()).collect()
    }

    #[test]
    fn twins_of_files_that_macos_leaves_are_seen_by_no_format() {
        let whole = |from: &'static str| vec![(from, "")];
        let cat_and_dog =
            vec![("images/shapes/circle/2.png", "cat.0.png"), ("images/shapes/square/2.png", "dog.0.png")];
        let listed =
            vec![("tables/manifests/images", "images"), ("tables/manifests/val_map.txt", "val_map.txt")];
        let tables = "tables/hugging-face/data/test-00000-of-00002.parquet";
        for (format, copies) in [
            ("idx", whole("fashion-mnist")),
            ("cifar", whole("arrays/cifar-10-batches-bin")),
            ("cifar", whole("arrays/cifar-100-binary")),
            ("cifar-python", whole("arrays/cifar-10-batches-py")),
            ("cifar-python", whole("arrays/cifar-100-python")),
            ("parquet", whole("tables/hugging-face")),
            ("parquet", vec![(tables, "val/0.parquet"), (tables, "train/0.parquet")]),
            ("manifest", listed),
            ("prefixed", cat_and_dog),
            ("folder", whole("images/shapes")),
            ("webdataset", whole("shards/shapes")),
            ("npz", vec![("arrays/numpy/mnist.npz", "mnist.npz")]),
            ("npz", whole("arrays/numpy/by-split")),
            ("npz", whole("arrays/numpy/loose")),
        ] {
            let scratch = tempfile::tempdir().unwrap();
            copies.iter().for_each(|(from, to)| copy(&fixture(from), &scratch.path().join(to)));
            let before = identities(scratch.path());
            assert!(before.iter().all(|identity| identity.format == format), "{copies:?}");
            strew(scratch.path());
            assert_eq!(identities(scratch.path()), before, "{copies:?}");
        }
    }
}

mod golden {
    use super::*;

    fn image(name: &str) -> Image {
        decode(&std::fs::read(fixture("images/golden").join(name)).unwrap(), Decoding::default()).unwrap()
    }

    fn resolved(toml: &str, channels: usize, (width, height): (u32, u32)) -> Preprocess {
        let facts = InputFacts {
            channels: Some(channels),
            height: Some(height),
            width: Some(width),
            layout: Layout::Nhwc,
            element: ElementType::F32,
        };
        toml::from_str::<PreprocessSettings>(toml).unwrap().resolve(facts).unwrap()
    }

    fn written(preprocess: &Preprocess, image: &Image) -> Vec<f32> {
        let mut batch = Values::zeros(preprocess.element, preprocess.sample_len());
        preprocess.write(image, &mut Scratch::default(), &mut batch, 0).unwrap();
        batch.to_f32()
    }

    #[test]
    fn grey_is_pillows_to_the_byte() {
        let (source, grey) = (image("source.png"), image("grey.png"));
        let preprocess = resolved("scale = \"raw\"", 1, (grey.width, grey.height));
        let levels: Vec<f32> = grey.pixels.iter().map(|&level| f32::from(level)).collect();
        assert_eq!(written(&preprocess, &source), levels);
    }

    #[test]
    fn tensors_are_numpys_to_the_last_bit() {
        let text = std::fs::read(fixture("images/golden/tensors.json")).unwrap();
        let mut tensors: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&text).unwrap();
        let pixels = serde_json::from_value(tensors.remove("source").unwrap()["pixels"].take()).unwrap();
        let source = Image { width: 5, height: 4, channels: 3, pixels };
        let imagenet = "preset = \"keras-torch\"";
        for (name, toml) in [
            ("imagenet-nchw", format!("{imagenet}\nlayout = \"nchw\"")),
            ("imagenet-nhwc", imagenet.to_owned()),
            ("signed-nhwc", "preset = \"signed\"".to_owned()),
            ("caffe-nchw", "preset = \"keras-caffe\"\nlayout = \"nchw\"".to_owned()),
            ("fashion-mnist", "preset = \"fashion-mnist\"".to_owned()),
        ] {
            let channels = if name == "fashion-mnist" { 1 } else { 3 };
            let expected: Vec<f32> = serde_json::from_value(tensors.remove(name).unwrap()).unwrap();
            assert_eq!(written(&resolved(&toml, channels, (5, 4)), &source), expected, "{name}");
        }
        assert!(tensors.is_empty());
    }
}
