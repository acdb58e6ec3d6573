//! CIFAR-10 and CIFAR-100 as Python pickles: dictionaries of `data` (bytes, N × 3,072) with `labels`,
//! or with `fine_labels` and `coarse_labels`, as they come or pickled again by a later Python.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::binary::RASTER;
use super::files::{Cifar, Files, Labels, Naming};
use super::pickle::Pickle;
use crate::dataset::file_names::FileNames;
use crate::dataset::raw::{Part, RawImages, Remarks};
use crate::dataset::{Content, labels, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::regular_file;

const NAMING: Naming =
    Naming { suffix: "", folders: ["cifar-10-batches-py", "cifar-100-python"], is_it: is_pickle };

/// Whether `path` is one of the files, a folder of them, or the folder around theirs.
pub(in crate::dataset) fn is_here(path: &Path) -> Result<bool> {
    NAMING.is_here(path)
}

/// The splits of the files in a folder.
pub(in crate::dataset) fn splits(path: &Path) -> Result<Vec<String>> {
    NAMING.split_names(path)
}

/// `test` may be anything, so there the first byte must be that of a pickle: the protocol, or in old
/// ones a mark or a dictionary.
fn is_pickle(path: &Path, cifar: Cifar) -> Result<bool> {
    if !path.is_file() || cifar == Cifar::Ten {
        return Ok(path.is_file());
    }
    let mut start = [0; 1];
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let read = file.take(1).read(&mut start).map_err(|cause| unreadable(path, &cause))?;
    Ok(read == 1 && matches!(start, [0x80 | b'(' | b'}']))
}

/// What a file must hold; the advice on all that is wrong with one.
const BATCH: &str = "a batch of CIFAR is a dictionary of data (uint8, N x 3072) and labels or fine_labels: pickle it so, or fetch it again";

/// Reads the pickles; their pixels stay where they are.
pub(in crate::dataset) fn list(spec: &DatasetSpec) -> Result<Content> {
    listed(spec).map_err(|error| error.or_help(BATCH))
}

fn listed(spec: &DatasetSpec) -> Result<Content> {
    let files = NAMING.locate(spec)?;
    let (counting, other) = files.cifar.labels(spec.columns.label.as_deref())?;
    let names = Names::of(&files)?;
    let classes = files.classes(spec, counting, names.of_labels(counting)?)?;
    let mut all = Batches::default();
    for path in &files.paths {
        let batch = Batch::read(path, counting, other).map_err(|error| error.within(path))?;
        labels::check(&batch.labels, classes.of_data(), &labels::in_file(path))?;
        all.add(batch);
    }
    all.labels = classes.number(std::mem::take(&mut all.labels));
    let remarks = match other {
        Some(other) => all.remarks(other, other.names(names.of_labels(other)?), &files.folder)?,
        None => None,
    };
    Ok(Content {
        name: crate::dataset::files::short_name(&files.folder),
        split: Some(files.split),
        classes,
        passed_over: None,
        columns: remarks.iter().map(|remarks| remarks.column.to_owned()).collect(),
        images: Box::new(RawImages {
            raster: RASTER,
            lead: 0,
            ids: all.distinct_ids(),
            parts: all.parts,
            labels: all.labels,
            remarks,
        }),
    })
}

/// The file beside the batches that names the classes, if it is there.
struct Names {
    path: PathBuf,
    pickle: Option<Pickle>,
}

impl Names {
    fn of(files: &Files) -> Result<Self> {
        let path = files.folder.join(match files.cifar {
            Cifar::Ten => "batches.meta",
            Cifar::Hundred => "meta",
        });
        let pickle = if path.is_file() { Some(Pickle::open(&path)?) } else { None };
        Ok(Self { path, pickle })
    }

    fn of_labels(&self, labels: Labels) -> Result<Option<Vec<String>>> {
        let found = self.pickle.as_ref().and_then(|pickle| {
            let names = pickle.get(&format!("{}_names", labels.column))?;
            Some(pickle.texts(names).map_err(|error| error.at_path(&self.path)))
        });
        Ok(found.transpose()?.map(|names| strings(&names)))
    }
}

fn strings(names: &FileNames) -> Vec<String> {
    (0..names.count()).map(|index| names.get(index).to_string_lossy().into_owned()).collect()
}

/// One file.
struct Batch {
    part: Part,
    labels: Vec<u32>,
    other: Option<Vec<u32>>,
    ids: Option<FileNames>,
}

impl Batch {
    fn read(path: &Path, counting: Labels, other: Option<Labels>) -> Result<Self> {
        let pickle = Pickle::open(path)?;
        let data = pickle.array(pickle.get("data").ok_or_else(|| missing("data"))?)?;
        let count = data.check_rows(RASTER.bytes() as u64)?;
        let column = |wanted: Labels| -> Result<Option<Vec<u32>>> {
            let Some(value) = pickle.get(&format!("{}s", wanted.column)) else { return Ok(None) };
            let read = pickle.labels(value, &labels::in_file(path))?;
            labels::check_count(read.len(), count)?;
            Ok(Some(read))
        };
        let labels = column(counting)?.ok_or_else(|| missing(&format!("{}s", counting.column)))?;
        let ids = pickle.get("filenames").map(|names| pickle.texts(names)).transpose()?;
        if let Some(ids) = ids.as_ref().filter(|ids| ids.count() != labels.len()) {
            return Err(Error::unusable(format!("{} filenames do not fit {count} images", ids.count())));
        }
        let other = other.map(column).transpose()?.flatten();
        let part = Part { path: path.to_owned(), data: data.into_rows()?, count: labels.len() };
        Ok(Self { part, labels, other, ids })
    }
}

fn missing(what: &str) -> Error {
    Error::unusable(format!("the pickle has no `{what}`"))
}

/// Several files as one list.
#[derive(Default)]
struct Batches {
    parts: Vec<Part>,
    labels: Vec<u32>,
    other: Vec<u32>,
    ids: Vec<String>,
}

impl Batches {
    fn add(&mut self, batch: Batch) {
        self.parts.push(batch.part);
        self.labels.extend(batch.labels);
        self.other.extend(batch.other.unwrap_or_default());
        self.ids.extend(batch.ids.as_ref().map(strings).unwrap_or_default());
    }

    /// The labels that do not count, where every image has one.
    fn remarks(&mut self, wanted: Labels, names: Vec<String>, folder: &Path) -> Result<Option<Remarks>> {
        let of = std::mem::take(&mut self.other);
        if of.len() != self.labels.len() {
            return Ok(None);
        }
        labels::check(&of, names.len(), &labels::in_file(folder))?;
        Ok(Some(Remarks { column: wanted.column, of, names }))
    }

    /// The files' own names, where every image has one and no two the same: records are paired by id.
    fn distinct_ids(&self) -> Option<FileNames> {
        let distinct: HashSet<&str> = self.ids.iter().map(String::as_str).collect();
        if distinct.len() != self.labels.len() {
            return None;
        }
        let mut names = FileNames::default();
        self.ids.iter().for_each(|id| names.push(id.as_ref()));
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_wrong_with_a_pickle_there_is_advice() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("test_batch");
        // A list; lists that hold the one before twice; a number; no data; an array of another kind.
        let doubled: Vec<u8> =
            (0..60u8).flat_map(|at| [b'(', b'h', at, b'h', at, b'l', b'q', at + 1]).collect();
        for program in [
            &b"\x80\x02]."[..],
            &[b"\x80\x02]q\x00", &doubled[..], b"."].concat(),
            b"\x80\x02K\x01.",
            b"\x80\x02}.",
            b"\x80\x02}U\x04dataK\x01s.",
            b"\x80\x02h\x07.",
            b"\x80\x02\x8a\x09123456789.",
        ] {
            std::fs::write(&path, program).unwrap();
            let error = list(&DatasetSpec::at(&path)).err().unwrap();
            assert!(error.help.is_some() && error.place.is_some(), "{error}");
        }
    }
}
