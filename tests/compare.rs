//! Stories about `bench compare`: what users do, what they see, and what is on disk afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use support::{FP32, INT8, SHAPES, Story, read_json};

#[test]
fn two_models_on_images_end_in_a_table_and_a_record_each() {
    let ending = Story::compare(&[FP32, INT8]).args(&["--data", SHAPES, "--runtime", "ort"]).recorded().run();
    let ending = ending.exits(0).prints("fp32").prints("int8").prints("accuracy").keeps_its_manners();
    assert!(ending.metric(0, "accuracy").is_some() && ending.metric(1, "latency_p50").unwrap() > 0.0);
    let records = ending.desk().join("records");
    for file in ["01-ort-fp32.json", "01-ort-fp32.predictions.parquet", "02-ort-int8.json"] {
        assert!(records.join(file).is_file(), "{file} is missing");
    }
    let record = read_json(&records.join("01-ort-fp32.json"));
    let digest = |pointer: &str| record.pointer(pointer).and_then(|it| it.as_str()).unwrap_or_default();
    assert_eq!(digest("/runtime/library_sha256").len(), 64);
    assert_eq!(digest("/evidence/latency/session_sha256").len(), 64);
    assert_eq!(digest("/evidence/latency/session_sha256"), digest("/evidence/evaluation/session_sha256"));
}

#[test]
fn saved_records_give_the_report_of_the_live_run_and_its_verdict_unless_flags_say_otherwise() {
    let live = Story::compare(&[FP32, INT8])
        .args(&["--data", SHAPES, "--runtime", "fake", "--margin", "37"])
        .recorded()
        .run()
        .exits(0)
        .prints("37.00");
    let records = live.desk().join("records");
    let report = |more: &[&str]| Story::new("report").args(&[records.to_str().unwrap()]).args(more).run();
    assert_eq!(live.stdout(), report(&[]).exits(0).stdout());
    let (a, b) = (records.join("01-fake-fp32.json"), records.join("02-fake-int8.json"));
    let compared = Story::new("compare").args(&[a.to_str().unwrap(), b.to_str().unwrap()]).run().exits(0);
    assert_eq!(live.stdout(), compared.stdout());
    let otherwise = report(&["--margin", "41"]).exits(0).prints("41.00");
    assert!(!otherwise.stdout().contains("37.00"));
}

#[test]
fn a_model_whose_class_names_are_none_of_the_data_s_is_told() {
    let story = Story::compare(&[FP32]);
    let model = story.path("net.onnx");
    std::fs::copy(FP32, &model).unwrap();
    let labels = r#"{"id2label": {"0": "one", "1": "two", "2": "three"}, "model_type": "vit"}"#;
    std::fs::write(story.path("config.json"), labels).unwrap();
    let arguments = [model.to_str().unwrap(), "--data", SHAPES, "--runtime", "fake", "--time", "0.1"];
    let run = |more: &[&str]| Story::new("compare").args(&arguments).args(more).run().exits(0);
    let told = run(&[]).stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("calls its classes `circle`, `square` …, the model `one`, `two` …"), "{told}");
    let named = run(&["--class-names", "one,two,three"]);
    assert!(!named.stdout().contains("calls its classes"), "who names them knows");
}

#[test]
fn no_runtime_keeps_anything_about_the_user() {
    let story = Story::compare(&[FP32]).args(&["--data", SHAPES, "--runtime", "ort"]);
    let home = story.path("home");
    std::fs::create_dir(&home).unwrap();
    let story = story.env("HOME", home.to_str().unwrap());
    let variables = ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];
    let story = variables.iter().fold(story, |story, name| story.env(name, home.to_str().unwrap()));
    let ending = story.run().exits(0);
    let left: Vec<_> = std::fs::read_dir(ending.desk().join("home")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_model_is_compared_with_a_saved_record() {
    let first =
        Story::compare(&[FP32]).args(&["--data", SHAPES, "--runtime", "fake"]).recorded().run().exits(0);
    let baseline = first.desk().join("records/01-fake-classifier.fp32.json");
    let second = Story::compare(&[baseline.to_str().unwrap(), INT8])
        .args(&["--data", SHAPES, "--runtime", "fake"])
        .recorded()
        .run()
        .exits(0);
    let agreement = second.column(1)["versus"]["pair"].as_array().unwrap().clone();
    let agreement = agreement.iter().find(|reading| reading["metric"] == "agreement").unwrap();
    assert_eq!(agreement["value"], 1.0, "the scripted runtime answers by the pixels alone");
}

/// Both models with settings beside them that name `data`.
fn with_data_of_their_own(folder: &Path, data: &Path) -> [String; 2] {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("bench.toml"), format!("[data]\npath = {data:?}\n")).unwrap();
    [(FP32, "net.fp32.onnx"), (INT8, "net.int8.onnx")].map(|(model, name)| {
        std::fs::copy(model, folder.join(name)).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    })
}

/// The images of the shapes as those of another data set.
fn signs(folder: &Path) {
    for (shape, sign) in [("circle", "stop"), ("square", "parking"), ("triangle", "yield")] {
        std::fs::create_dir_all(folder.join(sign)).unwrap();
        for image in std::fs::read_dir(Path::new(SHAPES).join(shape)).unwrap() {
            let image = image.unwrap();
            std::fs::copy(image.path(), folder.join(sign).join(image.file_name())).unwrap();
        }
    }
}

#[test]
fn models_on_data_of_their_own_are_compared_across_data_sets_and_each_int8_with_its_own_fp32() {
    let story = Story::new("compare");
    signs(&story.path("signs"));
    let shapes = std::path::absolute(SHAPES).unwrap();
    let [fp32, int8] = with_data_of_their_own(&story.path("one"), &shapes);
    let [other_fp32, other_int8] = with_data_of_their_own(&story.path("other"), &story.path("signs"));
    let ending = story
        .args(&[&fp32, &int8, &other_fp32, &other_int8].map(String::as_str))
        .args(&["--runtime", "ort", "--time", "0.1"])
        .recorded()
        .run()
        .exits(0)
        .prints("across data sets")
        .prints("images of different data cannot be paired")
        .prints("no verdict")
        .keeps_its_manners();
    let report = ending.report();
    let labels = [0, 1, 2, 3].map(|column| ending.column(column)["label"].as_str().unwrap().to_owned());
    let ends = ["fp32 #1 · shapes", "int8 #2 · shapes", "fp32 #3 · signs", "int8 #4 · signs"];
    assert!(labels.iter().zip(ends).all(|(label, end)| label.ends_with(end)), "{labels:?}");
    assert_eq!(report["across"].as_array().unwrap().len(), 2);
    let method = |on: &serde_json::Value| on["difference"]["interval"]["method"].clone();
    let methods: Vec<_> = report["across"].as_array().unwrap().iter().map(method).collect();
    assert!(methods.contains(&"newcombe".into()) && methods.contains(&serde_json::Value::Null));
    let against = |column: usize| ending.column(column)["versus"]["against"].as_u64();
    assert_eq!((against(2), against(3)), (None, Some(2)));
    let flips = |stem: &str| ending.desk().join(format!("records/{stem}.flips.csv")).is_file();
    assert!(flips("02-ort-net.int8--2") && flips("04-ort-net.int8--4") && !flips("03-ort-net.fp32--3"));
}

#[test]
fn records_of_several_data_sets_make_one_table_with_a_name_for_each_column() {
    let story = Story::new("report").args(&["fixtures/records/ten-classes", "fixtures/records/two-classes"]);
    let json = story.path("report.json");
    let ending = story.args(&["--json", json.to_str().unwrap()]).run().exits(0).prints("Fashion-MNIST");
    let columns = ending.report()["columns"].as_array().unwrap().clone();
    let labels: HashSet<&str> = columns.iter().map(|column| column["label"].as_str().unwrap()).collect();
    assert_eq!(labels.len(), 6, "{labels:?}");
    let against: Vec<_> = columns.iter().map(|column| column["versus"]["against"].as_u64()).collect();
    assert_eq!(against, [None, None, None, None, None, Some(4)]);
    assert_eq!(ending.report()["across"][0]["data"], "switches");
    let gate = ["fixtures/records/ten-classes", "fixtures/records/two-classes"];
    Story::new("gate").args(&gate).run().exits(2).complains("different data");
}

#[test]
fn without_data_everything_else_is_compared_and_the_way_to_data_is_shown() {
    let ending = Story::compare(&[FP32, INT8]).args(&["--runtime", "ort"]).recorded().run();
    let ending = ending.exits(0).prints("--data").prints("latency");
    assert_eq!(ending.metric(0, "accuracy"), None);
    let pairs = ending.column(1)["versus"]["pair"].clone();
    let distance =
        pairs.as_array().unwrap().iter().find(|r| r["metric"] == "output_max_abs").unwrap().clone();
    assert!(distance["value"].as_f64().unwrap() > 0.0, "int8 differs from fp32 a little: {distance}");
}

#[test]
fn a_crash_of_one_candidate_is_one_row_and_the_others_go_on() {
    let ending = Story::compare(&[FP32])
        .args(&["--data", SHAPES, "--runtime", "ort,fake", "--session", "fake.abort_at=run:20"])
        .recorded()
        .run()
        .exits(3)
        .prints("aborted");
    assert_eq!((ending.outcome(0).as_str(), ending.outcome(1).as_str()), ("completed", "crashed"));
    assert!(ending.metric(0, "accuracy").is_some());
    assert!(ending.metric(1, "load").is_some(), "what was measured before the crash is kept");
}

#[test]
fn a_candidate_that_hangs_is_given_up() {
    let begun = Instant::now();
    let ending = Story::compare(&[FP32])
        .args(&["--runtime", "fake", "--session", "fake.hang_at=run:3", "--patience", "1"])
        .run()
        .exits(3)
        .prints("no sign of life");
    assert!(begun.elapsed() < Duration::from_secs(30), "{}", ending.stdout());
}

/// The page without its line breaks.
fn in_a_line(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn where_later_processes_fail_the_page_says_why_and_proposes_no_time() {
    let story = Story::new("compare").args(&[FP32, INT8, "--runtime", "fake", "--time", "2"]).recorded();
    let once = story.path("once");
    std::fs::create_dir(&once).unwrap();
    let ending = story.args(&["--session", &format!("fake.once_in={}", once.display())]).run().exits(0);
    for record in ["01-fake-fp32.json", "02-fake-int8.json"] {
        let latency = &read_json(&ending.desk().join("records").join(record))["evidence"]["latency"];
        assert!(
            latency["launch_error"]["what"].as_str().unwrap().contains("loads a model once"),
            "{latency}"
        );
        let rounds = latency["rounds"].as_array().unwrap();
        assert!(rounds.len() >= 20 && rounds.iter().all(|round| round["launch"] == 0), "{latency}");
    }
    let page = in_a_line(&ending.stdout());
    assert!(page.contains("later processes failed:") && page.contains("loads a model once"), "{page}");
    assert!(!page.contains("or more allows 5"), "{page}");
}

#[cfg(unix)]
#[test]
fn without_a_place_for_inputs_there_is_one_launch_and_its_reason() {
    let ending = Story::new("compare")
        .args(&[FP32, INT8, "--runtime", "fake", "--time", "2"])
        .env("TMPDIR", "/nowhere/at/all")
        .recorded()
        .run()
        .exits(0);
    let record = read_json(&ending.desk().join("records/01-fake-fp32.json"));
    let error = &record["evidence"]["latency"]["launch_error"];
    assert!(error["what"].as_str().unwrap().contains("inputs cannot be kept"), "{error}");
    assert!(error["cause"].as_str().unwrap().contains("No such file"), "the first reason: {error}");
    let page = in_a_line(&ending.stdout());
    assert!(page.contains("inputs cannot be kept for later launches") && page.contains("TMPDIR"), "{page}");
}

/// In `/proc` nobody can make a file, not even root.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_an_error_before_anything_is_measured() {
    for flag in ["--json", "--markdown", "--csv", "--html", "--plots"] {
        let story = Story::compare(&[FP32]).args(&["--runtime", "fake", flag, "/proc/report"]);
        let records = story.path("records");
        let ending = story.args(&["--record", records.to_str().unwrap()]).run();
        let ending = ending.exits(3).complains("cannot be written").complains("/proc/report");
        assert!(!ending.desk().join("records").exists(), "{flag}");
    }
    for place in [&["--record", "/proc"][..], &["--json", "/proc/report"]] {
        Story::compare(&[FP32]).args(&["--runtime", "fake"]).args(place).run().exits(3).complains("/proc");
    }
    Story::new("run")
        .args(&[FP32, "--runtime", "fake", "-o", "/proc/run.json"])
        .run()
        .exits(3)
        .complains("/proc");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_fails_says_where_the_measurement_is_and_nothing_of_one_where_there_is_none() {
    let story = Story::new("run").args(&[FP32, "--runtime", "fake", "--time", "0.1", "--json", "/dev/full"]);
    let record = story.path("run.json");
    let ending = story.args(&["-o", record.to_str().unwrap()]).run().exits(3);
    let kept = format!("`bench report {}` shows it", ending.desk().join("run.json").display());
    assert!(ending.complains("free some space").stderr().contains(&kept));
    let flips =
        Story::new("flips").args(&["fixtures/records/ten-classes", "--csv", "/dev/full"]).run().exits(3);
    assert!(!flips.complains("free some space").stderr().contains("measurement"));
}

#[test]
fn a_runtime_that_lacks_an_operator_is_an_answer_with_its_reason() {
    let ending = Story::compare(&[FP32, "fixtures/models/unknown-op.onnx"])
        .args(&["--runtime", "ort"])
        .recorded()
        .run()
        .exits(3)
        .prints("Frobnicate");
    assert_eq!((ending.outcome(0).as_str(), ending.outcome(1).as_str()), ("completed", "could_not_run"));
    Story::compare(&[FP32, "fixtures/models/unknown-op.onnx"]).run().exits(3);
}

#[test]
fn a_model_with_its_weights_in_another_file_is_measured() {
    let external = "fixtures/models/external.onnx";
    let ending = Story::compare(&[FP32, external]).args(&["--runtime", "ort"]).recorded().run().exits(0);
    let distance = ending.column(1)["versus"]["pair"].as_array().unwrap().clone();
    let distance = distance.iter().find(|reading| reading["metric"] == "output_max_abs").unwrap().clone();
    assert_eq!(distance["value"], 0.0, "the weights are those of the plain model");
    let record = read_json(&ending.desk().join("records/02-ort-external.json"));
    assert_ne!(record["model"]["sha256"], record["job"]["model"]["sha256"], "data is part of the identity");
}

#[test]
fn a_device_that_is_not_there_is_never_replaced_in_silence() {
    if std::path::Path::new("/dev/nvidiactl").exists() {
        return;
    }
    let ending =
        Story::compare(&[FP32]).args(&["--runtime", "ort:cuda", "--offline"]).recorded().run().exits(3);
    assert_eq!(ending.outcome(0), "could_not_run");
    assert_eq!(ending.metric(0, "latency_p50"), None);
}

#[test]
fn a_library_that_was_asked_for_and_is_not_there_stops_its_runtime_alone() {
    let ending = Story::compare(&[FP32])
        .args(&["--runtime", "ort,fake", "--ort-lib", "/nowhere/libonnxruntime.so"])
        .recorded()
        .run()
        .exits(3)
        .prints("/nowhere/libonnxruntime.so");
    assert_eq!((ending.outcome(0).as_str(), ending.outcome(1).as_str()), ("could_not_run", "completed"));
}

#[test]
fn every_setting_is_explained_with_its_source() {
    let story = Story::compare(&[FP32]).args(&["--data", SHAPES, "--batch", "8", "--explain"]);
    let page = story.env("BENCH_THREADS", "2").run().exits(0).stdout();
    let row = |key: &str| {
        let line = page.lines().find(|line| line.split_whitespace().next() == Some(key)).unwrap_or_default();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("measure.batch"), ["8", "flag"]);
    assert_eq!(row("measure.threads"), ["2", "environment"]);
    assert_eq!(row("measure.spinning").last().unwrap(), "default");
    assert_eq!(row("preprocess.layout").last().unwrap(), "graph");
}

#[test]
fn orientation_is_applied_on_request_and_said_and_the_decoder_is_named() {
    let story = || Story::compare(&[FP32]).args(&["--data", SHAPES, "--explain"]);
    let decoder = format!("{} for JPEG", onnx_bench::dataset::JPEG_DECODER);
    let plain = story().run().exits(0).prints(&decoder);
    let said = |text: &str| {
        let line = text.lines().find(|line| line.contains("preprocess.exif_orientation")).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(said(&plain.stdout()), ["ignored", "default"]);
    for flag in ["--exif-orientation", "--exif-orientation=true"] {
        assert_eq!(said(&story().args(&[flag]).run().exits(0).stdout()), ["applied", "flag"]);
    }
    let by_variable = story().env("BENCH_EXIF_ORIENTATION", "true").run().exits(0);
    assert_eq!(said(&by_variable.stdout()), ["applied", "environment"]);
    assert_eq!(said(&story().args(&["--exif-orientation=false"]).run().stdout()), ["ignored", "flag"]);
}

#[test]
fn the_class_of_each_output_is_listed_on_request() {
    let story = || Story::compare(&[FP32]).args(&["--data", SHAPES, "--runtime", "fake"]);
    story().args(&["--explain"]).run().exits(0).prints("       0  circle").prints("       2  triangle");
    story().args(&["--verbose"]).run().exits(0).prints("       1  square");
    let plain = story().run().exits(0);
    assert!(!plain.stdout().contains("       1  square"));
}

#[test]
fn a_folder_with_the_records_of_another_run_is_refused_and_left_alone() {
    let first = Story::compare(&[FP32]).args(&["--runtime", "fake"]).recorded().run().exits(0);
    let records = first.desk().join("records");
    let record = records.join("01-fake-classifier.fp32.json");
    let before = std::fs::read(&record).unwrap();
    let again =
        || Story::compare(&[INT8]).args(&["--runtime", "fake", "--record", records.to_str().unwrap()]);
    again().run().exits(2).complains("another run").complains("01-fake-classifier.fp32.json");
    assert_eq!(std::fs::read(&record).unwrap(), before);
    std::fs::remove_file(&record).unwrap();
    std::fs::copy(first.desk().join("report.json"), records.join("report.json")).unwrap();
    again().run().exits(0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_after_the_last_stage_interrupts_nothing() {
    let desk = tempfile::tempdir().unwrap();
    // The report goes into a pipe that nobody reads yet, so that the program waits when all is measured.
    let pipe = desk.path().join("report");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let story = Story::compare(&[FP32]).args(&["--runtime", "fake", "--json", pipe.to_str().unwrap()]);
    let records = story.path("records");
    let story = story.args(&["--record", records.to_str().unwrap()]);
    let mut child = story.command().stdout(std::process::Stdio::null()).spawn().unwrap();
    let record = records.join("01-fake-classifier.fp32.json");
    wait_until(|| record.exists() && read_json(&record)["outcome"]["kind"] == "completed");
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(200));
    assert!(read_json(&pipe)["columns"].is_array());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_saves_what_was_measured() {
    let story =
        Story::new("compare").args(&[FP32, "--data", SHAPES, "--runtime", "fake", "--time", "60"]).recorded();
    let records = story.path("records");
    let mut child = story
        .command()
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let record = records.join("01-fake-classifier.fp32.json");
    // Records are replaced whole, and name the stage that they were written in.
    wait_until(|| record.exists() && read_json(&record)["outcome"]["stage"] == "latency");
    std::thread::sleep(Duration::from_secs(1));
    interrupt(&child);
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    let saved = read_json(&record);
    assert_eq!(saved["outcome"]["kind"], "interrupted");
    assert!(
        !saved["evidence"]["latency"]["rounds"].as_array().unwrap().is_empty(),
        "rounds until then are kept"
    );
}

/// A cache with nothing in it, and a python3 whose pip takes a minute.
#[cfg(unix)]
#[test]
fn a_fetch_that_is_interrupted_ends_pip_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    for (command, status) in [("setup", 143), ("compare", 143)] {
        let story = match command {
            "setup" => Story::new("setup"),
            _ => Story::compare(&[FP32]).args(&["--runtime", "ort"]),
        };
        let (bin, cache, pid) = (story.path("bin"), story.path("cache"), story.path("pid"));
        std::fs::create_dir(&bin).unwrap();
        let pip = format!(
            "#!/bin/sh\ncase \"$*\" in *--version*) exit 0;; esac\necho $$ > {}\nsleep 60\n",
            pid.display()
        );
        std::fs::write(bin.join("python3"), pip).unwrap();
        std::fs::set_permissions(bin.join("python3"), PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let mut child = story
            .command()
            .env("PATH", path)
            .env("HOME", story.path("home"))
            .env("BENCH_CACHE_DIR", &cache)
            .env("PYTHONUSERBASE", story.path("nowhere"))
            .env_remove("BENCH_OFFLINE")
            .env_remove("ORT_DYLIB_PATH")
            .env_remove("VIRTUAL_ENV")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        wait_until(|| std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')));
        let begun = Instant::now();
        signal(&child, "-TERM");
        assert_eq!(child.wait().unwrap().code(), Some(status), "{command}");
        assert!(begun.elapsed() < Duration::from_secs(20));
        let left: Vec<_> = std::fs::read_dir(cache.join("onnxruntime")).unwrap().flatten().collect();
        assert!(left.iter().all(|entry| entry.file_name() == "lock"), "{left:?}");
        let pid = std::fs::read_to_string(&pid).unwrap();
        let pip = std::process::Command::new("kill").args(["-0", pid.trim()]).output().unwrap();
        assert!(!pip.status.success(), "pip still runs");
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn interrupt(child: &std::process::Child) {
    signal(child, "-INT");
}

fn signal(child: &std::process::Child, name: &str) {
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_model_that_is_replaced_while_it_is_measured_is_an_error_in_words() {
    let story = Story::new("compare");
    let (model, other) = (story.path("model.onnx"), story.path("other.onnx"));
    std::fs::copy(FP32, &model).unwrap();
    std::fs::copy(INT8, &other).unwrap();
    let story = story.args(&[model.to_str().unwrap(), "--runtime", "fake", "--time", "30"]);
    let story = story.args(&["--session", "fake.run_ns=1000000"]).recorded();
    let record = story.path("records/01-fake-model.json");
    let mut command = story.command();
    let command = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until(|| record.exists());
    std::fs::rename(&other, &model).unwrap();
    let output = child.wait_with_output().unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{page}");
    assert!(page.contains("the model file changed while it was measured"), "{page}");
    assert_eq!(read_json(&record)["outcome"]["kind"], "failed", "{page}");
}

#[test]
fn flips_lie_beside_the_records_and_can_be_made_again() {
    let ending = Story::compare(&[FP32, INT8]).args(&["--data", SHAPES, "--runtime", "ort,fake"]).recorded();
    let ending = ending.run().exits(0);
    let records = ending.desk().join("records");
    let saved = |stem: &str| std::fs::read_to_string(records.join(format!("{stem}.flips.csv")));
    assert!(saved("01-ort-fp32").is_err(), "the baseline has no flips");
    for (stem, label) in [("02-ort-int8", "ort · int8"), ("03-fake-fp32", "fake · fp32")] {
        let again =
            Story::new("flips").args(&[records.to_str().unwrap(), "--candidate", label, "--csv", "-"]);
        assert_eq!(saved(stem).unwrap(), again.run().exits(0).stdout(), "{label}");
    }
    assert!(saved("03-fake-fp32").unwrap().lines().count() > 1, "two runtimes that differ");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let story = Story::new("list").args(&["metrics"]);
    let mut child = story
        .command()
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn limits_are_seeded_and_counted() {
    let run = |seed: &str| {
        Story::compare(&[FP32])
            .args(&["--data", SHAPES, "--runtime", "fake", "--limit", "6", "--seed", seed])
            .recorded()
            .run()
            .exits(0)
            .column(0)["dataset"]
            .clone()
    };
    let (first, again, other) = (run("1"), run("1"), run("2"));
    assert_eq!(first["images"], 6);
    assert_eq!(first["sha256"], again["sha256"]);
    assert_ne!(first["sha256"], other["sha256"]);
}

#[test]
fn the_images_on_which_two_saved_runs_differ() {
    let ending = Story::new("flips").args(&["fixtures/records/ten-classes", "--limit", "3"]).run().exits(0);
    let ending = ending.prints("right → wrong").prints("margin").prints("--csv FILE").keeps_its_manners();
    assert!(ending.stdout().lines().count() > 4);

    let (one, two) =
        ("fixtures/records/ten-classes/01-ort-fp32.json", "fixtures/records/ten-classes/02-ort-int8.json");
    let json =
        Story::new("flips").args(&[one, two, "--kind", "right-to-wrong", "--json", "-"]).run().exits(0);
    let told: serde_json::Value = serde_json::from_str(&json.stdout()).unwrap();
    let flips = told[0]["flips"].as_array().unwrap();
    let margins: Vec<f64> = flips.iter().map(|flip| flip["baseline_margin"].as_f64().unwrap()).collect();
    assert!(
        !margins.is_empty() && margins.is_sorted_by(|a, b| a >= b),
        "the firmest come first: {margins:?}"
    );
    assert!(flips.iter().all(|flip| flip["kind"] == "right_to_wrong" && flip["baseline"] == flip["label"]));

    let csv = Story::new("flips").args(&[one, two, "--kind", "right-to-wrong", "--csv", "-"]).run().exits(0);
    assert_eq!(csv.stdout().lines().count(), flips.len() + 1);
}

#[test]
fn flips_need_two_runs_on_the_same_images() {
    let one = "fixtures/records/ten-classes/01-ort-fp32.json";
    Story::new("flips").args(&[one]).run().exits(2).complains("bench flips A.json B.json");
    Story::new("flips").args(&["fixtures/records/no-data"]).run().exits(3).complains("--data");
    Story::new("flips")
        .args(&["fixtures/records/ten-classes", "--candidate", "nobody"])
        .run()
        .exits(2)
        .complains("choose among");
}
