//! Asks a library for its version before `ort` is bound to it for the life of the process.

// The version can only be had by calling into the library: `ort` itself takes a library once and
// for all, so that a wrong one could not be passed over. Two C calls, both part of the entry point
// that ONNX Runtime promises never to change.
#![allow(unsafe_code)]

use std::error::Error as _;
use std::ffi::CStr;
use std::path::Path;

use libloading::{Library, Symbol};

type GetApiBase = unsafe extern "C" fn() -> *const ort::sys::OrtApiBase;

/// The version string of the ONNX Runtime at `path`, such as `1.31.1`; the error says in words why
/// it is none. The library stays loaded when it is one: it is about to be used.
pub fn version_of(path: &Path) -> Result<String, String> {
    // SAFETY: loading runs the library's initializers. The file is one that the user or their
    // Python installed as ONNX Runtime; loading it is what they asked for.
    let library = unsafe { Library::new(path) }.map_err(|error| reason(&error))?;
    let version = ask(&library)?;
    // Unloading and loading again would run the initializers twice.
    std::mem::forget(library);
    Ok(version)
}

fn ask(library: &Library) -> Result<String, String> {
    // SAFETY: `OrtGetApiBase` has had this signature in every release; a null table is refused, and
    // the string that it gives is a constant of the library, which is loaded here.
    unsafe {
        let get_base: Symbol<'_, GetApiBase> = library
            .get(b"OrtGetApiBase\0")
            .map_err(|_| "it is not ONNX Runtime: it does not export OrtGetApiBase".to_owned())?;
        let base = get_base().as_ref().ok_or("it offers no interface: OrtGetApiBase gives null")?;
        let text = (base.GetVersionString)();
        if text.is_null() {
            return Err("it does not say its version".to_owned());
        }
        Ok(CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}

/// The system's own message, which the error of `libloading` keeps as its source.
fn reason(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_and_a_file_that_is_no_library_say_why() {
        assert!(version_of(Path::new("/nonexistent/libonnxruntime.so")).is_err());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "not a library").unwrap();
        let why = version_of(file.path()).unwrap_err();
        assert!(!why.is_empty());
    }
}
