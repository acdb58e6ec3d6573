//! One header of a tar archive: 512 bytes with fields at fixed places (POSIX.1-1988 `ustar`, the older
//! form before it, and GNU's), and the records of a PAX extended header (POSIX.1-2001).

use super::archive::{BLOCK, until_nul};

/// Where the checksum stands; its own bytes count as spaces.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// A block that may be a header.
pub(super) struct Header([u8; BLOCK as usize]);

impl Header {
    pub(super) fn of(block: [u8; BLOCK as usize]) -> Self {
        Self(block)
    }

    /// Whether the checksum fits. Some old writers summed signed bytes.
    pub(super) fn is_intact(&self) -> bool {
        let byte = |(at, &byte): (usize, &u8)| if CHECKSUM.contains(&at) { b' ' } else { byte };
        let unsigned: u64 = self.0.iter().enumerate().map(byte).map(u64::from).sum();
        let signed: i64 = self.0.iter().enumerate().map(byte).map(|byte| i64::from(byte.cast_signed())).sum();
        let stored = number(&self.0[CHECKSUM]);
        stored.is_some_and(|stored| stored == unsigned || i64::try_from(stored) == Ok(signed))
    }

    /// The flag that tells what kind of member it is.
    pub(super) fn kind(&self) -> u8 {
        self.0[156]
    }

    /// Bytes of the member; `None` when the field is no number.
    pub(super) fn size(&self) -> Option<u64> {
        number(&self.0[124..136])
    }

    /// The name; `ustar` has room for its first folders in a field of their own.
    pub(super) fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.0[..100]);
        let prefix = if self.0[257..263] == *b"ustar\0" { until_nul(&self.0[345..500]) } else { Vec::new() };
        if prefix.is_empty() { name } else { [prefix.as_slice(), b"/", &name].concat() }
    }

    /// The program that unpacks what this block is the start of.
    pub(super) fn packed_by(&self) -> Option<&'static str> {
        let magics: [(&[u8], &str); 4] = [
            (&[0x1f, 0x8b], "gzip"),
            (b"BZh", "bzip2"),
            (&[0xfd, b'7', b'z', b'X', b'Z'], "xz"),
            (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        ];
        magics.into_iter().find(|(magic, _)| self.0.starts_with(magic)).map(|(_, packer)| packer)
    }
}

/// A number in octal digits with spaces or NULs around it, or in GNU's binary form for what is too
/// large for them.
fn number(field: &[u8]) -> Option<u64> {
    if let [0x80, binary @ ..] = field {
        let (high, low) = binary.split_at(binary.len().checked_sub(8)?);
        return high
            .iter()
            .all(|&byte| byte == 0)
            .then(|| u64::from_be_bytes(low.try_into().unwrap_or([0; 8])));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() {
        return Some(0);
    }
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| u64::from_str_radix(text, 8).ok()).flatten()
}

/// The records of a PAX header: `LENGTH KEY=VALUE` and a line feed, where the length counts all of
/// it. A value may hold line feeds. Gives `None` once where a record is not understood, and ends.
pub(super) struct Records<'a>(&'a [u8]);

/// Key and value.
type Record<'a> = (&'a [u8], &'a [u8]);

impl<'a> Records<'a> {
    pub(super) fn of(content: &'a [u8]) -> Self {
        Self(content)
    }

    fn split(content: &'a [u8]) -> Option<(Record<'a>, &'a [u8])> {
        let space = content.iter().position(|&byte| byte == b' ')?;
        let length: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
        let pair = content.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        Some(((&pair[..equals], &pair[equals + 1..]), &content[length..]))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Option<Record<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let found = Self::split(self.0);
        self.0 = found.map_or(&[], |(_, rest)| rest);
        Some(found.map(|(record, _)| record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary_and_nothing_else() {
        assert_eq!(number(b"00000001750\0"), Some(1000));
        assert_eq!(number(b"   1750 \0\0\0\0"), Some(1000));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]), Some((2 << 32) + 1));
        for wrong in
            [&b"-1"[..], b"+1", b"18", b"1 2", b"x", &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0x80]]
        {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_record_is_as_long_as_it_says() {
        let records = |text: &'static [u8]| Records::of(text).collect::<Vec<_>>();
        assert_eq!(
            records(b"12 path=a.b\n14 note=a\nb=c\n"),
            [Some((&b"path"[..], &b"a.b"[..])), Some((b"note", b"a\nb=c"))]
        );
        for wrong in
            [&b"12 path=a.b"[..], b"13 path=a.b\n", b"3 path=a.b\n", b"99999999999999999999 a=b\n", b"0 "]
        {
            assert_eq!(records(wrong), [None], "{wrong:?}");
        }
    }
}
