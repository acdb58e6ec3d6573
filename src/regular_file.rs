//! Opens files that others name: a pipe that nobody writes to would be waited on for ever, a device may
//! have no end, and a file may be as long as the disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Opens the file at `path`. What is none is refused; for a folder it is the kind that says so.
pub fn open(path: &Path) -> io::Result<File> {
    Ok(open_with_length(path)?.0)
}

/// The file at `path`, and the bytes that it had just before it was opened.
fn open_with_length(path: &Path) -> io::Result<(File, u64)> {
    let metadata = path.metadata()?;
    if metadata.is_file() {
        return Ok((File::open(path)?, metadata.len()));
    }
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder and no file"));
    }
    Err(io::Error::other("it is a pipe, a socket or a device and no file"))
}

/// All bytes of the file at `path`, which must be `most` at most.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {most} bytes"));
    let (file, length) = open_with_length(path)?;
    if length > most {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    // It may grow while it is read, and some files do not tell their length.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long()) } else { Ok(bytes) }
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
        assert!(read(folder.path()).unwrap_err().to_string().contains("folder"));
        assert_eq!(read(&folder.path().join("b")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_read_up_to_the_length_that_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read_at_most(&file, 4).unwrap(), b"text");
        let error = read_at_most(&file, 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it is longer than 3 bytes");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_tells_no_length_is_not_read_beyond_what_is_allowed() {
        let file = Path::new("/proc/self/status");
        assert_eq!(file.metadata().unwrap().len(), 0);
        assert_eq!(read_at_most(file, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_not_opened() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert!(error.to_string().contains("device"), "{error}");
    }
}
