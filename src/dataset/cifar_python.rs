//! CIFAR-10 and CIFAR-100 as Python pickles: dictionaries of `data` (bytes, N × 3,072) with `labels`,
//! or with `fine_labels` and `coarse_labels`, as they come or pickled again by a later Python.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::cifar::{COARSE, RASTER, classes_of};
use super::cifar_files::{Cifar, Files, Naming};
use super::file_names::FileNames;
use super::pickle::Pickle;
use super::raw_images::{Part, RawImages, Remarks};
use super::{Content, classes, labels, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

const NAMING: Naming =
    Naming { suffix: "", folders: ["cifar-10-batches-py", "cifar-100-python"], is_it: is_pickle };

/// Whether `path` is one of the files, a folder of them, or the folder around theirs.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    NAMING.is_here(path)
}

/// `test` may be anything, so there the first byte must be that of a pickle: the protocol, or in old
/// ones a mark or a dictionary.
fn is_pickle(path: &Path, cifar: Cifar) -> Result<bool> {
    if !path.is_file() || cifar == Cifar::Ten {
        return Ok(path.is_file());
    }
    let mut start = [0; 1];
    let file = File::open(path).map_err(|cause| unreadable(path, &cause))?;
    let read = file.take(1).read(&mut start).map_err(|cause| unreadable(path, &cause))?;
    Ok(read == 1 && matches!(start, [0x80 | b'(' | b'}']))
}

/// Reads the pickles; their pixels stay where they are.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    let files = NAMING.locate(spec)?;
    let names = Names::read(&files)?;
    let own = names.classes.unwrap_or_else(|| classes::numbered(classes_of(files.cifar)));
    let classes = classes::names(spec, &files.folder, Some(own), 0)?;
    let mut all = Batches::default();
    for path in &files.paths {
        let batch = Batch::read(path).map_err(|error| error.at_path(path))?;
        labels::check_below(&batch.labels, classes.len(), path)?;
        all.add(batch);
    }
    let remarks = all.remarks(names.coarse, &files.folder)?;
    Ok(Content {
        name: super::folder::short_name(&files.folder),
        split: Some(files.split),
        classes,
        passed_over: None,
        columns: remarks.iter().map(|_| COARSE.to_owned()).collect(),
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

/// What the file beside the batches says.
#[derive(Default)]
struct Names {
    classes: Option<Vec<String>>,
    coarse: Option<Vec<String>>,
}

impl Names {
    fn read(files: &Files) -> Result<Self> {
        let (file, key) = match files.cifar {
            Cifar::Ten => ("batches.meta", "label_names"),
            Cifar::Hundred => ("meta", "fine_label_names"),
        };
        let path = files.folder.join(file);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let pickle = Pickle::open(&path)?;
        let list = |key| pickle.get(key).map(|names| pickle.texts(names)).transpose();
        let named = |key| -> Result<Option<Vec<String>>> {
            let names = list(key).map_err(|error| error.at_path(&path))?;
            Ok(names.map(|names| strings(&names)))
        };
        Ok(Self { classes: named(key)?, coarse: named("coarse_label_names")? })
    }
}

fn strings(names: &FileNames) -> Vec<String> {
    (0..names.count()).map(|index| names.get(index).to_string_lossy().into_owned()).collect()
}

/// One file.
struct Batch {
    part: Part,
    labels: Vec<u32>,
    coarse: Option<Vec<u32>>,
    ids: Option<FileNames>,
}

impl Batch {
    fn read(path: &Path) -> Result<Self> {
        let pickle = Pickle::open(path)?;
        let missing = |what: &str| {
            Error::unusable(format!("the pickle has no `{what}`"))
                .help("a batch of CIFAR is a dictionary of data (uint8, N x 3072) and labels or fine_labels")
        };
        let data = pickle.array(pickle.get("data").ok_or_else(|| missing("data"))?)?;
        let count = data.check_rows(RASTER.bytes() as u64)?;
        let labels = pickle.get("fine_labels").or_else(|| pickle.get("labels"));
        let labels = pickle.labels(labels.ok_or_else(|| missing("labels"))?)?;
        labels::check_count(labels.len(), count)?;
        let coarse = pickle.get("coarse_labels").map(|labels| pickle.labels(labels)).transpose()?;
        if let Some(coarse) = &coarse {
            labels::check_count(coarse.len(), count)?;
        }
        let ids = pickle.get("filenames").map(|names| pickle.texts(names)).transpose()?;
        if let Some(ids) = ids.as_ref().filter(|ids| ids.count() != labels.len()) {
            return Err(Error::unusable(format!("{} filenames do not fit {count} images", ids.count())));
        }
        let part = Part { path: path.to_owned(), data: data.into_rows()?, count: labels.len() };
        Ok(Self { part, labels, coarse, ids })
    }
}

/// Several files as one list.
#[derive(Default)]
struct Batches {
    parts: Vec<Part>,
    labels: Vec<u32>,
    coarse: Vec<u32>,
    ids: Vec<String>,
}

impl Batches {
    fn add(&mut self, batch: Batch) {
        self.parts.push(batch.part);
        self.labels.extend(batch.labels);
        self.coarse.extend(batch.coarse.unwrap_or_default());
        self.ids.extend(batch.ids.as_ref().map(strings).unwrap_or_default());
    }

    /// The coarse labels, where every image has one.
    fn remarks(&mut self, names: Option<Vec<String>>, folder: &Path) -> Result<Option<Remarks>> {
        let of = std::mem::take(&mut self.coarse);
        if of.len() != self.labels.len() {
            return Ok(None);
        }
        let names = names.unwrap_or_else(|| classes::numbered(labels::seen(&of)));
        labels::check_below(&of, names.len(), folder)?;
        Ok(Some(Remarks { of, names }))
    }

    /// The files' own names, where every image has one and no two the same: records are paired by id.
    fn distinct_ids(&self) -> Option<FileNames> {
        let distinct: std::collections::HashSet<&str> = self.ids.iter().map(String::as_str).collect();
        if distinct.len() != self.labels.len() {
            return None;
        }
        let mut names = FileNames::default();
        self.ids.iter().for_each(|id| names.push(id.as_ref()));
        Some(names)
    }
}
