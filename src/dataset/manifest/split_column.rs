//! The column `split` of a manifest: it says of each row which split it is of.

use std::collections::BTreeSet;

use super::table::Table;
use crate::dataset::splits;
use crate::dataset::text_column::TextColumn;
use crate::error::Result;
use crate::plan::DatasetSpec;

/// Its name, in any letters.
const NAME: &str = "split";

/// A column by which rows are of splits.
pub(super) struct SplitColumn<'a> {
    name: &'a str,
    texts: &'a TextColumn,
}

impl<'a> SplitColumn<'a> {
    /// The one of `table`, where it has usual names of splits in all rows and nothing else.
    pub(super) fn of(table: &'a Table) -> Option<Self> {
        let (name, texts) = table.columns.texts_of(|name| name.eq_ignore_ascii_case(NAME))?;
        let says_all = texts.count() == table.count();
        let is_one = says_all && texts.texts().iter().all(|text| splits::usual(text).is_some());
        is_one.then_some(Self { name, texts })
    }

    /// Whether `spec` asks for the values of this column itself, so that all rows are meant.
    pub(super) fn is_asked_for(&self, spec: &DatasetSpec) -> bool {
        let named = spec.slices.iter().chain(spec.part.conditions.keys()).any(|name| name == self.name);
        spec.split.is_none() && named
    }

    /// The splits that there are, in small letters.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let names: BTreeSet<&str> =
            self.texts.texts().iter().filter_map(|text| splits::usual(text)).collect();
        names.into_iter().collect()
    }

    /// The split that is `asked` for, else the most usual one, and its rows.
    pub(super) fn choose(&self, asked: Option<&str>) -> Result<(String, Vec<usize>)> {
        let split = splits::choose(&self.names(), asked)?;
        let is_of_it = |row: &usize| self.texts.get(*row).eq_ignore_ascii_case(&split);
        let rows = (0..self.texts.count()).filter(is_of_it).collect();
        Ok((split, rows))
    }
}
