//! What GitHub's runner reads: annotations on standard output, and outputs of the step.

use super::{GateLine, GateView};
use crate::gate::{Effect, Outcome};

/// Annotations of one step: GitHub shows no more of each kind.
pub const ANNOTATIONS: usize = 10;

/// The worst findings as workflow commands, one a line: errors for what fails the gate, warnings for the
/// rest. Where there are more than ten, the tenth line says how many are not shown.
pub fn annotations(view: &GateView) -> Vec<String> {
    let told: Vec<&GateLine> = view.worst().filter(|line| line.effect != Effect::None).collect();
    let shown = if told.len() > ANNOTATIONS { ANNOTATIONS - 1 } else { told.len() };
    let mut lines: Vec<String> = told[..shown].iter().map(|line| annotation(line)).collect();
    if shown < told.len() {
        let rest = told.len() - shown;
        lines.push(command(
            "notice",
            "bench gate",
            &format!("{rest} more findings are in the summary of this step"),
        ));
    }
    lines
}

fn annotation(line: &GateLine) -> String {
    let kind = match line.effect {
        Effect::Failure | Effect::CouldNotRun => "error",
        _ => "warning",
    };
    let title = format!("bench gate: {} of {}", line.title, line.candidate);
    command(kind, &title, &line.told())
}

fn command(kind: &str, title: &str, message: &str) -> String {
    format!("::{kind} title={}::{}", property(title), data(message))
}

/// Text of a message as the runner undoes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property, in which colons and commas mean something too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `key=value` lines for later steps: the verdict, counts, and accuracy, latency and size of the first
/// candidate. No name that a user chose is in them.
pub fn outputs(view: &GateView) -> Vec<String> {
    let count = |outcome: Outcome| view.lines.iter().filter(|line| line.outcome == outcome).count();
    let figure = |metric: &str| {
        let line = view.lines.iter().find(|line| line.metric == metric && line.group.is_none());
        line.map(|line| line.figure.as_str()).unwrap_or_default()
    };
    [
        ("verdict", verdict(view.effect).to_owned()),
        ("failed", view.count(Effect::Failure).to_string()),
        ("warnings", view.count(Effect::Warning).to_string()),
        ("cannot_tell", count(Outcome::CannotTell).to_string()),
        ("accuracy", figure("accuracy").to_owned()),
        ("latency", figure("speed_up").to_owned()),
        ("size", figure("size").to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| format!("{key}={value}"))
    .collect()
}

/// The gate in one word.
pub(super) fn verdict(effect: Effect) -> &'static str {
    match effect {
        Effect::None | Effect::Warning => "pass",
        Effect::Inconclusive => "cannot_tell",
        Effect::CouldNotRun => "could_not_run",
        Effect::Failure => "fail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::RuleKind;

    fn line(effect: Effect, title: &str) -> GateLine {
        GateLine {
            rule: RuleKind::Classes,
            metric: "macro_recall".into(),
            runtime: "ort".into(),
            candidate: "ort · int8".into(),
            baseline: "ort · fp32".into(),
            group: Some(title.into()),
            title: title.into(),
            outcome: Outcome::Fail,
            effect,
            quiet: false,
            figure: "−18 %".into(),
            limit: String::new(),
            reason: "50 % lost\nof it".into(),
            missing: None,
        }
    }

    fn view(lines: Vec<GateLine>) -> GateView {
        let worst_first = (0..lines.len()).collect();
        GateView {
            headline: "FAILED".into(),
            effect: Effect::Failure,
            lines,
            worst_first,
            remarks: Vec::new(),
        }
    }

    #[test]
    fn what_the_runner_would_take_for_its_own_is_escaped() {
        let told = annotations(&view(vec![line(Effect::Failure, "a,b: 5 %")]));
        assert_eq!(told, ["::error title=bench gate%3A a%2Cb%3A 5 %25 of ort · int8::50 %25 lost%0Aof it"]);
    }

    #[test]
    fn there_are_ten_at_most_and_the_last_counts_the_rest() {
        let lines = (0..25).map(|class| line(Effect::Warning, &class.to_string())).collect();
        let told = annotations(&view(lines));
        assert_eq!(told.len(), 10);
        assert!(told[9].starts_with("::notice") && told[9].contains("16 more"));
        assert!(annotations(&view(vec![line(Effect::None, "a")])).is_empty());
    }

    #[test]
    fn outputs_are_one_line_each() {
        let told = outputs(&view(vec![line(Effect::Failure, "a")]));
        assert!(told.contains(&"verdict=fail".to_owned()) && told.contains(&"failed=1".to_owned()));
        assert!(told.iter().all(|line| !line.contains('\n') && line.contains('=')));
    }
}
