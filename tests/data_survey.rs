//! Stories about `bench data`: what was planted in a data set is found, lists divide it well, and
//! images that served for calibration are warned about.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use libjpeg_turbo_rs::{PixelFormat, Subsampling};
use serde_json::Value;
use support::{Ending, FP32, SHAPES, Story, read_json};

/// A picture in red, green and blue that looks like no other `seed`'s at any size.
#[derive(Clone, Copy)]
struct Picture {
    seed: u32,
    width: u32,
    height: u32,
}

impl Picture {
    fn new(seed: u32) -> Self {
        Self { seed, width: 96, height: 72 }
    }

    fn sized(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    /// Waves whose lengths and places come from the seed.
    fn pixels(self) -> Vec<u8> {
        let noise = |place: u32| {
            let mixed = (self.seed + 1).wrapping_mul(2_654_435_761) ^ (place + 1).wrapping_mul(2_246_822_519);
            f64::from((mixed ^ mixed >> 15).wrapping_mul(3_266_489_917) >> 8) / f64::from(1 << 24)
        };
        let wave = |x: f64, y: f64, channel: u32| {
            let each = (0..4).map(|wave| {
                let at = |place: u32| noise(wave * 8 + place);
                let (right, down) = (18.0 * at(0) - 9.0, 18.0 * at(1) - 9.0);
                (right * x + down * y + 6.3 * at(2) + f64::from(channel) * at(3)).sin()
            });
            (127.5 + 30.0 * each.sum::<f64>()) as u8
        };
        let mut pixels = Vec::new();
        for y in 0..self.height {
            for x in 0..self.width {
                let (x, y) = (f64::from(x) / f64::from(self.width), f64::from(y) / f64::from(self.height));
                pixels.extend((0..3).map(|channel| wave(x, y, channel)));
            }
        }
        pixels
    }

    /// Writes it as PNG or BMP, by the ending.
    fn save(self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let colour = image::ExtendedColorType::Rgb8;
        image::save_buffer(path, &self.pixels(), self.width, self.height, colour).unwrap();
    }

    fn save_jpeg(self, path: &Path, quality: u8) {
        let (width, height) = (self.width as usize, self.height as usize);
        let (format, sampling) = (PixelFormat::Rgb, Subsampling::S420);
        let bytes = libjpeg_turbo_rs::compress(&self.pixels(), width, height, format, quality, sampling);
        fs::write(path, bytes.unwrap()).unwrap();
    }
}

/// A folder of images that goes away with the test.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// `each` pictures of every class in a folder, no two alike.
    fn with(classes: &[&str], each: u32) -> Self {
        let desk = Self::new();
        for (number, class) in classes.iter().enumerate() {
            for index in 0..each {
                let picture = Picture::new(1000 * number as u32 + index);
                picture.save(&desk.path(&format!("photos/{class}/{index}.png")));
            }
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn photos(&self) -> String {
        self.text("photos")
    }

    fn copy(&self, from: &str, to: &str) {
        fs::create_dir_all(self.path(to).parent().unwrap()).unwrap();
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `bench data` of the photos.
    fn data(&self, more: &[&str]) -> Ending {
        Story::new("data").args(&[&self.photos()]).args(more).run().keeps_its_manners()
    }

    /// What `--json` wrote.
    fn found(&self, more: &[&str]) -> Value {
        let json = self.text("data.json");
        self.data(&[&["--json", &json, "-q"], more].concat()).exits(0);
        read_json(Path::new(&json))
    }

    /// The ids of a list.
    fn list(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.path(name)).unwrap().lines().map(str::to_owned).collect()
    }
}

/// The ids of the images of each group.
fn groups(found: &Value, which: &str) -> Vec<Vec<String>> {
    let ids = |group: &Value| {
        let images = group["images"].as_array().unwrap().iter();
        images.map(|image| image["id"].as_str().unwrap().to_owned()).collect()
    };
    found["duplicates"][which]["groups"].as_array().unwrap().iter().map(ids).collect()
}

/// The codes of the remarks.
fn remarks(found: &Value) -> Vec<&str> {
    found["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}

#[test]
fn the_page_tells_what_is_there() {
    let desk = Desk::with(&["bird", "cat"], 4);
    Picture::new(77).sized(40, 90).save(&desk.path("photos/cat/tall.bmp"));
    desk.write("photos/cat/notes.tiff", b"");
    desk.data(&[])
        .exits(0)
        .prints("9 images · 2 classes")
        .prints("8 PNG · 1 BMP")
        .prints("9 in colour")
        .prints("2 different")
        .prints("96x72 8")
        .prints("notes.tiff");
    let found = desk.found(&[]);
    assert_eq!((&found["schema_version"], &found["format"]), (&1.into(), &"folder".into()));
    let classes = &found["classes"]["counts"];
    assert_eq!((&classes[0]["name"], &classes[0]["images"]), (&"bird".into(), &4.into()));
    assert_eq!((&classes[1]["label"], &classes[1]["images"]), (&1.into(), &5.into()));
    assert_eq!(found["classes"]["imbalance"], 1.25);
    assert_eq!(
        (&found["measures"]["width"]["least"], &found["measures"]["width"]["median"]),
        (&40.into(), &96.into())
    );
    assert_eq!(remarks(&found), ["files_passed_over"], "different pictures are no duplicates");
}

#[test]
fn a_copy_is_found_whatever_file_holds_it_and_so_is_one_in_another_class() {
    let desk = Desk::with(&["bird", "cat"], 6);
    desk.copy("photos/bird/0.png", "photos/bird/again.png");
    Picture::new(1).save(&desk.path("photos/bird/as-bmp.bmp"));
    desk.copy("photos/cat/3.png", "photos/bird/stray.png");
    let found = desk.found(&[]);
    let expected = [
        vec!["bird/stray.png", "cat/3.png"],
        vec!["bird/0.png", "bird/again.png"],
        vec!["bird/1.png", "bird/as-bmp.bmp"],
    ];
    assert_eq!(groups(&found, "exact"), expected, "those across classes first");
    assert_eq!(found["duplicates"]["exact"]["surplus"], 3);
    assert_eq!(found["duplicates"]["exact"]["across_classes"], 1);
    assert_eq!(groups(&found, "near"), [] as [Vec<String>; 0], "what is the same is not told twice");
    assert_eq!(remarks(&found), ["label_conflict", "repeated"]);
    desk.data(&[]).prints("bird/stray.png (bird) = cat/3.png (cat)").prints("keep one");
}

#[test]
fn a_resized_and_an_encoded_copy_look_alike_and_nothing_else_does() {
    let desk = Desk::with(&["bird", "cat", "dog"], 20);
    Picture::new(0).sized(57, 43).save(&desk.path("photos/bird/small.png"));
    Picture::new(1000).sized(192, 144).save_jpeg(&desk.path("photos/cat/encoded.jpg"), 60);
    let found = desk.found(&[]);
    let expected = [vec!["bird/0.png", "bird/small.png"], vec!["cat/0.png", "cat/encoded.jpg"]];
    assert_eq!(groups(&found, "near"), expected);
    assert_eq!(groups(&found, "exact"), [] as [Vec<String>; 0]);
    assert_eq!(found["duplicates"]["near"]["surplus"], 2);
    desk.data(&[]).prints("bird/0.png ~ bird/small.png").prints("2 images look like another");
}

#[test]
fn bad_files_are_named_with_the_reason_and_stop_nothing() {
    let desk = Desk::with(&["bird", "cat"], 3);
    desk.write("photos/bird/empty.jpg", b"");
    desk.write("photos/bird/text.png", b"not an image at all");
    let whole = fs::read(desk.path("photos/cat/0.png")).unwrap();
    desk.write("photos/cat/torn.png", &whole[..whole.len() / 2]);
    let ending = desk.data(&[]).exits(0).prints("cannot be read: 3 images").prints("--on-bad-image skip");
    let ending = ending.prints("bird/empty.jpg: the image file is empty");
    ending.prints("bird/text.png: the file is not an image of a known format").prints("cat/torn.png");
    let found = desk.found(&[]);
    let unreadable = found["unreadable"].as_array().unwrap();
    assert_eq!(unreadable.len(), 3);
    assert!(unreadable[0]["error"]["place"].as_str().unwrap().ends_with("empty.jpg"));
    assert_eq!((&found["splits"][0]["images"], &found["splits"][0]["unreadable"]), (&9.into(), &3.into()));
}

#[test]
fn what_is_mixed_is_said() {
    let desk = Desk::with(&["bird", "cat"], 4);
    desk.copy("photos/bird/0.png", "photos/cat/called.jpg");
    fs::remove_file(desk.path("photos/bird/0.png")).unwrap();
    for (from, to) in [("odd/turned-by-exif.jpg", "bird/turned.jpg"), ("odd/grey.png", "bird/grey.png")] {
        fs::copy(format!("fixtures/images/{from}"), desk.path(&format!("photos/{to}"))).unwrap();
    }
    (0..14)
        .for_each(|seed| Picture::new(500 + seed).save(&desk.path(&format!("photos/cat/more-{seed}.png"))));
    let found = desk.found(&[]);
    assert_eq!(remarks(&found), ["imbalance", "mixed_channels", "misnamed", "turned"]);
    assert_eq!((&found["measures"]["turned"], &found["measures"]["misnamed"]), (&1.into(), &1.into()));
    assert_eq!(found["measures"]["first"]["misnamed"]["id"], "cat/called.jpg");
    let ending = desk.data(&[]).prints("--exif-orientation").prints("macro recall");
    let ending = ending.prints("another kind of image (first: cat/called.jpg)");
    ending.prints("to be turned (first: bird/turned.jpg)").prints("in colour (first in grey: bird/grey.png)");
}

#[test]
fn splits_are_counted_apart_and_what_they_share_is_told() {
    let desk = Desk::with(&["train/bird", "train/cat", "test/bird", "test/cat"], 5);
    desk.copy("photos/train/cat/2.png", "photos/test/cat/leak.png");
    Picture::new(3).sized(64, 48).save(&desk.path("photos/test/bird/small.png"));
    let found = desk.found(&[]);
    let splits: Vec<&str> =
        found["splits"].as_array().unwrap().iter().map(|split| split["name"].as_str().unwrap()).collect();
    assert_eq!(splits, ["test", "train"]);
    assert_eq!(found["classes"]["counts"][1]["by_split"], serde_json::json!([6, 5]));
    let between = &found["duplicates"]["between"][0];
    assert_eq!((&between["split"], &between["other"]), (&"test".into(), &"train".into()));
    assert_eq!((&between["exact"], &between["near"]), (&1.into(), &1.into()));
    assert_eq!(
        between["images"][0],
        serde_json::json!({ "id": "cat/leak.png", "other": "cat/2.png", "exact": true })
    );
    assert!(remarks(&found).contains(&"shared_by_splits"));
    desk.data(&[])
        .prints("test in train")
        .prints("1 image of test is in train too; 1 image of test looks like one in train");
    assert_eq!(desk.found(&["--split", "train"])["splits"][0]["images"], 10, "one split alone");
}

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

#[test]
fn a_contact_sheet_shows_every_class() {
    for classes in [3, 61] {
        let names: Vec<String> = (0..classes).map(|class| format!("class {class:02}")).collect();
        let desk = Desk::with(&names.iter().map(String::as_str).collect::<Vec<_>>(), 3);
        let sheet = desk.text("sheet.png");
        let ending = desk.data(&["--contact-sheet", &sheet, "--samples", "2"]).exits(0);
        let ending = ending.prints(&format!("{classes} classes, up to 2 images of each"));
        assert_eq!(ending.stdout().contains("-v shows all"), classes > 30, "{}", ending.stdout());
        let picture = image::open(&sheet).unwrap().into_rgb8();
        assert!(picture.width() > 300 && picture.height() > 300);
        let colours: BTreeSet<[u8; 3]> = picture.pixels().step_by(29).map(|pixel| pixel.0).collect();
        assert!(colours.len() > 100 * classes.min(3), "{} colours of pictures", colours.len());
        let again = desk.text("again.png");
        desk.data(&["--contact-sheet", &again, "--samples", "2"]).exits(0);
        assert_eq!(fs::read(&sheet).unwrap(), fs::read(&again).unwrap(), "the same seed draws the same");
    }
}

#[test]
fn any_format_is_looked_at() {
    let shards = "fixtures/shards/shapes";
    let found = Story::new("data").args(&[shards, "--json", "-"]).run().exits(0);
    let found: Value = serde_json::from_str(&found.stdout()).unwrap();
    let names: Vec<&Value> = found["splits"].as_array().unwrap().iter().map(|split| &split["name"]).collect();
    assert_eq!((names, &found["format"]), (vec![&"test".into(), &"train".into()], &"webdataset".into()));
    let parquet = "fixtures/tables/hugging-face";
    Story::new("data").args(&[parquet]).run().exits(0).prints("format parquet").keeps_its_manners();
}

#[test]
fn wrong_usage_and_data_that_is_not_there_have_their_statuses() {
    let desk = Desk::with(&["train/bird", "test/bird"], 2);
    let out = desk.text("lists");
    desk.data(&["--split", "80/20"]).exits(2).complains("--out DIR");
    desk.data(&["--out", &out]).exits(2).complains("--split SHARES");
    desk.data(&["--split", "80/x", "--out", &out]).exits(2).complains("80/16/4");
    desk.data(&["--split", "1/1", "--out", &out]).exits(2).complains("--split NAME").complains("test, train");
    desk.data(&["--split", "train", "--split", "9/1", "--out", &out]).exits(2).complains("gets no image");
    desk.data(&["--split", "train", "--split", "1/1", "--out", &out]).exits(0).prints("--split train --list");
    desk.data(&["--split", "train", "--split", "1/1", "--out", &out]).exits(2).complains("there already");
    desk.data(&["--split", "val"]).exits(2).complains("val");
    desk.data(&["--contact-sheet", "-"]).exits(2).complains(".png");
    Story::new("data").args(&["nowhere"]).run().exits(3).complains("nowhere").keeps_its_manners();
}

#[test]
fn a_narrow_terminal_gets_the_same_in_narrow_lines() {
    let desk = Desk::with(&["a bird of a very long name indeed, or so", "cat"], 3);
    desk.copy("photos/cat/0.png", "photos/cat/1-again.png");
    desk.write("photos/cat/bad.png", b"");
    Picture::new(60).sized(200, 30).save(&desk.path("photos/cat/wide.png"));
    // The path of the data is there to be copied; any other line fits.
    let story = Story::new("data").args(&["photos"]).env("COLUMNS", "40").env("LANG", "C");
    let output = story.command().current_dir(desk.path("")).output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.is_ascii() && page.contains("2 classes"), "{page}");
    let long: Vec<&str> = page.lines().filter(|line| line.len() > 40).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_it_by_its_status_and_leaves_no_file() {
    let desk = Desk::with(&["bird"], 1);
    // So many that it is at work for as long as the signal takes.
    let rows = "photos/bird/0.png,bird\n".repeat(200_000);
    desk.write("test.csv", format!("path,label\n{rows}").as_bytes());
    let (out, sheet) = (desk.text("lists"), desk.text("sheet.png"));
    let story = Story::new("data").args(&[&desk.text("test.csv"), "--split", "1/1", "--out", &out]);
    let mut child = story.args(&["--contact-sheet", &sheet, "-q"]).command().spawn().unwrap();
    let pid = child.id().to_string();
    while !catches_ctrl_c(&pid) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!Path::new(&out).exists() && !Path::new(&sheet).exists());
}

/// Whether the process has said what is to happen on an interrupt, the second of the signals.
#[cfg(target_os = "linux")]
fn catches_ctrl_c(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0
}
