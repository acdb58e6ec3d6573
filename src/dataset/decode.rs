//! From the bytes of an image file to 8-bit grey or RGB.

use std::io::Cursor;
use std::panic::catch_unwind;

use image::{ColorType, DynamicImage, ImageDecoder, ImageReader, Limits};

use super::Image;
use crate::error::{Error, Result};

/// Most pixels of an image. A photograph has a tenth; a decompression bomb has many times more.
const MAX_PIXELS: u64 = 100_000_000;
/// Most bytes that a decoder may allocate: `MAX_PIXELS` in 16-bit RGBA, and a little.
const MAX_BYTES: u64 = 1 << 30;

/// Decodes a JPEG, PNG, BMP, WebP or GIF file; the format is found from `bytes`, whatever the file
/// is called. Nothing is allocated for the pixels before their number is known to be sensible (at
/// most 100 million). The error says why; the caller adds which file it was.
///
/// The rules are those of Pillow's `Image.open(f).convert("RGB")`, which most classifiers were
/// trained behind: alpha is dropped, not blended; palettes are looked up; CMYK is converted; of an
/// animation the first frame counts; an EXIF orientation is not applied. Two differ: grey stays one
/// channel (it is repeated later where a model wants colour), and 16-bit levels are divided by 257
/// and rounded, where Pillow takes the upper byte of colour and clips grey at 255.
///
/// Lossless files come out byte for byte as in Pillow, JPEG within a few levels: the inverse
/// transforms round differently.
pub fn decode(bytes: &[u8]) -> Result<Image> {
    if bytes.is_empty() {
        return Err(Error::unusable("the image file is empty"));
    }
    if bytes.starts_with(JPEG_START) && !has_end_of_image(bytes) {
        return Err(Error::unusable("the JPEG is cut short: it has no end marker"));
    }
    // A panic in a decoder costs one image, not the evaluation.
    catch_unwind(|| decode_whole(bytes))
        .unwrap_or_else(|_| Err(Error::unusable("the image decoder gave up on a broken file")))
}

fn decode_whole(bytes: &[u8]) -> Result<Image> {
    let broken =
        |error: &dyn std::fmt::Display| Error::unusable("the image cannot be decoded").because(error);
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| broken(&error))?;
    if reader.format().is_none() {
        return Err(Error::unusable(
            "the file is not an image of a known format (JPEG, PNG, BMP, WebP, GIF)",
        ));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    refuse_extremes(width, height)?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    Ok(from_dynamic(decoded))
}

fn refuse_extremes(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::unusable(format!("the image has {width}x{height} pixels")));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::unusable(format!(
            "the image declares {width}x{height} pixels, more than the limit of {} million",
            MAX_PIXELS / 1_000_000
        )));
    }
    Ok(())
}

fn from_dynamic(decoded: DynamicImage) -> Image {
    let (width, height) = (decoded.width(), decoded.height());
    let (channels, pixels) = match decoded.color() {
        ColorType::L8 => (1, decoded.into_luma8().into_raw()),
        ColorType::La8 => (1, without_alpha::<2, 1>(decoded.as_bytes())),
        ColorType::L16 | ColorType::La16 => (1, decoded.into_luma8().into_raw()),
        ColorType::Rgba8 => (3, without_alpha::<4, 3>(decoded.as_bytes())),
        _ => (3, decoded.into_rgb8().into_raw()),
    };
    Image { width, height, channels, pixels }
}

/// The first `KEEP` bytes of every `EACH`.
fn without_alpha<const EACH: usize, const KEEP: usize>(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks_exact(EACH).flat_map(|pixel| &pixel[..KEEP]).copied().collect()
}

const JPEG_START: &[u8] = &[0xff, 0xd8, 0xff];

/// Whether a JPEG goes on to its end marker. The decoder fills what is missing with grey and says
/// nothing, and a grey half of a picture would be counted as the model's mistake. Marker segments
/// are stepped over by their length, so that the end of an embedded thumbnail does not count.
fn has_end_of_image(bytes: &[u8]) -> bool {
    // Nearly every file ends in its marker. One cut at a thumbnail's end has no scan to decode.
    if bytes.ends_with(&[0xff, 0xd9]) {
        return true;
    }
    let mut rest = &bytes[2..];
    loop {
        // Entropy-coded data, where FF is always followed by 00 or a restart marker, and padding.
        let Some(start) = rest.windows(2).position(|pair| pair[0] == 0xff && !is_data(pair[1])) else {
            return false;
        };
        let (marker, after) = (rest[start + 1], &rest[start + 2..]);
        if marker == 0xd9 {
            return true;
        }
        let Some(&[high, low]) = after.get(..2) else { return false };
        let Some(next) = after.get(usize::from(u16::from_be_bytes([high, low])).max(2)..) else {
            return false;
        };
        rest = next;
    }
}

/// Second bytes after FF that do not start a segment: stuffing, restart markers, fill, TEM and a
/// repeated start.
fn is_data(byte: u8) -> bool {
    matches!(byte, 0x00 | 0x01 | 0xd0..=0xd8 | 0xff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ODD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/odd");

    fn odd(name: &str) -> Vec<u8> {
        std::fs::read(format!("{ODD}/{name}")).unwrap()
    }

    #[derive(serde::Deserialize)]
    struct Expected {
        width: u32,
        height: u32,
        channels: u8,
        pixels: Vec<u8>,
    }

    fn pillow() -> std::collections::BTreeMap<String, Expected> {
        serde_json::from_slice(&odd("expected.json")).unwrap()
    }

    #[test]
    fn every_readable_kind_comes_out_as_in_pillow() {
        let mut seen = 0;
        for (name, expected) in pillow() {
            let image = decode(&odd(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            let shape = (image.width, image.height, image.channels);
            assert_eq!(shape, (expected.width, expected.height, expected.channels), "{name}");
            let distance = image.pixels.iter().zip(&expected.pixels).map(|(&a, &b)| a.abs_diff(b)).max();
            let allowed = if name.ends_with(".jpg") { 4 } else { 0 };
            assert!(distance.unwrap() <= allowed, "{name}: {distance:?}");
            seen += 1;
        }
        assert_eq!(seen, 12);
    }

    #[test]
    fn sixteen_bits_are_scaled_and_rounded() {
        let image = decode(&odd("sixteen-bit.png")).unwrap();
        let ramp = (0..64).map(|step| (f64::from(step) * 65_535.0 / 63.0).round());
        let expected: Vec<u8> = ramp.map(|level| (level / 257.0).round() as u8).collect();
        assert_eq!((image.channels, image.pixels), (1, expected));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_the_reason() {
        for (name, reason) in [
            ("empty.png", "the image file is empty"),
            ("text.jpg", "not an image of a known format"),
            ("truncated.jpg", "cut short"),
            ("truncated.png", "cannot be decoded"),
            ("bomb.png", "declares 60000x60000 pixels, more than the limit of 100 million"),
        ] {
            let error = decode(&odd(name)).unwrap_err();
            assert!(error.what.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_refused_and_bytes_after_its_end_are_not_minded() {
        for name in ["baseline.jpg", "progressive.jpg"] {
            let whole = odd(name);
            for length in 0..whole.len() - 1 {
                assert!(decode(&whole[..length]).is_err(), "{name} cut to {length}");
            }
            decode(&[whole.as_slice(), b"trailing".as_slice()].concat()).unwrap();
        }
    }

    #[test]
    fn the_end_of_a_thumbnail_is_not_the_end_of_the_image() {
        let mut with_thumbnail = vec![0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9, 0xff, 0xda];
        assert!(!has_end_of_image(&with_thumbnail));
        with_thumbnail.extend([0, 2, 17, 0xff, 0, 0xff, 0xd9, 0]);
        assert!(has_end_of_image(&with_thumbnail));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn broken_files_never_panic(place: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            for name in pillow().keys().map(String::as_str).chain(["bomb.png", "sixteen-bit.png"]) {
                let mut bytes = odd(name);
                let place = place.index(bytes.len());
                bytes[place] = byte;
                let _ = decode_whole(&bytes);
                let _ = decode(&bytes[..cut.index(bytes.len())]);
            }
        }
    }
}
