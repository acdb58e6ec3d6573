//! Images of one size whose pixels lie one after the other in a file, without any encoding.

pub(super) mod stored;

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use stored::Stored;

use super::file_names::FileNames;
use super::{Image, Images, Picture};
use crate::error::{Error, Result};

/// Most pixels of one image.
const MAX_PIXELS: u64 = 100_000_000;

/// How the bytes of one image make its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    pub width: u32,
    pub height: u32,
    /// 1 or 3.
    pub channels: u8,
    /// Whether all of one channel comes before the next, as in CIFAR.
    pub planar: bool,
}

impl Raster {
    /// Fails when a side is zero or the image is larger than any that is meant.
    pub(super) fn new(height: u64, width: u64, channels: u8, planar: bool) -> Result<Self> {
        let pixels = height.saturating_mul(width);
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(width), Ok(height)) if (1..=MAX_PIXELS).contains(&pixels) => {
                Ok(Self { width, height, channels, planar })
            }
            _ => Err(Error::unusable(format!("images of {width}x{height} pixels cannot be used"))
                .help(format!("an image has 1 to {MAX_PIXELS} pixels: fetch or save the file again"))),
        }
    }

    /// Bytes of one image.
    pub(super) fn bytes(&self) -> usize {
        self.width as usize * self.height as usize * usize::from(self.channels)
    }

    /// The image that `bytes`, as many as [`Raster::bytes`], stand for.
    fn image(&self, bytes: Vec<u8>) -> Image {
        let interleave = self.planar && self.channels > 1;
        let pixels = if interleave { interleaved(&bytes, self.channels.into()) } else { bytes };
        Image { width: self.width, height: self.height, channels: self.channels, pixels }
    }
}

/// RRR…GGG…BBB… becomes RGBRGB….
fn interleaved(planes: &[u8], channels: usize) -> Vec<u8> {
    let plane = planes.len() / channels;
    (0..plane).flat_map(|pixel| (0..channels).map(move |channel| planes[channel * plane + pixel])).collect()
}

/// One file's worth of images.
pub(super) struct Part {
    /// The file, for errors.
    pub path: PathBuf,
    /// Its records, one an image: other bytes, then the pixels.
    pub data: Stored,
    /// Number of records.
    pub count: usize,
}

/// What else is known about the images, by name.
pub(super) struct Remarks {
    /// The name of the column.
    pub column: &'static str,
    /// For each image, an index into `names`.
    pub of: Vec<u32>,
    /// What is said.
    pub names: Vec<String>,
}

/// The images of one or several files that are read as one list.
pub(super) struct RawImages {
    pub raster: Raster,
    /// Bytes before the pixels of each record.
    pub lead: usize,
    pub parts: Vec<Part>,
    /// As many as the records of all parts together.
    pub labels: Vec<u32>,
    /// The images' own names; without them the index stands for each.
    pub ids: Option<FileNames>,
    /// The one column that some of these formats have.
    pub remarks: Option<Remarks>,
}

impl RawImages {
    /// The part that image `index` is in, and its place there.
    fn locate(&self, index: usize) -> (&Part, usize) {
        let mut within = index;
        for part in &self.parts {
            if within < part.count {
                return (part, within);
            }
            within -= part.count;
        }
        // Callers keep indices below the count; past the end nothing can be read.
        (&self.parts[self.parts.len() - 1], usize::MAX)
    }

    fn pixels(&self, index: usize) -> Result<Image> {
        let (part, within) = self.locate(index);
        let length = self.raster.bytes();
        let start = (within as u64).checked_mul((self.lead + length) as u64);
        let start = start.and_then(|start| start.checked_add(self.lead as u64)).unwrap_or(u64::MAX);
        let bytes = part.data.read(start, length).map_err(|cause| {
            Error::unusable("the pixels cannot be read").because(cause).at(self.place(index))
        })?;
        Ok(self.raster.image(bytes))
    }
}

impl Images for RawImages {
    fn count(&self) -> usize {
        self.labels.len()
    }

    fn id(&self, index: usize) -> String {
        match &self.ids {
            Some(names) => names.get(index).to_string_lossy().into_owned(),
            None => index.to_string(),
        }
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }

    fn read(&self, index: usize) -> Result<Picture> {
        self.pixels(index).map(Picture::Pixels)
    }

    fn place(&self, index: usize) -> String {
        let (part, within) = self.locate(index);
        format!("image {within} of {}", part.path.display())
    }

    /// The pixels as they are read: packed or plain, planar or not, it is the same data.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        digest.update(self.pixels(index)?.pixels);
        Ok(())
    }

    fn value(&self, _column: usize, index: usize) -> &str {
        self.remarks.as_ref().map_or("", |remarks| &remarks.names[remarks.of[index] as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_parts() -> RawImages {
        let part = |name: &str, bytes: &[u8], count| Part {
            path: name.into(),
            data: Stored::Memory(bytes.to_vec()),
            count,
        };
        RawImages {
            raster: Raster::new(1, 2, 3, true).unwrap(),
            lead: 1,
            parts: vec![
                part("a", &[9, 1, 2, 3, 4, 5, 6], 1),
                part("b", &[9, 11, 12, 13, 14, 15, 16, 9, 21, 22, 23, 24, 25, 26], 2),
            ],
            labels: vec![0, 1, 0],
            ids: None,
            remarks: None,
        }
    }

    #[test]
    fn planes_become_pixels_and_parts_one_list() {
        let images = two_parts();
        let pixels = |index| images.pixels(index).unwrap().pixels;
        assert_eq!(pixels(0), [1, 3, 5, 2, 4, 6]);
        assert_eq!(pixels(1), [11, 13, 15, 12, 14, 16]);
        assert_eq!(pixels(2), [21, 23, 25, 22, 24, 26]);
        assert_eq!((images.place(2), images.id(2)), ("image 1 of b".into(), "2".into()));
    }

    #[test]
    fn what_is_not_there_is_an_error_with_its_place() {
        let mut images = two_parts();
        images.parts[1].data = Stored::Memory(vec![0; 13]);
        assert_eq!(images.pixels(2).unwrap_err().place.unwrap(), "image 1 of b");
        assert!(images.pixels(3).is_err());
    }

    #[test]
    fn sizes_that_no_image_has_are_refused() {
        for (height, width) in [(0, 8), (8, 0), (1 << 20, 1 << 20), (u64::MAX, 2), (1, 1 << 40)] {
            assert!(Raster::new(height, width, 1, false).unwrap_err().help.is_some(), "{width}x{height}");
        }
    }
}
