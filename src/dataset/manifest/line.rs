//! Lines of a text file, of bounded length.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::regular_file;

/// Longest line, and longest row where a text in quotes goes over several lines.
pub(super) const MAX_BYTES: u64 = 1 << 20;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// Opens the text file at `path` behind its byte-order mark.
pub(super) fn open(path: &Path) -> Result<BufReader<File>> {
    let io = |cause: std::io::Error| unreadable(path, &cause);
    if !path.metadata().map_err(io)?.is_file() {
        return Err(Error::unusable("this is no manifest but a folder, or something else that is no file")
            .at_path(path));
    }
    let mut reader = BufReader::new(regular_file::open(path).map_err(io)?);
    let start = reader.fill_buf().map_err(io)?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(not_utf8("it begins as UTF-16 does").at_path(path));
    }
    if start.starts_with(BOM) {
        reader.consume(BOM.len());
    }
    Ok(reader)
}

/// A text that is no UTF-8.
pub(super) fn not_utf8(cause: impl std::fmt::Display) -> Error {
    Error::unusable("the manifest is not UTF-8").because(cause).help("save it as UTF-8")
}

pub(super) fn too_long() -> Error {
    Error::unusable(format!("the line is longer than {MAX_BYTES} bytes"))
        .help("break the line; in a CSV file, look for a quotation mark that is never closed")
}

/// Reads lines one by one, without their ends.
pub(super) struct Lines<R> {
    reader: R,
    bytes: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), number: 0 }
    }

    /// Number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<&str>> {
        loop {
            self.bytes.clear();
            self.number += 1;
            let mut limited = (&mut self.reader).take(MAX_BYTES + 1);
            let read = limited
                .read_until(b'\n', &mut self.bytes)
                .map_err(|cause| Error::unusable("the manifest cannot be read").because(cause))?;
            if read == 0 {
                return Ok(None);
            }
            if self.bytes.len() as u64 > MAX_BYTES {
                return Err(too_long());
            }
            if !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        std::str::from_utf8(&self.bytes).map(|line| Some(line.trim())).map_err(not_utf8)
    }
}

/// Looks on as a reader takes rows that may go over several lines: counts the lines, and ends with an
/// error when a row is longer than [`MAX_BYTES`].
pub(super) struct Watched<R> {
    reader: R,
    window: Rc<RefCell<Window>>,
}

/// What was taken since the start of the last row.
#[derive(Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Where they begin.
    start: u64,
    /// How many lines came before.
    lines: u64,
}

impl<R> Watched<R> {
    /// Also gives what is seen.
    pub(super) fn of(reader: R) -> (Self, Rc<RefCell<Window>>) {
        let window = Rc::<RefCell<Window>>::default();
        (Self { reader, window: window.clone() }, window)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(out)?;
        let mut window = self.window.borrow_mut();
        window.bytes.extend_from_slice(&out[..read]);
        if window.bytes.len() as u64 > MAX_BYTES { Err(std::io::Error::other(TOO_LONG)) } else { Ok(read) }
    }
}

impl Window {
    /// Number of the line, from 1, on which the row begins that was taken from `offset` on: blank
    /// lines, and what is left of the end of the line before, come first.
    pub(super) fn line_at(&mut self, offset: u64) -> u64 {
        let before = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let before = before.min(self.bytes.len());
        let ends = self.bytes[before..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.bytes.drain(..before + ends);
        self.lines += passed.filter(|&byte| byte == b'\n').count() as u64;
        self.start += (before + ends) as u64;
        self.lines + 1
    }
}

/// By what the error of [`Watched`] is known.
pub(super) const TOO_LONG: &str = "the row is too long";

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Result<Vec<(u64, String)>> {
        let (mut lines, mut found) = (Lines::of(bytes), Vec::new());
        while let Some(line) = lines.next()?.map(str::to_owned) {
            found.push((lines.number(), line));
        }
        Ok(found)
    }

    #[test]
    fn blank_lines_are_passed_over_and_counted() {
        let expected = vec![(1, "a b".to_owned()), (4, "c".to_owned())];
        assert_eq!(lines(b"a b\r\n\n \t\r\nc").unwrap(), expected);
    }

    #[test]
    fn a_line_without_end_and_one_that_is_no_text_are_refused() {
        assert!(lines(&vec![b'a'; MAX_BYTES as usize + 1]).unwrap_err().what.contains("longer"));
        assert_eq!(lines(&vec![b'a'; MAX_BYTES as usize]).unwrap().len(), 1);
        assert!(lines(b"a\n\xff\n").unwrap_err().what.contains("UTF-8"));
    }
}
