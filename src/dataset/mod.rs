//! Data sets as users have them on disk. Listing is cheap; only [`Dataset::image`] reads pixels.

use crate::error::Result;
use crate::record::DatasetIdentity;

/// One image's name and truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable name within the data set: the path below the root, or the index.
    pub id: String,
    /// Index of the true class.
    pub label: u32,
}

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

/// Images with labels, addressed by index. Called from many threads at once.
pub trait Dataset: Send + Sync {
    /// What it is, by content.
    fn identity(&self) -> &DatasetIdentity;

    /// Ids and labels in order.
    fn entries(&self) -> &[Entry];

    /// Reads and decodes image `index`. The error names the image.
    fn image(&self, index: usize) -> Result<Image>;
}
