//! Weights that lie in files beside the model.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::graph::stored_tensors;
use super::onnx::{ModelProto, TensorProto};
use crate::error::{Error, Result};

/// A file of weights.
#[derive(Debug)]
pub(super) struct ExternalFile {
    path: PathBuf,
    /// Length of the file.
    pub(super) bytes: u64,
}

impl ExternalFile {
    /// Adds the content to a digest.
    pub(super) fn feed(&self, sha256: &mut Sha256) -> Result<()> {
        let unreadable = |cause| {
            Error::unusable("the model's external data cannot be read").because(cause).at_path(&self.path)
        };
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer).map_err(unreadable)? {
                0 => return Ok(()),
                count => sha256.update(&buffer[..count]),
            }
        }
    }
}

/// The external files of `model`, by name, each checked for existence, place and length.
pub(super) fn files(model: &ModelProto, path: &Path) -> Result<Vec<ExternalFile>> {
    let mut found = BTreeMap::<&str, ExternalFile>::new();
    for tensor in stored_tensors(model).into_iter().filter(|tensor| tensor.is_external()) {
        let place = format!("tensor `{}` of {}", tensor.name(), path.display());
        let location = tensor.external("location").unwrap_or_default();
        if !found.contains_key(location) {
            found.insert(location, locate(location, path).map_err(|error| error.at(&place))?);
        }
        let length = found.get(location).map_or(0, |file| file.bytes);
        check_range(tensor, location, length).map_err(|error| error.at(&place))?;
    }
    Ok(found.into_values().collect())
}

fn locate(location: &str, model: &Path) -> Result<ExternalFile> {
    check_location(location)?;
    let path = folder(model).join(location);
    let missing = |cause| {
        Error::unusable(format!("the model's external data `{location}` is missing"))
            .because(cause)
            .help("put the file beside the model, under the name that it was saved with")
    };
    let about = fs::metadata(&path).map_err(missing)?;
    if !about.is_file() {
        return Err(missing(std::io::Error::other("it is not a file")));
    }
    check_inside(&path, model, location)?;
    Ok(ExternalFile { path, bytes: about.len() })
}

/// A model is not to make the program read files elsewhere on the machine.
fn check_location(location: &str) -> Result<()> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !location.is_empty() && Path::new(location).components().all(inside) {
        return Ok(());
    }
    Err(outside(location))
}

/// Links are followed, so that a link out of the folder is found. The folder may be that of the path
/// or that of the file behind it: download caches link both the model and its data to one store.
fn check_inside(path: &Path, model: &Path, location: &str) -> Result<()> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let file = real(path);
    let folders = [real(folder(model)), real(model).and_then(|model| model.parent().map(Path::to_owned))];
    let inside = |folder: &PathBuf| file.as_ref().is_some_and(|file| file.starts_with(folder));
    if folders.iter().flatten().any(inside) { Ok(()) } else { Err(outside(location)) }
}

fn outside(location: &str) -> Error {
    Error::unusable(format!("the model's external data `{location}` lies outside the model's folder"))
        .help("save the model again with its data beside it; a model from a stranger may be hostile")
}

fn folder(model: &Path) -> &Path {
    match model.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn check_range(tensor: &TensorProto, location: &str, file_bytes: u64) -> Result<()> {
    let number = |key, default| match tensor.external(key) {
        None => Ok(default),
        Some(text) => text.parse::<u64>().map_err(|_| {
            Error::unusable(format!("the {key} of external data `{location}` is `{text}`, not a number"))
                .help("export the model again")
        }),
    };
    let (offset, length) = (number("offset", 0)?, number("length", tensor.data_bytes())?);
    if offset.checked_add(length).is_some_and(|end| end <= file_bytes) {
        return Ok(());
    }
    Err(Error::unusable(format!(
        "the model's external data `{location}` is cut short: {length} bytes from {offset} are wanted, and it has {file_bytes}"
    ))
    .help("copy or download the data file again"))
}
