//! The columns by which figures are told apart.

use std::collections::BTreeSet;

use super::part;
use crate::dataset::Content;
use crate::error::Result;

/// A column with more values than this is no slice unless asked for: it is a name, a time or a
/// measurement, and tells single images apart.
const MOST_VALUES: usize = 50;

/// Indices of the columns of `content` that divide the images `among` into a few groups, and of
/// those that are `asked` for. Fails where one of these is not there.
pub(super) fn columns(
    content: &Content,
    among: impl Iterator<Item = usize> + Clone,
    asked: &[String],
) -> Result<Vec<usize>> {
    let mut chosen =
        asked.iter().map(|name| part::column(&content.columns, name)).collect::<Result<BTreeSet<_>>>()?;
    chosen.extend((0..content.columns.len()).filter(|&column| divides(content, column, among.clone())));
    Ok(chosen.into_iter().collect())
}

/// Whether there are at least two values, not too many, and some that images share.
fn divides(content: &Content, column: usize, among: impl Iterator<Item = usize>) -> bool {
    let mut values = BTreeSet::new();
    let mut shared = false;
    for index in among {
        shared |= !values.insert(content.images.value(column, index));
        if values.len() > MOST_VALUES {
            return false;
        }
    }
    shared && values.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fake::content;

    fn among(indices: &[usize], asked: &[&str]) -> Vec<usize> {
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        columns(&content(), indices.iter().copied(), &asked).unwrap()
    }

    #[test]
    fn a_column_with_a_few_values_is_a_slice() {
        let all: Vec<usize> = (0..12).collect();
        assert_eq!(among(&all, &[]), [0, 1]);
    }

    #[test]
    fn a_column_with_one_value_or_one_for_each_image_is_none_unless_asked_for() {
        assert_eq!(among(&[0, 2, 4], &[]), [] as [usize; 0]);
        assert_eq!(among(&[0, 7, 11], &[]), [1], "three sources of three images");
        assert_eq!(among(&[0, 2, 4], &["year", "year"]), [1]);
    }

    #[test]
    fn a_column_that_is_not_there_is_refused_with_those_that_are() {
        let error = columns(&content(), 0..12, &["camera".into()]).unwrap_err();
        assert!(error.help.unwrap().contains("source, year"), "{}", error.what);
    }
}
