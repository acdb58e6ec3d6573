//! The IDX files of MNIST, Fashion-MNIST and their kin: a pair of `…images…idx3…` and
//! `…labels…idx1…` a split, plain or `.gz`. Class names come from a `classes.txt` beside them.

mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use file::{IdxFile, Kind, sniff};

use super::labels::{self, Labels};
use super::raw::{Part, RawImages};
use super::{Content, classes, files, splits};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// The files of one split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pair {
    images: Option<PathBuf>,
    labels: Option<PathBuf>,
}

/// Whether `path` is an IDX file or a folder that holds one.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    if path.is_dir() {
        return Ok(!pairs(path)?.is_empty());
    }
    Ok(path.is_file() && sniff(path)?.is_some())
}

/// The splits of the files in a folder; a file is of one.
pub(super) fn splits(path: &Path) -> Result<Vec<String>> {
    let found = if path.is_dir() { pairs(path)? } else { BTreeMap::new() };
    Ok(found.into_keys().filter(|split| split != splits::ALL).collect())
}

/// Lists the images and reads the labels.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    let (folder, split, pair) = locate(spec)?;
    let (Some(images), Some(labels)) = (&pair.images, &pair.labels) else {
        return Err(half_missing(&split, &pair).at_path(&folder));
    };
    let IdxFile { header, data } = IdxFile::open(images, Kind::Images)?;
    let indices = read_labels(labels, header.count, images)?;
    let names = classes::given(spec, [&*folder])?;
    let Labels { labels, classes } = labels::from_indices(indices, names, &labels::in_file(labels))?;
    Ok(Content {
        name: files::short_name(&folder),
        split: Some(split),
        classes,
        passed_over: None,
        columns: Vec::new(),
        images: Box::new(RawImages {
            raster: header.raster,
            lead: 0,
            parts: vec![Part { path: images.clone(), data, count: labels.len() }],
            labels,
            ids: None,
            remarks: None,
        }),
    })
}

/// The folder, the split and its files: of the file that was named, or of the split asked for.
fn locate(spec: &DatasetSpec) -> Result<(PathBuf, String, Pair)> {
    let named = (!spec.path.is_dir()).then_some(spec.path.as_path());
    let folder = match named {
        Some(file) => files::parent(file),
        None => &spec.path,
    };
    let pairs = pairs(folder)?;
    let split = match named {
        Some(file) => split_of_file(file, &pairs, spec.split.as_deref())?,
        None => choose(&pairs, spec.split.as_deref()).map_err(|error| error.at_path(folder))?,
    };
    let pair = pairs.get(&split).cloned().unwrap_or_default();
    Ok((folder.to_owned(), split, pair))
}

/// Splits by name with their files, from the file names and the first bytes.
fn pairs(folder: &Path) -> Result<BTreeMap<String, Pair>> {
    let mut pairs = BTreeMap::<String, Pair>::new();
    for path in files::files_in(folder)? {
        let Some((split, kind)) = split_and_kind(&path) else { continue };
        let pair = pairs.entry(split).or_default();
        let slot = match kind {
            Kind::Images => &mut pair.images,
            Kind::Labels => &mut pair.labels,
        };
        // Of `x` and `x.gz`, the plain one needs no memory.
        if slot.as_ref().is_none_or(|there| there.extension().is_some_and(|extension| extension == "gz")) {
            *slot = Some(path);
        }
    }
    Ok(pairs)
}

/// What the name of a file tells.
fn split_and_kind(path: &Path) -> Option<(String, Kind)> {
    path.file_name()?.to_str().and_then(parse_name)
}

/// `t10k-images-idx3-ubyte.gz` → (`test`, images). MNIST calls its test set t10k.
fn parse_name(name: &str) -> Option<(String, Kind)> {
    let (word, kind) = match (name.contains("idx3"), name.contains("idx1")) {
        (true, false) => ("images", Kind::Images),
        (false, true) => ("labels", Kind::Labels),
        _ => return None,
    };
    let prefix = name.split_once(word)?.0.trim_end_matches(['-', '_', '.']);
    let split = match prefix {
        "t10k" => "test",
        "" => splits::ALL,
        other => other,
    };
    Some((split.to_owned(), kind))
}

/// The split that is meant, of those whose files are here.
fn choose(pairs: &BTreeMap<String, Pair>, asked: Option<&str>) -> Result<String> {
    let found: Vec<&str> = pairs.keys().map(String::as_str).collect();
    if found.is_empty() {
        return Err(Error::unusable("there are no IDX files here").help(
            "looked for names such as t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz",
        ));
    }
    splits::choose(&found, asked)
}

fn split_of_file(file: &Path, pairs: &BTreeMap<String, Pair>, asked: Option<&str>) -> Result<String> {
    let Some((split, _)) = split_and_kind(file).filter(|(split, _)| pairs.contains_key(split)) else {
        return Err(Error::unusable("the name does not tell which IDX files belong together")
            .at_path(file)
            .help(
                "name them as MNIST does: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz",
            ));
    };
    let told = Some(split.as_str()).filter(|split| *split != splits::ALL);
    splits::check(told, asked).map_err(|error| error.at_path(file))?;
    Ok(split)
}

fn half_missing(split: &str, pair: &Pair) -> Error {
    let (there, missing) = match &pair.images {
        Some(images) => (images.as_path(), "labels (…labels…idx1…)"),
        None => (pair.labels.as_deref().unwrap_or(Path::new("")), "images (…images…idx3…)"),
    };
    Error::unusable(format!("split `{split}` has {} but no {missing}", there.display()))
        .help("put the missing file beside it")
}

fn read_labels(path: &Path, images: u64, images_path: &Path) -> Result<Vec<u32>> {
    let file = IdxFile::open(path, Kind::Labels)?;
    // Less than 2^32.
    labels::check_count(file.header.count as usize, images)
        .map_err(|error| error.at(format!("{} and {}", path.display(), images_path.display())))?;
    let labels = file.into_data().map_err(|error| error.at_path(path))?;
    Ok(labels.into_iter().map(u32::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::empty_files::folder_of;

    fn names(files: &[&str]) -> BTreeMap<String, Pair> {
        pairs(folder_of(files).path()).unwrap()
    }

    #[test]
    fn splits_are_found_by_the_names_that_are_in_use() {
        let splits = |files: &[&str]| names(files).into_keys().collect::<Vec<_>>();
        assert_eq!(splits(&["t10k-images-idx3-ubyte.gz", "train-images.idx3-ubyte"]), ["test", "train"]);
        assert_eq!(splits(&["emnist-letters-test-labels-idx1-ubyte"]), ["emnist-letters-test"]);
        assert_eq!(splits(&["images-idx3-ubyte", "README.md", "classes.txt"]), ["all"]);
    }

    #[test]
    fn of_a_plain_and_a_packed_file_the_plain_one_is_read() {
        let pairs = names(&["t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte"]);
        let images = pairs["test"].images.as_ref().unwrap();
        assert!(images.ends_with("t10k-images-idx3-ubyte"), "{}", images.display());
    }
}
