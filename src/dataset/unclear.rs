//! What is said where the format of a path is not clear: nothing that is known lies there, or two
//! things that may be meant.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::files::{Found, folders_in, readable, short_name, sorted_in};
use super::wording::{counted, some};
use super::{arrays, formats, manifest, parquet, splits};
use crate::error::{Error, Result};

/// The words for a path with no data set of a known format; `looked_for` says what was.
pub(super) fn unknown(path: &Path, looked_for: &str) -> Error {
    let error = Error::unusable("this is no data set of a known format").at_path(path);
    // What cannot be looked at is told by who opens it.
    let Some((there, advice)) = path.is_dir().then(|| found(path).ok()).flatten() else {
        return error.help(looked_for);
    };
    let help = advice.map(|advice| format!("{advice}; `bench list formats` tells what is read"));
    error.because(there).help(help.unwrap_or_else(|| looked_for.to_owned()))
}

/// Refuses a folder with one folder of images and a list of images beside it: of the two readings,
/// one class or the labels of the list, nothing tells which is meant.
pub(super) fn refuse_list_beside_one_class(path: &Path) -> Result<()> {
    let folders = folders_in(path)?;
    let [only] = folders.as_slice() else { return Ok(()) };
    let lists = manifest::lists_in(path)?;
    let Some(list) = lists.first().filter(|_| sorted_in(&path.join(only)).is_ok_and(holds_images)) else {
        return Ok(());
    };
    Err(Error::usage(format!(
        "this may be one class `{}`, or the images of {}",
        readable(only),
        told(&lists)
    ))
    .at_path(path)
    .help(format!("say which is meant: `--data {}`, or `--format folder`", list.display())))
}

/// Refuses a folder with folders of images and folders of Parquet files: an export of embeddings beside the
/// images would take their place without a word.
pub(super) fn refuse_images_beside_parquet(path: &Path) -> Result<()> {
    let Some(images) = parquet::images_beside(path)? else { return Ok(()) };
    Err(Error::usage(format!(
        "this may be the Parquet files in it, or the images in `{}`",
        readable(&images)
    ))
    .at_path(path)
    .help("say which is meant: `--format parquet` or `--format folder`, or name the folder of the one"))
}

fn holds_images(found: Found) -> bool {
    !found.images.is_empty()
}

/// What is in a folder, and what to do about it.
fn found(folder: &Path) -> Result<(String, Option<String>)> {
    let Found { images, others } = sorted_in(folder)?;
    let lists = manifest::lists_in(folder)?;
    if let Some(first) = lists.first() {
        let list = if lists.len() == 1 { "lists images" } else { "list images" };
        return Ok((
            format!("{} {list}", told(&lists)),
            Some(format!("name it: `--data {}`", first.display())),
        ));
    }
    if let Some(table) = others.iter().find(|name| manifest::is_called_as_one(Path::new(name))) {
        let advice = format!(
            "name it: `--data {}`; its first line names columns of paths and labels, such as path,label",
            folder.join(table).display()
        );
        return Ok((format!("{} is in it", readable(table)), Some(advice)));
    }
    if !images.is_empty() {
        let images = counted(images.len(), "image lies", "images lie");
        let advice = "put the images of each class into a folder with the class's name, or list them in a .csv file with columns path and label";
        return Ok((format!("{images} directly in it, in no class folders"), Some(advice.to_owned())));
    }
    let is_arrow = |name: &&OsString| Path::new(name).extension().is_some_and(|end| end == "arrow");
    if let Some(file) = others.iter().find(is_arrow) {
        let advice = "write it as Parquet: `datasets.load_from_disk(FOLDER).to_parquet(\"data.parquet\")`";
        return Ok((
            format!("{} is of Arrow, as save_to_disk writes", readable(file)),
            Some(advice.to_owned()),
        ));
    }
    if let Some(file) = others.iter().find(|name| arrays::is_called_as_one(Path::new(name))) {
        let there = format!("no array in {} is called as images or labels", readable(file));
        return Ok((there, Some(arrays::NAME_THEM.to_owned())));
    }
    Ok(match (others.first(), folders_in(folder)?.as_slice()) {
        (None, _) => ("the folder is empty".to_owned(), Some("check the path".to_owned())),
        (_, folders @ [_, ..]) => of_folders(folder, folders),
        (Some(first), []) => {
            let files = counted(others.len(), "file", "files");
            (format!("it holds {files} of no known name (first: {})", readable(first)), None)
        }
    })
}

fn of_folders(root: &Path, folders: &[OsString]) -> (String, Option<String>) {
    let there = format!(
        "there is no image in its {} ({})",
        counted(folders.len(), "folder", "folders"),
        some(folders.iter().map(|name| readable(name)))
    );
    let usual = || {
        format!(
            "images lie in class folders, and those in the folder itself or in one called {}",
            splits::USUAL.join(", ")
        )
    };
    let deeper = deeper(root)
        .map(|data| format!("there is a data set in it, if that is meant: `--data {}`", data.display()));
    (there, Some(deeper.unwrap_or_else(usual)))
}

/// The one folder within `root` that is a data set, the nearest to it; none where several are equally near.
fn deeper(root: &Path) -> Option<PathBuf> {
    let mut level = vec![root.to_owned()];
    for _ in 0..DEEPEST {
        let inner = level.iter().flat_map(|folder| {
            let names = folders_in(folder).unwrap_or_default();
            names.into_iter().map(|name| folder.join(name)).collect::<Vec<_>>()
        });
        level = inner.take(MOST_FOLDERS).collect();
        let known: Vec<&PathBuf> = level.iter().filter(|folder| formats::is_known(folder)).collect();
        match known.as_slice() {
            [] => {}
            [only] => return Some((*only).clone()),
            _ => return None,
        }
    }
    None
}

/// How far down, and in how many folders of a level, a data set is looked for to name it in advice: as deep
/// as a cache of Hugging Face's hub or an archive in its own folder lays it.
const DEEPEST: usize = 3;
const MOST_FOLDERS: usize = 32;

/// Names of the first of `files`, and how many more there are.
fn told(files: &[PathBuf]) -> String {
    let first = files.first().map(|file| short_name(file)).unwrap_or_default();
    match files.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::empty_files::folder_of;
    use crate::dataset::open;
    use crate::plan::{DatasetFormat, DatasetSpec};

    fn write(folder: &tempfile::TempDir, name: &str, text: &str) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }

    fn refusal(folder: &tempfile::TempDir) -> Error {
        open(&DatasetSpec::at(folder.path())).err().unwrap()
    }

    #[test]
    fn the_message_begins_with_what_is_there() {
        for (names, there, advice) in [
            (&[][..], "the folder is empty", "check the path"),
            (&["1.png", "2.jpg"], "2 images lie directly in it, in no class folders", "into a folder"),
            (&["1.png"], "1 image lies directly in it", "into a folder"),
            (&["a.csv", "1.png"], "a.csv is in it", "a.csv`; its first line names columns"),
            (&["a.npy"], "no array in a.npy is called", "x_test and y_test"),
            (
                &["a/b/c/1.png", "d/e/f/1.png"],
                "no image in its 2 folders (a, d)",
                "called test, testing, val",
            ),
            (
                &["a/cat/1.png", "b/cat/1.png"],
                "no image in its 2 folders (a, b)",
                "called test, testing, val",
            ),
            (&["wrap/inner/cat/1.png", "doc/x.txt"], "no image in its 2 folders", "wrap/inner`"),
            (&["data-00000-of-00001.arrow", "state.json"], "is of Arrow", "to_parquet"),
            (&["x.mp4", "y.mp4"], "2 files of no known name (first: x.mp4)", "looked for IDX files"),
        ] {
            let error = refusal(&folder_of(names));
            assert_eq!(error.what, "this is no data set of a known format");
            assert!(error.cause.as_ref().unwrap().contains(there), "{names:?}: {error}");
            assert!(error.help.unwrap().contains(advice), "{names:?}");
        }
    }

    #[test]
    fn a_list_of_an_unusual_name_is_named() {
        let folder = folder_of(&["1.png"]);
        write(&folder, "l.csv", "path,label\n1.png,0\n");
        let error = refusal(&folder);
        assert_eq!(error.cause.unwrap(), "l.csv lists images");
        assert!(error.help.unwrap().contains("l.csv`"));
        write(&folder, "k.jsonl", "{\"path\": \"1.png\", \"label\": 0}\n");
        assert_eq!(refusal(&folder).cause.unwrap(), "k.jsonl and 1 more list images");
    }

    #[test]
    fn one_folder_of_images_beside_a_list_of_them_is_not_guessed_at() {
        let folder = folder_of(&["img/1.png"]);
        write(&folder, "t.csv", "path,label\nimg/1.png,cat\n");
        let error = refusal(&folder);
        assert_eq!(error.what, "this may be one class `img`, or the images of t.csv");
        let help = error.help.unwrap();
        assert!(help.contains("t.csv`") && help.contains("--format folder"), "{help}");
        let as_folder = DatasetSpec { format: Some(DatasetFormat::Folder), ..DatasetSpec::at(folder.path()) };
        assert_eq!(open(&as_folder).unwrap().identity().classes, ["img"]);
        let listed = open(&DatasetSpec::at(folder.path().join("t.csv"))).unwrap();
        assert_eq!(listed.identity().classes, ["cat"]);
    }

    #[test]
    fn a_list_beside_several_classes_or_of_something_else_is_no_question() {
        let folder = folder_of(&["cat/1.png", "dog/1.png"]);
        write(&folder, "t.csv", "path,label\ncat/1.png,cat\n");
        assert_eq!(open(&DatasetSpec::at(folder.path())).unwrap().count(), 2);
        let folder = folder_of(&["cat/1.png"]);
        write(&folder, "prices.csv", "item,price\ncat,3\n");
        assert_eq!(open(&DatasetSpec::at(folder.path())).unwrap().count(), 1);
    }
}
