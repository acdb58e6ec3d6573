//! What to measure, as plain data: it hashes, prints, and travels to a worker process.

pub mod cache_size;
mod dataset;
mod job;
pub mod path_text;
mod protocol;
mod runtime;
mod settings;

pub use dataset::{DatasetFormat, DatasetSpec, OnBadImage};
pub use job::{Activation, Dim, InputPort, Job, ModelSpec, OutputPort, hold_scores};
pub use protocol::Protocol;
pub use runtime::{Device, Optimization, RuntimeSpec, SessionOptions};
pub use settings::{
    DataSettings, LONGEST_SECONDS, Layer, MOST, MeasureSettings, ModelSettings, Resolved, Settings, Source,
    VerdictSettings, discover, read_file, resolve,
};
