//! From a decoded image to a model's input tensor. Settings are data, so they can be stored in a
//! record, printed in full and compared before two accuracies are.

mod spec;

pub use spec::{Channels, Filter, Layout, Preprocess, Resize, ResizeTo, Scale, Size};
