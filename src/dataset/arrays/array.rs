//! Arrays of NumPy, in `.npy`, `.npz` and pickles alike: what the elements are, in which order they
//! lie, and what images or labels they make.

use crate::dataset::labels::{self, Place};
use crate::dataset::raw::Raster;
use crate::dataset::raw::stored::{MAX_UNPACKED, Stored};
use crate::error::{Error, Result};

/// Axes that a message names.
const TOLD_AXES: usize = 8;

/// The type of an element, as in NumPy's `<i8` or `|u1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dataset) struct Element {
    kind: char,
    /// Bytes; for text, characters.
    size: u64,
    big_endian: bool,
}

impl Element {
    /// Reads NumPy's code: byte order, kind, bytes.
    pub(in crate::dataset) fn parse(code: &str) -> Result<Self> {
        let rest = code.trim_start_matches(['<', '>', '|', '=']);
        let mut parts = rest.chars();
        let kind = parts.next().unwrap_or(' ');
        let size = parts.as_str();
        match size.parse() {
            Ok(size) => Ok(Self { kind, size, big_endian: code.starts_with('>') }),
            Err(_) if kind == 'O' => Err(Error::unusable(
                "the array holds Python objects, which are pickled one by one; they are not read",
            )
            .help("save it with a type of its own, such as array.astype(\"int64\")")),
            Err(_) => {
                Err(Error::unusable(format!("elements of type `{code}` are neither pixels nor labels"))
                    .help("save images as uint8 and labels as int64"))
            }
        }
    }

    /// NumPy's name, for errors.
    fn name(&self) -> String {
        let bits = self.size.saturating_mul(8);
        match self.kind {
            'u' => format!("uint{bits}"),
            'i' => format!("int{bits}"),
            'f' => format!("float{bits}"),
            'b' => "bool".to_owned(),
            'U' | 'S' => "text".to_owned(),
            kind => format!("{kind}{}", self.size),
        }
    }

    fn bytes(&self) -> Option<u64> {
        if self.kind == 'U' { self.size.checked_mul(4) } else { Some(self.size) }
    }

    fn is_integer(&self) -> bool {
        matches!((self.kind, self.size), ('i' | 'u', 1 | 2 | 4 | 8))
    }

    /// One integer from its bytes, 1 to 8 of them.
    fn integer(&self, bytes: &[u8]) -> i128 {
        let fold = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        let value =
            if self.big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) };
        // The sign bit moves to the top of 64 bits and back, which fills in what is above it.
        let unused = 64 - 8 * bytes.len().clamp(1, 8) as u32;
        if self.kind == 'i' { i128::from(((value << unused) as i64) >> unused) } else { value.into() }
    }
}

/// Which axis of an array of images holds the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dataset) enum Axes {
    /// N × H × W × C.
    ChannelsLast,
    /// N × C × H × W.
    ChannelsFirst,
}

/// Type, shape and order of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dataset) struct Shape {
    pub element: Element,
    /// Elements along each axis.
    pub axes: Vec<u64>,
    /// Whether the first axis, not the last, moves fastest (Fortran's order).
    pub first_moves_fastest: bool,
}

impl Shape {
    /// Bytes of all elements; `None` when no file can hold as many.
    pub(in crate::dataset) fn bytes(&self) -> Option<u64> {
        self.axes.iter().try_fold(self.element.bytes()?, |bytes, &axis| bytes.checked_mul(axis))
    }

    /// The axes in words: `(10, 28, 28)`, of many axes the first.
    fn told(&self) -> String {
        let axes: Vec<String> = self.axes.iter().take(TOLD_AXES).map(u64::to_string).collect();
        let more = if self.axes.len() > TOLD_AXES { ", …" } else { "" };
        format!("({}{more})", axes.join(", "))
    }

    /// How each image lies in the array: `uint8` of N × H × W, N × H × W × C or N × C × H × W, where
    /// C is 1 or 3. Where both of the latter would do, `told` decides.
    pub(in crate::dataset) fn raster(&self, told: Option<Axes>) -> Result<Raster> {
        self.check_pixels()?;
        let channels = |axis: u64| u8::try_from(axis).ok().filter(|channels| matches!(channels, 1 | 3));
        match *self.axes.as_slice() {
            [_, height, width] => Raster::new(height, width, 1, false),
            [_, a, b, c] => match (channels(a), channels(c), told) {
                (Some(_), Some(_), None) => Err(self.ambiguous()),
                (_, Some(last), None | Some(Axes::ChannelsLast)) => Raster::new(a, b, last, false),
                (Some(first), _, None | Some(Axes::ChannelsFirst)) => Raster::new(b, c, first, true),
                _ => Err(self.no_images("with 1 or 3 channels")),
            },
            _ => Err(self.no_images("")),
        }
    }

    fn check_pixels(&self) -> Result<()> {
        if self.axes.contains(&0) {
            return Err(Error::unusable(format!("the images have the shape {}: nothing", self.told()))
                .help("save an array with images in it"));
        }
        if (self.element.kind, self.element.size) == ('u', 1) {
            return Ok(());
        }
        let help = match self.element.kind {
            'f' => {
                "save them as they were before scaling, 0 to 255: numpy.round(images * 255).astype(\"uint8\") undoes a division by 255; bench scales them itself"
            }
            _ => "save them as images.astype(\"uint8\"), 0 to 255",
        };
        Err(Error::unusable(format!("the images are of type {}, not uint8", self.element.name())).help(help))
    }

    fn ambiguous(&self) -> Error {
        Error::unusable(format!(
            "the shape {} may be images of N x H x W x C or of N x C x H x W",
            self.told()
        ))
        .help("name the array images_nhwc or images_nchw to say which")
    }

    fn no_images(&self, what: &str) -> Error {
        let space = if what.is_empty() { "" } else { " " };
        Error::unusable(format!("the shape {} is not one of images{space}{what}", self.told()))
            .help("reshape it to N x H x W, N x H x W x C or N x C x H x W, where C is 1 or 3")
    }

    /// Checks that this is a list of integers, one an image.
    fn check_labels(&self) -> Result<()> {
        let flat = matches!(*self.axes.as_slice(), [_] | [_, 1]);
        if !flat && self.axes.len() == 2 {
            return Err(Error::unusable(format!(
                "the labels have the shape {}: one-hot or scores, not one number an image",
                self.told()
            ))
            .help("save labels.argmax(axis=1)"));
        }
        if !flat {
            return Err(Error::unusable(format!("labels of shape {} are not one an image", self.told()))
                .help("save one whole number an image, in one axis"));
        }
        if self.element.is_integer() {
            return Ok(());
        }
        let help = match self.element.kind {
            'U' | 'S' => {
                "save their indices: numpy.unique(labels, return_inverse=True)[1], with the names in classes.txt beside the file"
            }
            _ => "save labels.astype(\"int64\")",
        };
        Err(Error::unusable(format!("the labels are of type {}, not of integers", self.element.name()))
            .help(help))
    }
}

/// An array whose elements can be read.
pub(in crate::dataset) struct Array {
    pub shape: Shape,
    data: Stored,
}

impl Array {
    /// Holds the bytes of `data` against `shape`.
    pub(in crate::dataset) fn new(shape: Shape, data: Stored) -> Result<Self> {
        match shape.bytes() {
            Some(bytes) if bytes == data.length() => Ok(Self { shape, data }),
            _ => Err(wrong_length(&shape, data.length())),
        }
    }

    /// Checks that these are rows of `length` bytes; returns how many.
    pub(in crate::dataset) fn check_rows(&self, length: u64) -> Result<u64> {
        self.shape.check_pixels()?;
        match *self.shape.axes.as_slice() {
            [count, row] if row == length => Ok(count),
            _ => Err(Error::unusable(format!(
                "the images have the shape {}, not N x {length}",
                self.shape.told()
            ))),
        }
    }

    /// Labels, one an image: integers of any size and byte order. `place` says where an image is.
    pub(in crate::dataset) fn labels(self, place: Place<'_>) -> Result<Vec<u32>> {
        self.shape.check_labels()?;
        let element = self.shape.element;
        let bytes = self.into_memory()?;
        // An integer has 1, 2, 4 or 8 bytes.
        let integers = bytes.chunks_exact(element.size as usize).map(|bytes| element.integer(bytes));
        labels::from_integers(integers, place)
    }

    /// One integer, for numbers that are pickled as arrays without axes.
    pub(in crate::dataset) fn integer(self) -> Result<i128> {
        if !self.shape.element.is_integer() || !self.shape.axes.is_empty() {
            return Err(Error::unusable(format!(
                "a label is a {}, not an integer",
                self.shape.element.name()
            )));
        }
        let element = self.shape.element;
        Ok(element.integer(&self.into_memory()?))
    }

    /// The elements of one byte each, the last axis moving fastest.
    pub(in crate::dataset) fn into_rows(self) -> Result<Stored> {
        if !self.shape.first_moves_fastest || self.shape.axes.len() < 2 {
            return Ok(self.data);
        }
        let axes: Vec<usize> = self.shape.axes.iter().map(|&axis| axis as usize).collect();
        self.into_memory().map(|bytes| Stored::Memory(last_moves_fastest(&bytes, &axes)))
    }

    fn into_memory(self) -> Result<Vec<u8>> {
        check_fits_memory(self.data.length())?;
        self.data.into_bytes().map_err(cut_short)
    }
}

/// Turns Fortran's order into C's: elements of one byte, `axes` of which none is zero.
fn last_moves_fastest(data: &[u8], axes: &[usize]) -> Vec<u8> {
    let strides: Vec<usize> = (0..axes.len()).map(|axis| axes[..axis].iter().product()).collect();
    let (mut at, mut place) = (vec![0; axes.len()], 0);
    let mut rows = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        rows.push(data[place]);
        for axis in (0..axes.len()).rev() {
            at[axis] += 1;
            place += strides[axis];
            if at[axis] < axes[axis] {
                break;
            }
            place -= at[axis] * strides[axis];
            at[axis] = 0;
        }
    }
    rows
}

/// Refuses to hold more than a gigabyte.
pub(in crate::dataset) fn check_fits_memory(bytes: u64) -> Result<()> {
    if bytes <= MAX_UNPACKED {
        return Ok(());
    }
    Err(Error::unusable(format!(
        "the array has {bytes} bytes, more than are held in memory ({MAX_UNPACKED})"
    ))
    .help("save it with numpy.save in C order (numpy.ascontiguousarray): such files are read image by image"))
}

/// The words for data of another length than its shape declares.
pub(in crate::dataset) fn wrong_length(shape: &Shape, actual: u64) -> Error {
    let declared = shape.bytes().map_or("too many".to_owned(), |bytes| bytes.to_string());
    let help = "fetch or save the file again";
    Error::unusable(format!(
        "the shape {} of {} has {declared} bytes, the file has {actual}",
        shape.told(),
        shape.element.name()
    ))
    .help(help)
}

/// The words for a file that ends too soon.
pub(in crate::dataset) fn cut_short(cause: impl std::fmt::Display) -> Error {
    Error::unusable("the array is cut short or damaged").because(cause).help("fetch or save the file again")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(code: &str, axes: &[u64]) -> Shape {
        Shape { element: Element::parse(code).unwrap(), axes: axes.to_vec(), first_moves_fastest: false }
    }

    fn labels(code: &str, axes: &[u64], bytes: &[u8]) -> Result<Vec<u32>> {
        Array::new(shape(code, axes), Stored::Memory(bytes.to_vec()))?
            .labels(&|image| format!("image {image}"))
    }

    #[test]
    fn a_header_with_thousands_of_axes_makes_no_message_of_thousands_of_numbers() {
        let told = wrong_length(&shape("|u1", &[1; 20_000]), 3).what;
        assert!(told.contains("(1, 1, 1, 1, 1, 1, 1, 1, …)") && told.len() < 200, "{told}");
    }

    #[test]
    fn labels_are_integers_of_any_size_and_byte_order() {
        assert_eq!(labels("|u1", &[2], &[3, 200]).unwrap(), [3, 200]);
        assert_eq!(labels("<i2", &[2, 1], &[1, 0, 0, 1]).unwrap(), [1, 256]);
        assert_eq!(labels(">i4", &[1], &[0, 0, 1, 2]).unwrap(), [258]);
        assert_eq!(labels("<i8", &[1], &[7, 0, 0, 0, 0, 0, 0, 0]).unwrap(), [7]);
        let error = labels("|i1", &[2], &[1, 0xff]).unwrap_err();
        assert!(error.what.contains("label -1") && error.place.as_deref() == Some("image 1"), "{error}");
        let error = labels("<u8", &[1], &[0xff; 8]).unwrap_err();
        assert!(error.what.contains("18446744073709551615"), "{error}");
    }

    #[test]
    fn labels_that_are_no_list_of_integers_are_refused_in_words() {
        let refusal = |code: &str, axes: &[u64], length| labels(code, axes, &vec![0; length]).unwrap_err();
        assert!(refusal("<f8", &[2], 16).what.contains("float64, not of integers"));
        assert!(refusal("<U3", &[2], 24).help.unwrap().contains("classes.txt"));
        assert!(refusal("|u1", &[2, 3], 6).help.unwrap().contains("argmax"));
        assert!(refusal("|u1", &[2, 3, 1], 6).what.contains("(2, 3, 1)"));
        assert!(Element::parse("|O").unwrap_err().what.contains("Python objects"));
        assert!(Element::parse("<M8[ns]").is_err() && Element::parse("").is_err());
    }

    #[test]
    fn the_axis_of_the_channels_is_found_from_the_shape() {
        let found = |axes: &[u64], told| shape("|u1", axes).raster(told);
        let raster = |axes: &[u64]| found(axes, None).unwrap();
        assert_eq!(raster(&[5, 4, 6]), Raster { width: 6, height: 4, channels: 1, planar: false });
        assert_eq!(raster(&[5, 4, 6, 3]), Raster { width: 6, height: 4, channels: 3, planar: false });
        assert_eq!(raster(&[5, 3, 4, 6]), Raster { width: 6, height: 4, channels: 3, planar: true });
        assert_eq!(raster(&[5, 4, 1, 1]).height, 4, "not an image of 1x1 with four channels");
        let error = found(&[5, 3, 6, 3], None).unwrap_err();
        assert!(error.help.unwrap().contains("images_nchw"), "says how to settle it");
        assert_eq!(found(&[5, 3, 6, 3], Some(Axes::ChannelsLast)).unwrap().width, 6);
        assert_eq!(found(&[5, 3, 6, 3], Some(Axes::ChannelsFirst)).unwrap().width, 3);
        for axes in [&[5, 64][..], &[5, 4, 6, 4], &[5, 1, 1, 4, 6], &[], &[0, 4, 6]] {
            assert!(found(axes, None).is_err(), "{axes:?}");
        }
        assert!(found(&[5, 4, 6, 3], Some(Axes::ChannelsFirst)).is_err());
    }

    #[test]
    fn pixels_that_were_scaled_are_refused_with_what_to_do() {
        let error = shape("<f4", &[5, 4, 6]).raster(None).unwrap_err();
        assert!(error.what.contains("float32") && error.help.unwrap().contains("* 255"));
    }

    #[test]
    fn a_shape_that_the_data_does_not_have_is_refused() {
        for axes in [&[3][..], &[1], &[u64::MAX, 2], &[u64::MAX, u64::MAX]] {
            assert!(labels("|u1", axes, &[0, 0]).is_err(), "{axes:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_fortran_becomes_that_of_c(axes in prop::collection::vec(1usize..5, 1..5)) {
            // Each element is its own index in C's order; Fortran's is the same list with axes reversed.
            let total: usize = axes.iter().product();
            let place_in_fortran = |mut index: usize| {
                let mut at = vec![];
                for &axis in axes.iter().rev() {
                    at.push(index % axis);
                    index /= axis;
                }
                at.reverse();
                axes.iter().zip(at).rev().fold(0, |place, (&axis, at)| place * axis + at)
            };
            let mut fortran = vec![0; total];
            (0..total).for_each(|index| fortran[place_in_fortran(index)] = index as u8);
            let rows = last_moves_fastest(&fortran, &axes);
            prop_assert_eq!(rows, (0..total).map(|index| index as u8).collect::<Vec<_>>());
        }
    }
}
