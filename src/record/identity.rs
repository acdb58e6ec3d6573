//! Who took part: a model by the bytes of its files, data by ids, labels and pixels, or the lengths of the
//! files that hold those.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::sha256_of;
use crate::plan::Shard;

/// The program that wrote a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolIdentity {
    /// `bench`.
    pub name: String,
    /// Version of the package.
    pub version: String,
}

impl ToolIdentity {
    /// This very program.
    pub fn current() -> Self {
        Self { name: "bench".into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// A model file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelIdentity {
    /// Path as the user gave it.
    pub path: String,
    /// SHA-256 in hexadecimal of the file followed by its external data.
    pub sha256: String,
    /// Bytes of the model: the file and its external data.
    pub bytes: u64,
    /// Number of trained parameters.
    pub parameters: u64,
    /// Bytes of the initializers by element type.
    pub initializer_bytes: BTreeMap<String, u64>,
    /// Opset of the default domain.
    pub opset: i64,
    /// One line about the quantization: `QDQ, u8 activations, s8 weights per channel`, or `none`.
    pub quantization: String,
    /// What a reviewer should know about it.
    pub remarks: Vec<String>,
}

/// A data set as it was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetIdentity {
    /// A short name, such as the folder's.
    pub name: String,
    /// The format that was read.
    pub format: String,
    /// The split, where the format has splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Number of images that were to be evaluated, unreadable ones included.
    pub images: usize,
    /// Class names in label order.
    pub classes: Vec<String>,
    /// What the data itself calls them, where the model calls them otherwise and none of the names is
    /// the same: then they go together by their order alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_classes: Vec<String>,
    /// SHA-256 over the ordered ids and labels and the digest or length of what holds the pixels.
    pub sha256: String,
    /// Name and version of what decoded JPEG files, where images were files and not plain pixels:
    /// lossless formats are the same in every decoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<String>,
    /// Which part of a larger data set this is, where several machines share the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardIdentity>,
    /// What lay among the images and was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<PassedOver>,
}

/// One of several parts of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShardIdentity {
    /// Which part.
    pub shard: Shard,
    /// All parts together.
    pub whole: WholeIdentity,
}

/// The data set that several parts make: what [`DatasetIdentity`] would say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WholeIdentity {
    /// Its number of images.
    pub images: usize,
    /// Its digest.
    pub sha256: String,
}

/// Files that a reader might take for part of the data, and that are not: of another format, links
/// to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassedOver {
    /// How many.
    pub count: usize,
    /// Path of the first below the root of the data.
    pub first: String,
}

/// The runtime that really ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeIdentity {
    /// Name in the list of runtimes.
    pub name: String,
    /// Version of the runtime itself: ONNX Runtime's, not the crate's.
    pub version: String,
    /// The execution provider or device that runs: `CPUExecutionProvider`, `CUDAExecutionProvider` …
    pub provider: String,
    /// The loaded library, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// SHA-256 of that file in hexadecimal, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library_sha256: Option<String>,
}

impl RuntimeIdentity {
    /// A runtime of this name and version, what it runs on, and the library it was loaded from.
    pub fn new(name: &str, version: &str, provider: &str, library: Option<&Path>) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            provider: provider.to_owned(),
            library: library.map(|path| path.display().to_string()),
            library_sha256: None,
        }
    }

    /// The same with the digest of its library. Reads the whole file where nobody has yet, so not for
    /// every launch.
    pub fn with_digest(mut self) -> Self {
        let read = || sha256_of(File::open(self.library.as_ref()?).ok()?).ok();
        self.library_sha256 = self.library_sha256.or_else(read);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_known_by_its_content_and_one_that_cannot_be_read_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.so");
        std::fs::write(&path, "abc").unwrap();
        let digest =
            |path: &Path| RuntimeIdentity::new("ort", "1", "CPU", Some(path)).with_digest().library_sha256;
        assert!(digest(&path).unwrap().starts_with("ba7816bf"));
        assert_eq!(digest(Path::new("libonnxruntime.so")), None);
        assert_eq!(RuntimeIdentity::new("tract", "1", "CPU", None).with_digest().library_sha256, None);
    }
}
