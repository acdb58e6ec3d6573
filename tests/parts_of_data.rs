//! Stories about parts of a data set: what several machines evaluate, and what becomes of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Ending, FP32, INT8, SHAPES, Story, read_json};

/// `bench run` of the small classifier on twelve images.
fn run(model: &str, out: &Path, more: &[&str]) -> Ending {
    let out = out.to_str().unwrap();
    Story::new("run").args(&[model, "--data", SHAPES, "--runtime", "fake", "-o", out]).args(more).run()
}

/// Every shard of `count` in a folder, `part1.json` and so on.
fn shards(folder: &Path, count: u32, more: &[&str]) {
    for index in 1..=count {
        let shard = format!("{index}/{count}");
        run(FP32, &folder.join(format!("part{index}.json")), &[&["--shard", &shard, "-q"], more].concat())
            .exits(0);
    }
}

fn merge(records: &[&Path], out: &Path) -> Ending {
    let paths: Vec<&str> = records.iter().map(|path| path.to_str().unwrap()).collect();
    Story::new("merge").args(&paths).args(&["-o", out.to_str().unwrap()]).run()
}

/// A record without what no two runs share: when it was, how long it took, and what
/// runs before them had kept.
fn timeless(path: &Path) -> Value {
    let mut record = read_json(path);
    for field in ["started_at", "finished_at", "measurement", "environment"] {
        record[field] = Value::Null;
    }
    let evaluation = &mut record["evidence"]["evaluation"];
    evaluation["elapsed_ns"] = Value::Null;
    evaluation.as_object_mut().unwrap().remove("from_cache");
    record
}

#[test]
fn the_shards_merged_are_the_run_of_the_whole() {
    let desk = tempfile::tempdir().unwrap();
    let whole = desk.path().join("whole/run.json");
    let list = desk.path().join("calib.txt");
    std::fs::write(&list, "square/1.jpg\n").unwrap();
    let calibration = ["--calibration", list.to_str().unwrap()];
    run(FP32, &whole, &[&["--accuracy-only"], &calibration[..]].concat())
        .exits(0)
        .prints("accuracy")
        .keeps_its_manners();
    // More shards than images too: some of them have none.
    for count in [1, 5, 14] {
        let parts = desk.path().join(format!("parts{count}"));
        shards(&parts, count, &calibration);
        let merged = desk.path().join(format!("merged{count}/run.json"));
        merge(&[&parts], &merged).exits(0).prints(&format!("{count} shard")).prints("12 images");
        assert_eq!(timeless(&merged), timeless(&whole));
        let rows = |record: &Path| std::fs::read(record.with_file_name("run.predictions.parquet")).unwrap();
        assert_eq!(rows(&merged), rows(&whole));
    }
}

#[test]
fn merged_records_are_compared_like_any_other() {
    let desk = tempfile::tempdir().unwrap();
    let (parts, fp32, int8) =
        (desk.path().join("parts"), desk.path().join("fp32.json"), desk.path().join("int8.json"));
    shards(&parts, 3, &[]);
    merge(&[&parts], &fp32).exits(0);
    run(INT8, &int8, &["--accuracy-only", "-q"]).exits(0);
    Story::new("compare")
        .args(&[fp32.to_str().unwrap(), int8.to_str().unwrap()])
        .run()
        .exits(0)
        .prints("12 images")
        .prints("agreement")
        .keeps_its_manners();
}

#[test]
fn a_shard_says_so_on_its_page_and_holds_the_digest_of_the_whole() {
    let desk = tempfile::tempdir().unwrap();
    let (part, whole) = (desk.path().join("part.json"), desk.path().join("whole.json"));
    run(FP32, &part, &["--shard", "2/5"]).exits(0).prints("shard 2/5 of 12 images");
    run(FP32, &whole, &["--accuracy-only", "-q"]).exits(0);
    let (part, whole) = (read_json(&part), read_json(&whole));
    assert_eq!(part["dataset"]["shard"]["whole"]["sha256"], whole["dataset"]["sha256"]);
    assert_eq!(part["job"]["dataset"]["shard"], "2/5");
    assert_eq!(part["evidence"]["latency"], Value::Null, "a shard is evaluated and not timed");
}

#[test]
fn parts_that_do_not_fit_are_refused_by_name() {
    let desk = tempfile::tempdir().unwrap();
    let (two, out) = (desk.path().join("two"), desk.path().join("run.json"));
    shards(&two, 2, &[]);
    merge(&[&two.join("part2.json")], &out).exits(2).complains("missing: 1/2").keeps_its_manners();
    let other = desk.path().join("other.json");
    run(FP32, &other, &["--shard", "2/2", "--seed", "8", "-q"]).exits(0);
    merge(&[&two.join("part1.json"), &other], &out)
        .exits(2)
        .complains("part1.json")
        .complains("other.json")
        .complains("job.protocol.seed (7 and 8)");
    assert!(!out.exists());
    merge(&[&two], &other).exits(2).complains("there already");
    run(FP32, &other, &["--shard", "1/2"]).exits(2).complains("there already");
    run(FP32, &out, &["--shard", "3/2"]).exits(2).complains("counted from 1: 1/4");
}

#[test]
fn one_run_is_measured_in_full_where_nothing_else_is_asked() {
    let desk = tempfile::tempdir().unwrap();
    let out = desk.path().join("run.json");
    run(FP32, &out, &["--time", "0.1"]).exits(0).prints("latency").prints("accuracy");
    let record = read_json(&out);
    assert_eq!(record["job"]["protocol"].get("passes"), None);
    assert!(record["evidence"]["latency"]["rounds"][0].is_object());
    Story::new("report").args(&[out.to_str().unwrap()]).run().exits(0).prints("latency");
}

#[test]
fn a_run_of_one_kind_takes_one_model_in_one_runtime_and_data() {
    let desk = tempfile::tempdir().unwrap();
    let out = desk.path().join("run.json");
    run(FP32, &out, &["--runtime", "fake,tract"]).exits(2).complains("one runtime");
    let no_data =
        Story::new("run").args(&[FP32, "--runtime", "fake", "--shard", "1/2", "-o", "x.json"]).run();
    no_data.exits(2).complains("--data PATH");
    run(FP32, Path::new("x.txt"), &[]).exits(2).complains(".json");
}

#[test]
fn only_some_classes_and_only_the_images_of_a_list() {
    let desk = tempfile::tempdir().unwrap();
    let out = |name: &str| desk.path().join(name);
    let dataset = |name: &str| read_json(&out(name))["dataset"].clone();
    run(FP32, &out("a.json"), &["--accuracy-only", "--classes", "circle,2"])
        .exits(0)
        .prints("8 images")
        .prints("classes circle, 2");
    assert_eq!(dataset("a.json")["classes"], json!(["circle", "square", "triangle"]));
    run(FP32, &out("b.json"), &["--accuracy-only", "--classes", "cow"])
        .exits(2)
        .complains("circle, square, triangle");

    let list = out("ids.txt");
    let first = dataset_ids(&out("a.json"));
    std::fs::write(&list, format!("{}\n{}\n", first[5], first[0])).unwrap();
    let list = list.to_str().unwrap();
    run(FP32, &out("c.json"), &["--accuracy-only", "--list", list]).exits(0).prints("2 images");
    assert_eq!(dataset_ids(&out("c.json")), [first[0].clone(), first[5].clone()], "in the order of the data");
    std::fs::write(list, "circle/nowhere.png\n").unwrap();
    run(FP32, &out("d.json"), &["--accuracy-only", "--list", list]).exits(2).complains("circle/nowhere.png");
    run(FP32, &out("e.json"), &["--accuracy-only", "--where", "source=web"]).exits(2).complains("no columns");
}

fn dataset_ids(record: &Path) -> Vec<String> {
    let run = onnx_bench::record::load(record).unwrap();
    run.predictions.unwrap().iter().map(|row| row.id.to_owned()).collect()
}

#[test]
fn names_of_classes_and_a_choice_of_them_are_two_settings() {
    let desk = tempfile::tempdir().unwrap();
    let out = desk.path().join("run.json");
    let names = ["--class-names", "ring,box,wedge", "--classes", "box", "--accuracy-only"];
    run(FP32, &out, &names).exits(0).prints("4 images");
    assert_eq!(read_json(&out)["dataset"]["classes"], json!(["ring", "box", "wedge"]));
    Story::new("compare")
        .args(&[FP32, "--data", SHAPES, "--class-names", "ring,box,wedge", "--classes", "box", "--explain"])
        .run()
        .exits(0)
        .prints("data.class_names")
        .prints("3 names")
        .prints("1  box");
}
