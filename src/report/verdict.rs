//! The verdict in plain words: a reader without statistics understands it, a statistician finds the
//! bound, its level and its margin.

use super::number::{self, counted};
use super::summary::Line;
use super::view::{Tone, clean};
use crate::compare::{Answer, Change, Column, Gain, GoodEnough, Versus, WorthIt};

/// Beyond this nobody collects images.
const MOST_IMAGES: u64 = 100_000_000;

/// Classes that are named; more are counted.
const NAMED: usize = 3;

/// Whether it is good enough, with what that rests on.
pub(super) fn good_enough(column: &Column, found: &GoodEnough) -> Line {
    let broken = column.classes.as_ref().map_or(0, |classes| classes.not_finite);
    let broken = match broken {
        0 => String::new(),
        count => format!("; {} NaN or infinite scores", counted(count, "image gave", "images gave")),
    };
    let (change, accepted) = (difference(found), accepted(found));
    let text = match found.answer {
        Answer::Yes => {
            format!("GOOD ENOUGH: {change}; {} (95 % sure{})", at_most(found.lower), margin(found))
        }
        Answer::No => {
            format!(
                "NOT GOOD ENOUGH: {change}; it loses at least {} points (95 % sure), {accepted}",
                bare(found.upper)
            )
        }
        Answer::CannotTell => format!(
            "CANNOT TELL whether it is good enough: {change}; it may lose up to {} points, {accepted}; {}",
            bare(found.lower),
            missing_images(found)
        ),
    };
    Line { text: text + &broken, tone: tone(found.answer) }
}

/// How a loss beyond the margin is told.
fn accepted(found: &GoodEnough) -> String {
    match found.margin_share {
        0.0 => "and none is accepted".into(),
        share => format!("more than the margin of {}", bare(share)),
    }
}

/// The margin of a candidate that is within it.
fn margin(found: &GoodEnough) -> String {
    match found.margin_share {
        0.0 => String::new(),
        share => format!(", margin {}", bare(share)),
    }
}

fn tone(answer: Answer) -> Tone {
    match answer {
        Answer::Yes => Tone::Better,
        Answer::No => Tone::Worse,
        Answer::CannotTell => Tone::Plain,
    }
}

fn difference(found: &GoodEnough) -> String {
    let points = number::points_bare(found.difference);
    match points {
        points if number::reads_as_zero(&points) => "accuracy as the baseline's".into(),
        points if found.difference < 0.0 => format!("accuracy {} points lower", unsigned(&points)),
        points => format!("accuracy {} points higher", unsigned(&points)),
    }
}

fn at_most(lower: f64) -> String {
    match lower {
        lower if lower > 0.0 => format!("it is better by at least {} points", bare(lower)),
        lower => format!("it loses at most {} points", bare(lower)),
    }
}

fn missing_images(found: &GoodEnough) -> String {
    match found.outlook {
        Some(outlook) if outlook.images < MOST_IMAGES => {
            let way = if outlook.answer == Answer::Yes { "make it a yes" } else { "make it a no" };
            format!("about {} images in all would {way}, if things stay as they are", rounded(outlook.images))
        }
        _ => "at these rates no number of images would decide".into(),
    }
}

/// Two digits: what is extrapolated is not known better.
fn rounded(images: u64) -> String {
    let unit = 10u64.pow(images.max(1).ilog10().saturating_sub(1));
    number::whole(images.div_ceil(unit) * unit)
}

fn bare(share: f64) -> String {
    unsigned(&number::points_bare(share))
}

fn unsigned(points: &str) -> String {
    points.trim_start_matches(['+', '−']).to_owned()
}

/// Which images and classes changed sides.
pub(super) fn changes(column: &Column, versus: &Versus, found: &GoodEnough) -> Option<Line> {
    let count = |id: &str| versus.pair(id).and_then(|reading| reading.value);
    let (lost, won) = (count("flips_right_to_wrong")?, count("flips_wrong_to_right")?);
    let images = number::whole(found.images);
    let flips = match lost + won {
        0.0 => format!("of {images} images none went from right to wrong or back"),
        _ => format!(
            "of {images} images {} went from right to wrong, {} back",
            number::count(lost),
            number::count(won)
        ),
    };
    let classes = (lost + won > 0.0).then(|| classes(column, versus, &found.classes_lost)).flatten();
    let tone = if found.classes_lost.is_empty() { Tone::Same } else { Tone::Worse };
    Some(Line { text: [Some(flips), classes].into_iter().flatten().collect::<Vec<_>>().join("; "), tone })
}

fn classes(column: &Column, versus: &Versus, lost: &[usize]) -> Option<String> {
    let recalls = versus.delta("macro_recall")?.per_class.as_ref()?;
    if !recalls.iter().any(|class| class.test.is_some()) {
        return Some("too few in any one class to test the classes".into());
    }
    if lost.is_empty() {
        return Some("no class lost more than chance explains".into());
    }
    let names = &column.classes.as_ref()?.names;
    let told = lost.iter().take(NAMED).filter_map(|&class| {
        let by = recalls.get(class)?.absolute?;
        Some(format!("{} ({})", clean(names.get(class)?), number::points(by)))
    });
    let told: Vec<String> = told.collect();
    let more = match lost.len().saturating_sub(told.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("more recall lost than chance explains in {}{more}", told.join(", ")))
}

/// Whether it is worth it, gain by gain.
pub(super) fn worth_it(found: &WorthIt, times: Option<(f64, f64)>) -> Line {
    let compared = found.gains.iter().any(|gain| gain.metric == "speed_up");
    let unknown = (!compared).then(|| "speed was not compared".to_owned());
    let gains = found.gains.iter().map(|gain| gain_words(gain, times));
    let told: Vec<String> = unknown.into_iter().chain(gains).collect();
    let told = told.join(", ");
    let has = |change: Change| found.gains.iter().any(|gain| gain.change == change);
    let text = match found.answer {
        Answer::Yes if has(Change::Worse) => format!("WORTH IT, at a price: {told}"),
        Answer::Yes => format!("WORTH IT: {told}"),
        Answer::No if has(Change::Better) => format!("NOT WORTH IT where speed counts: {told}"),
        Answer::No => format!("NOT WORTH IT: {told}"),
        Answer::CannotTell => format!("CANNOT TELL whether it is worth it: {told}{}", missing_rounds(found)),
    };
    Line { text, tone: tone(found.answer) }
}

fn missing_rounds(found: &WorthIt) -> String {
    let times = found.gains.iter().filter_map(|gain| gain.rounds_needed).reduce(f64::max);
    match times {
        Some(times) => format!("; about {} times as many rounds would decide (--time)", times.ceil()),
        None => String::new(),
    }
}

/// A ratio of sizes as a change of the baseline's: `66 %` for a third of it.
fn share(ratio: f64) -> String {
    number::relative_change(1.0 / ratio - 1.0).trim_start_matches(['+', '−']).to_owned()
}

/// A speed-up over the run of `variant`: `2.37x slower than fp32`.
pub(super) fn against(gain: &Gain, variant: &str) -> (String, Tone) {
    match gain.change {
        Change::Better => (format!("{} faster than {variant}", number::ratio(gain.ratio)), Tone::Better),
        Change::Worse => (format!("{} slower than {variant}", number::ratio(1.0 / gain.ratio)), Tone::Worse),
        Change::Same => (format!("same speed as {variant}"), Tone::Same),
        Change::Unclear => (
            format!("speed beside {variant} unclear, {}{}", number::ratio(gain.ratio), told(gain)),
            Tone::Plain,
        ),
    }
}

/// The interval, told the way round that the words are.
fn told(gain: &Gain) -> String {
    let Some(interval) = gain.interval else { return String::new() };
    let (low, high) = match gain.change {
        Change::Worse => (1.0 / interval.high, 1.0 / interval.low),
        _ => (interval.low, interval.high),
    };
    let end = |end: f64| number::ratio(end).trim_end_matches('x').to_owned();
    format!(" [{}, {}]", end(low), end(high))
}

/// `1.24x faster [1.23, 1.25]`.
fn gain_words(gain: &Gain, times: Option<(f64, f64)>) -> String {
    let interval = told(gain);
    let (better, worse, what) = match gain.metric.as_str() {
        "speed_up" => ("faster", "slower", "speed"),
        "throughput_ratio" => ("the throughput", "less throughput", "throughput"),
        "size_ratio" => ("smaller", "larger", "size"),
        _ => ("less memory", "more memory", "memory"),
    };
    let shrinks = matches!(gain.metric.as_str(), "size_ratio" | "memory_ratio");
    let text = match gain.change {
        Change::Better if shrinks => format!("{} {better}", share(gain.ratio)),
        Change::Worse if shrinks => format!("{} {worse}", share(gain.ratio)),
        Change::Better => format!("{} {better}{interval}", number::ratio(gain.ratio)),
        Change::Worse => format!("{} {worse}{interval}", number::ratio(1.0 / gain.ratio)),
        Change::Same => format!("same {what}"),
        Change::Unclear => format!("{what} unclear ({}{interval})", number::ratio(gain.ratio)),
    };
    match (times, gain.metric.as_str()) {
        (Some((before, now)), "speed_up") => {
            format!("{text} ({} against {})", number::duration(now), number::duration(before))
        }
        _ => text,
    }
}
