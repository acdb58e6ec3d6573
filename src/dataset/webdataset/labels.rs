//! Labels that are written as text: numbers of classes, or their names.

use std::collections::HashMap;

use crate::dataset::classes::{self, Wanted};
use crate::error::{Error, Result};

/// Most classes. A label beyond is a mistake, and would make as many names.
const MAX_CLASSES: u32 = 1_000_000;

/// What the labels of a data set mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Class names in label order.
    pub classes: Vec<String>,
    /// For each different text: the class that it stands for.
    pub class_of: Vec<u32>,
}

/// Why labels mean nothing.
#[derive(Debug)]
pub(super) struct Misfit {
    /// What is wrong.
    pub error: Error,
    /// The text that it is about, by number; all of them where there is none.
    pub text: Option<usize>,
}

/// What `texts`, the different labels of a data set, mean. Where all are whole numbers, they are the
/// numbers of the classes, and `given` are the names of those. Else they are names: of `given`, in
/// its order, or in byte order where nothing is given.
pub(super) fn meaning(texts: &[String], given: Option<Vec<String>>) -> Result<Meaning, Misfit> {
    let numbers = texts.iter().filter(|text| is_number(text)).count();
    if numbers == texts.len() {
        return by_number(texts, given);
    }
    match given {
        Some(classes) => by_name(texts, classes),
        None if numbers > 0 => Err(mixed(texts)),
        None => {
            let mut classes = texts.to_vec();
            classes.sort_unstable();
            classes.dedup();
            by_name(texts, classes)
        }
    }
}

fn by_number(texts: &[String], given: Option<Vec<String>>) -> Result<Meaning, Misfit> {
    let class_of = texts.iter().enumerate().map(number).collect::<Result<Vec<u32>, Misfit>>()?;
    let count = class_of.iter().max().map_or(0, |&label| label as usize + 1);
    let classes = given.unwrap_or_else(|| classes::numbered(count));
    classes::check(&classes, &Wanted::AtLeast(count)).map_err(|error| Misfit { error, text: None })?;
    Ok(Meaning { classes, class_of })
}

fn number((at, text): (usize, &String)) -> Result<u32, Misfit> {
    text.parse().ok().filter(|&label| label < MAX_CLASSES).ok_or_else(|| Misfit {
        error: Error::unusable(format!("the label is {text}"))
            .help(format!("classes are numbered from 0, to {} at most", MAX_CLASSES - 1)),
        text: Some(at),
    })
}

fn by_name(texts: &[String], classes: Vec<String>) -> Result<Meaning, Misfit> {
    let mut places = HashMap::new();
    for (name, label) in classes.iter().zip(0..) {
        places.entry(name.as_str()).or_insert(label);
    }
    let class_of = texts.iter().enumerate().map(|(at, text)| {
        places.get(text.as_str()).copied().ok_or_else(|| Misfit {
            error: Error::unusable(format!(
                "the label `{text}` is none of the {} class names",
                classes.len()
            ))
            .help("correct the label, or the list of names (`--class-names`, classes.txt)"),
            text: Some(at),
        })
    });
    let class_of = class_of.collect::<Result<Vec<u32>, Misfit>>()?;
    Ok(Meaning { classes, class_of })
}

/// Names in byte order would give the numbers among them new meanings.
fn mixed(texts: &[String]) -> Misfit {
    let name = texts.iter().position(|text| !is_number(text));
    let text = name.map_or("", |at| texts[at].as_str());
    Misfit {
        error: Error::unusable(format!("the label `{text}` is a name, and other labels are numbers"))
            .help("write all labels as numbers, or give all names (`--class-names`, classes.txt)"),
        text: name,
    }
}

/// Whether `text` was meant as a number: -1 and 3.0 are no names either. NaN and infinity may be.
fn is_number(text: &str) -> bool {
    let first = text.trim_start_matches(['-', '+', '.']).bytes().next();
    first.is_some_and(|byte| byte.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn refusal(labels: &[&str], given: Option<&[&str]>) -> Misfit {
        meaning(&texts(labels), given.map(texts)).unwrap_err()
    }

    #[test]
    fn numbers_are_numbers_of_classes() {
        let found = meaning(&texts(&["2", "0", "10"]), None).unwrap();
        assert_eq!((found.class_of, found.classes.len()), (vec![2, 0, 10], 11));
        let named = meaning(&texts(&["1", "0"]), Some(texts(&["cat", "dog", "eel"]))).unwrap();
        assert_eq!((named.class_of, named.classes), (vec![1, 0], texts(&["cat", "dog", "eel"])));
    }

    #[test]
    fn names_go_in_byte_order_or_in_the_order_given() {
        let found = meaning(&texts(&["dog", "Cat", "ant"]), None).unwrap();
        assert_eq!((found.classes, found.class_of), (texts(&["Cat", "ant", "dog"]), vec![2, 0, 1]));
        let named = meaning(&texts(&["ant", "7"]), Some(texts(&["7", "eel", "ant"]))).unwrap();
        assert_eq!(named.class_of, [2, 0]);
    }

    #[test]
    fn a_name_that_is_not_in_the_list_is_told() {
        let misfit = refusal(&["cat", "cow"], Some(&["cat", "dog"]));
        assert_eq!((misfit.text, misfit.error.what.contains("`cow`")), (Some(1), true));
    }

    #[test]
    fn numbers_that_are_no_classes_are_told() {
        for label in ["-1", "3.0", "1000000", "99999999999999999999"] {
            let misfit = refusal(&["3", label], None);
            assert_eq!((misfit.text, misfit.error.what), (Some(1), format!("the label is {label}")));
        }
        let too_few = refusal(&["0", "4"], Some(&["cat", "dog"])).error.what;
        assert!(too_few.contains("2 class names") && too_few.contains("5 classes"), "{too_few}");
    }

    #[test]
    fn names_among_numbers_are_refused_since_sorting_would_renumber_the_rest() {
        let misfit = refusal(&["0", "none", "10"], None);
        assert_eq!((misfit.text, misfit.error.what.contains("`none`")), (Some(1), true));
    }
}
