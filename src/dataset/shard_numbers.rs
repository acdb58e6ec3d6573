//! Numbers in the names of files that make up a data set together: a file that is missing would pass
//! for a smaller data set.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// What the end of a name tells of a file among several: `test-00001-of-00002`, `train-000003`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbered<'a> {
    /// What stands before the number.
    pub name: &'a str,
    /// The number; empty where there is none.
    pub digits: &'a str,
    /// How many files there are, where the name says it.
    pub of: Option<usize>,
}

impl<'a> Numbered<'a> {
    /// From a name without its extension.
    pub(super) fn of(stem: &'a str) -> Self {
        Self::with_total(stem).unwrap_or_else(|| Self::ending(stem, None))
    }

    /// `NAME-NNNNN-of-NNNNN`, which a digest may follow.
    fn with_total(stem: &'a str) -> Option<Self> {
        let (before, after) = stem.rsplit_once("-of-")?;
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let ends = after[digits..].is_empty() || after[digits..].starts_with('-');
        let of = after[..digits].parse().ok()?;
        Some(Self::ending(before, Some(of))).filter(|numbered| ends && !numbered.digits.is_empty())
    }

    fn ending(text: &'a str, of: Option<usize>) -> Self {
        let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
        Self { name, digits: &text[name.len()..], of }
    }
}

/// Refuses files of a data set, by their names without extensions, where their numbers tell that some
/// are missing. `instead` says what to do where just these are meant.
pub(super) fn check_complete(stems: &[String], instead: &str) -> Result<()> {
    let mut series = BTreeMap::<&str, Vec<(&str, Numbered<'_>)>>::new();
    for stem in stems {
        let numbered = Numbered::of(stem);
        series.entry(numbered.name).or_default().push((stem, numbered));
    }
    series
        .values()
        .try_for_each(|files| check_total(files, instead).and_then(|()| check_gaps(files, instead)))
}

/// Holds the number of files against the number that their names tell.
fn check_total(files: &[(&str, Numbered<'_>)], instead: &str) -> Result<()> {
    let other = |numbered: &Numbered<'_>| numbered.of.filter(|&of| of != files.len());
    let Some((stem, of)) = files.iter().find_map(|(stem, numbered)| Some((stem, other(numbered)?))) else {
        return Ok(());
    };
    Err(Error::unusable(format!("{} of {of} shards are here", files.len())).help(format!(
        "`{stem}` tells of {of}: fetch those that are missing, remove those of other versions, or {instead}"
    )))
}

/// Looks for a number that is left out.
fn check_gaps(files: &[(&str, Numbered<'_>)], instead: &str) -> Result<()> {
    let number = |(stem, numbered): &(_, Numbered<'_>)| {
        Some((numbered.digits.parse::<u64>().ok()?, numbered.digits.len(), *stem))
    };
    let mut numbers: Vec<(u64, usize, &str)> = files.iter().filter_map(number).collect();
    numbers.sort_unstable();
    // Years and days are numbers too, and not each has a file.
    let counts =
        numbers.first().is_some_and(|(number, digits, _)| *number <= 1 || is_padded(*number, *digits));
    let gap = numbers.windows(2).find(|pair| pair[1].0 - pair[0].0 > 1).filter(|_| counts);
    let Some([(before, width, stem), (_, _, next)]) = gap else { return Ok(()) };
    let missing = format!("{}{:0width$}", Numbered::of(stem).name, before + 1, width = *width);
    Err(Error::unusable(format!("shard `{missing}` is missing"))
        .because(format!("`{stem}` and `{next}` are here"))
        .help(format!("fetch those that are missing, or {instead}")))
}

fn is_padded(number: u64, digits: usize) -> bool {
    number.to_string().len() < digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(stems: &[&str]) -> Result<()> {
        check_complete(&stems.iter().map(|&stem| stem.to_owned()).collect::<Vec<_>>(), "name one file")
    }

    #[test]
    fn a_name_tells_its_number_and_the_total() {
        for (stem, name, digits, of) in [
            ("test-00000-of-00002", "test-", "00000", Some(2)),
            ("train-00001-of-00005-b42c8f7f9a3e", "train-", "00001", Some(5)),
            ("train-0003", "train-", "0003", None),
            ("0000", "", "0000", None),
            ("validation", "validation", "", None),
            ("one-of-many", "one-of-many", "", None),
            ("one-of-3", "one-of-", "3", None),
        ] {
            assert_eq!(Numbered::of(stem), Numbered { name, digits, of }, "{stem}");
        }
    }

    #[test]
    fn a_number_that_is_left_out_is_named() {
        for (stems, missing) in [
            (&["test-000000", "test-000003"][..], "`test-000001`"),
            (&["a-090", "a-091", "a-093"], "`a-092`"),
            (&["8", "9", "11", "1", "2", "3", "4", "5", "6", "7"], "`10`"),
            (&["b-0", "a-0", "b-2"], "`b-1`"),
        ] {
            let error = checked(stems).unwrap_err();
            assert!(error.what.contains(missing), "{error}");
            assert!(error.help.unwrap().contains("name one file"));
        }
        assert!(checked(&["a-00000-of-00003", "a-00001-of-00003"]).unwrap_err().what.contains("2 of 3"));
    }

    #[test]
    fn what_is_whole_or_no_count_passes() {
        for stems in [
            &["a-00", "a-01", "a-02"][..],
            &["a-1", "a-2"],
            &["a-005"],
            &["2022", "2024"],
            &["day-20240101", "day-20240315"],
            &["cifar10", "cifar100"],
            &["a-0", "b-5", "c"],
            &["a-00001-of-00002", "a-00000-of-00002"],
            &["99999999999999999999999", "0"],
        ] {
            checked(stems).unwrap_or_else(|error| panic!("{stems:?}: {error}"));
        }
    }
}
