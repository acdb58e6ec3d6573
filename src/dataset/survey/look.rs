//! One image, looked at once.

use image::ImageFormat;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::perceptual;
use super::source::Source;
use super::watch::Watch;
use crate::dataset::{Image, Picture, decode};
use crate::error::{Error, Result};

/// What is kept of an image.
#[derive(Clone, Debug)]
pub(super) enum Looked {
    /// It can be read.
    Seen(Seen),
    /// It cannot, for this reason.
    Unreadable(Box<Error>),
}

/// What is kept of an image that can be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub width: u32,
    pub height: u32,
    pub channels: u8,
    pub kind: Kind,
    /// Whether the name of its file says another kind.
    pub misnamed: bool,
    /// Whether its metadata ask for it to be turned.
    pub turned: bool,
    /// The first half of the SHA-256 of sides, channels and pixels.
    pub pixels: u128,
    /// What it looks like.
    pub hash: u64,
}

impl Looked {
    pub(super) fn seen(&self) -> Option<&Seen> {
        match self {
            Self::Seen(seen) => Some(seen),
            Self::Unreadable(_) => None,
        }
    }
}

/// What holds the pixels of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// A JPEG file.
    #[serde(rename = "JPEG")]
    Jpeg,
    /// A PNG file.
    #[serde(rename = "PNG")]
    Png,
    /// A BMP file.
    #[serde(rename = "BMP")]
    Bmp,
    /// A WebP file.
    #[serde(rename = "WebP")]
    Webp,
    /// A GIF file.
    #[serde(rename = "GIF")]
    Gif,
    /// A file of another kind.
    #[serde(rename = "other")]
    Other,
    /// No file of its own: arrays of pixels.
    #[serde(rename = "pixels")]
    Pixels,
}

impl Kind {
    /// Its name: `JPEG`, `PNG` …; `pixels` for what no file holds.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Other => "other",
            Self::Pixels => "pixels",
        }
    }

    fn of(bytes: &[u8]) -> Self {
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Self::Jpeg,
            Ok(ImageFormat::Png) => Self::Png,
            Ok(ImageFormat::Bmp) => Self::Bmp,
            Ok(ImageFormat::WebP) => Self::Webp,
            Ok(ImageFormat::Gif) => Self::Gif,
            _ => Self::Other,
        }
    }

    fn is_called(self, extension: &str) -> bool {
        match self {
            Self::Jpeg => matches!(extension, "jpg" | "jpeg"),
            Self::Other | Self::Pixels => true,
            named => named.name().eq_ignore_ascii_case(extension),
        }
    }
}

/// Looks at every image of `source`.
pub(super) fn all(source: &Source, watch: &Watch<'_>) -> Result<Vec<Looked>> {
    let what = match source.name() {
        "all" => "reading the images".to_owned(),
        name => format!("reading {name}"),
    };
    watch.each(&what, source.count(), |index| match look(source, index) {
        Ok(seen) => Looked::Seen(seen),
        Err(error) => Looked::Unreadable(Box::new(error)),
    })
}

fn look(source: &Source, index: usize) -> Result<Seen> {
    let picture = source.picture(index)?;
    let (kind, turned) = match &picture {
        Picture::File(bytes) => (Kind::of(bytes), decode::is_turned(bytes)),
        Picture::Pixels(_) => (Kind::Pixels, false),
    };
    let image = source.decoded(picture, index)?;
    Ok(Seen {
        width: image.width,
        height: image.height,
        channels: image.channels,
        kind,
        misnamed: source.extension(index).is_some_and(|extension| !kind.is_called(&extension)),
        turned,
        pixels: digest_of_pixels(&image),
        hash: perceptual::hash(&image),
    })
}

pub(super) fn digest_of_pixels(image: &Image) -> u128 {
    let mut digest = Sha256::new();
    digest.update(image.width.to_le_bytes());
    digest.update(image.height.to_le_bytes());
    digest.update([image.channels]);
    digest.update(&image.pixels);
    half(digest)
}

/// Two images among a billion share half a digest by chance once in 10^20 data sets.
fn half(digest: Sha256) -> u128 {
    let digest = digest.finalize();
    digest.iter().take(16).fold(0, |number, &byte| number << 8 | u128::from(byte))
}

/// An image of these pixels, for tests.
#[cfg(test)]
pub(super) fn sample(pixels: u128) -> Seen {
    let kind = Kind::Pixels;
    Seen { width: 4, height: 4, channels: 1, kind, misnamed: false, turned: false, pixels, hash: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_bytes_and_not_by_its_name() {
        let png = Kind::of(b"\x89PNG\r\n\x1a\n");
        assert_eq!(
            (png, Kind::of(b"\xff\xd8\xff\xe0"), Kind::of(b"text")),
            (Kind::Png, Kind::Jpeg, Kind::Other)
        );
        assert!(png.is_called("png") && !png.is_called("jpg") && Kind::Jpeg.is_called("jpeg"));
        assert!(Kind::Webp.is_called("webp") && Kind::Pixels.is_called("jpg"));
    }

    #[test]
    fn the_digest_tells_pixels_sides_and_channels() {
        let image = |width, height, channels, pixels: &[u8]| {
            digest_of_pixels(&Image { width, height, channels, pixels: pixels.to_vec() })
        };
        let one = image(3, 1, 1, &[1, 2, 3]);
        assert_eq!(one, image(3, 1, 1, &[1, 2, 3]));
        for other in [image(1, 3, 1, &[1, 2, 3]), image(1, 1, 3, &[1, 2, 3]), image(3, 1, 1, &[1, 2, 4])] {
            assert_ne!(one, other);
        }
    }
}
