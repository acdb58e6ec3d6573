//! One IDX file: a magic number, dimensions (big-endian `u32`), then bytes; plain or gzip.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::dataset::raw::Raster;
use crate::dataset::raw::stored::{MAX_UNPACKED, Stored};
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::regular_file;

/// What an IDX file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes in three dimensions: number, rows, columns.
    Images,
    /// Bytes in one dimension.
    Labels,
}

impl Kind {
    fn from_magic(magic: [u8; 4]) -> Option<Self> {
        match magic {
            [0, 0, 8, 3] => Some(Self::Images),
            [0, 0, 8, 1] => Some(Self::Labels),
            _ => None,
        }
    }

    fn magic(self) -> u32 {
        match self {
            Self::Images => 0x803,
            Self::Labels => 0x801,
        }
    }
}

/// The header: how many items there are and how large each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Number of images or labels.
    pub count: u64,
    /// What each image is; a label is one pixel.
    pub raster: Raster,
    /// Bytes of the header itself.
    pub bytes: u64,
}

impl Header {
    /// Reads and checks the header of a file of `kind`.
    fn read(kind: Kind, from: &mut impl Read) -> Result<Self> {
        let magic = read_word(from)?;
        if Kind::from_magic(magic) != Some(kind) {
            return Err(Error::unusable(format!(
                "the file starts with {:#010x}, not with {:#010x} as IDX files of this kind do",
                u32::from_be_bytes(magic),
                kind.magic()
            ))
            .help("images lie in the file called images…idx3, labels in that called labels…idx1; 8-bit values only"));
        }
        let mut dimension = || read_word(from).map(u32::from_be_bytes);
        let count = u64::from(dimension()?);
        if count == 0 {
            return Err(Error::unusable("the header declares no items")
                .help("fetch it again, or write the number of items into bytes 4 to 7"));
        }
        let (height, width, bytes) = match kind {
            Kind::Images => (dimension()?, dimension()?, 16),
            Kind::Labels => (1, 1, 8),
        };
        Ok(Self { count, raster: Raster::new(height.into(), width.into(), 1, false)?, bytes })
    }

    /// Bytes of all items: below 2^32 × 10^8, so it fits.
    fn data_len(&self) -> u64 {
        self.count * self.raster.bytes() as u64
    }

    fn check_length(&self, actual: u64) -> Result<()> {
        let declared = self.data_len();
        let found = match actual.checked_sub(declared) {
            Some(0) => return Ok(()),
            Some(_) => "more",
            None => return Err(cut_short(format!("the header declares {declared} bytes, {actual} follow"))),
        };
        Err(Error::unusable(format!("the header declares {declared} bytes, but {found} follow"))
            .help("fetch it again, or correct the number of items in bytes 4 to 7"))
    }
}

fn read_word(from: &mut impl Read) -> Result<[u8; 4]> {
    let mut word = [0; 4];
    from.read_exact(&mut word).map_err(cut_short)?;
    Ok(word)
}

fn cut_short(cause: impl std::fmt::Display) -> Error {
    Error::unusable("the IDX file is cut short or damaged").because(cause).help("fetch or copy it again")
}

/// An open IDX file.
pub(super) struct IdxFile {
    pub header: Header,
    /// Its items, one after the other.
    pub data: Stored,
}

impl IdxFile {
    /// Opens a file of `kind` and holds its length against its header.
    pub(super) fn open(path: &Path, kind: Kind) -> Result<Self> {
        let at = |error: Error| error.at_path(path);
        if is_gzip(path)? {
            let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
            return Self::unpack(kind, MultiGzDecoder::new(std::io::BufReader::new(file))).map_err(at);
        }
        let mut file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
        let header = Header::read(kind, &mut file).map_err(at)?;
        let length = file.metadata().map_err(|cause| unreadable(path, &cause))?.len();
        header.check_length(length.saturating_sub(header.bytes)).map_err(at)?;
        let data =
            Stored::part(file, header.bytes, header.data_len()).map_err(|cause| at(cut_short(cause)))?;
        Ok(Self { header, data })
    }

    /// Unpacks no more than the header declares, however much there is.
    fn unpack(kind: Kind, mut from: impl Read) -> Result<Self> {
        let header = Header::read(kind, &mut from)?;
        let declared = header.data_len();
        if declared > MAX_UNPACKED {
            return Err(Error::unusable(format!(
                "the file unpacks to {declared} bytes, more than are held in memory ({MAX_UNPACKED})"
            ))
            .help("unpack it with gunzip: plain files are read image by image"));
        }
        let mut data = Vec::new();
        from.take(declared + 1).read_to_end(&mut data).map_err(cut_short)?;
        header.check_length(data.len() as u64)?;
        Ok(Self { header, data: Stored::Memory(data) })
    }

    /// All bytes after the header; for labels, which are few.
    pub(super) fn into_data(self) -> Result<Vec<u8>> {
        self.data.into_bytes().map_err(cut_short)
    }
}

fn is_gzip(path: &Path) -> Result<bool> {
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let mut start = Vec::new();
    file.take(2).read_to_end(&mut start).map_err(|cause| unreadable(path, &cause))?;
    Ok(start == [0x1f, 0x8b])
}

/// What the file at `path` holds by its first bytes; `None` when it is no IDX file that we read.
pub(super) fn sniff(path: &Path) -> Result<Option<Kind>> {
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    let magic =
        if is_gzip(path)? { read_word(&mut MultiGzDecoder::new(file)) } else { read_word(&mut { file }) };
    Ok(magic.ok().and_then(Kind::from_magic))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// Two images of 2x1.
    const IMAGES: [u8; 20] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40];

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn open(bytes: &[u8]) -> Result<IdxFile> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        IdxFile::open(file.path(), Kind::Images)
    }

    #[test]
    fn plain_and_packed_files_hold_the_same_images() {
        for bytes in [IMAGES.to_vec(), packed(&IMAGES)] {
            let file = open(&bytes).unwrap();
            assert_eq!((file.header.count, file.header.raster), (2, Raster::new(1, 2, 1, false).unwrap()));
            assert_eq!(file.into_data().unwrap(), [10, 20, 30, 40]);
        }
    }

    #[test]
    fn a_file_cut_short_anywhere_is_refused() {
        for whole in [IMAGES.to_vec(), packed(&IMAGES)] {
            for length in 0..whole.len() {
                assert!(open(&whole[..length]).is_err(), "cut to {length} of {}", whole.len());
            }
        }
    }

    #[test]
    fn more_bytes_than_declared_are_refused() {
        let longer = [IMAGES.as_slice(), &[0]].concat();
        for bytes in [longer.clone(), packed(&longer)] {
            let error = open(&bytes).err().unwrap();
            assert!(
                error.what.contains("declares 4 bytes, but more follow") && error.help.is_some(),
                "{error}"
            );
        }
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_its_header_says() {
        struct Endless(u64);
        impl Read for Endless {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                self.0 += out.len() as u64;
                assert!(self.0 < 1 << 20, "reads on and on");
                out.fill(0);
                Ok(out.len())
            }
        }
        let bomb = IMAGES[..16].chain(Endless(0));
        assert!(IdxFile::unpack(Kind::Images, bomb).err().unwrap().help.is_some());
    }

    #[test]
    fn huge_declared_sizes_are_refused_before_anything_is_allocated() {
        let declare = |dimensions: [u32; 3]| {
            let words: Vec<u8> = dimensions.iter().flat_map(|d| d.to_be_bytes()).collect();
            [[0, 0, 8, 3].as_slice(), &words].concat()
        };
        for dimensions in [[u32::MAX; 3], [1, 60_000, 60_000], [u32::MAX, 28, 28], [0, 28, 28], [2, 0, 28]] {
            for bytes in [declare(dimensions), packed(&declare(dimensions))] {
                assert!(open(&bytes).err().unwrap().help.is_some(), "{dimensions:?}");
            }
        }
    }

    #[test]
    fn another_kind_of_file_is_named_by_its_first_bytes() {
        let error = open(&[0, 0, 8, 1, 0, 0, 0, 1, 5]).err().unwrap();
        assert!(error.what.contains("0x00000801, not with 0x00000803") && error.help.is_some(), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), as_idx: bool) {
            let bytes = if as_idx { [[0, 0, 8, 3].as_slice(), &bytes].concat() } else { bytes };
            for bytes in [packed(&bytes), bytes] {
                if let Ok(file) = open(&bytes) {
                    let length = file.header.data_len();
                    prop_assert_eq!(file.into_data().unwrap().len() as u64, length);
                }
            }
        }
    }
}
