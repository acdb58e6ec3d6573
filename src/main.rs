//! Command line of `bench`.
fn main() {}
