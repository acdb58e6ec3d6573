//! The header of a page, held to sensible sizes before it is believed.

use parquet::basic::Encoding;

use super::damaged;
use super::thrift::{Compact, STRUCT, TRUE};
use crate::error::{Error, Result};

/// Largest page, unpacked: a thousand large photographs.
const MAX_PAGE: u32 = 1 << 30;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
pub(super) struct Header {
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
    /// Reads a header from the start of `bytes`, and gives its length too.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, usize)> {
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
    pub(super) fn uses_dictionary(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::DataV2 { .. })
            && matches!(self.encoding, PLAIN_DICTIONARY | RLE_DICTIONARY)
    }

    /// How the values are written. DELTA_BYTE_ARRAY is not read: its values can be many times as
    /// long as the page.
    pub(super) fn encoding(&self) -> Result<Encoding> {
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
    pub(super) fn level_encoding(&self) -> Result<Encoding> {
        match self.definition_encoding {
            3 => Ok(Encoding::RLE),
            other => Err(unknown_encoding(&format!("of levels, number {other}"))),
        }
    }
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
