//! Stories about `bench inspect`: the page, the same as data, and models that are no classifiers.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use serde_json::Value;
use support::{Ending, FP32, INT8, Story};

fn inspect(model: &str) -> Ending {
    Story::new("inspect").args(&[model]).run().exits(0).keeps_its_manners()
}

fn json(model: &str) -> Value {
    let ending = Story::new("inspect").args(&[model, "--json"]).run().exits(0);
    serde_json::from_str(&ending.stdout()).unwrap()
}

#[test]
fn the_page_of_a_quantized_model() {
    insta::assert_snapshot!(inspect(INT8).stdout());
}

#[test]
fn the_page_of_a_model_with_external_data() {
    insta::assert_snapshot!(inspect("fixtures/models/external.onnx").stdout());
}

#[test]
fn the_page_of_a_model_that_is_no_classifier() {
    insta::assert_snapshot!(inspect("fixtures/models/two-inputs.onnx").stdout());
}

#[test]
fn a_narrow_terminal_gets_the_same_in_narrow_lines() {
    let ending = Story::new("inspect")
        .args(&["fixtures/models/classifier.dynamic.onnx"])
        .env("COLUMNS", "60")
        .env("LANG", "C")
        .run()
        .exits(0);
    let page = ending.stdout();
    assert!(page.is_ascii(), "{page}");
    let long: Vec<&str> = page.lines().filter(|line| line.len() > 60 && !line.contains("sha256")).collect();
    assert!(long.is_empty(), "{long:?}");
    insta::assert_snapshot!(page);
}

#[test]
fn the_same_as_data() {
    insta::assert_snapshot!(Story::new("inspect").args(&[INT8, "--json"]).run().exits(0).stdout());
}

#[test]
fn every_tiny_model_can_be_inspected() {
    for entry in std::fs::read_dir("fixtures/models").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            let path = path.to_str().unwrap();
            inspect(path).prints("quantization").prints(path);
            assert_eq!(json(path)["file"]["path"], path);
        }
    }
}

#[test]
fn why_a_model_cannot_be_measured_is_part_of_the_data() {
    let model = json("fixtures/models/three-d.onnx");
    assert_eq!(model["classifier"]["input"]["port"]["name"], "images");
    let error = &model["classifier"]["output"]["error"];
    assert!(error["what"].as_str().unwrap().contains("[batch, 4, 64]"), "{error}");
    assert!(error["help"].as_str().unwrap().contains("--output"));
    assert_eq!(model["outputs"][0]["name"], "map");
}

#[test]
fn remarks_come_with_what_to_do() {
    let model = json("fixtures/models/classifier.s8s8.onnx");
    assert_eq!(model["remarks"][0]["advice"], "quantize activations as u8 for x86");
    inspect("fixtures/models/classifier.s8s8.onnx").prints("quantize activations as u8 for x86");
}

#[test]
fn what_is_no_model_ends_in_an_error() {
    Story::new("inspect")
        .args(&["nowhere.onnx"])
        .run()
        .exits(3)
        .complains("nowhere.onnx")
        .keeps_its_manners();
    Story::new("inspect").args(&["Cargo.toml"]).run().exits(3).complains("it is text");
    Story::new("inspect").run().exits(2).complains("MODEL");
}

#[test]
fn colour_is_there_on_request_and_says_nothing_new() {
    let coloured = Story::new("inspect").args(&[FP32, "--color", "always"]).run().exits(0).stdout();
    assert!(coloured.contains("\u{1b}[1m"));
    let mut plain = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        plain += if index == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    let trimmed: String = plain.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(trimmed, inspect(FP32).stdout());
}
