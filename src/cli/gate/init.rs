//! `bench gate --init`: a commented `[gate]` section that suits a record.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::cli::runs::load;
use crate::cli::start::closed_pipe;
use crate::error::{Error, Result};
use crate::record::Run;
use crate::report::number;
use crate::stats;

/// Share of images on which two models of one origin part, where nothing is known: what int8 does to a
/// good model.
const DISAGREEMENT: f64 = 0.03;

/// Prints the section. Only records say what the data can show.
pub(super) fn init(paths: &[PathBuf]) -> Result<()> {
    let mut runs = Vec::new();
    for path in paths {
        if path.extension().is_some_and(|extension| extension == "onnx") {
            return Err(Error::usage("a section is made from a record, not from a model")
                .at_path(path)
                .help(
                    "measure first: bench compare A.onnx B.onnx --data images/, then bench gate --init last",
                ));
        }
        runs.extend(load(path)?);
    }
    io::stdout().lock().write_all(section(&runs).as_bytes()).or_else(closed_pipe)
}

/// The section as text. What is commented out is off, or has the default that is shown.
fn section(runs: &[Run]) -> String {
    let mut text = String::from(
        "[gate]
# What fails a candidate; docs/ci.md explains every rule. Only worse fails.
# strict = true                # a rule that cannot tell fails
# soft = [\"latency\"]           # kinds of rules whose failures are warnings (shared runners)
# off = [\"size\"]               # kinds of rules that do not hold
",
    );
    accuracy(runs, &mut text);
    classes(runs, &mut text);
    text += "
# [gate.metrics.macro_f1]      # any metric of `bench list metrics` that is counted over images
# margin = \"99%-of-baseline\"   # or 0.01, or \"110%-of-errors\"

# [gate.agreement]
# at_least = 95                # percent of the images with the same prediction

# [gate.flips]
# right_to_wrong = 2           # percent of the images
# any = 5

";
    latency(runs, &mut text);
    text += "
# [gate.throughput]
# margin = 5
# [gate.memory]
# margin = 10
# [gate.load]
# margin = 10

[gate.size]
margin = 5                     # percent larger

# [gate.runtimes.\"ort:cuda\".latency]   # what holds otherwise in one runtime
# margin = 10
";
    text
}

/// A rule that is written is asked for: where nothing was timed, it could only say so.
fn latency(runs: &[Run], text: &mut String) {
    let timed = runs.iter().any(|run| run.record.evidence.latency.is_some());
    let sign = if timed { "" } else { "# " };
    for line in [
        "[gate.latency]",
        "margin = 5                     # percent slower",
        "noise = 3                      # and never less than so many times the noise of the machine",
    ] {
        *text += &format!("{sign}{line}\n");
    }
}

fn accuracy(runs: &[Run], text: &mut String) {
    *text += "\n[gate.accuracy]\nmargin = 0.5                   # percentage points, \"99%-of-baseline\" or \"110%-of-errors\"\n";
    let images = runs.iter().filter_map(|run| run.predictions.as_ref()).map(|it| it.len() as u64).max();
    let shown = images.and_then(|n| Some((n, stats::smallest_margin(n, DISAGREEMENT, 0.0, 0.95, 0.8)?)));
    if let Some((images, margin)) = shown {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# {} images decide a margin of {} points in four of five cases where 3 % of the images are in dispute.",
            number::whole(images),
            number::points_bare(margin).trim_start_matches('+')
        );
    }
}

fn classes(runs: &[Run], text: &mut String) {
    *text += "\n[gate.classes]\nmargin = 5                     # points of recall that a class may lose\n# metric = \"f1\"               # or \"precision\", in the place of recall\nat_least = 20                  # classes with fewer images are not judged\n";
    let names = runs.iter().find_map(|run| run.record.dataset.as_ref()).map(|data| data.classes.as_slice());
    // A name of several lines would not stay behind its `#`.
    let plain = |name: &&String| !name.chars().any(char::is_control);
    if let Some(first) = names.unwrap_or_default().iter().find(plain) {
        let quoted = toml::Value::String(first.clone());
        let _ = writeln!(text, "# margins = {{ {quoted} = 2 }}        # classes with a margin of their own");
        let _ = writeln!(text, "# only = [{quoted}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Margin;
    use crate::gate::Policy;
    use crate::metric::fixtures::{latency, predictions, run};
    use crate::plan::Settings;

    #[test]
    fn a_class_name_cannot_write_rules_of_its_own() {
        let mut evaluated = run("fp32");
        evaluated.record.dataset.as_mut().unwrap().classes[0] = "coat\n[gate.size]\nmargin = 99".into();
        let text = section(&[evaluated]);
        let read: Settings = toml::from_str(&text).unwrap();
        assert_eq!(read.gate.size.unwrap().margin, Some(5.0));
        assert!(text.contains("# only = [\"shirt\"]"), "{text}");
    }

    #[test]
    fn the_section_is_a_policy_with_and_without_its_comments() {
        let mut evaluated = run("fp32");
        evaluated.predictions = Some(predictions(3, &[("a", 0, &[1.0, 0.0, 0.0])]));
        evaluated.record.evidence.latency = Some(latency(&[&[100]]));
        evaluated.record.dataset.as_mut().unwrap().classes[0] = "a \"coat\"".into();
        let text = section(&[evaluated]);
        let as_it_is: Settings = toml::from_str(&text).unwrap();
        let default = Policy::default().rules;
        let read = Policy::of(&as_it_is.gate, Margin::Points(0.01)).unwrap().rules;
        assert_eq!(
            (read.accuracy, read.classes, read.costs, read.size),
            (default.accuracy, default.classes, default.costs, default.size)
        );
        // Sentences start with a capital letter or a figure; settings do not.
        let setting = |line: &&str| {
            line.strip_prefix("# ")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_lowercase() || c == '['))
        };
        let uncommented: Vec<&str> =
            text.lines().map(|line| if setting(&line) { &line[2..] } else { line }).collect();
        let all: Settings = toml::from_str(&uncommented.join("\n")).unwrap();
        assert!(all.gate.strict == Some(true) && all.gate.agreement.is_some());
        assert!(all.gate.classes.as_ref().unwrap().margins.contains_key("a \"coat\""));
        Policy::of(&all.gate, Margin::Points(0.01)).unwrap();
    }
}
