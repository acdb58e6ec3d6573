//! What is said of each image besides its label: named columns of few different texts.

use super::text_column::{MAX_TEXT, TextColumn};

/// Most columns; further ones are left out.
const MAX_COLUMNS: usize = 256;
/// Most different texts of a column, and most bytes of those together. What has more, such as a
/// caption or an address, names images one by one and divides them into no groups.
const MAX_VALUES: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;

/// Columns that fill row by row. What is too large for one is left out, and its name kept, so that
/// who asks for it learns why.
#[derive(Default)]
pub(super) struct Columns {
    columns: Vec<Column>,
    left_out: Vec<String>,
}

struct Column {
    name: String,
    /// `None` once it turned out to divide nothing.
    texts: Option<TextColumn>,
    /// Bytes of the different texts.
    bytes: usize,
}

impl Columns {
    /// The number of the column `name`, which is added if it is new; nothing where there are too many.
    pub(super) fn add(&mut self, name: &str) -> Option<usize> {
        if let Some(known) = self.columns.iter().position(|column| column.name == name) {
            return Some(known);
        }
        if self.columns.len() < MAX_COLUMNS {
            self.columns.push(Column { name: name.to_owned(), texts: Some(TextColumn::default()), bytes: 0 });
            return Some(self.columns.len() - 1);
        }
        if self.left_out.len() < MAX_COLUMNS && !self.left_out.iter().any(|other| other == name) {
            self.left_out.push(name.to_owned());
        }
        None
    }

    /// Whether more rows of column `column` are of use.
    pub(super) fn wants(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|column| column.texts.is_some())
    }

    /// Says `text` in column `column` of row `row`; the rows before that said nothing are empty. What
    /// was said first of a row counts.
    pub(super) fn say(&mut self, column: usize, row: usize, text: &str) {
        let Some(column) = self.columns.get_mut(column) else { return };
        if text.len() > MAX_TEXT {
            column.texts = None;
        }
        let Some(texts) = column.texts.as_mut().filter(|texts| texts.count() <= row) else { return };
        (texts.count()..row).for_each(|_| texts.push(""));
        let known = texts.texts().len();
        texts.push(text);
        column.bytes += if texts.texts().len() > known { text.len() } else { 0 };
        if texts.texts().len() > MAX_VALUES || column.bytes > MAX_BYTES {
            column.texts = None;
        }
    }

    /// The same columns without those that divide nothing, and with no more than it takes to read them.
    pub(super) fn complete(self) -> Self {
        let mut complete = Self { columns: Vec::new(), left_out: self.left_out };
        for Column { name, texts, bytes } in self.columns {
            match texts {
                Some(texts) => {
                    complete.columns.push(Column { name, texts: Some(texts.complete()), bytes });
                }
                None => complete.left_out.push(name),
            }
        }
        complete
    }

    /// Names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Name and texts of the first column whose name `is_it`, where it divides something.
    pub(super) fn texts_of(&self, is_it: impl Fn(&str) -> bool) -> Option<(&str, &TextColumn)> {
        let column = self.columns.iter().find(|column| is_it(&column.name))?;
        Some((&column.name, column.texts.as_ref()?))
    }

    /// Names of those that were left out, as far as they are known.
    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// What column `column` says in row `row`; empty where it says nothing.
    pub(super) fn value(&self, column: usize, row: usize) -> &str {
        let texts = self.columns.get(column).and_then(|column| column.texts.as_ref());
        texts.filter(|texts| row < texts.count()).map_or("", |texts| texts.get(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of rows that each say some facts.
    fn filled(rows: &[&[(&str, &str)]]) -> Columns {
        let mut columns = Columns::default();
        for (row, facts) in rows.iter().enumerate() {
            for (name, text) in *facts {
                let column = columns.add(name).unwrap();
                columns.say(column, row, text);
            }
        }
        columns.complete()
    }

    #[test]
    fn a_column_is_empty_where_nothing_was_said() {
        let columns =
            filled(&[&[("light", "dark")], &[], &[("light", "dark"), ("camera", "b"), ("light", "x")], &[]]);
        assert_eq!(columns.names(), ["light", "camera"]);
        let of = |column| (0..4).map(|row| columns.value(column, row)).collect::<Vec<_>>();
        assert_eq!((of(0), of(1)), (vec!["dark", "", "dark", ""], vec!["", "", "b", ""]));
        assert_eq!(columns.value(2, 0), "");
    }

    #[test]
    fn what_names_images_one_by_one_is_left_out_by_name() {
        let mut columns = Columns::default();
        let [url, hour, caption] = ["url", "hour", "caption"].map(|name| columns.add(name).unwrap());
        for row in 0..=MAX_VALUES {
            columns.say(url, row, &row.to_string());
            columns.say(hour, row, &(row % 24).to_string());
        }
        columns.say(caption, 3, &"a".repeat(MAX_TEXT + 1));
        assert!(columns.wants(hour) && !columns.wants(url));
        let columns = columns.complete();
        assert_eq!(columns.names(), ["hour"]);
        assert_eq!(columns.left_out(), ["url", "caption"]);
    }

    #[test]
    fn columns_beyond_the_most_are_left_out_by_name() {
        let mut columns = Columns::default();
        let added = (0..MAX_COLUMNS + 2).filter_map(|name| columns.add(&name.to_string())).count();
        assert_eq!((added, columns.left_out()), (MAX_COLUMNS, &["256".to_owned(), "257".to_owned()][..]));
    }
}
