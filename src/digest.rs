//! SHA-256, by which models, data, libraries and records are known again.

use std::fmt::Write;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Digits of a digest that people are shown.
const SHOWN: usize = 12;

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of all that `source` holds, in hexadecimal, in little memory.
pub fn sha256_of(mut source: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// The beginning of a digest: enough to tell one from another by eye.
pub fn short(digest: &str) -> &str {
    digest.get(..SHOWN).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_published_one() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of(&b"abc"[..]).unwrap(), expected);
        assert_eq!(short(expected), "ba7816bf8f01");
        assert_eq!(short("abc"), "abc");
    }
}
