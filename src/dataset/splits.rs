//! Which split of several is meant, and of which one a file is.

use super::wording::some;
use crate::error::{Error, Result};

/// Usual names, in the order in which they are taken when none is asked for.
pub(super) const USUAL: [&str; 7] = ["test", "val", "valid", "validation", "dev", "eval", "train"];
/// The one split of data whose names tell of none.
pub(super) const ALL: &str = "all";

/// Of the names `found`, the one that is `asked` for, else the first of the [`USUAL`] ones, else the
/// only one. A name that ends in the word counts too, such as `emnist-letters-test`.
pub(super) fn choose(found: &[&str], asked: Option<&str>) -> Result<String> {
    let chosen = match asked {
        Some(asked) => like(found, same(asked)).or_else(|| like(found, asked)),
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
        (Some(told), Some(asked)) if like(&[told], same(asked)).is_some() || told == asked => Ok(()),
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
    words.find_map(|word| USUAL.into_iter().find(|&usual| usual == word))
}

/// MNIST calls its test set t10k.
fn same(asked: &str) -> &str {
    if asked == "t10k" { "test" } else { asked }
}

/// The split of this very name, else the only one that ends in it.
fn like<'a>(found: &[&'a str], wanted: &str) -> Option<&'a str> {
    let ending =
        |split: &&&str| split.strip_suffix(wanted).is_some_and(|rest| rest.ends_with(['-', '_', '.']));
    let mut similar = found.iter().filter(ending);
    let exact = found.iter().find(|&&split| split == wanted);
    exact.or_else(|| similar.next().filter(|_| similar.next().is_none())).copied()
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
