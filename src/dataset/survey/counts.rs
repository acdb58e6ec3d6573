//! Images by split, class and column, and those that cannot be read.

use std::collections::BTreeMap;

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
    pub(super) fn of(own: &Own<'_>) -> Result<Self> {
        let names_of: Vec<&[String]> =
            own.iter().map(|(source, _)| source.identity().classes.as_slice()).collect();
        let (names, rows) = united(&names_of);
        let mut by_class = vec![vec![0; own.len()]; names.len()];
        for (split, ((source, _), rows)) in own.iter().zip(&rows).enumerate() {
            for index in 0..source.count() {
                let row = rows.get(source.entry(index)?.label as usize);
                if let Some(counts) = row.and_then(|&row| by_class.get_mut(row)) {
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
        let differs = |rows: &Vec<usize>| rows.iter().enumerate().any(|(label, row)| label != *row);
        let other = own.iter().zip(&rows).filter(|(_, rows)| differs(rows));
        let other_names = other.map(|((source, _), _)| source.name().to_owned()).collect();
        let counts: Vec<ClassCount> = names.into_iter().zip(by_class).enumerate().map(count).collect();
        Ok(Self { imbalance: imbalance(&counts), other_names, counts })
    }
}

/// The names of all splits, those of the split with most first, and for each split the place of each
/// of its labels among them.
fn united(splits: &[&[String]]) -> (Vec<String>, Vec<Vec<usize>>) {
    let most = splits.iter().rev().max_by_key(|names| names.len()).copied().unwrap_or_default();
    let mut names = most.to_vec();
    let mut rows = Vec::with_capacity(splits.len());
    for split in splits {
        // Names that are the same list may hold one name twice.
        if most.starts_with(split) {
            rows.push((0..split.len()).collect());
            continue;
        }
        let mut of_split = Vec::with_capacity(split.len());
        for name in *split {
            let known = names.iter().position(|known| known == name);
            of_split.push(known.unwrap_or(names.len()));
            if known.is_none() {
                names.push(name.clone());
            }
        }
        rows.push(of_split);
    }
    (names, rows)
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
        let (united, rows) = united(&[&test, &train]);
        assert_eq!(united, ["bird", "cat", "dog", "cow"]);
        assert_eq!(rows, [vec![0, 3], vec![0, 1, 2]]);
    }

    #[test]
    fn a_name_that_two_classes_have_is_two_rows() {
        let crane = names(&["crane", "crane"]);
        assert_eq!(united(&[&crane, &crane[..1]]), (crane.clone(), vec![vec![0, 1], vec![0]]));
    }
}
