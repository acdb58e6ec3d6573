//! Saved runs, and where they are kept when nobody says where: one folder each in the cache, the last
//! few only.

use std::path::{Path, PathBuf};

use crate::cache;
use crate::error::{Error, Result};
use crate::record::{self, Run, timestamp};

/// Runs kept in the cache.
const KEPT: usize = 20;

/// A folder for the records of this run alone: `chosen`, or a new one in the cache.
pub fn create(chosen: Option<&Path>) -> Result<PathBuf> {
    let folder = match chosen {
        Some(folder) => {
            refuse_others(folder)?;
            folder.to_owned()
        }
        None => {
            let root = root()?;
            forget_old(&root);
            root.join(format!("{}-{}", timestamp().replace(':', ""), std::process::id()))
        }
    };
    std::fs::create_dir_all(&folder).map_err(|e| {
        Error::unusable("the folder for records cannot be made")
            .because(e)
            .at_path(&folder)
            .help("choose a folder that can be written with --record DIR, or set BENCH_CACHE_DIR")
    })?;
    record::check_writable(&folder.join("record.json")).map_err(|error| error.at_path(&folder))?;
    Ok(folder)
}

/// Records of two runs in one folder would be shown as one run, and those of the same name be lost.
fn refuse_others(folder: &Path) -> Result<()> {
    match record::find_record(folder) {
        Ok(Some(there)) => Err(Error::usage("the folder holds the records of another run")
            .at_path(&there)
            .help("choose a folder of its own for each run with --record DIR, or move those records away")),
        // What is wrong with the folder itself shows when it is made.
        Ok(None) | Err(_) => Ok(()),
    }
}

/// The path that is meant: `last` is the folder of the most recent run, where it is not the name of
/// anything else.
pub fn named(path: &Path) -> Result<PathBuf> {
    match path == Path::new("last") && !path.exists() {
        true => last(),
        false => Ok(path.to_owned()),
    }
}

/// The runs of a record, of a folder of them, or of the last measurement.
pub fn load(path: &Path) -> Result<Vec<Run>> {
    let path = named(path)?;
    if path.is_dir() { record::load_folder(&path) } else { record::load(&path).map(|run| vec![run]) }
}

fn last() -> Result<PathBuf> {
    all(&root()?).pop().ok_or_else(|| {
        Error::usage("there is no last run yet").help("measure something first: bench compare A.onnx B.onnx")
    })
}

fn root() -> Result<PathBuf> {
    Ok(cache::root()?.join("runs"))
}

/// All runs, oldest first: their names begin with the time.
fn all(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn forget_old(root: &Path) {
    let folders = all(root);
    for folder in folders.iter().take((folders.len() + 1).saturating_sub(KEPT)) {
        // What cannot be removed now is tried again next time.
        let _ = std::fs::remove_dir_all(folder);
    }
}
