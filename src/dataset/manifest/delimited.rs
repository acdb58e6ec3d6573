//! CSV and TSV: a header, then rows; or MLPerf Tiny's `file,classes,label` without a header.

use std::io::BufRead;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::header::{self, Places};
use super::line::{self, Watched};
use super::table::Table;
use crate::dataset::wording::{counted, shortened};
use crate::error::{Error, Result};
use crate::plan::DataColumns;

/// Reads the table at `path`.
pub(super) fn read(path: &Path, asked: &DataColumns) -> Result<Table> {
    let mut reader = line::open(path)?;
    let separator =
        separator(reader.fill_buf().map_err(|cause| crate::dataset::unreadable(path, &cause))?, path);
    let mut table = Table::of(path);
    read_rows(reader, separator, asked, &mut table)?;
    Ok(table)
}

/// A tab in `.tsv` files; else whichever of `,`, `;`, tab and `|` the first line has most of.
fn separator(start: &[u8], path: &Path) -> u8 {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv")) {
        return b'\t';
    }
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| line.iter().filter(|byte| *byte == separator).count();
    // Of those that are equally many the last wins, so the usual one comes last.
    b"|\t;,".iter().copied().max_by_key(count).unwrap_or(b',')
}

fn read_rows(from: impl BufRead, separator: u8, asked: &DataColumns, table: &mut Table) -> Result<()> {
    let (watched, window) = Watched::of(from);
    let mut rows = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        // Rows of another length are refused here, in words.
        .flexible(true)
        .trim(Trim::All)
        .from_reader(watched);
    let (mut record, mut form) = (ByteRecord::new(), None);
    loop {
        let start = rows.position().byte();
        let read = rows.read_byte_record(&mut record);
        // The position that the library tells is that before blank lines, and within a CR LF.
        let line = window.borrow_mut().line_at(start);
        let at = |error: Error, table: &Table| error.at(table.at_line(line));
        if !read.map_err(|cause| at(unread(&cause), table))? {
            return Ok(());
        }
        let fields = texts(&record).map_err(|error| at(error, table))?;
        match &form {
            None => {
                let (found, is_header) = Form::of(&fields, asked).map_err(|error| at(error, table))?;
                if found.classes.is_none() {
                    table.add_columns(found.others.iter().map(|&place| fields[place]));
                }
                if !is_header {
                    found.add(line, &fields, table)?;
                }
                form = Some(found);
            }
            Some(form) => form.add(line, &fields, table)?,
        }
    }
}

fn unread(cause: &csv::Error) -> Error {
    if cause.to_string().contains(line::TOO_LONG) {
        return line::too_long();
    }
    Error::unusable("the row cannot be read").because(cause)
}

fn texts(record: &ByteRecord) -> Result<Vec<&str>> {
    record.iter().map(|field| std::str::from_utf8(field).map_err(line::not_utf8)).collect()
}

/// Where the fields are.
struct Form {
    places: Places,
    /// Places of the slice columns.
    others: Vec<usize>,
    /// Place of the number of classes, in MLPerf Tiny's lists.
    classes: Option<usize>,
    width: usize,
}

impl Form {
    /// From the first row, and whether it is a header.
    fn of(first: &[&str], asked: &DataColumns) -> Result<(Self, bool)> {
        if *asked == DataColumns::default() && is_y_labels(first) {
            let places = Places { path: 0, label: 2 };
            return Ok((Self { places, others: Vec::new(), classes: Some(1), width: 3 }, false));
        }
        let places = header::find(first, asked)?;
        let others = (0..first.len()).filter(|place| ![places.path, places.label].contains(place)).collect();
        Ok((Self { places, others, classes: None, width: first.len() }, true))
    }

    fn add(&self, line: u64, fields: &[&str], table: &mut Table) -> Result<()> {
        if fields.len() != self.width {
            let counted = counted(fields.len(), "field", "fields");
            let error = Error::unusable(format!("the row has {counted}, the first has {}", self.width))
                .at(table.at_line(line));
            return Err(match fields.iter().find(|field| has_line_end(field)) {
                Some(field) => unclosed(error, field),
                None => error.help(
                    "give every row all fields, put texts with separators into quotation marks, and close each of these",
                ),
            });
        }
        let [path, label] = [self.places.path, self.places.label].map(|place| fields[place]);
        if let Some(field) = [path, label].into_iter().find(|field| has_line_end(field)) {
            let error = Error::unusable("the path or the label of a row goes over several lines");
            return Err(unclosed(error.at(table.at_line(line)), field));
        }
        if let Some(place) = self.classes {
            same_classes(fields[place], table).map_err(|error| error.at(table.at_line(line)))?;
        }
        // They were added in this order; further ones than are kept have no number.
        let others = self.others.iter().map(|&place| fields[place]).enumerate();
        table.push(line, path, label, others)
    }
}

fn has_line_end(field: &str) -> bool {
    field.contains(['\n', '\r'])
}

/// Only within quotation marks does a text go on in the next line.
fn unclosed(error: Error, field: &str) -> Error {
    let start = field.lines().next().unwrap_or_default();
    error
        .because(format!("the text that begins with `{}` goes on in the next line", shortened(start)))
        .help("close the quotation mark before it, which is open")
}

/// `file,classes,label`: two numbers after a name that is no heading.
pub(super) fn is_y_labels(fields: &[&str]) -> bool {
    let number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(fields, [_, classes, label] if number(classes) && number(label))
}

/// Holds the number of classes against that of the rows before.
fn same_classes(text: &str, table: &mut Table) -> Result<()> {
    let most = super::labels::MAX_CLASSES as usize;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
        Error::unusable(format!("`{text}` is no number of classes")).help("write file,classes,label")
    })?;
    match table.classes.replace(count) {
        Some(before) if before != count => {
            Err(Error::unusable(format!("the row says {count} classes, those before say {before}"))
                .help("write the same number in every row"))
        }
        _ => Ok(()),
    }
}
