//! Files that appear whole or not at all: written under a temporary name beside the target, then
//! renamed.

use std::error::Error as StdError;
use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Writes `content` to `path` as a whole, its folder included.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    write_whole_by(path, &|out| out.write_all(content))
}

/// As [`write_whole`], with the content as `write` gives it. Where that fails, the file that was there
/// stays as it was.
pub(crate) fn write_whole_by(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut file = BufWriter::new(create_beside(path)?);
    write(&mut file).map_err(|error| cannot_write(path, &error))?;
    let file = file.into_inner().map_err(|error| cannot_write(path, error.error()))?;
    put_in_place(file, path)
}

/// Writes all `files`, each with its content, or none of them: every one is complete under another
/// name before the first gets its own.
pub(crate) fn write_together(files: &[(&Path, Vec<u8>)]) -> Result<()> {
    let mut written = Vec::with_capacity(files.len());
    for (path, content) in files {
        let mut file = create_beside(path)?;
        file.write_all(content).map_err(|error| cannot_write(path, &error))?;
        written.push((file, path));
    }
    written.into_iter().try_for_each(|(file, path)| put_in_place(file, path))
}

/// Fails where a file could not be written to `path`, as far as that is known before: one is made, and
/// goes away, in its folder, or in the one where that would be made.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    let target = target(path)?;
    let there = folder_of(&target).ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    builder().tempfile_in(there).map(drop).map_err(|error| cannot_write(path, &error))
}

/// A temporary file in the folder of `path`, which is made where it is missing.
pub(crate) fn create_beside(path: &Path) -> Result<NamedTempFile> {
    let target = target(path)?;
    let folder = folder_of(&target);
    fs::create_dir_all(folder)
        .and_then(|()| builder().tempfile_in(folder))
        .map_err(|error| cannot_write(path, &error))
}

/// Gives a finished temporary file its name.
pub(crate) fn put_in_place(file: NamedTempFile, path: &Path) -> Result<()> {
    file.as_file().sync_all().map_err(|error| cannot_write(path, &error))?;
    file.persist(target(path)?).map_err(|error| cannot_write(path, &error.error))?;
    Ok(())
}

/// The file that `path` leads to. What a link points to is replaced and not the link; a device or a pipe
/// is refused, since who has the rights would put a file into its place.
fn target(path: &Path) -> Result<PathBuf> {
    match path.metadata() {
        Ok(there) if there.is_file() => path.canonicalize().map_err(|error| cannot_write(path, &error)),
        Ok(_) => Err(Error::usage("this is a folder, a device or a pipe, and a file is to be written")
            .at_path(path)
            .help("name a file")),
        Err(_) => Ok(path.to_owned()),
    }
}

/// The error of a write to `path`, with the advice that fits its cause.
pub(crate) fn cannot_write(path: &Path, cause: &(dyn StdError + 'static)) -> Error {
    let help = match io_kind(cause) {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            "free some space there, or choose a folder on another disk"
        }
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            "choose a folder that you may write to"
        }
        _ => "check the folder, or choose another one",
    };
    Error::unusable("the file cannot be written").because(cause).at_path(path).help(help)
}

/// The system's reason, however deep a library has wrapped it.
fn io_kind(mut cause: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    loop {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = cause.source()?;
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Temporary files are private by default; a record is to be read by whoever the umask allows.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bench-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/a.json");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_a_pipe_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link, pipe) =
            (folder.path().join("a.json"), folder.path().join("last.json"), folder.path().join("pipe"));
        fs::write(&file, b"one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole(&link, b"two").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for wrong in [pipe.as_path(), folder.path()] {
            assert!(write_whole(wrong, b"x").unwrap_err().what.contains("a device or a pipe"));
            assert!(check_writable(wrong).is_err() && !wrong.is_file());
        }
    }

    #[test]
    fn of_files_that_belong_together_none_is_there_when_one_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("taken"), b"").unwrap();
        let (first, last) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
        let stuck = folder.path().join("taken/c.txt");
        let write = |paths: &[&PathBuf]| {
            write_together(&paths.iter().map(|path| (path.as_path(), b"x".to_vec())).collect::<Vec<_>>())
        };
        assert!(write(&[&first, &stuck, &last]).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "not even a file under another name");
        write(&[&first, &last]).unwrap();
        assert_eq!((fs::read(&first).unwrap(), fs::read(&last).unwrap()), (b"x".to_vec(), b"x".to_vec()));
    }

    #[test]
    fn whether_a_file_can_be_written_is_known_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        check_writable(&folder.path().join("new/deeper/a.txt")).unwrap();
        check_writable(Path::new("a.txt")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(folder.path().join("taken"), b"").unwrap();
        let error = check_writable(&folder.path().join("taken/a.txt")).unwrap_err();
        assert!(error.place.unwrap().ends_with("taken/a.txt"));
    }

    #[test]
    fn a_full_disk_is_named_with_what_to_do() {
        let error = cannot_write(Path::new("out/a.json"), &io::Error::from(ErrorKind::StorageFull));
        assert_eq!(error.place.as_deref(), Some("out/a.json"));
        assert!(error.help.unwrap().contains("free some space"));
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_an_error_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("taken"), b"").unwrap();
        let error = write_whole(&folder.path().join("taken/a.json"), b"x").unwrap_err();
        assert!(error.place.unwrap().ends_with("taken/a.json"));
    }
}
