//! From a decoded image to a model's input tensor. Settings are data, so they can be stored in a
//! record, printed in full and compared before two accuracies are.
//!
//! [`PreprocessSettings`] is what somebody said, in part; [`PreprocessSettings::resolve`] makes the
//! complete [`Preprocess`] of it, and [`Preprocess::write`] carries that out.
//!
//! A resize follows one of three libraries ([`Resampler`]), since the same filter gives other pixels in
//! each: Pillow within one level of 255 or bit for bit, OpenCV in bytes, TensorFlow in floats. Scaling
//! is exact to the last bit of what NumPy and PyTorch compute in `f32`. What is promised and what was
//! measured stands in `docs/preprocessing.md`, and `tests/preprocess.rs` holds it to tensors that the
//! libraries made.

mod apply;
pub mod config;
mod describe;
mod image;
mod pixels;
mod presets;
mod resize;
mod resolve;
mod scaling;
mod settings;
mod spec;
mod validate;

pub use apply::Scratch;
pub use image::Image;
pub use presets::Preset;
pub use resolve::InputFacts;
pub use settings::{CropSetting, Nothing, PreprocessSettings, ResizeSetting};
pub use spec::{
    Channels, Crop, CropRounding, Decoding, Filter, Layout, Preprocess, Resampler, Resize, ResizeTo, Scale,
    Size,
};
