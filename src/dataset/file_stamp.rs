//! Whether a file is still the one that it was.

use std::path::Path;
use std::time::UNIX_EPOCH;

/// A number of the file's length and time of change; nothing where the system tells neither.
pub(super) fn of(path: &Path) -> Option<u64> {
    let about = path.metadata().ok()?;
    let changed = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    // Lengths differ in low bits and times in all: an odd factor spreads the length over the word.
    Some(about.len().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ changed.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn another_length_or_time_is_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let stamp = |content: &str, seconds: u64| {
            fs::write(&path, content).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            of(&path).unwrap()
        };
        let first = stamp("one", 1_000);
        assert_eq!(stamp("two", 1_000), first, "content is not read");
        assert_ne!(stamp("three", 1_000), first);
        assert_ne!(stamp("one", 1_001), first);
        assert_eq!(of(&folder.path().join("absent")), None);
    }
}
