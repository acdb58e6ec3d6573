//! Whether images that served for calibration are among those that are tested on.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::duplicates::ids;
use super::look::{digest_of_pixels, half};
use super::source::Source;
use super::watch::Watch;
use crate::dataset::Picture;
use crate::error::Result;
use crate::record::CalibrationOverlap;

/// Ids that are told.
const FIRST: usize = 5;

/// What `test` and `calibration` share. Reads the images of both, and decodes them only where one of
/// the two holds pixels and the other files.
pub fn overlap(test: &Source, calibration: &Source, watch: &Watch<'_>) -> Result<CalibrationOverlap> {
    let named = if test.shares_ids_with(calibration) { ids(calibration)? } else { HashSet::new() };
    let decoded = test.holds_files() != calibration.holds_files();
    let digests = |source: &Source| {
        // What cannot be read is like nothing here; the evaluation says so where it matters.
        watch.each("test and calibration images", source.count(), |index| digest(source, index, decoded).ok())
    };
    let used: HashSet<u128> = digests(calibration)?.into_iter().flatten().collect();
    let mut overlap = CalibrationOverlap {
        name: calibration.name().to_owned(),
        images: calibration.count(),
        test_images: test.count(),
        by_id: 0,
        by_content: 0,
        first: Vec::new(),
    };
    for (index, digest) in digests(test)?.into_iter().enumerate() {
        let id = test.entry(index)?.id;
        let by_id = named.contains(&id);
        if !by_id && !digest.is_some_and(|digest| used.contains(&digest)) {
            continue;
        }
        overlap.by_id += usize::from(by_id);
        overlap.by_content += usize::from(!by_id);
        if overlap.first.len() < FIRST {
            overlap.first.push(id);
        }
    }
    Ok(overlap)
}

/// A digest of image `index`: of its file as it is stored, or of its pixels.
fn digest(source: &Source, index: usize, decoded: bool) -> Result<u128> {
    match source.picture(index)? {
        Picture::File(bytes) if !decoded => Ok(half(Sha256::new_with_prefix(bytes))),
        picture => source.decoded(picture, index).map(|image| digest_of_pixels(&image)),
    }
}
