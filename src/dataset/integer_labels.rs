//! Labels as numbers: from whatever integers a file holds to class indices.

use std::path::Path;

use super::labels::MAX_CLASSES;
use crate::error::{Error, Result};

/// The class indices that `values` are; the error names the image.
pub(super) fn from_integers(values: impl IntoIterator<Item = i128>) -> Result<Vec<u32>> {
    let label = |(index, value): (usize, i128)| match u32::try_from(value) {
        Ok(label) if label < MAX_CLASSES => Ok(label),
        Ok(_) => Err(Error::unusable(format!(
            "the label of image {index} is {value}: more than {MAX_CLASSES} classes cannot be used"
        ))),
        Err(_) => Err(Error::unusable(format!("the label of image {index} is {value}, which is no class"))
            .help("number the classes from 0; leave images without a class out")),
    };
    values.into_iter().enumerate().map(label).collect()
}

/// Number of classes that `labels` tell of: one more than the highest.
pub(super) fn seen(labels: &[u32]) -> usize {
    labels.iter().max().map_or(0, |&label| label as usize + 1)
}

/// Refuses a label that none of `classes` classes has; the error names the image of the file at `path`.
pub(super) fn check_below(labels: &[u32], classes: usize, path: &Path) -> Result<()> {
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(index) => Err(Error::unusable(format!(
            "the label of image {index} is {}, but there are {classes} classes",
            labels[index]
        ))
        .at_path(path)
        .help("fetch the file again, or name all its classes (classes.txt beside it, or `--class-names`)")),
        None => Ok(()),
    }
}

/// Refuses another number of labels than of images.
pub(super) fn check_count(labels: usize, images: u64) -> Result<()> {
    if labels as u64 == images {
        return Ok(());
    }
    Err(Error::unusable(format!("{labels} labels do not fit {images} images"))
        .help("take both from the same source"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_are_no_class_are_refused_with_the_image() {
        assert_eq!(from_integers([3, 0, 9]).unwrap(), [3, 0, 9]);
        for value in [-1, 100_000, i128::from(u64::MAX)] {
            let error = from_integers([0, value]).unwrap_err();
            assert!(error.what.contains(&format!("image 1 is {value}")), "{error}");
        }
    }

    #[test]
    fn a_label_beyond_the_classes_is_named() {
        check_below(&[0, 2], 3, Path::new("x")).unwrap();
        let error = check_below(&[0, 3], 3, Path::new("x")).unwrap_err();
        assert!(error.what.contains("image 1 is 3, but there are 3 classes"), "{error}");
        assert_eq!((seen(&[0, 3]), seen(&[])), (4, 0));
    }
}
