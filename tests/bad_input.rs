//! Stories about wrong input: one clear error, the right status, nothing lost, no panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/graphs.rs"]
mod graphs;
mod support;

use std::fs;
use std::path::Path;

use graphs::{Desk, F32, model, node, value};
use onnx_bench::model::onnx::NodeProto;
use prost::Message;
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
    Story::compare(&["fixtures/models/two-inputs.onnx"])
        .run()
        .exits(3)
        .complains("`images`")
        .complains("`mask`");
    Story::compare(&["fixtures/models/three-d.onnx"]).run().exits(3).complains("[batch, 4, 64]");
}

/// The means of the three colours as scores, after `last`, declared to be of `shape`.
fn colours(desk: &Desk, last: NodeProto, input: &[&str], output: &[&str]) -> String {
    let mut graph = model(vec![node("GlobalAveragePool", &["x"], &["mean"]), last]);
    let ports = graph.graph.as_mut().unwrap();
    (ports.input, ports.output) = (vec![value("x", F32, input)], vec![value("y", F32, output)]);
    desk.write("colours.onnx", &graph.encode_to_vec()).to_str().unwrap().to_owned()
}

#[test]
fn scores_with_axes_of_length_one_are_scores() {
    let desk = Desk::new();
    let last = || node("Transpose", &["mean"], &["y"]);
    let turned = |perm: &[i64]| graphs::with_attribute(last(), graphs::integers("perm", perm));
    for (perm, shape) in [([0, 1, 2, 3], ["N", "3", "1", "1"]), ([0, 2, 3, 1], ["N", "1", "1", "3"])] {
        let path = colours(&desk, turned(&perm), &["N", "3", "8", "8"], &shape);
        let ending = Story::compare(&[&path]).args(&["--data", SHAPES, "--runtime", "ort"]).recorded().run();
        assert!(ending.exits(0).metric(0, "accuracy").is_some(), "{shape:?}");
    }
}

#[test]
fn an_output_of_another_shape_than_declared_is_an_error_of_ours() {
    let desk = Desk::new();
    // Where pixels are above zero: as many columns, or rows, as there are such pixels. The first graph
    // is known to be wrong before it runs, the second only then.
    let cast =
        |from| graphs::with_attribute(node("Cast", &[from], &["y"]), graphs::integer("to", F32.into()));
    let at = || node("NonZero", &["x"], &["at"]);
    let known = vec![at(), cast("at")];
    let found = vec![at(), node("Transpose", &["at"], &["rows"]), cast("rows")];
    for (nodes, words) in [(known, "another shape than it declares"), (found, "declares its output as [1,5]")]
    {
        let wrong = model(nodes);
        let path = desk.write("wrong.onnx", &wrong.encode_to_vec());
        Story::compare(&[path.to_str().unwrap()])
            .args(&["--runtime", "ort", "--quiet"])
            .run()
            .exits(3)
            .complains(words)
            .complains("output `y`")
            .keeps_its_manners();
    }
}

#[test]
fn an_input_that_is_no_image_is_named() {
    let desk = Desk::new();
    let huge = (1_u64 << 62).to_string();
    for side in ["0", "-5", &huge] {
        let last = node("Flatten", &["mean"], &["y"]);
        let path = colours(&desk, last, &["N", "3", "8", side], &["N", "3"]);
        Story::compare(&[&path]).run().complains("input `x`").complains("help").keeps_its_manners();
    }
}

#[test]
fn a_folder_in_the_place_of_the_settings_file_is_an_error() {
    let desk = tempfile::tempdir().unwrap();
    let model = desk.path().join("m.onnx");
    fs::copy(FP32, &model).unwrap();
    fs::create_dir(desk.path().join("bench.toml")).unwrap();
    Story::compare(&[model.to_str().unwrap()])
        .run()
        .exits(2)
        .complains("bench.toml")
        .complains("folder")
        .keeps_its_manners();
}

#[test]
fn a_deviation_of_zero_is_refused_with_what_to_do() {
    Story::compare(&[FP32]).args(&["--std", "0"]).run().exits(2).complains("std is 0").complains("help:");
}

#[test]
fn files_that_are_no_images_are_counted_and_litter_is_not_seen() {
    let data = shapes_and("old.tiff", b"II*");
    fs::create_dir_all(data.path().join("__MACOSX/circle")).unwrap();
    fs::write(data.path().join("circle/Thumbs.db"), b"").unwrap();
    fs::write(data.path().join("circle/.DS_Store"), b"").unwrap();
    let ending = Story::compare(&[FP32, FP32])
        .args(&["--data", data.path().to_str().unwrap(), "--runtime", "fake"])
        .recorded()
        .run()
        .exits(0)
        .prints("1 file or folder is not read as an image (first: circle/old.tiff)");
    assert_eq!(ending.column(0)["dataset"]["passed_over"]["count"], 1);
    assert_eq!(ending.stdout().matches("old.tiff").count(), 1, "said once, not once a run");
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
    Story::compare(&[FP32])
        .args(&["--data", data.path().to_str().unwrap()])
        .run()
        .exits(3)
        .complains("/void");
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
        .complains("1 label does not fit 2 images");
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
fn paths_that_are_no_text_work_for_models_data_and_records() {
    use std::os::unix::ffi::OsStrExt;
    let desk = tempfile::tempdir().unwrap();
    let odd = |name: &[u8]| desk.path().join(std::ffi::OsStr::from_bytes(name));
    let (images, model, records) = (odd(b"images\xff"), odd(b"m\xfe.onnx"), odd(b"records\xff"));
    let data = shapes_and("more.png", &fs::read("fixtures/images/shapes/circle/2.png").unwrap());
    fs::rename(data.path(), &images).unwrap();
    fs::copy(FP32, &model).unwrap();
    let run = |arguments: &[&std::ffi::OsStr]| {
        let output = Story::new("compare").command().args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let flag = std::ffi::OsStr::new;
    let page = run(&[
        model.as_os_str(),
        flag("--data"),
        images.as_os_str(),
        flag("--runtime"),
        flag("ort"),
        flag("--time"),
        flag("0.1"),
        flag("--record"),
        records.as_os_str(),
    ]);
    assert!(page.contains("accuracy"), "{page}");
    assert_eq!(run(&[records.as_os_str()]), page, "the record finds its way back");
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
    Story::compare(&[FP32]).args(&["--runtime", "onnx"]).run().exits(2).complains("the runtimes are ort");
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

#[test]
fn the_predictions_of_another_run_are_not_taken_for_a_records_own() {
    let first =
        Story::compare(&[FP32]).args(&["--data", SHAPES, "--runtime", "fake"]).recorded().run().exits(0);
    let second = Story::compare(&[FP32])
        .args(&[
            "--data",
            SHAPES,
            "--runtime",
            "fake",
            "--session",
            "fake.noise=9",
            "--session",
            "fake.seed=3",
        ])
        .recorded()
        .run()
        .exits(0);
    let file =
        |story: &support::Ending| story.desk().join("records/01-fake-classifier.fp32.predictions.parquet");
    fs::copy(file(&second), file(&first)).unwrap();
    let records = first.desk().join("records");
    Story::new("report")
        .args(&[records.to_str().unwrap()])
        .run()
        .exits(3)
        .complains("another run")
        .keeps_its_manners();
}

#[test]
fn a_settings_file_is_held_to_the_ranges_of_the_flags() {
    let desk = tempfile::tempdir().unwrap();
    let model = desk.path().join("m.onnx");
    fs::copy(FP32, &model).unwrap();
    for text in ["batch = 0", "threads = 0", "time = -1.0", "time = nan", "batch = \"many\"", "batches = 3"] {
        fs::write(desk.path().join("bench.toml"), format!("[measure]\n{text}\n")).unwrap();
        let model = model.to_str().unwrap();
        Story::new("compare")
            .args(&[model, "--runtime", "fake"])
            .run()
            .exits(2)
            .complains("bench.toml")
            .keeps_its_manners();
    }
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_anything_is_measured() {
    Story::compare(&[FP32])
        .args(&["--runtime", "fake", "--json", "nowhere/report.json"])
        .run()
        .exits(2)
        .complains("nowhere/report.json");
}

#[cfg(target_os = "linux")]
#[test]
fn the_page_is_shown_even_where_the_report_cannot_be_written() {
    Story::compare(&[FP32])
        .args(&["--runtime", "fake", "--json", "/dev/full"])
        .run()
        .exits(3)
        .prints("latency p50");
}

#[test]
fn quiet_is_silent_about_everything_but_failures() {
    let quiet = Story::compare(&[FP32]).args(&["--runtime", "fake", "--quiet"]).run().exits(0);
    assert_eq!((quiet.stdout(), quiet.stderr()), (String::new(), String::new()));
    Story::compare(&[FP32])
        .args(&["--runtime", "fake", "--quiet", "--session", "fake.fail_at=prepare"])
        .run()
        .exits(3)
        .complains("fake · classifier.fp32");
}

#[test]
fn outputs_that_are_all_nan_agree_with_nothing() {
    let ending = Story::compare(&[FP32, support::INT8])
        .args(&["--data", SHAPES, "--runtime", "fake", "--session", "fake.nan_every=1"])
        .recorded()
        .run()
        .exits(0)
        .prints("12 images gave");
    let pairs = ending.column(1)["versus"]["pair"].clone();
    let agreement = pairs.as_array().unwrap().iter().find(|r| r["metric"] == "agreement").unwrap().clone();
    assert_eq!(agreement["value"], 0.0);
}

#[test]
fn models_that_are_measured_in_turn_cannot_have_times_of_their_own() {
    let story = Story::new("compare");
    let folders = [("one", 1), ("other", 2)].map(|(name, seconds)| {
        let folder = story.path(name);
        fs::create_dir(&folder).unwrap();
        fs::copy(FP32, folder.join("model.onnx")).unwrap();
        fs::write(folder.join("bench.toml"), format!("[measure]\ntime = {seconds}\n")).unwrap();
        folder.join("model.onnx").display().to_string()
    });
    let ending = story.args(&[&folders[0], &folders[1], "--runtime", "fake"]).run().exits(2);
    ending.complains("cannot have 1 and 2 as time").complains("--time 1").keeps_its_manners();
}
