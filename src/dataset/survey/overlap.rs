//! Whether images that served for calibration are among those that are tested on.

use std::collections::HashSet;

use super::duplicates::ids;
use super::look::digest_of_pixels;
use super::source::Source;
use super::watch::Watch;
use crate::error::Result;
use crate::record::CalibrationOverlap;

/// Ids that are told.
const FIRST: usize = 5;

/// What `test` and all of `calibration`, called `name`, share: by id, or to the pixel, in whatever
/// files they are. Reads and decodes the images of both.
pub fn overlap(
    test: &Source,
    calibration: &[Source],
    name: &str,
    watch: &Watch<'_>,
) -> Result<CalibrationOverlap> {
    let digests = |source: &Source| {
        // What cannot be read is like nothing here; the evaluation says so where it matters.
        let digest = |index| source.image(index).map(|image| digest_of_pixels(&image)).ok();
        watch.each("test and calibration images", source.count(), digest)
    };
    let (mut named, mut used) = (HashSet::new(), HashSet::new());
    for source in calibration {
        named.extend(test.shares_ids_with(source).then(|| ids(source)).transpose()?.into_iter().flatten());
        used.extend(digests(source)?.into_iter().flatten());
    }
    let mut overlap = CalibrationOverlap {
        name: name.to_owned(),
        images: calibration.iter().map(Source::count).sum(),
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
