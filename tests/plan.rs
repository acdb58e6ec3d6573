//! Stories about `bench plan`: what is said before any run, as a page and as data.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use serde_json::Value;
use support::{Ending, Story};

fn plan(arguments: &[&str]) -> Ending {
    Story::new("plan").args(arguments).run().keeps_its_manners()
}

fn json(arguments: &[&str]) -> Value {
    let ending = plan(&[arguments, &["--json", "-"]].concat()).exits(0);
    serde_json::from_str(&ending.stdout()).unwrap()
}

fn in_points(share: &Value) -> f64 {
    (share.as_f64().unwrap() * 1e4).round() / 1e2
}

#[test]
fn what_ten_thousand_images_and_one_class_of_them_show() {
    let page = plan(&["--images", "10000", "--classes", "100", "--disagreement", "3%", "--margin", "0.5"]);
    insta::assert_snapshot!(page.exits(0).stdout());
}

#[test]
fn a_plan_without_images_says_how_many_it_takes() {
    insta::assert_snapshot!(plan(&["--margin", "0.4"]).exits(0).stdout());
    plan(&["--margin", "0.5", "--disagreement", "3%"])
        .exits(0)
        .prints("A margin of 0.5 points needs 7,544 images at 3 % disagreement.");
}

#[test]
fn a_narrow_terminal_gets_the_same_in_narrow_lines() {
    let story = Story::new("plan").args(&["--images", "10000", "--margin", "0.3"]);
    let page = story.env("COLUMNS", "40").env("LANG", "C").run().exits(0).stdout();
    assert!(page.is_ascii(), "{page}");
    let long: Vec<&str> = page.lines().filter(|line| line.len() > 40).collect();
    assert!(long.is_empty(), "{long:?}");
    for disagreement in ["1 %", "2 %", "3 %", "5 %", "10 %"] {
        assert!(page.contains(disagreement), "{disagreement} is not in\n{page}");
    }
}

#[test]
fn the_same_figures_as_data() {
    let plan = json(&["--images", "10000", "--classes", "100", "--disagreement", "3", "--margin", "0.4%"]);
    assert_eq!(plan["disagreements"], serde_json::json!([0.02, 0.03, 0.05]));
    let (all, class) = (&plan["all_images"][1], &plan["one_class"][1]);
    assert_eq!((in_points(&all["half_width"]), in_points(&all["unpaired_half_width"])), (0.34, 0.83));
    assert_eq!((class["images"].as_u64(), class["smallest_difference"].is_null()), (Some(100), true));
    let needed = plan["needed"].as_array().unwrap();
    let at = |margin: f64| {
        let there = |needed: &&Value| needed["margin"] == margin && needed["disagreement"] == 0.03;
        needed.iter().find(there).unwrap()["images"].as_u64().unwrap()
    };
    assert_eq!([0.005, 0.01, 0.02, 0.004].map(at), [7_544, 1_933, 540, 11_719]);
    assert!((plan["pairing"][1]["times_fewer_images"].as_f64().unwrap() - 6.0).abs() < 1e-9);
}

#[test]
fn a_true_loss_needs_more_images_and_one_beyond_the_margin_has_no_number() {
    let plain = json(&["--disagreement", "3%"]);
    let worse = json(&["--disagreement", "3%", "--true-difference", "-0.3"]);
    let sure = json(&["--disagreement", "3%", "--power", "95%"]);
    let images = |plan: &Value, row: usize| plan["needed"][row]["images"].as_u64();
    // Rows go by margin, 0.25 and 0.5 first, with three disagreements each.
    assert_eq!(images(&worse, 1), None);
    assert!(images(&worse, 4) > images(&plain, 4) && images(&sure, 4) > images(&plain, 4));
    plan(&["--disagreement", "3%", "--true-difference", "-0.3", "--margin", "0.2"])
        .exits(0)
        .prints("No number of images shows a candidate that is truly 0.3 points worse to be within 0.2");
}

#[test]
fn a_margin_that_depends_on_the_baseline_is_planned_for_its_accuracy() {
    let said = |margin: &str, accuracy: &str| {
        let given = ["--margin", margin, "--accuracy", accuracy, "--disagreement", "3%"];
        plan(&given).exits(0).prints(&format!("A margin of {margin} ("))
    };
    said("99%-of-baseline", "94").prints("(0.94 points at 94 % accuracy)");
    said("110%-of-errors", "94").prints("(0.6 points at 94 % accuracy)");
    let given = ["--margin", "0", "--disagreement", "3%"];
    plan(&given).exits(0).prints("No number of images shows an equally accurate candidate to be as good");
    plan(&[&given[..], &["--true-difference", "0.5"]].concat()).exits(0).prints("A margin of 0 points needs");
}

#[test]
fn a_single_image_shows_little_and_no_more_than_there_is() {
    let plan = json(&["--images", "1", "--disagreement", "3%", "--accuracy", "50"]);
    for share in ["half_width", "smallest_margin", "unpaired_half_width"] {
        assert!((0.5..=1.0).contains(&plan["all_images"][1][share].as_f64().unwrap()), "{plan}");
    }
    let none = json(&["--disagreement", "0.0001%"]);
    let needed = none["needed"].as_array().unwrap().iter().find(|row| row["margin"] == 0.02).unwrap();
    // z²·(1 − m)/m, although hardly any image is discordant.
    assert_eq!(needed["images"], 133);
}

#[test]
fn wrong_input_is_refused_with_the_reason() {
    let refused: [(&[&str], &str); 14] = [
        (&["--disagreement", "0"], "percent from 0.0001 to 100"),
        (&["--disagreement", "101%"], "percent from 0.0001 to 100"),
        (&["--margin", "half"], "99%-of-baseline"),
        (&["--margin", "0%-of-baseline"], "never right"),
        (&["--margin", "99%-of-baseline"], "--accuracy 94"),
        (&["--margin", "0.00001"], "too small to plan for"),
        (&["--accuracy", "99", "--disagreement", "5%"], "at most 2 %"),
        (&["--accuracy", "99.99"], "cannot disagree on so many"),
        (&["--accuracy", "99", "--true-difference", "2"], "no candidate differs from 99 % accuracy by 2 %"),
        (&["--images", "0"], "whole number from 1"),
        (&["--power", "100"], "percent from 50 to 99.99"),
        (&["--classes", "10"], "--images"),
        (&["--images", "10", "--classes", "11"], "fewer than 11 classes"),
        (&["--disagreement", "1%", "--true-difference", "-2"], "cannot differ in accuracy by 2 %"),
    ];
    for (arguments, reason) in refused {
        plan(arguments).exits(2).complains(reason);
    }
    plan(&["--json", "nowhere/plan.json"]).exits(2).complains("name a file in a folder that exists");
}
