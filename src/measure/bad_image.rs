//! Images that cannot be used: named where they end a pass, left out and counted where they may be.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::plan::OnBadImage;
use crate::record::SkippedImage;

/// An error of image `index` says which that is.
pub fn located(error: Error, dataset: &dyn Dataset, index: usize) -> Error {
    match (&error.place, dataset.entry(index)) {
        (None, Ok(entry)) => error.at(format!("image {}", entry.id)),
        _ => error,
    }
}

/// What was `read` of image `index`; none where it is bad and such ones are left out, and then it is among
/// the `skipped`.
pub fn unless_skipped<T>(
    read: Result<T>,
    dataset: &dyn Dataset,
    index: usize,
    on_bad_image: OnBadImage,
    skipped: &mut Vec<SkippedImage>,
) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if on_bad_image == OnBadImage::Skip => {
            skipped.push(SkippedImage { id: dataset.entry(index)?.id, why: error.what });
            Ok(None)
        }
        Err(error) => Err(located(error, dataset, index)),
    }
}
