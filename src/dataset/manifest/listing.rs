//! `file label` by spaces, as in MLPerf's `val_map.txt`. The label is the last word, so that names of
//! files may have spaces.

use std::path::Path;

use super::line::{self, Lines};
use super::table::Table;
use crate::error::{Error, Result};

/// Reads the list at `path`.
pub(super) fn read(path: &Path) -> Result<Table> {
    let (mut lines, mut table) = (Lines::of(line::open(path)?), Table::of(path));
    loop {
        let split = lines.next().and_then(|line| line.map(split).transpose());
        let row = split.map(|row| row.map(|(file, label)| (file.to_owned(), label.to_owned())));
        let row = row.map_err(|error| error.at(table.at_line(lines.number())))?;
        let Some((file, label)) = row else { return Ok(table) };
        table.push(lines.number(), &file, &label, [])?;
    }
}

/// Whether `line` is a file and an index.
pub(super) fn is_usual(line: &str) -> bool {
    split(line)
        .is_ok_and(|(file, label)| file.contains('.') && label.bytes().all(|byte| byte.is_ascii_digit()))
}

fn split(line: &str) -> Result<(&str, &str)> {
    let (file, label) = line.rsplit_once([' ', '\t']).ok_or_else(|| {
        Error::unusable("the line has no space between a file and a label")
            .help("write `file label`, one image a line")
    })?;
    Ok((file.trim_end(), label))
}
