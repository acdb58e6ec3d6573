//! Opens files that others name: a pipe that nobody writes to would be waited on for ever, and a
//! device may have no end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Opens the file at `path`. Folders fail when they are read, as the system words it.
pub fn open(path: &Path) -> io::Result<File> {
    let kind = path.metadata()?.file_type();
    if kind.is_file() || kind.is_dir() {
        return File::open(path);
    }
    Err(io::Error::other("it is a pipe, a socket or a device and no file"))
}

/// All bytes of the file at `path`.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text in the file at `path`.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_folders_are_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read_to_string(&file).unwrap(), "text");
        assert!(read(folder.path()).is_err() && read(&folder.path().join("b")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_not_opened() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert!(error.to_string().contains("device"), "{error}");
    }
}
