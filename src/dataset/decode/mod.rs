//! From the bytes of an image file to 8-bit grey or RGB.

mod cmyk;
mod jpeg;
mod orientation;

use std::io::Cursor;
use std::panic::catch_unwind;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageReader, Limits};

pub use jpeg::DECODER as JPEG_DECODER;

use super::Image;
use crate::error::{Error, Result};
use crate::preprocess::Decoding;

/// Most pixels of an image. A photograph has a tenth; a decompression bomb has many times more.
pub(super) const MAX_PIXELS: u64 = 100_000_000;
/// Most bytes that a decoder may allocate: `MAX_PIXELS` in 16-bit RGBA, and a little.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// Decodes a JPEG, PNG, BMP, WebP or GIF file; the format is found from `bytes`, whatever the file
/// is called. Nothing is allocated for the pixels before their number is known to be sensible (at
/// most 100 million). The error says why; the caller adds which file it was.
///
/// The rules are those of Pillow's `Image.open(f).convert("RGB")`, which most classifiers were
/// trained behind: alpha is dropped, not blended; palettes are looked up; CMYK is converted; of an
/// animation the first frame counts; an EXIF orientation is not applied unless `decoding` says so.
/// Two differ: grey stays one channel (it is repeated later where a model wants colour), and 16-bit
/// levels are divided by 257 and rounded, where Pillow takes the upper byte of colour and clips grey
/// at 255.
///
/// JPEG and lossless files come out byte for byte as in Pillow. Pillow accepts more: a JPEG whose data
/// ends too early or makes no sense, if only there is an end marker; it fills the rest with grey or
/// noise, which would count as the model's mistake.
pub fn decode(bytes: &[u8], decoding: Decoding) -> Result<Image> {
    if bytes.is_empty() {
        return Err(Error::unusable("the image file is empty"));
    }
    // A panic in a decoder costs one image, not the evaluation.
    catch_unwind(|| decode_any(bytes, decoding))
        .unwrap_or_else(|_| Err(Error::unusable("the image decoder gave up on a broken file")))
}

/// Whether the metadata of an image file ask for the picture to be turned or mirrored.
pub(super) fn is_turned(bytes: &[u8]) -> bool {
    let noted = catch_unwind(|| {
        if jpeg::is_here(bytes) { jpeg::noted_orientation(bytes) } else { other_orientation(bytes) }
    });
    noted.ok().flatten().is_some_and(|noted| noted != Orientation::NoTransforms)
}

fn other_orientation(bytes: &[u8]) -> Option<Orientation> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    reader.format()?;
    reader.limits(limits());
    Some(noted_orientation(&mut reader.into_decoder().ok()?, bytes))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    limits
}

fn decode_any(bytes: &[u8], decoding: Decoding) -> Result<Image> {
    match jpeg::is_here(bytes) {
        true => jpeg::decode(bytes, decoding),
        false => decode_other(bytes, decoding),
    }
}

/// Everything but JPEG.
fn decode_other(bytes: &[u8], decoding: Decoding) -> Result<Image> {
    let broken =
        |error: &dyn std::fmt::Display| Error::unusable("the image cannot be decoded").because(error);
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| broken(&error))?;
    if reader.format().is_none() {
        return Err(Error::unusable(
            "the file is not an image of a known format (JPEG, PNG, BMP, WebP, GIF)",
        ));
    }
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    refuse_extremes(width, height)?;
    let turned = decoding.exif_orientation.then(|| noted_orientation(&mut decoder, bytes));
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    let image = from_dynamic(decoded);
    Ok(match turned {
        Some(turned) => orientation::apply(image, turned),
        None => image,
    })
}

/// Metadata that cannot be read says nothing.
fn noted_orientation(decoder: &mut impl ImageDecoder, bytes: &[u8]) -> Orientation {
    if is_webp_cut_short(bytes) {
        return Orientation::NoTransforms;
    }
    let exif = decoder.exif_metadata().ok().flatten();
    let xmp = decoder.xmp_metadata().ok().flatten();
    orientation::of(exif.as_deref(), xmp.as_deref())
}

/// Whether a chunk of a WebP file is said to go on beyond its end. The decoder makes room for metadata,
/// up to 4 GB, before it reads any. Each chunk has a name, a length and content of even length.
fn is_webp_cut_short(bytes: &[u8]) -> bool {
    let Some((start, mut rest)) = bytes.split_first_chunk::<12>() else { return false };
    if !start.starts_with(b"RIFF") || !start.ends_with(b"WEBP") {
        return false;
    }
    while let Some((&[_, _, _, _, a, b, c, d], content)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > content.len() {
            return true;
        }
        rest = content.get(length.next_multiple_of(2)..).unwrap_or_default();
    }
    false
}

pub(super) fn refuse_extremes(width: u32, height: u32) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AS_STORED: Decoding = Decoding { exif_orientation: false };
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
            let image = decode(&odd(&name), AS_STORED).unwrap_or_else(|error| panic!("{name}: {error}"));
            let shape = (image.width, image.height, image.channels);
            assert_eq!(shape, (expected.width, expected.height, expected.channels), "{name}");
            assert_eq!(image.pixels, expected.pixels, "{name}");
            seen += 1;
        }
        assert_eq!(seen, 12);
    }

    #[test]
    fn sixteen_bits_are_scaled_and_rounded() {
        let image = decode(&odd("sixteen-bit.png"), AS_STORED).unwrap();
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
            let error = decode(&odd(name), AS_STORED).unwrap_err();
            assert!(error.what.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn no_room_is_made_for_metadata_that_is_not_there() {
        let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/jpeg/turned-8.webp"))
            .unwrap();
        let turned = Decoding { exif_orientation: true };
        assert_ne!(decode(&whole, turned).unwrap(), decode(&whole, AS_STORED).unwrap());
        assert!(!is_webp_cut_short(&whole));

        let name = whole.windows(4).position(|name| name == b"EXIF").unwrap();
        let mut lying = whole.clone();
        lying[name + 4..name + 8].copy_from_slice(&0xee00_0000_u32.to_le_bytes());
        assert!(is_webp_cut_short(&lying));
        assert_eq!(decode(&lying, turned).unwrap(), decode(&whole, AS_STORED).unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn broken_files_never_panic(place: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            for name in pillow().keys().map(String::as_str).chain(["bomb.png", "sixteen-bit.png"]) {
                let mut bytes = odd(name);
                let place = place.index(bytes.len());
                bytes[place] = byte;
                let _ = decode_any(&bytes, AS_STORED);
                let _ = decode(&bytes[..cut.index(bytes.len())], AS_STORED);
            }
        }
    }
}
