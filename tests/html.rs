//! The page for a browser, its charts, and the table of all figures, made of golden records: what they
//! say, that they hold together, and that no name can break them. `tests/browser` looks at the page in
//! a browser.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/records.rs"]
mod records;
mod support;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use onnx_bench::compare::{Comparison, Options, Resampling, compare, compare_with};
use onnx_bench::preprocess::Image;
use onnx_bench::record::{Run, load_folder};
use onnx_bench::report::{CARDS, Charts, Gallery, Html, Picture, Pictures, Report, View, csv};
use support::Story;

fn golden(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(scenario)
}

fn comparison(scenario: &str) -> Comparison {
    compare(load_folder(&golden(scenario)).unwrap(), 0).unwrap()
}

/// With few resamples: these tests are about everything else.
fn quickly(runs: Vec<Run>) -> Comparison {
    let resampling = Resampling { resamples: 100, ..Resampling::default() };
    compare_with(runs, 0, &Options { resampling, ..Options::default() }).unwrap()
}

fn page(comparison: &Comparison) -> String {
    page_with(comparison, &Pictures::default())
}

fn page_with(comparison: &Comparison, pictures: &Pictures) -> String {
    let mut out = Vec::new();
    Html { comparison, pictures, cards: CARDS }.write(&View::of(comparison), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A piece of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece<'a> {
    Open(&'a str, &'a str),
    Close(&'a str),
    Text(&'a str),
}

/// Elements that have no end.
const VOID: [&str; 3] = ["meta", "br", "img"];

/// The pieces of a page in order. Panics where a tag does not end.
fn pieces(page: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = page.trim_start_matches("<!doctype html>");
    while let Some(start) = rest.find('<') {
        pieces.push(Piece::Text(&rest[..start]));
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        pieces.push(match tag.strip_prefix('/') {
            Some(name) => Piece::Close(name),
            None => {
                let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
                Piece::Open(name.trim_end_matches('/'), attributes)
            }
        });
        if tag.ends_with('/') {
            pieces.push(Piece::Close(match pieces[pieces.len() - 1] {
                Piece::Open(name, _) => name,
                _ => unreachable!("a closing tag has no slash at its end"),
            }));
        }
        rest = &rest[end + 1..];
    }
    pieces
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = attributes.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn attributes_of<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let attributes = pieces(page).into_iter().filter_map(|piece| match piece {
        Piece::Open(_, attributes) => Some(attributes),
        _ => None,
    });
    // ` id` and not `…-id`.
    let wanted = format!(" {name}");
    attributes
        .filter(|attributes| attributes.starts_with(name) || attributes.contains(&wanted))
        .filter_map(|attributes| attribute(attributes, name))
        .collect()
}

/// What a reader without charts reads, an element a line: headings with `#`, cells divided by `|`.
fn told(page: &str) -> String {
    let (mut out, mut silent) = (String::new(), 0);
    let body = &page[page.find("<body>").unwrap()..];
    for piece in pieces(body) {
        match piece {
            Piece::Open("svg" | "style", _) => silent += 1,
            Piece::Close("svg" | "style") => silent -= 1,
            Piece::Open("h1", _) => out += "\n# ",
            Piece::Open("h2", _) => out += "\n\n## ",
            Piece::Open("h3", _) => out += "\n\n### ",
            Piece::Open("td", _) => out += " | ",
            Piece::Open("th", attributes) if attributes.contains("scope=\"col\"") => out += " | ",
            Piece::Open("tr" | "li" | "p" | "figcaption" | "summary" | "caption" | "dt" | "pre", _) => {
                out += "\n"
            }
            Piece::Open("dd" | "br" | "b", _) => out += " ",
            Piece::Text(text) if silent == 0 => out += &text.replace('\n', " ⏎ "),
            _ => {}
        }
    }
    let lines = out.lines().map(|line| line.trim_end_matches(['⏎', ' ']).trim_end());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n") + "\n"
}

/// Headings alone.
fn outline(page: &str) -> Vec<String> {
    told(page).lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect()
}

fn all() -> Vec<(&'static str, Comparison)> {
    let scenarios = records::scenarios().into_iter();
    let made = scenarios.map(|(name, runs)| (name, runs.into_iter().map(|(_, run)| run).collect()));
    let all = made.chain([("across", records::across())]);
    all.map(|(name, runs)| (name, quickly(runs))).collect()
}

#[test]
fn what_the_page_says() {
    for scenario in ["two-classes", "ten-classes", "troubles", "slices", "no-data"] {
        insta::assert_snapshot!(
            format!("page_{}", scenario.replace('-', "_")),
            told(&page(&comparison(scenario)))
        );
    }
    insta::assert_snapshot!("page_across", told(&page(&quickly(records::across()))));
}

#[test]
fn every_element_ends_where_it_should() {
    for (scenario, comparison) in all() {
        let page = page(&comparison);
        let mut open: Vec<&str> = Vec::new();
        for piece in pieces(&page) {
            match piece {
                Piece::Open(name, _) if !VOID.contains(&name) => open.push(name),
                Piece::Close(name) => assert_eq!(open.pop(), Some(name), "in {scenario}, within {open:?}"),
                _ => {}
            }
        }
        assert_eq!(open, [] as [&str; 0], "{scenario}");
        assert!(!page.contains("NaN") && !page.contains("inf "), "{scenario}");
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for (scenario, comparison) in all() {
        let page = page(&comparison);
        assert!(page.contains("default-src 'none'; img-src data:"), "{scenario}");
        for word in ["<script", "<link", "<iframe", "http:", "https:", "url(", "@import", "javascript:"] {
            assert!(!page.contains(word), "{word} is in the page of {scenario}");
        }
        let handlers = pieces(&page).into_iter().filter(
            |piece| matches!(piece, Piece::Open(_, attributes) if attributes.split(' ').any(|a| a.starts_with("on") && a.contains('='))),
        );
        assert_eq!(handlers.count(), 0, "{scenario}");
    }
}

#[test]
fn every_way_leads_somewhere_and_every_place_is_one() {
    for (scenario, comparison) in all() {
        let page = page(&comparison);
        let ids = attributes_of(&page, "id");
        let distinct: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "an id twice in {scenario}: {ids:?}");
        for way in attributes_of(&page, "href") {
            assert!(distinct.contains(way.trim_start_matches('#')), "{way} in {scenario}");
        }
        for label in attributes_of(&page, "aria-labelledby") {
            assert!(distinct.contains(label), "{label} in {scenario}");
        }
    }
}

#[test]
fn the_page_can_be_read_without_seeing_it() {
    for (scenario, comparison) in all() {
        let page = page(&comparison);
        let pieces = pieces(&page);
        for (index, piece) in pieces.iter().enumerate() {
            let next = |count: usize| pieces.get(index + count).copied();
            match piece {
                Piece::Open("th", attributes) => {
                    assert!(attributes.contains("scope="), "{scenario}: {attributes}")
                }
                Piece::Open("svg", attributes) => {
                    assert!(attributes.contains("role=\"img\""), "{scenario}");
                    assert_eq!(next(2), Some(Piece::Open("title", "")), "{scenario}");
                }
                Piece::Open("table", _) => {
                    assert!(matches!(next(2), Some(Piece::Open("caption", _))), "{scenario}");
                }
                Piece::Open("img", attributes) => assert!(attributes.contains("alt="), "{scenario}"),
                _ => {}
            }
        }
        let levels: Vec<usize> =
            outline(&page).iter().map(|line| line.chars().take_while(|c| *c == '#').count()).collect();
        assert_eq!((levels[0], levels[1]), (1, 2), "{scenario}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{scenario}: {levels:?}");
    }
}

/// The text of a page with what was escaped as it was, and with spaces that break.
fn plain(html: &str) -> String {
    let text = html.replace('\u{a0}', " ").replace("<code>", "`").replace("</code>", "`");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

#[test]
fn every_figure_and_word_of_the_terminal_is_in_the_page() {
    for (scenario, comparison) in all() {
        let (view, page) = (View::of(&comparison), plain(&page(&comparison)));
        let rows = view.sections.iter().flat_map(|section| &section.rows);
        let cells = rows.flat_map(|row| &row.cells).flat_map(|cell| [&cell.value, &cell.change]);
        let classes =
            view.classes.iter().flat_map(|table| &table.rows).flat_map(|row| [&row.name, &row.recall.value]);
        let facts = view.facts.iter().flat_map(|fact| &fact.lines);
        let troubles = view.troubles.iter().flat_map(|trouble| &trouble.lines);
        let confusions = view.confusions.iter().flat_map(|confusions| &confusions.changes);
        let across = view.across.iter().flat_map(|across| across.rows.iter().flatten().chain(&across.notes));
        let told = cells.chain(classes).chain(facts).chain(troubles).chain(confusions).chain(across);
        let told = told.chain(&view.warnings);
        for text in told {
            assert!(page.contains(&text.replace('\u{a0}', " ")), "`{text}` is not in the page of {scenario}");
        }
        for line in view.summary.iter().flat_map(|statement| &statement.lines) {
            let end = line.text.rsplit_once(": ").map_or(line.text.as_str(), |(_, end)| end);
            assert!(page.contains(end), "`{end}` is not in the page of {scenario}");
        }
    }
}

/// Names as an enemy, or a careless user, would choose them.
const HOSTILE: [&str; 3] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "gpj\u{202e}cat\u{0}\u{1b}[31m",
];

#[test]
fn no_name_can_break_the_page_or_a_chart() {
    let mut runs = load_folder(&golden("ten-classes")).unwrap();
    for run in &mut runs {
        run.record.job.variant = format!("{} {}", run.record.job.variant, HOSTILE[1]);
        run.record.environment.cpu = HOSTILE[0].into();
        run.record.model.path += HOSTILE[0];
        let classes = &mut run.record.dataset.as_mut().unwrap().classes;
        HOSTILE.iter().enumerate().for_each(|(index, name)| classes[index] = (*name).to_owned());
    }
    let comparison = quickly(runs);
    let page = page(&comparison);
    let drawings = Charts::of(&comparison).iter().map(|chart| chart.drawing.standalone()).collect::<Vec<_>>();
    for text in drawings.iter().chain([&page]) {
        assert!(!text.contains("<script") && !text.contains("<img src=x") && !text.contains("\" onerror"));
        assert!(!text.contains(['\u{202e}', '\u{0}', '\u{1b}']));
    }
    let clean = quickly(load_folder(&golden("ten-classes")).unwrap());
    let tags = |page: &str| pieces(page).iter().filter(|piece| matches!(piece, Piece::Open(..))).count();
    assert_eq!(tags(&page), tags(&self::page(&clean)), "a name has become an element");
}

#[test]
fn charts_stand_alone_under_names_of_their_own() {
    for (scenario, comparison) in all() {
        let charts = Charts::of(&comparison);
        let stems: HashSet<&str> = charts.iter().map(|chart| chart.stem.as_str()).collect();
        assert_eq!(stems.len(), charts.iter().count(), "{scenario}");
        for chart in charts.iter() {
            let svg = chart.drawing.standalone();
            assert!(
                svg.starts_with("<svg xmlns=") && svg.contains("<desc>") && !svg.contains("NaN"),
                "{}",
                chart.stem
            );
        }
    }
    let drawn: Vec<String> =
        Charts::of(&comparison("ten-classes")).iter().map(|chart| chart.stem.clone()).collect();
    for stem in ["accuracy-latency", "latency-ecdf", "latency-rounds", "recall-by-class", "f1-distribution"] {
        assert!(drawn.iter().any(|drawn| drawn == stem), "{stem} is not in {drawn:?}");
    }
    assert!(Charts::of(&comparison("no-data")).classes.is_empty());
}

#[test]
fn a_hundred_classes_and_fifty_thousand_images_are_a_page_of_a_few_megabytes() {
    let comparison = quickly(records::many_classes(100, 500));
    let page = page(&comparison);
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    // For `tests/browser`.
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("hundred-classes.html"), &page).unwrap();
    insta::assert_snapshot!("outline_hundred_classes", outline(&page).join("\n"));
    assert!(told(&page).contains("\nspecies 099 | "), "every class is in a table");
}

#[test]
fn a_single_run_has_a_page_too() {
    let runs = load_folder(&golden("ten-classes")).unwrap().into_iter().take(1).collect();
    insta::assert_snapshot!("page_single_run", outline(&page(&quickly(runs))).join("\n"));
}

#[test]
fn flips_show_the_pictures_that_there_are() {
    let comparison = comparison("ten-classes");
    let first = Gallery::all(&comparison, 1)[0].cards[0].id.clone();
    let image = Image { width: 28, height: 28, channels: 1, pixels: vec![128; 28 * 28] };
    let by_id = [((0, first), Picture::of(&image).unwrap())].into();
    let note = Some("Some are missing.".to_owned());
    let page = page_with(&comparison, &Pictures { by_id, note });
    // Both int8 runs disagree on the same images, and share a gallery.
    assert_eq!(page.matches("<img class=\"tiny\" src=\"data:image/png;base64,").count(), 1);
    assert!(page.contains("Some are missing."));
}

fn table(comparison: &Comparison) -> String {
    let mut out = Vec::new();
    csv(comparison, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_figure_as_a_table() {
    insta::assert_snapshot!("csv_two_classes", table(&comparison("two-classes")));
    insta::assert_snapshot!("csv_troubles", table(&comparison("troubles")));
}

#[test]
fn the_table_has_differences_across_data_sets_and_says_to_which_run() {
    let text = table(&quickly(records::across()));
    let accuracy = |run: &str| -> Vec<String> {
        let is_it = |line: &&str| line.starts_with(&format!("{run},")) && line.contains(",accuracy,,");
        text.lines().find(is_it).unwrap().split(',').map(str::to_owned).collect()
    };
    let [baseline, difference, low, high, p] = [3, 13, 15, 16, 18];
    let number = |text: &String| text.parse::<f64>().unwrap();
    let (there, here) = (accuracy("ort · fp32 · switches"), accuracy("ort · fp32 · Fashion-MNIST"));
    assert_eq!((there[baseline].as_str(), here[baseline].as_str()), ("ort · fp32 · Fashion-MNIST", ""));
    assert!((number(&there[difference]) - (number(&there[8]) - number(&here[8]))).abs() < 1e-12);
    assert!(number(&there[low]) > 0.0 && number(&there[high]) > number(&there[difference]));
    assert_eq!(there[p], "", "no test of what is not paired");
    let paired = accuracy("ort · int8 · switches");
    assert_eq!(paired[baseline], "ort · fp32 · switches");
    assert!(!paired[p].is_empty());
}

#[test]
fn the_table_has_one_row_for_each_metric_run_and_class() {
    for (scenario, comparison) in all() {
        let text = table(&comparison);
        let mut rows = HashSet::new();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), text.lines().next().unwrap().split(',').count(), "{line}");
            assert!(
                rows.insert((fields[0].to_owned(), fields[4].to_owned(), fields[5].to_owned())),
                "{scenario}: {line}"
            );
        }
        let readings: usize = comparison.columns.iter().map(|column| column.readings.len()).sum();
        assert!(rows.len() >= readings, "{scenario}");
    }
}

#[test]
fn several_files_come_of_one_command() {
    let story = Story::new("report").args(&[golden("ten-classes").to_str().unwrap()]);
    let places = ["out.html", "out.json", "out.csv", "out.md", "plots"].map(|name| story.path(name));
    let [html, json, csv, markdown, plots] = places.each_ref().map(|path| path.to_str().unwrap().to_owned());
    let flags = ["--html", &html, "--json", &json, "--csv", &csv, "--markdown", &markdown, "--plots", &plots];
    let ending = story.args(&flags).run().exits(0).prints("verdict, against ort · fp32");
    for path in &places[..4] {
        assert!(fs::metadata(path).unwrap().len() > 1_000, "{}", path.display());
    }
    assert!(fs::read_dir(&places[4]).unwrap().count() >= 10);
    assert!(places[4].join("latency-ecdf.svg").is_file());
    let page = fs::read_to_string(&places[0]).unwrap();
    assert!(
        page.contains("Without pictures: the data set fixtures/fashion-mnist"),
        "the golden data is made up"
    );
    ending.keeps_its_manners();
}

#[test]
fn charts_are_pixels_on_request_where_there_is_a_font() {
    let story = Story::new("report").args(&[golden("two-classes").to_str().unwrap(), "--quiet"]);
    let plots = story.path("plots");
    let ending = story.args(&["--plots", plots.to_str().unwrap(), "--plot-format", "png"]).run();
    match ending.status() {
        0 => assert!(fs::read(plots.join("latency-ecdf.png")).unwrap().starts_with(b"\x89PNG")),
        _ => drop(ending.exits(3).complains("fonts-dejavu-core")),
    }
}

#[test]
fn a_page_goes_to_standard_output_alone() {
    let records = golden("two-classes");
    let records = records.to_str().unwrap();
    let ending = Story::new("report").args(&[records, "--html", "-"]).run().exits(0);
    assert!(ending.stdout().starts_with("<!doctype html>") && ending.stdout().ends_with("</html>\n"));
    Story::new("report")
        .args(&[records, "--html", "-", "--csv", "-"])
        .run()
        .exits(2)
        .complains("cannot both go to standard output");
    Story::new("report").args(&[records, "--images", "many"]).run().exits(2).complains("none");
}

#[test]
fn the_command_on_the_page_resolves_to_the_same_settings() {
    let first = Story::compare(&[support::FP32, support::INT8])
        .args(&["--data", support::SHAPES, "--runtime", "fake", "--limit", "6", "--margin", "1"])
        .recorded()
        .run()
        .exits(0);
    let records = first.desk().join("records");
    let page = Story::new("report")
        .args(&[records.to_str().unwrap(), "--margin", "1", "--html", "-"])
        .run()
        .exits(0);
    let page = page.stdout();
    let (_, rest) = page.split_once("<code>bench compare ").unwrap();
    let (command, _) = rest.split_once("</code>").unwrap();
    let words: Vec<String> = plain(command)
        .replace("\\\n", " ")
        .split_whitespace()
        .map(|word| word.trim_matches('\'').to_owned())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let again = Story::new("compare").args(&words).recorded().run().exits(0);
    for index in 0..2 {
        let [mut one, mut other] =
            [first.column(index), again.column(index)].map(|column| column["job"].clone());
        // Said by other sources, to the same effect.
        for job in [&mut one, &mut other] {
            job.as_object_mut().unwrap().remove("sources");
        }
        assert_eq!(one, other);
    }
}
