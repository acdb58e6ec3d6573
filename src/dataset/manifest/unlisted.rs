//! Images that lie in class folders beside a manifest and are not in it: a manifest that was found there
//! takes the place of the folders, and may be of a few of their images.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::find;
use super::table::Table;
use crate::dataset::files::{folders_in, readable, short_name, sorted_below};
use crate::dataset::inside::Root;
use crate::dataset::splits;
use crate::error::Result;
use crate::record::PassedOver;

/// The images in the class folders of `folder` that `table`, its manifest at `path`, does not list. None
/// where other manifests lie there too, each with images of its own.
pub(super) fn beside(folder: &Path, path: &Path, table: &Table, root: &Root) -> Result<Option<PassedOver>> {
    if !find::is_alone(path, folder)? {
        return Ok(None);
    }
    // What leads out of the folder is told by who reads it.
    let listed: HashSet<PathBuf> =
        (0..table.count()).filter_map(|row| root.find(table.path(row)).ok()).collect();
    let (mut count, mut first) = (0, None);
    for class in class_folders(folder)? {
        for image in sorted_below(&class)?.images {
            let image = class.join(image);
            if !listed.contains(&image) {
                count += 1;
                first.get_or_insert(image);
            }
        }
    }
    Ok(first.map(|first| {
        let below = first.strip_prefix(folder).unwrap_or(&first);
        let first = format!("{}, which {} does not list", readable(below.as_os_str()), short_name(path));
        PassedOver { count, first }
    }))
}

/// The folders in `folder`; of one that is called as a split, those in it.
fn class_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for name in folders_in(folder)? {
        let path = folder.join(&name);
        match name.to_str().and_then(splits::usual) {
            Some(_) => found.extend(folders_in(&path)?.into_iter().map(|class| path.join(class))),
            None => found.push(path),
        }
    }
    Ok(found)
}
