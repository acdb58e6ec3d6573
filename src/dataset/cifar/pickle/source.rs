//! The bytes of a pickle, read once from front to back: short strings are kept, long ones stay in the
//! file and only their place is noted.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::dataset::raw::stored::Stored;
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::regular_file;

/// Longest string that is kept in memory, bytes.
const MAX_HELD: u64 = 4096;
/// Most bytes of all strings that are kept in memory.
const MAX_HELD_TOGETHER: usize = 1 << 28;

/// Where a string is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span {
    /// Among those that are kept.
    Held { start: usize, length: usize },
    /// In the file.
    InFile { start: u64, length: u64 },
}

impl Span {
    /// Bytes of the string.
    pub(super) fn length(self) -> u64 {
        match self {
            Self::Held { length, .. } => length as u64,
            Self::InFile { length, .. } => length,
        }
    }
}

/// A pickle that is being read, and the strings in it.
pub(super) struct Source {
    reader: BufReader<File>,
    position: u64,
    length: u64,
    held: Vec<u8>,
}

impl Source {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { reader: BufReader::with_capacity(1 << 16, file), position: 0, length, held: Vec::new() })
    }

    /// Bytes read so far: the place of an error.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(cut_short)?;
        self.position += N as u64;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    /// The next `length` bytes, which must be in the file before room is made for them.
    pub(super) fn string(&mut self, length: u64) -> Result<Span> {
        if length > self.length.saturating_sub(self.position) {
            return Err(cut_short(format!("a string of {length} bytes begins at {}", self.position)));
        }
        let start = self.position;
        self.position += length;
        if length > MAX_HELD {
            // A length within the file's fits.
            self.reader.seek_relative(length as i64).map_err(cut_short)?;
            return Ok(Span::InFile { start, length });
        }
        let mut bytes = vec![0; length as usize];
        self.reader.read_exact(&mut bytes).map_err(cut_short)?;
        self.hold(&bytes)
    }

    /// What is left of the line.
    pub(super) fn line(&mut self) -> Result<Span> {
        let (start, mut kept) = (self.position, Vec::new());
        loop {
            let buffer = self.reader.fill_buf().map_err(cut_short)?;
            if buffer.is_empty() {
                return Err(cut_short("a line does not end"));
            }
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let taken = &buffer[..end.unwrap_or(buffer.len())];
            if kept.len() as u64 <= MAX_HELD {
                kept.extend_from_slice(taken);
            }
            let consumed = taken.len() + usize::from(end.is_some());
            self.reader.consume(consumed);
            self.position += consumed as u64;
            if end.is_some() {
                break;
            }
        }
        let length = self.position - start - 1;
        if length > MAX_HELD { Ok(Span::InFile { start, length }) } else { self.hold(&kept) }
    }

    /// Keeps `bytes`.
    fn hold(&mut self, bytes: &[u8]) -> Result<Span> {
        if self.held.len() + bytes.len() > MAX_HELD_TOGETHER {
            return Err(Error::unusable("the pickle holds more text than any data set has"));
        }
        let start = self.held.len();
        self.held.extend_from_slice(bytes);
        Ok(Span::Held { start, length: bytes.len() })
    }

    /// The string at `span`, if it is a short one.
    pub(super) fn held(&self, span: Span) -> Option<&[u8]> {
        match span {
            Span::Held { start, length } => self.held.get(start..start + length),
            Span::InFile { .. } => None,
        }
    }

    /// Whether the string at `span` is `text`.
    pub(super) fn is(&self, span: Span, text: &str) -> bool {
        self.held(span) == Some(text.as_bytes())
    }

    /// The string at `span`, which is known to fit memory.
    pub(super) fn read(&self, span: Span) -> io::Result<Vec<u8>> {
        match span {
            Span::Held { .. } => Ok(self.held(span).unwrap_or_default().to_vec()),
            Span::InFile { start, length } => {
                let mut file = self.reader.get_ref();
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// The string at `span` of the file at `path`, to be read piece by piece.
    pub(super) fn stored(&self, span: Span, path: &Path) -> Result<Stored> {
        match span {
            Span::Held { .. } => Ok(Stored::Memory(self.held(span).unwrap_or_default().to_vec())),
            Span::InFile { start, length } => {
                let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
                Stored::part(file, start, length).map_err(cut_short)
            }
        }
    }
}

/// The words for a pickle that ends too soon.
pub(super) fn cut_short(cause: impl std::fmt::Display) -> Error {
    Error::unusable("the pickle is cut short or damaged").because(cause).help("fetch or copy it again")
}
