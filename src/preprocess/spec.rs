//! The preprocessing settings themselves.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tensor::ElementType;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Which colour channels the model sees, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// One channel; colour becomes ITU-R 601 luma, as in Pillow's `convert("L")`.
    Grey,
    /// Red, green, blue; grey is repeated.
    Rgb,
    /// Blue, green, red.
    Bgr,
}

impl Channels {
    /// Number of channels: 1 or 3.
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb | Self::Bgr => 3,
        }
    }
}

/// Resampling kernel, named as Pillow names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// Nearest pixel.
    Nearest,
    /// Average of the covered area.
    Box,
    /// Triangle.
    Bilinear,
    /// A raised cosine, sharper than bilinear: Pillow's.
    Hamming,
    /// Cubic with a = −0.5 (Catmull-Rom); OpenCV's has a = −0.75.
    Bicubic,
    /// Lanczos with three lobes.
    Lanczos,
    /// Average of the covered area: `INTER_AREA` of OpenCV, `area` of TensorFlow.
    Area,
}

/// Whose arithmetic a resize follows. The same filter gives other pixels in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Resampler {
    /// Pillow, and with it torchvision, timm and Hugging Face: bytes, within one level of 255.
    #[default]
    Pillow,
    /// Pillow bit for bit; slower with `bilinear` and `hamming`, the same with the other filters.
    PillowExact,
    /// `cv2.resize`: bytes, never antialiased.
    Opencv,
    /// `tf.image.resize`, and with it Keras: the result stays a float.
    Tensorflow,
}

impl Resampler {
    /// Whether it follows Pillow, to the bit or nearly.
    pub(super) fn is_pillow(self) -> bool {
        matches!(self, Self::Pillow | Self::PillowExact)
    }

    /// Whether its users shrink with antialias unless they say otherwise.
    pub(super) fn antialiases(self) -> bool {
        self.is_pillow()
    }

    /// How its users cut out the middle where that is not whole: torchvision rounds half to even,
    /// others down.
    pub(super) fn crop_rounding(self) -> CropRounding {
        match self {
            Self::Pillow | Self::PillowExact => CropRounding::Even,
            Self::Opencv | Self::Tensorflow => CropRounding::Down,
        }
    }

    /// Whether what is said beside one holds beside the other.
    pub(super) fn same_library(self, other: Self) -> bool {
        self == other || (self.is_pillow() && other.is_pillow())
    }
}

/// What a resize leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResizeTo {
    /// Exactly this size; the aspect ratio may change.
    Exact(Size),
    /// The shorter side gets this length; the aspect ratio stays.
    ShorterSide(u32),
}

/// A resize step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resize {
    /// The size to reach.
    pub to: ResizeTo,
    /// The kernel.
    pub filter: Filter,
    /// Whether the kernel widens when shrinking: Pillow's does, OpenCV's does not, TensorFlow's when asked.
    pub antialias: bool,
    /// Whose arithmetic it is.
    #[serde(default)]
    pub resampler: Resampler,
}

/// A centre crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crop {
    /// What is kept.
    #[serde(flatten)]
    pub size: Size,
    /// Which of the two middles is taken where the margin is odd.
    #[serde(default)]
    pub rounding: CropRounding,
    /// Whether an image that is smaller gets black borders; otherwise it is an error.
    #[serde(default)]
    pub pad: bool,
}

/// What happens to the half pixel when an odd margin is divided between two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum CropRounding {
    /// To the even neighbour, as Python's `round`: torchvision, timm.
    #[default]
    Even,
    /// Cut: MLPerf, Keras, the NumPy processors of Hugging Face.
    Down,
}

/// How bytes 0 to 255 become numbers, before mean and standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// As they are: 0 to 255.
    Raw,
    /// x / 255: 0 to 1.
    Unit,
    /// x / 127.5 − 1: −1 to 1.
    Signed,
}

/// Order of the axes of a batch of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Batch, channels, rows, columns.
    Nchw,
    /// Batch, rows, columns, channels.
    Nhwc,
}

/// What of preprocessing is done while an image file is decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoding {
    /// As [`Preprocess::exif_orientation`].
    pub exif_orientation: bool,
}

/// Every step from an image file to one sample of the input tensor, in this order: orientation,
/// channels, resize, centre crop, scale, `(x − mean) / std`, layout, element type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Preprocess {
    /// Whether pictures are turned upright as EXIF says, like Pillow's `ImageOps.exif_transpose`.
    /// Pillow's `open` and most training pipelines do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exif_orientation: bool,
    /// Colour channels and their order.
    pub channels: Channels,
    /// Resize, if the images are not already of the model's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Centre crop after the resize.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// Bytes to numbers.
    pub scale: Scale,
    /// Subtracted after scaling: empty (nothing), one value, or one a channel in the order of `channels`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f32>,
    /// Divided by after subtracting `mean`: empty (nothing), one value, or one a channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub std: Vec<f32>,
    /// Order of the axes.
    pub layout: Layout,
    /// Element type of the tensor. For `u8` and `i8` no scaling takes place: bytes go in as they
    /// are, or less 128.
    pub element: ElementType,
    /// Height and width of the tensor that the model wants; images must arrive at it.
    pub size: Size,
}

impl Preprocess {
    /// The part that is done while decoding.
    pub fn decoding(&self) -> Decoding {
        Decoding { exif_orientation: self.exif_orientation }
    }

    /// Shape of a batch of `batch` images, in the order of `layout`.
    pub fn shape(&self, batch: usize) -> Vec<usize> {
        let (rows, columns) = (self.size.height as usize, self.size.width as usize);
        match self.layout {
            Layout::Nchw => vec![batch, self.channels.count(), rows, columns],
            Layout::Nhwc => vec![batch, rows, columns, self.channels.count()],
        }
    }
}
