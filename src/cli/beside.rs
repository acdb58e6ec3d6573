//! What lies beside a model: the files that Hugging Face, Optimum and timm put there, as layers of
//! settings.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::ModelFile;
use crate::plan::{Layer, ModelSettings, Settings, Source};
use crate::preprocess::config::{self, Found, Labels};
use crate::preprocess::{Layout, Size};
use crate::regular_file;

/// How an image is prepared, by Hugging Face's transformers.
const PREPROCESSOR: &str = "preprocessor_config.json";
/// Class names, by transformers; these and the preprocessing, by timm.
const CONFIG: &str = "config.json";
/// The folder in which Optimum puts models, one below the files.
const OPTIMUM: &str = "onnx";
/// Longest file that is read; names of 21,843 classes take a tenth of it.
const MAX_BYTES: u64 = 16 << 20;

/// The layers of the files beside `model`, strongest first, and remarks on what they ask for in vain.
pub fn beside(model: &ModelFile) -> Result<(Vec<Layer>, Vec<String>)> {
    let (mut layers, mut remarks) = (Vec::new(), Vec::new());
    let config = read(model.path(), CONFIG)?;
    let mut add = |path: &Path, found: Found| {
        remarks.extend(found.remarks.into_iter().map(|remark| format!("{}: {remark}", path.display())));
        layers.extend(found.said.into_iter().map(|said| {
            let settings = Settings { preprocess: said.settings, ..Settings::default() };
            Layer { source: Source::Beside(path.to_owned(), said.key), settings }
        }));
    };
    if let Some((path, text)) = read(model.path(), PREPROCESSOR)? {
        let model_type = config.as_ref().and_then(|(_, text)| config::model_type(text));
        let found =
            config::hugging_face(&text, model_type.as_deref()).map_err(|error| error.at_path(&path))?;
        add(&path, found);
    } else if let Some((path, text)) = &config {
        let found = config::timm(text, size_of(model)).map_err(|error| error.at_path(path))?;
        found.into_iter().for_each(|found| add(path, found));
    }
    if let Some((path, text)) = &config {
        let labels = config::labels(text).map_err(|error| error.at_path(path))?;
        layers.extend(labels.map(|labels| names(path, labels)));
    }
    Ok((layers, remarks))
}

fn names(path: &Path, labels: Labels) -> Layer {
    let mut settings = Settings::default();
    settings.data.class_names = Some(labels.names);
    settings.model =
        ModelSettings { background_class: labels.background.then_some(true), ..ModelSettings::default() };
    Layer { source: Source::Beside(path.to_owned(), labels.key), settings }
}

/// Height and width of the graph's input, where it states them.
fn size_of(model: &ModelFile) -> Option<Size> {
    let shape = model.input_port().ok()?.shape;
    let at = |axis: usize| shape.get(axis)?.known().and_then(|side| u32::try_from(side).ok());
    let (height, width) = match model.layout()? {
        Layout::Nchw => (at(2)?, at(3)?),
        Layout::Nhwc => (at(1)?, at(2)?),
    };
    Some(Size { width, height })
}

/// The file called `name` beside the model, or above it where the model lies in a folder `onnx`.
fn read(model: &Path, name: &str) -> Result<Option<(PathBuf, String)>> {
    let Some(path) = folders(model).into_iter().map(|folder| folder.join(name)).find(|path| is_there(path))
    else {
        return Ok(None);
    };
    let unreadable = |cause: &dyn std::fmt::Display| {
        Error::usage("a file beside the model cannot be read").because(cause).at_path(&path).help(
            "repair or remove it, or set `config_files = false` under [model] in bench.toml \
             (`--config-files false`)",
        )
    };
    let bytes = regular_file::read_at_most(&path, MAX_BYTES).map_err(|e| unreadable(&e))?;
    let text = String::from_utf8(bytes).map_err(|e| unreadable(&e))?;
    Ok(Some((path, text)))
}

/// Whatever has the name is meant, but for folders.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok() && !path.is_dir()
}

fn folders(model: &Path) -> Vec<PathBuf> {
    let beside = model.parent().unwrap_or(Path::new("")).to_owned();
    let absolute = std::path::absolute(model).unwrap_or_else(|_| model.to_owned());
    let in_optimum = absolute.parent().and_then(Path::file_name).is_some_and(|name| name == OPTIMUM);
    let above = in_optimum.then(|| if beside.as_os_str().is_empty() { "..".into() } else { above(&beside) });
    [Some(beside), above].into_iter().flatten().collect()
}

/// The folder above, written as the user would write it.
fn above(folder: &Path) -> PathBuf {
    match folder.parent() {
        Some(parent) if folder.file_name().is_some_and(|name| name == OPTIMUM) => parent.to_owned(),
        _ => folder.join(".."),
    }
}
