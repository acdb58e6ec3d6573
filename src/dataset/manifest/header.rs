//! Which columns of a manifest name the images and the labels.

use crate::dataset::column_names::{self, LABELS, PATHS};
use crate::dataset::wording::some;
use crate::error::{Error, Result};
use crate::plan::DataColumns;

/// Places of the two columns that every manifest has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub path: usize,
    pub label: usize,
}

/// Finds the two columns among `names`.
pub(super) fn find(names: &[&str], asked: &DataColumns) -> Result<Places> {
    if let Some(twice) =
        names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name))
    {
        return Err(
            Error::unusable(format!("there are two columns `{twice}`")).help("rename or remove one of them")
        );
    }
    let path = place(names, asked.image.as_deref(), &PATHS, "paths", "--image-column")?;
    let label = place(names, asked.label.as_deref(), &LABELS, "labels", "--label-column")?;
    if path == label {
        return Err(Error::usage(format!("column `{}` cannot be both the path and the label", names[path]))
            .help("name another column with --label-column or --image-column"));
    }
    Ok(Places { path, label })
}

/// Whether the usual names are among `names`.
pub(super) fn is_usual(names: &[&str]) -> bool {
    find(names, &DataColumns::default()).is_ok()
}

fn place(names: &[&str], asked: Option<&str>, usual: &[&str], what: &str, flag: &str) -> Result<usize> {
    if let Some(asked) = asked {
        return names.iter().position(|name| *name == asked).ok_or_else(|| {
            Error::usage(format!("there is no column `{asked}`"))
                .help(format!("set {flag} to one of: {}", some(names)))
        });
    }
    column_names::place(names, usual).ok_or_else(|| {
        Error::unusable(format!("there is no column of {what}")).help(format!(
            "name it with {flag}, or add a header; the columns are {}; looked for {}",
            some(names),
            usual.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_usual_names_or_by_those_asked_for() {
        let asked =
            |image: &str, label: &str| DataColumns { image: Some(image.into()), label: Some(label.into()) };
        assert_eq!(
            find(&["Label", "weather", "File_Name"], &DataColumns::default()).unwrap(),
            Places { path: 2, label: 0 }
        );
        assert_eq!(
            find(&["path", "label", "label2"], &asked("path", "label2")).unwrap(),
            Places { path: 0, label: 2 }
        );
    }

    #[test]
    fn what_is_missing_or_there_twice_is_told_with_the_columns() {
        let refused = |names: &[&str]| find(names, &DataColumns::default()).unwrap_err();
        assert!(refused(&["path", "colour"]).help.unwrap().contains("path, colour"));
        assert!(refused(&["path", "label", "path"]).what.contains("two columns `path`"));
        let asked = DataColumns { image: Some("x".into()), label: None };
        assert!(find(&["path", "label"], &asked).unwrap_err().help.unwrap().contains("--image-column"));
    }
}
