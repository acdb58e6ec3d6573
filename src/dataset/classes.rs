//! Class names: those that the user gives, else the data set's own, else the numbers.

use std::path::Path;

use super::unreadable;
use super::wording::counted;
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// Longest `classes.txt` that is read, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The names that the user gives, else those of a `classes.txt` in one of `folders`, the nearest first.
pub(super) fn given<'a>(
    spec: &DatasetSpec,
    folders: impl IntoIterator<Item = &'a Path>,
) -> Result<Option<Vec<String>>> {
    if !spec.class_names.is_empty() {
        return not_empty(&spec.class_names).map(Some);
    }
    let mut files = folders.into_iter().map(|folder| in_file(&folder.join("classes.txt")));
    files.find_map(Result::transpose).transpose()
}

fn not_empty(names: &[String]) -> Result<Vec<String>> {
    match names.iter().position(|name| name.trim().is_empty()) {
        Some(class) => Err(Error::usage(format!("the name of class {class} is empty"))
            .at("--class-names")
            .help("give every class a name; one that holds a comma goes in double quotes")),
        None => Ok(names.to_vec()),
    }
}

/// The data set's `own` names, unless others are `given`, which must be as many.
pub(super) fn or_own(given: Option<Vec<String>>, own: Vec<String>) -> Result<Vec<String>> {
    match given {
        Some(given) if given.len() != own.len() => Err(Error::usage(format!(
            "{} given, the data has {}",
            counted(given.len(), "class name is", "class names are"),
            counted(own.len(), "class", "classes")
        ))
        .help("give one name a class in label order, or none to use the data set's own")),
        Some(given) => Ok(given),
        None => Ok(own),
    }
}

/// Reads names from the file at `path`, one a line, if it is there.
pub(super) fn in_file(path: &Path) -> Result<Option<Vec<String>>> {
    match path.metadata() {
        Ok(file) if file.is_file() && file.len() <= MAX_BYTES => {
            let text = std::fs::read(path).map_err(|cause| unreadable(path, &cause))?;
            let text = String::from_utf8(text).map_err(|cause| {
                Error::unusable("the class names are not UTF-8").because(cause).at_path(path)
            })?;
            from_lines(&text).map_err(|error| error.at_path(path)).map(Some)
        }
        Ok(_) => Err(Error::unusable("this is not a list of class names").at_path(path)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(unreadable(path, &cause)),
    }
}

/// An empty line within the list is an error: every name after it would stand for another class.
fn from_lines(text: &str) -> Result<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    match names.iter().position(String::is_empty) {
        Some(line) => Err(Error::unusable(format!("line {} of the class names is empty", line + 1))),
        None => Ok(names),
    }
}

/// `0`, `1` …
pub(super) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_name_that_is_missing_between_two_commas_is_refused_by_its_class() {
        let names = |of: &[&str]| not_empty(&of.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert!(names(&["cat", "dog"]).is_ok());
        assert!(names(&["cat", " ", "dog"]).unwrap_err().what.contains("class 1"));
    }

    #[test]
    fn a_wrong_number_of_names_is_refused_with_both_numbers() {
        assert_eq!(or_own(Some(vec!["cat".into()]), numbered(1)).unwrap(), ["cat"]);
        assert_eq!(or_own(None, numbered(2)).unwrap(), ["0", "1"]);
        let error = or_own(Some(numbered(3)), numbered(10)).unwrap_err();
        assert!(error.what.contains("3 class names") && error.what.contains("10 classes"), "{error}");
    }
}
