//! One `.npy` file: a magic number, a header that is a Python dictionary in text, then the elements.

use std::io::Read;
use std::path::Path;

use super::array::{Array, Element, Shape, check_fits_memory, cut_short, wrong_length};
use crate::dataset::raw::stored::Stored;
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::regular_file;

/// What every such file starts with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read, bytes. NumPy's are padded to 64 or a little more.
const MAX_HEADER: u32 = 1 << 16;
/// Bytes that hold the longest header and what comes before it.
pub(super) const MAX_START: u64 = MAX_HEADER as u64 + 12;

/// Opens the file at `path`; the elements stay in it.
pub(super) fn open(path: &Path) -> Result<Array> {
    let mut file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let length = file.metadata().map_err(|cause| unreadable(path, &cause))?.len();
    let array = read_header(&mut file).and_then(|header| {
        let data =
            Stored::part(file, header.bytes, length.saturating_sub(header.bytes)).map_err(cut_short)?;
        Array::new(header.shape, data)
    });
    array.map_err(|error| error.at_path(path))
}

/// Unpacks a file into memory, no further than its header says, however much there is.
pub(super) fn unpack(mut from: impl Read) -> Result<Array> {
    let shape = read_header(&mut from)?.shape;
    let Some(declared) = shape.bytes() else { return Err(wrong_length(&shape, 0)) };
    check_fits_memory(declared)?;
    let mut data = Vec::new();
    from.take(declared + 1).read_to_end(&mut data).map_err(cut_short)?;
    Array::new(shape, Stored::Memory(data))
}

/// The header of a file.
pub(super) struct Header {
    /// What it says.
    pub shape: Shape,
    /// Where the elements begin.
    pub bytes: u64,
}

/// Reads as far as the elements.
pub(super) fn read_header(from: &mut impl Read) -> Result<Header> {
    let start: [u8; 8] = read(from)?;
    if !start.starts_with(MAGIC) {
        return Err(Error::unusable("the file does not start as NumPy arrays do"));
    }
    // Version 1 has a length of two bytes, versions 2 and 3 of four.
    let (length, fixed) = match start[6] {
        1 => (u32::from(u16::from_le_bytes(read(from)?)), 10),
        2 | 3 => (u32::from_le_bytes(read(from)?), 12),
        version => return Err(Error::unusable(format!("version {version} of .npy files is not known"))),
    };
    if length > MAX_HEADER {
        return Err(Error::unusable(format!("the header has {length} bytes, more than {MAX_HEADER}")));
    }
    let mut text = vec![0; length as usize];
    from.read_exact(&mut text).map_err(cut_short)?;
    let text = String::from_utf8(text).map_err(cut_short)?;
    Ok(Header { shape: Dictionary { rest: &text }.shape()?, bytes: fixed + u64::from(length) })
}

fn read<const N: usize>(from: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

/// `{'descr': '|u1', 'fortran_order': False, 'shape': (10, 28, 28), }`: just as much of Python as
/// such headers are made of.
struct Dictionary<'a> {
    rest: &'a str,
}

impl<'a> Dictionary<'a> {
    fn shape(mut self) -> Result<Shape> {
        let (mut element, mut order, mut axes) = (None, None, None);
        self.expect("{")?;
        while !self.skip("}") {
            let key = self.quoted()?;
            self.expect(":")?;
            match key {
                "descr" => element = Some(self.element()?),
                "fortran_order" => order = Some(self.boolean()?),
                "shape" => axes = Some(self.axes()?),
                other => return Err(self.odd(&format!("an unknown key `{other}`"))),
            }
            if !self.skip(",") {
                self.expect("}")?;
                break;
            }
        }
        match (element, order, axes) {
            (Some(element), Some(first_moves_fastest), Some(axes)) => {
                Ok(Shape { element, axes, first_moves_fastest })
            }
            _ => Err(self.odd("not all of descr, fortran_order and shape")),
        }
    }

    fn element(&mut self) -> Result<Element> {
        if self.skip("[") {
            return Err(Error::unusable("the array holds records of several fields, not pixels or labels")
                .help("save each field as an array of its own"));
        }
        Element::parse(self.quoted()?)
    }

    fn boolean(&mut self) -> Result<bool> {
        let value = self.skip("True");
        if !value {
            self.expect("False")?;
        }
        Ok(value)
    }

    fn axes(&mut self) -> Result<Vec<u64>> {
        let mut axes = Vec::new();
        self.expect("(")?;
        while !self.skip(")") {
            axes.push(self.number()?);
            // Python 2 wrote long integers with an L.
            self.skip("L");
            if !self.skip(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(axes)
    }

    fn number(&mut self) -> Result<u64> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits.parse().map_err(|_| self.odd("no number where one belongs"))
    }

    fn quoted(&mut self) -> Result<&'a str> {
        let quote = if self.skip("'") { '\'' } else { '"' };
        if quote == '"' {
            self.expect("\"")?;
        }
        let (text, rest) = self.rest.split_once(quote).ok_or_else(|| self.odd("an open quote"))?;
        self.rest = rest;
        Ok(text)
    }

    /// Takes `token` if it is next.
    fn skip(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.skip(token) { Ok(()) } else { Err(self.odd(&format!("no `{token}` where one belongs"))) }
    }

    fn odd(&self, what: &str) -> Error {
        Error::unusable(format!("the header of the NumPy array is damaged: it has {what}"))
            .help("fetch or save the file again")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str) -> Result<Shape> {
        Dictionary { rest: text }.shape()
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [MAGIC, &[1, 0], &length, header.as_bytes(), data].concat()
    }

    const HEADER: &str = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2), }  \n";

    #[test]
    fn headers_are_read_as_python_and_numpy_have_written_them() {
        let now = shape(HEADER).unwrap();
        assert_eq!((now.axes.as_slice(), now.first_moves_fastest), (&[2, 1, 2][..], false));
        let old = shape("{\"shape\":(3L,), 'fortran_order' : True,'descr':'<i8'}").unwrap();
        assert_eq!((old.axes.as_slice(), old.first_moves_fastest), (&[3][..], true));
        assert!(shape("{'descr': '<i8', 'fortran_order': False, 'shape': ()}").unwrap().axes.is_empty());
    }

    #[test]
    fn damaged_headers_say_what_is_wrong() {
        for (text, word) in [
            ("", "no `{`"),
            ("{'descr': '|u1', 'shape': (2,)}", "not all of"),
            ("{'descr': '|u1', 'fortran_order': 0, 'shape': (2,)}", "no `False`"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (-2,)}", "no number"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", "no number"),
            ("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,)}", "several fields"),
            ("{'descr': '|u1', 'else': False}", "unknown key `else`"),
            ("{'descr': '|u1", "open quote"),
        ] {
            let error = shape(text).unwrap_err();
            assert!(error.what.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_cut_short_anywhere_or_too_long_is_refused() {
        let whole = file(HEADER, &[1, 2, 3, 4]);
        assert!(unpack(whole.as_slice()).is_ok());
        for length in 0..whole.len() {
            assert!(unpack(&whole[..length]).is_err(), "cut to {length} of {}", whole.len());
        }
        assert!(unpack(file(HEADER, &[1, 2, 3, 4, 5]).as_slice()).is_err());
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_its_header_says() {
        let bomb = file(HEADER, &[]);
        let error = unpack(bomb.chain(std::io::repeat(0))).err().unwrap();
        assert!(error.what.contains("has 4 bytes, the file has 5"), "{error}");
        let huge = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 64, 64)}";
        let error = unpack(file(huge, &[]).chain(std::io::repeat(0))).err().unwrap();
        assert!(error.what.contains("more than are held in memory"), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_headers_never_panic(text in "\\PC{0,80}", data in prop::collection::vec(any::<u8>(), 0..9)) {
            let _ = unpack(file(&text, &data).as_slice());
        }

        #[test]
        fn changed_headers_never_panic(place in 0..HEADER.len(), byte in 0u8..128) {
            let mut bytes = file(HEADER, &[1, 2, 3, 4]);
            bytes[10 + place] = byte;
            let _ = unpack(bytes.as_slice());
        }
    }
}
