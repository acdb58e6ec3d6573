//! `bench.toml`: which one applies, and what is in it.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Layer, Settings, Source};
use crate::error::{Error, Result};
use crate::regular_file;

/// Name of the settings file.
const FILE_NAME: &str = "bench.toml";
/// Longest settings file that is read, bytes; names of 21,843 classes take a tenth of it.
const MAX_BYTES: u64 = 16 << 20;

/// The settings file that applies: beside the model, else upward from `working`.
pub fn discover(model: &Path, working: &Path) -> Option<PathBuf> {
    let beside = model.parent().map(|folder| folder.join(FILE_NAME));
    let upward = working.ancestors().map(|folder| folder.join(FILE_NAME));
    // Whatever has the name is meant: one that is no file is refused when it is read.
    beside.into_iter().chain(upward).find(|path| path.symlink_metadata().is_ok())
}

/// Reads a settings file; a data path in it becomes relative to the file.
pub fn read_file(path: &Path) -> Result<Layer> {
    let unreadable = |cause: &dyn fmt::Display| {
        Error::usage("the settings file cannot be read").because(cause).at_path(path).help(format!(
            "a file of the name {FILE_NAME} holds settings; repair, rename or remove what is there"
        ))
    };
    let bytes = regular_file::read_at_most(path, MAX_BYTES).map_err(|e| unreadable(&e))?;
    let text = String::from_utf8(bytes).map_err(|e| unreadable(&e))?;
    let mut settings: Settings = toml::from_str(&text).map_err(|e| {
        Error::usage("the settings file is not understood")
            .because(e.message())
            .at(place_in(path, &text, e.span()))
            .help("docs/guide.md lists every setting")
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let data = &mut settings.data;
    for place in [&mut data.path, &mut data.list, &mut data.calibration].into_iter().flatten() {
        *place = folder.join(&place);
    }
    Ok(Layer { source: Source::File(path.to_owned()), settings })
}

fn place_in(path: &Path, text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let line = span.and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_the_place_of_the_file_is_found_and_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::create_dir(&path).unwrap();
        assert_eq!(discover(&folder.path().join("m.onnx"), Path::new("/")), Some(path.clone()));
        let error = read_file(&path).unwrap_err();
        assert!(error.cause.unwrap().contains("folder") && error.help.unwrap().contains("rename"));
    }

    #[test]
    fn what_is_far_too_long_or_no_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, vec![b'#'; MAX_BYTES as usize + 1]).unwrap();
        assert!(read_file(&path).unwrap_err().cause.unwrap().contains("longer than"));
        std::fs::write(&path, b"\xff").unwrap();
        assert!(read_file(&path).unwrap_err().cause.unwrap().contains("utf-8"));
    }

    #[test]
    fn an_unknown_setting_is_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "[measure]\nbatch = 8\nbatchs = 9\n").unwrap();
        let error = read_file(&path).unwrap_err();
        assert!(error.place.unwrap().ends_with("bench.toml:3"));
        assert!(error.cause.unwrap().contains("batchs"));
    }

    #[test]
    fn a_data_path_is_relative_to_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let text = "[data]\npath = \"images\"\nlist = \"ids.txt\"\ncalibration = \"calib\"\n";
        std::fs::write(&path, text).unwrap();
        let data = read_file(&path).unwrap().settings.data;
        let beside = |name: &str| Some(folder.path().join(name));
        assert_eq!(data.path, beside("images"));
        assert_eq!((data.list, data.calibration), (beside("ids.txt"), beside("calib")));
    }

    #[test]
    fn the_file_beside_the_model_goes_before_the_one_above_the_working_directory() {
        let folder = tempfile::tempdir().unwrap();
        let (models, work) = (folder.path().join("models"), folder.path().join("work/deep"));
        std::fs::create_dir_all(&models).unwrap();
        std::fs::create_dir_all(&work).unwrap();
        std::fs::write(folder.path().join("work").join(FILE_NAME), "").unwrap();
        let model = models.join("m.onnx");
        assert_eq!(discover(&model, &work), Some(folder.path().join("work").join(FILE_NAME)));
        std::fs::write(models.join(FILE_NAME), "").unwrap();
        assert_eq!(discover(&model, &work), Some(models.join(FILE_NAME)));
    }
}
