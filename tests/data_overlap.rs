//! Stories about images that are in two data sets: those that served for calibration are warned about.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/photos.rs"]
mod photos;
mod support;

use std::fs;
use std::path::Path;

use photos::{Desk, Picture, remarks};
use serde_json::Value;
use support::{FP32, SHAPES, Story, read_json};

#[test]
fn bad_files_of_what_is_compared_with_are_told_apart() {
    let desk = Desk::with(&["bird", "cat"], 3);
    desk.copy("photos/bird/0.png", "other/any/a.png");
    desk.write("other/any/torn.png", b"");
    let against = ["--against", &desk.text("other")];
    let ending = desk.data(&against).exits(0).prints("other: any/torn.png: the image file is empty");
    ending.prints("1 image of the data that this was compared with cannot be read");
    let found = desk.found(&against);
    assert_eq!((&found["splits"][0]["unreadable"], remarks(&found).len()), (&0.into(), 2));
}

#[test]
fn calibration_images_among_those_of_the_test_are_warned_about() {
    let desk = Desk::new();
    let list = desk.text("calib.txt");
    desk.write("calib.txt", b"circle/1.jpg\nsquare/0.bmp\n");
    let story = Story::compare(&[FP32]).args(&["--data", SHAPES, "--runtime", "fake"]).recorded();
    let ending = story.args(&["--calibration", &list]).run().exits(0).keeps_its_manners();
    let ending = ending.prints("2 of 12 test images are among the 2 of calib.txt for calibration");
    let report = ending.report();
    let warnings = report["warnings"].as_array().unwrap();
    let codes: Vec<&str> = warnings.iter().map(|warning| warning["code"].as_str().unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "calibration_overlap").count(), 1, "{codes:?}");
    assert_eq!(
        (&report["columns"][0]["calibration"]["by_id"], &report["columns"][0]["calibration"]["by_content"]),
        (&2.into(), &0.into())
    );
    let records = ending.desk().join("records");
    let saved = Story::new("report").args(&[records.to_str().unwrap()]).run();
    saved.exits(0).prints("2 of 12 test images");
}

#[test]
fn calibration_images_are_known_by_their_content_under_any_name() {
    let desk = Desk::new();
    for (from, to) in [("circle/2.png", "x/one.bmp"), ("square/1.jpg", "y/two.jpg")] {
        fs::create_dir_all(desk.path("calib").join(to).parent().unwrap()).unwrap();
        fs::copy(Path::new(SHAPES).join(from), desk.path("calib").join(to)).unwrap();
    }
    image::open(Path::new(SHAPES).join("circle/2.png")).unwrap().save(desk.path("calib/x/one.bmp")).unwrap();
    Picture::new(5).save(&desk.path("calib/y/other.png"));
    Picture::new(6).save(&desk.path("clean/x/1.png"));
    let out = |calibration: &str| desk.text(&format!("{calibration}.json"));
    let run = |calibration: &str| {
        let out = out(calibration);
        let arguments = [FP32, "--data", SHAPES, "--runtime", "fake", "--accuracy-only", "-o", &out];
        Story::new("run").args(&arguments).args(&["--calibration", &desk.text(calibration)]).run()
    };
    run("calib")
        .exits(0)
        .prints("2 of 12 test images are among the 3 of calib")
        .prints("0 by id, 2 by content");
    let kept = |calibration: &str| read_json(Path::new(&out(calibration)))["evidence"]["calibration"].clone();
    let overlap = kept("calib");
    assert_eq!(overlap["first"], serde_json::json!(["circle/2.png", "square/1.jpg"]));
    let clean = run("clean").exits(0).prints("clean · 1 image · none of them in the test").stdout();
    assert!(!clean.contains("for calibration"), "{clean}");
    assert_eq!(kept("clean")["images"], 1, "what it was held against is kept");
}

#[test]
fn what_is_no_calibration_is_refused() {
    let desk = Desk::new();
    desk.write("calib.txt", b"circle/1.jpg\ncircle/nowhere.jpg\n");
    desk.write("prose.txt", b"these are no ids\n");
    let out = desk.text("run.json");
    let run = |more: &[&str]| {
        let story =
            Story::new("run").args(&[FP32, "--runtime", "fake", "-o", &out, "--time", "0.1"]).args(more);
        story.run().keeps_its_manners()
    };
    let of = |name: &str| run(&["--data", SHAPES, "--calibration", &desk.text(name)]);
    of("calib.txt").exits(2).complains("circle/nowhere.jpg");
    of("prose.txt").exits(2).complains("neither a list");
    of("absent").exits(3).complains("absent");
    run(&["--calibration", &desk.text("calib.txt")]).exits(2).complains("--data PATH");
    assert!(!Path::new(&out).exists(), "nothing was measured");
}

#[test]
fn other_data_is_held_against_in_all_its_splits_unless_one_is_named() {
    let desk = Desk::new();
    Picture::new(1).save(&desk.path("photos/one/a.png"));
    Picture::new(2).save(&desk.path("photos/two/b.png"));
    for (split, seed) in [("test", 3), ("train", 1)] {
        Picture::new(seed).save(&desk.path(&format!("other/{split}/one/c.png")));
        Picture::new(seed + 10).save(&desk.path(&format!("other/{split}/two/d.png")));
    }
    let ending = desk.data(&["--against", &desk.text("other")]).exits(0);
    ending.prints("in other (test)").prints("1 image is in other (train) too");
    let named = desk.data(&["--against", &desk.text("other"), "--against-split", "test"]).exits(0);
    assert!(!named.stdout().contains("train"));
}

#[test]
fn other_data_is_held_against_to_the_pixel_and_nearly() {
    let desk = Desk::with(&["bird", "cat"], 8);
    desk.copy("photos/bird/4.png", "other/any/a.png");
    Picture::new(1002).sized(60, 45).save(&desk.path("other/any/b.png"));
    Picture::new(9000).save(&desk.path("other/any/c.png"));
    let found = desk.found(&["--against", &desk.text("other")]);
    let between = &found["duplicates"]["between"][0];
    assert_eq!((&between["other"], &between["beside"]), (&"other".into(), &true.into()));
    assert_eq!(
        (&between["exact"], &between["near"], &between["by_id"]),
        (&1.into(), &1.into(), &Value::Null)
    );
    assert_eq!(found["classes"]["counts"].as_array().unwrap().len(), 2, "it is no part of the data");
    assert_eq!(found["duplicates"]["exact"]["surplus"], 0);
    assert_eq!(remarks(&found), ["shared_with_other"]);
    desk.data(&["--against", &desk.text("other")])
        .prints("bird/4.png = any/a.png")
        .prints("cat/2.png ~ any/b.png");

    desk.write("ids.txt", b"cat/1.png\ncat/2.png\ncat/3.png\n");
    let between = &desk.found(&["--against", &desk.text("ids.txt")])["duplicates"]["between"][0];
    assert_eq!((&between["by_id"], &between["exact"]), (&3.into(), &3.into()));
}
