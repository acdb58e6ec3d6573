//! From a decoded image to a model's input tensor. Settings are data, so they can be stored in a
//! record, printed in full and compared before two accuracies are.
//!
//! [`PreprocessSettings`] is what somebody said, in part; [`PreprocessSettings::resolve`] makes the
//! complete [`Preprocess`] of it, and [`Preprocess::write`] carries that out.
//!
//! Pillow and torchvision are the reference. A resize is within one level of 255 of Pillow's, since
//! the weights are rounded differently; everything else is exact to the last bit.

mod apply;
pub mod config;
mod describe;
mod image;
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
