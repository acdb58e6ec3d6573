//! Brace patterns: `test-{000000..000012}.tar` stands for thirteen shards, `{a,b}-{0..3}.tar` for eight.

use crate::error::{Error, Result};

/// Most shards that a pattern may stand for.
pub(super) const MAX_SHARDS: usize = 10_000;

/// Whether `text` has braces to expand.
pub(super) fn is_pattern(text: &str) -> bool {
    text.find('{').is_some_and(|open| text[open..].contains('}'))
}

/// All names that `pattern` stands for; the last braces vary fastest, as in a shell.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, after)) = after.split_once('}') else { break };
        let choices = choices(inside).map_err(|error| error.at(pattern))?;
        if names.len().saturating_mul(choices.len()) > MAX_SHARDS {
            return Err(too_many().at(pattern));
        }
        let with = |name: &String| {
            choices.iter().map(|choice| format!("{name}{before}{choice}")).collect::<Vec<_>>()
        };
        names = names.iter().flat_map(with).collect();
        rest = after;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

fn choices(inside: &str) -> Result<Vec<String>> {
    if let Some((first, last)) = inside.split_once("..") {
        return range(first, last)?.ok_or_else(|| not_understood(inside));
    }
    if inside.contains(',') && !inside.contains('{') {
        return Ok(inside.split(',').map(str::to_owned).collect());
    }
    Err(not_understood(inside))
}

/// The numbers from `first` to `last`; `None` where those are no numbers. A leading zero in one of
/// them sets the width of all.
fn range(first: &str, last: &str) -> Result<Option<Vec<String>>> {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let (Some(Some(from)), Some(Some(to))) = (number(first), number(last)) else { return Ok(None) };
    if from.abs_diff(to) >= MAX_SHARDS as u64 {
        return Err(too_many());
    }
    let padded = [first, last].iter().any(|text| text.len() > 1 && text.starts_with('0'));
    let width = if padded { first.len().max(last.len()) } else { 0 };
    let mut numbers: Vec<String> =
        (from.min(to)..=from.max(to)).map(|number| format!("{number:0width$}")).collect();
    if from > to {
        numbers.reverse();
    }
    Ok(Some(numbers))
}

fn too_many() -> Error {
    Error::usage(format!("the pattern stands for more than {MAX_SHARDS} shards"))
        .help("give their folder, or a part of them")
}

fn not_understood(inside: &str) -> Error {
    Error::usage(format!("the braces `{{{inside}}}` are not understood"))
        .help("write a range as {000000..000012}, or names as {a,b}; not one within the other")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_keeps_its_leading_zeros() {
        assert_eq!(expand("t-{08..10}.tar").unwrap(), ["t-08.tar", "t-09.tar", "t-10.tar"]);
        assert_eq!(expand("{9..11}").unwrap(), ["9", "10", "11"]);
        assert_eq!(expand("{2..0}").unwrap(), ["2", "1", "0"]);
        assert_eq!(expand("plain.tar").unwrap(), ["plain.tar"]);
    }

    #[test]
    fn several_braces_multiply_and_the_last_varies_fastest() {
        assert_eq!(
            expand("{a,b}/x-{0..1}.tar").unwrap(),
            ["a/x-0.tar", "a/x-1.tar", "b/x-0.tar", "b/x-1.tar"]
        );
    }

    #[test]
    fn more_shards_than_anybody_has_are_refused_before_they_are_listed() {
        for pattern in ["{0..10000}", "{0..99}{0..99}{0..1}", "{0..18446744073709551615}"] {
            assert!(expand(pattern).unwrap_err().what.contains("more than 10000"), "{pattern}");
        }
        assert_eq!(expand("{1..10000}").unwrap().len(), 10_000);
    }

    #[test]
    fn braces_that_mean_nothing_are_named() {
        for pattern in
            ["a{b}", "{0..x}", "{..}", "{}", "{{0..1},{3..4}}", "{0..-1}", "{0..99999999999999999999}"]
        {
            let error = expand(pattern).unwrap_err();
            assert!(error.what.contains("not understood"), "{pattern}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_makes_a_panic_or_too_many_names(pattern in "[a-c0-9{},.]{0,24}") {
            if let Ok(names) = expand(&pattern) {
                prop_assert!((1..=MAX_SHARDS).contains(&names.len()));
            }
        }
    }
}
