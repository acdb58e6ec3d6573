//! Labels of tables: indices, or names of classes.

use super::classes;
use super::text_column::TextColumn;
use crate::error::{Error, Result};

/// Most classes; a larger index is a mistake, and names would be made for all below it.
pub(super) const MAX_CLASSES: u32 = 100_000;

/// The label of each row, and the classes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Labels {
    /// Index of the class of each row.
    pub labels: Vec<u32>,
    /// Class names in label order.
    pub classes: Vec<String>,
}

/// Says where a row is, in the words of an error.
pub(super) type Place<'a> = &'a dyn Fn(usize) -> String;

/// From indices, which are held against the class names where there are some.
pub(super) fn from_indices(labels: Vec<u32>, names: Option<Vec<String>>, place: Place<'_>) -> Result<Labels> {
    let (most, named) = match &names {
        Some(names) => (names.len(), true),
        None => (MAX_CLASSES as usize, false),
    };
    if let Some(row) = labels.iter().position(|&label| label as usize >= most) {
        return Err(too_large(labels[row], most, named).at(place(row)));
    }
    let seen = labels.iter().max().map_or(0, |&label| label as usize + 1);
    Ok(Labels { labels, classes: names.unwrap_or_else(|| classes::numbered(seen)) })
}

fn too_large(label: u32, most: usize, named: bool) -> Error {
    let error = Error::unusable(format!("label {label} is out of range: there are {most} classes at most"));
    match named {
        true => {
            Error { what: format!("label {label} is out of range: {most} class names are given"), ..error }
                .help("labels count from 0; correct the row or the class names")
        }
        false => error.help(
            "labels count from 0; correct the row, or name the column of the labels with --label-column",
        ),
    }
}

/// From texts, which are the names of classes or indices, in all rows alike. Classes that nobody
/// named are numbered in the byte order of their names.
pub(super) fn from_texts(texts: &TextColumn, names: Option<Vec<String>>, place: Place<'_>) -> Result<Labels> {
    let kinds = texts.texts().iter().map(|text| Said::of(text)).collect::<Vec<_>>();
    let row_of =
        |code: usize| texts.codes().iter().position(|&other| other as usize == code).unwrap_or_default();
    if let Some((code, error)) =
        kinds.iter().enumerate().find_map(|(code, kind)| Some((code, kind.refusal()?)))
    {
        return Err(error.at(place(row_of(code))));
    }
    let known = names.as_deref().map(|names| by_name(texts, names));
    match (known, names) {
        (Some(Ok(codes)), Some(names)) => Ok(Labels { labels: relabel(texts, &codes), classes: names }),
        (_, names) if kinds.iter().all(|kind| matches!(kind, Said::Index(_))) => {
            let codes: Vec<u32> = kinds.iter().filter_map(Said::index).collect();
            from_indices(relabel(texts, &codes), names, place)
        }
        (Some(Err(code)), Some(names)) => Err(unknown(&texts.texts()[code], &names).at(place(row_of(code)))),
        _ => from_names(texts, &kinds).map_err(|(code, error)| error.at(place(row_of(code)))),
    }
}

/// Index of each text among the names; the first that is none of them is the error.
fn by_name(texts: &TextColumn, names: &[String]) -> std::result::Result<Vec<u32>, usize> {
    let places: std::collections::HashMap<&str, u32> =
        (0..).zip(names).map(|(place, name)| (name.as_str(), place)).collect();
    let found = texts.texts().iter().enumerate();
    found.map(|(code, text)| places.get(&**text).copied().ok_or(code)).collect()
}

fn from_names(texts: &TextColumn, kinds: &[Said]) -> std::result::Result<Labels, (usize, Error)> {
    // Not all are indices, or this would not be reached.
    if let Some(code) = kinds.iter().position(|kind| matches!(kind, Said::Index(_))) {
        return Err((code, mixed(&texts.texts()[code])));
    }
    if texts.texts().len() > MAX_CLASSES as usize {
        return Err((MAX_CLASSES as usize, too_many()));
    }
    let mut classes: Vec<String> = texts.texts().iter().map(|text| text.to_string()).collect();
    classes.sort_unstable();
    let codes = by_name(texts, &classes).unwrap_or_default();
    Ok(Labels { labels: relabel(texts, &codes), classes })
}

fn relabel(texts: &TextColumn, codes: &[u32]) -> Vec<u32> {
    texts.codes().iter().map(|&code| codes[code as usize]).collect()
}

/// What the text of a label is.
enum Said {
    Index(u32),
    Name,
    Nothing,
    Negative(String),
    OtherNumber(String),
}

impl Said {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Nothing;
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map_or_else(|_| Self::OtherNumber(text.into()), Self::Index);
        }
        match text.parse::<f64>() {
            Ok(number) if number < 0.0 => Self::Negative(text.into()),
            // A class may be called `inf` or `nan`, as `Inf` and `NaN` are words too.
            Ok(number) if number.is_finite() => Self::OtherNumber(text.into()),
            _ => Self::Name,
        }
    }

    fn index(&self) -> Option<u32> {
        match self {
            Self::Index(index) => Some(*index),
            _ => None,
        }
    }

    fn refusal(&self) -> Option<Error> {
        match self {
            Self::Index(_) | Self::Name => None,
            Self::Nothing => Some(missing()),
            Self::Negative(text) => Some(negative(text)),
            Self::OtherNumber(text) => Some(
                Error::unusable(format!("label `{text}` is a number, but no index"))
                    .help("write whole numbers from 0 without a decimal point, or class names"),
            ),
        }
    }
}

/// A row without a label.
pub(super) fn missing() -> Error {
    Error::unusable("the row has no label").help("give it one, or remove the row")
}

/// A label below 0, which stands for an unknown one in many test sets.
pub(super) fn negative(label: impl std::fmt::Display) -> Error {
    Error::unusable(format!("the label is {label}, which stands for an unknown one"))
        .help("take a split that has labels, with --split")
}

fn unknown(text: &str, names: &[String]) -> Error {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    Error::unusable(format!("there is no class `{text}`"))
        .help(format!("correct the row, or the class names, which are {shown}{more}"))
}

fn mixed(text: &str) -> Error {
    Error::unusable(format!("label `{text}` is an index, others are class names")).help(
        "write all labels in the same way; give the names with --class-names when some of them are numbers",
    )
}

fn too_many() -> Error {
    Error::unusable(format!("there are more than {MAX_CLASSES} classes"))
        .help("name the column of the labels with --label-column")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(texts: &[&str]) -> TextColumn {
        let mut column = TextColumn::default();
        texts.iter().for_each(|text| column.push(text));
        column
    }

    fn labels(texts: &[&str], names: Option<&[&str]>) -> Result<Labels> {
        let names = names.map(|names| names.iter().map(|&name| name.into()).collect());
        from_texts(&column(texts), names, &|row| format!("row {row}"))
    }

    fn refused(texts: &[&str], names: Option<&[&str]>) -> (String, String) {
        let error = labels(texts, names).unwrap_err();
        assert!(error.help.is_some(), "{error}");
        (error.place.unwrap(), error.what)
    }

    #[test]
    fn names_are_numbered_in_byte_order() {
        let found = labels(&["b", "a10", "B", "a9", "b"], None).unwrap();
        assert_eq!(
            found,
            Labels { labels: vec![3, 1, 0, 2, 3], classes: ["B", "a10", "a9", "b"].map(String::from).into() }
        );
    }

    #[test]
    fn indices_stay_and_classes_without_images_count() {
        let found = labels(&["3", "0", "1"], None).unwrap();
        assert_eq!((found.labels, found.classes.len()), (vec![3, 0, 1], 4));
        let found = labels(&["1", "0"], Some(&["cat", "dog", "bird"])).unwrap();
        assert_eq!((found.labels, found.classes.len()), (vec![1, 0], 3));
    }

    #[test]
    fn given_names_decide_the_order_even_when_they_are_numbers() {
        assert_eq!(labels(&["dog", "cat"], Some(&["dog", "cat"])).unwrap().labels, [0, 1]);
        assert_eq!(labels(&["7", "3"], Some(&["7", "3"])).unwrap().labels, [0, 1]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_row() {
        let told = |texts: &[&str], names: Option<&[&str]>, row: &str, what: &str| {
            let (place, told) = refused(texts, names);
            assert!(place == row && told.contains(what), "{place}: {told}");
        };
        told(&["cat", "dgo"], Some(&["cat", "dog"]), "row 1", "no class `dgo`");
        told(&["cat", "cat", "1"], None, "row 2", "`1` is an index, others");
        told(&["0", "3"], Some(&["cat", "dog"]), "row 1", "label 3 is out of range: 2 class names");
        told(&["0", "4294967295"], None, "row 1", "out of range");
        told(&["0", "99999999999"], None, "row 1", "no index");
        told(&["cat", ""], None, "row 1", "no label");
        told(&["0", "-1"], None, "row 1", "-1, which stands for an unknown one");
        told(&["0.0", "1.0"], None, "row 0", "`0.0` is a number, but no index");
    }

    proptest! {
        #[test]
        fn every_label_is_the_place_of_its_name(texts in prop::collection::vec("[a-z]{1,2}", 1..40)) {
            let rows: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found = labels(&rows, None).unwrap();
            for (row, &label) in rows.iter().zip(&found.labels) {
                prop_assert_eq!(found.classes[label as usize].as_str(), *row);
            }
            prop_assert!(found.classes.windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes()));
        }
    }
}
