//! CIFAR-10 and CIFAR-100 as binary files: records of a label (for CIFAR-100 a coarse one and a fine
//! one), then 1,024 bytes each of red, green and blue. Records are read where they lie; only labels
//! are held.

use std::fs::File;
use std::path::Path;

use super::cifar_files::{Cifar, Naming};
use super::raw_images::{Part, Raster, RawImages, Remarks};
use super::stored::Stored;
use super::{Content, classes, labels, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// What every image of CIFAR is, pickled ones too.
pub(super) const RASTER: Raster = Raster { width: 32, height: 32, channels: 3, planar: true };
/// The column of CIFAR-100's coarse labels.
pub(super) const COARSE: &str = "coarse_label";
/// Number of coarse classes.
const COARSE_CLASSES: usize = 20;

const NAMING: Naming =
    Naming { suffix: ".bin", folders: ["cifar-10-batches-bin", "cifar-100-binary"], is_it: is_binary };

/// Bytes before the pixels: a label each.
fn lead(cifar: Cifar) -> usize {
    match cifar {
        Cifar::Ten => 1,
        Cifar::Hundred => 2,
    }
}

fn record(cifar: Cifar) -> usize {
    lead(cifar) + RASTER.bytes()
}

/// Number of classes, where nothing names them.
pub(super) fn classes_of(cifar: Cifar) -> usize {
    match cifar {
        Cifar::Ten => 10,
        Cifar::Hundred => 100,
    }
}

/// Whether `path` is one of the files, a folder of them, or the folder around theirs.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    NAMING.is_here(path)
}

/// `test.bin` may be anything, so there its length must tell, or the names beside it.
fn is_binary(path: &Path, cifar: Cifar) -> Result<bool> {
    let file = path.metadata().map_err(|cause| unreadable(path, &cause))?;
    let named = || path.with_file_name("fine_label_names.txt").is_file();
    let whole = file.len() > 0 && file.len() % record(cifar) as u64 == 0;
    Ok(file.is_file() && (cifar == Cifar::Ten || whole || named()))
}

/// Lists the images and reads the labels.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    let files = NAMING.locate(spec)?;
    let (names_file, coarse_file) = match files.cifar {
        Cifar::Ten => ("batches.meta.txt", None),
        Cifar::Hundred => ("fine_label_names.txt", Some("coarse_label_names.txt")),
    };
    let own = classes::in_file(&files.folder.join(names_file))?;
    let own = own.unwrap_or_else(|| classes::numbered(classes_of(files.cifar)));
    let classes = classes::names(spec, &files.folder, Some(own), 0)?;
    let mut remarks = match coarse_file {
        Some(file) => Some(Remarks { of: Vec::new(), names: coarse_names(&files.folder.join(file))? }),
        None => None,
    };
    let (mut parts, mut labels) = (Vec::new(), Vec::new());
    for path in &files.paths {
        let part = open(path, files.cifar)?;
        labels.extend(read_labels(&part, lead(files.cifar) - 1, files.cifar, classes.len())?);
        if let Some(remarks) = &mut remarks {
            remarks.of.extend(read_labels(&part, 0, files.cifar, remarks.names.len())?);
        }
        parts.push(part);
    }
    Ok(Content {
        name: super::folder::short_name(&files.folder),
        split: Some(files.split),
        classes,
        passed_over: None,
        columns: remarks.iter().map(|_| COARSE.to_owned()).collect(),
        images: Box::new(RawImages {
            raster: RASTER,
            lead: lead(files.cifar),
            parts,
            labels,
            ids: None,
            remarks,
        }),
    })
}

fn coarse_names(path: &Path) -> Result<Vec<String>> {
    Ok(classes::in_file(path)?.unwrap_or_else(|| classes::numbered(COARSE_CLASSES)))
}

/// Opens a file and holds its length against that of its records.
fn open(path: &Path, cifar: Cifar) -> Result<Part> {
    let file = File::open(path).map_err(|cause| unreadable(path, &cause))?;
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
    let count =
        usize::try_from(length / record).map_err(|cause| Error::unusable("too large").because(cause))?;
    Ok(Part { path: path.to_owned(), data, count })
}

/// Byte `place` of each record, which must be below `classes`.
fn read_labels(part: &Part, place: usize, cifar: Cifar, classes: usize) -> Result<Vec<u32>> {
    let label = |index: usize| {
        let start = index as u64 * record(cifar) as u64 + place as u64;
        part.data.read(start, 1).map(|byte| u32::from(byte[0]))
    };
    let read: std::io::Result<Vec<u32>> = (0..part.count).map(label).collect();
    let read = read.map_err(|cause| unreadable(&part.path, &cause))?;
    labels::check_below(&read, classes, &part.path)?;
    Ok(read)
}
