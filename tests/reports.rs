//! Golden records and what is made of them: each report of each scenario, and that records come
//! back from disk as they went.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/records.rs"]
mod records;

use std::fs;
use std::path::{Path, PathBuf};

use onnx_bench::compare::{Comparison, Options, Resampling, compare, compare_with};
use onnx_bench::record::{Run, load, load_folder, save};
use onnx_bench::report::{Markdown, Report, ReportDocument, Style, Terminal, View, json_schema};

const PLAIN: Style = Style::PLAIN;

fn golden(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(scenario)
}

fn comparison(scenario: &str) -> Comparison {
    compare(load_folder(&golden(scenario)).unwrap(), 0).unwrap()
}

/// Two runs on each of two data sets.
fn across() -> Comparison {
    let first = load_folder(&golden("ten-classes")).unwrap().into_iter().take(2);
    compare(first.chain(load_folder(&golden("two-classes")).unwrap()).collect(), 0).unwrap()
}

fn written(report: &dyn Report, view: &View) -> String {
    let mut out = Vec::new();
    report.write(view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What a user sees who asks for nothing more.
fn on_terminal(comparison: &Comparison, style: Style) -> String {
    shown(&View::of(comparison).headlines(), style)
}

fn shown(view: &View, style: Style) -> String {
    let text = written(&Terminal { style }, view);
    for line in text.lines() {
        assert!(columns(line) <= style.width, "wider than {}: {line}", style.width);
        assert_eq!(line, line.trim_end(), "spaces at the end");
    }
    text
}

/// Columns of a line without its colours; every character here is one column wide.
fn columns(line: &str) -> usize {
    line.split('\u{1b}')
        .enumerate()
        .map(|(index, part)| {
            let text = if index == 0 { part } else { part.split_once('m').map_or("", |(_, text)| text) };
            text.chars().count()
        })
        .sum()
}

/// `BLESS=1 cargo test --release --test reports` writes them anew. Only for a new scenario: golden
/// records of an old layout stay as they are, as the proof that they still load.
#[test]
fn the_golden_records_are_what_the_builder_makes() {
    if std::env::var_os("BLESS").is_some() {
        return make_golden_records();
    }
    let scratch = tempfile::tempdir().unwrap();
    for (scenario, runs) in records::scenarios() {
        let folder = scratch.path().join(scenario);
        for (stem, run) in &runs {
            save(run, &folder, stem).unwrap();
        }
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()) {
            let (made, committed) = (folder.join(&file), golden(scenario).join(&file));
            // The Parquet files name the version of the library that wrote them: content decides.
            if file.to_string_lossy().ends_with(".json") {
                assert_eq!(without_digest(&made), without_digest(&committed), "{}", committed.display());
            }
        }
    }
}

#[test]
fn every_figure_and_matrix_on_request() {
    let view = View::of(&comparison("ten-classes"));
    for width in [100, 60] {
        insta::assert_snapshot!(format!("verbose_{width}"), shown(&view, Style { width, ..PLAIN }));
    }
}

fn without_digest(path: &Path) -> Run {
    let mut run = load(path).unwrap();
    if let Some(evaluation) = &mut run.record.evidence.evaluation {
        evaluation.predictions_sha256.clear();
    }
    run
}

fn make_golden_records() {
    for (scenario, runs) in records::scenarios() {
        for (stem, run) in &runs {
            save(run, &golden(scenario), stem).unwrap();
        }
    }
}

#[test]
fn a_comparison_at_each_width() {
    let comparison = comparison("ten-classes");
    for width in [100, 80, 60, 40] {
        insta::assert_snapshot!(
            format!("ten_classes_{width}"),
            on_terminal(&comparison, Style { width, ..PLAIN })
        );
    }
}

#[test]
fn a_comparison_in_colour() {
    insta::assert_snapshot!(
        on_terminal(&comparison("ten-classes"), Style { color: true, ..PLAIN }).replace('\u{1b}', "␛")
    );
}

#[test]
fn colour_adds_nothing_but_colour() {
    for (scenario, _) in records::scenarios() {
        let comparison = comparison(scenario);
        let coloured = on_terminal(&comparison, Style { color: true, ..PLAIN });
        let mut bare = String::new();
        for (index, part) in coloured.split('\u{1b}').enumerate() {
            bare += if index == 0 { part } else { part.split_once('m').unwrap().1 };
        }
        let bare: Vec<&str> = bare.lines().map(str::trim_end).collect();
        assert_eq!(bare, on_terminal(&comparison, PLAIN).lines().collect::<Vec<_>>());
    }
}

#[test]
fn ascii_terminals_get_ascii() {
    for (scenario, _) in records::scenarios() {
        let text = on_terminal(&comparison(scenario), Style { unicode: false, ..PLAIN });
        assert!(text.is_ascii(), "{}", text.chars().filter(|c| !c.is_ascii()).collect::<String>());
    }
}

#[test]
fn two_classes() {
    insta::assert_snapshot!(on_terminal(&comparison("two-classes"), PLAIN));
}

#[test]
fn slices_of_the_images() {
    for width in [100, 60, 40] {
        insta::assert_snapshot!(
            format!("slices_{width}"),
            on_terminal(&comparison("slices"), Style { width, ..PLAIN })
        );
    }
    insta::assert_snapshot!("markdown_slices", written(&Markdown, &View::of(&comparison("slices"))));
    let run = load(&golden("slices").join("02-ort-int8.json")).unwrap();
    insta::assert_snapshot!("slices_of_one_run", on_terminal(&compare(vec![run], 0).unwrap(), PLAIN));
}

#[test]
fn slices_as_data() {
    let mut document = ReportDocument::of(&comparison("slices"));
    let int8 = document.columns.remove(1);
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&(int8.slices, int8.versus.unwrap().slices)).unwrap()
    );
}

#[test]
fn runs_on_several_data_sets() {
    let comparison = across();
    for width in [100, 60, 40] {
        insta::assert_snapshot!(
            format!("across_{width}"),
            on_terminal(&comparison, Style { width, ..PLAIN })
        );
    }
    insta::assert_snapshot!("markdown_across", written(&Markdown, &View::of(&comparison)));
    assert!(on_terminal(&comparison, Style { unicode: false, ..PLAIN }).is_ascii());
}

#[test]
fn several_data_sets_as_data() {
    let document = ReportDocument::of(&across());
    let against = document.columns.iter().map(|column| column.versus.as_ref().map(|versus| versus.against));
    assert_eq!(against.collect::<Vec<_>>(), [None, Some(None), Some(None), Some(Some(2))]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&document.across).unwrap());
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    assert!(schema.is_valid(&serde_json::to_value(document).unwrap()));
}

#[test]
fn runs_that_did_not_complete() {
    insta::assert_snapshot!(on_terminal(&comparison("troubles"), PLAIN));
}

#[test]
fn without_data() {
    insta::assert_snapshot!(on_terminal(&comparison("no-data"), PLAIN));
}

#[test]
fn a_single_run() {
    let run = load(&golden("ten-classes").join("01-ort-fp32.json")).unwrap();
    insta::assert_snapshot!(on_terminal(&compare(vec![run], 0).unwrap(), PLAIN));
}

#[test]
fn a_baseline_that_could_not_run_is_said_first() {
    let mut runs = load_folder(&golden("troubles")).unwrap();
    runs.rotate_right(1);
    let text = on_terminal(&compare(runs, 0).unwrap(), PLAIN);
    let answer = text.split("verdict, against").nth(1).unwrap();
    assert!(answer.contains("QLinearAdd"), "{answer}");
}

#[test]
fn markdown() {
    insta::assert_snapshot!(
        "markdown_ten_classes",
        written(&Markdown, &View::of(&comparison("ten-classes")))
    );
    insta::assert_snapshot!("markdown_troubles", written(&Markdown, &View::of(&comparison("troubles"))));
}

#[test]
fn a_hundred_classes_are_told_in_few_lines_and_listed_in_full_for_those_who_ask() {
    let options =
        Options { resampling: Resampling { resamples: 100, ..Resampling::default() }, ..Options::default() };
    let comparison = compare_with(records::many_classes(100, 20), 0, &options).unwrap();
    insta::assert_snapshot!("hundred_classes_80", on_terminal(&comparison, Style { width: 80, ..PLAIN }));
    let markdown = written(&Markdown, &View::of(&comparison));
    insta::assert_snapshot!("markdown_hundred_classes", markdown);
    let document = ReportDocument::of(&comparison).to_json().unwrap();
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    assert!(schema.is_valid(&serde_json::from_str(&document).unwrap()));
}

#[test]
fn json() {
    insta::assert_snapshot!(ReportDocument::of(&comparison("two-classes")).to_json().unwrap());
}

#[test]
fn every_report_keeps_to_the_published_schema() {
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    for (scenario, _) in records::scenarios() {
        let document = serde_json::to_value(ReportDocument::of(&comparison(scenario))).unwrap();
        let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, [] as [String; 0], "{scenario}");
    }
    assert!(!schema.is_valid(&serde_json::json!({ "schema_version": 1 })));
}

/// `BLESS=1 cargo test --test reports` writes the schema anew.
#[test]
fn the_published_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/report.v1.schema.json");
    let current = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    // Compared as values: the order of keys depends on which features the build switches on.
    let committed: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(committed, json_schema(), "run `BLESS=1 cargo test --test reports`");
}

/// A folder with one saved run of two classes.
fn saved() -> (tempfile::TempDir, PathBuf, Run) {
    let folder = tempfile::tempdir().unwrap();
    let (_, run) = records::scenarios().swap_remove(1).1.swap_remove(0);
    let path = save(&run, folder.path(), "01-a").unwrap();
    let run = load(&path).unwrap();
    (folder, path, run)
}

#[test]
fn a_run_comes_back_as_it_was_saved_under_any_name() {
    let (folder, _, run) = saved();
    let again = load(&save(&run, folder.path(), "02-b").unwrap()).unwrap();
    assert_eq!(again.predictions, run.predictions);
    let mut record = again.record;
    assert_eq!(record.evidence.evaluation.as_ref().unwrap().predictions, "02-b.predictions.parquet");
    record.evidence.evaluation.as_mut().unwrap().predictions = "01-a.predictions.parquet".into();
    assert_eq!(record, run.record);
}

#[test]
fn a_folder_is_read_in_the_order_of_its_names_and_reports_are_passed_over() {
    let (folder, _, run) = saved();
    let mut other = run.clone();
    other.record.job.variant = "other".into();
    save(&other, folder.path(), "00-z").unwrap();
    let report = ReportDocument::of(&compare(vec![run], 0).unwrap()).to_json().unwrap();
    fs::write(folder.path().join("report.json"), report).unwrap();
    let variants: Vec<String> =
        load_folder(folder.path()).unwrap().into_iter().map(|run| run.record.job.variant).collect();
    assert_eq!(variants, ["other", "fp32"]);
}

#[test]
fn a_newer_record_is_refused_with_both_versions() {
    let (_folder, path, _) = saved();
    let text = fs::read_to_string(&path).unwrap();
    // The next version may have changed anything else as well.
    fs::write(&path, text.replacen("\"schema_version\": 1", "\"schema_version\": 99, \"news\": 1", 1))
        .unwrap();
    let error = load(&path).unwrap_err();
    assert!(error.what.contains("newer bench"), "{error}");
    assert!(error.cause.unwrap().contains("99"));
}

#[test]
fn a_record_edited_to_nonsense_is_refused_with_the_field() {
    let (_folder, path, run) = saved();
    let text = fs::read_to_string(&path).unwrap();
    let field = |name: &str, value: String| format!("\"{name}\": {value}");
    let edits = [
        (field("cores", run.record.environment.cores.to_string()), field("cores", "0".into()), "cores"),
        (field("block_ms", "50.0".into()), field("block_ms", "-3.5".into()), "block_ms"),
        (
            field("load_ns", run.record.evidence.load[0].load_ns.to_string()),
            field("load_ns", "-7".into()),
            "load_ns",
        ),
        (field("block_ms", "50.0".into()), field("block_ms", "null".into()), "block_ms"),
    ];
    for (was, is, name) in edits {
        assert!(text.contains(&was), "{was}");
        fs::write(&path, text.replacen(&was, &is, 1)).unwrap();
        let error = load(&path).unwrap_err();
        assert!(error.cause.as_ref().unwrap().contains(name), "{error}");
        assert!(error.place.unwrap().ends_with("01-a.json"));
    }
}

#[test]
fn no_line_is_wider_than_asked_at_any_width() {
    let scenarios = records::scenarios().into_iter();
    let all = scenarios.flat_map(|(scenario, _)| [comparison(scenario), with_long_names(scenario)]);
    for comparison in all.chain([across()]) {
        for width in 40..=200 {
            let style = Style { width, ..PLAIN };
            shown(&View::of(&comparison).headlines(), style);
            shown(&View::of(&comparison), style);
        }
    }
}

/// A scenario whose variants and classes have long names.
fn with_long_names(scenario: &str) -> Comparison {
    let mut runs = load_folder(&golden(scenario)).unwrap();
    for (index, run) in runs.iter_mut().enumerate() {
        run.record.job.variant = format!("{index}.{}", "percentile_per_channel_".repeat(3));
        if let Some(data) = &mut run.record.dataset {
            data.classes =
                (0..data.classes.len()).map(|class| "Schrankwand-".repeat(4) + &class.to_string()).collect();
        }
    }
    compare(runs, 0).unwrap()
}

#[test]
fn what_is_not_a_record_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let report = ReportDocument::of(&comparison("no-data")).to_json().unwrap();
    let cases: [(&[u8], &str); 6] = [
        (b"", "not a JSON object"),
        (b"\x08\x07\xff\xfe", "not text"),
        (b"[1, 2]", "not a JSON object"),
        (b"{\"a\": 1}", "JSON, but not a record"),
        (b"{\"schema_version\": 1, \"job\": 3}", "damaged"),
        (report.as_bytes(), "a report, not a record"),
    ];
    for (content, expected) in cases {
        fs::write(&path, content).unwrap();
        let error = load(&path).unwrap_err();
        assert!(error.what.contains(expected), "{error}");
        assert!(error.place.unwrap().ends_with("a.json") && error.help.is_some());
    }
}

#[test]
fn missing_and_foreign_predictions_are_named() {
    let (folder, path, run) = saved();
    let beside = folder.path().join("01-a.predictions.parquet");
    let mut fewer = run.clone();
    fewer.predictions = records::scenarios().swap_remove(0).1.swap_remove(0).1.predictions;
    let foreign = load(&{ save(&fewer, folder.path(), "01-a").unwrap() }).unwrap_err();
    assert!(foreign.cause.unwrap().contains("600 rows"));
    fs::remove_file(&beside).unwrap();
    let missing = load(&path).unwrap_err();
    assert!(missing.what.contains("01-a.predictions.parquet"), "{missing}");
}

#[test]
fn an_empty_folder_says_how_records_are_made() {
    let folder = tempfile::tempdir().unwrap();
    assert!(load_folder(folder.path()).unwrap_err().help.unwrap().contains("--record"));
}
