//! Is this int8 (or fp16, pruned, re-exported) ONNX model good enough to ship instead of that fp32
//! one, and is it worth it? This library measures candidates into records, computes metrics from
//! records, compares them and writes reports; the program `bench` is a thin layer on top.
//!
//! The left side of [`record`] makes evidence ([`dataset`], [`preprocess`], [`model`], [`runtime`],
//! `measure`); the right side judges it ([`metric`], [`compare`], [`gate`], `report`). Neither side
//! imports the other.

pub mod cache;
pub mod cli;
pub mod compare;
pub mod dataset;
pub mod digest;
pub mod error;
pub mod gate;
mod json_text;
pub mod measure;
pub mod metric;
pub mod model;
mod parquet_metadata;
pub mod plan;
pub mod preprocess;
pub mod record;
mod regular_file;
pub mod report;
pub mod runtime;
pub mod stats;
pub mod tensor;

pub use error::{Error, ErrorKind, Result};
