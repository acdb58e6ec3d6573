//! Labels: which class each image is of, from whatever integers or texts a data set has.

use std::collections::HashMap;
use std::path::Path;

use super::classes::{self, ClassNames};
use super::text_column::TextColumn;
use super::wording::{counted, shortened, some};
use crate::error::{Error, Result};

/// Most classes; a larger index is a mistake, and names would be made for all below it.
pub(super) const MAX_CLASSES: u32 = 100_000;

/// The label of each image, and the classes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Labels {
    /// Index of the class of each image.
    pub labels: Vec<u32>,
    /// What the classes are called.
    pub classes: ClassNames,
}

/// Says where an image is, in the words of an error.
pub(super) type Place<'a> = &'a dyn Fn(usize) -> String;

/// The place of an image in the file at `path`, which holds one after another.
pub(super) fn in_file(path: &Path) -> impl Fn(usize) -> String {
    move |index| format!("image {index} of {}", path.display())
}

/// One index of a class.
pub(super) fn index(value: i128) -> Result<u32> {
    match u32::try_from(value) {
        Ok(label) if label < MAX_CLASSES => Ok(label),
        Err(_) if value < 0 => Err(negative(value)),
        _ => Err(too_large(value)),
    }
}

/// The indices of classes that `values` are.
pub(super) fn from_integers(values: impl IntoIterator<Item = i128>, place: Place<'_>) -> Result<Vec<u32>> {
    let values = values.into_iter().enumerate();
    values.map(|(image, value)| index(value).map_err(|error| error.at(place(image)))).collect()
}

/// From indices, which are held against the class names where there are some.
pub(super) fn from_indices(labels: Vec<u32>, names: Option<ClassNames>, place: Place<'_>) -> Result<Labels> {
    if let Some(names) = names {
        check(&labels, names.of_data(), place)?;
        return Ok(Labels { labels: names.number(labels), classes: names });
    }
    let most = labels.iter().max().map_or(0, |&label| label as usize + 1);
    Ok(Labels { labels, classes: classes::numbered(most).into() })
}

/// Refuses a label that none of `named` classes has.
pub(super) fn check(labels: &[u32], named: usize, place: Place<'_>) -> Result<()> {
    match labels.iter().position(|&label| label as usize >= named) {
        Some(image) => {
            let label = labels[image];
            let are = if named == 1 { "is" } else { "are" };
            let names = counted(named, "class name", "class names");
            let help = match labels.contains(&0) || labels.iter().any(|&label| label as usize > named) {
                true => {
                    "labels count from 0; correct the label, or name all classes (`--class-names`, classes.txt)"
                }
                false => {
                    "these seem to count from 1, as none is 0: they must count from 0, so take 1 from each"
                }
            };
            Err(Error::unusable(format!("label {label} is out of range: there {are} {names}"))
                .at(place(image))
                .help(help))
        }
        None => Ok(()),
    }
}

/// Refuses another number of labels than of images.
pub(super) fn check_count(labels: usize, images: u64) -> Result<()> {
    if labels as u64 == images {
        return Ok(());
    }
    let (labels, fit) = (counted(labels, "label", "labels"), if labels == 1 { "does" } else { "do" });
    let images = if images == 1 { "1 image".to_owned() } else { format!("{images} images") };
    Err(Error::unusable(format!("{labels} {fit} not fit {images}")).help("take both from the same source"))
}

/// From texts: names of classes where these are known, else indices, else names that are numbered in
/// byte order; in all images alike.
pub(super) fn from_texts(column: &TextColumn, names: Option<ClassNames>, place: Place<'_>) -> Result<Labels> {
    let image = |text: usize| column.codes().iter().position(|&code| code as usize == text);
    let of_texts = of_texts(column.texts(), names, &|text| place(image(text).unwrap_or_default()))?;
    let labels = column.codes().iter().map(|&code| of_texts.labels[code as usize]).collect();
    Ok(Labels { labels, classes: of_texts.classes })
}

/// The class of each of `texts`, no two of which are alike.
fn of_texts(texts: &[Box<str>], names: Option<ClassNames>, place: Place<'_>) -> Result<Labels> {
    let mut unknown_at = None;
    if let Some(names) = &names {
        match by_name(texts, names.names()) {
            Ok(labels) => return Ok(Labels { labels, classes: names.clone() }),
            Err(Unnamed::Ambiguous(at)) => return Err(ambiguous(&texts[at], names.names()).at(place(at))),
            Err(Unnamed::Unknown(at)) => unknown_at = Some(at),
        }
    }
    let mut indices = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        indices.push(as_index(text).map_err(|error| error.at(place(at)))?);
    }
    if let Some(indices) = indices.iter().copied().collect() {
        return from_indices(indices, names, place);
    }
    // The first that is not written as the first of all is the odd one.
    let odd = indices.iter().position(|index| index.is_some() != indices[0].is_some());
    match (unknown_at, names, odd) {
        (Some(at), Some(names), _) => Err(unknown(&texts[at], names.names()).at(place(at))),
        (.., Some(at)) => Err(mixed(&texts[at], indices[at].is_some()).at(place(at))),
        _ => in_byte_order(texts, place),
    }
}

/// Why texts are not the names of classes, with the first that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unnamed {
    /// No class has the name.
    Unknown(usize),
    /// Several classes have it.
    Ambiguous(usize),
}

/// The class that each of `texts` names, to the letter or else but for case and signs. Two of `names`
/// may be the same as long as no text is.
fn by_name(texts: &[Box<str>], names: &[String]) -> std::result::Result<Vec<u32>, Unnamed> {
    match by_name_as(str::to_owned, texts, names) {
        Err(Unnamed::Unknown(at)) => {
            by_name_as(classes::folded, texts, names).map_err(|_| Unnamed::Unknown(at))
        }
        found => found,
    }
}

/// The same for names that are compared as `form` writes them.
fn by_name_as(
    form: impl Fn(&str) -> String,
    texts: &[Box<str>],
    names: &[String],
) -> std::result::Result<Vec<u32>, Unnamed> {
    let mut places = HashMap::<String, (u32, bool)>::with_capacity(names.len());
    for (name, class) in names.iter().zip(0..) {
        places.entry(form(name)).and_modify(|(_, alone)| *alone = false).or_insert((class, true));
    }
    let found: Vec<(u32, bool)> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| places.get(&form(text)).copied().ok_or(Unnamed::Unknown(at)))
        .collect::<std::result::Result<_, _>>()?;
    match found.iter().position(|(_, alone)| !alone) {
        Some(at) => Err(Unnamed::Ambiguous(at)),
        None => Ok(found.into_iter().map(|(class, _)| class).collect()),
    }
}

fn in_byte_order(texts: &[Box<str>], place: Place<'_>) -> Result<Labels> {
    if texts.len() > MAX_CLASSES as usize {
        return Err(Error::unusable(format!("there are more than {MAX_CLASSES} classes"))
            .at(place(MAX_CLASSES as usize))
            .help(WHERE));
    }
    let mut classes: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
    classes.sort_unstable();
    // Every text is among them.
    let labels = by_name(texts, &classes).unwrap_or_default();
    Ok(Labels { labels, classes: classes.into() })
}

/// The index that a text is; nothing where it is a name.
fn as_index(text: &str) -> Result<Option<u32>> {
    if text.is_empty() {
        return Err(missing());
    }
    if let Ok(integer) = text.parse::<i128>() {
        return index(integer).map(Some);
    }
    match text.parse::<f64>() {
        // A class may be called `inf` or `nan`, as `Inf` and `NaN` are words too.
        Ok(number) if number.is_finite() => {
            Err(Error::unusable(format!("label `{}` is a number, but no index", shortened(text)))
                .help("write whole numbers from 0 without a decimal point, or class names"))
        }
        _ => Ok(None),
    }
}

/// An image without a label.
pub(super) fn missing() -> Error {
    Error::unusable("the image has no label").help("give it one, or leave it out")
}

/// A label below 0 stands for an unknown one in many test sets.
fn negative(label: i128) -> Error {
    Error::unusable(format!("label {label} is no class: it often stands for an unknown one"))
        .help("take a split that has labels (`--split`), or leave such images out")
}

fn too_large(label: i128) -> Error {
    Error::unusable(format!("label {label} is out of range: there are {MAX_CLASSES} classes at most"))
        .help(WHERE)
}

/// What to do about labels that seem to be something else.
const WHERE: &str = "labels count from 0; correct them, or say where they are (`--label-column`)";

fn unknown(text: &str, names: &[String]) -> Error {
    Error::unusable(format!("there is no class `{}`", shortened(text))).help(format!(
        "correct the label, or the class names (`--class-names`, classes.txt), which are {}",
        some(names)
    ))
}

/// Which of the classes is meant cannot be told.
fn ambiguous(text: &str, names: &[String]) -> Error {
    let classes: Vec<usize> = (0..names.len()).filter(|&class| names[class] == text).collect();
    Error::unusable(classes::all_called(text, &classes)).help(
        "write all labels as indices of classes, or give each class a name of its own (`--class-names`, classes.txt)",
    )
}

/// Names in byte order would give the indices among them new meanings.
fn mixed(text: &str, is_index: bool) -> Error {
    let told = if is_index { "an index, others are class names" } else { "a class name, others are indices" };
    Error::unusable(format!("label `{}` is {told}", shortened(text)))
        .help("write all labels in the same way, or give all names (`--class-names`, classes.txt)")
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

    fn labels(texts: &[&str], names_of: Option<&[&str]>) -> Result<Labels> {
        let names = |names: &[&str]| names.iter().map(|&name| name.into()).collect::<Vec<String>>().into();
        let names = names_of.map(names);
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
            Labels {
                labels: vec![3, 1, 0, 2, 3],
                classes: Vec::from(["B", "a10", "a9", "b"].map(String::from)).into()
            }
        );
    }

    #[test]
    fn indices_stay_and_classes_without_images_count() {
        let found = labels(&["3", "0", "1"], None).unwrap();
        assert_eq!((found.labels, found.classes.names().len()), (vec![3, 0, 1], 4));
        let found = labels(&["1", "0"], Some(&["cat", "dog", "bird"])).unwrap();
        assert_eq!((found.labels, found.classes.names().len()), (vec![1, 0], 3));
    }

    #[test]
    fn given_names_decide_the_order_even_when_they_are_numbers() {
        assert_eq!(labels(&["dog", "cat"], Some(&["dog", "cat"])).unwrap().labels, [0, 1]);
        assert_eq!(labels(&["7", "3"], Some(&["7", "3"])).unwrap().labels, [0, 1]);
        assert_eq!(labels(&["ant", "7"], Some(&["7", "eel", "ant"])).unwrap().labels, [2, 0]);
    }

    #[test]
    fn a_name_is_known_whatever_its_case_and_signs_unless_two_classes_have_it_then() {
        assert_eq!(labels(&["Hot_Dog", "CAT"], Some(&["cat", "hot dog"])).unwrap().labels, [1, 0]);
        assert_eq!(labels(&["cat", "Cat"], Some(&["Cat", "cat"])).unwrap().labels, [1, 0]);
        assert!(refused(&["CAT"], Some(&["Cat", "cat"])).1.contains("no class `CAT`"));
    }

    #[test]
    fn a_name_of_two_classes_is_no_label_and_harms_no_other() {
        let names = Some(&["crane", "dog", "maillot", "crane", "maillot"][..]);
        let (place, what) = refused(&["dog", "crane", "maillot"], names);
        assert_eq!((place.as_str(), what.as_str()), ("row 1", "2 classes are called `crane`: 0, 3"));
        assert_eq!(labels(&["dog", "dog"], names).unwrap().labels, [1, 1]);
        assert_eq!(labels(&["3", "0", "4"], names).unwrap().labels, [3, 0, 4]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_row() {
        let told = |texts: &[&str], names: Option<&[&str]>, row: &str, what: &str| {
            let (place, told) = refused(texts, names);
            assert!(place == row && told.contains(what), "{place}: {told}");
        };
        told(&["cat", "dgo"], Some(&["cat", "dog"]), "row 1", "no class `dgo`");
        told(&["cat", "cat", "1"], None, "row 2", "`1` is an index, others");
        told(&["0", "3"], Some(&["cat", "dog"]), "row 1", "label 3 is out of range: there are 2 class names");
        told(&["0", "3"], Some(&["cat"]), "row 1", "there is 1 class name");
        told(&["0", "4294967295"], None, "row 1", "out of range");
        told(&["0", "99999999999"], None, "row 1", "out of range");
        told(&["cat", ""], None, "row 1", "no label");
        told(&["0", "-1"], None, "row 1", "label -1 is no class");
        told(&["0.0", "1.0"], None, "row 0", "`0.0` is a number, but no index");
    }

    #[test]
    fn labels_that_count_from_1_are_known_as_such() {
        let help = |labels: &[u32]| check(labels, 3, &in_file(Path::new("x"))).unwrap_err().help.unwrap();
        assert!(help(&[1, 2, 3]).contains("take 1 from each"));
        assert!(!help(&[0, 2, 3]).contains("take 1") && !help(&[1, 2, 4]).contains("take 1"));
    }

    #[test]
    fn integers_that_are_no_class_are_refused_with_the_image() {
        let read = |values: [i128; 2]| from_integers(values, &in_file(Path::new("x")));
        assert_eq!(read([3, 9]).unwrap(), [3, 9]);
        for value in [-1, 100_000, i128::from(u64::MAX)] {
            let error = read([0, value]).unwrap_err();
            assert!(error.what.contains(&format!("label {value} is")), "{error}");
            assert_eq!(error.place.unwrap(), "image 1 of x");
        }
    }

    proptest! {
        #[test]
        fn every_label_is_the_place_of_its_name(texts in prop::collection::vec("[a-z]{1,2}", 1..40)) {
            let rows: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found = labels(&rows, None).unwrap();
            for (row, &label) in rows.iter().zip(&found.labels) {
                prop_assert_eq!(found.classes.names()[label as usize].as_str(), *row);
            }
            prop_assert!(found.classes.names().windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes()));
        }
    }
}
