//! JSON Lines: an object a line.

use std::path::Path;

use serde_json::{Map, Value};

use super::header;
use super::line::{self, Lines};
use super::table::Table;
use crate::error::{Error, Result};
use crate::plan::DataColumns;

/// Reads the table at `path`.
pub(super) fn read(path: &Path, asked: &DataColumns) -> Result<Table> {
    let (mut lines, mut table, mut form) = (Lines::of(line::open(path)?), Table::of(path), None);
    loop {
        let read = lines.next().map(|line| line.map(parse).transpose()).and_then(|parsed| parsed);
        let row = read.map_err(|error| error.at(table.at_line(lines.number())))?;
        let Some(row) = row else { return Ok(table) };
        let at = |error: Error, table: &Table| error.at(table.at_line(lines.number()));
        let form = match &form {
            Some(form) => form,
            None => form.insert(Form::of(&row, asked).map_err(|error| at(error, &table))?),
        };
        form.add(lines.number(), &row, &mut table)?;
    }
}

/// Whether `line` is an object with fields of the usual names.
pub(super) fn is_usual(line: &str) -> bool {
    parse(line).is_ok_and(|row| header::is_usual(&names(&row)))
}

fn parse(line: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(line).map_err(|cause| {
        Error::unusable("the line is no JSON object")
            .because(cause)
            .help("write one object a line: {\"path\": …, \"label\": …}")
    })
}

fn names(row: &Map<String, Value>) -> Vec<&str> {
    row.keys().map(String::as_str).collect()
}

/// Names of the two fields that every row has.
struct Form {
    path: String,
    label: String,
}

impl Form {
    fn of(first: &Map<String, Value>, asked: &DataColumns) -> Result<Self> {
        let names = names(first);
        let places = header::find(&names, asked)?;
        Ok(Self { path: names[places.path].to_owned(), label: names[places.label].to_owned() })
    }

    fn add(&self, line: u64, row: &Map<String, Value>, table: &mut Table) -> Result<()> {
        let field = |name: &str| {
            row.get(name).and_then(text).ok_or_else(|| {
                Error::unusable(format!("the row has no `{name}` that is a text or a number"))
                    .at(table.at_line(line))
                    .help("give it one, or remove the row")
            })
        };
        let (path, label) = (field(&self.path)?, field(&self.label)?);
        let new =
            row.iter().filter(|(name, value)| self.is_new(name, value, table)).map(|(name, _)| name.clone());
        let new: Vec<String> = new.collect();
        table.add_columns(new)?;
        let values: Vec<String> =
            table.names.iter().map(|name| row.get(name).and_then(text).unwrap_or_default()).collect();
        table.push(line, &path, &label, values.iter().map(String::as_str))
    }

    /// Whether a field is a slice column that no row before had. Lists and objects are none.
    fn is_new(&self, name: &str, value: &Value, table: &Table) -> bool {
        let known = name == self.path || name == self.label || table.names.iter().any(|other| other == name);
        !known && text(value).is_some()
    }
}

/// A text, a number or a truth value as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
