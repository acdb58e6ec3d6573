//! Files that the user names for what a command writes, `-` for standard output. A file appears whole or
//! not at all; a pipe or a device takes what comes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::start::closed_pipe;
use crate::error::{Error, Result};
use crate::record::{cannot_write, check_writable, write_whole_by};

/// Names of what is open already. To what file they lead is the shell's business: that one is written to
/// as it is, and not replaced.
const OPEN: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"];

/// Fails where a file could not be written to `path`, as far as that is known before.
pub fn check_file(path: &Path) -> Result<()> {
    check_folder(path)?;
    if is_stream(path) { Ok(()) } else { check_writable(path) }
}

/// Fails where `path` can be no file, because it is a folder or its folder is missing: all that is known
/// before of a file that something is appended to.
pub fn check_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path != Path::new("-") && (path.is_dir() || folder.is_some_and(|folder| !folder.is_dir())) {
        return Err(Error::usage("a report cannot be written there")
            .at_path(path)
            .help("name a file in a folder that exists"));
    }
    Ok(())
}

/// Writes a file whole, or to standard output for `-`. The error says what helps against its cause; what
/// else there is to do, the caller adds.
pub fn write_to(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    if path == Path::new("-") {
        return write(&mut io::stdout().lock()).or_else(closed_pipe);
    }
    match is_stream(path) {
        true => stream(path, write).map_err(|error| cannot_write(path, &error)),
        false => write_whole_by(path, write),
    }
}

/// Whether `path` is no file of its own, so that it takes what comes.
fn is_stream(path: &Path) -> bool {
    let is_pipe_or_device = || path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir());
    path == Path::new("-") || OPEN.iter().any(|open| path.starts_with(open)) || is_pipe_or_device()
}

fn stream(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write(&mut out).and_then(|()| out.flush())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(out: &mut dyn Write) -> io::Result<()> {
        write!(out, "new")
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_whole_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        std::fs::write(&path, "old").unwrap();
        let full = |out: &mut dyn Write| {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let error = write_to(&path, &full).unwrap_err();
        assert!(error.help.unwrap().contains("free some space"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        write_to(&path, &text).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn a_folder_that_is_missing_is_wrong_usage() {
        let folder = tempfile::tempdir().unwrap();
        for wrong in [folder.path().join("none/report.json"), folder.path().to_owned()] {
            let error = check_file(&wrong).unwrap_err();
            assert!(error.help.unwrap().contains("a folder that exists"));
        }
        check_file(Path::new("-")).unwrap();
        check_file(&folder.path().join("report.json")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_nobody_may_write_to_is_refused_before() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).unwrap();
        let refused = check_file(&folder.path().join("report.json"));
        // Root may write to it all the same.
        let may = std::fs::write(folder.path().join("probe"), "").is_ok();
        assert_eq!(refused.is_ok(), may, "{refused:?}");
        check_folder(&folder.path().join("report.json")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_takes_what_comes_and_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("report");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        check_file(&pipe).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        write_to(&pipe, &text).unwrap();
        assert_eq!(reader.join().unwrap(), "new");
        assert!(pipe.metadata().unwrap().file_type().is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_open_already_is_not_replaced() {
        for open in ["/dev/stdout", "/dev/fd/3", "/dev/null", "-"] {
            assert!(is_stream(Path::new(open)), "{open}");
        }
        assert!(!is_stream(Path::new("Cargo.toml")) && !is_stream(Path::new("none.json")));
    }
}
