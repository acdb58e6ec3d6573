//! Keeps the cache below its limit: the files that were not used for the longest time go first.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Ends the name of every file that may be removed here.
pub(super) const EXTENSION: &str = "pixels";

/// A file of the cache.
struct Kept {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// Removes files other than `own` until all that are left have at most `limit` bytes. One that
/// another run still writes to may go as well: that run goes on without finding it again.
pub(super) fn make_place(folder: &Path, own: &Path, limit: u64) {
    let mut kept = others(folder, own);
    kept.sort_by_key(|file| file.used);
    let mut total: u64 = kept.iter().map(|file| file.bytes).sum();
    for file in kept {
        if total <= limit {
            return;
        }
        // What cannot be removed, on systems where an open file cannot, is the next run's matter.
        if fs::remove_file(&file.path).is_ok() {
            total -= file.bytes;
        }
    }
}

fn others(folder: &Path, own: &Path) -> Vec<Kept> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let about = path.metadata().ok().filter(|about| about.is_file())?;
            let ours = path.extension().is_some_and(|extension| extension == EXTENSION) && path != own;
            ours.then_some(Kept { path, bytes: about.len(), used: about.modified().ok()? })
        })
        .collect()
}
