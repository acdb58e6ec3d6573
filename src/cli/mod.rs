//! The commands of `bench`.

pub mod doctor;
pub mod setup;
