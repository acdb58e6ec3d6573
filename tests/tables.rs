//! Stories about tables and shards on the command line: parts of them, and figures by their columns.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{Ending, FP32, INT8, SHAPES, Story, read_json};

const PARQUET: &str = "fixtures/tables/hugging-face";
const SHARDS: &str = "fixtures/shards/shapes/shapes-test-{000000..000001}.tar";

/// A desk with the twelve shapes and a manifest of them: circles by day, triangles by night, squares
/// by either; each with a note of its own.
fn manifest(desk: &Path) -> String {
    let mut rows = String::from("path,label,light,note\n");
    for class in ["circle", "square", "triangle"] {
        let folder = desk.join("images").join(class);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, file) in ["0.bmp", "1.jpg", "2.png", "3.webp"].into_iter().enumerate() {
            std::fs::copy(format!("{SHAPES}/{class}/{file}"), folder.join(file)).unwrap();
            let by_day = class == "circle" || class == "square" && index < 2;
            let light = if by_day { "day" } else { "night" };
            rows += &format!("images/{class}/{file},{class},{light},{class} {index}\n");
        }
    }
    let path = desk.join("test.csv");
    std::fs::write(&path, rows).unwrap();
    path.to_str().unwrap().to_owned()
}

/// `bench run` of the small classifier; its record, once it went well.
fn run(data: &str, more: &[&str], desk: &Path) -> (Ending, Value) {
    let out = desk.join(format!("run {}.json", more.join(" ").replace('/', " ")));
    let ending = Story::new("run")
        .args(&[FP32, "--data", data, "--runtime", "fake", "--accuracy-only", "-o", out.to_str().unwrap()])
        .args(more)
        .run()
        .exits(0)
        .keeps_its_manners();
    (ending, read_json(&out))
}

fn refused(data: &str, more: &[&str]) -> Ending {
    let story = Story::new("run")
        .args(&[FP32, "--data", data, "--runtime", "fake", "-o", "nowhere/run.json"])
        .args(more);
    let ending = story.run().keeps_its_manners();
    assert_ne!(ending.status(), 0, "{}", ending.stdout());
    ending
}

fn compare(data: &str, more: &[&str]) -> Ending {
    let models = [FP32, INT8, "--data", data, "--runtime", "fake"];
    Story::compare(&models).args(more).run().keeps_its_manners()
}

#[test]
fn a_column_of_a_manifest_chooses_images() {
    let desk = tempfile::tempdir().unwrap();
    let data = manifest(desk.path());
    run(&data, &[], desk.path()).0.prints("12 images");
    run(&data, &["--where", "light=day"], desk.path()).0.prints("6 images");
    run(&data, &["--where", "light=night", "--classes", "square"], desk.path()).0.prints("2 images");
    refused(&data, &["--where", "light=dusk"]).complains("day, night");
    refused(&data, &["--where", "weather=sun"]).complains("light, note");
}

#[test]
fn columns_of_a_manifest_tell_the_figures_apart() {
    let desk = tempfile::tempdir().unwrap();
    let data = manifest(desk.path());
    let page = compare(&data, &[]).prints("light: day").prints("light: night");
    assert!(!page.stdout().contains("note: "), "a note for each image divides nothing");
    compare(&data, &["--slice", "note"]).prints("note: circle 0");
    refused(&data, &["--slice", "weather"]).complains("light, note");
}

#[test]
fn a_manifest_with_a_column_of_splits_is_read_by_split() {
    let desk = tempfile::tempdir().unwrap();
    let path = manifest(desk.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace(",light,", ",split,").replace(",day,", ",train,").replace(",night,", ",test,");
    let data = desk.path().join("photos.csv");
    std::fs::write(&data, text.replace("square 0", "square zero")).unwrap();
    let data = data.to_str().unwrap();
    run(data, &[], desk.path()).0.prints("6 images").prints("test");
    run(data, &["--split", "Train"], desk.path()).0.prints("6 images");
    run(data, &["--where", "split=train,test"], desk.path()).0.prints("12 images");
    let page = Story::new("data").args(&[data]).run().exits(0).keeps_its_manners();
    page.prints("12 images").prints("test").prints("train");
}

#[test]
fn columns_of_parquet_choose_images_and_tell_figures_apart() {
    let desk = tempfile::tempdir().unwrap();
    let (_, whole) = run(PARQUET, &[], desk.path());
    let (_, part) = run(PARQUET, &["--where", "weather=sun"], desk.path());
    let images = |record: &Value| record["dataset"]["images"].as_u64().unwrap();
    assert!(images(&part) > 0 && images(&part) < images(&whole), "{part}");
    compare(PARQUET, &[]).prints("weather: sun").prints("coarse_label: mammal");
    refused(PARQUET, &["--where", "light=day"]).complains("coarse_label, weather, session");
}

#[test]
fn shards_are_named_by_a_pattern() {
    let desk = tempfile::tempdir().unwrap();
    run(SHARDS, &[], desk.path()).0.prints("shapes");
    refused("fixtures/shards/shapes/shapes-test-{000000..000009}.tar", &[])
        .complains("no such shard")
        .complains("000002.tar");
}

#[test]
fn cifar_100_has_fine_and_coarse_labels() {
    for (column, classes) in [("fine_label", "100 classes"), ("coarse_label", "20 classes")] {
        let more = ["--label-column", column];
        refused("fixtures/arrays/cifar-100-binary", &more).complains(classes);
    }
}

#[test]
fn every_format_is_listed_with_what_is_looked_for() {
    let list = Story::new("list").args(&["formats"]).run().exits(0);
    for (format, looked_for) in [
        ("idx", "t10k-images-idx3-ubyte"),
        ("cifar", "test_batch.bin"),
        ("cifar-python", "test_batch"),
        ("npz", "images and labels"),
        ("prefixed", "cat.0.jpg"),
        ("folder", "one folder"),
        ("parquet", "column of images"),
        ("manifest", "val_map.txt"),
        ("webdataset", "{000..012}.tar"),
    ] {
        let page = list.stdout();
        let line = page.lines().find(|line| line.split_whitespace().next() == Some(format));
        assert!(line.is_some_and(|line| line.contains(looked_for)), "{format} in\n{page}");
    }
    assert_eq!(list.stdout().lines().count(), 9);
}
