//! Stories about `bench data`: what was planted in a data set is found.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/photos.rs"]
mod photos;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use photos::{Desk, Picture, remarks};
use serde_json::Value;
use support::Story;

/// The ids of the images of each group.
fn groups(found: &Value, which: &str) -> Vec<Vec<String>> {
    let ids = |group: &Value| {
        let images = group["images"].as_array().unwrap().iter();
        images.map(|image| image["id"].as_str().unwrap().to_owned()).collect()
    };
    found["duplicates"][which]["groups"].as_array().unwrap().iter().map(ids).collect()
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
    desk.data(&["--split", "val"]).exits(2).complains("there is no split `val`");
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

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_by_its_status_and_leaves_no_file() {
    let desk = Desk::with(&["bird"], 1);
    // So many that it is at work for as long as the signal takes.
    let rows = "photos/bird/0.png,bird\n".repeat(200_000);
    desk.write("test.csv", format!("path,label\n{rows}").as_bytes());
    let (out, sheet) = (desk.text("lists"), desk.text("sheet.png"));
    let story = Story::new("data").args(&[&desk.text("test.csv"), "--split", "1/1", "--out", &out]);
    let story = story.args(&["--contact-sheet", &sheet, "-q"]);
    // A signal that comes before it listens kills it, which leaves no status: it gets longer then.
    let statuses = (0..8).map(|attempt| interrupted_after(&story, Duration::from_millis(50 << attempt)));
    assert_eq!(statuses.flatten().next(), Some(130));
    assert!(!Path::new(&out).exists() && !Path::new(&sheet).exists());
}

/// The exit status of a `story` that gets ctrl-C after a `delay`.
#[cfg(unix)]
fn interrupted_after(story: &Story, delay: Duration) -> Option<i32> {
    let mut child = story.command().spawn().unwrap();
    std::thread::sleep(delay);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap().code()
}
