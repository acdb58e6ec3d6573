//! What a Parquet file says of itself, which the library that decodes it believes: its footer and the
//! headers of its pages are looked over first, wherever the file comes from.

mod compact;
mod footer;
mod page_header;

pub(crate) use footer::{MAGIC, looked_over};
pub(crate) use page_header::{Header, Kind, beyond, look_over_pages};

use crate::error::Error;

/// The words for a Parquet file that says what cannot be.
pub(crate) fn damaged(cause: impl std::fmt::Display) -> Error {
    Error::unusable("the Parquet file is damaged").because(cause).help("fetch or copy it again")
}

/// The words for one that the system does not read.
fn unreadable(cause: std::io::Error) -> Error {
    Error::unusable("the Parquet file cannot be read").because(cause)
}
