//! Unpacks the bytes of pages, never further than asked.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use parquet::basic::CompressionCodec;

use super::damaged;
use crate::error::{Error, Result};

/// Unpacks `packed` to `length` bytes, or to at most one more. Nothing is allocated that the codec
/// could not fill from so few bytes.
pub(super) fn decompress(codec: CompressionCodec, packed: &[u8], length: usize) -> Result<Vec<u8>> {
    match codec {
        // A page of nothing but nulls.
        _ if length == 0 => Ok(Vec::new()),
        CompressionCodec::SNAPPY => {
            // Three bytes copy 64 at most.
            let mut out = sized(packed, length, 22)?;
            snap::raw::Decoder::new().decompress(packed, &mut out).map_err(damaged).map(|_| out)
        }
        CompressionCodec::LZ4_RAW => {
            // A byte lengthens a copy by 255 at most.
            let mut out = sized(packed, length, 256)?;
            let written = lz4_flex::block::decompress_into(packed, &mut out).map_err(damaged)?;
            out.truncate(written);
            Ok(out)
        }
        CompressionCodec::GZIP => drain(MultiGzDecoder::new(packed), packed, length),
        CompressionCodec::ZSTD => {
            drain(ruzstd::decoding::StreamingDecoder::new(packed).map_err(damaged)?, packed, length)
        }
        other => {
            Err(Error::unsupported(format!("the columns are packed with {other}, which is not read here"))
                .help("write the file with Snappy, Zstandard, gzip, LZ4_RAW or without compression"))
        }
    }
}

/// `length` zeros, when `packed` can be meant to fill them: at most `ratio` for each byte.
fn sized(packed: &[u8], length: usize, ratio: usize) -> Result<Vec<u8>> {
    if length / ratio > packed.len() {
        return Err(damaged(format!("{} bytes cannot unpack to {length}", packed.len())));
    }
    Ok(vec![0; length])
}

fn drain(from: impl Read, packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(length.min(packed.len().saturating_mul(8)));
    from.take(length as u64 + 1).read_to_end(&mut out).map_err(damaged)?;
    Ok(out)
}
