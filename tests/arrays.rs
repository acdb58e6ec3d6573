//! Data sets of raw arrays, as NumPy and Python's pickle write them (`fixtures/make_array_data.py`):
//! CIFAR in both editions, `.npz` and `.npy`; whole, damaged and hostile.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use onnx_bench::dataset::{Dataset, open};
use onnx_bench::plan::{DataColumns, DatasetFormat, DatasetSpec};
use onnx_bench::{Error, Result};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/arrays").join(path)
}

fn opened(path: &str) -> Box<dyn Dataset> {
    open(&DatasetSpec::at(fixture(path))).unwrap()
}

fn refusal(path: impl AsRef<Path>) -> Error {
    open(&DatasetSpec::at(path.as_ref())).err().unwrap()
}

/// What Python finds in a data set.
#[derive(Deserialize)]
struct Expected {
    split: String,
    classes: Vec<String>,
    /// Height, width, channels.
    shape: [u32; 3],
    ids: Vec<String>,
    labels: Vec<u32>,
    /// SHA-256 of the pixels of each image, interleaved.
    pixels: Vec<String>,
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_data_set_holds_what_python_finds_in_it() {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let all: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    assert!(all.len() > 20);
    for (key, expected) in all {
        let (path, asked) =
            key.split_once(':').map_or((key.as_str(), None), |(path, split)| (path, Some(split)));
        let split = asked.map(str::to_owned);
        let data = open(&DatasetSpec { split, ..DatasetSpec::at(fixture(path)) }).unwrap();
        holds(data.as_ref(), &expected, &key);
    }
}

fn holds(data: &dyn Dataset, expected: &Expected, key: &str) {
    let identity = data.identity();
    assert_eq!(identity.split.as_ref(), Some(&expected.split), "{key}");
    assert_eq!(identity.classes, expected.classes, "{key}");
    assert_eq!(data.count(), expected.labels.len(), "{key}");
    for index in (0..data.count()).rev() {
        let (entry, image) = (data.entry(index).unwrap(), data.image(index).unwrap());
        assert_eq!((&entry.id, entry.label), (&expected.ids[index], expected.labels[index]), "{key}");
        assert_eq!([image.height, image.width, image.channels.into()], expected.shape, "{key}");
        assert_eq!(digest(&image.pixels), expected.pixels[index], "{key}, image {index}");
    }
}

#[test]
fn formats_are_found_by_content_and_named() {
    for (path, format, name) in [
        ("cifar-10-batches-bin", "cifar", "cifar-10-batches-bin"),
        ("cifar-100-binary/test.bin", "cifar", "cifar-100-binary"),
        ("cifar-10-batches-py", "cifar-python", "cifar-10-batches-py"),
        ("cifar-100-python/test", "cifar-python", "cifar-100-python"),
        ("numpy/mnist.npz", "npz", "mnist"),
        ("numpy/loose", "npz", "loose"),
        ("numpy/loose/images.npy", "npz", "loose"),
        // The folder around the archive's own: the binary edition comes first.
        ("", "cifar", "cifar-10-batches-bin"),
    ] {
        let data = opened(path);
        let identity = data.identity();
        assert_eq!((identity.format.as_str(), identity.name.as_str()), (format, name), "{path}");
    }
}

#[test]
fn the_same_images_are_the_same_data_in_every_file_format() {
    let identity = |path: &str| opened(path).identity().sha256.clone();
    let again = ["protocol-0", "protocol-2", "protocol-3", "protocol-5", "fortran", "array-labels"];
    for name in again {
        assert_eq!(
            identity(&format!("pickled-again/{name}")),
            identity("pickled-again/protocol-4"),
            "{name}"
        );
    }
    assert_eq!(identity("numpy/stored.npz"), identity("numpy/nchw.npz"));
    assert_eq!(identity("numpy/stored.npz"), identity("numpy/fortran.npz"));
    assert_ne!(identity("numpy/stored.npz"), identity("numpy/told.npz"));
}

#[test]
fn one_batch_is_a_data_set_of_its_own() {
    let batch = opened("cifar-10-batches-bin/data_batch_2.bin");
    let labels: Vec<u32> = (0..batch.count()).map(|index| batch.entry(index).unwrap().label).collect();
    assert_eq!((labels, batch.identity().split.as_deref()), (vec![8, 9], Some("train")));
    let spec = DatasetSpec {
        split: Some("test".into()),
        ..DatasetSpec::at(fixture("cifar-10-batches-bin/data_batch_2.bin"))
    };
    assert!(open(&spec).err().unwrap().what.contains("split `train`"));
}

#[test]
fn coarse_labels_count_where_they_are_asked_for() {
    for path in ["cifar-100-binary", "cifar-100-python"] {
        let columns = DataColumns { label: Some("coarse_label".into()), ..DataColumns::default() };
        let data = open(&DatasetSpec { columns, ..DatasetSpec::at(fixture(path)) }).unwrap();
        assert_eq!((data.identity().classes.len(), data.entry(0).unwrap().label), (20, 19), "{path}");
    }
}

#[test]
fn class_names_are_the_given_ones_else_those_beside_the_data() {
    let named = |classes: &[&str]| {
        let classes = classes.iter().map(|&name| name.to_owned()).collect();
        open(&DatasetSpec { class_names: classes, ..DatasetSpec::at(fixture("numpy/loose")) })
    };
    assert_eq!(named(&["a", "b", "c"]).unwrap().identity().classes, ["a", "b", "c"]);
    assert_eq!(named(&[]).unwrap().identity().classes[0], "circle");
    assert!(named(&["a"]).err().unwrap().what.contains("out of range: there is 1 class name"));
}

#[test]
fn arrays_that_are_no_images_with_labels_are_refused_in_words() {
    for (name, word, help) in [
        ("float-images", "float32, not uint8", "* 255"),
        ("int64-images", "int64, not uint8", "astype(\"uint8\")"),
        ("flat-images", "(4, 64) is not one of images", "reshape"),
        ("four-channels", "(4, 8, 8, 4)", "C is 1 or 3"),
        ("ambiguous-axes", "(4, 3, 8, 3) may be", "images_nhwc or images_nchw"),
        ("one-hot-labels", "one-hot", "argmax"),
        ("float-labels", "float64, not of integers", "astype(\"int64\")"),
        ("text-labels", "of type text", "classes.txt"),
        ("object-labels", "Python objects", "astype"),
        ("record-labels", "several fields", "array of its own"),
        ("negative-label", "label -1 is no class", "leave such images out"),
        ("enormous-label", "1099511627776", ""),
        ("fewer-labels", "3 labels do not fit 4 images", "same source"),
        ("no-images", "nothing", "images in it"),
        ("four-unnamed", "arr_0, arr_1, arr_2, arr_3", "x_test and y_test"),
        ("twice", "may be meant", "rename"),
        ("no-labels", "no labels", "images.npy and labels.npy"),
        ("bomb", "more than are held in memory", "numpy.save"),
    ] {
        let error = refusal(fixture(&format!("odd/{name}.npz")));
        assert!(error.what.contains(word), "{name}: {error}");
        assert!(error.help.clone().unwrap_or_default().contains(help), "{name}: {error}");
        assert!(error.place.unwrap().contains(name), "{name} says where");
    }
}

#[test]
fn a_pickle_that_asks_for_a_command_is_named_and_nothing_runs() {
    let error = refusal(fixture("odd/command"));
    assert!(error.what.contains("`posix.system`"), "{error}");
    assert!(error.place.unwrap().ends_with("test_batch") && !Path::new("pwned").exists());
}

#[test]
fn hostile_pickles_end_in_an_error_with_their_path() {
    for name in ["cycle", "announced", "deep", "empty-stack", "no-memo", "text"] {
        let error = refusal(fixture(&format!("odd/{name}")));
        assert!(error.place.as_ref().unwrap().ends_with("test_batch"), "{name}: {error}");
        assert!(error.help.is_some(), "{name}: {error}");
    }
}

/// A copy of a data set in a scratch folder, with what `change` does to it.
fn copied(path: &str, change: impl Fn(&Path)) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    for entry in fixture(path).read_dir().unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), scratch.path().join(entry.file_name())).unwrap();
    }
    change(scratch.path());
    scratch
}

#[test]
fn a_label_beyond_the_classes_is_named_by_its_record() {
    let changed = copied("cifar-10-batches-bin", |folder| {
        let path = folder.join("test_batch.bin");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[2 * 3073] = 10;
        std::fs::write(path, bytes).unwrap();
    });
    let error = refusal(changed.path());
    assert!(error.what.contains("label 10 is out of range: there are 10 class names"), "{error}");
    assert!(
        error.place.is_some_and(|place| place.contains("image 2 of") && place.ends_with("test_batch.bin"))
    );
    let names = (0..11).map(|name| name.to_string()).collect();
    let named = open(&DatasetSpec { class_names: names, ..DatasetSpec::at(changed.path()) });
    assert!(named.err().unwrap().what.contains("the data has 10 classes"));
}

#[test]
fn a_truncated_batch_is_refused_with_both_lengths() {
    let cut = copied("cifar-10-batches-bin", |folder| {
        let path = folder.join("test_batch.bin");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
    });
    let error = refusal(cut.path());
    assert!(error.what.contains("12291 bytes") && error.what.contains("3073"), "{error}");
}

#[test]
fn a_missing_batch_of_the_training_set_is_named() {
    let gap =
        copied("cifar-10-batches-py", |folder| std::fs::remove_file(folder.join("data_batch_1")).unwrap());
    let spec = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(gap.path()) };
    assert!(open(&spec).err().unwrap().what.contains("data_batch_1 is missing"));
}

#[test]
fn names_that_are_given_twice_do_not_become_ids() {
    let twice = copied("cifar-10-batches-py", |folder| {
        std::fs::copy(folder.join("data_batch_1"), folder.join("data_batch_2")).unwrap();
    });
    let spec = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(twice.path()) };
    let data = open(&spec).unwrap();
    assert_eq!([data.entry(0).unwrap().id, data.entry(1).unwrap().id], ["0", "1"]);
}

#[test]
fn a_path_of_another_kind_is_told_what_was_looked_for() {
    let forced = |format| {
        open(&DatasetSpec { format: Some(format), ..DatasetSpec::at(fixture("odd/text/test_batch")) })
    };
    for format in
        [DatasetFormat::Cifar, DatasetFormat::CifarPython, DatasetFormat::Npz, DatasetFormat::Prefixed]
    {
        assert!(forced(format).is_err(), "{}", format.name());
    }
    let help = forced(DatasetFormat::Cifar).err().unwrap().help.unwrap();
    assert!(help.contains("test_batch.bin"), "{help}");
}

/// Opens a data set of one file and reads all of it.
fn read_all(name: &str, bytes: &[u8]) -> Result<usize> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let data = open(&DatasetSpec::at(path))?;
    for index in 0..data.count() {
        let pixels = data.image(index)?.pixels;
        assert!(!pixels.is_empty());
        data.entry(index)?;
    }
    Ok(data.count())
}

/// One small file of each kind.
const FILES: [&str; 8] = [
    "cifar-10-batches-bin/test_batch.bin",
    "cifar-10-batches-py/test_batch",
    "cifar-100-python/test",
    "pickled-again/protocol-0/test_batch",
    "pickled-again/protocol-5/test_batch",
    "numpy/mnist.npz",
    "numpy/stored.npz",
    "numpy/fortran.npz",
];

fn whole(path: &str) -> (&str, Vec<u8>) {
    (path.rsplit('/').next().unwrap(), std::fs::read(fixture(path)).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Most of a file is pixels; the ends are where its structure is, so those are changed most.
    #[test]
    fn changed_files_are_read_or_refused(
        file in prop::sample::select(FILES.as_slice()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        let (name, mut bytes) = whole(file);
        for (place, byte, part) in changes {
            let end = bytes.len().min(400);
            let at = match part {
                0 => place.index(end),
                1 => bytes.len() - 1 - place.index(end),
                _ => place.index(bytes.len()),
            };
            bytes[at] = byte;
        }
        let _ = read_all(name, &bytes);
    }

    #[test]
    fn files_cut_short_are_refused(
        file in prop::sample::select(FILES.as_slice()),
        cut in any::<prop::sample::Index>(),
    ) {
        let (name, bytes) = whole(file);
        let length = cut.index(bytes.len());
        // A binary file cut between records is a smaller data set: nothing in it says how many.
        prop_assume!(!name.ends_with(".bin") || length == 0 || length % 3073 != 0);
        prop_assert!(read_all(name, &bytes[..length]).is_err(), "{file} cut to {length}");
    }
}
