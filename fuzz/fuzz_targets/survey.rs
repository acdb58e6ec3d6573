#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onnx_bench_fuzz::survey(bytes));
