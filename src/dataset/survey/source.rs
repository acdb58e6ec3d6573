//! The lists of images that are looked at: the splits of a data set, and what it is compared with.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::selection::Selection;
use crate::dataset::{Dataset, Entry, Image, Picture, files, formats, select, splits_of};
use crate::error::{Error, Result};
use crate::plan::{DatasetSpec, OnBadImage, Part};
use crate::preprocess::Decoding;
use crate::record::DatasetIdentity;
use crate::regular_file;

/// As much of a file as tells whether it is a list of ids, bytes.
const START: u64 = 1 << 16;

/// One list of images.
pub struct Source {
    data: Selection,
    /// What it is called where it is only compared with.
    beside: Option<String>,
    /// The data that its ids are of.
    path: PathBuf,
}

impl Source {
    /// The images that `spec` means. An image file that is not there is told when it is read.
    pub fn open(spec: &DatasetSpec) -> Result<Self> {
        let spec = DatasetSpec { on_bad_image: OnBadImage::Skip, ..spec.clone() };
        let data = select(&spec, Decoding::default())?;
        // A pattern for shards is no path of anything.
        let path = spec.path.canonicalize().unwrap_or(spec.path);
        Ok(Self { data, beside: None, path })
    }

    /// Whether it is no part of the data set and only compared with it.
    pub fn is_beside(&self) -> bool {
        self.beside.is_some()
    }

    /// What it is ([`Dataset::identity`]).
    pub fn identity(&self) -> &DatasetIdentity {
        self.data.identity()
    }

    /// What it is called: the split, where there are splits.
    pub fn name(&self) -> &str {
        let split = || self.identity().split.as_deref();
        self.beside.as_deref().or_else(split).unwrap_or("all")
    }

    /// Number of images.
    pub fn count(&self) -> usize {
        self.data.count()
    }

    /// Whether an id means the same image in both: they are of the same split of the same data.
    pub(super) fn shares_ids_with(&self, other: &Self) -> bool {
        self.path == other.path && self.identity().split == other.identity().split
    }

    pub(super) fn entry(&self, index: usize) -> Result<Entry> {
        self.data.entry(index)
    }

    pub(super) fn picture(&self, index: usize) -> Result<Picture> {
        self.data.picture(index)
    }

    pub(super) fn decoded(&self, picture: Picture, index: usize) -> Result<Image> {
        self.data.decoded(picture, index)
    }

    pub(super) fn image(&self, index: usize) -> Result<Image> {
        self.data.image(index)
    }

    /// Extension of the file of image `index`, where it has an image's, in lower case.
    pub(super) fn extension(&self, index: usize) -> Option<String> {
        let extension = self.data.file(index)?.extension()?.to_str()?.to_ascii_lowercase();
        files::EXTENSIONS.contains(&extension.as_str()).then_some(extension)
    }

    pub(super) fn slices(&self) -> &[String] {
        self.data.slices()
    }

    pub(super) fn slice_values(&self, index: usize) -> Result<Vec<&str>> {
        self.data.slice_values(index)
    }

    /// Name of the class `label`.
    pub(super) fn class(&self, label: u32) -> String {
        let name = self.identity().classes.get(label as usize);
        name.cloned().unwrap_or_else(|| label.to_string())
    }
}

/// The splits that `spec` means: the one that it names or that its list belongs to, else all that
/// there are. Fails where one of them cannot be listed.
pub fn sources(spec: &DatasetSpec) -> Result<Vec<Source>> {
    let one = spec.split.is_some() || spec.part.list.is_some();
    let found = if one { Vec::new() } else { splits_of(spec)? };
    if found.is_empty() {
        return Ok(vec![Source::open(spec)?]);
    }
    let open = |split: String| Source::open(&DatasetSpec { split: Some(split), ..spec.clone() });
    found.into_iter().map(open).collect()
}

/// The images that `path` names, to compare those of `spec` with: a list of ids of the data set of
/// `spec`, or another data set. `split` is the split of either that is meant; where none is, a list is
/// of the split of `spec`, and of another data set every split is one of the sources. Fails where
/// `path` is neither.
pub fn beside(path: &Path, split: Option<&str>, spec: &DatasetSpec) -> Result<Vec<Source>> {
    let own = split.map(str::to_owned).or_else(|| spec.split.clone());
    let whole = DatasetSpec { part: Part::default(), limit: None, shard: None, split: own, ..spec.clone() };
    let found = if path.is_file() && is_list(path, &whole)? {
        let part = Part { list: Some(path.to_owned()), ..Part::default() };
        vec![Source::open(&DatasetSpec { part, ..whole })?]
    } else {
        let split = split.map(str::to_owned);
        other(DatasetSpec { path: path.to_owned(), split, ..whole }, path == spec.path)?
    };
    let several = found.len() > 1;
    let named = |source: Source| {
        let split = split.or(source.identity().split.as_deref().filter(|_| several));
        Source { beside: Some(name_of(path, split)), ..source }
    };
    Ok(found.into_iter().map(named).collect())
}

/// What another data set is called on a page, with its split where one of several is meant.
pub fn name_of(path: &Path, split: Option<&str>) -> String {
    let name = files::short_name(path);
    split.map_or(name.clone(), |split| format!("{name} ({split})"))
}

/// The splits of the data set at the path of `alike`, which says all else of it as of the data that it
/// is compared with. That is meant of the `same` data; another set is read as what it is, and so
/// only where it is not to be read otherwise.
fn other(alike: DatasetSpec, same: bool) -> Result<Vec<Source>> {
    if same {
        return sources(&alike);
    }
    let plain = DatasetSpec { split: alike.split.clone(), ..DatasetSpec::at(&alike.path) };
    match sources(&plain) {
        Err(error) => sources(&alike).map_err(|_| unlike(&plain, error)),
        found => found,
    }
}

/// Why there are no images at a path that may be a list.
fn unlike(spec: &DatasetSpec, error: Error) -> Error {
    if spec.path.is_file() && formats::of(spec).is_err() { neither(&spec.path, error) } else { error }
}

fn neither(path: &Path, cause: Error) -> Error {
    Error::usage("this is neither a list of ids of the data set nor a data set")
        .because(cause.what)
        .at_path(path)
        .help("a list has one id a line, as `bench data PATH --split 80/20 --out DIR` writes them; name the split of its images (--against-split, --calibration-split) where that is another one")
}

/// Whether the first line of the file at `path` is an id of the data that `spec` means.
fn is_list(path: &Path, spec: &DatasetSpec) -> Result<bool> {
    let mut start = Vec::new();
    let Ok(file) = regular_file::open(path) else { return Ok(false) };
    if file.take(START).read_to_end(&mut start).is_err() {
        return Ok(false);
    }
    let text = String::from_utf8_lossy(&start);
    let text = text.trim_start_matches('\u{feff}');
    let Some(first) = text.lines().find(|line| !line.is_empty()) else { return Ok(false) };
    let data = Source::open(spec)?;
    for index in 0..data.count() {
        if data.entry(index)?.id == first {
            return Ok(true);
        }
    }
    Ok(false)
}
