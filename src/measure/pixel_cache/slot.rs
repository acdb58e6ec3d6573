//! One slot of a cache file: what it belongs to, a checksum, pixels.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | stamp of the image that it was made of |
//! | 4 | length of the pixels |
//! | 4 | channels; 0 in an empty slot |
//! | 4 | CRC-32 of the image's index, the 16 bytes above, and the pixels |
//! | … | pixels, interleaved |

use crc32fast::Hasher;

/// Bytes before the pixels.
const HEAD: usize = 20;

/// Memory for a slot.
pub(super) struct Slot {
    bytes: Vec<u8>,
}

impl Slot {
    /// Bytes of a slot with room for `room` bytes of pixels.
    pub(super) fn length(room: usize) -> usize {
        HEAD + room
    }

    pub(super) fn new(room: usize) -> Self {
        Self { bytes: vec![0; Self::length(room)] }
    }

    /// The whole slot, to read into.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Channels and pixels, if the slot is whole and belongs to this image in this state.
    pub(super) fn content(&self, index: u64, stamp: u64) -> Option<(u8, &[u8])> {
        let (head, room) = self.bytes.split_first_chunk::<HEAD>()?;
        let length = u32::from_le_bytes(*head[8..].first_chunk()?);
        let channels = u8::try_from(u32::from_le_bytes(*head[12..].first_chunk()?)).ok()?;
        let pixels = room.get(..length as usize)?;
        (channels != 0 && *head == made(index, stamp, channels, length, pixels)).then_some((channels, pixels))
    }

    /// Makes this the slot of `pixels`, which are not more than there is room for; gives what is to
    /// be written.
    pub(super) fn fill(&mut self, index: u64, stamp: u64, channels: u8, pixels: &[u8]) -> &[u8] {
        let end = HEAD + pixels.len();
        self.bytes[..HEAD].copy_from_slice(&made(index, stamp, channels, pixels.len() as u32, pixels));
        self.bytes[HEAD..end].copy_from_slice(pixels);
        &self.bytes[..end]
    }
}

/// The head of a whole slot.
fn made(index: u64, stamp: u64, channels: u8, length: u32, pixels: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&stamp.to_le_bytes());
    head[8..12].copy_from_slice(&length.to_le_bytes());
    head[12..16].copy_from_slice(&u32::from(channels).to_le_bytes());
    let mut checksum = Hasher::new();
    checksum.update(&index.to_le_bytes());
    checksum.update(&head[..16]);
    checksum.update(pixels);
    head[16..].copy_from_slice(&checksum.finalize().to_le_bytes());
    head
}
