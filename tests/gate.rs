//! Stories about `bench gate` and `bench baseline`: what a build sees, reads and trusts.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::fs;
use std::path::Path;

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
    let model = |variant: &str| format!("models/fashion-mnist/mobilenetv2.{variant}.onnx");
    let story = Story::new("gate");
    let records = text(&story.path("records"));
    // fp32 is a fifth slower than int8 in ONNX Runtime; a loaded machine may only make that less clear.
    let ending = story
        .args(&[&model("int8"), &model("fp32"), "--limit", "20", "--runtime", "ort", "--time", "0.3"])
        .args(&["--record", &records, "--soft", "latency,size,accuracy"])
        .run()
        .complains("latency in ort is measured again, with twice the rounds");
    let again = read_json(&ending.desk().join("records/confirmation/02-ort-fp32.json"));
    let first = read_json(&ending.desk().join("records/02-ort-fp32.json"));
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
