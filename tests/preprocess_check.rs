//! Stories about `bench preprocess-check`: wrong settings are found, right ones are left alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use support::{Ending, Story, read_json};

const MODEL: &str = "models/fashion-mnist/mobilenetv2.fp32.onnx";

fn check(arguments: &[&str]) -> Ending {
    let story = Story::new("preprocess-check").args(&[MODEL]).args(arguments);
    let json = story.path("check.json");
    story.args(&["--json", json.to_str().unwrap()]).run().keeps_its_manners()
}

fn findings(ending: &Ending) -> Value {
    read_json(&ending.desk().join("check.json"))
}

#[test]
fn right_settings_hold() {
    let ending = check(&[]).exits(0).prints("The settings are fine: none of ");
    let found = findings(&ending);
    assert_eq!((found["verdict"].as_str(), found["images"].as_u64()), (Some("holds"), Some(500)));
    assert!(found["current"]["accuracy"].as_f64().unwrap() > 0.9);
    let tried = found["tried"].as_array().unwrap();
    assert!(tried.iter().all(|tried| tried["standing"] != "better"));
    assert!(tried.iter().any(|tried| tried["name"] == "0 to 255" && tried["standing"] == "worse"));
    // The images have the model's size: no filter can change them, and none is paid for.
    let same = found["same_tensors"].as_array().unwrap();
    assert!(same.iter().any(|name| name == "filter nearest"), "{same:?}");
    assert!(tried.iter().all(|tried| tried["name"] != "filter nearest"));
}

#[test]
fn a_wrong_scale_is_found_and_the_lines_for_bench_toml_set_it_right() {
    let wrong = check(&["--scale", "raw"]).exits(1);
    let found = findings(&wrong);
    assert_eq!(found["verdict"], "another_is_better");
    let best = &found["tried"][0];
    assert_eq!(best["name"], "the model's own settings");
    assert!(best["difference"].as_f64().unwrap() > 0.1 && best["p_corrected"].as_f64().unwrap() < 1e-4);
    wrong.prints("leave out `--scale`");
}

#[test]
fn a_suspicion_that_so_few_images_cannot_prove_is_said_with_the_images_that_would() {
    let ending = check(&["--scale", "signed"]).exits(0);
    ending.prints("but more images might show one").prints("`--limit 1400`").prints("By log loss");
}

/// A settings file beside the model's copy says what is wrong; the advice is written into it.
#[test]
fn advice_that_is_followed_leaves_nothing_to_find() {
    let desk = tempfile::tempdir().unwrap();
    let model = desk.path().join("model.onnx");
    let file = desk.path().join("bench.toml");
    std::fs::copy(MODEL, &model).unwrap();
    let data = std::fs::canonicalize("fixtures/fashion-mnist").unwrap();
    let data = format!("[data]\npath = {data:?}\nsplit = \"test\"\n");
    std::fs::write(&file, format!("{data}[preprocess]\nscale = \"signed\"\n")).unwrap();
    let check = || Story::new("preprocess-check").args(&[model.to_str().unwrap(), "--limit", "1000"]).run();
    let page = check().exits(1).prints("Put this into bench.toml").stdout();
    let lines: Vec<&str> = page.lines().skip_while(|line| line.trim() != "[preprocess]").collect();
    let lines: Vec<&str> = lines.into_iter().take_while(|line| line.starts_with("    ")).collect();
    assert!(lines.len() >= 4, "{page}");
    std::fs::write(&file, format!("{data}{}\n", lines.join("\n"))).unwrap();
    check().exits(0).prints("The settings are fine");
}

/// Labels that are all one further: what happens when classes are numbered in another order.
fn with_shifted_labels(folder: &Path) {
    let (images, labels) = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte");
    let source = Path::new("fixtures/fashion-mnist");
    std::fs::copy(source.join(images), folder.join(images)).unwrap();
    let packed = std::fs::File::open(source.join(format!("{labels}.gz"))).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes[8..].iter_mut().for_each(|label| *label = (*label + 1) % 10);
    std::fs::write(folder.join(labels), bytes).unwrap();
}

#[test]
fn a_model_at_chance_everywhere_sends_to_the_classes() {
    let desk = tempfile::tempdir().unwrap();
    with_shifted_labels(desk.path());
    let ending = check(&["--data", desk.path().to_str().unwrap(), "--limit", "200"]).exits(1);
    assert_eq!(findings(&ending)["verdict"], "at_chance");
    ending.prints("No preprocessing is above chance").prints("bench run --explain");
}

#[test]
fn a_narrow_terminal_gets_the_same_in_narrow_lines() {
    let story = Story::new("preprocess-check").args(&[MODEL, "--limit", "100"]);
    let page = story.env("COLUMNS", "40").env("LANG", "C").run().stdout();
    assert!(page.is_ascii(), "{page}");
    let long: Vec<&str> = page.lines().filter(|line| line.len() > 40).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn the_same_seed_gives_the_same_findings() {
    let once = findings(&check(&["--limit", "200"]));
    assert_eq!(once, findings(&check(&["--limit", "200", "--threads", "2", "--batch", "7"])));
}

#[test]
fn what_cannot_be_checked_is_said() {
    Story::new("preprocess-check").args(&["nowhere.onnx"]).run().exits(3).complains("nowhere.onnx");
    let story = Story::new("preprocess-check").args(&["fixtures/models/classifier.fp32.onnx"]);
    story.run().exits(2).complains("--data PATH");
}

#[test]
fn an_image_that_cannot_be_read_is_left_out_for_all_settings_or_ends_it() {
    let desk = tempfile::tempdir().unwrap();
    for (class, images) in classes_of("fixtures/images/shapes") {
        std::fs::create_dir(desk.path().join(&class)).unwrap();
        for image in images {
            std::fs::copy(&image, desk.path().join(&class).join(image.file_name().unwrap())).unwrap();
        }
        std::fs::write(desk.path().join(&class).join("torn.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    }
    let check = |arguments: &[&str]| {
        let story = Story::new("preprocess-check").args(&[support::FP32, "--data"]);
        story.args(&[desk.path().to_str().unwrap(), "--json", "-"]).args(arguments).run().keeps_its_manners()
    };
    check(&[]).exits(3).complains("torn.png");
    let ending = check(&["--on-bad-image", "skip"]);
    assert!([0, 1].contains(&ending.status()), "{}", ending.stderr());
    let found: Value = serde_json::from_str(&ending.stdout()).unwrap();
    assert_eq!(found["skipped"], 3);
}

fn classes_of(folder: &str) -> Vec<(String, Vec<std::path::PathBuf>)> {
    let entries = |path: &Path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let folders = entries(Path::new(folder)).filter(|path| path.is_dir());
    folders.map(|class| (name(&class), entries(&class).collect())).collect()
}
