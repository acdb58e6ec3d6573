//! Files of images, and what lies in folders.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{file_names, unreadable};
use crate::error::{Error, Result};
use crate::regular_file;

/// Extensions of image files, without the dot.
pub(super) const EXTENSIONS: [&str; 7] = ["jpg", "jpeg", "jfif", "png", "bmp", "webp", "gif"];
/// What archives and file managers leave beside the images; hidden names are such litter too.
pub(super) const LITTER: [&str; 3] = ["__MACOSX", "Thumbs.db", "desktop.ini"];
/// Largest image file that is read, bytes.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;

/// The last part of the path, also where it is written as `.` or `..`.
pub(super) fn short_name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| whole.display().to_string(), readable)
}

/// The folder of the file at `path`.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Names of the visible folders, in byte order; links are followed.
pub(super) fn folders_in(path: &Path) -> Result<Vec<OsString>> {
    Ok(visible_that(path, Visible::is_folder)?.into_iter().map(|folder| folder.name).collect())
}

/// Paths of the visible files, in the byte order of their names; links are followed.
pub(super) fn files_in(path: &Path) -> Result<Vec<PathBuf>> {
    Ok(visible_that(path, Visible::is_file)?.into_iter().map(|file| path.join(file.name)).collect())
}

/// What a class folder holds, in byte order.
#[derive(Default)]
pub(super) struct Found {
    pub images: Vec<OsString>,
    pub others: Vec<OsString>,
}

/// Tells images from all else that is visible; links are followed. Only regular files are images: a
/// named pipe with an image's name would be waited on for ever.
pub(super) fn sorted_in(path: &Path) -> Result<Found> {
    let mut found = Found::default();
    for entry in visible(path)? {
        let is_image = has_image_extension(&entry.name) && entry.is_file();
        let names = if is_image { &mut found.images } else { &mut found.others };
        names.push(entry.name);
    }
    Ok(found)
}

/// What a class folder holds and the folders within it do, as torchvision's `ImageFolder` reads them: names
/// are paths below it, those of a folder before those of its inner ones. A folder that a link leads back to
/// is read once.
pub(super) fn sorted_below(path: &Path) -> Result<Found> {
    let (mut found, mut seen) = (Found::default(), HashSet::new());
    descend(path, OsStr::new(""), &mut seen, &mut found)?;
    Ok(found)
}

fn descend(root: &Path, below: &OsStr, seen: &mut HashSet<PathBuf>, found: &mut Found) -> Result<()> {
    // Ids are made of these: the same on every system.
    let within = |name: &OsStr| match below.is_empty() {
        true => name.to_owned(),
        false => [below, OsStr::new("/"), name].into_iter().collect::<OsString>(),
    };
    let here = root.join(below);
    if !seen.insert(here.canonicalize().unwrap_or_else(|_| here.clone())) {
        return Ok(());
    }
    let (folders, others): (Vec<_>, Vec<_>) = visible(&here)?.into_iter().partition(Visible::is_folder);
    for entry in others {
        let is_image = has_image_extension(&entry.name) && entry.is_file();
        let names = if is_image { &mut found.images } else { &mut found.others };
        names.push(within(&entry.name));
    }
    folders.iter().try_for_each(|folder| descend(root, &within(&folder.name), seen, found))
}

/// A name in a folder, and what it is the name of.
pub(super) struct Visible {
    pub name: OsString,
    /// Nothing for a link to nothing.
    kind: Option<FileType>,
}

impl Visible {
    fn of(entry: &DirEntry, name: OsString) -> Self {
        // The folder itself tells it, so that no file of a large data set is asked for it.
        let told = entry.file_type().ok().filter(|kind| !kind.is_symlink());
        let kind = told.or_else(|| entry.path().metadata().ok().map(|about| about.file_type()));
        Self { name, kind }
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind.is_some_and(|kind| kind.is_file())
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind.is_some_and(|kind| kind.is_dir())
    }
}

/// What is in the folder at `path` and no litter, in the byte order of names; links are followed. Every
/// format lists its folders by this alone: macOS leaves a `._x.npz` beside an `x.npz`.
pub(super) fn visible(path: &Path) -> Result<Vec<Visible>> {
    visible_that(path, |_| true)
}

/// The same of what `is_meant`: a folder of a million images is not sorted to learn that there is nothing
/// else.
pub(super) fn visible_that(path: &Path, is_meant: impl Fn(&Visible) -> bool) -> Result<Vec<Visible>> {
    let mut found = Vec::new();
    for entry in path.read_dir().map_err(|cause| unreadable(path, &cause))? {
        let entry = entry.map_err(|cause| unreadable(path, &cause))?;
        let name = entry.file_name();
        if !is_litter(&name) {
            found.extend(Some(Visible::of(&entry, name)).filter(&is_meant));
        }
    }
    found.sort_unstable_by(|a, b| a.name.as_encoded_bytes().cmp(b.name.as_encoded_bytes()));
    Ok(found)
}

fn is_litter(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || LITTER.iter().any(|litter| name == *litter)
}

/// Whether a file is called as an image.
pub(super) fn has_image_extension(name: &OsStr) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// A name as text.
pub(super) fn readable(name: &OsStr) -> String {
    file_names::readable(name.as_encoded_bytes())
}

/// The bytes of the image file at `path`.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>> {
    regular_file::read_at_most(path, MAX_FILE_BYTES).map_err(|cause| match cause.kind() {
        io::ErrorKind::IsADirectory => Error::unusable("this is a folder, not an image file").at_path(path),
        _ => unreadable(path, &cause),
    })
}

/// Adds the length of the file at `path` to `digest`: reading every file would cost as much as the
/// evaluation.
pub(super) fn fingerprint(path: &Path, digest: &mut Sha256) -> Result<()> {
    let length = path.metadata().map_err(|cause| unreadable(path, &cause))?.len();
    digest.update(length.to_le_bytes());
    Ok(())
}
