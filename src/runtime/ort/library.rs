//! Finds the ONNX Runtime library: looks in a fixed order, takes the first that is new enough, and
//! remembers why the others were refused.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::pins::Build;
use super::version::version_of;
use super::{Settings, provision};
use crate::cache;

/// The oldest 1.N that this program can drive.
pub const OLDEST_MINOR: u32 = 24;
/// The newest 1.N that it was tried with.
pub const NEWEST_TRIED_MINOR: u32 = 31;

/// Where a library was looked for, in the order of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `--ort-lib` or `ORT_DYLIB_PATH`. When it fails, nothing else is tried.
    Explicit,
    /// The folder of the program, or `../lib` from there.
    Program,
    /// The folder that `bench setup` fills.
    Cache,
    /// The active Python environment: `VIRTUAL_ENV` or `CONDA_PREFIX`.
    PythonEnvironment,
    /// Packages of the user's or the system's Python.
    SitePackages,
    /// Wherever the system's loader looks.
    Loader,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Explicit => "asked for",
            Self::Program => "beside bench",
            Self::Cache => "bench cache",
            Self::PythonEnvironment => "python environment",
            Self::SitePackages => "python packages",
            Self::Loader => "system loader",
        })
    }
}

/// A file that may be the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it was looked for.
    pub source: Source,
    /// The file; only a name for [`Source::Loader`].
    pub path: PathBuf,
}

/// A library that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Library {
    /// Where it was found.
    pub source: Source,
    /// The file.
    pub path: PathBuf,
    /// Its own version, such as `1.31.1`.
    pub version: String,
    /// Its SHA-256 in hexadecimal, where it was held to that of its pin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether the CUDA provider lies beside it.
    pub cuda: bool,
    /// What the user should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A library that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refusal {
    /// Where it was found.
    pub source: Source,
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub why: String,
}

/// The outcome of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The first that can be used.
    pub found: Option<Library>,
    /// Those before it that cannot.
    pub refused: Vec<Refusal>,
}

/// The folders to look into; gathered once, so that looking itself can be tested.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Named by the user.
    pub explicit: Option<PathBuf>,
    /// The program's own folder.
    pub program: Option<PathBuf>,
    /// Root of the cache.
    pub cache: Option<PathBuf>,
    /// Folders of active Python environments.
    pub environments: Vec<PathBuf>,
    /// Folders that hold a `python3.N` folder each.
    pub python_roots: Vec<PathBuf>,
    /// Whether to ask the system's loader last.
    pub loader: bool,
}

impl Places {
    /// The places on this machine.
    pub fn here(settings: &Settings) -> Self {
        Self {
            explicit: settings.library.clone(),
            program: env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf)),
            cache: cache::root().ok(),
            environments: set_folders(&["VIRTUAL_ENV", "CONDA_PREFIX"]),
            python_roots: python_roots(),
            loader: true,
        }
    }

    /// Every file there that may be the library, in the order of looking. With [`Build::Gpu`] only
    /// those that have the CUDA provider beside them, unless the user named one.
    pub fn candidates(&self, build: Build) -> Vec<Place> {
        if let Some(path) = &self.explicit {
            return vec![Place { source: Source::Explicit, path: path.clone() }];
        }
        let mut places = self.beside_program();
        places.extend(self.cached());
        places.extend(self.in_environments());
        places.extend(self.in_site_packages());
        if build == Build::Gpu {
            places.retain(|place| has_cuda(&place.path));
        } else if self.loader {
            places.extend(LOADER_NAMES.iter().map(|name| Place::new(Source::Loader, name.into())));
        }
        places
    }

    fn beside_program(&self) -> Vec<Place> {
        let Some(program) = &self.program else { return Vec::new() };
        [program.clone(), program.join("../lib")]
            .iter()
            .flat_map(|folder| libraries_in(folder))
            .map(|path| Place::new(Source::Program, path))
            .collect()
    }

    fn cached(&self) -> Vec<Place> {
        let Some(cache) = &self.cache else { return Vec::new() };
        [Build::Cpu, Build::Gpu]
            .iter()
            .flat_map(|&build| libraries_in(&provision::folder(cache, build)))
            .map(|path| Place::new(Source::Cache, path))
            .collect()
    }

    fn in_environments(&self) -> Vec<Place> {
        self.environments
            .iter()
            .flat_map(|root| newest_first(packages_of(root)))
            .map(|path| Place::new(Source::PythonEnvironment, path))
            .collect()
    }

    fn in_site_packages(&self) -> Vec<Place> {
        let all = self.python_roots.iter().flat_map(|root| packages_in(root)).collect();
        newest_first(all).into_iter().map(|path| Place::new(Source::SitePackages, path)).collect()
    }

    /// Folders named `site-packages` or `dist-packages`: where the CUDA libraries of PyPI lie.
    pub fn site_packages(&self) -> Vec<PathBuf> {
        let environments = self.environments.iter().flat_map(|root| site_folders(&lib_folder(root)));
        environments.chain(self.python_roots.iter().flat_map(|root| site_folders(root))).collect()
    }

    /// Looks for the first library of `build` that can be used.
    pub fn search(&self, build: Build) -> Search {
        let mut search = Search::default();
        for place in self.candidates(build) {
            match self.examine(&place) {
                Ok(library) => return Search { found: Some(library), ..search },
                Err(refusal) => search.refused.push(refusal),
            }
        }
        search
    }

    /// Whether the library at `place` can be used.
    pub fn examine(&self, place: &Place) -> Result<Library, Refusal> {
        self.judge(place).map_err(|why| Refusal { source: place.source, path: place.path.clone(), why })
    }

    fn judge(&self, place: &Place) -> Result<Library, String> {
        let cache = self.cache.as_deref().filter(|_| place.source == Source::Cache);
        let sha256 = cache.map(|cache| provision::verify(cache, &place.path)).transpose()?;
        let version = version_of(&place.path)?;
        let note = accept(&version)?;
        let cuda = has_cuda(&place.path);
        let sha256 = sha256.map(str::to_owned);
        Ok(Library { source: place.source, path: place.path.clone(), version, sha256, cuda, note })
    }
}

impl Place {
    fn new(source: Source, path: PathBuf) -> Self {
        Self { source, path }
    }
}

/// Whether this version can be driven; a note when it is newer than any that was tried.
fn accept(version: &str) -> Result<Option<String>, String> {
    let unreadable = || format!("its version `{version}` cannot be read");
    let mut numbers = version.split('.');
    let major: u32 = numbers.next().and_then(|n| n.parse().ok()).ok_or_else(unreadable)?;
    let minor: u32 = numbers.next().and_then(|n| n.parse().ok()).ok_or_else(unreadable)?;
    if major != 1 || minor < OLDEST_MINOR {
        return Err(format!("it is version {version}; 1.{OLDEST_MINOR} or a later 1.x is needed"));
    }
    Ok((minor > NEWEST_TRIED_MINOR)
        .then(|| format!("newer than 1.{NEWEST_TRIED_MINOR}, the newest that bench was tried with")))
}

#[cfg(target_os = "windows")]
const LOADER_NAMES: &[&str] = &["onnxruntime.dll"];
#[cfg(target_os = "macos")]
const LOADER_NAMES: &[&str] = &["libonnxruntime.dylib"];
#[cfg(not(any(target_os = "windows", target_os = "macos")))]
const LOADER_NAMES: &[&str] = &["libonnxruntime.so", "libonnxruntime.so.1"];

/// `libonnxruntime.so.1.31.1`, `libonnxruntime.1.31.1.dylib`, `onnxruntime.dll`; no provider.
fn is_library(name: &str) -> bool {
    let stem = if cfg!(windows) { "onnxruntime." } else { "libonnxruntime." };
    let of_this_system = if cfg!(windows) {
        name.ends_with(".dll")
    } else if cfg!(target_os = "macos") {
        name.ends_with(".dylib")
    } else {
        name.contains(".so")
    };
    name.starts_with(stem) && of_this_system
}

/// The libraries of a folder, the newest first. Two names of one file count once.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(folder)
        .into_iter()
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_library))
        .collect();
    found.sort();
    let mut real: Vec<PathBuf> = Vec::new();
    found.retain(|path| {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let new = !real.contains(&target);
        real.push(target);
        new
    });
    newest_first(found)
}

/// Sorts by the version in the file's name, the newest first; those without one come last.
fn newest_first(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort_by_key(|path| std::cmp::Reverse(numbers_in(path.file_name())));
    paths
}

fn numbers_in(name: Option<&std::ffi::OsStr>) -> Vec<u32> {
    let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// Libraries of the package onnxruntime in an environment's own Python.
fn packages_of(environment: &Path) -> Vec<PathBuf> {
    packages_in(&lib_folder(environment))
}

fn lib_folder(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Lib" } else { "lib" })
}

fn packages_in(root: &Path) -> Vec<PathBuf> {
    site_folders(root).iter().flat_map(|site| libraries_in(&site.join("onnxruntime/capi"))).collect()
}

/// `ROOT/python3.N/{site,dist}-packages`, the highest Python first, and `ROOT/site-packages`.
fn site_folders(root: &Path) -> Vec<PathBuf> {
    let pythons = entries(root).into_iter().filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
        name.is_some_and(|name| name.starts_with("python3"))
    });
    let mut folders = newest_first(pythons.collect());
    folders.push(root.to_path_buf());
    folders
        .iter()
        .flat_map(|folder| {
            ["site-packages", "dist-packages", "Lib/site-packages"].map(|name| folder.join(name))
        })
        .filter(|folder| folder.is_dir())
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default()
}

/// Whether the CUDA provider lies beside the library: ONNX Runtime looks for it nowhere else.
fn has_cuda(library: &Path) -> bool {
    let name =
        if cfg!(windows) { "onnxruntime_providers_cuda.dll" } else { "libonnxruntime_providers_cuda.so" };
    library.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && folder.join(name).is_file())
}

fn set_folders(variables: &[&str]) -> Vec<PathBuf> {
    variables.iter().filter_map(env::var_os).filter(|v| !v.is_empty()).map(PathBuf::from).collect()
}

#[cfg(target_os = "windows")]
fn python_roots() -> Vec<PathBuf> {
    let user = set_folders(&["APPDATA"]).into_iter().map(|root| root.join("Python"));
    let system = set_folders(&["LOCALAPPDATA"]).into_iter().map(|root| root.join("Programs/Python"));
    user.chain(system).collect()
}

#[cfg(target_os = "macos")]
fn python_roots() -> Vec<PathBuf> {
    let home = set_folders(&["HOME"]).into_iter();
    let user = home.flat_map(|home| {
        let versions = entries(&home.join("Library/Python")).into_iter();
        versions.map(|version| version.join("lib/python")).chain([home.join(".local/lib")])
    });
    let frameworks = entries(Path::new("/Library/Frameworks/Python.framework/Versions"));
    let framework = frameworks.into_iter().map(|version| version.join("lib"));
    user.chain(framework).chain(["/opt/homebrew/lib".into(), "/usr/local/lib".into()]).collect()
}

#[cfg(not(any(target_os = "windows", target_os = "macos")))]
fn python_roots() -> Vec<PathBuf> {
    let user = set_folders(&["HOME"]).into_iter().map(|home| home.join(".local/lib"));
    user.chain(["/usr/local/lib".into(), "/usr/lib".into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "no library").unwrap();
    }

    #[test]
    fn versions_from_the_oldest_supported_on_are_taken() {
        assert_eq!(accept("1.24.0"), Ok(None));
        assert!(accept("1.32.0").unwrap().unwrap().contains("newer than 1.31"));
        assert!(accept("1.23.2").unwrap_err().contains("1.24 or a later"));
        assert!(accept("2.0.0").is_err());
        assert!(accept("nightly").unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn a_library_that_the_user_named_is_the_only_candidate() {
        let places = Places { explicit: Some("/x/lib.so".into()), loader: true, ..Places::default() };
        let candidates = places.candidates(Build::Cpu);
        assert_eq!(candidates, [Place::new(Source::Explicit, "/x/lib.so".into())]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn places_are_looked_at_in_order_and_refusals_keep_their_reason() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        touch(&at("bin/libonnxruntime.so"));
        touch(&at("venv/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.30.0"));
        touch(&at("lib/python3.9/dist-packages/onnxruntime/capi/libonnxruntime.so.1.31.1"));
        touch(&at("lib/python3.13/site-packages/onnxruntime/capi/libonnxruntime.so.1.9.0"));
        touch(&at("lib/python3.13/site-packages/onnxruntime/capi/libonnxruntime_providers_shared.so"));
        let places = Places {
            program: Some(at("bin")),
            environments: vec![at("venv")],
            python_roots: vec![at("lib")],
            ..Places::default()
        };

        let search = places.search(Build::Cpu);

        assert_eq!(search.found, None);
        let sources: Vec<Source> = search.refused.iter().map(|refusal| refusal.source).collect();
        use Source::{Program, PythonEnvironment, SitePackages};
        assert_eq!(sources, [Program, PythonEnvironment, SitePackages, SitePackages]);
        assert!(search.refused[2].path.ends_with("libonnxruntime.so.1.31.1"), "the newest comes first");
        assert!(search.refused.iter().all(|refusal| !refusal.why.is_empty()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_gpu_library_has_its_provider_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let capi = root.path().join("lib/python3.11/site-packages/onnxruntime/capi");
        touch(&capi.join("libonnxruntime.so.1.31.1"));
        let places = Places { environments: vec![root.path().to_path_buf()], ..Places::default() };
        assert!(places.candidates(Build::Gpu).is_empty());
        touch(&capi.join("libonnxruntime_providers_cuda.so"));
        assert_eq!(places.candidates(Build::Gpu).len(), 1);
    }
}
