//! CIFAR-10 and CIFAR-100 in their two editions: binary files, and pickles of Python.

pub(super) mod binary;
mod files;
mod pickle;
pub(super) mod python;
