//! Images by split, class and column, and those that cannot be read.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;

use super::look::Looked;
use super::source::Source;
use crate::error::{Error, Result};
use crate::record::PassedOver;

/// The splits of the data set, each with what was seen of its images.
pub(super) type Own<'a> = [(&'a Source, &'a [Looked])];

/// One split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitCount {
    /// Its name; `all` where there are no splits.
    pub name: String,
    /// Its images.
    pub images: usize,
    /// Those of them that cannot be read.
    pub unreadable: usize,
    /// What lies among the images and is none.
    pub passed_over: Option<PassedOver>,
    /// Class names in label order.
    pub classes: Vec<String>,
}

impl SplitCount {
    pub(super) fn of(source: &Source, looked: &[Looked]) -> Self {
        Self {
            name: source.name().to_owned(),
            images: source.count(),
            unreadable: looked.iter().filter(|looked| looked.seen().is_none()).count(),
            passed_over: source.identity().passed_over.clone(),
            classes: source.identity().classes.clone(),
        }
    }
}

/// Images by class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classes {
    /// In label order; classes that only some splits have stand behind those of the split with most.
    pub counts: Vec<ClassCount>,
    /// Images of the largest class divided by those of the smallest, over all splits, unreadable
    /// images included; none where a class has no image.
    pub imbalance: Option<f64>,
    /// Splits whose class names, or the order of them, are others than those of the split with most.
    pub other_names: Vec<String>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassCount {
    /// Its label, in the split with most classes.
    pub label: usize,
    /// Its name.
    pub name: String,
    /// Its images in all splits.
    pub images: usize,
    /// Its images in each split, in the order of the splits.
    pub by_split: Vec<usize>,
}

impl Classes {
    pub(super) fn of(sources: &[Source], rows: &Rows) -> Result<Self> {
        let own: Vec<(usize, &Source)> =
            sources.iter().enumerate().filter(|(_, source)| !source.is_beside()).collect();
        let mut by_class = vec![vec![0; own.len()]; rows.names.len()];
        for (split, (number, source)) in own.iter().enumerate() {
            for index in 0..source.count() {
                let row = rows.row_of(*number, source.entry(index)?.label);
                if let Some(counts) = row.and_then(|row| by_class.get_mut(row)) {
                    counts[split] += 1;
                }
            }
        }
        let count = |(label, (name, by_split)): (usize, (String, Vec<usize>))| ClassCount {
            label,
            name,
            images: by_split.iter().sum(),
            by_split,
        };
        let other = own.iter().filter(|(number, _)| rows.differ(*number));
        let other_names = other.map(|(_, source)| source.name().to_owned()).collect();
        let counts: Vec<ClassCount> =
            rows.names.iter().cloned().zip(by_class).enumerate().map(count).collect();
        Ok(Self { imbalance: imbalance(&counts), other_names, counts })
    }
}

/// The classes of all splits, and which of them each label of each split is. What is only compared with
/// the data set has none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Names: those of the split with most classes in label order, then those that only others have.
    pub names: Vec<String>,
    /// For each source the place of each of its labels among `names`.
    of_sources: Vec<Vec<usize>>,
}

impl Rows {
    pub(super) fn of(sources: &[Source]) -> Self {
        Self::united(&sources.iter().map(own_classes).collect::<Vec<_>>())
    }

    fn united(sources: &[&[String]]) -> Self {
        let most = sources.iter().rev().max_by_key(|names| names.len()).copied().unwrap_or_default();
        let mut names = most.to_vec();
        let of_sources = sources.iter().map(|classes| rows_among(&mut names, classes)).collect();
        Self { names, of_sources }
    }

    /// The place among the names of what source `source` calls `label`.
    pub(super) fn row_of(&self, source: usize, label: u32) -> Option<usize> {
        self.of_sources.get(source)?.get(label as usize).copied()
    }

    /// Whether labels of source `source` stand for other classes than in the split with most.
    fn differ(&self, source: usize) -> bool {
        let rows = self.of_sources.get(source).into_iter().flatten();
        rows.enumerate().any(|(label, row)| label != *row)
    }
}

fn own_classes(source: &Source) -> &[String] {
    if source.is_beside() { &[] } else { &source.identity().classes }
}

/// The place among `names` of each class of a split; those that are not there are added. Where a name
/// repeats, the first class that has it is the first there, the second the second.
fn rows_among(names: &mut Vec<String>, split: &[String]) -> Vec<usize> {
    let known = names.len();
    let mut free = HashMap::<&str, VecDeque<usize>>::new();
    for (row, name) in names.iter().enumerate() {
        free.entry(name).or_default().push_back(row);
    }
    let mut added = Vec::new();
    let mut rows = Vec::with_capacity(split.len());
    for name in split {
        let row = free.get_mut(name.as_str()).and_then(VecDeque::pop_front);
        rows.push(row.unwrap_or(known + added.len()));
        if row.is_none() {
            added.push(name.clone());
        }
    }
    names.extend(added);
    rows
}

fn imbalance(counts: &[ClassCount]) -> Option<f64> {
    let images = counts.iter().map(|class| class.images);
    let (least, most) = (images.clone().min()?, images.max()?);
    (least > 0).then(|| most as f64 / least as f64)
}

/// An image that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// The split, or the name of what is compared with.
    pub split: String,
    /// Its id.
    pub id: String,
    /// Why, and where it lies.
    pub error: Error,
}

/// All that cannot be read.
pub(super) fn unreadable(sources: &[Source], looked: &[Vec<Looked>]) -> Result<Vec<Unreadable>> {
    let mut all = Vec::new();
    for (source, looked) in sources.iter().zip(looked) {
        for (index, looked) in looked.iter().enumerate() {
            if let Looked::Unreadable(error) = looked {
                let id = source.entry(index)?.id;
                all.push(Unreadable { split: source.name().to_owned(), id, error: error.as_ref().clone() });
            }
        }
    }
    Ok(all)
}

/// A column that divides the images into a few groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SliceCount {
    /// Its name.
    pub column: String,
    /// Images by value in all splits; empty for images about which it says nothing.
    pub values: BTreeMap<String, usize>,
}

pub(super) fn slices(own: &Own<'_>) -> Result<Vec<SliceCount>> {
    let mut columns: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for (source, _) in own {
        for index in 0..source.count() {
            for (column, value) in source.slices().iter().zip(source.slice_values(index)?) {
                let values = columns.entry(column).or_default();
                match values.get_mut(value) {
                    Some(count) => *count += 1,
                    None => drop(values.insert(value.to_owned(), 1)),
                }
            }
        }
    }
    let count = |(column, values): (&str, _)| SliceCount { column: column.to_owned(), values };
    Ok(columns.into_iter().map(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn splits_with_other_classes_are_counted_by_name() {
        let (test, train) = (names(&["bird", "cow"]), names(&["bird", "cat", "dog"]));
        let rows = Rows::united(&[&test, &train]);
        assert_eq!(rows.names, ["bird", "cat", "dog", "cow"]);
        assert_eq!(rows.of_sources, [vec![0, 3], vec![0, 1, 2]]);
        assert_eq!((rows.row_of(0, 1), rows.row_of(0, 2), rows.row_of(2, 0)), (Some(3), None, None));
        assert!(rows.differ(0) && !rows.differ(1));
    }

    #[test]
    fn a_name_that_two_classes_have_is_two_rows_in_every_split() {
        let (train, test) = (names(&["crane", "dog", "crane"]), names(&["dog", "crane", "crane"]));
        let rows = Rows::united(&[&train, &test, &train[..1]]);
        // Of as many, the first split's names are those of all.
        assert_eq!(rows.names, train);
        assert_eq!(rows.of_sources, [vec![0, 1, 2], vec![1, 0, 2], vec![0]]);
        let more = names(&["crane"; 4]);
        assert_eq!(rows_among(&mut train.clone(), &more), [0, 2, 3, 4]);
    }
}
