//! Files that the user names for what a command writes, `-` for standard output.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::start::closed_pipe;
use crate::error::{Error, Result};

/// Whether a report can be written to `path`, as far as that is known before.
pub fn check_file(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path != Path::new("-") && (path.is_dir() || folder.is_some_and(|folder| !folder.is_dir())) {
        return Err(Error::usage("a report cannot be written there")
            .at_path(path)
            .help("name a file in a folder that exists"));
    }
    Ok(())
}

/// Writes a file, or to standard output for `-`.
pub fn write_to(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    if path == Path::new("-") {
        return write(&mut io::stdout().lock()).or_else(closed_pipe);
    }
    let cannot = |e: io::Error| {
        Error::unusable("the report cannot be written")
            .because(e)
            .at_path(path)
            .help("choose another place; the measurement is kept: `bench report last`, or the folder of --record, shows it")
    };
    let mut file = io::BufWriter::new(fs::File::create(path).map_err(cannot)?);
    write(&mut file).and_then(|()| file.flush()).map_err(cannot)
}
