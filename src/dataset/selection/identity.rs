//! What a data set is: its images in order, by names and labels, and by what of their pixels is cheap to
//! look at.

use sha2::{Digest, Sha256};

use crate::dataset::Images;
use crate::digest::hex;
use crate::error::Result;

/// SHA-256 over the ordered ids, labels and fingerprints ([`Images::fingerprint`]). For raw pixels those
/// are the pixels; for folders, manifests and shards the lengths of the image files, for Parquet what the
/// footer says of a row group: an image replaced by another of the same length goes unseen. Two runs with
/// the same digest saw images of the same names, labels and lengths in the same order. Lengths go in
/// before texts, so that no two lists run together to the same bytes.
pub(super) fn digest(indices: impl Iterator<Item = usize>, images: &dyn Images) -> Result<String> {
    let mut digest = Sha256::new();
    for index in indices {
        let id = images.id(index);
        digest.update((id.len() as u64).to_le_bytes());
        digest.update(id.as_bytes());
        digest.update(images.label(index).to_le_bytes());
        images.fingerprint(index, &mut digest)?;
    }
    Ok(hex(&digest.finalize()))
}
