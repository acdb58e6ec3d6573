//! A finding in words.

use super::super::number;
use super::super::view::clean;
use crate::gate::{Finding, Ground, Needed, Outcome, Scale};
use crate::metric::{self, Difference, Unit};
use crate::plan::{ClassMetric, RuleKind};

/// Beyond this nobody collects images.
const MOST_IMAGES: u64 = 100_000_000;

/// What is held to a limit: `recall of coat`.
pub(super) fn title(finding: &Finding) -> String {
    match finding.rule {
        RuleKind::Run => "run".into(),
        RuleKind::Accuracy => "accuracy".into(),
        RuleKind::Metrics => metric_title(&finding.metric),
        RuleKind::Classes => match &finding.scope.class {
            Some(class) => format!("{} of {}", class_metric(&finding.metric), clean(class)),
            None => format!("{} of the classes", class_metric(&finding.metric)),
        },
        RuleKind::Slices => match &finding.scope.slice {
            Some(slice) => format!("accuracy on {}", clean(slice)),
            None => "accuracy on the slices".into(),
        },
        RuleKind::Agreement => "agreement".into(),
        RuleKind::Flips if finding.metric == "flips" => "flips".into(),
        RuleKind::Flips => metric_title(&finding.metric),
        RuleKind::Latency => "latency".into(),
        RuleKind::Throughput => "time per image on all cores".into(),
        RuleKind::Memory => "memory of model".into(),
        RuleKind::Load => "load time".into(),
        RuleKind::Size => "size".into(),
    }
}

/// Recall, precision or F1, by the metric that has a value of it for each class.
fn class_metric(id: &str) -> String {
    let all = [ClassMetric::Recall, ClassMetric::Precision, ClassMetric::F1];
    all.into_iter().find(|metric| metric.id() == id).map_or_else(|| clean(id), |it| it.name().to_owned())
}

fn metric_title(id: &str) -> String {
    metric::spec(id).map_or_else(|| clean(id), |spec| spec.title.to_owned())
}

/// The figure and its interval: `−0.14 pp [−0.31, +0.03]`; empty where there is none.
pub(super) fn figure(finding: &Finding) -> String {
    let Some(value) = finding.value else { return String::new() };
    let value = amount(finding, value);
    match finding.low.zip(finding.high) {
        Some((low, high)) if low < high => format!("{value} {}", interval(finding, low, high)),
        _ => value,
    }
}

/// How far it may go: `−0.50 pp`; empty where nothing is asked.
pub(super) fn limit(finding: &Finding) -> String {
    finding.limit.map(|limit| amount(finding, limit)).unwrap_or_default()
}

fn amount(finding: &Finding, value: f64) -> String {
    match finding.scale {
        Scale::Points => number::points(value),
        Scale::Growth => number::relative_change(value),
        Scale::Share => number::percent(value),
        Scale::Own => {
            let unit = unit(finding);
            let text = number::difference(Difference::Absolute, unit, Some(value), None);
            text.unwrap_or_else(|| number::plain(value))
        }
    }
}

fn interval(finding: &Finding, low: f64, high: f64) -> String {
    match finding.scale {
        Scale::Points => number::interval_of_difference(low, high, Unit::Fraction),
        Scale::Own => number::interval_of_difference(low, high, unit(finding)),
        Scale::Growth => format!("[{}, {}]", number::relative_change(low), number::relative_change(high)),
        Scale::Share => number::interval(low, high, Unit::Fraction),
    }
}

fn unit(finding: &Finding) -> Unit {
    metric::spec(&finding.metric).map_or(Unit::Plain, |spec| spec.unit)
}

/// Why it comes to what it does, in one sentence without full stop.
pub(super) fn reason(finding: &Finding) -> String {
    let samples = if finding.paired { "" } else { " (as two samples, not image by image)" };
    format!("{}{samples}", ground(finding))
}

fn ground(finding: &Finding) -> String {
    let (figure, limit) = (figure(finding), limit(finding));
    match &finding.ground {
        Ground::Decided => decided(finding, &figure, &limit),
        Ground::Identical => "the same model with the same predictions".into(),
        Ground::Reported => reported(finding),
        Ground::TooWide { .. } => format!("{figure}: the limit of {limit} lies within the interval"),
        Ground::SurelyWorse { p, .. } => format!(
            "{figure}: worse beyond chance (p {}), and the limit of {limit} lies within the interval",
            number::probability(*p)
        ),
        Ground::NotBeyondChance { p: Some(p), .. } => format!(
            "{figure}: beyond the limit of {limit} by itself, and not beyond chance among all that were tested (p {})",
            number::probability(*p)
        ),
        Ground::NotBeyondChance { p: None, .. } => {
            format!("{figure}: beyond the limit of {limit}, and too few images changed sides to test it")
        }
        Ground::TooFew { images, least } => {
            format!(
                "{} are too few to judge, {} are asked for",
                number::counted(*images, "image", "images"),
                number::whole(*least)
            )
        }
        Ground::NoInterval { why } => {
            format!("{figure}, and how sure that is cannot be told: {}", clean(why))
        }
        Ground::NotMeasured { why, .. } => clean(why),
        Ground::NotConfirmed { first } => format!(
            "{figure} when measured again, after {} at first: within the limit of {limit}",
            amount(finding, *first)
        ),
        Ground::Confirmed { first } => format!(
            "{figure} when measured again, after {} at first: beyond the limit of {limit}",
            amount(finding, *first)
        ),
        Ground::Unconfirmed { why } => {
            format!("{figure}: beyond the limit of {limit} at first, and not measured again: {}", clean(why))
        }
        Ground::DidNotRun { how } => clean(how),
    }
}

fn decided(finding: &Finding, figure: &str, limit: &str) -> String {
    match finding.outcome {
        Outcome::Pass => format!("{figure}: within the limit of {limit}"),
        _ => format!("{figure}: beyond the limit of {limit}"),
    }
}

fn reported(finding: &Finding) -> String {
    let (Some(share), Some(images)) = (finding.value, finding.images) else { return String::new() };
    let count = number::count((share * images as f64).round());
    format!("{count} of {} ({})", number::counted(images, "image", "images"), number::percent(share))
}

/// What would decide; none where it is decided, or nobody can say.
pub(super) fn missing(finding: &Finding) -> Option<String> {
    if finding.outcome != Outcome::CannotTell {
        return None;
    }
    match &finding.ground {
        Ground::TooWide { needed } | Ground::SurelyWorse { needed, .. } => {
            Some(needed_text(finding, *needed))
        }
        Ground::NotBeyondChance { .. } | Ground::TooFew { .. } => {
            Some(format!("more images of {}", group(finding)))
        }
        Ground::NotMeasured { missing, .. } => Some(clean(missing)),
        Ground::NoInterval { .. } if finding.rule == RuleKind::Classes => {
            Some(format!("more images of {}", group(finding)))
        }
        Ground::Unconfirmed { .. } => Some("measure once more".into()),
        _ => None,
    }
}

fn group(finding: &Finding) -> &'static str {
    if finding.rule == RuleKind::Slices { "this slice" } else { "this class" }
}

fn needed_text(finding: &Finding, needed: Option<Needed>) -> String {
    match needed {
        Some(Needed::Images(images)) if images < MOST_IMAGES => {
            let of = match finding.rule {
                RuleKind::Classes => " of this class",
                RuleKind::Slices => " of this slice",
                _ => "",
            };
            format!("about {} images{of} in all would decide, if things stay as they are", rounded(images))
        }
        Some(Needed::Images(_) | Needed::NoNumber) => {
            "at these rates no number of images would decide".into()
        }
        Some(Needed::TimesTheRounds(times)) => {
            format!("about {} times as many rounds would decide (--time)", number::whole(times.ceil() as u64))
        }
        None if finding.scale == Scale::Growth => "more rounds (--time)".into(),
        None => "more images".into(),
    }
}

/// Two digits: what is extrapolated is not known better.
fn rounded(images: u64) -> String {
    let unit = 10u64.pow(images.max(1).ilog10().saturating_sub(1));
    number::whole(images.div_ceil(unit) * unit)
}
