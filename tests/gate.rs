//! Stories about `bench gate` and `bench baseline`: what a build sees, reads and trusts.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{Ending, FP32, SHAPES, Story, read_json};

/// Another file of the same network, and no larger.
const FP16: &str = "fixtures/models/classifier.fp16.onnx";
const TEN: &str = "fixtures/records/ten-classes";
const SLICES: &str = "fixtures/records/slices";

/// `bench gate` on the scripted runtime, accuracy alone: it answers by the pixels, whatever the model.
fn gate(models: &[&str]) -> Story {
    Story::new("gate").args(models).args(&["--data", SHAPES, "--runtime", "fake", "--accuracy-only"])
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A record of FP32 on the shapes, and the ending that keeps it alive.
fn record(arguments: &[&str]) -> (Ending, String) {
    let story = Story::new("run");
    let path = text(&story.path("run.json"));
    let ending = story
        .args(&[FP32, "--data", SHAPES, "--runtime", "fake", "--accuracy-only", "-o", &path, "-q"])
        .args(arguments)
        .run()
        .exits(0);
    (ending, path)
}

/// A copy of the records of `folder` in which `edit` has changed the file of this name.
fn edited(folder: &str, file: &str, edit: impl Fn(&mut Value)) -> (tempfile::TempDir, String) {
    let desk = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap().flatten() {
        fs::copy(entry.path(), desk.path().join(entry.file_name())).unwrap();
    }
    change(&desk.path().join(file), edit);
    let path = text(desk.path());
    (desk, path)
}

fn change(path: &Path, edit: impl Fn(&mut Value)) {
    let mut value = read_json(path);
    edit(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

fn crashed() -> Value {
    json!({ "kind": "crashed", "stage": "latency", "how": "killed by signal 11", "stderr": "" })
}

#[test]
fn a_model_against_itself_passes() {
    gate(&[FP32, FP32]).run().exits(0).prints("PASSED").prints("the same model").keeps_its_manners();
}

#[test]
fn too_few_images_cannot_tell_and_fail_only_when_that_is_asked_for() {
    let cannot = gate(&[FP32, FP16]).run().exits(4).prints("CANNOT TELL").prints("would decide");
    cannot.keeps_its_manners();
    gate(&[FP32, FP16]).args(&["--strict"]).run().exits(1).prints("FAILED");
    gate(&[FP32, FP16]).args(&["--soft", "accuracy"]).run().exits(0).prints("warning");
    gate(&[FP32, FP16]).args(&["--margin", "60"]).run().exits(0).prints("PASSED");
}

#[test]
fn saved_records_are_judged_by_the_settings_file_and_by_the_one_named() {
    Story::new("gate").args(&[SLICES]).run().exits(1).prints("accuracy on source=scan");
    let story = Story::new("gate");
    let policy = text(&story.path("strict.toml"));
    fs::write(&policy, "[gate]\noff = [\"slices\", \"classes\"]\n[gate.accuracy]\nmargin = 50\n").unwrap();
    story.args(&[SLICES, "--policy", &policy]).run().exits(0).prints("PASSED");
}

#[test]
fn a_policy_that_is_wrong_is_named_before_anything_is_measured() {
    for (policy, told) in [
        ("[gate.runtimes.rot.size]\nmargin = 1\n", "no runtime `rot`"),
        ("[gate]\noff = [\"accuracy\", \"classes\", \"slices\", \"latency\", \"size\"]\n", "every rule"),
        ("[gate.classes]\nonly = [\"a\"]\nmargins = { b = 1 }\n", "classes.margins.b"),
        ("[gate.agreement]\nat_least = 0.95\n", "write 95 for 0.95"),
        ("[gate]\nstrickt = true\n", "strickt"),
        ("[gate.metrics.beauty]\nmargin = 1\n", "beauty"),
        ("[gate.classes]\nmargin = -3\n", "classes.margin"),
        ("[gate.accuracy]\nmargin = \"lots\"\n", "no margin: `lots`"),
    ] {
        let story = Story::new("gate");
        let path = text(&story.path("wrong.toml"));
        fs::write(&path, policy).unwrap();
        let ending = story.args(&[TEN, "--policy", &path]).run();
        ending.exits(2).complains(told).complains("wrong.toml").keeps_its_manners();
    }
    Story::new("gate").args(&[FP32, "--runtime", "fake"]).run().exits(2).complains("--baseline FILE");
    Story::new("gate").args(&[TEN, "--soft", "lateness"]).run().exits(2).complains("latency");
    Story::new("gate").args(&[TEN, "--soft", "run"]).run().exits(2).complains("cannot be soft");
}

#[test]
fn a_candidate_that_cannot_run_is_no_regression() {
    Story::new("gate")
        .args(&[FP32, FP32, "--data", SHAPES, "--runtime", "fake", "--session", "fake.fail_at=prepare"])
        .run()
        .exits(3);
    Story::new("gate").args(&["fixtures/records/troubles"]).run().exits(3).prints("crashed");
}

#[test]
fn a_baseline_that_crashed_is_replaced_by_nothing_and_a_broken_rule_goes_before_what_did_not_run() {
    let (_desk, records) = edited(SLICES, "01-ort-fp32.json", |record| record["outcome"] = crashed());
    Story::new("gate").args(&[&records]).run().exits(3).prints("the baseline crashed: killed by signal 11");

    let (desk, records) = edited(SLICES, "01-ort-fp32.json", |_| {});
    let third = desk.path().join("03-ort-int4.json");
    fs::copy(desk.path().join("02-ort-int8.json"), &third).unwrap();
    change(&third, |record| {
        record["outcome"] = crashed();
        record["job"]["variant"] = json!("int4");
        record["model"]["sha256"] = json!("another");
    });
    let mixed = Story::new("gate").args(&[&records]).run().exits(1).prints("accuracy on source=scan");
    mixed.prints("run: crashed: killed by signal 11");
}

#[test]
fn a_gate_that_finds_nothing_to_judge_does_not_pass() {
    let story = Story::new("gate");
    let policy = text(&story.path("latency.toml"));
    fs::write(&policy, "[gate]\noff = [\"accuracy\", \"classes\", \"slices\", \"size\"]\n").unwrap();
    let ending = gate(&[FP32, FP32]).args(&["--policy", &policy]).run();
    ending.exits(4).prints("no rule found anything to judge");
}

#[test]
fn a_margin_by_flag_is_stronger_than_that_of_a_runtime() {
    let story = Story::new("gate");
    let policy = text(&story.path("lax.toml"));
    fs::write(&policy, "[gate.runtimes.fake.accuracy]\nmargin = 90\n").unwrap();
    let held = |more: &[&str]| gate(&[FP32, FP16]).args(&["--policy", &policy]).args(more).run();
    held(&[]).exits(0);
    held(&["--margin", "0.5"]).exits(4);
}

#[test]
fn the_rules_are_explained_with_who_decided_them() {
    let story = Story::new("gate");
    let policy = text(&story.path("rules.toml"));
    fs::write(&policy, "[gate]\noff = [\"size\"]\n[gate.classes]\nmargin = 3\n").unwrap();
    let flags = ["--data", SHAPES, "--runtime", "fake", "--margin", "1", "--soft", "latency", "--explain"];
    let page =
        Story::new("gate").args(&[FP32, FP16, "--policy", &policy]).args(&flags).run().exits(0).stdout();
    let row = |key: &str| {
        let start = format!("  {key} ");
        let found: Vec<&str> = page.lines().filter(|line| line.starts_with(&start)).collect();
        found
            .iter()
            .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert!(page.contains("gate of candidates in fake\n"), "{page}");
    assert_eq!(row("gate.accuracy"), ["hard: at most 1 point lost flag"]);
    assert_eq!(row("gate.classes"), [format!("hard: at most 3 points of recall lost {policy}")]);
    assert_eq!(row("gate.latency"), ["soft: at most 5 % more default; soft: flag"]);
    assert_eq!(row("gate.size"), [format!("off {policy}")]);
    assert_eq!(row("measure.runtimes")[0], "fake flag", "the settings stand above as for any command");
    let saved = Story::new("gate").args(&[TEN, "--explain"]).run().exits(0);
    saved.prints("gate of candidates in ort, tract\n").keeps_its_manners();
}

#[test]
fn records_of_other_data_are_refused_with_the_difference() {
    let (_one, whole) = record(&[]);
    let (_two, part) = record(&["--limit", "6"]);
    Story::new("gate").args(&[&whole, &part]).run().exits(2).complains("different data");
}

#[test]
fn a_baseline_is_saved_shown_and_held_against() {
    let (ending, record) = record(&[]);
    let baseline = text(&ending.desk().join("baseline.json"));
    let save =
        |more: &[&str]| Story::new("baseline").args(&["save", &record, "-o", &baseline]).args(more).run();
    save(&[]).exits(0).prints("accuracy").prints("12 images");
    save(&[]).exits(2).complains("bench baseline accept");
    Story::new("baseline").args(&["show", &baseline]).run().exits(0).prints("classifier.fp32.onnx");
    assert!(fs::metadata(&baseline).unwrap().len() < 8_000);

    gate(&[FP32, "--baseline", &baseline]).run().exits(0).prints("PASSED").prints("baseline");
    gate(&[FP16, "--baseline", &baseline]).run().exits(4).prints("would decide");
    gate(&[FP16, "--baseline", &baseline, "--margin", "60"]).run().exits(0);
    Story::new("gate").args(&[&record, "--baseline", &baseline]).run().exits(0).prints("PASSED");
    let unnamed =
        Story::new("gate").args(&[FP32, "--baseline", &baseline, "--data", SHAPES, "--accuracy-only"]);
    unnamed.run().exits(0).prints("fake · classifier.fp32");
}

#[test]
fn a_baseline_of_other_data_or_preprocessing_is_refused_with_the_difference() {
    let (ending, record) = record(&[]);
    let baseline = text(&ending.desk().join("baseline.json"));
    Story::new("baseline").args(&["save", &record, "-o", &baseline]).run().exits(0);
    let refused = gate(&[FP16, "--baseline", &baseline, "--limit", "6"]).run().exits(2);
    refused.complains("other data").complains("12 images").complains("bench baseline accept");
    gate(&[FP16, "--baseline", &baseline, "--mean", "0.5"])
        .run()
        .exits(2)
        .complains("other preprocessing, mean");
    let other =
        Story::new("gate").args(&[FP16, "--baseline", &baseline, "--data", SHAPES, "--accuracy-only"]);
    other.args(&["--runtime", "ort"]).run().exits(2).complains("no run in ort");
}

#[test]
fn a_baseline_that_was_cut_is_refused_and_not_taken_for_less_than_it_was() {
    let (ending, record) = record(&[]);
    let baseline = text(&ending.desk().join("baseline.json"));
    Story::new("baseline").args(&["save", &record, "-o", &baseline]).run().exits(0);
    change(Path::new(&baseline), |it| it["runs"][0]["accuracy"]["right_images"] = json!("ff"));
    let refused = gate(&[FP32, "--baseline", &baseline]).run().exits(3);
    refused.complains("damaged or was edited").complains("right_images").keeps_its_manners();
}

#[test]
fn f1_of_classes_needs_the_predictions_of_a_baseline() {
    let (ending, record) = record(&[]);
    let baseline = text(&ending.desk().join("baseline.json"));
    let policy = text(&ending.desk().join("f1.toml"));
    fs::write(&policy, "[gate]\noff = [\"accuracy\"]\n[gate.classes]\nmetric = \"f1\"\n").unwrap();
    let held = || gate(&[FP16, "--baseline", &baseline, "--policy", &policy]).run();
    Story::new("baseline").args(&["save", &record, "-o", &baseline]).run().exits(0);
    held()
        .exits(4)
        .prints("F1 of the classes: the baseline keeps no predictions")
        .prints("--with-predictions");
    Story::new("baseline").args(&["accept", &record, "-o", &baseline, "--with-predictions"]).run().exits(0);
    held().exits(0).prints("too small to tell");
}

#[test]
fn predictions_are_kept_when_asked_for_and_tell_of_agreement() {
    let (ending, record) = record(&[]);
    let baseline = text(&ending.desk().join("baseline.json"));
    let policy = text(&ending.desk().join("agree.toml"));
    fs::write(&policy, "[gate]\noff = [\"accuracy\", \"classes\"]\n[gate.agreement]\nat_least = 60\n")
        .unwrap();
    let held = || gate(&[FP16, "--baseline", &baseline, "--policy", &policy]).run();
    Story::new("baseline").args(&["save", &record, "-o", &baseline]).run().exits(0);
    held().exits(4).prints("keeps no predictions").prints("--with-predictions");
    Story::new("baseline").args(&["accept", &record, "-o", &baseline, "--with-predictions"]).run().exits(0);
    assert!(ending.desk().join("baseline.fake.predictions.parquet").exists());
    held().exits(0).prints("agreement: 100.00 %");
}

#[test]
fn a_reviewer_sees_what_a_new_baseline_changes() {
    let (one, old) = record(&[]);
    let (_two, new) = record(&["--session", "fake.nan_every=1"]);
    let baseline = text(&one.desk().join("baseline.json"));
    Story::new("baseline").args(&["save", &old, "-o", &baseline]).run().exits(0);
    Story::new("baseline").args(&["diff", &baseline, &old]).run().exits(0).prints("nothing differs");
    let told =
        Story::new("baseline").args(&["diff", &baseline, &new]).run().exits(0).prints("accuracy: ").stdout();
    let accepted = Story::new("baseline").args(&["accept", &new, "-o", &baseline]).run().exits(0).stdout();
    assert!(accepted.ends_with(&told), "{accepted}\n{told}");
    Story::new("baseline").args(&["diff", &baseline, &new]).run().exits(0).prints("nothing differs");
}

#[test]
fn the_model_of_a_baseline_is_measured_side_by_side_when_it_is_given() {
    let (ending, record) = record(&[]);
    let baseline = text(&ending.desk().join("baseline.json"));
    Story::new("baseline").args(&["save", &record, "-o", &baseline]).run().exits(0);
    let side_by_side = |model: &str| gate(&[FP16, "--baseline", &baseline, "--baseline-model", model]);
    side_by_side(FP32).args(&["--margin", "60"]).run().exits(0).prints("fake · fp32");
    side_by_side(FP16).run().exits(2).complains("not the model of the baseline");
}

#[test]
fn github_finds_annotations_a_summary_and_outputs() {
    let story = Story::new("gate");
    let (summary, outputs) = (story.path("summary.md"), story.path("outputs"));
    fs::write(&summary, "before\n").unwrap();
    let ending = story
        .args(&[SLICES])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &text(&summary))
        .env("GITHUB_OUTPUT", &text(&outputs))
        .run()
        .exits(1)
        .prints("::error title=bench gate%3A accuracy on source=scan");
    let told = ending.stdout();
    let token = told.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap();
    let (page, commands) = told.split_once(&format!("::{token}::\n")).unwrap();
    assert!(page.contains("gate: FAILED") && commands.lines().all(|line| line.starts_with("::")), "{told}");
    let told = fs::read_to_string(ending.desk().join("summary.md")).unwrap();
    assert!(told.starts_with("before\n<!-- bench-gate -->"), "{told}");
    assert!(fs::read_to_string(ending.desk().join("outputs")).unwrap().contains("verdict=fail\n"));
    let elsewhere = Story::new("gate").args(&[SLICES]).run().exits(1);
    assert!(!elsewhere.stdout().contains("::error"));
    Story::new("gate").args(&[SLICES, "--github", "always", "-q"]).run().exits(1).prints("::error");
}

#[test]
fn names_that_look_like_commands_reach_github_as_text() {
    let names = ["::error::all is lost\r\n::set-output name=verdict::pass", "100 %, a:b\u{7}"];
    let rename = |record: &mut Value| record["dataset"]["classes"] = json!(names);
    let (desk, records) = edited(SLICES, "01-ort-fp32.json", rename);
    change(&desk.path().join("02-ort-int8.json"), rename);
    let (summary, outputs) = (desk.path().join("summary.md"), desk.path().join("outputs"));
    fs::write(&outputs, "left=open").unwrap();
    let story = Story::new("gate").args(&[&records, "--github", "always"]);
    let ending = story
        .env("GITHUB_STEP_SUMMARY", &text(&summary))
        .env("GITHUB_OUTPUT", &text(&outputs))
        .run()
        .exits(1);
    let told = ending.stdout();
    let token = told.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap().to_owned();
    let (_, commands) = told.split_once(&format!("::{token}::\n")).unwrap();
    let is_own = |line: &str| {
        ["error", "warning"].iter().any(|kind| line.starts_with(&format!("::{kind} title=bench gate%3A ")))
    };
    assert!(commands.lines().count() >= 5 && commands.lines().all(is_own), "{commands}");
    assert!(commands.contains("100 %25%2C a%3Ab\\u{7}"), "{commands}");
    let outputs = fs::read_to_string(&outputs).unwrap();
    let keys: Vec<&str> = outputs.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let known = ["left", "verdict", "failed", "warnings", "cannot_tell", "accuracy", "latency", "size"];
    assert_eq!((keys, outputs.lines().count()), (known.to_vec(), 8), "{outputs}");
    assert!(outputs.starts_with("left=open\nverdict=fail\n"));
}

#[test]
fn a_summary_that_github_names_and_nobody_can_write_is_a_warning() {
    let desk = tempfile::tempdir().unwrap();
    let outputs = desk.path().join("outputs");
    let story = Story::new("gate").args(&[SLICES, "--github", "always"]);
    let ending = story
        .env("GITHUB_STEP_SUMMARY", &text(&desk.path().join("none/summary.md")))
        .env("GITHUB_OUTPUT", &text(&outputs))
        .run();
    ending.exits(1).complains("warning: the file cannot be written").prints("::error title=");
    assert!(fs::read_to_string(&outputs).unwrap().starts_with("verdict=fail\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_summary_that_was_asked_for_and_cannot_be_written_takes_no_verdict_away() {
    let desk = tempfile::tempdir().unwrap();
    let outputs = text(&desk.path().join("outputs"));
    let full = |models: &str| {
        Story::new("gate").args(&[models, "--summary", "/dev/full", "--outputs", &outputs]).run()
    };
    full(SLICES).exits(1).complains("error: the file cannot be written").prints("gate: FAILED");
    assert!(fs::read_to_string(&outputs).unwrap().contains("verdict=fail"));
    let passing = gate(&[FP32, FP32]).args(&["--summary", "/dev/full"]).run();
    passing.exits(3).prints("PASSED").complains("/dev/full");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_gate_with_its_own_status_and_no_verdict_of_pass() {
    let story = Story::new("gate").args(&[FP32, FP16, "--runtime", "fake", "--time", "60", "-q"]);
    let (outputs, records) = (story.path("outputs"), story.path("records"));
    let story = story
        .args(&["--outputs", &text(&outputs), "--record", &text(&records)])
        .args(&["--session", "fake.run_ns=1000000"]);
    let silent = std::process::Stdio::null;
    let mut child = story.command().stdout(silent()).stderr(silent()).spawn().unwrap();
    let begun = std::time::Instant::now();
    let saved = || records.is_dir() && fs::read_dir(&records).unwrap().count() > 0;
    while !saved() {
        assert!(begun.elapsed().as_secs() < 60, "nothing was ever saved");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(fs::read_to_string(&outputs).unwrap().starts_with("verdict=could_not_run\n"));
}

#[test]
fn every_report_of_a_gate_goes_where_it_is_asked_to() {
    let story = Story::new("gate");
    let places = ["gate.json", "gate.xml", "comment.md", "summary.md"].map(|name| text(&story.path(name)));
    let [json, junit, comment, summary] = &places;
    let ending = story
        .args(&[SLICES, "--json", json, "--junit", junit, "--comment", comment, "--summary", summary, "-q"])
        .run()
        .exits(1);
    assert_eq!(ending.stdout(), "");
    assert_eq!(read_json(Path::new(json))["verdict"], "fail");
    assert!(fs::read_to_string(junit).unwrap().contains("<failure"));
    assert_eq!(fs::read_to_string(comment).unwrap(), fs::read_to_string(summary).unwrap());
    let piped = Story::new("gate").args(&[SLICES, "--junit", "-"]).run().exits(1);
    assert!(piped.stdout().starts_with("<?xml"));
    Story::new("gate")
        .args(&[SLICES, "--junit", "-", "--json", "-"])
        .run()
        .exits(2)
        .complains("standard output");
}

#[test]
fn a_first_policy_is_made_from_a_record_and_holds_as_it_is() {
    let made = Story::new("gate")
        .args(&["--init", SLICES])
        .run()
        .exits(0)
        .prints("[gate.accuracy]")
        .prints("300 images");
    let story = Story::new("gate");
    let policy = text(&story.path("bench.toml"));
    fs::write(&policy, made.stdout()).unwrap();
    let same = story.args(&[SLICES, "--policy", &policy]).run().exits(1);
    assert_eq!(same.stdout(), Story::new("gate").args(&[SLICES]).run().stdout());
    Story::new("gate").args(&["--init", FP32]).run().exits(2).complains("measure first");
}

#[test]
fn schemas_of_gates_policies_and_baselines_are_printed() {
    for (of, title) in [("gate", "GateDocument"), ("policy", "gate"), ("baseline", "Baseline")] {
        Story::new("schema").args(&[of]).run().exits(0).prints(title);
    }
}

#[test]
fn a_latency_that_fails_is_measured_again_before_it_counts() {
    // Nearly four times as slow, which no load on the machine hides.
    let [quick, slow] =
        ["depthwise-small", "mobilenetv2"].map(|name| format!("models/fashion-mnist/{name}.fp32.onnx"));
    let story = Story::new("gate");
    let records = text(&story.path("records"));
    let ending = story
        .args(&[
            &quick,
            &slow,
            "--preset",
            "fashion-mnist",
            "--limit",
            "20",
            "--runtime",
            "ort",
            "--time",
            "0.3",
        ])
        .args(&["--record", &records, "--soft", "latency,size,accuracy"])
        .run()
        .complains("ort · mobilenetv2.fp32 is measured again, with twice the rounds");
    let again = read_json(&ending.desk().join("records/confirmation/02-ort-mobilenetv2.fp32.json"));
    let first = read_json(&ending.desk().join("records/02-ort-mobilenetv2.fp32.json"));
    let protocol = |record: &serde_json::Value, key: &str| record["job"]["protocol"][key].as_f64().unwrap();
    for key in ["least_rounds", "latency_seconds"] {
        assert_eq!(protocol(&again, key), 2.0 * protocol(&first, key));
    }
    assert!(again["evidence"]["evaluation"].is_null(), "images are not evaluated again");
}

/// The `run:` lines of a workflow or an action that call `bench`.
#[cfg(unix)]
fn steps(file: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let commands = text.lines().filter_map(|line| line.trim().strip_prefix("run: "));
    commands.filter(|command| command.starts_with("bench ")).map(str::to_owned).collect()
}

/// Runs a step as a runner does: in a shell, with `bench` on the path. What it writes lands on the desk.
#[cfg(unix)]
fn in_a_shell(step: &str, desk: &Path, variables: &[(&str, &str)]) -> std::process::Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_bench")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let here = ["models", "fixtures"];
    for folder in here {
        std::os::unix::fs::symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), desk.join(folder))
            .unwrap();
    }
    let mut shell = std::process::Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", step]).current_dir(desk).env("PATH", path);
    shell.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", desk.join("summary"));
    shell.env("GITHUB_OUTPUT", desk.join("output")).envs(variables.iter().copied()).output().unwrap()
}

#[cfg(unix)]
#[test]
fn the_steps_of_the_workflow_gate_the_models_of_this_repository() {
    let steps = steps(".github/workflows/gate.yml");
    assert_eq!(steps.len(), 1);
    for step in steps {
        let desk = tempfile::tempdir().unwrap();
        // Timings are the runner's; what counts here is that the step works and passes.
        let output = in_a_shell(&format!("{step} --accuracy-only"), desk.path(), &[]);
        let told =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(fs::read_to_string(desk.path().join("gate.xml")).unwrap().contains("recall of Shirt"));
        assert!(fs::read_to_string(desk.path().join("output")).unwrap().contains("verdict=pass"));
    }
}

#[cfg(unix)]
#[test]
fn the_action_gates_what_its_inputs_name() {
    let steps = steps("action.yml");
    assert_eq!(steps.len(), 1);
    let inputs = |models| [("MODELS", models), ("BASELINE", ""), ("DATA", ""), ("ARGS", "--soft size")];
    for (models, status, verdict) in [(SLICES, 1, "verdict=fail"), ("fixtures/records/no-such", 3, "")] {
        let desk = tempfile::tempdir().unwrap();
        let output = in_a_shell(&steps[0], desk.path(), &inputs(models));
        assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
        let outputs = fs::read_to_string(desk.path().join("output")).unwrap_or_default();
        assert!(outputs.contains(verdict), "{outputs}");
    }
}
