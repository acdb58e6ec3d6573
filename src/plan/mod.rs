//! What to measure, as plain data: it hashes, prints, and travels to a worker process.

pub mod cache_size;
mod comma_list;
mod dataset;
mod gate;
mod job;
pub mod path_text;
mod protocol;
mod runtime;
mod settings;
mod shard;

pub use comma_list::CommaList;
pub use dataset::{DataColumns, DatasetFormat, DatasetSpec, OnBadImage, Part};
pub use gate::{
    AgreementSettings, ClassMetric, ClassSettings, CostSettings, FlipSettings, GateSettings, MarginSettings,
    MarginText, RuleKind, SizeSettings, SliceSettings,
};
pub use job::{Activation, Dim, InputPort, Job, ModelSpec, OutputPort, hold_scores};
pub use protocol::{Passes, Protocol, ROUNDS_A_LAUNCH};
pub use runtime::{Device, Optimization, RuntimeSpec, SessionOptions};
pub use settings::{
    DataSettings, LONGEST_SECONDS, Layer, MOST, MeasureSettings, ModelSettings, Resolved, Settings, Source,
    VerdictSettings, discover, read_file, resolve,
};
pub use shard::Shard;
