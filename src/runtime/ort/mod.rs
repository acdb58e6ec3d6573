//! ONNX Runtime, driven through the crate `ort`. The library is found or fetched at run time; no
//! call into `ort` is made before [`environment`] has loaded one, since `ort` panics without it.

pub mod environment;
mod fetch;
mod library;
mod message;
pub mod pins;
pub mod provision;
mod session;
mod version;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

pub use library::{Library, Place, Places, Refusal, Search, Source};

use super::{ModelToRun, Prepared, Runtime};
use crate::error::Result;
use crate::plan::{Device, SessionOptions};
use crate::record::RuntimeIdentity;

/// The variable that names the library.
pub const LIBRARY_VARIABLE: &str = "ORT_DYLIB_PATH";
/// The variable that forbids fetching.
pub const OFFLINE_VARIABLE: &str = "BENCH_OFFLINE";

/// What the user says about where the library comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The library to use and no other: `--ort-lib` or `ORT_DYLIB_PATH`.
    pub library: Option<PathBuf>,
    /// Whether fetching is forbidden: `--offline` or `BENCH_OFFLINE=1`.
    pub offline: bool,
}

impl Settings {
    /// What the variables say.
    pub fn from_environment() -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let off = |value: &OsString| ["0", "f", "false", "n", "no", "off"].iter().any(|word| value == word);
        Self {
            library: set(LIBRARY_VARIABLE).map(PathBuf::from),
            offline: set(OFFLINE_VARIABLE).is_some_and(|value| !off(&value)),
        }
    }

    /// The variables that tell a child process the same.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        let library = self.library.iter().map(|path| (LIBRARY_VARIABLE, path.clone().into_os_string()));
        let offline = self.offline || GIVEN_UP.load(Ordering::Relaxed);
        let offline = offline.then(|| (OFFLINE_VARIABLE, "1".into()));
        library.chain(offline).collect()
    }
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();
static GIVEN_UP: AtomicBool = AtomicBool::new(false);
static STOP: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Fetching ends as soon as `signal` is not 0, for the rest of the process.
pub fn stop_fetching_on(signal: Arc<AtomicUsize>) {
    // As below: a process has one set of signal handlers.
    let _ = STOP.set(signal);
}

fn stop_asked() -> bool {
    STOP.get().is_some_and(|signal| signal.load(Ordering::Relaxed) != 0)
}

/// A fetch failed: child processes are not to try it again, each for itself.
pub fn give_up_fetching() {
    GIVEN_UP.store(true, Ordering::Relaxed);
}

/// Sets where the library comes from, for the rest of the process. Call it before anything else
/// here; later calls and calls after the first use have no effect.
pub fn configure(settings: Settings) {
    // The first call wins: a library cannot be exchanged once it is loaded.
    let _ = SETTINGS.set(settings);
}

/// What was configured, else what the variables say.
pub fn settings() -> &'static Settings {
    SETTINGS.get_or_init(Settings::from_environment)
}

/// ONNX Runtime in the list of runtimes.
pub struct Ort;

impl Runtime for Ort {
    fn name(&self) -> &'static str {
        "ort"
    }

    fn check(&self, device: Device) -> Result<RuntimeIdentity> {
        let loaded = environment::load(device)?;
        session::try_out(&loaded.environment, device)?;
        let library = &loaded.library;
        let identity =
            RuntimeIdentity::new(self.name(), &library.version, provider(device), Some(&library.path));
        Ok(RuntimeIdentity { library_sha256: library.sha256.clone(), ..identity })
    }

    fn prepare(
        &self,
        model: ModelToRun<'_>,
        device: Device,
        options: &SessionOptions,
    ) -> Result<Box<dyn Prepared>> {
        let loaded = environment::load(device)?;
        Ok(Box::new(session::OrtModel::load(loaded.environment, model, device, options)?))
    }
}

fn provider(device: Device) -> &'static str {
    match device {
        Device::Cpu => "CPUExecutionProvider",
        Device::Cuda(_) => "CUDAExecutionProvider",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_process_is_told_what_the_parent_was_told() {
        let settings = Settings { library: Some("/x/libonnxruntime.so".into()), offline: true };
        let expected: [(&str, OsString); 2] =
            [(LIBRARY_VARIABLE, "/x/libonnxruntime.so".into()), (OFFLINE_VARIABLE, "1".into())];
        assert_eq!(settings.variables(), expected);
        assert!(Settings::default().variables().is_empty());
    }
}
