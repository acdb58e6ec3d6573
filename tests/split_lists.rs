//! Stories about `bench data --split`: lists that divide a data set well, and that every command takes.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/photos.rs"]
mod photos;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use photos::{Desk, Picture, remarks};
use serde_json::Value;
use support::{FP32, SHAPES, Story, read_json};

#[test]
fn lists_are_reproducible_disjoint_stratified_and_cover_everything() {
    let desk = Desk::with(&["bird", "cat"], 20);
    let divide = |out: &str, seed: &str| {
        desk.data(&["--split", "70/20/10", "--seed", seed, "--out", &desk.text(out)]).exits(0)
    };
    divide("one", "7").prints("28 images").prints("one/test.txt").prints("--list");
    divide("again", "7");
    divide("other", "8");
    let names = ["train.txt", "val.txt", "test.txt"];
    for name in names {
        let list = |folder: &str| fs::read(desk.path(&format!("{folder}/{name}"))).unwrap();
        assert_eq!(list("one"), list("again"));
        assert_ne!(list("one"), list("other"));
    }
    let parts = names.map(|name| desk.list(&format!("one/{name}")));
    let of_birds = parts.each_ref().map(|part| part.iter().filter(|id| id.starts_with("bird/")).count());
    assert_eq!((parts.each_ref().map(Vec::len), of_birds), ([28, 8, 4], [14, 4, 2]));
    let all: BTreeSet<&String> = parts.iter().flatten().collect();
    assert_eq!(all.len(), 40);
}

#[test]
fn copies_stay_in_one_list_and_bad_files_are_in_none() {
    let desk = Desk::with(&["bird", "cat"], 12);
    for copy in 0..5 {
        desk.copy("photos/bird/0.png", &format!("photos/bird/copy-{copy}.png"));
    }
    desk.copy("photos/bird/1.png", "photos/cat/of-a-bird.png");
    Picture::new(2).sized(60, 45).save(&desk.path("photos/bird/small.png"));
    desk.write("photos/cat/bad.png", b"");
    for seed in ["1", "2", "3", "4"] {
        let out = format!("lists-{seed}");
        let parts = ["--split", "1/1/1/1", "--seed", seed, "--together", "near", "--out", &desk.text(&out)];
        desk.data(&parts)
            .exits(0)
            .prints("3 groups of the same images")
            .prints("1 image that cannot be read");
        let lists: Vec<Vec<String>> =
            (1..=4).map(|part| desk.list(&format!("{out}/part-{part}.txt"))).collect();
        assert_eq!(lists.iter().map(Vec::len).sum::<usize>(), 31);
        let holder = |id: &str| lists.iter().position(|list| list.iter().any(|listed| listed == id)).unwrap();
        (0..5).for_each(|copy| assert_eq!(holder("bird/0.png"), holder(&format!("bird/copy-{copy}.png"))));
        assert_eq!(holder("bird/1.png"), holder("cat/of-a-bird.png"));
        assert_eq!(holder("bird/2.png"), holder("bird/small.png"));
        assert!(!lists.iter().flatten().any(|id| id == "cat/bad.png"));
    }
}

#[test]
fn classes_that_are_in_no_list_or_in_no_image_of_a_split_are_told() {
    let desk = Desk::with(&["bird", "cat"], 10);
    desk.copy("photos/bird/0.png", "photos/newt/only.png");
    fs::remove_file(desk.path("photos/bird/0.png")).unwrap();
    let json = desk.text("data.json");
    let divide = ["--split", "33.3/33.3/33.4", "--out", &desk.text("lists"), "--json", &json];
    let ending = desk.data(&divide).exits(0).prints("lists: 33.3/33.3/33.4, seed 7");
    ending.prints("1 class has no image in the list").prints("newt").prints("give that list a larger one");
    let found = read_json(Path::new(&json));
    let without: Vec<&Value> = found["division"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["by_class"][2] == 0)
        .collect();
    assert_eq!(without.len(), 2, "one image is in one list");
    assert_eq!(remarks(&found).iter().filter(|code| **code == "not_in_list").count(), 2);

    let desk = Desk::with(&["test/bird", "test/cat", "train/bird", "train/cat", "train/newt"], 3);
    let found = desk.found(&[]);
    assert_eq!(remarks(&found), ["empty_class"], "the first classes of train, in the same order");
    desk.data(&[]).prints("1 class has no image in the split test: newt");
}

#[test]
fn shares_with_another_sign_between_them_are_no_name_of_a_split() {
    let desk = Desk::with(&["bird"], 1);
    for shares in ["80,20", "80:20", "80-20", "80% 20%"] {
        let ending = desk.data(&["--split", shares, "--out", &desk.text("lists")]);
        ending.exits(2).complains("shares are written 80/20");
    }
}

#[test]
fn what_cannot_be_written_is_known_before_an_image_is_read() {
    let desk = Desk::with(&["bird", "cat"], 3);
    desk.write("taken", b"");
    let out = desk.text("taken/lists");
    desk.data(&["--split", "1/1", "--out", &out]).exits(3).complains("taken/lists/train.txt");
    desk.data(&["--contact-sheet", &desk.text("sheet.jpg")]).exits(2).complains("name a .png file");
    assert!(!desk.path("sheet.jpg").exists());
}

#[test]
fn nothing_is_written_that_would_be_taken_for_an_image_or_a_class() {
    let desk = Desk::with(&["bird", "cat"], 3);
    for out in ["photos/lists", "photos/bird/lists"] {
        desk.data(&["--split", "1/1", "--out", &desk.text(out)]).exits(2).complains("not in the data");
        assert!(!desk.path(out).exists());
    }
    let sheet = desk.text("photos/sheet.png");
    desk.data(&["--contact-sheet", &sheet]).exits(2).complains("not in the data");
    desk.data(&["--split", "1/1", "--out", &desk.photos()]).exits(0);
    assert_eq!(remarks(&desk.found(&[])), [""; 0], "lists beside the class folders are seen as such");
    let shapes = desk.text("shards");
    fs::create_dir(&shapes).unwrap();
    fs::copy("fixtures/shards/shapes/shapes-test-000000.tar", desk.path("shards/0.tar")).unwrap();
    let out = desk.text("shards/lists");
    Story::new("data").args(&[&shapes, "--split", "1/1", "--out", &out]).run().exits(0);
}

#[test]
fn the_flags_of_a_list_can_be_pasted_whatever_the_data_is_called() {
    let desk = Desk::with(&["bird", "cat"], 4);
    fs::rename(desk.path("photos"), desk.path("my photos")).unwrap();
    let (photos, lists) = (desk.text("my photos"), desk.text("lists"));
    let divide = ["--split", "1/1", "--out", &lists, "--format", "folder"];
    let ending = Story::new("data").args(&[&photos]).args(&divide).run().exits(0);
    ending.prints(&format!("--data '{photos}' --format folder --list {lists}/test.txt"));
}

#[test]
fn every_command_takes_the_lists() {
    let desk = Desk::new();
    let lists = desk.text("lists");
    Story::new("data").args(&[SHAPES, "--split", "1/2", "--out", &lists]).run().exits(0);
    let run = |list: &str| {
        let out = desk.text(&format!("{list}.json"));
        let list = desk.text(&format!("lists/{list}.txt"));
        let arguments = [FP32, "--data", SHAPES, "--runtime", "fake", "--accuracy-only", "-o", &out];
        Story::new("run").args(&arguments).args(&["--list", &list, "-q"]).run().exits(0);
        let record = onnx_bench::record::load(Path::new(&out)).unwrap();
        record.predictions.unwrap().iter().map(|row| row.id.to_owned()).collect::<Vec<_>>()
    };
    let (train, test) = (run("train"), run("test"));
    assert_eq!((&train, &test), (&desk.list("lists/train.txt"), &desk.list("lists/test.txt")));
    assert_eq!(train.len() + test.len(), 12);
    let of_list = Story::new("data").args(&[SHAPES, "--list", &desk.text("lists/test.txt")]).run().exits(0);
    of_list.prints(&format!("{} images", test.len()));
}
