//! Whether files are still the ones that they were.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// A number of the lengths of `paths` and of when they became what they are; nothing where there is no
/// first one, or the system does not tell. Others that are not there make no difference until they are.
pub(super) fn of(paths: &[PathBuf]) -> Option<u64> {
    let (first, others) = paths.split_first()?;
    let mixed = |stamp: u64, other| stamp.rotate_left(7) ^ other;
    Some(others.iter().filter_map(|path| of_one(path)).fold(of_one(first)?, mixed))
}

fn of_one(path: &Path) -> Option<u64> {
    let about = path.metadata().ok()?;
    // Lengths differ in low bits and times in all: an odd factor spreads the length over the word.
    Some(about.len().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ changed(&about)?)
}

/// A copy with the times of its original (`cp -p`, `rsync -a`, `tar`) may replace another file of the
/// same length and time; the system's own note of when the file became what it is tells them apart.
#[cfg(unix)]
fn changed(about: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds =
        (about.ctime() as u64).wrapping_mul(1_000_000_000).wrapping_add(about.ctime_nsec() as u64);
    Some(nanoseconds ^ about.ino().wrapping_mul(0xd6e8_feb8_6659_fd93))
}

#[cfg(not(unix))]
fn changed(about: &Metadata) -> Option<u64> {
    Some(about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::*;

    fn write(path: &Path, content: &str, seconds: u64) {
        fs::write(path, content).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn another_length_or_time_is_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let stamp = |content: &str, seconds: u64| {
            write(&path, content, seconds);
            of(std::slice::from_ref(&path)).unwrap()
        };
        let first = stamp("one", 1_000);
        assert_eq!(of(std::slice::from_ref(&path)), Some(first), "nothing has changed");
        assert_ne!(stamp("three", 1_000), first);
        assert_ne!(stamp("one", 1_001), first);
        assert_eq!((of(&[folder.path().join("absent")]), of(&[])), (None, None));
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_same_length_and_time_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b"].map(|name| folder.path().join(name));
        paths.iter().zip(["one", "two"]).for_each(|(path, content)| write(path, content, 1_000));
        let place = folder.path().join("image");
        let stamps = paths.map(|path| {
            fs::rename(path, &place).unwrap();
            of(std::slice::from_ref(&place)).unwrap()
        });
        assert_ne!(stamps[0], stamps[1]);
    }

    #[test]
    fn every_file_that_an_image_may_come_from_counts() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["table", "image"].map(|name| folder.path().join(name));
        write(&paths[0], "table", 1_000);
        let alone = of(&paths).unwrap();
        write(&paths[1], "image", 1_000);
        let both = of(&paths).unwrap();
        write(&paths[1], "image", 1_001);
        assert!(alone != both && both != of(&paths).unwrap());
    }
}
