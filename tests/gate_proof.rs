//! What a gate must and must not catch, on made-up predictions; the words, files and formats in which it
//! says so, from the golden records.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use onnx_bench::compare::{Options, Resampling, compare_with};
use onnx_bench::gate::{
    Baseline, Case, Effect, Finding, Ground, Group, Judgement, Outcome, Policy, in_runtimes, judge,
    judge_cases,
};
use onnx_bench::plan::{GateSettings, RuleKind};
use onnx_bench::record::{Evidence, Predictions, Run, load, load_folder};
use onnx_bench::report::Style;
use onnx_bench::report::gate::{
    COMMENT_LIMIT, GateDocument, GateView, MARKER, annotations, comment, gate_schema, junit, outputs, page,
};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

fn golden(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(scenario)
}

/// A run without samples and predictions.
static TEMPLATE: LazyLock<Run> = LazyLock::new(|| {
    let mut run = load(&golden("two-classes").join("01-ort-fp32.json")).unwrap();
    let evaluation = run.record.evidence.evaluation.take();
    run.record.evidence = Evidence { evaluation, ..Evidence::default() };
    run.predictions = None;
    run
});

/// A data set and a model's answers to it: true class and prediction of each image.
#[derive(Clone)]
struct Answers {
    classes: usize,
    images: Vec<(u32, u32)>,
}

impl Answers {
    /// `each` images of every class, nine of ten right, the tenth taken for the next class.
    fn of(classes: usize, each: usize) -> Self {
        let image = |place: usize| {
            let label = (place % classes) as u32;
            let wrong = (label + 1) % classes as u32;
            (label, if place / classes % 10 == 9 { wrong } else { label })
        };
        Self { classes, images: (0..classes * each).map(image).collect() }
    }

    /// The same with up to `count` images of which `which` holds put right or wrong.
    fn turned(mut self, right: bool, count: usize, which: impl Fn(u32) -> bool) -> Self {
        let classes = self.classes as u32;
        let other = |(label, predicted): &(u32, u32)| (label == predicted) != right;
        let chosen = self.images.iter_mut().filter(|image| which(image.0) && other(image)).take(count);
        chosen.for_each(|image| image.1 = if right { image.0 } else { (image.0 + 1) % classes });
        self
    }

    fn run(&self, variant: &str) -> Run {
        let mut run = TEMPLATE.clone();
        let record = &mut run.record;
        (record.job.variant, record.model.sha256) = (variant.into(), variant.into());
        let mut rows = Predictions::new(self.classes);
        for (place, &(label, predicted)) in self.images.iter().enumerate() {
            let scores: Vec<f32> =
                (0..self.classes as u32).map(|it| if it == predicted { 4.0 } else { 0.0 }).collect();
            rows.push(place.to_string(), label, &scores);
        }
        let data = record.dataset.as_mut().unwrap();
        (data.images, data.classes) =
            (rows.len(), (0..self.classes).map(|it| format!("class {it}")).collect());
        record.evidence.evaluation.as_mut().unwrap().images = rows.len();
        run.predictions = Some(rows);
        run
    }
}

/// Compared with few resamples: no rule of these tests needs them.
fn judged(baseline: Run, candidate: Run, policy: &Policy) -> Judgement {
    let resampling = Resampling { resamples: 100, ..Resampling::default() };
    let options = Options { resampling, ..Options::default() };
    judge(&[compare_with(vec![baseline, candidate], 0, &options).unwrap()], policy)
}

fn of(judgement: &Judgement, rule: RuleKind) -> Vec<&Finding> {
    judgement.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn broken(judgement: &Judgement) -> Vec<String> {
    let broken = judgement.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
    broken.map(|finding| finding.scope.class.clone().unwrap_or_else(|| finding.metric.clone())).collect()
}

/// One class of ten loses 180 of its 1,000 images, and the others win 100 of theirs.
fn collapsed() -> (Answers, Answers) {
    let baseline = Answers::of(10, 1000);
    let candidate =
        baseline.clone().turned(false, 180, |label| label == 3).turned(true, 100, |label| label != 3);
    (baseline, candidate)
}

#[test]
fn a_class_that_collapses_is_caught_while_the_average_holds() {
    let (baseline, candidate) = collapsed();
    let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &Policy::default());
    let accuracy = of(&judgement, RuleKind::Accuracy)[0].value.unwrap();
    assert!((accuracy + 0.008).abs() < 1e-9, "0.8 points overall: {accuracy}");
    let class = of(&judgement, RuleKind::Classes)[3].clone();
    assert!((class.value.unwrap() + 0.18).abs() < 1e-9 && class.outcome == Outcome::Fail);
    assert_eq!(judgement.effect(), Effect::Failure);

    let lenient = GateSettings { off: Some(vec![RuleKind::Accuracy]), ..GateSettings::default() };
    let lenient = Policy::of(&lenient, onnx_bench::compare::Margin::Points(0.005)).unwrap();
    let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &lenient);
    assert_eq!((broken(&judgement), judgement.effect()), (vec!["class 3".into()], Effect::Failure));
}

#[test]
fn a_small_class_that_collapses_within_a_large_data_set_is_caught() {
    // 18 of 100 images of one class of a hundred: 0.18 points overall.
    let baseline = Answers::of(100, 100);
    let candidate = baseline.clone().turned(false, 18, |label| label == 42);
    let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &Policy::default());
    assert_eq!(broken(&judgement), ["class 42"]);
    assert_eq!(of(&judgement, RuleKind::Accuracy)[0].outcome, Outcome::Pass);
}

#[test]
fn the_collapse_is_caught_against_a_baseline_of_counts_too() {
    let (baseline, candidate) = collapsed();
    let kept = Baseline::of(&[baseline.run("fp32")]).unwrap();
    let case = Case::against(&kept.runs[0], &candidate.run("int8")).unwrap();
    let judgement = judge_cases(&[case], &Policy::default());
    assert!(broken(&judgement).contains(&"class 3".to_owned()));
    let paired = judged(baseline.run("fp32"), candidate.run("int8"), &Policy::default());
    let bounds = |judgement: &Judgement| {
        let found = of(judgement, RuleKind::Classes);
        found.iter().map(|it| (it.outcome, it.value, it.low, it.high)).collect::<Vec<_>>()
    };
    assert_eq!(bounds(&judgement), bounds(&paired), "a bit an image pairs as well as predictions do");
    let size = serde_json::to_string(&kept).unwrap().len();
    assert!(size < 10_000, "{size} bytes for 10,000 images");
}

/// Of every other class twenty images are taken for class 0, and twenty that were wrong are right.
fn swallowed() -> (Answers, Answers) {
    let baseline = Answers::of(10, 1000);
    let mut candidate = baseline.clone();
    for class in 1..10 {
        // From the end, so that none is turned twice.
        let wrong = candidate.images.iter_mut().rev().filter(|image| image.0 == class && image.1 != class);
        wrong.take(20).for_each(|image| image.1 = class);
        let right = candidate.images.iter_mut().filter(|image| **image == (class, class));
        right.take(20).for_each(|image| image.1 = 0);
    }
    (baseline, candidate)
}

#[test]
fn a_class_that_swallows_images_of_all_others_is_caught_by_precision_and_by_no_recall() {
    let (baseline, candidate) = swallowed();
    let policy = |text: &str| {
        let settings: GateSettings = toml::from_str(text).unwrap();
        Policy::of(&settings, onnx_bench::compare::Margin::Points(0.005)).unwrap()
    };
    let found = |text: &str| judged(baseline.run("fp32"), candidate.run("int8"), &policy(text));
    let recall = found("");
    assert_eq!((broken(&recall), recall.effect()), (vec![], Effect::None));
    let precision = found("[classes]\nmetric = \"precision\"");
    assert_eq!(broken(&precision), ["class 0"]);
    let view = GateView::of(&precision);
    let line = view.worst().next().unwrap();
    assert_eq!(line.title, "precision of class 0");
    assert!(line.figure.starts_with("−12."), "{}", line.figure);
    let margin = "[classes]\nmetric = \"precision\"\nmargins = { \"class 0\" = 20 }";
    assert_eq!(found(margin).effect(), Effect::None);
}

#[test]
fn f1_of_a_class_falls_with_its_recall_and_a_baseline_of_bits_does_not_know_it() {
    let (baseline, candidate) = collapsed();
    let f1 =
        GateSettings { classes: Some(toml::from_str("metric = \"f1\"").unwrap()), ..GateSettings::default() };
    let policy = Policy::of(&f1, onnx_bench::compare::Margin::Points(0.02)).unwrap();
    let found = judged(baseline.run("fp32"), candidate.run("int8"), &policy);
    assert_eq!(broken(&found), ["class 3", "class 4"], "the one that collapsed, and the one it is taken for");
    let kept = Baseline::of(&[baseline.run("fp32")]).unwrap();
    let case = Case::against(&kept.runs[0], &candidate.run("int8")).unwrap();
    let found = judge_cases(&[case], &policy);
    let line = GateView::of(&found).lines.into_iter().find(|line| line.rule == RuleKind::Classes).unwrap();
    assert_eq!((line.title.as_str(), line.outcome), ("F1 of the classes", Outcome::CannotTell));
    assert!(line.told().contains("--with-predictions"), "{}", line.told());
    assert_eq!(found.effect(), Effect::Inconclusive);
}

#[test]
fn equal_accuracy_with_five_percent_of_flips_passes_and_is_reported() {
    let baseline = Answers::of(10, 2000);
    let candidate =
        baseline.clone().turned(true, 500, |label| label % 2 == 0).turned(true, 500, |label| label % 2 == 1);
    // The first wrong of each class are right now; as many of the last right ones are wrong.
    let mut candidate = candidate;
    candidate.images.reverse();
    let mut candidate = candidate.turned(false, 1000, |_| true);
    candidate.images.reverse();
    let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &Policy::default());
    let accuracy = of(&judgement, RuleKind::Accuracy)[0];
    assert_eq!((accuracy.value, accuracy.outcome), (Some(0.0), Outcome::Pass));
    let flips: Vec<Option<f64>> =
        of(&judgement, RuleKind::Flips).iter().map(|finding| finding.value).collect();
    assert_eq!(flips, [Some(0.05), Some(0.05)]);
    assert_eq!(judgement.effect(), Effect::None);
    let text = page(&GateView::of(&judgement), &Style::PLAIN).join("\n");
    assert!(text.contains("1,000 of 20,000 images (5.00 %)"), "{text}");
}

#[test]
fn a_quantization_that_was_calibrated_wrongly_fails() {
    // Saturated activations: half of all images end in one class.
    let baseline = Answers::of(10, 200);
    let mut candidate = baseline.clone();
    candidate.images.iter_mut().step_by(2).for_each(|image| image.1 = 0);
    let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &Policy::default());
    assert_eq!(judgement.effect(), Effect::Failure);
    assert!(broken(&judgement).contains(&"accuracy".to_owned()));
}

#[test]
fn an_improvement_never_fails() {
    let baseline = Answers::of(5, 200);
    for count in 1..=100 {
        let candidate = baseline.clone().turned(true, count, |label| count % 2 == 0 || label == 2);
        let strict = Policy { strict: true, ..Policy::default() };
        let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &strict);
        assert_eq!((broken(&judgement), count), (vec![], count));
        assert_eq!(of(&judgement, RuleKind::Accuracy)[0].outcome, Outcome::Pass, "{count} images better");
    }
}

#[test]
fn a_model_against_itself_passes_a_thousand_times_of_a_thousand() {
    for seed in 1..=1000usize {
        let baseline = Answers::of(2 + seed % 9, 1 + seed * 7 % 60);
        let answers = baseline.turned(false, seed % 23, |label| label as usize % 3 == seed % 3);
        let judgement = judged(answers.run("fp32"), answers.run("fp32"), &Policy::default());
        assert_eq!(judgement.effect(), Effect::None, "{seed}: {judgement:#?}");
        assert!(of(&judgement, RuleKind::Accuracy)[0].ground == Ground::Identical);
    }
}

#[test]
fn a_model_that_answers_as_the_baseline_does_is_told_what_is_missing_on_few_images() {
    let answers = Answers::of(3, 20);
    let judgement = judged(answers.run("fp32"), answers.run("int8"), &Policy::default());
    let accuracy = of(&judgement, RuleKind::Accuracy)[0];
    assert!(matches!(accuracy.ground, Ground::TooWide { needed: Some(_) }));
    let line = GateView::of(&judgement).lines[0].clone();
    assert!(line.missing.unwrap().contains("images in all would decide"));
}

#[test]
fn of_two_models_that_are_equally_good_none_fails() {
    // A twentieth of all images changes sides, as often this way as that, another set each time.
    let baseline = Answers::of(10, 200);
    for seed in 0..200u64 {
        let mut candidate = baseline.clone();
        for (place, image) in candidate.images.iter_mut().enumerate() {
            let drawn = (seed * 1_000_003 + place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            let right = image.0 == image.1;
            // Nine of ten are right, so that a wrong one turns nine times as often.
            let turns = drawn % 360 < if right { 10 } else { 90 };
            image.1 = if turns != right { image.0 } else { (image.0 + 1) % 10 };
        }
        let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &Policy::default());
        assert_eq!((seed, broken(&judgement)), (seed, vec![]));
    }
}

#[test]
fn shares_of_other_images_are_said_to_be_compared_as_two_samples() {
    let baseline = Baseline::of(&[Answers::of(10, 1000).run("fp32")]).unwrap();
    let mut fewer = Answers::of(10, 1000);
    fewer.images.pop();
    let case = Case::against(&baseline.runs[0], &fewer.run("int8")).unwrap();
    let view = GateView::of(&judge_cases(&[case], &Policy::default()));
    assert!(
        view.lines[0].reason.ends_with("(as two samples, not image by image)"),
        "{}",
        view.lines[0].reason
    );
}

#[test]
fn a_rule_made_soft_fails_in_words_alone() {
    let (baseline, candidate) = collapsed();
    let soft = Policy::default().softened(&[RuleKind::Accuracy, RuleKind::Classes]).unwrap();
    let judgement = judged(baseline.run("fp32"), candidate.run("int8"), &soft);
    assert_eq!((judgement.effect(), judgement.count(Effect::Warning)), (Effect::Warning, 2));
    let view = GateView::of(&judgement);
    assert!(annotations(&view).iter().all(|line| line.starts_with("::warning ")));
    let text = junit(&view).unwrap();
    check_junit(&text);
    assert!(text.contains("failures=\"0\"") && text.contains("<system-out>warning: "), "{text}");
}

/// What the default policy says of each folder of golden records.
static JUDGED: LazyLock<Vec<(&str, Judgement)>> = LazyLock::new(|| {
    let judged = |scenario| {
        let groups = in_runtimes(load_folder(&golden(scenario)).unwrap(), 0);
        let compared = |group: Group| compare_with(group.runs, group.baseline, &Options::default()).unwrap();
        let comparisons: Vec<_> = groups.into_iter().map(compared).collect();
        (scenario, judge(&comparisons, &Policy::default()))
    };
    SCENARIOS.into_iter().map(judged).collect()
});

fn of_records(scenario: &str) -> Judgement {
    JUDGED.iter().find(|(name, _)| *name == scenario).unwrap().1.clone()
}

const SCENARIOS: [&str; 4] = ["ten-classes", "two-classes", "troubles", "slices"];

#[test]
fn the_page_of_each_scenario() {
    for scenario in SCENARIOS {
        let view = GateView::of(&of_records(scenario));
        insta::assert_snapshot!(format!("page_{scenario}"), page(&view, &Style::PLAIN).join("\n"));
    }
}

#[test]
fn no_line_of_the_page_is_wider_than_asked_and_ascii_terminals_get_ascii() {
    for scenario in SCENARIOS {
        let view = GateView::of(&of_records(scenario));
        for width in [40, 60, 80, 100] {
            let lines = page(&view, &Style { width, unicode: false, ..Style::PLAIN });
            for line in lines {
                assert!(line.chars().count() <= width && line.is_ascii(), "{width}: {line}");
            }
        }
    }
}

#[test]
fn what_a_reader_must_know_stands_on_the_page_in_the_comment_and_in_the_data() {
    let (baseline, mut candidate) = (Answers::of(10, 1000).run("fp32"), Answers::of(10, 1000).run("int8"));
    let evaluation = candidate.record.evidence.evaluation.as_mut().unwrap();
    evaluation.skipped_count = 3;
    let judgement = judged(baseline, candidate, &Policy::default());
    let told = "ort · int8: 3 of 10003 images could not be decoded and were left out";
    let view = GateView::of(&judgement);
    assert!(page(&view, &Style { width: 200, ..Style::PLAIN }).contains(&format!("  note: {told}")));
    assert!(comment(&view).contains(&format!("> **Note** {told}")));
    let document = GateDocument::of(&judgement, &view).to_json().unwrap();
    assert!(document.contains(told), "{document}");
}

#[test]
fn the_annotations_of_each_scenario() {
    for scenario in SCENARIOS {
        let view = GateView::of(&of_records(scenario));
        let text = [annotations(&view), outputs(&view)].concat().join("\n");
        insta::assert_snapshot!(format!("github_{scenario}"), text);
    }
}

#[test]
fn the_comment_of_each_scenario() {
    for scenario in SCENARIOS {
        let text = comment(&GateView::of(&of_records(scenario)));
        assert!(text.starts_with(MARKER));
        insta::assert_snapshot!(format!("comment_{scenario}"), text);
    }
}

#[test]
fn a_comment_stays_below_what_github_takes_however_many_classes_there_are() {
    let baseline = Answers::of(300, 20);
    let mut candidate = baseline.clone();
    candidate.images.iter_mut().for_each(|image| image.1 = 0);
    let with_long_names = |answers: &Answers, variant: &str| {
        let mut run = answers.run(variant);
        let names = &mut run.record.dataset.as_mut().unwrap().classes;
        names.iter_mut().for_each(|name| *name += &" für Möbel 🪑".repeat(15));
        run
    };
    let (one, two) = (with_long_names(&baseline, "fp32"), with_long_names(&candidate, "int8"));
    let judgement = judged(one, two, &Policy::default());
    let mut judgement = judgement;
    judgement.remarks = vec!["ü<é>|".repeat(1000); 50];
    let text = comment(&GateView::of(&judgement));
    assert!(text.len() < COMMENT_LIMIT && text.contains("more are in the other reports"), "{}", text.len());
    assert!(annotations(&GateView::of(&judgement)).len() <= 10);
}

#[test]
fn the_findings_as_data_keep_to_the_published_schema() {
    let schema = jsonschema::validator_for(&gate_schema()).unwrap();
    for scenario in SCENARIOS {
        let judgement = of_records(scenario);
        let document = GateDocument::of(&judgement, &GateView::of(&judgement));
        let value = serde_json::to_value(&document).unwrap();
        let errors: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, [] as [String; 0], "{scenario}");
    }
    let judgement = of_records("slices");
    let text = GateDocument::of(&judgement, &GateView::of(&judgement)).to_json().unwrap();
    insta::assert_snapshot!("json_slices", text.replace(env!("CARGO_PKG_VERSION"), "[version]"));
}

/// `BLESS=1 cargo test --test gate_proof` writes the schemas anew.
#[test]
fn the_published_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    let baseline = onnx_bench::gate::baseline_schema();
    let policy = onnx_bench::gate::policy_schema();
    for (name, current) in [("gate", gate_schema()), ("baseline", baseline), ("policy", policy)] {
        let path = folder.join(format!("{name}.v1.schema.json"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, serde_json::to_string_pretty(&current).unwrap() + "\n").unwrap();
        }
        let committed: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(committed, current, "run `BLESS=1 cargo test --test gate_proof`");
    }
}

#[test]
fn the_schema_for_editors_knows_every_rule_and_no_other() {
    let schema = jsonschema::validator_for(&onnx_bench::gate::policy_schema()).unwrap();
    let holds = |text: &str| {
        schema.is_valid(&serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap())
    };
    assert!(holds(
        "[gate]\nstrict = true\n[gate.accuracy]\nmargin = 1\n[gate.runtimes.tract.latency]\nmargin = 9\n[data]\npath = \"x\""
    ));
    assert!(!holds("[gate]\nstrickt = true"));
    assert!(!holds("[gate.latency]\nmargin = \"5 ms\""));
}

#[test]
fn the_policy_of_the_documentation_is_one() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let text = page.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    let settings: onnx_bench::plan::Settings = toml::from_str(text).unwrap();
    let policy = Policy::of(&settings.gate, onnx_bench::compare::Margin::Points(0.01)).unwrap();
    assert!(policy.rules.classes.is_some() && policy.runtimes.contains_key("ort:cuda"));
    let schema = jsonschema::validator_for(&onnx_bench::gate::policy_schema()).unwrap();
    let table: toml::Table = toml::from_str(text).unwrap();
    assert!(schema.is_valid(&serde_json::to_value(table).unwrap()));
}

#[test]
fn the_junit_of_each_scenario_keeps_to_the_common_schema() {
    for scenario in SCENARIOS {
        let text = junit(&GateView::of(&of_records(scenario))).unwrap();
        check_junit(&text);
        insta::assert_snapshot!(format!("junit_{scenario}"), text);
    }
}

#[test]
fn names_that_xml_would_read_or_cannot_hold_are_written_safely() {
    let baseline = Answers::of(2, 100);
    let mut one = baseline.run("fp32");
    let mut two = baseline.run("int8");
    for run in [&mut one, &mut two] {
        run.record.dataset.as_mut().unwrap().classes =
            vec!["a<b> & \"c\" ]]>".into(), "\u{1}\u{ffff}'é".into()];
    }
    let text = junit(&GateView::of(&judged(one, two, &Policy::default()))).unwrap();
    check_junit(&text);
    assert!(text.contains("a&lt;b&gt; &amp;"), "{text}");
}

/// An element of a JUnit document.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
}

impl Element {
    fn of(start: &BytesStart<'_>) -> Self {
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let key = attribute.key.as_ref().to_owned();
            (key, attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned())
        });
        Self {
            name: start.name().as_ref().to_owned(),
            attributes: attributes.collect(),
            children: Vec::new(),
        }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn count(&self, name: &str) -> usize {
        self.attribute(name).unwrap_or_else(|| panic!("<{}> has no {name}", self.name)).parse().unwrap()
    }
}

/// Parses a document; what is not well-formed fails.
fn parsed(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(Element::of(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(Element::of(&start)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let [root] = &mut open[..] else { panic!("an element is not closed") };
    assert_eq!(root.children.len(), 1, "one root");
    root.children.pop().unwrap()
}

/// The rules of the schema that Jenkins, GitLab and others go by: `testsuites` of `testsuite` of `testcase`
/// with at most one of `failure`, `error` and `skipped`; required attributes; sums that are right.
fn check_junit(text: &str) {
    const ALLOWED: [(&str, &[&str], &[&str]); 7] = [
        ("testsuites", &["name", "tests", "failures", "errors", "skipped", "time"], &["testsuite"]),
        ("testsuite", &["name", "tests", "failures", "errors", "skipped", "time"], &["testcase"]),
        ("testcase", &["name", "classname", "time"], &["failure", "error", "skipped", "system-out"]),
        ("failure", &["message", "type"], &[]),
        ("error", &["message", "type"], &[]),
        ("skipped", &["message"], &[]),
        ("system-out", &[], &[]),
    ];
    fn check(element: &Element) {
        let (_, attributes, children) = ALLOWED.iter().find(|(name, ..)| *name == element.name).unwrap();
        let keys: Vec<&str> = element.attributes.iter().map(|(key, _)| key.as_str()).collect();
        assert!(
            attributes.iter().all(|name| keys.contains(name)) && keys.len() == attributes.len(),
            "{element:?}"
        );
        assert!(element.children.iter().all(|child| children.contains(&child.name.as_str())), "{element:?}");
        element.children.iter().for_each(check);
    }
    let root = parsed(text);
    assert_eq!(root.name, "testsuites");
    check(&root);
    for suite in &root.children {
        let with = |name: &str| {
            suite.children.iter().filter(|case| case.children.iter().any(|child| child.name == name)).count()
        };
        assert_eq!(suite.count("tests"), suite.children.len());
        assert_eq!(
            [suite.count("failures"), suite.count("errors"), suite.count("skipped")],
            [with("failure"), with("error"), with("skipped")]
        );
        assert!(suite.children.iter().all(|case| case.children.len() == 1));
    }
    for count in ["tests", "failures", "errors", "skipped"] {
        assert_eq!(root.count(count), root.children.iter().map(|suite| suite.count(count)).sum::<usize>());
    }
}
