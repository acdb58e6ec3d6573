//! Which split of several is meant.

use crate::error::{Error, Result};

/// Usual names, in the order in which they are taken when none is asked for.
pub(super) const USUAL: [&str; 5] = ["test", "val", "valid", "validation", "train"];

/// Of the names `found`, the one that is `asked` for, else test, validation or train, else the only one. A
/// name that ends in the word counts too, such as `emnist-letters-test`. `found` must not be empty.
pub(super) fn choose(found: &[&str], asked: Option<&str>) -> Result<String> {
    let wanted = match asked {
        // MNIST calls its test set t10k.
        Some("t10k") => &["test"][..],
        Some(_) => asked.as_slice(),
        None => &USUAL,
    };
    if let Some(split) = wanted.iter().find_map(|wanted| like(found, wanted)) {
        return Ok(split.to_owned());
    }
    match (asked, found) {
        (None, [only]) => Ok((*only).to_owned()),
        _ => Err(Error::usage(format!("there is no split `{}`", wanted[0]))
            .help(format!("the splits here are: {}; set `--split`", found.join(", ")))),
    }
}

/// The split of this very name, else the only one that ends in it.
fn like<'a>(found: &[&'a str], wanted: &str) -> Option<&'a str> {
    let ending =
        |split: &&&str| split.strip_suffix(wanted).is_some_and(|rest| rest.ends_with(['-', '_', '.']));
    let mut similar = found.iter().filter(ending);
    let exact = found.iter().find(|&&split| split == wanted);
    exact.or_else(|| similar.next().filter(|_| similar.next().is_none())).copied()
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
    }
}
