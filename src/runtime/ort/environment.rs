//! The one environment of ONNX Runtime that a process may have.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;

use super::library::{Library, Place, Places, Refusal, Search};
use super::pins::{Build, Pin};
use super::{LIBRARY_VARIABLE, OFFLINE_VARIABLE, Settings, provision, settings};
use crate::cache;
use crate::error::{Error, Result};
use crate::plan::Device;

/// A library that is loaded, and the environment in it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Makes sessions.
    pub environment: Environment,
    /// Where it came from.
    pub library: Library,
}

static LOADED: Mutex<Option<Loaded>> = Mutex::new(None);

/// Loads the library for `device`, or gives the one that is loaded already: a process has one for
/// its whole life. Fetches the pinned build when there is none and fetching is allowed.
pub fn load(device: Device) -> Result<Loaded> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = &*loaded {
        return Ok(loaded.clone());
    }
    let settings = settings();
    let places = Places::here(settings);
    let library = find_or_fetch(&places, settings, build_for(device), &announce)?;
    let environment = start(&library.path)?;
    if let Device::Cuda(_) = device {
        preload_cuda(&places);
    }
    Ok(loaded.insert(Loaded { environment, library }).clone())
}

/// Finds the library for `device`, fetching it when there is none and fetching is allowed. A parent
/// process calls this before it starts workers, so that the user sees what is fetched, once.
pub fn locate(device: Device) -> Result<Library> {
    let settings = settings();
    find_or_fetch(&Places::here(settings), settings, build_for(device), &announce)
}

/// Makes sure that the pinned `build` is in the cache, whatever else is on this machine; with
/// `offline` only looks whether it is.
pub fn install(build: Build, offline: bool) -> Result<Library> {
    let places = Places { cache: Some(cache::root()?), ..Places::default() };
    if !offline {
        return fetch(&places, build, &announce);
    }
    places.search(build).found.ok_or_else(|| {
        Error::unavailable(format!("the {} build of ONNX Runtime is not in the cache", build.name()))
            .help("run `bench setup` once without --offline")
    })
}

fn build_for(device: Device) -> Build {
    match device {
        Device::Cpu => Build::Cpu,
        Device::Cuda(_) => Build::Gpu,
    }
}

fn announce(text: &str) {
    eprintln!("bench: {text}");
}

fn find_or_fetch(places: &Places, settings: &Settings, build: Build, say: &dyn Fn(&str)) -> Result<Library> {
    let Search { found, refused } = places.search(build);
    match found {
        Some(library) => Ok(library),
        None if settings.library.is_some() => Err(asked_for_is_bad(&refused)),
        None if build == Build::Gpu => Err(no_gpu_build(&refused)),
        None if settings.offline => Err(offline(&refused)),
        None => fetch(places, build, say),
    }
}

fn fetch(places: &Places, build: Build, say: &dyn Fn(&str)) -> Result<Library> {
    let path = provision::provision(&cache::root()?, build, say)?;
    let place = Place { source: super::Source::Cache, path };
    places.examine(&place).map_err(|refusal| {
        Error::unavailable("the ONNX Runtime that was fetched cannot be loaded")
            .because(refusal.why)
            .at_path(&refusal.path)
            .help(provision::ways(build))
    })
}

fn asked_for_is_bad(refused: &[Refusal]) -> Error {
    let error = Error::unavailable("the ONNX Runtime library that was asked for cannot be used").help(
        format!("correct or remove --ort-lib and {LIBRARY_VARIABLE}; `bench doctor` shows what else is here"),
    );
    match refused.first() {
        Some(refusal) => error.because(&refusal.why).at_path(&refusal.path),
        None => error,
    }
}

fn no_gpu_build(refused: &[Refusal]) -> Error {
    let error = Error::unavailable("no ONNX Runtime with CUDA is on this machine");
    let error = if refused.is_empty() { error } else { error.because(list(refused)) };
    match Pin::here(Build::Gpu) {
        Some(pin) => {
            error.help(format!("`bench setup --gpu` fetches it ({})", provision::megabytes(pin.wheel_bytes)))
        }
        None => error.help(provision::ways(Build::Gpu)),
    }
}

fn offline(refused: &[Refusal]) -> Error {
    let error = Error::unavailable(format!(
        "ONNX Runtime is not on this machine, and nothing is fetched with --offline, with {OFFLINE_VARIABLE} or by `bench doctor`"
    ));
    let seen: Vec<Refusal> =
        refused.iter().filter(|refusal| refusal.source != super::Source::Loader).cloned().collect();
    let error = if seen.is_empty() { error } else { error.because(list(&seen)) };
    error.help(provision::ways(Build::Cpu))
}

fn list(refused: &[Refusal]) -> String {
    let lines: Vec<String> =
        refused.iter().map(|refusal| format!("{}: {}", refusal.path.display(), refusal.why)).collect();
    lines.join("\n")
}

/// Makes the CUDA libraries that Python packages bring known to the loader, which does not look
/// into `site-packages` by itself. What is missing is said by the attempt to make a session.
fn preload_cuda(places: &Places) {
    for site in places.site_packages() {
        let folders = [
            (site.join("nvidia/cu13/lib"), ort::ep::cuda::CUDA_DYLIBS),
            (site.join("nvidia/cudnn/lib"), ort::ep::cuda::CUDNN_DYLIBS),
        ];
        let files = folders.iter().flat_map(|(folder, names)| names.iter().map(|name| folder.join(name)));
        for file in files.filter(|file| file.is_file()) {
            ort::util::preload_dylib(&file).ok();
        }
    }
}

/// Binds `ort` to the library at `path` and makes the environment.
fn start(path: &Path) -> Result<Environment> {
    let builder = ort::init_from(path).map_err(|error| not_loaded(path, &reason(&error)))?;
    let environment = builder
        .with_name("bench")
        .with_telemetry(false)
        // Its warnings (a constant that was not folded, an initializer that nothing uses) would stand
        // between the lines of progress; what fails comes back as an error.
        .with_logger(Arc::new(|_: LogLevel, _: &str, _: &str, _: &str, _: &str| ()))
        .build()
        .map_err(|error| not_loaded(path, error.message()))?;
    // With a logger of ours `ort` asks for every message: each node of each run would log.
    environment.set_log_level(LogLevel::Warning);
    Ok(environment)
}

fn not_loaded(path: &Path, why: &str) -> Error {
    Error::unavailable("ONNX Runtime cannot be started").because(why).at_path(path)
}

fn reason(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, .. } => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere(settings: &Settings) -> Places {
        Places { explicit: settings.library.clone(), ..Places::default() }
    }

    #[test]
    fn offline_nothing_is_fetched_and_three_ways_out_are_named() {
        let settings = Settings { library: None, offline: true };
        let say = |text: &str| panic!("nothing is fetched: {text}");
        let error = find_or_fetch(&nowhere(&settings), &settings, Build::Cpu, &say).unwrap_err();
        assert!(error.what.contains("BENCH_OFFLINE"), "{error}");
        let help = error.help.unwrap();
        assert!(help.contains("pip install") && help.contains("ORT_DYLIB_PATH"), "{help}");
    }

    #[test]
    fn a_library_that_the_user_named_is_not_silently_replaced() {
        let settings = Settings { library: Some("/nonexistent/lib.so".into()), offline: false };
        let say = |text: &str| panic!("nothing is fetched: {text}");
        let error = find_or_fetch(&nowhere(&settings), &settings, Build::Cpu, &say).unwrap_err();
        assert_eq!(error.place.as_deref(), Some("/nonexistent/lib.so"));
        assert!(error.cause.is_some(), "{error}");
    }

    #[test]
    fn a_gpu_build_is_never_fetched_unasked() {
        let settings = Settings::default();
        let say = |text: &str| panic!("nothing is fetched: {text}");
        let error = find_or_fetch(&nowhere(&settings), &settings, Build::Gpu, &say).unwrap_err();
        assert!(error.what.contains("CUDA") && error.help.is_some(), "{error}");
    }
}
