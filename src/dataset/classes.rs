//! Class names: those that the user gives, else the data set's own, else the numbers.

use std::path::Path;

use super::unreadable;
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// Longest `classes.txt` that is read, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The names of the classes of data in `folder` whose labels are below `seen`: those that the user
/// gives, else those of `classes.txt` beside the data, else the data set's `own`, else numbers.
pub(super) fn names(
    spec: &DatasetSpec,
    folder: &Path,
    own: Option<Vec<String>>,
    seen: usize,
) -> Result<Vec<String>> {
    if !spec.class_names.is_empty() {
        check(&spec.class_names, &Wanted::AtLeast(seen))?;
        return Ok(spec.class_names.clone());
    }
    let path = folder.join("classes.txt");
    if let Some(names) = in_file(&path)? {
        check(&names, &Wanted::AtLeast(seen)).map_err(|error| error.at_path(&path))?;
        return Ok(names);
    }
    match own {
        Some(names) => check(&names, &Wanted::AtLeast(seen)).map(|()| names),
        None => Ok(numbered(seen)),
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

/// The names that `spec` gives, else those of `classes.txt` in `folder`.
pub(super) fn given(spec: &DatasetSpec, folder: &Path) -> Result<Option<Vec<String>>> {
    if spec.class_names.is_empty() { beside(folder) } else { Ok(Some(spec.class_names.clone())) }
}

/// Reads names from `classes.txt` in `folder`, if the file is there.
pub(super) fn beside(folder: &Path) -> Result<Option<Vec<String>>> {
    in_file(&folder.join("classes.txt"))
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

/// How many class names fit.
pub(super) enum Wanted {
    /// One for each of this many classes.
    Exactly(usize),
    /// At least this many: labels do not tell of classes without images.
    AtLeast(usize),
}

/// Holds the number of `names` against the classes; the error says both numbers.
pub(super) fn check(names: &[String], wanted: &Wanted) -> Result<()> {
    let (fits, count, more) = match *wanted {
        Wanted::Exactly(count) => (names.len() == count, count, ""),
        Wanted::AtLeast(count) => (names.len() >= count, count, "at least "),
    };
    if fits {
        return Ok(());
    }
    Err(Error::usage(format!("{} class names are given, the data has {more}{count} classes", names.len()))
        .help("give one name a class in label order, or none to use the data set's own"))
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
    fn a_wrong_number_of_names_is_refused_with_both_numbers() {
        let names = numbered(3);
        check(&names, &Wanted::Exactly(3)).unwrap();
        check(&names, &Wanted::AtLeast(2)).unwrap();
        let error = check(&names, &Wanted::Exactly(10)).unwrap_err();
        assert!(error.what.contains("3 class names") && error.what.contains("10 classes"), "{error}");
        assert!(check(&names, &Wanted::AtLeast(4)).is_err());
    }
}
