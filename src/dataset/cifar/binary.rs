//! CIFAR-10 and CIFAR-100 as binary files: records of a label (for CIFAR-100 a coarse one and a fine
//! one), then 1,024 bytes each of red, green and blue. Records are read where they lie; only labels
//! are held.

use std::path::Path;

use super::files::{Cifar, Files, Labels, Naming};
use crate::dataset::raw::stored::Stored;
use crate::dataset::raw::{Part, Raster, RawImages, Remarks};
use crate::dataset::{Content, classes, labels, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::regular_file;

/// What every image of CIFAR is, pickled ones too.
pub(super) const RASTER: Raster = Raster { width: 32, height: 32, channels: 3, planar: true };
const NAMING: Naming =
    Naming { suffix: ".bin", folders: ["cifar-10-batches-bin", "cifar-100-binary"], is_it: is_binary };

fn record(cifar: Cifar) -> usize {
    cifar.lead() + RASTER.bytes()
}

/// Whether `path` is one of the files, a folder of them, or the folder around theirs.
pub(in crate::dataset) fn is_here(path: &Path) -> Result<bool> {
    NAMING.is_here(path)
}

/// The splits of the files in a folder.
pub(in crate::dataset) fn splits(path: &Path) -> Result<Vec<String>> {
    NAMING.split_names(path)
}

/// `test.bin` may be anything, so there its length must tell, or the names beside it.
fn is_binary(path: &Path, cifar: Cifar) -> Result<bool> {
    let file = path.metadata().map_err(|cause| unreadable(path, &cause))?;
    let named = || path.with_file_name("fine_label_names.txt").is_file();
    let whole = file.len() > 0 && file.len() % record(cifar) as u64 == 0;
    Ok(file.is_file() && (cifar == Cifar::Ten || whole || named()))
}

/// Lists the images and reads the labels.
pub(in crate::dataset) fn list(spec: &DatasetSpec) -> Result<Content> {
    let files = NAMING.locate(spec)?;
    let (counting, other) = files.cifar.labels(spec.columns.label.as_deref())?;
    let classes = files.classes(spec, counting, own_names(&files, counting)?)?;
    let parts: Vec<Part> = files.paths.iter().map(|path| open(path, files.cifar)).collect::<Result<_>>()?;
    let labels = read_labels(&parts, counting, files.cifar, classes.of_data())?;
    let labels = classes.number(labels);
    let remarks = match other {
        Some(other) => {
            let names = other.names(own_names(&files, other)?);
            let of = read_labels(&parts, other, files.cifar, names.len())?;
            Some(Remarks { column: other.column, of, names })
        }
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
            lead: files.cifar.lead(),
            parts,
            labels,
            ids: None,
            remarks,
        }),
    })
}

/// The names in the file beside the data.
fn own_names(files: &Files, labels: Labels) -> Result<Option<Vec<String>>> {
    classes::in_file(&files.folder.join(labels.names_file))
}

/// Opens a file and holds its length against that of its records.
fn open(path: &Path, cifar: Cifar) -> Result<Part> {
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let length = file.metadata().map_err(|cause| unreadable(path, &cause))?.len();
    let record = record(cifar) as u64;
    if length == 0 || !length.is_multiple_of(record) {
        return Err(Error::unusable(format!(
            "the file has {length} bytes, which is not a whole number of records of {record}"
        ))
        .at_path(path)
        .help("fetch or copy it again"));
    }
    let data = Stored::part(file, 0, length).map_err(|cause| unreadable(path, &cause))?;
    let count = usize::try_from(length / record).map_err(|cause| {
        Error::unusable(format!("the file has {length} bytes, more than this machine can address"))
            .because(cause)
            .at_path(path)
            .help("divide it, or take a 64-bit machine")
    })?;
    Ok(Part { path: path.to_owned(), data, count })
}

/// The labels in each record of all files, which must be below `classes`.
fn read_labels(parts: &[Part], wanted: Labels, cifar: Cifar, classes: usize) -> Result<Vec<u32>> {
    let mut all = Vec::new();
    for part in parts {
        let label = |index: usize| {
            let start = index as u64 * record(cifar) as u64 + wanted.byte as u64;
            part.data.read(start, 1).map(|byte| u32::from(byte[0]))
        };
        let read: std::io::Result<Vec<u32>> = (0..part.count).map(label).collect();
        let read = read.map_err(|cause| unreadable(&part.path, &cause))?;
        labels::check(&read, classes, &labels::in_file(&part.path))?;
        all.extend(read);
    }
    Ok(all)
}
