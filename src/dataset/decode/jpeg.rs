//! JPEG as libjpeg-turbo decodes it, bit for bit: that is what Pillow, torchvision and TensorFlow
//! decode with, so it is what a model saw in training. The accurate inverse transform and smooth
//! chroma are not the only right ones by the standard: another decoder differs by a few levels in a
//! quarter of the channel values, and int8 models feel that more than fp32 ones do.

use image::metadata::Orientation;
use libjpeg_turbo_rs::{ColorSpace, DecodeLimits, Decoder, JpegError, PixelFormat};

use super::{Image, MAX_BYTES, MAX_PIXELS, cmyk, orientation, refuse_extremes};
use crate::error::{Error, Result};
use crate::preprocess::Decoding;

/// Name and version of the decoder, for records: two that differ may see other pixels.
pub const DECODER: &str = "libjpeg-turbo-rs 0.9.0";

/// What every JPEG starts with.
const START: &[u8] = &[0xff, 0xd8, 0xff];

/// Most scans of a progressive file. libjpeg's own encoder writes at most as many; a file of
/// thousands of empty ones would take minutes.
const MAX_SCANS: usize = 100;

/// Whether `bytes` are a JPEG file.
pub(super) fn is_here(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// Decodes grey to one channel, everything else to RGB, whatever colours the file is written in.
pub(super) fn decode(bytes: &[u8], decoding: Decoding) -> Result<Image> {
    if !has_end_of_image(bytes) {
        return Err(Error::unusable("the JPEG is cut short: it has no end marker"));
    }
    let mut decoder = Decoder::new_with_limits(bytes, limits()).map_err(broken)?;
    let header = decoder.header();
    let (width, height) = (u32::from(header.width), u32::from(header.height));
    refuse_extremes(width, height)?;
    if header.precision != 8 {
        return Err(Error::unusable(format!("the JPEG has {} bits a channel, not 8", header.precision)));
    }
    let turned = decoding.exif_orientation.then(|| orientation::of(decoder.exif_data(), decoder.xmp_data()));
    let format = output_format(decoder.jpeg_color_space())?;
    let (channels, pixels) = match format {
        PixelFormat::Cmyk if cmyk::is_sampled_unevenly(&decoder) => {
            (3, cmyk::rgb_from_inverted(&cmyk::interleaved(decoder)?))
        }
        PixelFormat::Cmyk => (3, cmyk::rgb_from_inverted(&pixels(&mut decoder, format)?)),
        PixelFormat::Grayscale => (1, pixels(&mut decoder, format)?),
        _ => (3, pixels(&mut decoder, format)?),
    };
    let image = Image { width, height, channels, pixels };
    Ok(match turned {
        Some(turned) => orientation::apply(image, turned),
        None => image,
    })
}

/// What the metadata say of how to turn the picture; none where they cannot be read.
pub(super) fn noted_orientation(bytes: &[u8]) -> Option<Orientation> {
    let decoder = Decoder::new_with_limits(bytes, limits()).ok()?;
    Some(orientation::of(decoder.exif_data(), decoder.xmp_data()))
}

fn pixels(decoder: &mut Decoder<'_>, format: PixelFormat) -> Result<Vec<u8>> {
    decoder.set_output_format(format);
    // libjpeg smooths blocks of a progressive file that leaves out its last scans.
    decoder.set_block_smoothing(true);
    Ok(decoder.decode_image().map_err(broken)?.data)
}

/// What the decoder says is wrong. Its word for too many scans would read as a fault of the decoder.
pub(super) fn broken(error: JpegError) -> Error {
    match error {
        JpegError::LimitExceeded { what, .. } if what.contains("scan count") => Error::unusable(format!(
            "the JPEG has more than {MAX_SCANS} scans, the limit"
        ))
        .because("each is a pass over the whole picture, and files with many are made to keep a decoder busy")
        .help("save the image again, as a JPEG that is not progressive, or remove it"),
        error => Error::unusable("the image cannot be decoded").because(error),
    }
}

fn limits() -> DecodeLimits {
    DecodeLimits {
        max_pixels: MAX_PIXELS,
        max_scans: MAX_SCANS,
        max_memory: Some(MAX_BYTES),
        ..DecodeLimits::default()
    }
}

/// What to ask the decoder for; four channels come out as they are stored.
fn output_format(stored: ColorSpace) -> Result<PixelFormat> {
    match stored {
        ColorSpace::Grayscale => Ok(PixelFormat::Grayscale),
        ColorSpace::YCbCr | ColorSpace::Rgb => Ok(PixelFormat::Rgb),
        ColorSpace::Cmyk | ColorSpace::Ycck => Ok(PixelFormat::Cmyk),
        other => Err(Error::unusable(format!("the JPEG has colours that are not known: {other:?}"))),
    }
}

/// Whether a JPEG goes on to its end marker. What is missing would be filled with grey, and a grey
/// half of a picture would be counted as the model's mistake. Marker segments are stepped over by
/// their length, so that the end of an embedded thumbnail does not count.
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
    use std::collections::BTreeMap;
    use std::fs;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::dataset::decode::decode as decode_file;
    use crate::digest::hex;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/jpeg");
    const UPRIGHT: Decoding = Decoding { exif_orientation: true };

    fn fixture(name: &str) -> Vec<u8> {
        fs::read(format!("{FOLDER}/{name}")).unwrap()
    }

    /// What Pillow makes of a file.
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Expected {
        width: u32,
        height: u32,
        channels: u8,
        sha256: String,
    }

    impl Expected {
        fn of(image: &Image) -> Self {
            let (width, height, channels) = (image.width, image.height, image.channels);
            Self { width, height, channels, sha256: hex(&Sha256::digest(&image.pixels)) }
        }
    }

    /// What Pillow makes of the files as they are stored, or turned upright.
    fn pillow(what: &str) -> BTreeMap<String, Expected> {
        let mut all: BTreeMap<String, BTreeMap<String, Expected>> =
            serde_json::from_slice(&fixture("expected.json")).unwrap();
        all.remove(what).unwrap()
    }

    #[test]
    fn every_kind_of_jpeg_has_the_very_bytes_that_pillow_gives() {
        let expected = pillow("decoded");
        assert!(expected.len() > 50, "{}", expected.len());
        for (name, expected) in expected {
            let image = decode_file(&fixture(&name), Decoding::default());
            let image = image.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(Expected::of(&image), expected, "{name}");
        }
    }

    #[test]
    fn every_orientation_is_turned_upright_as_by_pillow_and_only_when_asked() {
        let (stored, upright) = (pillow("decoded"), pillow("upright"));
        assert_eq!(upright.len(), 13);
        let moved = upright.iter().filter(|(name, turned)| **turned != stored[*name]).count();
        assert_eq!(moved, 11, "all but 1 and the 9 that means nothing");
        for (name, expected) in upright {
            let image = decode_file(&fixture(&name), UPRIGHT).unwrap();
            assert_eq!(Expected::of(&image), expected, "{name}");
        }
    }

    #[test]
    fn the_decoder_in_records_is_the_one_that_is_built_in() {
        let (name, version) = DECODER.split_once(' ').unwrap();
        let locked = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(include_str!("../../../Cargo.lock").contains(&locked), "{locked}");
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        for name in ["sampling-420.jpg", "progressive-420.jpg", "restart-blocks.jpg", "grey.jpg"] {
            let whole = fixture(name);
            for length in 0..whole.len() - 1 {
                assert!(decode_file(&whole[..length], UPRIGHT).is_err(), "{name} cut to {length}");
            }
        }
    }

    #[test]
    fn data_that_ends_before_the_picture_is_refused_though_the_end_marker_is_there() {
        for name in ["sampling-420.jpg", "quality-100.jpg", "grey.jpg"] {
            let whole = fixture(name);
            let cut = [&whole[..whole.len() * 3 / 4], &[0xff, 0xd9]].concat();
            let error = decode_file(&cut, UPRIGHT).unwrap_err();
            assert!(error.what.contains("cannot be decoded"), "{name}: {error}");
        }
    }

    #[test]
    fn the_end_of_a_thumbnail_is_not_the_end_of_the_image() {
        let mut with_thumbnail = vec![0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9, 0xff, 0xda];
        assert!(!has_end_of_image(&with_thumbnail));
        with_thumbnail.extend([0, 2, 17, 0xff, 0, 0xff, 0xd9, 0]);
        assert!(has_end_of_image(&with_thumbnail));
    }

    /// Places in `jpeg` of the segments that start with `marker`.
    fn places(jpeg: &[u8], marker: u8) -> Vec<usize> {
        (0..jpeg.len() - 1).filter(|&at| jpeg[at..at + 2] == [0xff, marker]).collect()
    }

    /// The file with its frame header saying `side`x`side`.
    fn claiming(name: &str, marker: u8, side: u16) -> Vec<u8> {
        let mut bytes = fixture(name);
        let frame = places(&bytes, marker)[0];
        let [high, low] = side.to_be_bytes();
        bytes[frame + 5..frame + 9].copy_from_slice(&[high, low, high, low]);
        bytes
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_by_its_header() {
        let begun = Instant::now();
        let error = decode_file(&claiming("grey.jpg", 0xc0, 60_000), UPRIGHT).unwrap_err();
        assert!(error.what.contains("declares 60000x60000 pixels"), "{error}");
        assert!(decode_file(&claiming("progressive-420.jpg", 0xc2, 9_999), UPRIGHT).is_err(), "memory");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_file_of_thousands_of_scans_is_refused_before_it_takes_minutes() {
        let whole = claiming("progressive-grey.jpg", 0xc2, 8_000);
        let scans = places(&whole, 0xda);
        let last = &whole[scans[scans.len() - 1]..whole.len() - 2];
        let bomb = [&whole[..whole.len() - 2], &last.repeat(20_000), &[0xff, 0xd9]].concat();
        let begun = Instant::now();
        let error = decode_file(&bomb, UPRIGHT).unwrap_err();
        assert!(error.what.contains("more than 100 scans") && error.help.is_some(), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn broken_files_never_panic(
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            for name in pillow("decoded").keys().filter(|name| name.ends_with(".jpg")) {
                let mut bytes = fixture(name);
                for (place, byte) in &places {
                    let place = place.index(bytes.len());
                    bytes[place] = *byte;
                }
                // Not behind `catch_unwind`: a panic is the decoder's fault, and shows here.
                if is_here(&bytes) {
                    let _ = decode(&bytes, UPRIGHT);
                }
            }
        }
    }
}
