//! How much disk decoded pixels may take.

use bytesize::ByteSize;

use crate::error::{Error, Result};

/// What they may take when nobody says anything: 4 GiB.
pub const DEFAULT: u64 = 4 << 30;

/// Bytes of a size as users write it: `4GiB`, `500MB`, `0` for none.
pub fn bytes(text: &str) -> Result<u64> {
    match text.parse::<ByteSize>() {
        Ok(size) => Ok(size.as_u64()),
        Err(_) => Err(Error::usage(format!("`{text}` is not a size"))
            .help("write a number with a unit, such as 4GiB or 500MB, or 0 for no cache")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_users_write_them() {
        for (text, expected) in
            [("4GiB", DEFAULT), ("500MB", 500_000_000), ("1.5 MiB", 3 << 19), ("0", 0), ("4096", 4096)]
        {
            assert_eq!(bytes(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_an_example() {
        for text in ["", "much", "-1", "4 apples", "nan"] {
            assert!(bytes(text).unwrap_err().help.unwrap().contains("4GiB"), "{text}");
        }
    }
}
