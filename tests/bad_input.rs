//! Stories about wrong input: one clear error, the right status, nothing lost, no panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::fs;
use std::path::Path;

use support::{FP32, SHAPES, Story};

/// What is given in place of a model, and what the error must say.
#[test]
fn a_file_that_is_no_model_is_refused_in_words() {
    let desk = tempfile::tempdir().unwrap();
    let model = fs::read(FP32).unwrap();
    let files: [(&str, &[u8]); 4] = [
        ("empty", b""),
        ("text", b"hello, this is a letter\n"),
        ("cut", &model[..model.len() / 2]),
        ("zip", b"PK\x03\x04rest"),
    ];
    for (name, bytes) in files {
        let path = desk.path().join(format!("{name}.onnx"));
        fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        Story::compare(&[path])
            .run()
            .exits(3)
            .complains("error: ")
            .complains(path)
            .complains("help")
            .keeps_its_manners();
    }
    Story::compare(&["nowhere.onnx"]).run().exits(3).complains("nowhere.onnx").keeps_its_manners();
    Story::compare(&[desk.path().to_str().unwrap()]).run().exits(3).keeps_its_manners();
}

#[test]
fn external_data_that_is_missing_is_named() {
    let desk = tempfile::tempdir().unwrap();
    let path = desk.path().join("external.onnx");
    fs::copy("fixtures/models/external.onnx", &path).unwrap();
    Story::compare(&[path.to_str().unwrap()])
        .run()
        .exits(3)
        .complains("external.onnx.data")
        .keeps_its_manners();
}

#[test]
fn a_graph_that_is_no_classifier_is_refused_with_what_it_has() {
    Story::compare(&["fixtures/models/two-inputs.onnx"]).run().exits(3).complains("images").complains("mask");
    Story::compare(&["fixtures/models/three-d.onnx"]).run().exits(3).complains("4").complains("64");
}

#[test]
fn classes_that_do_not_fit_are_an_error_with_both_numbers() {
    Story::compare(&[FP32])
        .args(&["--data", "fixtures/fashion-mnist", "--runtime", "fake"])
        .run()
        .exits(2)
        .complains("3 classes")
        .complains("10 classes");
}

#[test]
fn nan_scores_are_counted_and_wrong() {
    let ending = Story::compare(&[FP32])
        .args(&["--data", SHAPES, "--runtime", "fake", "--session", "fake.nan_every=3"])
        .recorded()
        .run()
        .exits(0)
        .prints("NaN or an infinity");
    let evaluation = ending.column(0)["evaluation"].clone();
    assert!(evaluation["not_finite"].as_u64().unwrap() > 0, "{evaluation}");
}

/// The shapes with one unreadable file more.
fn shapes_and(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    for class in ["circle", "square", "triangle"] {
        fs::create_dir(desk.path().join(class)).unwrap();
        for entry in fs::read_dir(Path::new(SHAPES).join(class)).unwrap() {
            let from = entry.unwrap().path();
            fs::copy(&from, desk.path().join(class).join(from.file_name().unwrap())).unwrap();
        }
    }
    fs::write(desk.path().join("circle").join(name), bytes).unwrap();
    desk
}

#[test]
fn a_broken_image_ends_the_pass_or_is_skipped_and_counted() {
    for (name, bytes) in [("empty.png", &b""[..]), ("junk.jpg", b"not a picture")] {
        let data = shapes_and(name, bytes);
        let data = data.path().to_str().unwrap();
        let failing =
            Story::compare(&[FP32]).args(&["--data", data, "--runtime", "fake"]).recorded().run().exits(3);
        assert_eq!(failing.outcome(0), "failed");
        let failing = failing.prints(name).prints("--on-bad-image");
        assert!(failing.metric(0, "latency_p50").is_some(), "what was measured before is kept");
        let skipping = Story::compare(&[FP32])
            .args(&["--data", data, "--runtime", "fake", "--on-bad-image", "skip"])
            .recorded()
            .run()
            .exits(0)
            .prints("1 of 13 images");
        let evaluation = skipping.column(0)["evaluation"].clone();
        assert_eq!(
            (evaluation["images"].as_u64(), evaluation["skipped_count"].as_u64()),
            (Some(12), Some(1))
        );
    }
}

#[test]
fn a_picture_that_declares_to_be_gigantic_is_refused_by_a_limit() {
    let bomb = fs::read("fixtures/images/odd/bomb.png").unwrap();
    let data = shapes_and("bomb.png", &bomb);
    Story::compare(&[FP32])
        .args(&["--data", data.path().to_str().unwrap(), "--runtime", "fake"])
        .run()
        .exits(3)
        .prints("bomb.png")
        .keeps_its_manners();
}

#[test]
fn an_empty_class_folder_is_named() {
    let data = shapes_and("more.png", &fs::read("fixtures/images/shapes/circle/2.png").unwrap());
    fs::create_dir(data.path().join("void")).unwrap();
    Story::compare(&[FP32]).args(&["--data", data.path().to_str().unwrap()]).run().exits(3).complains("void");
}

#[test]
fn labels_that_are_fewer_than_images_are_an_error() {
    let desk = tempfile::tempdir().unwrap();
    let images = [&[0u8, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[7; 8]].concat();
    fs::write(desk.path().join("t10k-images-idx3-ubyte"), images).unwrap();
    fs::write(desk.path().join("t10k-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 0]).unwrap();
    Story::compare(&[FP32])
        .args(&["--data", desk.path().to_str().unwrap()])
        .run()
        .exits(3)
        .complains("2")
        .complains("1");
}

#[cfg(unix)]
#[test]
fn file_names_that_are_no_text_are_read_all_the_same() {
    use std::os::unix::ffi::OsStrExt;
    let data = shapes_and("fine.png", &fs::read("fixtures/images/shapes/circle/2.png").unwrap());
    let odd = data.path().join("circle").join(std::ffi::OsStr::from_bytes(b"\xff\xfe.png"));
    fs::copy("fixtures/images/shapes/circle/2.png", odd).unwrap();
    let data = data.path().to_str().unwrap().to_owned();
    let ending =
        Story::compare(&[FP32]).args(&["--data", &data, "--runtime", "fake"]).recorded().run().exits(0);
    assert_eq!(ending.column(0)["dataset"]["images"], 14);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_says_the_measurement_is_kept() {
    Story::compare(&[FP32])
        .args(&["--runtime", "fake", "--json", "/dev/full"])
        .run()
        .exits(3)
        .complains("/dev/full")
        .complains("bench report last")
        .keeps_its_manners();
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_before_anything_is_measured() {
    Story::compare(&[FP32])
        .args(&["--runtime", "fake", "--record", "Cargo.toml/records"])
        .run()
        .exits(3)
        .complains("Cargo.toml/records")
        .keeps_its_manners();
}

#[test]
fn wrong_flags_are_wrong_usage() {
    for flags in [
        &["--batch", "0"][..],
        &["--runtime", "ort:gpu"],
        &["--time", "-1"],
        &["--limit", "x"],
        &["--resize", "big"],
    ] {
        Story::compare(&[FP32]).args(flags).run().exits(2).complains("error").keeps_its_manners();
    }
    Story::compare(&[FP32]).args(&["--runtime", "onnx"]).run().exits(2).complains("ort");
}

#[test]
fn a_record_that_is_none_is_refused() {
    let desk = tempfile::tempdir().unwrap();
    for (name, text) in [("a.json", "{}"), ("b.json", "["), ("c.json", "{\"schema_version\": 999}")] {
        let path = desk.path().join(name);
        fs::write(&path, text).unwrap();
        Story::new("report")
            .args(&[path.to_str().unwrap()])
            .run()
            .exits(3)
            .complains(name)
            .keeps_its_manners();
    }
    Story::new("report").args(&["nowhere.json"]).run().exits(3).complains("nowhere.json");
}
