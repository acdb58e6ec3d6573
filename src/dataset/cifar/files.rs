//! How the files of CIFAR-10 and CIFAR-100 are called, binary and pickled alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::classes::{self, ClassNames};
use crate::dataset::{files, splits};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cifar {
    /// 10 classes, five files to train on.
    Ten,
    /// 100 classes in 20 coarser ones.
    Hundred,
}

/// One kind of label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Labels {
    /// Its name as a column: pickles hold it under `column` + `s` and its names under `column` + `_names`.
    pub column: &'static str,
    /// Its place among the bytes before the pixels of a record.
    pub byte: usize,
    /// The file of the binary edition with its names.
    pub names_file: &'static str,
    /// Number of classes, where nothing names them.
    pub classes: usize,
}

const TEN: Labels = Labels { column: "label", byte: 0, names_file: "batches.meta.txt", classes: 10 };
const FINE: Labels =
    Labels { column: "fine_label", byte: 1, names_file: "fine_label_names.txt", classes: 100 };
const COARSE: Labels =
    Labels { column: "coarse_label", byte: 0, names_file: "coarse_label_names.txt", classes: 20 };

impl Cifar {
    /// The labels that count, of the column that is `asked` for, and those that only say more.
    pub(super) fn labels(self, asked: Option<&str>) -> Result<(Labels, Option<Labels>)> {
        match (self, asked.map(|column| column.strip_suffix('s').unwrap_or(column))) {
            (Self::Ten, None | Some("label")) => Ok((TEN, None)),
            (Self::Hundred, None | Some("fine_label")) => Ok((FINE, Some(COARSE))),
            (Self::Hundred, Some("coarse_label")) => Ok((COARSE, Some(FINE))),
            (_, Some(column)) => Err(Error::usage(format!("there are no labels called `{column}`"))
                .help("CIFAR-10 has label, CIFAR-100 has fine_label and coarse_label; set `--label-column`")),
        }
    }

    /// Bytes before the pixels of a record of the binary edition: a label each.
    pub(super) fn lead(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }
}

impl Labels {
    /// `own`, the names beside the data, else numbers.
    pub(super) fn names(self, own: Option<Vec<String>>) -> Vec<String> {
        own.unwrap_or_else(|| classes::numbered(self.classes))
    }
}

/// How one edition of the files is called.
pub(super) struct Naming {
    /// What follows `test_batch`, `train` …
    pub suffix: &'static str,
    /// Folders that the archives unpack to.
    pub folders: [&'static str; 2],
    /// Whether a file of such a name is what it is called.
    pub is_it: fn(&Path, Cifar) -> Result<bool>,
}

/// The files of one split.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub folder: PathBuf,
    pub cifar: Cifar,
    pub split: String,
    /// In the order in which they are numbered.
    pub paths: Vec<PathBuf>,
}

impl Files {
    /// Names of the classes that `labels` tell of, where `own` are those beside the data.
    pub(super) fn classes(
        &self,
        spec: &DatasetSpec,
        labels: Labels,
        own: Option<Vec<String>>,
    ) -> Result<ClassNames> {
        match own {
            Some(own) => classes::or_own(classes::given(spec, [])?, own),
            None => classes::or_own(classes::given(spec, [&*self.folder])?, labels.names(None)),
        }
    }
}

/// A file and its number among those of its split.
type Numbered = (u32, PathBuf);

/// A folder of such files.
struct Found {
    folder: PathBuf,
    cifar: Cifar,
    splits: BTreeMap<&'static str, Vec<Numbered>>,
}

impl Naming {
    /// Whether `path` is such a file, a folder of them, or a folder with one of the archives' folders.
    pub(super) fn is_here(&self, path: &Path) -> Result<bool> {
        if path.is_dir() {
            return Ok(self.find(path)?.is_some());
        }
        match self.parse(path) {
            Some((cifar, ..)) => (self.is_it)(path, cifar),
            None => Ok(false),
        }
    }

    /// The splits of the files in a folder; a file is of one.
    pub(super) fn split_names(&self, path: &Path) -> Result<Vec<String>> {
        let found = if path.is_dir() { self.find(path)? } else { None };
        let splits = found.map(|found| found.splits).unwrap_or_default();
        Ok(splits.into_keys().map(str::to_owned).collect())
    }

    /// The files that `spec` means: the one that is named, or those of the split asked for.
    pub(super) fn locate(&self, spec: &DatasetSpec) -> Result<Files> {
        if !spec.path.is_dir() {
            return self.named(spec);
        }
        let Some(Found { folder, cifar, splits }) = self.find(&spec.path)? else {
            return Err(Error::unusable("there are no files of CIFAR here").at_path(&spec.path).help(
                format!("looked for test_batch{0}, data_batch_1{0}, test{0} and train{0}", self.suffix),
            ));
        };
        let found: Vec<&str> = splits.keys().copied().collect();
        let split = splits::choose(&found, spec.split.as_deref()).map_err(|error| error.at_path(&folder))?;
        let files = splits.get(split.as_str()).cloned().unwrap_or_default();
        let paths = self.in_order(files).map_err(|error| error.at_path(&folder))?;
        Ok(Files { folder, cifar, split, paths })
    }

    /// One file alone.
    fn named(&self, spec: &DatasetSpec) -> Result<Files> {
        let path = spec.path.clone();
        let folder = files::parent(&path);
        let Some((cifar, split, _)) = self.parse(&path) else {
            return Err(Error::unusable("the name does not tell what the file holds").at_path(&path).help(
                format!(
                    "name it as CIFAR does: test_batch{0}, data_batch_1{0}, test{0} or train{0}",
                    self.suffix
                ),
            ));
        };
        splits::check(Some(split), spec.split.as_deref()).map_err(|error| error.at_path(&path))?;
        Ok(Files { folder: folder.to_owned(), cifar, split: split.to_owned(), paths: vec![path] })
    }

    /// The folder, at `path` or below it, that holds such files.
    fn find(&self, path: &Path) -> Result<Option<Found>> {
        let below = self.folders.iter().map(|folder| path.join(folder));
        for folder in std::iter::once(path.to_owned()).chain(below) {
            if !folder.is_dir() {
                continue;
            }
            for cifar in [Cifar::Ten, Cifar::Hundred] {
                let splits = self.splits(&folder, cifar)?;
                if !splits.is_empty() {
                    return Ok(Some(Found { folder, cifar, splits }));
                }
            }
        }
        Ok(None)
    }

    fn splits(&self, folder: &Path, wanted: Cifar) -> Result<BTreeMap<&'static str, Vec<Numbered>>> {
        let mut splits = BTreeMap::<&str, Vec<Numbered>>::new();
        for path in files::files_in(folder)? {
            let Some((cifar, split, number)) = self.parse(&path) else { continue };
            if cifar == wanted && (self.is_it)(&path, cifar)? {
                splits.entry(split).or_default().push((number, path));
            }
        }
        Ok(splits)
    }

    /// `data_batch_2.bin` → (CIFAR-10, train, 2).
    fn parse(&self, path: &Path) -> Option<(Cifar, &'static str, u32)> {
        let stem = path.file_name()?.to_str()?.strip_suffix(self.suffix)?;
        match stem {
            "test_batch" => Some((Cifar::Ten, "test", 1)),
            "test" => Some((Cifar::Hundred, "test", 1)),
            "train" => Some((Cifar::Hundred, "train", 1)),
            _ => {
                let number = stem.strip_prefix("data_batch_")?;
                Some((Cifar::Ten, "train", number.parse().ok().filter(|_| !number.starts_with(['0', '+']))?))
            }
        }
    }

    /// The files by number; a gap would pass for a smaller data set.
    fn in_order(&self, mut files: Vec<Numbered>) -> Result<Vec<PathBuf>> {
        files.sort_unstable();
        match files.iter().zip(1..).find(|((number, _), wanted)| number != wanted) {
            Some((_, missing)) => {
                Err(Error::unusable(format!("data_batch_{missing}{} is missing", self.suffix))
                    .help("put it beside the others, or name one file as `--data`"))
            }
            None => Ok(files.into_iter().map(|(_, path)| path).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::empty_files::folder_of;

    const NAMING: Naming =
        Naming { suffix: ".bin", folders: ["inner", "other"], is_it: |path, _| Ok(path.is_file()) };

    /// What is found among files of these names.
    fn located(files: &[&str], split: Option<&str>) -> Result<Vec<String>> {
        let scratch = folder_of(files);
        let spec = DatasetSpec { split: split.map(str::to_owned), ..DatasetSpec::at(scratch.path()) };
        let below = |path: PathBuf| path.strip_prefix(scratch.path()).unwrap().display().to_string();
        Ok(NAMING.locate(&spec)?.paths.into_iter().map(below).collect())
    }

    #[test]
    fn splits_are_found_by_name_and_batches_by_number() {
        let all =
            ["data_batch_2.bin", "test_batch.bin", "data_batch_1.bin", "readme.html", "data_batch_x.bin"];
        assert_eq!(located(&all, None).unwrap(), ["test_batch.bin"]);
        assert_eq!(located(&all, Some("train")).unwrap(), ["data_batch_1.bin", "data_batch_2.bin"]);
        assert_eq!(located(&["train.bin"], None).unwrap(), ["train.bin"]);
        assert_eq!(located(&["inner/test.bin"], None).unwrap(), ["inner/test.bin"]);
        assert!(located(&all, Some("val")).unwrap_err().help.unwrap().contains("test, train"));
    }

    #[test]
    fn ten_batches_come_after_nine() {
        let names: Vec<String> = (1..=10).map(|number| format!("data_batch_{number}.bin")).collect();
        let files: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(located(&files, None).unwrap(), names);
    }

    #[test]
    fn the_fine_labels_count_unless_the_coarse_ones_are_asked_for() {
        let column = |asked| Cifar::Hundred.labels(asked).map(|(labels, _)| labels.column);
        assert_eq!(column(None).unwrap(), "fine_label");
        assert_eq!(column(Some("coarse_labels")).unwrap(), "coarse_label");
        assert!(column(Some("label")).unwrap_err().help.unwrap().contains("coarse_label"));
        assert!(Cifar::Ten.labels(Some("fine_label")).is_err());
    }

    #[test]
    fn a_missing_batch_is_named() {
        let error = located(&["data_batch_1.bin", "data_batch_3.bin"], Some("train")).unwrap_err();
        assert!(error.what.contains("data_batch_2.bin is missing"), "{error}");
    }
}
