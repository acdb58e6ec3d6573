//! Bytes of a data file that are read piece by piece: by position where they lie plainly on disk,
//! from memory where they had to be unpacked first.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// Most bytes that are unpacked into memory from one file.
pub(in crate::dataset) const MAX_UNPACKED: u64 = 1 << 30;

/// Bytes, wherever they are. Read from many threads at once.
pub(in crate::dataset) enum Stored {
    /// What had to be unpacked.
    Memory(Vec<u8>),
    /// A stretch of a file, from `start` on.
    File { file: Mutex<File>, start: u64, length: u64 },
}

impl Stored {
    /// `length` bytes of `file` from `start` on. Fails when there are not as many.
    pub(in crate::dataset) fn part(file: File, start: u64, length: u64) -> Result<Self> {
        match start.checked_add(length) {
            Some(end) if end <= file.metadata()?.len() => {
                Ok(Self::File { file: Mutex::new(file), start, length })
            }
            _ => Err(beyond_the_end()),
        }
    }

    /// The first bytes, however few: for headers.
    pub(in crate::dataset) fn start(&self, most: u64) -> Result<Vec<u8>> {
        // Both fit what `usize` holds, since headers are short.
        self.read(0, most.min(self.length()) as usize)
    }

    /// Number of bytes.
    pub(in crate::dataset) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// `length` bytes from `offset` on; nothing is allocated for bytes that are not there.
    pub(in crate::dataset) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.length()) {
            return Err(beyond_the_end());
        }
        match self {
            // Within the length of the memory, so it fits `usize`.
            Self::Memory(bytes) => Ok(bytes[offset as usize..][..length].to_vec()),
            Self::File { file, start, .. } => read_at(file, start + offset, length),
        }
    }

    /// All of it, which must be known to be little.
    pub(in crate::dataset) fn into_bytes(self) -> Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes),
            Self::File { length, .. } => self.read(0, usize::try_from(length).map_err(|_| beyond_the_end())?),
        }
    }
}

/// The lock is held for one short read. Reading at an offset without it differs by system.
fn read_at(file: &Mutex<File>, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn beyond_the_end() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the file ends before its data does")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        file
    }

    #[test]
    fn a_part_of_a_file_reads_as_the_same_bytes_in_memory() {
        let part = Stored::part(file(b"..abcdef."), 2, 6).unwrap();
        for stored in [part, Stored::Memory(b"abcdef".to_vec())] {
            assert_eq!((stored.length(), stored.read(1, 3).unwrap()), (6, b"bcd".to_vec()));
            assert_eq!(stored.read(6, 0).unwrap(), b"");
            assert!(stored.read(4, 3).is_err(), "the byte after belongs to something else");
            assert!(stored.read(u64::MAX, 2).is_err());
            assert_eq!(stored.into_bytes().unwrap(), b"abcdef");
        }
    }

    #[test]
    fn a_part_that_the_file_does_not_have_is_refused() {
        assert!(Stored::part(file(b"abc"), 1, 3).is_err());
        assert!(Stored::part(file(b"abc"), u64::MAX, 2).is_err());
    }
}
