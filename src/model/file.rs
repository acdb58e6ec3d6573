//! A model file on disk: read once, checked, decoded, and named by its content.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost::bytes::Bytes;
use sha2::{Digest, Sha256};

use super::graph::main_graph;
use super::onnx::{GraphProto, ModelProto};
use super::{Census, Passport, external, foreign};
use crate::digest::hex;
use crate::error::{Error, Result};
use crate::record::ModelIdentity;

/// Protobuf counts lengths in 31 bits.
const LARGEST: u64 = i32::MAX as u64;

/// An ONNX file with its external data, if any.
#[derive(Clone, Debug)]
pub struct ModelFile {
    path: PathBuf,
    sha256: String,
    file_sha256: String,
    file_bytes: u64,
    external_bytes: u64,
    model: ModelProto,
}

impl ModelFile {
    /// Reads, checks and decodes the file at `path`. External data must exist, lie in the model's
    /// folder and be long enough; it is read only for the digest.
    ///
    /// Fails when there is no such file, when it cannot be an ONNX model, or when its external data
    /// cannot be used; the error says what the file is instead, where that is known.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|error| error.at_path(path))?;
        let model = decode(bytes.clone()).map_err(|error| error.at_path(path))?;
        let external = external::files(&model, path)?;
        let file = Sha256::new().chain_update(&bytes);
        Ok(Self {
            path: path.to_owned(),
            sha256: with_external(file.clone(), &external)?,
            file_sha256: hex(&file.finalize()),
            file_bytes: bytes.len() as u64,
            external_bytes: external.iter().map(|file| file.bytes).sum(),
            model,
        })
    }

    /// Path as the caller gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 in hexadecimal of all that the model consists of: the file, followed by its files of
    /// external data in the order of their names. It names the model in records.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// SHA-256 in hexadecimal of the .onnx file alone, as `sha256sum` prints it and as a worker checks
    /// it before it loads the file. The same as [`Self::sha256`] where there is no external data.
    pub fn file_sha256(&self) -> &str {
        &self.file_sha256
    }

    /// Bytes of the file and its external data.
    pub fn bytes(&self) -> u64 {
        self.file_bytes + self.external_bytes
    }

    /// Bytes of the .onnx file alone.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Bytes of the external data alone.
    pub fn external_bytes(&self) -> u64 {
        self.external_bytes
    }

    /// The decoded messages.
    pub fn model(&self) -> &ModelProto {
        &self.model
    }

    /// The main graph.
    pub fn graph(&self) -> &GraphProto {
        main_graph(&self.model)
    }

    /// What is stored in the model.
    pub fn census(&self) -> Census {
        Census::of(&self.model)
    }

    /// How the model is quantized.
    pub fn passport(&self) -> Passport {
        Passport::of(&self.model)
    }

    /// The model's own notes, by key.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        let entries = self.model.metadata_props.iter();
        entries.map(|entry| (entry.key().to_owned(), entry.value().to_owned())).collect()
    }

    /// What a record says about the model.
    pub fn identity(&self) -> ModelIdentity {
        let (census, passport) = (self.census(), self.passport());
        ModelIdentity {
            path: self.path.display().to_string(),
            sha256: self.sha256.clone(),
            bytes: self.bytes(),
            parameters: census.parameters,
            opset: census.opset(),
            quantization: passport.to_string(),
            remarks: passport.remarks.iter().map(|remark| format!("{remark}; {}", remark.advice())).collect(),
            initializer_bytes: census.initializer_bytes,
        }
    }
}

fn read(path: &Path) -> Result<Bytes> {
    let unreadable = |cause| Error::unusable("the model cannot be read").because(cause);
    let about = fs::metadata(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => Error::unusable("there is no such model file")
            .help("check the path; it is relative to the working directory"),
        _ => unreadable(cause),
    })?;
    if about.is_dir() {
        return Err(Error::unusable("a folder is not a model").help("name the .onnx file in it"));
    }
    if !about.is_file() {
        // A pipe or device could block or never end, and the runtimes open the path a second time.
        return Err(Error::unusable("the model is not a regular file").help("save it as an .onnx file first"));
    }
    if about.len() > LARGEST {
        return Err(Error::unusable(format!(
            "the model has {} bytes; an ONNX file ends at 2 GiB",
            about.len()
        ))
        .help("save it with external data: onnx.save_model(…, save_as_external_data=True)"));
    }
    fs::read(path).map(Bytes::from).map_err(unreadable)
}

/// Decodes a model and checks that it is one: protobuf accepts much that is not.
fn decode(bytes: Bytes) -> Result<ModelProto> {
    if bytes.is_empty() {
        return Err(Error::unusable("the model file is empty").help("copy or export it again"));
    }
    if let Some(error) = foreign::recognise(&bytes) {
        return Err(error);
    }
    let model = ModelProto::decode(bytes).map_err(|cause| {
        Error::unusable("the file is not an ONNX model, or it is cut short")
            .because(cause)
            .help("compare its size with the original's; export or download it again")
    })?;
    match missing_part(&model) {
        None => Ok(model),
        Some(part) => Err(Error::unusable(format!("the file is not an ONNX model: it has no {part}"))
            .help("export it again; a model cut short looks like this too")),
    }
}

fn missing_part(model: &ModelProto) -> Option<&'static str> {
    let graph = match &model.graph {
        None => return Some("graph"),
        Some(graph) => graph,
    };
    if graph.node.is_empty() {
        Some("operators")
    } else if graph.node.iter().any(|node| node.op_type().is_empty()) {
        Some("type for one of its operators")
    } else if model.opset_import.is_empty() {
        Some("operator set version")
    } else {
        None
    }
}

/// The digest of `sha256` continued over the external data.
fn with_external(mut sha256: Sha256, external: &[external::ExternalFile]) -> Result<String> {
    for file in external {
        file.feed(&mut sha256)?;
    }
    Ok(hex(&sha256.finalize()))
}
