//! The gate on a terminal: for each candidate what is broken, then what cannot be told, then what holds,
//! and at the end the answer.

use super::super::layout::wrap;
use super::super::number::counted;
use super::super::{Style, Tone};
use super::{GateLine, GateView};
use crate::gate::{Effect, Outcome};
use crate::plan::RuleKind;

/// Groups that hold, or are too small to tell, are counted; of those too small so many are named.
const NAMED: usize = 3;

/// Below the findings.
const LEGEND: &str = "in brackets: what is 95 % sure, to each side for accuracy, recall of classes and slices, of both sides together for the rest";

/// The lines of the page.
pub fn page(view: &GateView, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (candidate, baseline) in view.candidates() {
        let of_it: Vec<&GateLine> = view.worst().filter(|line| line.candidate == candidate).collect();
        lines.extend(candidate_lines(&of_it, candidate, baseline, style));
        lines.push(String::new());
    }
    for remark in &view.remarks {
        let text = wrap(&style.text(&format!("note: {remark}")), style.width.saturating_sub(2));
        lines.extend(text.iter().map(|line| format!("  {line}")));
        lines.push(String::new());
    }
    let legend = wrap(&style.text(LEGEND), style.width.saturating_sub(2));
    lines.extend(legend.iter().map(|line| format!("  {}", style.dim(line))));
    lines.push(String::new());
    let headline = format!("  gate: {}", view.headline);
    lines.extend(
        wrap(&style.text(&headline), style.width)
            .iter()
            .map(|line| style.bold(&style.paint(tone(view.effect), line))),
    );
    lines
}

fn candidate_lines(lines: &[&GateLine], candidate: &str, baseline: &str, style: &Style) -> Vec<String> {
    let heading = style.text(&format!("  gate of {candidate} against {baseline}"));
    let mut out: Vec<String> = wrap(&heading, style.width).iter().map(|line| style.bold(line)).collect();
    for line in lines.iter().filter(|line| !counted_only(line)) {
        out.extend(bullet(mark(line, style), &format!("{}: {}", line.title, line.told()), line, style));
    }
    for rule in [RuleKind::Classes, RuleKind::Slices] {
        let groups: Vec<&GateLine> =
            lines.iter().copied().filter(|line| line.rule == rule && counted_only(line)).collect();
        out.extend(summary(rule, &groups).into_iter().flat_map(|text| indented(&text, style)));
    }
    out
}

/// Groups that nobody has to look at.
fn counted_only(line: &GateLine) -> bool {
    let group = matches!(line.rule, RuleKind::Classes | RuleKind::Slices);
    group && line.effect == Effect::None
}

fn summary(rule: RuleKind, groups: &[&GateLine]) -> Vec<String> {
    let (one, many) = if rule == RuleKind::Slices { ("slice", "slices") } else { ("class", "classes") };
    let holding = groups.iter().filter(|line| line.outcome == Outcome::Pass).count() as u64;
    let small: Vec<&str> = groups
        .iter()
        .filter(|line| line.quiet && line.outcome != Outcome::Pass)
        .filter_map(|line| line.group.as_deref())
        .collect();
    let holds = (holding > 0).then(|| {
        format!(
            "{} {} within the limit",
            counted(holding, one, many),
            if holding == 1 { "is" } else { "are" }
        )
    });
    let rest = match small.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let named = small.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let too_small = (!small.is_empty()).then(|| {
        format!(
            "{} too small to tell: {named}{rest} (--strict fails them)",
            counted(small.len() as u64, one, many)
        )
    });
    [holds, too_small].into_iter().flatten().collect()
}

fn bullet(mark: &str, text: &str, line: &GateLine, style: &Style) -> Vec<String> {
    let signs =
        std::iter::once(style.paint(tone(line.effect), mark)).chain(std::iter::repeat(" ".to_owned()));
    let lines = wrap(&style.text(text), style.width.saturating_sub(6));
    signs.zip(lines).map(|(sign, line)| format!("    {sign} {line}")).collect()
}

fn indented(text: &str, style: &Style) -> Vec<String> {
    let lines = wrap(&style.text(text), style.width.saturating_sub(6));
    lines.iter().map(|line| format!("      {}", style.dim(line))).collect()
}

fn mark(line: &GateLine, style: &Style) -> &'static str {
    match (line.outcome, style.unicode) {
        (Outcome::Pass, true) => "✓",
        (Outcome::Pass, false) => "+",
        (Outcome::Fail, true) => "✗",
        (Outcome::Fail, false) => "x",
        (Outcome::CannotTell, _) => "?",
    }
}

fn tone(effect: Effect) -> Tone {
    match effect {
        Effect::None => Tone::Better,
        Effect::Warning | Effect::Inconclusive => Tone::Plain,
        Effect::CouldNotRun | Effect::Failure => Tone::Worse,
    }
}
