//! Model files: opened once, decoded with the format's own messages, and described: what is stored
//! ([`Census`]), how it is quantized ([`Passport`]), where images go in and scores come out.

mod census;
mod external;
mod file;
mod foreign;
mod graph;
mod layer;
pub mod onnx;
mod passport;
mod ports;
mod remark;
mod signature;
mod tract;

pub use census::Census;
pub use file::ModelFile;
pub(crate) use passport::type_names;
pub use passport::{Granularity, Passport, Scheme};
pub use remark::Remark;
pub use signature::{Port, Signature, shape_text};
