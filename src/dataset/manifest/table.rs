//! The rows of a manifest.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::dataset::file_names::FileNames;
use crate::dataset::text_column::TextColumn;
use crate::error::{Error, Result};

/// Most rows.
const MAX_ROWS: usize = 50_000_000;
/// Most slice columns.
const MAX_COLUMNS: usize = 256;

/// Paths, labels and what else the rows say.
#[derive(Default)]
pub(super) struct Table {
    file: PathBuf,
    /// As they stand in the manifest.
    pub paths: FileNames,
    pub labels: TextColumn,
    /// Line of each row, from 1.
    lines: Vec<u64>,
    /// Names of the slice columns.
    pub names: Vec<String>,
    pub columns: Vec<TextColumn>,
    /// How many classes there are, where the manifest says it.
    pub classes: Option<usize>,
}

impl Table {
    /// No rows yet, of the manifest at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self { file: path.to_owned(), ..Self::default() }
    }

    /// Adds slice columns, blank in the rows so far.
    pub(super) fn add_columns(&mut self, names: impl IntoIterator<Item = String>) -> Result<()> {
        for name in names {
            if self.names.len() == MAX_COLUMNS {
                return Err(Error::unusable(format!("there are more than {MAX_COLUMNS} columns"))
                    .at_path(&self.file)
                    .help("leave out those that are not needed"));
            }
            self.names.push(name);
            self.columns.push(TextColumn::blank(self.lines.len()));
        }
        Ok(())
    }

    /// Adds the row at line `line`; `values` has one text for each slice column.
    pub(super) fn push<'a>(
        &mut self,
        line: u64,
        path: &str,
        label: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        if path.is_empty() {
            return Err(Error::unusable("the row names no image")
                .at(self.at_line(line))
                .help("give it a path, or remove the row"));
        }
        if self.lines.len() == MAX_ROWS {
            return Err(Error::unusable(format!("there are more than {MAX_ROWS} rows")).at_path(&self.file));
        }
        self.paths.push(OsStr::new(path));
        self.labels.push(label);
        self.lines.push(line);
        self.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        Ok(())
    }

    /// The path of row `row`, as it stands there.
    pub(super) fn path(&self, row: usize) -> &str {
        // Only texts are pushed.
        self.paths.get(row).to_str().unwrap_or_default()
    }

    /// Where row `row` is, in the words of an error.
    pub(super) fn place(&self, row: usize) -> String {
        self.at_line(self.lines.get(row).copied().unwrap_or_default())
    }

    pub(super) fn at_line(&self, line: u64) -> String {
        format!("{}:{line}", self.file.display())
    }
}
