//! What is said of each image besides its label, for slices: columns of few different texts.

use super::dictionary::Dictionary;

/// Most different values of a column. What has more, such as a caption or an address, names images
/// one by one and divides them into no slices; it is not kept.
const MAX_VALUES: usize = 1024;
/// Longest value of a column, bytes.
const MAX_LENGTH: usize = 256;
/// Most columns; further ones are not kept.
const MAX_COLUMNS: usize = 64;

/// Columns that fill row by row.
#[derive(Default)]
pub(super) struct Columns {
    rows: usize,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    /// `None` once it turned out to divide nothing.
    values: Option<Values>,
}

struct Values {
    texts: Dictionary,
    /// One a row; rows behind the last said nothing.
    codes: Vec<u32>,
}

impl Columns {
    /// Adds a row that says `facts`, pairs of column and value; other columns are empty in it.
    pub(super) fn push<'a>(&mut self, facts: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (name, value) in facts {
            let known = self.columns.iter().position(|column| column.name == name);
            let Some(at) = known.or_else(|| self.add(name)) else { continue };
            self.columns[at].set(self.rows, value);
        }
        self.rows += 1;
    }

    fn add(&mut self, name: &str) -> Option<usize> {
        if self.columns.len() == MAX_COLUMNS {
            return None;
        }
        let mut texts = Dictionary::default();
        texts.code("");
        self.columns
            .push(Column { name: name.to_owned(), values: Some(Values { texts, codes: Vec::new() }) });
        Some(self.columns.len() - 1)
    }

    /// Leaves out the columns that divide nothing.
    pub(super) fn finish(mut self) -> Self {
        self.columns.retain(|column| column.values.is_some());
        self
    }

    /// Names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// What column `column` says in row `row`; empty where it says nothing.
    pub(super) fn value(&self, column: usize, row: usize) -> &str {
        let values = self.columns.get(column).and_then(|column| column.values.as_ref());
        let text = values.and_then(|values| values.texts.texts().get(*values.codes.get(row)? as usize));
        text.map_or("", String::as_str)
    }
}

impl Column {
    fn set(&mut self, row: usize, value: &str) {
        let Some(values) = &mut self.values else { return };
        values.codes.resize(row, 0);
        values.codes.push(values.texts.code(value));
        if values.texts.texts().len() > MAX_VALUES || value.len() > MAX_LENGTH {
            self.values = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_empty_where_nothing_was_said() {
        let mut columns = Columns::default();
        columns.push([("light", "dark")]);
        columns.push([]);
        columns.push([("light", "dark"), ("camera", "b")]);
        columns.push([]);
        let columns = columns.finish();
        assert_eq!(columns.names(), ["light", "camera"]);
        let of = |column| (0..4).map(|row| columns.value(column, row)).collect::<Vec<_>>();
        assert_eq!((of(0), of(1)), (vec!["dark", "", "dark", ""], vec!["", "", "b", ""]));
    }

    #[test]
    fn what_names_images_one_by_one_is_no_slice() {
        let mut columns = Columns::default();
        for row in 0..2000 {
            columns.push([("url", row.to_string().as_str()), ("hour", (row % 24).to_string().as_str())]);
        }
        columns.push([("caption", "a".repeat(300).as_str())]);
        assert_eq!(columns.finish().names(), ["hour"]);
    }
}
