//! Paths that a table names. A table comes from somewhere else, so it may name files of its own
//! folder and no others.

use std::path::{Component, Path, PathBuf};

use super::wording::shortened;
use crate::error::{Error, Result};

/// The folder that a table's paths are relative to.
pub(super) struct Root {
    folder: PathBuf,
    /// The same folder from the root of the file system, as written and with links resolved.
    absolute: Vec<PathBuf>,
}

impl Root {
    pub(super) fn new(folder: &Path) -> Self {
        let absolute = [std::path::absolute(folder), folder.canonicalize()].into_iter().flatten().collect();
        Self { folder: folder.to_owned(), absolute }
    }

    /// Where `path` is, when it is within the folder. Looks at names, not at files: links that lie
    /// in the folder are followed as everywhere, but `..` never through one.
    pub(super) fn find(&self, path: &str) -> Result<PathBuf> {
        let told = || shortened(path).escape_debug().to_string();
        let below = self.below(Path::new(path)).ok_or_else(|| {
            Error::unusable(format!("the path `{}` leads out of the folder", told())).help(format!(
                "name files below {}, or move the table to the folder that holds them",
                self.folder.display()
            ))
        })?;
        if below.as_os_str().is_empty() {
            return Err(Error::unusable(format!("the path `{}` is the folder itself", told()))
                .help("name an image file in it"));
        }
        Ok(self.folder.join(below))
    }

    /// The way from the folder, empty for the folder itself; nothing where it leads out.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let relative = if path.has_root() || path.is_absolute() {
            self.absolute.iter().find_map(|root| path.strip_prefix(root).ok())?
        } else {
            path
        };
        let mut below = PathBuf::new();
        for part in relative.components() {
            match part {
                Component::Normal(name) => below.push(name),
                Component::CurDir => {}
                Component::ParentDir if below.pop() => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(below)
    }
}

/// Adds to the error of a file that cannot be read what the form of its `path` tells.
pub(super) fn explained(error: Error, path: &str) -> Error {
    let (why, help) = if path.contains("://") {
        let why = "the path is an address, and nothing is downloaded";
        (why, "fetch the files, and name them by paths relative to the table")
    } else if path.contains('\\') && !cfg!(windows) {
        ("`\\` is a part of a name here", "write / between folders and files")
    } else {
        return error;
    };
    let cause = error.cause.as_ref().map_or_else(|| why.to_owned(), |cause| format!("{cause}; {why}"));
    error.because(cause).help(help)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_below_the_folder_are_found_however_they_are_written() {
        let root = Root::new(Path::new("data"));
        for path in ["a/b.png", "./a/b.png", "a/./b.png", "a/../a/b.png", "x/y/../../a/b.png", "a//b.png"] {
            assert_eq!(root.find(path).unwrap(), Path::new("data/a/b.png"), "{path}");
        }
        let whole = std::env::current_dir().unwrap().join("data/a/b.png");
        assert_eq!(root.find(whole.to_str().unwrap()).unwrap(), Path::new("data/a/b.png"));
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        let root = Root::new(Path::new("data"));
        for path in
            ["../b.png", "a/../../b.png", "/etc/passwd", "..", "", ".", "a/..", "/", "a/../../data/b.png"]
        {
            assert!(root.find(path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_folder_itself_does_not_lead_out_of_itself() {
        let root = Root::new(Path::new("data"));
        for path in [".", "a/..", "", "./"] {
            assert!(root.find(path).unwrap_err().what.ends_with("is the folder itself"), "{path}");
        }
        assert!(root.find("..").unwrap_err().what.ends_with("leads out of the folder"));
    }

    proptest! {
        #[test]
        fn whatever_is_found_is_below_the_folder(path in "[a./]{0,12}") {
            if let Ok(found) = Root::new(Path::new("data")).find(&path) {
                let below = found.strip_prefix("data").unwrap();
                prop_assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
