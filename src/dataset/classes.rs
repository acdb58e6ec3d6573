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
    /// What the data itself calls its classes, where none of the names is the same and they go by their
    /// order alone.
    overruled: Vec<String>,
}

impl ClassNames {
    /// `names` for data that calls its classes by its `own`. Where each of those is among them, images go
    /// with their class, whatever the order, and data may lack classes: who says that dogs are class 0 does
    /// not mean the cats. Fails where as many are named, only some are the same, and these stand elsewhere:
    /// one of them is misspelt, and all would be moved.
    fn of(names: Vec<String>, own: &[String]) -> Result<Self> {
        let places = places(&names, own);
        if let Some(numbers) =
            places.iter().copied().collect::<Option<Vec<u32>>>().filter(|it| !it.is_empty())
        {
            let moved = numbers.len() < names.len() || !numbers.is_sorted();
            return Ok(Self { names, numbers: moved.then_some(numbers), overruled: Vec::new() });
        }
        stand_where_they_did(&names, own, &places)?;
        let is_called_otherwise = own != numbered(own.len()) && places.iter().all(Option::is_none);
        let overruled = if is_called_otherwise { own.to_vec() } else { Vec::new() };
        Ok(Self { names, numbers: None, overruled })
    }

    /// How many classes the data may have: those that it names, if it does.
    pub(super) fn of_data(&self) -> usize {
        self.numbers.as_ref().map_or(self.names.len(), Vec::len)
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// What the data itself calls its classes, where none of the names is the same and they go by their
    /// order alone; empty elsewhere.
    pub(super) fn overruled(&self) -> &[String] {
        &self.overruled
    }

    /// Whether the names have been held against the data's own.
    fn is_compared(&self) -> bool {
        self.numbers.is_some() || !self.overruled.is_empty()
    }

    /// From the numbers that the data gives its classes, all of which are below [`ClassNames::of_data`].
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

/// A name as it is compared with others: `T-shirt_top` is `t shirt/top`, since folders cannot be called
/// by every sign.
pub(super) fn folded(name: &str) -> String {
    let is_letter = |letter: &char| letter.is_alphanumeric() || "+#".contains(*letter);
    let spaced: String = name.chars().map(|letter| if is_letter(&letter) { letter } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Where each of the data's `own` names stands among `names`; nowhere where several are called so, and
/// nowhere at all where the data itself has two classes of one name.
fn places(names: &[String], own: &[String]) -> Vec<Option<u32>> {
    let mut places = HashMap::<String, Option<u32>>::with_capacity(names.len());
    for (name, class) in names.iter().zip(0..) {
        places.entry(folded(name)).and_modify(|place| *place = None).or_insert(Some(class));
    }
    let is_distinct = own.len() == all_folded(own).len();
    own.iter().map(|name| places.get(&folded(name)).copied().flatten().filter(|_| is_distinct)).collect()
}

fn all_folded(names: &[String]) -> HashSet<String> {
    names.iter().map(|name| folded(name)).collect()
}

/// Fails at the first of the data's `own` names that has another of the `places`.
fn stand_where_they_did(names: &[String], own: &[String], places: &[Option<u32>]) -> Result<()> {
    // Numbers are no names, and what repeats or is not of the same length says nothing of an order.
    let say_order = names.len() == own.len() && all_folded(names).len() == names.len();
    if !say_order || own == numbered(own.len()) {
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
    let known = all_folded(own);
    let strange = names.iter().find(|name| !known.contains(&folded(name))).map_or("", String::as_str);
    Error::usage(format!(
        "class {place} is called `{}` {BY}, which is class {class} of the data, but no class of the data is called `{strange}`",
        names[place]
    ))
    .help(format!(
        "give the data's own names with --class-names, in the order of the model's outputs: they are {}",
        some(own)
    ))
}

/// Where names come from that are not the data's own.
const BY: &str = "by --class-names, bench.toml or the model";

/// The data has another number of classes than are named, and not only some of those.
fn other_count(names: &[String], own: &[String]) -> Error {
    let known = all_folded(names);
    let strange: Vec<String> = own.iter().filter(|name| !known.contains(&folded(name))).cloned().collect();
    let error = Error::usage(format!(
        "{} named {BY}, the data has {}",
        counted(names.len(), "class is", "classes are"),
        counted(own.len(), "class", "classes")
    ))
    .help("give each class of the data its name with --class-names, in the order of the model's outputs; the data may lack some of the classes when all of its own are among them by name");
    if strange.is_empty() || strange.len() == own.len() {
        return error;
    }
    error.because(format!("no class is named {}", some(&strange)))
}

impl From<Vec<String>> for ClassNames {
    fn from(names: Vec<String>) -> Self {
        Self { names, numbers: None, overruled: Vec::new() }
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

/// The data set's `own` names, unless others are `given`, which must be as many or hold all of its own.
pub(super) fn or_own(given: Option<ClassNames>, own: Vec<String>) -> Result<ClassNames> {
    let Some(given) = given else { return Ok(own.into()) };
    let names = if given.is_compared() { given } else { ClassNames::of(given.names, &own)? };
    if names.of_data() == own.len() { Ok(names) } else { Err(other_count(&names.names, &own)) }
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
        let of_files = names(&["T-shirt_top", "Dress"]);
        let classes = or_own(Some(names(&["Dress", "T-shirt/top"]).into()), of_files).unwrap();
        assert_eq!(classes.number(vec![0, 1]), [1, 0], "no folder has a slash in its name");
    }

    #[test]
    fn data_may_lack_classes_that_a_model_knows() {
        let model = names(&["airplane", "cat", "crane", "dog", "crane"]);
        let classes = |own: &[&str]| or_own(Some(model.clone().into()), names(own));
        let found = classes(&["Cat", "dog"]).unwrap();
        assert_eq!((found.names(), found.of_data()), (model.as_slice(), 2));
        assert_eq!((found.number(vec![0, 1]), found.numbers()), (vec![1, 3], vec![1, 3]));
        let error = classes(&["cat", "dog", "lists"]).unwrap_err();
        assert!(error.what.contains("5 classes are named by --class-names"), "{error}");
        assert_eq!(error.cause.as_deref(), Some("no class is named lists"));
        assert!(classes(&["crane", "dog"]).is_err(), "which of the two?");
    }

    #[test]
    fn names_that_have_nothing_in_common_with_the_data_s_own_are_known_as_such() {
        let overruled = |given: &[&str], own: &[&str]| {
            let classes = or_own(Some(names(given).into()), names(own)).unwrap();
            assert_eq!(classes.number(vec![0, 1]), [0, 1]);
            classes.overruled().to_vec()
        };
        assert_eq!(
            overruled(&["tench", "goldfish"], &["n01440764", "n01443537"]),
            ["n01440764", "n01443537"]
        );
        assert!(overruled(&["cat", "puppy"], &["cat", "dog"]).is_empty());
        assert!(overruled(&["cat", "dog"], &["0", "1"]).is_empty(), "numbers are no names");
    }

    #[test]
    fn a_name_that_is_misspelt_among_others_in_another_order_is_refused() {
        let own = names(&["cat", "dog", "eel"]);
        let error = or_own(Some(names(&["eel", "cta", "dog"]).into()), own).unwrap_err();
        assert!(
            error.what.contains(
                "class 2 is called `dog` by --class-names, bench.toml or the model, which is class 1"
            ),
            "{error}"
        );
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
        assert!(error.what.contains("3 classes are named") && error.what.contains("10 classes"), "{error}");
    }
}
