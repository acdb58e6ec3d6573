//! The ONNX Runtime builds that `bench` fetches by itself, pinned by content.

/// The pinned version of ONNX Runtime.
pub const VERSION: &str = "1.31.1";

/// Which build of ONNX Runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Processor only.
    Cpu,
    /// Processor and CUDA.
    Gpu,
}

impl Build {
    /// `cpu` or `gpu`, as in folder names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }

    /// The package on the Python package index.
    pub fn package(self) -> &'static str {
        match self {
            Self::Cpu => "onnxruntime",
            Self::Gpu => "onnxruntime-gpu",
        }
    }
}

/// A library inside a wheel.
#[derive(Clone, Copy, Debug)]
pub struct PinnedFile {
    /// File name, without the folder.
    pub name: &'static str,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: &'static str,
}

/// One wheel: the build for one platform.
#[derive(Clone, Copy, Debug)]
pub struct Pin {
    /// CPU or GPU build.
    pub build: Build,
    /// `std::env::consts::OS`.
    pub os: &'static str,
    /// `std::env::consts::ARCH`.
    pub arch: &'static str,
    /// Platform tag that pip is asked for.
    pub tag: &'static str,
    /// Length of the wheel in bytes, for the notice to the user.
    pub wheel_bytes: u64,
    /// The libraries to keep; ONNX Runtime itself comes first.
    pub files: &'static [PinnedFile],
}

impl Pin {
    /// The pinned wheel of `build` for the machine that this program was compiled for.
    pub fn here(build: Build) -> Option<&'static Self> {
        PINS.iter().find(|pin| {
            pin.build == build && pin.os == std::env::consts::OS && pin.arch == std::env::consts::ARCH
        })
    }

    /// `onnxruntime==1.31.1`.
    pub fn requirement(&self) -> String {
        format!("{}=={VERSION}", self.build.package())
    }
}

/// Every wheel that is known. The shared provider library is the CUDA provider's bridge and is
/// needed by it alone, but it is small and ONNX Runtime expects it beside itself.
pub static PINS: &[Pin] = &[
    Pin {
        build: Build::Cpu,
        os: "linux",
        arch: "x86_64",
        tag: "manylinux_2_28_x86_64",
        wheel_bytes: 23_760_988,
        files: &[
            PinnedFile {
                name: "libonnxruntime.so.1.31.1",
                bytes: 29_352_200,
                sha256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
            },
            PinnedFile {
                name: "libonnxruntime_providers_shared.so",
                bytes: 14_632,
                sha256: "086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d",
            },
        ],
    },
    Pin {
        build: Build::Cpu,
        os: "linux",
        arch: "aarch64",
        tag: "manylinux_2_28_aarch64",
        wheel_bytes: 21_420_803,
        files: &[
            PinnedFile {
                name: "libonnxruntime.so.1.31.1",
                bytes: 25_265_040,
                sha256: "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
            },
            PinnedFile {
                name: "libonnxruntime_providers_shared.so",
                bytes: 198_792,
                sha256: "3b6be288fbfb7dff8770d08a23defdde18e8f7e0f5a2b344a0e5e238c999ea88",
            },
        ],
    },
    Pin {
        build: Build::Cpu,
        os: "macos",
        arch: "aarch64",
        tag: "macosx_14_0_arm64",
        wheel_bytes: 20_882_125,
        files: &[PinnedFile {
            name: "libonnxruntime.1.31.1.dylib",
            bytes: 33_037_336,
            sha256: "d586cbe89effc085a09d3341b3cfbd5c322517f9d397aeb20814af21433f2b36",
        }],
    },
    Pin {
        build: Build::Cpu,
        os: "windows",
        arch: "x86_64",
        tag: "win_amd64",
        wheel_bytes: 14_888_466,
        files: &[
            PinnedFile {
                name: "onnxruntime.dll",
                bytes: 19_288_376,
                sha256: "e45f61e50d8650885452be538a00bb14a715e46a1bc3691000ce947e89ed0306",
            },
            PinnedFile {
                name: "onnxruntime_providers_shared.dll",
                bytes: 21_816,
                sha256: "02b3edadc03a2bddd90bcbd090733a2c458f4aff8be2cebb6070428e81c6d41e",
            },
        ],
    },
    Pin {
        build: Build::Cpu,
        os: "windows",
        arch: "aarch64",
        tag: "win_arm64",
        wheel_bytes: 14_740_724,
        files: &[
            PinnedFile {
                name: "onnxruntime.dll",
                bytes: 19_171_640,
                sha256: "dc9e2fe646a72829386a24ac9185a7a4e26d7dbe5dc433d41df063603c00bbc7",
            },
            PinnedFile {
                name: "onnxruntime_providers_shared.dll",
                bytes: 21_304,
                sha256: "f4cd6a38ff46ffcb4534fe27f3e49001a6459f1c2756f3445f9113b3bdc735c4",
            },
        ],
    },
    Pin {
        build: Build::Gpu,
        os: "linux",
        arch: "x86_64",
        tag: "manylinux_2_28_x86_64",
        wheel_bytes: 255_569_273,
        files: &[
            PinnedFile {
                name: "libonnxruntime.so.1.31.1",
                bytes: 29_421_832,
                sha256: "5104254339ecadae808da771bd0b63b240f0dbd466514234905e54372435c303",
            },
            PinnedFile {
                name: "libonnxruntime_providers_cuda.so",
                bytes: 284_014_752,
                sha256: "8387867e857499e045caff5d13ac6a5de29571c801562fa2dde0e45f1f31de52",
            },
            PinnedFile {
                name: "libonnxruntime_providers_shared.so",
                bytes: 14_632,
                sha256: "086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d",
            },
        ],
    },
    Pin {
        build: Build::Gpu,
        os: "windows",
        arch: "x86_64",
        tag: "win_amd64",
        wheel_bytes: 168_098_228,
        files: &[
            PinnedFile {
                name: "onnxruntime.dll",
                bytes: 18_881_336,
                sha256: "7ce20366f6d5981081bb8bbc0aff757e055e6d0d09c2237cbb2143740cc8658f",
            },
            PinnedFile {
                name: "onnxruntime_providers_cuda.dll",
                bytes: 194_399_072,
                sha256: "ebb99d5c0b451ff0b67032df80b4e9f442488d9bab1b5eeab68fc1613c1fab96",
            },
            PinnedFile {
                name: "onnxruntime_providers_shared.dll",
                bytes: 21_816,
                sha256: "cb48721ca5b33cc827956f07f9900aa886052a839b2b18a1c11f036a2ebc5c5c",
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_begins_with_onnx_runtime_and_has_whole_digests() {
        for pin in PINS {
            assert!(!pin.files[0].name.contains("providers"), "{pin:?}");
            for file in pin.files {
                assert!(file.sha256.len() == 64 && file.sha256.chars().all(|c| c.is_ascii_hexdigit()));
            }
        }
    }

    #[test]
    fn a_gpu_build_carries_the_cuda_provider() {
        for pin in PINS.iter().filter(|pin| pin.build == Build::Gpu) {
            assert!(pin.files.iter().any(|file| file.name.contains("providers_cuda")), "{pin:?}");
        }
    }
}
