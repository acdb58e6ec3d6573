//! The values of a page as bytes, from what lies in the file.

use bytes::Bytes;
use flate2::Crc;
use parquet::basic::{CompressionCodec, Encoding};
use parquet::column::page::Page;

use super::codec::decompress;
use super::damaged;
use crate::error::{Error, Result};
use crate::parquet_metadata::{Header, Kind};

impl Header {
    /// The page, from the `packed` bytes that follow the header. `levels` says whether they begin
    /// with definition levels.
    pub(super) fn page(&self, codec: CompressionCodec, bytes: Vec<u8>, levels: bool) -> Result<Page> {
        self.check_sum(&bytes)?;
        let encoding = self.encoding()?;
        let buf = Bytes::from(self.unpack(codec, bytes)?);
        let num_values = self.values;
        let page = match self.kind {
            Kind::Data => Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding: self.level_encoding()?,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            },
            Kind::DataV2 { nulls, rows, definition_bytes, repetition_bytes, packed } => Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls: nulls,
                num_rows: rows,
                def_levels_byte_len: definition_bytes,
                rep_levels_byte_len: repetition_bytes,
                is_compressed: packed,
                statistics: None,
            },
            Kind::Dictionary => Page::DictionaryPage { buf, num_values, encoding, is_sorted: false },
            Kind::Other => return Err(Error::unusable("the page is of an unknown kind")),
        };
        self.check_lengths(&page, levels)?;
        Ok(page)
    }

    fn check_sum(&self, bytes: &[u8]) -> Result<()> {
        let Some(expected) = self.checksum else { return Ok(()) };
        let mut crc = Crc::new();
        crc.update(bytes);
        if crc.sum() == expected {
            return Ok(());
        }
        Err(Error::unusable("a page is damaged: its checksum is wrong").help("fetch or copy the file again"))
    }

    fn unpack(&self, codec: CompressionCodec, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let unpacked = self.unpacked as usize;
        let (plain, packed) = match self.kind {
            // The levels before the values are never packed in this version.
            Kind::DataV2 { definition_bytes, repetition_bytes, packed, .. } => {
                (u64::from(definition_bytes) + u64::from(repetition_bytes), packed)
            }
            _ => (0, true),
        };
        let plain = usize::try_from(plain).unwrap_or(usize::MAX);
        if plain > bytes.len() || plain > unpacked {
            return Err(damaged("its levels are longer than itself"));
        }
        if !packed || codec == CompressionCodec::UNCOMPRESSED {
            return if bytes.len() == unpacked { Ok(bytes) } else { Err(wrong_length()) };
        }
        let mut values = decompress(codec, &bytes[plain..], unpacked - plain)?;
        if values.len() != unpacked - plain {
            return Err(wrong_length());
        }
        if plain > 0 {
            values.splice(..0, bytes[..plain].iter().copied());
        }
        Ok(values)
    }

    /// A list of lengths says itself how many it has, and the library allocates that many.
    fn check_lengths(&self, page: &Page, levels: bool) -> Result<()> {
        if page.encoding() != Encoding::DELTA_LENGTH_BYTE_ARRAY {
            return Ok(());
        }
        let bytes = page.buffer();
        let start = match self.kind {
            Kind::DataV2 { definition_bytes, repetition_bytes, .. } => {
                definition_bytes as usize + repetition_bytes as usize
            }
            _ if levels => {
                let length = bytes.get(..4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
                length.map_or(usize::MAX, |length| length as usize + 4)
            }
            _ => 0,
        };
        let mut rest = bytes.get(start..).unwrap_or_default().iter();
        let (_block, _miniblocks, count) = (unsigned(&mut rest), unsigned(&mut rest), unsigned(&mut rest));
        match count {
            Some(count) if count <= u64::from(self.values) => Ok(()),
            _ => Err(damaged("it has more lengths than values")),
        }
    }
}

/// A number of seven bits a byte, the lowest first.
fn unsigned<'a>(bytes: &mut impl Iterator<Item = &'a u8>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.next()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn wrong_length() -> Error {
    damaged("it has another length than its header says")
}
