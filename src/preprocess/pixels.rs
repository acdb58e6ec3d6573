//! Pixels on their way from an image to a tensor.

use super::Size;

/// Interleaved values, row by row: `size` × `channels` of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid<'a, T> {
    pub values: &'a [T],
    /// 1 or 3.
    pub channels: usize,
    pub size: Size,
}

/// Bytes, until a library computes floats.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pixels<'a> {
    Bytes(Grid<'a, u8>),
    Floats(Grid<'a, f32>),
}
