//! Which split is meant, where files are named by their split.

use super::folder::SPLITS;
use crate::error::{Error, Result};

/// Of the splits that were `found`, the one asked for; else the first of test, val, valid, validation
/// and train; else the only one.
pub(super) fn choose<'a>(found: &[&'a str], asked: Option<&str>) -> Result<&'a str> {
    let named = |name: &str| found.iter().copied().find(|split| *split == name);
    let chosen = match asked {
        Some(name) => named(name),
        None => SPLITS.into_iter().find_map(named).or(match found {
            [only] => Some(*only),
            _ => None,
        }),
    };
    chosen.ok_or_else(|| {
        let what = match asked {
            Some(name) => format!("there is no split `{name}`"),
            None => "it is not clear which of several splits is meant".to_owned(),
        };
        Error::usage(what).help(format!("the splits here are: {}; set `--split`", found.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_the_one_asked_for_else_the_most_usual_else_the_only_one() {
        assert_eq!(choose(&["test", "train", "validation"], None).unwrap(), "test");
        assert_eq!(choose(&["train", "validation"], None).unwrap(), "validation");
        assert_eq!(choose(&["train", "validation"], Some("train")).unwrap(), "train");
        assert_eq!(choose(&["holdout"], None).unwrap(), "holdout");
    }

    #[test]
    fn an_absent_or_unclear_split_is_an_error_that_lists_those_found() {
        for asked in [None, Some("test")] {
            assert!(choose(&["a", "b"], asked).unwrap_err().help.unwrap().contains("a, b"));
        }
    }
}
