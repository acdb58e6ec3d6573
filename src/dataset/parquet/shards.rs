//! Which files hold the split that is asked for. Hugging Face names them `test-00000-of-00002.parquet`,
//! in a folder `data`, or `test/0000.parquet`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::files::{parent, short_name};
use crate::dataset::{splits, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// The files of a split.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shards {
    /// Short name of the data set.
    pub name: String,
    /// The split, where the names tell of one.
    pub split: Option<String>,
    /// In the order of their names; at least one.
    pub files: Vec<PathBuf>,
}

/// Files by split.
type Splits = BTreeMap<String, Vec<PathBuf>>;

/// The files that `spec` means: the one that it names, or those of a split in the folder.
pub(super) fn find(spec: &DatasetSpec) -> Result<Shards> {
    if spec.path.is_dir() { of_folder(spec) } else { of_file(spec) }
}

/// Whether there are Parquet files in the folder at `path`.
pub(super) fn are_in(path: &Path) -> Result<bool> {
    Ok(!splits_in(path)?.is_empty())
}

/// The splits that the names of the files in a folder tell; a file is of one.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    let found = if path.is_dir() { splits_in(path)? } else { Splits::new() };
    Ok(found.into_keys().filter(|split| split != splits::ALL).collect())
}

fn of_file(spec: &DatasetSpec) -> Result<Shards> {
    let stem = spec.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let split = Some(Part::of(&stem).split).filter(|split| splits::USUAL.contains(&split.as_str()));
    splits::check(split.as_deref(), spec.split.as_deref()).map_err(|error| error.at_path(&spec.path))?;
    let folder = parent(&spec.path);
    let name = if split.is_some() { short_name(folder) } else { stem };
    Ok(Shards { name, split, files: vec![spec.path.clone()] })
}

fn of_folder(spec: &DatasetSpec) -> Result<Shards> {
    let found = splits_in(&spec.path)?;
    if found.is_empty() {
        return Err(Error::unusable("there are no Parquet files here").at_path(&spec.path));
    }
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let split = splits::choose(&names, spec.split.as_deref()).map_err(|error| error.at_path(&spec.path))?;
    let files = found.get(&split).cloned().unwrap_or_default();
    check_complete(&files).map_err(|error| error.at_path(&spec.path))?;
    let name = short_name(&spec.path);
    Ok(Shards { name, split: Some(split).filter(|split| split != splits::ALL), files })
}

/// Files of the folder itself, else of `data` within it, else of folders within it that are splits.
fn splits_in(root: &Path) -> Result<Splits> {
    for folder in [root.to_owned(), root.join("data")] {
        let files = if folder.is_dir() { files_in(&folder)? } else { Vec::new() };
        if !files.is_empty() {
            return Ok(by_name(files));
        }
    }
    let mut splits = Splits::new();
    for folder in entries(root)?.into_iter().filter(|path| path.is_dir()) {
        let files = files_in(&folder)?;
        if !files.is_empty() {
            splits.insert(short_name(&folder), files);
        }
    }
    Ok(splits)
}

fn by_name(files: Vec<PathBuf>) -> Splits {
    let mut splits = Splits::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        splits.entry(Part::of(&stem).split).or_default().push(file);
    }
    splits
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_parquet = |path: &PathBuf| path.extension().is_some_and(|end| end == "parquet") && path.is_file();
    Ok(entries(folder)?.into_iter().filter(is_parquet).collect())
}

/// What is visible in a folder, in the byte order of names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in folder.read_dir().map_err(|cause| unreadable(folder, &cause))? {
        let entry = entry.map_err(|cause| unreadable(folder, &cause))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(paths)
}

/// What the name of a file tells: `test-00001-of-00002` is the second of two.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    split: String,
    /// How many files there are of its split.
    of: Option<usize>,
}

impl Part {
    fn of(stem: &str) -> Self {
        if let Some((split, of)) = numbered(stem) {
            return Self { split: named(split), of: Some(of) };
        }
        // `part-00000`, `0000`: four digits or more are a number of a file, fewer part of a name.
        let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        let split = if stem.len() - name.len() >= 4 { name } else { stem };
        Self { split: named(split), of: None }
    }
}

fn named(split: &str) -> String {
    let split = split.trim_end_matches(['-', '_', '.']);
    if split.is_empty() { splits::ALL } else { split }.to_owned()
}

/// `NAME-NNNNN-of-NNNNN`, which a digest may follow.
fn numbered(stem: &str) -> Option<(&str, usize)> {
    let (before, after) = stem.rsplit_once("-of-")?;
    let name = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let ends = after[digits..].is_empty() || after[digits..].starts_with('-');
    let of = after[..digits].parse().ok()?;
    (name.len() < before.len() && ends).then_some((name, of))
}

/// Holds the number of files against the number that their names tell.
fn check_complete(files: &[PathBuf]) -> Result<()> {
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        match Part::of(&stem).of {
            Some(of) if of != files.len() => {
                return Err(Error::unusable(format!("{} of {of} shards are here", files.len())).help(format!(
                    "`{}` tells of {of}: fetch those that are missing, remove those of other versions, or name one file",
                    short_name(file)
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::empty_files::folder_of;

    /// The split that is taken, and the names of its files.
    fn found(files: &[&str], split: Option<&str>) -> Result<(Option<String>, Vec<String>)> {
        let folder = folder_of(files);
        let shards =
            find(&DatasetSpec { split: split.map(str::to_owned), ..DatasetSpec::at(folder.path()) })?;
        Ok((shards.split, shards.files.iter().map(|file| short_name(file)).collect()))
    }

    #[test]
    fn names_tell_the_split_and_how_many_shards_there_are() {
        for (stem, split, of) in [
            ("test-00000-of-00002", "test", Some(2)),
            ("train-00001-of-00005-b42c8f7f9a3e", "train", Some(5)),
            ("validation", "validation", None),
            ("test_lossless_846", "test_lossless_846", None),
            ("train-0003", "train", None),
            ("0000", "all", None),
            ("part-00000", "part", None),
            ("one-of-many", "one-of-many", None),
        ] {
            assert_eq!(Part::of(stem), Part { split: split.into(), of }, "{stem}");
        }
    }

    #[test]
    fn shards_are_found_in_the_folder_in_data_and_in_folders_of_splits() {
        let two = ["test-00000-of-00002.parquet", "test-00001-of-00002.parquet"];
        let expected = (Some("test".to_owned()), two.map(str::to_owned).to_vec());
        assert_eq!(found(&[two[1], two[0], "train.parquet", "README.md"], None).unwrap(), expected);
        let inside = [format!("data/{}", two[0]), format!("data/{}", two[1])];
        assert_eq!(found(&[&inside[0], &inside[1], "x/train.parquet"], None).unwrap(), expected);
        let folders = ["test/0000.parquet", "train/0000.parquet", "train/0001.parquet"];
        assert_eq!(found(&folders, None).unwrap(), (Some("test".into()), vec!["0000.parquet".into()]));
        assert_eq!(found(&folders, Some("train")).unwrap().1.len(), 2);
    }

    #[test]
    fn similar_names_are_other_splits() {
        let files = ["test.parquet", "test_png.parquet", "train.parquet"];
        assert_eq!(found(&files, None).unwrap().1, ["test.parquet"]);
        assert_eq!(found(&files, Some("test_png")).unwrap().1, ["test_png.parquet"]);
        assert!(found(&files, Some("val")).unwrap_err().help.unwrap().contains("test, test_png, train"));
    }

    #[test]
    fn a_missing_shard_is_told() {
        let error = found(&["test-00000-of-00002.parquet"], None).unwrap_err();
        assert!(error.what.contains("1 of 2 shards"), "{error}");
    }

    #[test]
    fn a_file_that_is_named_is_taken_alone_unless_another_split_is_asked_for() {
        let folder = folder_of(&["cifar/test-00000-of-00002.parquet"]);
        let spec = DatasetSpec::at(folder.path().join("cifar/test-00000-of-00002.parquet"));
        let shards = find(&spec).unwrap();
        assert_eq!(
            (shards.name.as_str(), shards.split.as_deref(), shards.files.len()),
            ("cifar", Some("test"), 1)
        );
        assert!(find(&DatasetSpec { split: Some("train".into()), ..spec }).is_err());
    }
}
