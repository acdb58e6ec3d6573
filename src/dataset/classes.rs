//! Class names: those that the user gives, else the data set's own, else the numbers.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use super::wording::{counted, shortened, some};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::regular_file;

/// Longest `classes.txt` that is read, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// What the classes are called, in the order of the model's outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClassNames {
    names: Vec<String>,
    /// For each number that the data gives a class, its number here. Nothing where they are the same.
    numbers: Option<Vec<u32>>,
}

impl ClassNames {
    /// `names` for data that calls its classes by its `own`. Where those are the same in another order,
    /// images go with their class: who says that dogs are class 0 does not mean the cats. Fails where
    /// only some are the same and stand elsewhere: one of them is misspelt, and all would be moved.
    fn of(names: Vec<String>, own: &[String]) -> Result<Self> {
        let places = places(&names, own);
        let numbers = match places.iter().copied().collect::<Option<Vec<u32>>>() {
            Some(numbers) => Some(numbers).filter(|numbers| !numbers.is_sorted()),
            None => stand_where_they_did(&names, own, &places).map(|()| None)?,
        };
        Ok(Self { names, numbers })
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// From the numbers that the data gives its classes, all of which are below [`ClassNames::count`].
    pub(super) fn number(&self, mut labels: Vec<u32>) -> Vec<u32> {
        if let Some(numbers) = &self.numbers {
            labels.iter_mut().for_each(|label| *label = numbers[*label as usize]);
        }
        labels
    }

    /// The number of each class of the data, in its own order.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.numbers.clone().unwrap_or_else(|| (0..self.names.len() as u32).collect())
    }
}

/// A name as it is compared with others: `Hot_Dog` is `hot dog`.
fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '-'], " ")
}

/// Where each of the data's `own` names stands among `names`. Nowhere, where they say nothing of an
/// order: these are more or fewer, or some of either repeat.
fn places(names: &[String], own: &[String]) -> Vec<Option<u32>> {
    let places: HashMap<String, u32> = names.iter().map(|name| folded(name)).zip(0..).collect();
    let distinct: HashSet<String> = own.iter().map(|name| folded(name)).collect();
    let say_order = [own.len(), places.len(), distinct.len()] == [names.len(); 3];
    own.iter().map(|name| places.get(&folded(name)).copied().filter(|_| say_order)).collect()
}

/// Fails at the first of the data's `own` names that has another of the `places`.
fn stand_where_they_did(names: &[String], own: &[String], places: &[Option<u32>]) -> Result<()> {
    // Numbers are no names.
    if own == numbered(own.len()) {
        return Ok(());
    }
    let moved =
        places.iter().zip(0..).find_map(|(place, class)| Some((class, place.filter(|&it| it != class)?)));
    match moved {
        Some((class, place)) => Err(some_elsewhere(names, own, class as usize, place as usize)),
        None => Ok(()),
    }
}

/// The names of the data's class `class` and others stand elsewhere among `names`, but not all of them.
fn some_elsewhere(names: &[String], own: &[String], class: usize, place: usize) -> Error {
    let known: HashSet<String> = own.iter().map(|name| folded(name)).collect();
    let strange = names.iter().find(|name| !known.contains(&folded(name))).map_or("", String::as_str);
    Error::usage(format!(
        "class {place} is called `{}`, which is class {class} of the data, but no class of the data is called `{strange}`",
        names[place]
    ))
    .help(format!("give the data's own names, in the order of the model's outputs: they are {}", some(own)))
}

impl From<Vec<String>> for ClassNames {
    fn from(names: Vec<String>) -> Self {
        Self { names, numbers: None }
    }
}

/// The names that the user or the model gives, else those of a `classes.txt` in one of `folders`, the
/// nearest first.
pub(super) fn given<'a>(
    spec: &DatasetSpec,
    folders: impl IntoIterator<Item = &'a Path>,
) -> Result<Option<ClassNames>> {
    let mut files = folders.into_iter().map(|folder| in_file(&folder.join("classes.txt")));
    let own = files.find_map(Result::transpose).transpose()?;
    if spec.class_names.is_empty() {
        return Ok(own.map(ClassNames::from));
    }
    // What cannot be read may say what the numbers mean.
    ClassNames::of(not_empty(&spec.class_names)?, &own.unwrap_or_default()).map(Some)
}

/// Names come from a flag, from bench.toml or from the model, so the error does not say where.
fn not_empty(names: &[String]) -> Result<Vec<String>> {
    match names.iter().position(|name| name.trim().is_empty()) {
        Some(class) => Err(Error::usage(format!("the name of class {class} is empty")).help(
            "name every class, in `--class-names` (a name that holds a comma goes in double quotes), bench.toml or the model's metadata",
        )),
        None => Ok(names.to_vec()),
    }
}

/// The data set's `own` names, unless others are `given`, which must be as many.
pub(super) fn or_own(given: Option<ClassNames>, own: Vec<String>) -> Result<ClassNames> {
    match given {
        Some(given) if given.count() != own.len() => Err(Error::usage(format!(
            "{} given, the data has {}",
            counted(given.count(), "class name is", "class names are"),
            counted(own.len(), "class", "classes")
        ))
        .help("give one name a class in label order, or none to use the data set's own")),
        Some(given) if given.numbers.is_some() => Ok(given),
        Some(given) => ClassNames::of(given.names, &own),
        None => Ok(own.into()),
    }
}

/// Reads names from the file at `path`, one a line, if it is there.
pub(super) fn in_file(path: &Path) -> Result<Option<Vec<String>>> {
    match regular_file::read_at_most(path, MAX_BYTES) {
        Ok(bytes) => from_bytes(bytes).map_err(|error| error.at_path(path)).map(Some),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::unusable("the class names cannot be read")
            .because(cause)
            .at_path(path)
            .help("a file of this name beside the data holds one class name a line; repair or remove it")),
    }
}

fn from_bytes(bytes: Vec<u8>) -> Result<Vec<String>> {
    let text = String::from_utf8(bytes).map_err(|cause| {
        Error::unusable("the class names are not UTF-8").because(cause).help("save the file as UTF-8")
    })?;
    from_lines(&text)
}

/// An empty line within the list is an error: every name after it would stand for another class.
fn from_lines(text: &str) -> Result<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    match names.iter().position(String::is_empty) {
        Some(line) => Err(Error::unusable(format!("line {} of the class names is empty", line + 1))
            .help("write the name of that class there, or remove the line")),
        None => Ok(names),
    }
}

/// The words for a name that all of `classes` have, by their indices.
pub(super) fn all_called(name: &str, classes: &[usize]) -> String {
    let indices = classes.iter().map(usize::to_string);
    format!("{} classes are called `{}`: {}", classes.len(), shortened(name), some(indices))
}

/// `0`, `1` …
pub(super) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn images_go_with_their_class_where_names_are_the_same_in_another_order() {
        let own = ["cat", "dog", "eel"];
        let numbered = |given: &[&str]| {
            let classes = or_own(Some(names(given).into()), names(&own)).unwrap();
            assert_eq!(classes.names(), given);
            assert_eq!(classes.number(vec![0, 1, 2]), classes.numbers());
            classes.number(vec![0, 1, 2, 0])
        };
        assert_eq!(numbered(&["eel", "cat", "dog"]), [1, 2, 0, 1]);
        let unchanged = [0, 1, 2, 0];
        assert_eq!(numbered(&own), unchanged);
        assert_eq!(numbered(&["Eel", "CAT", "dog"]), [1, 2, 0, 1], "however they are written");
        assert_eq!(numbered(&["kitten", "puppy", "elver"]), unchanged, "other words tell of no order");
        assert_eq!(
            numbered(&["cat", "puppy", "eel"]),
            unchanged,
            "neither do those that stand where they did"
        );
        assert_eq!(numbered(&["eel", "cat", "cat"]), unchanged, "nor those that repeat");
        let repeated = names(&["dog", "cat", "dog"]);
        let classes = or_own(Some(names(&own).into()), repeated).unwrap();
        assert_eq!(classes.number(vec![0, 1, 2]), [0, 1, 2], "on either side");
    }

    #[test]
    fn a_name_that_is_misspelt_among_others_in_another_order_is_refused() {
        let own = names(&["cat", "dog", "eel"]);
        let error = or_own(Some(names(&["eel", "cta", "dog"]).into()), own).unwrap_err();
        assert!(error.what.contains("class 2 is called `dog`, which is class 1"), "{error}");
        assert!(error.what.contains("`cta`") && error.help.unwrap().contains("cat, dog, eel"));
        let numbered = or_own(Some(names(&["1", "2", "10"]).into()), numbered(3)).unwrap();
        assert_eq!(numbered.number(vec![1]), [1], "numbers are no names");
    }

    #[test]
    fn a_list_beside_the_data_says_what_its_numbers_mean() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("classes.txt"), "cat\ndog\n").unwrap();
        let spec =
            |given: &[&str]| DatasetSpec { class_names: names(given), ..DatasetSpec::at(folder.path()) };
        let classes = |given: &[&str]| self::given(&spec(given), [folder.path()]).unwrap().unwrap();
        assert_eq!(classes(&[]).names(), ["cat", "dog"]);
        assert_eq!(classes(&["dog", "cat"]).number(vec![0, 0, 1]), [1, 1, 0]);
        assert_eq!(classes(&["kitten", "puppy"]).number(vec![0, 0, 1]), [0, 0, 1]);
    }

    #[test]
    fn names_are_one_a_line_whatever_the_line_ends() {
        assert_eq!(from_lines("cat\r\nhot dog\n\n").unwrap(), ["cat", "hot dog"]);
        assert_eq!(from_lines("\u{feff}cat\n dog ").unwrap(), ["cat", "dog"]);
    }

    #[test]
    fn an_empty_line_between_names_is_refused_by_its_number() {
        let error = from_lines("cat\n\ndog\n").unwrap_err();
        assert!(error.what.contains("line 2"), "{error}");
    }

    #[test]
    fn what_is_no_list_of_names_is_refused_with_advice_and_no_file_is_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("classes.txt");
        assert_eq!(in_file(&path).unwrap(), None);
        let refused = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            in_file(&path).unwrap_err()
        };
        let too_long = vec![b'a'; MAX_BYTES as usize + 1];
        let wrong = [(&b"\xff"[..], "not UTF-8"), (b"a\n\nb\n", "line 2"), (&too_long, "longer than")];
        for (bytes, told) in wrong {
            let error = refused(bytes);
            assert!(error.to_string().contains(told) && error.help.is_some(), "{error}");
            assert!(error.place.unwrap().ends_with("classes.txt"));
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(in_file(&path).unwrap_err().cause.unwrap().contains("folder"));
    }

    #[test]
    fn a_name_that_is_missing_between_two_commas_is_refused_by_its_class() {
        assert!(not_empty(&names(&["cat", "dog"])).is_ok());
        assert!(not_empty(&names(&["cat", " ", "dog"])).unwrap_err().what.contains("class 1"));
    }

    #[test]
    fn a_wrong_number_of_names_is_refused_with_both_numbers() {
        assert_eq!(or_own(Some(names(&["cat"]).into()), numbered(1)).unwrap().names(), ["cat"]);
        assert_eq!(or_own(None, numbered(2)).unwrap().names(), ["0", "1"]);
        let error = or_own(Some(numbered(3).into()), numbered(10)).unwrap_err();
        assert!(error.what.contains("3 class names") && error.what.contains("10 classes"), "{error}");
    }
}
