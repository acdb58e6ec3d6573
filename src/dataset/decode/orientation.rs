//! Which way up a camera was held, as it notes in EXIF or XMP.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};

use super::Image;

/// How to turn a picture with this metadata, as Pillow's `ImageOps.exif_transpose` finds it: EXIF
/// counts, and XMP where EXIF says nothing.
pub(super) fn of(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Orientation {
    exif.and_then(|exif| Orientation::from_exif_chunk(without_prefix(exif)))
        .or_else(|| Orientation::from_exif(xmp.and_then(in_xmp)?))
        .unwrap_or(Orientation::NoTransforms)
}

/// EXIF as JPEG and some WebP files frame it.
fn without_prefix(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)
}

/// The digit after the first `tiff:Orientation="` or `tiff:Orientation>`.
fn in_xmp(xmp: &[u8]) -> Option<u8> {
    const NAME: &[u8] = b"tiff:Orientation";
    let after = xmp.windows(NAME.len()).enumerate().filter(|(_, text)| *text == NAME);
    after.map(|(start, _)| &xmp[start + NAME.len()..]).find_map(|rest| {
        let value = rest.strip_prefix(b"=\"").or_else(|| rest.strip_prefix(b">"))?;
        value.first().filter(|digit| digit.is_ascii_digit()).map(|digit| digit - b'0')
    })
}

/// The picture turned or mirrored.
pub(super) fn apply(image: Image, orientation: Orientation) -> Image {
    if orientation == Orientation::NoTransforms {
        return image;
    }
    let Image { width, height, channels, pixels } = image;
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
    };
    // An image with too few bytes is none; the decoders do not make such.
    let mut picture = picture.unwrap_or_default();
    picture.apply_orientation(orientation);
    Image { width: picture.width(), height: picture.height(), channels, pixels: picture.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EXIF with the orientation alone, its byte order chosen.
    fn exif(orientation: u8, big: bool) -> Vec<u8> {
        match big {
            true => {
                [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], &[0; 6]].concat()
            }
            false => [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation][..], &[0; 7]].concat(),
        }
    }

    #[test]
    fn exif_counts_in_both_byte_orders_and_xmp_where_exif_says_nothing() {
        for value in 1..=8 {
            for big in [false, true] {
                assert_eq!(of(Some(&exif(value, big)), None).to_exif(), value, "{big}");
            }
            let prefixed = [b"Exif\0\0", exif(value, true).as_slice()].concat();
            assert_eq!(of(Some(&prefixed), Some(b"tiff:Orientation=\"2\"")).to_exif(), value);
            let attribute = format!("<x tiff:Orientation=\"{value}\"/>");
            let element = format!("tiff:Orientation <tiff:Orientation>{value}</tiff:Orientation>");
            assert_eq!(of(None, Some(attribute.as_bytes())).to_exif(), value);
            assert_eq!(of(Some(b"II*\0"), Some(element.as_bytes())).to_exif(), value);
        }
    }

    #[test]
    fn what_makes_no_sense_turns_nothing() {
        let nonsense: [&[u8]; 6] =
            [b"", b"II", b"MM\0*\xff\xff\xff\xff", &exif(0, true), &exif(9, false), b"Exif\0\0"];
        for bytes in nonsense {
            assert_eq!(of(Some(bytes), None), Orientation::NoTransforms, "{bytes:?}");
        }
        for text in
            ["", "tiff:Orientation", "tiff:Orientation=\"", "tiff:Orientation=\"9\"", "tiff:Orientation>x"]
        {
            assert_eq!(of(None, Some(text.as_bytes())), Orientation::NoTransforms, "{text}");
        }
    }

    #[test]
    fn a_picture_is_turned_whatever_its_channels() {
        let grey = Image { width: 3, height: 2, channels: 1, pixels: vec![1, 2, 3, 4, 5, 6] };
        let colour = Image {
            channels: 3,
            pixels: grey.pixels.iter().flat_map(|&x| [x, x, x + 9]).collect(),
            ..grey.clone()
        };
        let turned = apply(grey.clone(), Orientation::Rotate90);
        assert_eq!((turned.width, turned.height, turned.pixels), (2, 3, vec![4, 1, 5, 2, 6, 3]));
        let turned = apply(colour, Orientation::FlipVertical);
        assert_eq!((turned.width, turned.height, &turned.pixels[..3]), (3, 2, &[4, 4, 13][..]));
        assert_eq!(apply(grey.clone(), Orientation::NoTransforms), grey);
    }
}
