//! Which archives make up the data set: one file, a folder of them, or a pattern with braces.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::archive::BLOCK;
use super::braces;
use super::header::Header;
use crate::dataset::files::{files_in, folders_in, short_name};
use crate::dataset::shard_numbers::check_complete;
use crate::dataset::splits;
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::record::PassedOver;
use crate::regular_file;

/// Endings of shards. The packed ones are found so that they can be refused in words.
const ENDINGS: [&str; 3] = [".tar", ".tar.gz", ".tgz"];

/// The archives of a data set.
#[derive(Debug)]
pub(super) struct Shards {
    /// A short name of the data set.
    pub name: String,
    /// The split that they are of, where their names tell.
    pub split: Option<String>,
    /// In the order of their names, or of the pattern.
    pub files: Vec<PathBuf>,
    /// The folders where class names may lie, the nearest first.
    pub folders: Vec<PathBuf>,
    /// Shards in the folder that belong to no split, where others do.
    pub passed_over: Option<PassedOver>,
}

/// Whether `path` is a shard, a folder of shards, or a pattern for them.
pub(in crate::dataset) fn is_here(path: &Path) -> Result<bool> {
    if path.is_dir() {
        return Ok(!by_split(path)?.is_empty());
    }
    Ok(is_pattern(path) || path.is_file() && (has_ending(path) || starts_as_archive(path)?))
}

/// The splits that the names of the shards in a folder tell.
pub(in crate::dataset) fn splits(path: &Path) -> Result<Vec<String>> {
    let found = if path.is_dir() { by_split(path)? } else { BTreeMap::new() };
    Ok(found.into_keys().flatten().collect())
}

/// Whether `path` is no file but a pattern with braces for shards.
pub(in crate::dataset) fn is_pattern(path: &Path) -> bool {
    path.to_str().is_some_and(|text| braces::is_pattern(text) && has_ending(path)) && !path.exists()
}

/// The shards that `spec` asks for; opens none.
pub(super) fn locate(spec: &DatasetSpec) -> Result<Shards> {
    let shards = if spec.path.is_dir() { in_folder(spec)? } else { named(spec)? };
    check_names(&shards.files)?;
    Ok(shards)
}

/// Name of the shard at `path`, without its ending.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)) {
        Some(stem) => stem.to_owned(),
        None => name,
    }
}

fn in_folder(spec: &DatasetSpec) -> Result<Shards> {
    let root = &spec.path;
    let mut splits = by_split(root)?;
    let found: Vec<String> = splits.keys().flatten().cloned().collect();
    let split = split_among(&found, spec)?;
    let files = splits.remove(&split).unwrap_or_default();
    let stems: Vec<String> = files.iter().map(|file| stem(file)).collect();
    check_complete(&stems, "name those that are meant, as in NAME-{000000,000003}.tar")
        .map_err(|error| error.at_path(root))?;
    if files.is_empty() {
        return Err(Error::unusable("there are no shards here")
            .at_path(root)
            .help("looked for .tar files, also in folders called test, val or train"));
    }
    let strays = splits.remove(&None).unwrap_or_default();
    Ok(Shards {
        name: short_name(root),
        folders: folders_of(&files, Some(root)),
        passed_over: strays.first().map(|first| PassedOver { count: strays.len(), first: short_name(first) }),
        split,
        files,
    })
}

/// The shards that the path names, whatever splits they are of; of those the ones of the split that
/// is asked for.
fn named(spec: &DatasetSpec) -> Result<Shards> {
    let mut files = match spec.path.to_str().filter(|_| is_pattern(&spec.path)) {
        Some(pattern) => braces::expand(pattern)?.into_iter().map(PathBuf::from).collect(),
        None => vec![spec.path.clone()],
    };
    if let Some(missing) = files.iter().find(|file| !file.is_file()) {
        return Err(Error::unusable("there is no such shard").at_path(missing).help("check the path"));
    }
    let mut splits: Vec<String> = files.iter().filter_map(|file| split_of(file)).collect();
    splits.sort_unstable();
    splits.dedup();
    let split = match (&spec.split, splits.as_slice()) {
        (Some(_), _) => split_among(&splits, spec)?,
        (None, [only]) if files.iter().all(|file| split_of(file).is_some()) => Some(only.clone()),
        (None, _) => None,
    };
    files.retain(|file| spec.split.is_none() || split_of(file) == split);
    Ok(Shards {
        name: files.first().map_or_else(String::new, |file| stem(file)),
        split,
        folders: folders_of(&files, None),
        files,
        passed_over: None,
    })
}

/// The split of those `found` that is asked for, or usual; nothing where there is none and none is asked for.
fn split_among(found: &[String], spec: &DatasetSpec) -> Result<Option<String>> {
    if found.is_empty() && spec.split.is_none() {
        return Ok(None);
    }
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    splits::choose(&found, spec.split.as_deref()).map(Some).map_err(|error| error.at_path(&spec.path))
}

/// The shards in `root` and in its folders that are named as splits, by split.
fn by_split(root: &Path) -> Result<BTreeMap<Option<String>, Vec<PathBuf>>> {
    let mut splits = BTreeMap::<Option<String>, Vec<PathBuf>>::new();
    for file in shards_in(root)? {
        splits.entry(split_of(&file)).or_default().push(file);
    }
    for name in folders_in(root)? {
        let Some(split) = name.to_str().and_then(splits::usual) else { continue };
        let files = shards_in(&root.join(&name))?;
        if !files.is_empty() {
            splits.entry(Some(split.to_owned())).or_default().extend(files);
        }
    }
    Ok(splits)
}

/// The visible shards in `folder` in the byte order of their names.
fn shards_in(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(files_in(folder)?.into_iter().filter(|path| has_ending(path)).collect())
}

/// The split that a shard's name tells: `train-000001.tar`, `imagenet1k-validation-00.tar`, `val/0.tar`.
fn split_of(path: &Path) -> Option<String> {
    let folder = || path.parent().and_then(Path::file_name).and_then(OsStr::to_str).and_then(splits::usual);
    splits::in_name(&stem(path)).or_else(folder).map(str::to_owned)
}

fn folders_of(files: &[PathBuf], root: Option<&Path>) -> Vec<PathBuf> {
    let here = |path: &Path| if path.as_os_str().is_empty() { Path::new(".") } else { path }.to_owned();
    let nearest = files.first().and_then(|file| file.parent()).map(here);
    let mut folders: Vec<PathBuf> = nearest.into_iter().chain(root.map(Path::to_owned)).collect();
    folders.dedup();
    folders
}

/// Ids begin with the name of the shard, so that no two may share it.
fn check_names(files: &[PathBuf]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for file in files {
        if let Some(other) = seen.insert(stem(file), file) {
            return Err(Error::usage(format!("two shards are called `{}`", stem(file)))
                .at(format!("{} and {}", other.display(), file.display()))
                .help("rename one: images are known by the name of their shard"));
        }
    }
    Ok(())
}

fn has_ending(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    ENDINGS.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

fn starts_as_archive(path: &Path) -> Result<bool> {
    let mut block = [0; BLOCK as usize];
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let mut start = Vec::new();
    file.take(BLOCK).read_to_end(&mut start).map_err(|cause| unreadable(path, &cause))?;
    if start.len() < block.len() || start.iter().all(|&byte| byte == 0) {
        return Ok(false);
    }
    block.copy_from_slice(&start);
    Ok(Header::of(block).is_intact())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::empty_files::folder_of;

    fn stems(shards: &Shards) -> Vec<String> {
        shards.files.iter().map(|file| stem(file)).collect()
    }

    fn asked(path: impl Into<PathBuf>, split: Option<&str>) -> Result<Shards> {
        locate(&DatasetSpec { split: split.map(str::to_owned), ..DatasetSpec::at(path) })
    }

    #[test]
    fn names_tell_the_split() {
        for (name, split) in [
            ("train-000000.tar", Some("train")),
            ("imagenet1k-validation-12.tar", Some("validation")),
            ("CIFAR_Test_3.tar", Some("test")),
            ("val/0.tar", Some("val")),
            ("Training/0.tar", Some("training")),
            ("latest-000.tar", None),
            ("shard-000.tar", None),
        ] {
            assert_eq!(split_of(Path::new(name)).as_deref(), split, "{name}");
        }
    }

    #[test]
    fn of_a_folder_the_test_split_is_taken_unless_another_is_asked_for() {
        let folder =
            folder_of(&["train-1.tar", "test-1.tar", "test-0.tar", "extra.tar", ".test-9.tar", "test.txt"]);
        let shards = asked(folder.path(), None).unwrap();
        assert_eq!(
            (stems(&shards), shards.split.as_deref()),
            (vec!["test-0".into(), "test-1".into()], Some("test"))
        );
        assert_eq!(shards.passed_over, Some(PassedOver { count: 1, first: "extra.tar".into() }));
        assert_eq!(stems(&asked(folder.path(), Some("train")).unwrap()), ["train-1"]);
        let error = asked(folder.path(), Some("val")).unwrap_err();
        assert!(error.help.unwrap().contains("the splits here are: test, train"));
    }

    #[test]
    fn folders_that_are_named_as_splits_are_splits() {
        let folder = folder_of(&["val/0.tar", "val/1.tar", "train/0.tar"]);
        let shards = asked(folder.path(), None).unwrap();
        assert_eq!((stems(&shards), shards.split.as_deref()), (vec!["0".into(), "1".into()], Some("val")));
        assert_eq!(shards.folders, [folder.path().join("val"), folder.path().to_owned()]);
    }

    #[test]
    fn without_splits_all_shards_are_the_data_set() {
        let folder = folder_of(&["b.tar", "a.tar"]);
        let shards = asked(folder.path(), None).unwrap();
        assert_eq!((stems(&shards), shards.split), (vec!["a".into(), "b".into()], None));
        assert!(
            asked(folder.path(), Some("test")).unwrap_err().help.unwrap().contains("leave `--split` out")
        );
    }

    #[test]
    fn a_pattern_names_its_shards_and_the_first_that_is_missing_is_told() {
        let folder = folder_of(&["val-00.tar", "val-01.tar", "train-00.tar", "train-01.tar"]);
        let pattern = |text: &str| folder.path().join(text);
        let shards = asked(pattern("val-{00..01}.tar"), None).unwrap();
        assert_eq!(
            (stems(&shards), shards.split.as_deref()),
            (vec!["val-00".into(), "val-01".into()], Some("val"))
        );
        let both = asked(pattern("{val,train}-{00..01}.tar"), None).unwrap();
        assert_eq!((both.files.len(), both.split), (4, None), "who names both splits means both");
        let train = asked(pattern("{val,train}-{00..01}.tar"), Some("train")).unwrap();
        assert_eq!(stems(&train), ["train-00", "train-01"]);
        let error = asked(pattern("val-{00..02}.tar"), None).unwrap_err();
        assert!(error.place.unwrap().ends_with("val-02.tar"));
    }

    #[test]
    fn a_folder_that_lacks_a_shard_is_refused_unless_the_others_are_named() {
        let folder = folder_of(&["test-000000.tar", "test-000003.tar", "train-000000.tar"]);
        let error = asked(folder.path(), None).unwrap_err();
        assert_eq!(error.what, "shard `test-000001` is missing");
        assert!(error.help.unwrap().contains("{000000,000003}.tar"));
        assert_eq!(asked(folder.path().join("test-{000000,000003}.tar"), None).unwrap().files.len(), 2);
        assert_eq!(asked(folder.path(), Some("train")).unwrap().files.len(), 1);
        let folder = folder_of(&["test-00000-of-00002.tar"]);
        assert!(asked(folder.path(), None).unwrap_err().what.contains("1 of 2 shards"));
    }

    #[test]
    fn shards_of_one_name_are_refused() {
        let folder = folder_of(&["a/0.tar", "b/0.tar"]);
        let error = asked(folder.path().join("{a,b}/0.tar"), None).unwrap_err();
        assert_eq!(error.what, "two shards are called `0`");
    }

    #[test]
    fn a_shard_is_known_by_its_name_or_its_first_header() {
        let folder = folder_of(&["a.tar", "b.bin"]);
        assert!(is_here(&folder.path().join("a.tar")).unwrap());
        assert!(!is_here(&folder.path().join("b.bin")).unwrap());
        let shard = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/shards/shapes/shapes-test-000000.tar");
        std::fs::copy(shard, folder.path().join("b.bin")).unwrap();
        assert!(is_here(&folder.path().join("b.bin")).unwrap());
        assert!(is_here(folder.path()).unwrap() && !is_here(&folder.path().join("c.tar")).unwrap());
    }
}
