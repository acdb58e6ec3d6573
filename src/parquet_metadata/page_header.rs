//! The header of a page, held to sensible sizes before it is believed.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use parquet::basic::Encoding;

use super::compact::{Compact, STRUCT, TRUE};
use super::{damaged, unreadable};
use crate::error::{Error, Result};

/// Bytes that are read for a header; one with statistics can be longer.
const USUAL: u64 = 512;
/// Longest header.
const MAX_HEADER: u64 = 1 << 20;

/// Largest page, unpacked: a thousand large photographs.
const MAX_PAGE: u32 = 1 << 30;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Values.
    Data,
    /// Values, in the second version of the format.
    DataV2 { nulls: u32, rows: u32, definition_bytes: u32, repetition_bytes: u32, packed: bool },
    /// The values that others refer to by number.
    Dictionary,
    /// Nothing that is of use here.
    Other,
}

/// The header of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: Kind,
    /// Bytes that follow the header in the file.
    pub packed: u32,
    /// Bytes that they unpack to.
    pub unpacked: u32,
    /// Number of values, nulls included.
    pub values: u32,
    encoding: i64,
    definition_encoding: i64,
    /// Of the packed bytes.
    pub checksum: Option<u32>,
}

impl Header {
    /// Reads the header at the start of `bytes` of `file`, which has them, and gives its length too.
    pub(crate) fn read_at(file: &mut (impl Read + Seek), bytes: &Range<u64>) -> Result<(Self, u64)> {
        let left = bytes.end - bytes.start;
        let mut length = USUAL.min(left);
        loop {
            let mut header = vec![0; length as usize];
            file.seek(SeekFrom::Start(bytes.start)).map_err(unreadable)?;
            file.read_exact(&mut header).map_err(unreadable)?;
            match Self::read(&header) {
                Ok((header, length)) => return Ok((header, length as u64)),
                Err(error) if length >= left.min(MAX_HEADER) => return Err(error),
                Err(_) => length = (length * 16).min(left).min(MAX_HEADER),
            }
        }
    }

    /// Reads a header from the start of `bytes`, and gives its length too.
    fn read(bytes: &[u8]) -> Result<(Self, usize)> {
        let mut compact = Compact::new(bytes);
        let header = Fields::read(&mut compact)?.header()?;
        header.check()?;
        Ok((header, compact.position()))
    }

    fn check(&self) -> Result<()> {
        if self.unpacked > MAX_PAGE {
            let declared = self.unpacked;
            return Err(Error::unusable(format!(
                "a page declares {declared} bytes, more than the limit of {MAX_PAGE}"
            ))
            .help(
                "write the file with smaller row groups: data sets of images have 100 to 1,000 rows in each",
            ));
        }
        // A value of a dictionary takes four bytes at least: a text its length, a number itself.
        if self.kind == Kind::Dictionary && self.values > self.unpacked / 4 {
            return Err(Error::unusable(format!(
                "a dictionary declares {} values in {} bytes",
                self.values, self.unpacked
            )));
        }
        Ok(())
    }

    /// Whether the values are numbers of a dictionary's values.
    pub(crate) fn uses_dictionary(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::DataV2 { .. })
            && matches!(self.encoding, PLAIN_DICTIONARY | RLE_DICTIONARY)
    }

    /// How the values are written. DELTA_BYTE_ARRAY is not read: its values can be many times as
    /// long as the page.
    pub(crate) fn encoding(&self) -> Result<Encoding> {
        match self.encoding {
            0 => Ok(Encoding::PLAIN),
            PLAIN_DICTIONARY => Ok(Encoding::PLAIN_DICTIONARY),
            3 => Ok(Encoding::RLE),
            5 => Ok(Encoding::DELTA_BINARY_PACKED),
            6 => Ok(Encoding::DELTA_LENGTH_BYTE_ARRAY),
            RLE_DICTIONARY => Ok(Encoding::RLE_DICTIONARY),
            7 => Err(unknown_encoding("DELTA_BYTE_ARRAY")),
            other => Err(unknown_encoding(&format!("number {other}"))),
        }
    }

    /// How definition levels are written.
    pub(crate) fn level_encoding(&self) -> Result<Encoding> {
        match self.definition_encoding {
            3 => Ok(Encoding::RLE),
            other => Err(unknown_encoding(&format!("of levels, number {other}"))),
        }
    }
}

/// Steps through the headers of all pages in `bytes` of `file`, which has them.
pub(crate) fn look_over_pages(file: &mut (impl Read + Seek), mut bytes: Range<u64>) -> Result<()> {
    while !bytes.is_empty() {
        let (header, length) = Header::read_at(file, &bytes)?;
        bytes.start += length + u64::from(header.packed);
        if bytes.start > bytes.end {
            return Err(beyond());
        }
    }
    Ok(())
}

/// The words for a page that is longer than what holds it.
pub(crate) fn beyond() -> Error {
    damaged("a page goes on beyond its column")
}

const PLAIN_DICTIONARY: i64 = 2;
const RLE_DICTIONARY: i64 = 8;

fn unknown_encoding(name: &str) -> Error {
    Error::unsupported(format!("the encoding {name} is not read here"))
        .help("write the file with plain or dictionary encoding, the default of Arrow and pandas")
}

/// The fields of a page header as they come.
#[derive(Default)]
struct Fields {
    kind: Option<i64>,
    packed: Option<u32>,
    unpacked: Option<u32>,
    checksum: Option<u32>,
    inner: Inner,
}

/// The fields of the part that depends on the kind; numbered differently in each.
#[derive(Default)]
struct Inner {
    numbers: [i64; 9],
    unpacked_values: bool,
}

impl Fields {
    fn read(compact: &mut Compact<'_>) -> Result<Self> {
        let (mut fields, mut last) = (Self::default(), 0);
        while let Some((number, kind)) = compact.field(&mut last)? {
            match number {
                1 => fields.kind = Some(compact.int()?),
                2 => fields.unpacked = Some(compact.count()?),
                3 => fields.packed = Some(compact.count()?),
                // The bits of a checksum, of which the first is no sign.
                4 => fields.checksum = u32::try_from(compact.int()? & 0xffff_ffff).ok(),
                5 | 7 | 8 if kind == STRUCT => fields.inner = Inner::read(compact)?,
                _ => compact.skip(kind)?,
            }
        }
        Ok(fields)
    }

    fn header(self) -> Result<Header> {
        let (Some(kind), Some(packed), Some(unpacked)) = (self.kind, self.packed, self.unpacked) else {
            return Err(damaged("its header lacks a field"));
        };
        let at = |field: usize| {
            u32::try_from(self.inner.numbers[field]).map_err(|_| damaged("its header has a negative number"))
        };
        let (kind, encoding, levels) = match kind {
            0 => (Kind::Data, 2, 3),
            2 => (Kind::Dictionary, 2, 0),
            3 => (
                Kind::DataV2 {
                    nulls: at(2)?,
                    rows: at(3)?,
                    definition_bytes: at(5)?,
                    repetition_bytes: at(6)?,
                    packed: !self.inner.unpacked_values,
                },
                4,
                0,
            ),
            _ => (Kind::Other, 0, 0),
        };
        Ok(Header {
            kind,
            packed,
            unpacked,
            values: at(1)?,
            encoding: self.inner.numbers[encoding],
            definition_encoding: self.inner.numbers[levels],
            checksum: self.checksum,
        })
    }
}

impl Inner {
    fn read(compact: &mut Compact<'_>) -> Result<Self> {
        let (mut inner, mut last) = (Self::default(), 0);
        while let Some((number, kind)) = compact.field(&mut last)? {
            match (number, kind) {
                // Field 7 of version 2: whether the values are packed.
                (7, _) => inner.unpacked_values = kind != TRUE,
                (1..=6, 3..=6) => inner.numbers[number.unsigned_abs() as usize] = compact.int()?,
                _ => compact.skip(kind)?,
            }
        }
        Ok(inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The header of a page of values, with these bytes before its end.
    fn header(packed: u8, more: &[u8]) -> Vec<u8> {
        // 1: i32 = 0, 2: i32, 3: i32, 5: { 1: i32 = 1, 2: i32 = 0 }.
        let known = [0x15, 0, 0x15, packed * 2, 0x15, packed * 2, 0x2c, 0x15, 2, 0x15, 0, 0];
        [&known, more, &[0]].concat()
    }

    fn looked_over(bytes: &[u8]) -> Result<()> {
        look_over_pages(&mut Cursor::new(bytes), 0..bytes.len() as u64)
    }

    #[test]
    fn every_page_must_end_where_the_next_begins_and_the_last_with_its_column() {
        let page = [header(3, &[]), vec![7; 3]].concat();
        looked_over(&[page.clone(), page.clone()].concat()).unwrap();
        for wrong in [&page[..page.len() - 1], &[&page[..], &[1]].concat(), &header(1, &[])] {
            assert!(looked_over(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_header_that_claims_more_than_there_is_ends_with_its_bytes() {
        // 9: a list of 2^35 structures; 9: a map of as many.
        let many = [0x80, 0x80, 0x80, 0x80, 0x80, 1];
        for claim in [&[0x49, 0xfc][..], &[0x4b]] {
            let bytes = header(0, &[claim, &many, &[0xcc; 40]].concat());
            assert!(looked_over(&bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn headers_longer_than_what_is_read_at_once_are_read_whole() {
        // 9: text of 1,000 bytes, as statistics are.
        let bytes = header(0, &[&[0x48, 0xe8, 0x07][..], &[b'x'; 1000]].concat());
        looked_over(&bytes).unwrap();
        assert!(looked_over(&bytes[..900]).is_err());
    }
}
