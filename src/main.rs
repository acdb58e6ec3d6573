//! `bench`: is this int8 ONNX model good enough to ship instead of the fp32 one, and is it worth it?

use std::process::ExitCode;

/// Read by ONNX Runtime when it is loaded.
const TELEMETRY_OFF: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ExitCode {
    refuse_telemetry();
    onnx_bench::cli::start().into()
}

/// ONNX Runtime 1.31 gathers events for its makers in a file in the user's cache folder, with threads
/// that send them, as soon as it is loaded; the call that switches it off comes after that. What is
/// measured here is nobody's business, and threads beside it are noise. Workers inherit the variable.
#[allow(unsafe_code, reason = "no safe function sets a variable of this process")]
fn refuse_telemetry() {
    if std::env::var_os(TELEMETRY_OFF).is_none() {
        // SAFETY: this is the first thing that the program does: there is no other thread yet.
        unsafe { std::env::set_var(TELEMETRY_OFF, "1") };
    }
}
