//! Which split of several is meant, and of which one a file is.

use super::wording::some;
use crate::error::{Error, Result};

/// Usual names, in the order in which they are taken when none is asked for; in capitals too.
pub(super) const USUAL: [&str; 9] =
    ["test", "testing", "val", "valid", "validation", "dev", "eval", "train", "training"];
/// Those of them that mean the same. MNIST calls its test set t10k.
const SAME: [&[&str]; 3] =
    [&["test", "testing", "t10k"], &["val", "valid", "validation"], &["train", "training"]];
/// The one split of data whose names tell of none.
pub(super) const ALL: &str = "all";

/// The usual name that `name` is, in whatever letters: `Test` is `test`.
pub(super) fn usual(name: &str) -> Option<&'static str> {
    USUAL.into_iter().find(|usual| usual.eq_ignore_ascii_case(name))
}

/// The place of `name` among the [`USUAL`] ones, behind them where it is none.
pub(super) fn rank(name: &str) -> usize {
    USUAL.iter().position(|usual| usual.eq_ignore_ascii_case(name)).unwrap_or(USUAL.len())
}

/// Whether images of the split `name` are for training, by this name.
pub(super) fn is_for_training(name: &str) -> bool {
    same("train").any(|train| train.eq_ignore_ascii_case(name))
}

/// Of the names `found`, the one that is `asked` for, or one that means the same, else the first of the
/// [`USUAL`] ones, else the only one. A name that ends in the word counts too, such as
/// `emnist-letters-test`.
pub(super) fn choose(found: &[&str], asked: Option<&str>) -> Result<String> {
    let chosen = match asked {
        Some(asked) => like(found, asked).or_else(|| same(asked).find_map(|other| like(found, other))),
        None => USUAL.iter().find_map(|usual| like(found, usual)),
    };
    match (chosen, asked, found) {
        (Some(split), ..) => Ok(split.to_owned()),
        (None, None, [only]) => Ok((*only).to_owned()),
        (None, _, [] | [ALL]) => Err(Error::usage(absent(asked))
            .help("no name of a file or folder here tells of a split; leave `--split` out")),
        _ => {
            Err(Error::usage(absent(asked))
                .help(format!("the splits here are: {}; set `--split`", some(found))))
        }
    }
}

/// Refuses to take a file that was named, and is of the split that its name tells of, for the one
/// that is `asked` for.
pub(super) fn check(told: Option<&str>, asked: Option<&str>) -> Result<()> {
    match (told, asked) {
        (_, None) => Ok(()),
        (Some(told), Some(asked)) if choose(&[told], Some(asked)).is_ok() => Ok(()),
        (Some(told), Some(asked)) => {
            Err(Error::usage(format!("the file is of split `{told}`, but split `{asked}` was asked for"))
                .help("name the file of that split, or leave `--split` out"))
        }
        (None, Some(_)) => choose(&[], asked).map(|_| ()),
    }
}

/// The usual name that is one of the words of `name`: `imagenet1k-validation-00`, `x_test`.
pub(super) fn in_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let mut words = name.split(|letter: char| !letter.is_alphanumeric());
    words.find_map(usual)
}

/// The names that mean the same as `asked`, itself among them; none for other than usual names.
fn same(asked: &str) -> impl Iterator<Item = &'static str> {
    let means_it = |names: &&&[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(asked));
    SAME.iter().find(means_it).into_iter().flat_map(|names| names.iter().copied())
}

/// The split of this very name, else the only one of it in other letters, else the only one that ends
/// in it.
fn like<'a>(found: &[&'a str], wanted: &str) -> Option<&'a str> {
    let exact = found.iter().find(|&&split| split == wanted).copied();
    exact
        .or_else(|| only(found, |split| split.eq_ignore_ascii_case(wanted)))
        .or_else(|| only(found, |split| ends_in(split, wanted)))
}

fn only<'a>(found: &[&'a str], is_it: impl Fn(&str) -> bool) -> Option<&'a str> {
    let mut similar = found.iter().copied().filter(|split| is_it(split));
    similar.next().filter(|_| similar.next().is_none())
}

/// Whether `wanted` is the last word of `split`; a folder's name may stand before it.
fn ends_in(split: &str, wanted: &str) -> bool {
    let parts = split.len().checked_sub(wanted.len()).and_then(|at| split.split_at_checked(at));
    parts.is_some_and(|(rest, end)| end.eq_ignore_ascii_case(wanted) && rest.ends_with(['-', '_', '.', '/']))
}

fn absent(asked: Option<&str>) -> String {
    format!("there is no split `{}`", asked.unwrap_or(USUAL[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_the_one_asked_for_else_the_most_usual_else_the_only_one() {
        let both = ["test", "train"];
        assert_eq!(choose(&both, None).unwrap(), "test");
        assert_eq!(choose(&both, Some("t10k")).unwrap(), "test");
        assert_eq!(choose(&both, Some("train")).unwrap(), "train");
        assert_eq!(choose(&["train"], None).unwrap(), "train");
        assert_eq!(choose(&["train", "val"], None).unwrap(), "val");
        assert_eq!(choose(&["emnist-test", "emnist-train"], None).unwrap(), "emnist-test");
    }

    #[test]
    fn capitals_and_words_that_mean_the_same_are_the_same_split() {
        for (found, taken) in
            [(["Test", "Train"], "Test"), (["Testing", "Training"], "Testing"), (["TEST", "x"], "TEST")]
        {
            assert_eq!(choose(&found, None).unwrap(), taken);
            for asked in ["test", "Test", "testing", "t10k", taken] {
                assert_eq!(choose(&found, Some(asked)).unwrap(), taken, "{asked} of {found:?}");
            }
        }
        assert_eq!(choose(&["train", "validation"], Some("val")).unwrap(), "validation");
        assert_eq!(choose(&["Test", "test"], Some("Test")).unwrap(), "Test", "the very name goes first");
        assert_eq!(choose(&["Test", "test"], Some("TEST")).unwrap(), "test", "then the usual one");
        assert!(choose(&["train", "val"], Some("test")).is_err());
        assert!(is_for_training("Training") && !is_for_training("val") && !is_for_training("pretrain"));
    }

    #[test]
    fn an_absent_split_is_an_error_that_lists_those_found() {
        let error = choose(&["test", "train"], Some("val")).unwrap_err();
        assert_eq!(error.what, "there is no split `val`");
        assert!(error.help.unwrap().contains("test, train"));
        assert!(choose(&["a-test", "b-test"], None).is_err(), "two that are as like");
        assert!(choose(&[ALL], Some("val")).unwrap_err().help.unwrap().contains("leave `--split` out"));
    }

    #[test]
    fn a_file_is_taken_for_its_own_split_only() {
        check(Some("train"), Some("train")).unwrap();
        check(Some("emnist-test"), Some("t10k")).unwrap();
        check(Some("Train"), Some("training")).unwrap();
        check(None, None).unwrap();
        assert!(check(Some("train"), Some("test")).unwrap_err().what.contains("is of split `train`"));
        assert!(check(None, Some("test")).unwrap_err().help.unwrap().contains("leave `--split` out"));
    }

    #[test]
    fn a_word_of_a_name_tells_the_split() {
        for (name, split) in [
            ("train-000000", Some("train")),
            ("imagenet1k-validation-12", Some("validation")),
            ("CIFAR_Test_3", Some("test")),
            ("latest-000", None),
        ] {
            assert_eq!(in_name(name), split, "{name}");
        }
    }
}
