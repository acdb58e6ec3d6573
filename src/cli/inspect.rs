//! `bench inspect`.
