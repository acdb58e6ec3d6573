//! `bench`: is this int8 ONNX model good enough to ship instead of the fp32 one, and is it worth it?

use std::process::ExitCode;

fn main() -> ExitCode {
    onnx_bench::cli::start().into()
}
