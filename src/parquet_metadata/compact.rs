//! As much of Thrift's compact protocol as it takes to look at a structure before it is believed.

use crate::error::{Error, Result};

/// Deepest nesting that is followed. Parquet's own is a handful.
const MAX_DEPTH: u32 = 32;

/// Type of a field that holds `true`, of one that holds `false`, and of other values.
pub(super) const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// A field of a structure: its number, and the type of its value.
pub(super) type Field = (i16, u8);

/// Reads on from the start of some bytes.
pub(super) struct Compact<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next field of a structure; nothing at its end. `last` is the number of the field before.
    pub(super) fn field(&mut self, last: &mut i16) -> Result<Option<Field>> {
        let byte = self.byte()?;
        let (step, kind) = (byte >> 4, byte & 0x0f);
        if kind == 0 {
            return Ok(None);
        }
        let number = match step {
            0 => i16::try_from(self.int()?).ok(),
            step => last.checked_add(step.into()),
        };
        *last = number.ok_or_else(broken)?;
        Ok(Some((*last, kind)))
    }

    /// A number of up to 64 bits.
    pub(super) fn int(&mut self) -> Result<i64> {
        let folded = self.varint()?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    /// A number that fits 32 bits and is not negative.
    pub(super) fn count(&mut self) -> Result<u32> {
        u32::try_from(self.int()?).map_err(|_| broken())
    }

    /// Type and number of the items of a list; no more than could follow, at a byte each.
    pub(super) fn list(&mut self) -> Result<(u8, usize)> {
        let byte = self.byte()?;
        let short = usize::from(byte >> 4);
        let count = if short == 15 { usize::try_from(self.varint()?).map_err(|_| broken())? } else { short };
        if count > self.bytes.len() - self.at {
            return Err(broken());
        }
        Ok((byte & 0x0f, count))
    }

    /// Steps over the value of a field of type `kind`.
    pub(super) fn skip(&mut self, kind: u8) -> Result<()> {
        self.skip_within(kind, MAX_DEPTH)
    }

    fn skip_within(&mut self, kind: u8, depth: u32) -> Result<()> {
        let depth = depth.checked_sub(1).ok_or_else(broken)?;
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.advance(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.advance(8),
            BINARY => {
                let length = self.varint()?;
                self.advance(usize::try_from(length).map_err(|_| broken())?)
            }
            LIST | SET => self.skip_items(depth),
            MAP => self.skip_map(depth),
            STRUCT => self.skip_fields(depth),
            UUID => self.advance(16),
            _ => Err(broken()),
        }
    }

    fn skip_fields(&mut self, depth: u32) -> Result<()> {
        let mut last = 0;
        while let Some((_, kind)) = self.field(&mut last)? {
            self.skip_within(kind, depth)?;
        }
        Ok(())
    }

    fn skip_items(&mut self, depth: u32) -> Result<()> {
        let (kind, count) = self.list()?;
        (0..count).try_for_each(|_| self.skip_item(kind, depth))
    }

    fn skip_map(&mut self, depth: u32) -> Result<()> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        for _ in 0..count {
            self.skip_item(kinds >> 4, depth)?;
            self.skip_item(kinds & 0x0f, depth)?;
        }
        Ok(())
    }

    /// Within lists and maps a truth value takes a byte; in a field it is the type itself. So every
    /// item moves on, and a count that is a lie ends at the end of the bytes.
    fn skip_item(&mut self, kind: u8, depth: u32) -> Result<()> {
        if matches!(kind, TRUE | FALSE) { self.advance(1) } else { self.skip_within(kind, depth) }
    }

    fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.at).ok_or_else(broken)?;
        self.at += 1;
        Ok(byte)
    }

    fn advance(&mut self, count: usize) -> Result<()> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        self.at = end.ok_or_else(broken)?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken())
    }
}

fn broken() -> Error {
    Error::unusable("a header of the Parquet file is damaged or cut short")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_structure_is_read_field_by_field() {
        // 1: i32 = -3, 2: true, 20: list of two i32, 21: binary "ab", end.
        let bytes = [0x15, 5, 0x11, 0x09, 40, 0x25, 2, 4, 0x18, 2, b'a', b'b', 0];
        let (mut compact, mut last) = (Compact::new(&bytes), 0);
        assert_eq!(compact.field(&mut last).unwrap(), Some((1, I32)));
        assert_eq!(compact.int().unwrap(), -3);
        assert_eq!(compact.field(&mut last).unwrap(), Some((2, TRUE)));
        assert_eq!(compact.field(&mut last).unwrap(), Some((20, LIST)));
        assert_eq!(compact.list().unwrap(), (I32, 2));
        assert_eq!((compact.int().unwrap(), compact.int().unwrap()), (1, 2));
        assert_eq!(compact.field(&mut last).unwrap(), Some((21, BINARY)));
        compact.skip(BINARY).unwrap();
        assert_eq!((compact.field(&mut last).unwrap(), compact.position()), (None, bytes.len()));
    }

    #[test]
    fn a_list_longer_than_the_bytes_and_endless_nesting_are_refused() {
        assert!(Compact::new(&[0xf5, 0xff, 0xff, 0xff, 0x7f]).list().is_err());
        assert!(Compact::new(&[0x1c; 100_000]).skip(STRUCT).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_end_with_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..16) {
            let mut compact = Compact::new(&bytes);
            let _ = compact.skip(kind);
            prop_assert!(compact.position() <= bytes.len());
        }
    }
}
