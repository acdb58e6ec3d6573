//! What a data set is, by content.

use sha2::{Digest, Sha256};

use crate::dataset::Images;
use crate::digest::hex;
use crate::error::Result;

/// SHA-256 over the ordered ids, labels and fingerprints of the pixels. Two runs with the same
/// digest saw the same images in the same order. Lengths go in before texts, so that no two lists
/// run together to the same bytes.
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
