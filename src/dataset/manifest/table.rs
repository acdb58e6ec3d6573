//! The rows of a manifest.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::dataset::columns::Columns;
use crate::dataset::file_names::FileNames;
use crate::dataset::text_column::{TextColumn, check_length};
use crate::error::{Error, Result};

/// Most rows.
const MAX_ROWS: usize = 50_000_000;

/// Paths, labels and columns.
#[derive(Default)]
pub(super) struct Table {
    file: PathBuf,
    /// As they stand in the manifest.
    pub paths: FileNames,
    pub labels: TextColumn,
    /// Line of each row, from 1.
    lines: Vec<u64>,
    /// What else the rows say.
    pub columns: Columns,
    /// How many classes there are, where the manifest says it.
    pub classes: Option<usize>,
}

impl Table {
    /// No rows yet, of the manifest at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self { file: path.to_owned(), ..Self::default() }
    }

    /// Adds columns; those beyond the most that are kept get no number.
    pub(super) fn add_columns<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.columns.add(name);
        }
    }

    /// Adds the row at line `line`; `facts` are what it says in columns, by their numbers.
    pub(super) fn push<'a>(
        &mut self,
        line: u64,
        path: &str,
        label: &str,
        facts: impl IntoIterator<Item = (usize, &'a str)>,
    ) -> Result<()> {
        if path.is_empty() {
            return Err(Error::unusable("the row names no image")
                .at(self.at_line(line))
                .help("give it a path, or remove the row"));
        }
        check_length("the path", path.len())
            .and_then(|()| check_length("the label", label.len()))
            .map_err(|error| error.at(self.at_line(line)))?;
        if self.lines.len() == MAX_ROWS {
            return Err(Error::unusable(format!("there are more than {MAX_ROWS} rows")).at_path(&self.file));
        }
        let row = self.lines.len();
        facts.into_iter().for_each(|(column, text)| self.columns.say(column, row, text));
        self.paths.push(OsStr::new(path));
        self.labels.push(label);
        self.lines.push(line);
        Ok(())
    }

    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.lines.len()
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
