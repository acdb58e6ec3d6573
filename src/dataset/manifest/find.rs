//! Which file is the manifest, and of what kind it is.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::line::{self, Lines};
use super::{delimited, header, json_lines, listing};
use crate::dataset::files::{files_in, parent, short_name};
use crate::dataset::splits;
use crate::dataset::wording::some;
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;

/// Names of manifests in a folder, besides those of splits, without their extensions.
const STEMS: [&str; 7] = ["manifest", "metadata", "labels", "annotations", "index", "val_map", "y_labels"];

/// How the lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Delimited,
    JsonLines,
    Listing,
}

impl Kind {
    fn of_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Delimited),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "txt" => Some(Self::Listing),
            _ => None,
        }
    }

    /// By the first line, where the name does not tell.
    fn of_line(line: &str) -> Self {
        match line {
            line if line.starts_with('{') => Self::JsonLines,
            line if line.contains([',', '\t', ';']) => Self::Delimited,
            _ => Self::Listing,
        }
    }
}

/// A manifest that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub path: PathBuf,
    pub kind: Kind,
    /// Short name of the data set.
    pub name: String,
    /// The split, where the name tells of a usual one, or of the one that is asked for.
    pub split: Option<String>,
}

/// Whether `path` is a manifest by its extension and first line, or a folder that holds one.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    if path.is_dir() {
        return Ok(!candidates(path)?.is_empty());
    }
    match Kind::of_extension(path) {
        // Who names such a file means it, and learns what is wrong with it.
        Some(Kind::Delimited | Kind::JsonLines) => Ok(path.is_file()),
        Some(Kind::Listing) => Ok(path.is_file() && looks_right(path, Kind::Listing)),
        None => Ok(false),
    }
}

/// The manifest that `spec` means.
pub(super) fn find(spec: &DatasetSpec) -> Result<Manifest> {
    let path = if spec.path.is_dir() { in_folder(spec)? } else { spec.path.clone() };
    let kind = match Kind::of_extension(&path) {
        Some(kind) => kind,
        None => first_line(&path)?.map_or(Kind::Listing, |line| Kind::of_line(&line)),
    };
    let split = split_of(&path).filter(|split| split != splits::ALL);
    // A folder's manifest may have any name that is asked for.
    let split = split.filter(|split| splits::usual(split).is_some() || spec.split.as_ref() == Some(split));
    let name = match split {
        Some(_) => short_name(parent(&path)),
        None if spec.path.is_dir() => short_name(&spec.path),
        None => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    Ok(Manifest { path, kind, name, split })
}

/// Whether the manifest at `path` is the only one in `folder` with a usual name.
pub(super) fn is_alone(path: &Path, folder: &Path) -> Result<bool> {
    Ok(candidates(folder)? == [path])
}

/// The splits that the names of the manifests in a folder tell; a file is of one.
pub(super) fn splits_in(path: &Path) -> Result<Vec<String>> {
    let found = if path.is_dir() { candidates(path)? } else { Vec::new() };
    let told = found.iter().filter_map(|path| split_of(path)).filter(|split| split != splits::ALL);
    Ok(told.collect::<BTreeSet<_>>().into_iter().collect())
}

fn in_folder(spec: &DatasetSpec) -> Result<PathBuf> {
    let mut found = candidates(&spec.path)?;
    if let Some(asked) = &spec.split {
        found.extend(named_as(&spec.path, asked));
        found.dedup();
    }
    if found.is_empty() {
        return Err(Error::unusable("there is no manifest here").at_path(&spec.path).help(format!(
            "name the file itself, or call it test.csv or one of {}, with .csv, .tsv, .jsonl or .txt",
            STEMS.join(", ")
        )));
    }
    let named: Vec<(String, PathBuf)> =
        found.into_iter().filter_map(|path| Some((split_of(&path)?, path))).collect();
    let names: Vec<&str> = named.iter().map(|(split, _)| split.as_str()).collect();
    // Where no name tells of a split, a column may.
    let asked = spec.split.as_deref().filter(|_| names.iter().any(|name| *name != splits::ALL));
    let split = splits::choose(&names, asked).map_err(|error| error.at_path(&spec.path))?;
    let mut chosen = named.iter().filter(|(name, _)| *name == split);
    match (chosen.next(), chosen.next()) {
        (Some((_, only)), None) => Ok(only.clone()),
        _ => Err(Error::usage("there are several manifests here")
            .at_path(&spec.path)
            .help(format!("name one of them: {}", some(named.iter().map(|(_, path)| short_name(path)))))),
    }
}

/// Tables of any name in `folder` whose first line names paths and labels, in the byte order of names.
pub(super) fn lists_in(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(files_in(folder)?.into_iter().filter(|path| is_table(path) && is_one(path)).collect())
}

/// Whether the extension is one of tables. Texts may be anything.
pub(super) fn is_table(path: &Path) -> bool {
    matches!(Kind::of_extension(path), Some(Kind::Delimited | Kind::JsonLines))
}

/// Files of the usual names whose first line is understood.
fn candidates(folder: &Path) -> Result<Vec<PathBuf>> {
    let usual = |path: &Path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        stem.is_some_and(|stem| splits::usual(stem).is_some() || STEMS.contains(&stem))
    };
    Ok(files_in(folder)?.into_iter().filter(|path| usual(path) && is_one(path)).collect())
}

/// Whether the extension is one of manifests, and the first line too.
fn is_one(path: &Path) -> bool {
    Kind::of_extension(path).is_some_and(|kind| looks_right(path, kind))
}

/// A manifest with the name of a split that is not among the usual ones.
fn named_as(folder: &Path, split: &str) -> Option<PathBuf> {
    let single = Path::new(split).components().count() == 1 && !split.starts_with('.');
    let mut paths =
        ["csv", "tsv", "jsonl", "ndjson", "txt"].iter().map(|end| folder.join(format!("{split}.{end}")));
    paths.find(|path| single && path.is_file())
}

/// The split that the name of a manifest tells; `all` for one of the other usual names.
fn split_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    Some(if STEMS.contains(&stem) { splits::ALL } else { stem }.to_owned())
}

/// Whether the first line is that of a manifest. A file that cannot be read is none.
fn looks_right(path: &Path, kind: Kind) -> bool {
    let Ok(Some(line)) = first_line(path) else { return false };
    match kind {
        Kind::Delimited => {
            let fields: Vec<&str> =
                line.split([',', ';', '\t', '|']).map(|field| field.trim().trim_matches('"')).collect();
            header::is_usual(&fields) || delimited::is_y_labels(&fields)
        }
        Kind::JsonLines => json_lines::is_usual(&line),
        Kind::Listing => listing::is_usual(&line),
    }
}

fn first_line(path: &Path) -> Result<Option<String>> {
    let reader: &mut dyn BufRead = &mut line::open(path)?;
    Lines::of(reader).next().map(|line| line.map(str::to_owned)).map_err(|error| error.at_path(path))
}
