//! What to do about it, in plain words.

use super::findings::{Findings, Tried, Verdict};
use crate::compare::{Standing, TRIAL_ERROR};
use crate::metric::Unit;
use crate::plan::Job;
use crate::preprocess::PreprocessSettings;
use crate::report::number::{counted, interval_of_difference, percent, points, probability, value, whole};

/// Most names in a list.
const NAMES: usize = 4;

/// A log loss lower by this share is worth a word.
const LOWER: f64 = 0.95;

/// A part of the answer.
pub enum Part {
    /// A paragraph.
    Text(String),
    /// Lines to copy.
    Lines(Vec<String>),
}

/// The answer.
pub fn advice(findings: &Findings, job: &Job) -> Vec<Part> {
    match (findings.verdict, findings.best()) {
        (Verdict::AtChance, _) => vec![Part::Text(at_chance(findings))],
        (_, Some(best)) => another(findings, best, job),
        (_, None) => vec![Part::Text(holds(findings))],
    }
}

fn holds(findings: &Findings) -> String {
    let images = counted(findings.images, "image", "images");
    let mut sentences = vec![match findings.tried.len() {
        0 => format!("There was nothing else to try on these {images}."),
        1 => format!("The settings are fine: the one other is not significantly better on {images}."),
        tried if suspected(findings) => format!(
            "None of {tried} others is significantly better on {images}, but more images might show one."
        ),
        tried => {
            format!("The settings are fine: none of {tried} others is significantly better on {images}.")
        }
    }];
    sentences.extend(apart(findings));
    sentences.extend(hint(findings));
    sentences.extend(silent(findings));
    sentences.join(" ")
}

/// Whether one of them got more images right and would be called better if it had been tried alone, or
/// is surer of the truth.
fn suspected(findings: &Findings) -> bool {
    let surer = |tried: &Tried| {
        let losses = tried.settings.log_loss.zip(findings.current.log_loss);
        losses.is_some_and(|(loss, current)| loss < LOWER * current)
    };
    findings.tried.iter().any(|tried| {
        tried.standing == Standing::Same && tried.difference > 0.0 && (tried.p < TRIAL_ERROR || surer(tried))
    })
}

/// What these images do not tell apart, and how many would.
fn apart(findings: &Findings) -> Option<String> {
    let same: Vec<&Tried> = findings.tried.iter().filter(|tried| tried.standing == Standing::Same).collect();
    let first = same.first()?;
    let told = match same.len() {
        1 => format!("One is not told from them: {}", quoted(&same)),
        many => format!("{many} are not told from them: {}", quoted(&same)),
    };
    let Some(images) = first.images_needed.map(round_up).filter(|_| first.difference > 0.0) else {
        let none = if same.len() == 1 { "it got no" } else { "none of these got" };
        return Some(format!("{told}; {none} more images right."));
    };
    Some(format!(
        "{told}. `{}` got {} more; if it went on like this, about {} images would tell (`--limit {images}`).",
        first.name,
        points(first.difference).trim_start_matches('+'),
        whole(images),
    ))
}

/// Two digits say all that is known of it.
fn round_up(images: u64) -> u64 {
    let step = 10u64.pow(images.max(1).ilog10().saturating_sub(1));
    images.div_ceil(step).saturating_mul(step)
}

/// Log loss sees more than right and wrong, and is no test.
fn hint(findings: &Findings) -> Option<String> {
    let current = findings.current.log_loss?;
    let same = findings.tried.iter().filter(|tried| tried.standing == Standing::Same);
    let losses = same.filter_map(|tried| Some((tried, tried.settings.log_loss?)));
    let (tried, loss) = losses.min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let in_words = |loss| value(loss, Unit::Nats);
    (loss < LOWER * current).then(|| {
        let (name, loss, current) = (&tried.name, in_words(loss), in_words(current));
        format!("By log loss, which is a hint and no test, `{name}` is ahead: {loss} against {current}.")
    })
}

/// What was left out of the table.
fn silent(findings: &Findings) -> Option<String> {
    let same = findings.same_tensors.len();
    let changes = match same {
        0 => return None,
        1 => "1 more change gives the same tensors".to_owned(),
        many => format!("{many} more changes give the same tensors"),
    };
    let names: Vec<String> = findings.same_tensors.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("{changes} on these images and cannot matter here: {}.", listed(&names)))
}

fn another(findings: &Findings, best: &Tried, job: &Job) -> Vec<Part> {
    let (accuracy, current) = (percent(best.settings.accuracy), percent(findings.current.accuracy));
    let interval = best
        .low
        .zip(best.high)
        .map(|(low, high)| format!(" {}", interval_of_difference(low, high, Unit::Fraction)));
    let found = format!(
        "Another preprocessing is significantly better: `{}` gets {accuracy} of {} images right instead of {current} ({}{}, p {} after correction for {} tried).",
        best.name,
        whole(findings.images),
        points(best.difference),
        interval.unwrap_or_default(),
        probability(best.p_corrected),
        findings.tried.len(),
    );
    let mut parts = vec![Part::Text(
        [Some(found), near(findings, best)].into_iter().flatten().collect::<Vec<_>>().join(" "),
    )];
    let flags = in_the_way(&best.change, job);
    if best.is_overruled && !flags.is_empty() {
        parts.push(Part::Text(format!(
            "These are what the model's own files say: leave out {}.",
            listed(&flags)
        )));
    } else {
        parts.push(Part::Text("Put this into bench.toml beside the model:".into()));
        parts.push(Part::Lines(lines(&best.change)));
        if !flags.is_empty() {
            parts.push(Part::Text(format!(
                "Flags and variables go before bench.toml: leave out {}.",
                listed(&flags)
            )));
        }
    }
    let again = "Then check again: what is left shows only when this is right.";
    parts.push(Part::Text(
        [Some(again.to_owned()), silent(findings)].into_iter().flatten().collect::<Vec<_>>().join(" "),
    ));
    parts
}

/// Others that are better too, and as good as the best.
fn near(findings: &Findings, best: &Tried) -> Option<String> {
    let near: Vec<&Tried> =
        findings.tried.iter().filter(|tried| tried.as_good_as_best && tried.name != best.name).collect();
    let first = near.first()?;
    let ahead = |tried: &&&Tried| tried.settings.log_loss < best.settings.log_loss;
    let by_loss = near.iter().filter(ahead).min_by(|one, other| {
        let loss = |of: &Tried| of.settings.log_loss.unwrap_or(f64::INFINITY);
        loss(one).total_cmp(&loss(other))
    });
    let told = match near.len() {
        1 => format!("Not told from it: `{}`", first.name),
        many => format!("Not told from it are {many} others: {}", quoted(&near)),
    };
    Some(match by_loss {
        Some(tried) => format!("{told}; by log loss `{}` is ahead, which is a hint and no test.", tried.name),
        None => format!("{told}; by log loss it is ahead of them."),
    })
}

fn at_chance(findings: &Findings) -> String {
    let best = findings.tried.iter().map(|tried| tried.settings.accuracy);
    let best = best.fold(findings.current.accuracy, f64::max);
    format!(
        "No preprocessing is above chance: the best gets {} of {} right, and always naming their most frequent class would get {}. \
         Suspect the classes next: `bench run --explain` prints which class each output stands for, and --class-names, --background-class and --output change it.",
        percent(best),
        counted(findings.images, "image", "images"),
        percent(findings.chance),
    )
}

/// The lines of a settings file.
pub fn lines(change: &PreprocessSettings) -> Vec<String> {
    let table = toml::to_string(change).unwrap_or_default();
    ["[preprocess]"].into_iter().chain(table.lines()).map(str::to_owned).collect()
}

/// Flags and variables that said what is to be changed: bench.toml cannot overrule them.
fn in_the_way(change: &PreprocessSettings, job: &Job) -> Vec<String> {
    let table = toml::Table::try_from(change).unwrap_or_default();
    let keys = ["preset"].into_iter().chain(table.keys().map(String::as_str));
    keys.filter_map(|key| match job.sources.get(&format!("preprocess.{key}")).map(String::as_str) {
        Some("flag") => Some(format!("`--{}`", key.replace('_', "-"))),
        Some("environment") => Some(format!("`BENCH_{}`", key.to_uppercase())),
        _ => None,
    })
    .collect()
}

fn quoted(tried: &[&Tried]) -> String {
    listed(&tried.iter().map(|tried| format!("`{}`", tried.name)).collect::<Vec<_>>())
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() > NAMES + 1 => {
            format!("{} and {} more", names[..NAMES].join(", "), names.len() - NAMES)
        }
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::{Channels, Filter, Resampler, Scale};

    #[test]
    fn lines_are_those_of_a_settings_file() {
        let change = PreprocessSettings {
            channels: Some(Channels::Bgr),
            scale: Some(Scale::Raw),
            mean: Some(vec![103.939, 116.779, 123.68]),
            std: Some(vec![]),
            ..PreprocessSettings::default()
        };
        assert_eq!(
            lines(&change),
            [
                "[preprocess]",
                "channels = \"bgr\"",
                "scale = \"raw\"",
                "mean = [103.939, 116.779, 123.68]",
                "std = []"
            ]
        );
        let resampler = Some(Resampler::Opencv);
        let change = PreprocessSettings { resampler, filter: Some(Filter::Area), ..Default::default() };
        assert_eq!(lines(&change)[1..], ["resampler = \"opencv\"", "filter = \"area\""]);
    }

    #[test]
    fn long_lists_say_how_many_more_there_are() {
        let names = |count: usize| (0..count).map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(&names(2)), "0 and 1");
        assert_eq!(listed(&names(5)), "0, 1, 2, 3 and 4");
        assert_eq!(listed(&names(6)), "0, 1, 2, 3 and 2 more");
    }

    #[test]
    fn images_that_would_tell_are_rounded_up() {
        assert_eq!([0, 7, 42, 1_327, 99_999].map(round_up), [0, 7, 42, 1_400, 100_000]);
    }
}
