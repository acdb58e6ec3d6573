//! Which files hold the split that is asked for. Hugging Face names them `test-00000-of-00002.parquet`,
//! in a folder `data`, or `test/0000.parquet`. Folders that hold splits, as files or as folders
//! (`en/test/0000.parquet`), are configurations, other data each: their splits are `en/test`, and of
//! several none is taken unless it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::dataset::files::{Visible, folders_in, parent, readable, short_name, sorted_in, visible_that};
use crate::dataset::shard_numbers::{Numbered, check_complete};
use crate::dataset::splits;
use crate::dataset::wording::some;
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::record::predictions_name;

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

/// What stands between the name of a configuration and that of its split.
const BETWEEN: char = '/';

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
    let stem = stem(&spec.path);
    let split = Some(split_of(&stem)).filter(|split| splits::usual(split).is_some());
    splits::check(split.as_deref(), spec.split.as_deref()).map_err(|error| error.at_path(&spec.path))?;
    let folder = parent(&spec.path);
    let name = if split.is_some() { short_name(folder) } else { stem };
    Ok(Shards { name, split, files: vec![spec.path.clone()] })
}

fn of_folder(spec: &DatasetSpec) -> Result<Shards> {
    let found = splits_in(&spec.path)?;
    if found.is_empty() {
        return Err(Error::unusable("there are no Parquet files here").at_path(&spec.path).help(
            "looked for .parquet files, also in data and in folders of splits; name one, or leave `--format` out",
        ));
    }
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    refuse_several_configs(&names, spec)?;
    let split = splits::choose(&names, spec.split.as_deref()).map_err(|error| error.at_path(&spec.path))?;
    let files = found.get(&split).cloned().unwrap_or_default();
    let stems: Vec<String> = files.iter().map(|file| stem(file)).collect();
    check_complete(&stems, "name one file").map_err(|error| error.at_path(&spec.path))?;
    let name = short_name(&spec.path);
    Ok(Shards { name, split: Some(split).filter(|split| split != splits::ALL), files })
}

/// Refuses a choice among configurations by the name of a split alone, or by none.
fn refuse_several_configs(names: &[&str], spec: &DatasetSpec) -> Result<()> {
    let configs: BTreeSet<&str> = names.iter().filter_map(|name| Some(name.split_once(BETWEEN)?.0)).collect();
    let is_told = spec.split.as_deref().is_some_and(|asked| names.contains(&asked));
    let Some(first) = configs.first().filter(|_| configs.len() > 1 && !is_told) else { return Ok(()) };
    Err(Error::usage(format!("there are several configurations here: {}", some(&configs)))
        .at_path(&spec.path)
        .help(format!(
            "name the folder of one, as in `--data {}`, or set `--split` to one of: {}",
            spec.path.join(first).display(),
            some(names)
        )))
}

/// Files of the folder itself, else of `data` within it, else of folders within it that are splits, or
/// hold some.
fn splits_in(root: &Path) -> Result<Splits> {
    let files = at_the_top(root)?;
    if !files.is_empty() {
        return Ok(by_name(files));
    }
    let mut splits = Splits::new();
    for name in folders_in(root)? {
        splits.extend(of_inner(&readable(&name), &root.join(&name))?);
    }
    Ok(splits)
}

/// The first folder in `root` that holds images, where others hold the Parquet files.
pub(super) fn images_beside(root: &Path) -> Result<Option<OsString>> {
    if !root.is_dir() || !at_the_top(root)?.is_empty() {
        return Ok(None);
    }
    for name in folders_in(root)? {
        let folder = root.join(&name);
        if of_inner(&readable(&name), &folder)?.is_empty() && holds_images(&folder)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether images lie in `folder`, or in the folders of it: a class, or a split.
fn holds_images(folder: &Path) -> Result<bool> {
    let folders = folders_in(folder)?.into_iter().map(|name| folder.join(name));
    for folder in std::iter::once(folder.to_owned()).chain(folders) {
        if !sorted_in(&folder)?.images.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Files of the folder itself, else of `data` within it.
fn at_the_top(root: &Path) -> Result<Vec<PathBuf>> {
    let (files, data) = (files_in(root)?, root.join("data"));
    if files.is_empty() && data.is_dir() { files_in(&data) } else { Ok(files) }
}

/// The splits in a folder of this `name`: those that the names of its files tell, or else of its folders,
/// within the configuration that it then is; where they tell none, itself.
fn of_inner(name: &str, folder: &Path) -> Result<Splits> {
    let files = files_in(folder)?;
    let inner = if files.is_empty() { of_folders(folder)? } else { by_name(files.clone()) };
    let are_splits = inner.keys().any(|split| splits::usual(split).is_some());
    if files.is_empty() || are_splits && splits::usual(name).is_none() {
        return Ok(inner
            .into_iter()
            .map(|(split, files)| (format!("{name}{BETWEEN}{split}"), files))
            .collect());
    }
    Ok(Splits::from([(name.to_owned(), files)]))
}

/// The files of those folders in `config` that are called as splits: `test`, or `partial-test` where they
/// hold a part of it.
fn of_folders(config: &Path) -> Result<Splits> {
    let mut splits = Splits::new();
    for folder in folders_in(config)? {
        let split = readable(&folder);
        let is_split = splits::in_name(&split).is_some();
        let files = if is_split { files_in(&config.join(&folder))? } else { Vec::new() };
        if !files.is_empty() {
            splits.insert(split, files);
        }
    }
    Ok(splits)
}

fn by_name(files: Vec<PathBuf>) -> Splits {
    let mut splits = Splits::new();
    for file in files {
        splits.entry(split_of(&stem(&file))).or_default().push(file);
    }
    splits
}

/// There may be as many images beside them as a class has.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(visible_that(folder, is_parquet)?.into_iter().map(|entry| folder.join(entry.name)).collect())
}

/// Whether it is a file of data, and none that this program leaves beside the record of a run, which may
/// lie with the data.
fn is_parquet(entry: &Visible) -> bool {
    let has_extension = Path::new(&entry.name).extension().is_some_and(|end| end == "parquet");
    has_extension && entry.is_file() && !entry.name.to_string_lossy().ends_with(&predictions_name(""))
}

/// The split that a name without its extension tells: `part-00000`, `test-00001-of-00002`. Four digits
/// or more are a number of a file, fewer are part of a name.
fn split_of(stem: &str) -> String {
    let numbered = Numbered::of(stem);
    let counts = numbered.of.is_some() || numbered.digits.len() >= 4;
    let split = if counts { numbered.name } else { stem }.trim_end_matches(['-', '_', '.']);
    if split.is_empty() { splits::ALL } else { split }.to_owned()
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
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
    fn names_tell_the_split() {
        for (stem, split) in [
            ("test-00000-of-00002", "test"),
            ("train-00001-of-00005-b42c8f7f9a3e", "train"),
            ("validation", "validation"),
            ("test_lossless_846", "test_lossless_846"),
            ("train-0003", "train"),
            ("0000", "all"),
            ("part-00000", "part"),
            ("one-of-many", "one-of-many"),
        ] {
            assert_eq!(split_of(stem), split, "{stem}");
        }
    }

    #[test]
    fn predictions_of_a_run_beside_the_data_are_none_of_it() {
        let files = ["test.parquet", "int8.predictions.parquet"];
        assert_eq!(found(&files, None).unwrap().1, ["test.parquet"]);
        assert!(!are_in(folder_of(&files[1..]).path()).unwrap());
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
    fn folders_of_splits_are_configurations_and_no_splits() {
        let one = ["en/test-00000-of-00001.parquet", "en/train-00000-of-00001.parquet"];
        let two = [&one[..], &["fr/test-00000-of-00001.parquet", "fr/train-00000-of-00001.parquet"]].concat();
        for asked in [None, Some("test"), Some("en")] {
            let error = found(&two, asked).unwrap_err();
            assert_eq!(error.what, "there are several configurations here: en, fr", "{asked:?}");
            let help = error.help.unwrap();
            assert!(help.contains("en`") && help.contains("en/test, en/train, fr/test, fr/train"), "{help}");
        }
        let french = found(&two, Some("fr/test")).unwrap();
        assert_eq!(french, (Some("fr/test".into()), vec!["test-00000-of-00001.parquet".into()]));
        assert_eq!(found(&one, None).unwrap().0.as_deref(), Some("en/test"));
        assert_eq!(found(&one, Some("train")).unwrap().0.as_deref(), Some("en/train"));
        assert_eq!(
            found(&["Test/part-0.parquet", "Train/a.parquet"], None).unwrap().0.as_deref(),
            Some("Test")
        );
    }

    #[test]
    fn a_configuration_may_have_its_splits_as_folders() {
        let one = ["plain/test/0000.parquet", "plain/test/0001.parquet", "plain/train/0000.parquet"];
        let files = vec!["0000.parquet".to_owned(), "0001.parquet".to_owned()];
        assert_eq!(found(&one, None).unwrap(), (Some("plain/test".into()), files));
        assert_eq!(found(&one, Some("train")).unwrap().0.as_deref(), Some("plain/train"));
        let two = [&one[..], &["other/partial-train/0000.parquet"]].concat();
        let help = found(&two, None).unwrap_err().help.unwrap();
        assert!(help.contains("other/partial-train, plain/test, plain/train"), "{help}");
        assert!(found(&["notes/2024/a.parquet"], None).is_err(), "a folder of another name is no split");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_called_by_their_own_names() {
        let (one, two) = (folder_of(&["v1/test/0.parquet"]), folder_of(&["v1/test/0.parquet"]));
        let links = tempfile::tempdir().unwrap();
        for (name, target) in [("en", &one), ("fr", &two)] {
            std::os::unix::fs::symlink(target.path().join("v1"), links.path().join(name)).unwrap();
        }
        assert_eq!(names(links.path()).unwrap(), ["en/test", "fr/test"]);
    }

    #[test]
    fn a_missing_shard_is_told() {
        let error = found(&["test-00000-of-00002.parquet"], None).unwrap_err();
        assert!(error.what.contains("1 of 2 shards"), "{error}");
        let error = found(&["test/0000.parquet", "test/0002.parquet"], None).unwrap_err();
        assert!(error.what.contains("`0001` is missing"), "{error}");
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
