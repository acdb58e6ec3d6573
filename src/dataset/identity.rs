//! What a data set is, by content.

use sha2::{Digest, Sha256};

use super::{Entry, Pixels};
use crate::error::Result;
use crate::record::hex;

/// SHA-256 over the ordered ids, labels and fingerprints of the pixels. Two runs with the same
/// digest saw the same images in the same order. Lengths go in before texts, so that no two lists
/// run together to the same bytes.
pub(super) fn digest(entries: &[Entry], indices: Option<&[usize]>, pixels: &dyn Pixels) -> Result<String> {
    let mut digest = Sha256::new();
    for (position, entry) in entries.iter().enumerate() {
        digest.update((entry.id.len() as u64).to_le_bytes());
        digest.update(entry.id.as_bytes());
        digest.update(entry.label.to_le_bytes());
        let index = indices.map_or(position, |indices| indices[position]);
        pixels.fingerprint(index, &mut digest)?;
    }
    Ok(hex(&digest.finalize()))
}
