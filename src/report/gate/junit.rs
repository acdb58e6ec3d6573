//! JUnit XML, which GitLab, Jenkins, Azure and Buildkite read: one suite for each candidate, one case for
//! each rule and each class. A broken rule is a failure, a candidate that did not run an error, what
//! cannot be told is skipped.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{GateLine, GateView};
use crate::gate::{Effect, Outcome};

/// The document as text.
pub fn junit(view: &GateView) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&GateLine> = view.lines.iter().collect();
    let counts = Counts::of(&all);
    writer
        .create_element("testsuites")
        .with_attributes([
            ("name", "bench gate"),
            ("tests", counts.tests.as_str()),
            ("failures", counts.failures.as_str()),
        ])
        .with_attributes([
            ("errors", counts.errors.as_str()),
            ("skipped", counts.skipped.as_str()),
            ("time", "0"),
        ])
        .write_inner_content(|writer| {
            view.candidates().iter().try_for_each(|(candidate, baseline)| {
                let lines: Vec<&GateLine> =
                    all.iter().copied().filter(|it| it.candidate == *candidate).collect();
                suite(writer, candidate, baseline, &lines)
            })
        })?;
    let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

/// Numbers of cases, as attributes have them.
struct Counts {
    tests: String,
    failures: String,
    errors: String,
    skipped: String,
}

impl Counts {
    fn of(lines: &[&GateLine]) -> Self {
        let count =
            |wanted: Verdict| lines.iter().filter(|line| Verdict::of(line) == wanted).count().to_string();
        Self {
            tests: lines.len().to_string(),
            failures: count(Verdict::Failure),
            errors: count(Verdict::Error),
            skipped: count(Verdict::Skipped),
        }
    }
}

/// What a case comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failure,
    Error,
    Skipped,
}

impl Verdict {
    fn of(line: &GateLine) -> Self {
        match (line.effect, line.outcome) {
            (Effect::Failure, _) => Self::Failure,
            (Effect::CouldNotRun, _) => Self::Error,
            (_, Outcome::CannotTell) => Self::Skipped,
            // A failure that is only a warning has its words, and does not fail.
            (_, Outcome::Fail | Outcome::Pass) => Self::Passed,
        }
    }
}

fn suite(
    writer: &mut Writer<Vec<u8>>,
    candidate: &str,
    baseline: &str,
    lines: &[&GateLine],
) -> io::Result<()> {
    let counts = Counts::of(lines);
    let name = xml(&format!("{candidate} against {baseline}"));
    writer
        .create_element("testsuite")
        .with_attributes([
            ("name", name.as_str()),
            ("tests", counts.tests.as_str()),
            ("failures", counts.failures.as_str()),
        ])
        .with_attributes([
            ("errors", counts.errors.as_str()),
            ("skipped", counts.skipped.as_str()),
            ("time", "0"),
        ])
        .write_inner_content(|writer| lines.iter().try_for_each(|line| case(writer, line)))
        .map(drop)
}

fn case(writer: &mut Writer<Vec<u8>>, line: &GateLine) -> io::Result<()> {
    let class = xml(&format!("gate.{}.{}", line.runtime, line.rule.name()));
    let name = xml(&line.title);
    let element = writer.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", class.as_str()),
        ("time", "0"),
    ]);
    let told = xml(&line.told());
    element
        .write_inner_content(|writer| match Verdict::of(line) {
            Verdict::Failure => with_message(writer, "failure", &told, line),
            Verdict::Error => with_message(writer, "error", &told, line),
            Verdict::Skipped => writer
                .create_element("skipped")
                .with_attribute(("message", told.as_str()))
                .write_empty()
                .map(drop),
            Verdict::Passed => {
                let prefix = if line.effect == Effect::Warning { "warning: " } else { "" };
                let text = format!("{prefix}{told}");
                writer.create_element("system-out").write_text_content(BytesText::new(&text)).map(drop)
            }
        })
        .map(drop)
}

fn with_message(writer: &mut Writer<Vec<u8>>, tag: &str, told: &str, line: &GateLine) -> io::Result<()> {
    let text = xml(&format!("{} of {} against {}: {told}", line.title, line.candidate, line.baseline));
    writer
        .create_element(tag)
        .with_attributes([("message", told), ("type", line.rule.name())])
        .write_text_content(BytesText::new(&text))
        .map(drop)
}

/// XML 1.0 has no place for most control characters, and for two that Unicode has set aside.
fn xml(text: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r') || (!c.is_control() && c != '\u{fffe}' && c != '\u{ffff}');
    text.chars().map(|c| if allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}
