//! An `.npz` file: a zip archive of `.npy` files, stored or deflated.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::array::{Array, cut_short};
use super::npy;
use crate::dataset::raw::stored::Stored;
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::regular_file;

/// Most members that are looked at: an archive of arrays has a handful.
const MAX_MEMBERS: usize = 10_000;

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(|cause| damaged(path, &cause))?;
    if archive.len() > MAX_MEMBERS {
        return Err(Error::unusable(format!("the archive has {} members: too many", archive.len()))
            .at_path(path)
            .help("save images and labels alone, each as one array"));
    }
    Ok(archive)
}

/// Names of the arrays, without `.npy`, in the order of the archive.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    let archive = archive(path)?;
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()));
    Ok(names.collect())
}

/// Opens array `name` of the archive at `path`. The elements of a stored one stay in the file; a
/// deflated one is unpacked into memory, no further than its header says.
pub(super) fn open(path: &Path, name: &str) -> Result<Array> {
    let mut archive = archive(path)?;
    let member = format!("{name}.npy");
    let file = archive.by_name(&member).map_err(|cause| damaged(path, &cause))?;
    let plain = file.compression() == CompressionMethod::Stored && !file.encrypted();
    let array = match file.data_start().filter(|_| plain) {
        Some(start) => in_place(path, start, file.size()),
        None => npy::unpack(file),
    };
    array.map_err(|error| error.at(format!("{member} in {}", path.display())))
}

/// The array in `length` bytes of the file from `start` on.
fn in_place(path: &Path, start: u64, length: u64) -> Result<Array> {
    let open = || regular_file::open(path).map_err(|cause| unreadable(path, &cause));
    let member = Stored::part(open()?, start, length).map_err(cut_short)?;
    let start_of_it = member.start(npy::MAX_START).map_err(cut_short)?;
    let header = npy::read_header(&mut start_of_it.as_slice())?;
    let begin = start + header.bytes;
    let data = Stored::part(open()?, begin, length.saturating_sub(header.bytes)).map_err(cut_short)?;
    Array::new(header.shape, data)
}

fn damaged(path: &Path, cause: &zip::result::ZipError) -> Error {
    Error::unusable("the .npz file is damaged, or not one")
        .because(cause)
        .at_path(path)
        .help("fetch or save the file again")
}
