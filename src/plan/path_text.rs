//! Paths as text, for records and for the way to a worker. A path that is no UTF-8 is still a path: on
//! Unix each byte that is no text is written as a NUL and two hexadecimal digits. No path holds a NUL,
//! so that every other path stays as it is.

use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Stands before the digits of a byte that is no text.
const MARK: char = '\0';

/// For `#[serde(serialize_with)]`.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    match to_text(path) {
        Some(text) => text.serialize(serializer),
        None => Err(S::Error::custom("the path is not Unicode: rename it")),
    }
}

/// For `#[serde(deserialize_with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    from_text(&text).ok_or_else(|| D::Error::custom(format!("`{}` is no path", text.escape_default())))
}

/// The same for a path that may be absent.
pub mod option {
    use super::*;

    /// For `#[serde(serialize_with)]`.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        match path {
            Some(path) => super::serialize(path, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// For `#[serde(deserialize_with)]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(unix)]
fn to_text(path: &Path) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("{MARK}{byte:02x}")));
    }
    Some(text)
}

#[cfg(not(unix))]
fn to_text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

#[cfg(unix)]
fn from_text(text: &str) -> Option<PathBuf> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let mut parts = text.split(MARK);
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    Some(OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn from_text(text: &str) -> Option<PathBuf> {
    (!text.contains(MARK)).then(|| text.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::*;

    fn path(bytes: &[u8]) -> PathBuf {
        Path::new(OsStr::from_bytes(bytes)).to_owned()
    }

    #[test]
    fn a_path_of_text_is_written_as_it_is() {
        assert_eq!(to_text(Path::new("a\\x/ä b.onnx")).unwrap(), "a\\x/ä b.onnx");
        assert_eq!(to_text(&path(b"m\xff0.onnx")).unwrap(), "m\0ff0.onnx");
    }

    #[test]
    fn text_that_is_no_path_is_refused() {
        for text in ["a\0", "a\0f", "a\0xy", "a\0ä"] {
            assert_eq!(from_text(text), None, "{}", text.escape_default());
        }
    }

    proptest! {
        #[test]
        fn every_path_comes_back(bytes in prop::collection::vec(1u8.., 0..40)) {
            let path = path(&bytes);
            prop_assert_eq!(from_text(&to_text(&path).unwrap()), Some(path));
        }
    }
}
