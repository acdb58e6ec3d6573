//! A digest inside the very file that it covers. Decoders of dense formats trust lengths and offsets
//! and panic on damaged ones; a seal finds the damage before anything is decoded.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};

use crate::digest::hex;

/// What stands before the digest, so that it can be found.
const MARK: &str = "bench-sha256:";

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// Bytes at the end of a file in which the seal must be: more than any list of class names takes.
const TAIL: u64 = 1 << 20;

/// The seal before the digest is known. It is to be written as text near the end of the file.
pub(super) fn blank() -> String {
    format!("{MARK}{}", "0".repeat(DIGITS))
}

/// Puts the digest of the whole file, with the blank seal in it, into the last blank seal, and gives it.
pub(super) fn close(file: &mut File) -> io::Result<String> {
    let at = position(file)?.ok_or_else(|| io::Error::other("the file has no place for its digest"))?;
    let digest = digest(file, at)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(digest.as_bytes())?;
    Ok(digest)
}

/// The digest that the file carries, whether it fits or not.
pub(super) fn read(file: &mut File) -> io::Result<Option<String>> {
    let Some(at) = position(file)? else { return Ok(None) };
    let mut found = String::new();
    file.seek(SeekFrom::Start(at))?;
    Read::take(&mut *file, DIGITS as u64).read_to_string(&mut found)?;
    Ok(Some(found))
}

/// Whether the file is as it was when its seal was closed.
pub(super) fn is_intact(file: &mut File) -> io::Result<bool> {
    let Some(at) = position(file)? else { return Ok(false) };
    let mut found = [0; DIGITS];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut found)?;
    Ok(digest(file, at)?.as_bytes() == found)
}

/// Where the digits of the last seal begin.
fn position(file: &mut File) -> io::Result<Option<u64>> {
    let from = file.metadata()?.len().saturating_sub(TAIL);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut tail)?;
    let mark = tail.windows(MARK.len()).rposition(|bytes| bytes == MARK.as_bytes());
    let digits = mark.map(|mark| mark + MARK.len()).filter(|at| at + DIGITS <= tail.len());
    Ok(digits.map(|at| from + at as u64))
}

/// Digest of the file with zeros for the digits at `at`.
fn digest(file: &mut File, at: u64) -> io::Result<String> {
    let mut digest = Sha256::new();
    file.rewind()?;
    add(&mut digest, Read::take(&mut *file, at))?;
    digest.update("0".repeat(DIGITS));
    file.seek(SeekFrom::Start(at + DIGITS as u64))?;
    add(&mut digest, file)?;
    Ok(hex(&digest.finalize()))
}

fn add(digest: &mut Sha256, mut bytes: impl Read) -> io::Result<()> {
    let mut chunk = vec![0; 1 << 16];
    loop {
        match bytes.read(&mut chunk)? {
            0 => return Ok(()),
            read => digest.update(&chunk[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> File {
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "content {MARK} more {} end", blank()).unwrap();
        close(&mut file).unwrap();
        file
    }

    fn flip(file: &mut File, at: u64) {
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte[0] ^ 1]).unwrap();
    }

    #[test]
    fn any_changed_byte_breaks_the_seal() {
        let mut file = sealed();
        assert!(is_intact(&mut file).unwrap());
        for at in 0..file.metadata().unwrap().len() {
            flip(&mut file, at);
            assert!(!is_intact(&mut file).unwrap(), "byte {at}");
            flip(&mut file, at);
        }
        assert!(is_intact(&mut file).unwrap());
    }

    #[test]
    fn a_file_without_a_seal_is_not_intact() {
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "content {MARK}123").unwrap();
        assert!(!is_intact(&mut file).unwrap());
    }
}
