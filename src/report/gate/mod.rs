//! What a gate says, for people and for the machines that run it. [`GateView`] puts every finding into
//! words once; the page, GitHub's annotations, JUnit and the comment only lay them out.

mod comment;
mod document;
mod github;
mod junit;
mod page;
mod view;
mod words;

pub use comment::{COMMENT_LIMIT, MARKER, comment};
pub use document::{GATE_SCHEMA_VERSION, GateDocument, GateEntry, gate_schema};
pub use github::{ANNOTATIONS, annotations, outputs};
pub use junit::junit;
pub use page::page;
pub use view::{GateLine, GateView};
