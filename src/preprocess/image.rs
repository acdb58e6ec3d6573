//! A decoded image.

use crate::error::{Error, Result};

/// Pixels as decoded: 8 bits a channel, interleaved, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: u8,
    /// `width` × `height` × `channels` bytes.
    pub pixels: Vec<u8>,
}

impl Image {
    /// Fails when the numbers do not fit together; every step after may rely on them.
    pub(super) fn check(&self) -> Result<()> {
        let wanted = u64::from(self.width) * u64::from(self.height) * u64::from(self.channels);
        if self.pixels.len() as u64 == wanted && wanted > 0 && matches!(self.channels, 1 | 3) {
            return Ok(());
        }
        Err(Error::unusable(format!(
            "an image of {}x{} pixels with {} channels does not have {} bytes",
            self.width,
            self.height,
            self.channels,
            self.pixels.len()
        )))
    }
}
