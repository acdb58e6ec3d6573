//! WebDataset shards on disk, from the path that a user gives to the pixels.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::path::{Path, PathBuf};

use onnx_bench::Error;
use onnx_bench::dataset::{Dataset, decode, open};
use onnx_bench::plan::DatasetSpec;
use onnx_bench::preprocess::Decoding;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn opened(path: &str) -> Box<dyn Dataset> {
    open(&DatasetSpec::at(fixture(path))).unwrap()
}

fn refusal(path: impl Into<PathBuf>) -> Error {
    open(&DatasetSpec::at(path)).err().unwrap()
}

fn entries(data: &dyn Dataset) -> Vec<(String, u32)> {
    (0..data.count()).map(|index| data.entry(index).unwrap()).map(|entry| (entry.id, entry.label)).collect()
}

/// The pixels of one of the images that the shards were packed from.
fn original(class: &str, extension: &str) -> onnx_bench::dataset::Image {
    let folder = fixture("images/shapes").join(class);
    let mut files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|found| found == extension)).unwrap();
    decode(&std::fs::read(file).unwrap(), Decoding::default()).unwrap()
}

#[test]
fn a_folder_of_shards_opens_by_its_path_alone() {
    let data = opened("shards/shapes");
    let identity = data.identity();
    assert_eq!((identity.format.as_str(), identity.split.as_deref()), ("webdataset", Some("test")));
    assert_eq!(identity.classes, ["circle", "square", "triangle"]);
    assert_eq!(identity.passed_over, None);
    let ids = ["000000/000000", "000000/000001", "000000/000002", "000001/000003", "000001/000004"];
    let expected: Vec<(String, u32)> =
        ids.map(|id| format!("shapes-test-{id}")).into_iter().zip([0, 1, 2, 0, 1]).collect();
    assert_eq!(entries(data.as_ref()), expected);
    let packed =
        [("circle", "png"), ("square", "jpg"), ("triangle", "webp"), ("circle", "bmp"), ("square", "jpg")];
    for (index, (class, extension)) in packed.into_iter().enumerate() {
        assert_eq!(data.image(index).unwrap(), original(class, extension), "{index}");
    }
}

#[test]
fn folder_pattern_and_split_lead_to_the_same_images() {
    let (folder, pattern) =
        (opened("shards/shapes"), opened("shards/shapes/shapes-test-{000000..000001}.tar"));
    assert_eq!(folder.identity().sha256, pattern.identity().sha256);
    assert_eq!(opened("shards/shapes/shapes-test-000001.tar").count(), 2);
    let train = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(fixture("shards/shapes")) };
    assert_eq!(entries(open(&train).unwrap().as_ref()), [("shapes-train-000000/000005".into(), 2)]);
}

#[test]
fn names_are_labels_and_long_names_are_keys_in_every_kind_of_archive() {
    for name in ["gnu", "pax", "ustar"] {
        let data = opened(&format!("shards/names/{name}.tar"));
        assert_eq!(data.identity().classes, ["circle", "triangle"], "{name}");
        assert_eq!(data.identity().passed_over.as_ref().unwrap().first, "link.png");
        let entries = entries(data.as_ref());
        assert!(entries.iter().all(|(id, _)| id.len() > 100), "{entries:?}");
        assert_eq!((entries[0].1, entries[1].1), (1, 0), "{name}");
        assert_eq!(data.image(0).unwrap(), original("triangle", "png"), "{name}");
        assert_eq!(data.image(1).unwrap(), original("circle", "png"), "{name}");
    }
}

#[test]
fn many_threads_read_at_once() {
    let data = opened("shards/shapes");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|round| assert_eq!(data.image(round % 5).unwrap().width, 8)));
        }
    });
}

#[test]
fn a_limit_draws_from_all_shards() {
    let spec = DatasetSpec { limit: Some(3), ..DatasetSpec::at(fixture("shards/shapes")) };
    assert_eq!(open(&spec).unwrap().count(), 3);
}

#[test]
fn given_class_names_must_hold_the_names_in_the_shards() {
    let named = |classes: &[&str]| {
        let class_names = classes.iter().map(|&class| class.to_owned()).collect();
        open(&DatasetSpec { class_names, ..DatasetSpec::at(fixture("shards/names/gnu.tar")) })
    };
    let data = named(&["triangle", "square", "circle"]).unwrap();
    assert_eq!((data.entry(0).unwrap().label, data.entry(1).unwrap().label), (0, 2));
    let error = named(&["circle", "square"]).err().unwrap();
    assert!(error.what.contains("`triangle` is none of the 2") && error.place.unwrap().contains("-0.png"));
}

#[test]
fn what_is_no_shard_is_told_in_words() {
    assert!(
        refusal(fixture("shards/shapes/shapes-test-{000000..000002}.tar")).place.unwrap().contains("000002")
    );
    assert!(refusal(fixture("shards/shapes/{a..b}.tar")).what.contains("not understood"));
    let desk = tempfile::tempdir().unwrap();
    let path = |name: &str| desk.path().join(name);
    std::fs::write(path("a.tar"), "").unwrap();
    let error = refusal(path("a.tar"));
    assert_eq!(
        (error.what.as_str(), error.cause.as_deref()),
        ("the shard is cut short", Some("it has no end mark"))
    );
    std::fs::write(path("b.tgz"), [0x1f, 0x8b, 8, 0].repeat(200)).unwrap();
    assert!(refusal(path("b.tgz")).what.contains("compressed by gzip"));
    std::fs::write(path("c.tar"), [0; 1024]).unwrap();
    assert_eq!(refusal(path("c.tar")).what, "the shards hold no image");
}

#[test]
fn a_shard_that_changes_after_it_was_listed_is_an_error_of_the_image() {
    let desk = tempfile::tempdir().unwrap();
    let path = desk.path().join("shard.tar");
    std::fs::copy(fixture("shards/shapes/shapes-test-000000.tar"), &path).unwrap();
    let data = open(&DatasetSpec::at(&path)).unwrap();
    std::fs::write(&path, "cut").unwrap();
    let error = data.image(0).unwrap_err();
    assert!(error.to_string().contains("shorter than when it was listed"), "{error}");
    assert!(error.place.unwrap().starts_with("member `000000.png` at byte "));
}
