//! Images and labels as arrays of NumPy: an `.npz` file, or `.npy` files in a folder. Which array is
//! what is told by its name: `images` and `labels`, `x_test` and `y_test`, `train_images` ….

pub(super) mod array;
mod npy;
mod npz;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use array::{Array, Axes};

use super::files::{self, parent, short_name};
use super::labels::{self, Labels};
use super::raw::{Part, RawImages};
use super::wording::some;
use super::{Content, classes, splits, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::regular_file;

/// What `.npz` files start with, as any zip archive, also one without arrays.
const ZIP_MAGIC: &[u8] = b"PK";
const IMAGES: [&str; 10] =
    ["x", "image", "images", "img", "imgs", "data", "pixels", "features", "input", "inputs"];
const LABELS: [&str; 7] = ["y", "label", "labels", "target", "targets", "class", "classes"];

/// What to do about arrays that have other names.
pub(super) const NAME_THEM: &str =
    "name the arrays images and labels, or x_test and y_test, x_train and y_train";

/// What an array is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Images(Option<Axes>),
    Labels,
}

/// Where an array is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    path: PathBuf,
    /// The array in an archive; absent for an `.npy` file.
    member: Option<String>,
}

impl Place {
    fn open(&self) -> Result<Array> {
        match &self.member {
            Some(member) => npz::open(&self.path, member),
            None => npy::open(&self.path),
        }
    }

    fn told(&self) -> String {
        match &self.member {
            Some(member) => format!("{member} in {}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }
}

/// The arrays of one split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pair {
    images: Option<(Place, Option<Axes>)>,
    labels: Option<Place>,
}

/// Whether `path` is an array, an archive of arrays, or a folder with one that is called as one of
/// images or labels.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    if path.is_dir() {
        return Ok(!pairs(&files_in(path)?)?.is_empty());
    }
    let magic: &[u8] = match kind(path) {
        Some(Kind::Npy) => npy::MAGIC,
        Some(Kind::Npz) => ZIP_MAGIC,
        None => return Ok(false),
    };
    let mut start = Vec::new();
    let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
    file.take(8).read_to_end(&mut start).map_err(|cause| unreadable(path, &cause))?;
    Ok(start.starts_with(magic))
}

/// Whether `path` has the extension of a file of arrays.
pub(super) fn is_called_as_one(path: &Path) -> bool {
    kind(path).is_some()
}

/// The splits of the arrays in an archive or a folder, where their names tell of some.
pub(super) fn splits(path: &Path) -> Result<Vec<String>> {
    let files = match kind(path) {
        _ if path.is_dir() => files_in(path)?,
        Some(Kind::Npz) => vec![path.to_owned()],
        Some(Kind::Npy) | None => Vec::new(),
    };
    Ok(pairs(&files)?.into_keys().filter(|split| split != splits::ALL).collect())
}

/// Reads the labels, and the images' shape.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    listed(spec).map_err(|error| error.or_help("fetch the file again, or save it again with NumPy"))
}

fn listed(spec: &DatasetSpec) -> Result<Content> {
    let (split, pair) = locate(spec)?;
    let (Some((images, axes)), Some(labels_at)) = (&pair.images, &pair.labels) else {
        return Err(half_missing(&split, &pair).at_path(&spec.path));
    };
    let within = |place: &Place| {
        let told = place.told();
        move |error: Error| if error.place.is_some() { error } else { error.at(told) }
    };
    let array = images.open()?;
    let raster = array.shape.raster(*axes).map_err(within(images))?;
    let count = array.shape.axes[0];
    let data = array.into_rows().map_err(within(images))?;
    let place = |image: usize| format!("image {image} of {}", labels_at.told());
    let indices = labels_at.open()?.labels(&place).map_err(within(labels_at))?;
    labels::check_count(indices.len(), count)
        .map_err(|error| error.at(format!("{} and {}", images.told(), labels_at.told())))?;
    let folder = parent(&images.path);
    let names = classes::given(spec, [folder])?;
    let Labels { labels, classes } = labels::from_indices(indices, names, &place)?;
    let part = Part { path: images.path.clone(), data, count: labels.len() };
    Ok(Content {
        name: name(&spec.path),
        split: Some(split),
        classes,
        passed_over: None,
        columns: Vec::new(),
        images: Box::new(RawImages { raster, lead: 0, parts: vec![part], labels, ids: None, remarks: None }),
    })
}

/// `mnist.npz` is called mnist; `images.npy` by its folder.
fn name(path: &Path) -> String {
    match kind(path) {
        Some(Kind::Npz) if path.is_file() => {
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }
        _ => short_name(if path.is_dir() { path } else { parent(path) }),
    }
}

/// The split that is meant and its arrays.
fn locate(spec: &DatasetSpec) -> Result<(String, Pair)> {
    let path = &spec.path;
    let named = path.is_file().then(|| kind(path)).flatten();
    let files = match named {
        Some(Kind::Npz) => vec![path.clone()],
        Some(Kind::Npy) => files_in(parent(path))?,
        None => files_in(path)?,
    };
    let mut pairs = pairs(&files)?;
    if named == Some(Kind::Npy) {
        pairs.retain(|_, pair| pair.holds(path));
    }
    if pairs.is_empty() {
        return Err(unknown_names(&files)?.at_path(path));
    }
    let found: Vec<&str> = pairs.keys().map(String::as_str).collect();
    let split = splits::choose(&found, spec.split.as_deref()).map_err(|error| error.at_path(path))?;
    let pair = pairs.remove(&split).unwrap_or_default();
    Ok((split, pair))
}

impl Pair {
    fn holds(&self, path: &Path) -> bool {
        let images = self.images.as_ref().is_some_and(|(place, _)| place.path == path);
        images || self.labels.as_ref().is_some_and(|place| place.path == path)
    }

    /// Takes an array in; two for one purpose are refused.
    fn add(&mut self, role: Role, place: Place) -> Result<()> {
        let told = place.told();
        let before = match role {
            Role::Images(axes) => self.images.replace((place, axes)).map(|(place, _)| place),
            Role::Labels => self.labels.replace(place),
        };
        match before {
            Some(before) => Err(Error::unusable(format!("both {} and {told} may be meant", before.told()))
                .help("name one of them as `--data`, or rename or remove the other")),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Npy,
    Npz,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()? {
        "npy" => Some(Kind::Npy),
        "npz" => Some(Kind::Npz),
        _ => None,
    }
}

/// The files of either kind, in the order of their names.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(files::files_in(folder)?.into_iter().filter(|path| kind(path).is_some()).collect())
}

/// All arrays of `files` that are images or labels by name, by split.
fn pairs(files: &[PathBuf]) -> Result<BTreeMap<String, Pair>> {
    let mut pairs = BTreeMap::<String, Pair>::new();
    for path in files {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut add = |name: &str, member: Option<String>| -> Result<()> {
            let Some((split, role)) = parse(name) else { return Ok(()) };
            let of_file = member.as_ref().and_then(|_| splits::in_name(&stem));
            let split = split.or(of_file).unwrap_or(splits::ALL).to_owned();
            pairs
                .entry(split)
                .or_default()
                .add(role, Place { path: path.clone(), member })
                .map_err(|error| error.at_path(path))
        };
        match kind(path) {
            Some(Kind::Npz) => {
                for name in told_apart(npz::names(path)?) {
                    add(&name, Some(name.clone()))?;
                }
            }
            _ => add(&stem, None)?,
        }
    }
    Ok(pairs)
}

/// Leaves out `arr_0` and `arr_1`, NumPy's names for what was saved without any, unless those are all.
fn told_apart(mut names: Vec<String>) -> Vec<String> {
    if names.len() != 2 {
        names.retain(|name| !name.starts_with("arr_"));
    }
    names
}

/// `x_test` → (test, images). A name with any other word in it is not taken.
fn parse(name: &str) -> Option<(Option<&'static str>, Role)> {
    match name {
        "arr_0" => return Some((None, Role::Images(None))),
        "arr_1" => return Some((None, Role::Labels)),
        _ => {}
    }
    let (mut split, mut role, mut axes) = (None, None, None);
    for word in words(name) {
        let taken = if let Some(found) = splits::usual(&word) {
            split.replace(found).is_none()
        } else if IMAGES.contains(&word.as_str()) {
            role.replace(Role::Images(None)).is_none()
        } else if LABELS.contains(&word.as_str()) {
            role.replace(Role::Labels).is_none()
        } else {
            match word.as_str() {
                "nhwc" => axes.replace(Axes::ChannelsLast).is_none(),
                "nchw" => axes.replace(Axes::ChannelsFirst).is_none(),
                _ => false,
            }
        };
        if !taken {
            return None;
        }
    }
    match (role?, axes) {
        (Role::Images(_), axes) => Some((split, Role::Images(axes))),
        (Role::Labels, None) => Some((split, Role::Labels)),
        (Role::Labels, Some(_)) => None,
    }
}

fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(['_', '-', '.', ' ']).map(str::to_ascii_lowercase)
}

fn half_missing(split: &str, pair: &Pair) -> Error {
    let (there, missing) = match (&pair.images, &pair.labels) {
        (Some((images, _)), _) => (images.told(), "labels (labels, y, y_test …)"),
        (None, labels) => {
            (labels.as_ref().map(Place::told).unwrap_or_default(), "images (images, x, x_test …)")
        }
    };
    Error::unusable(format!("split `{split}` has {there} but no {missing}"))
        .help("save both in one .npz file, or as images.npy and labels.npy in one folder")
}

/// The words for arrays whose names say nothing, with those names.
fn unknown_names(files: &[PathBuf]) -> Result<Error> {
    let mut found = Vec::new();
    for path in files {
        match kind(path) {
            Some(Kind::Npz) => found.extend(npz::names(path)?),
            _ => found.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        }
    }
    let what = match found.as_slice() {
        [] => "there are no arrays in the file".to_owned(),
        names => format!("no array is named as images or labels; found: {}", some(names)),
    };
    Ok(Error::unusable(what).help(NAME_THEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_in_use_are_understood() {
        for (name, split, role) in [
            ("images", None, Role::Images(None)),
            ("x_test", Some("test"), Role::Images(None)),
            ("X", None, Role::Images(None)),
            ("train_images", Some("train"), Role::Images(None)),
            ("y-val", Some("val"), Role::Labels),
            ("images_nchw", None, Role::Images(Some(Axes::ChannelsFirst))),
            ("arr_1", None, Role::Labels),
        ] {
            assert_eq!(parse(name), Some((split, role)), "{name}");
        }
        for name in ["", "weights", "x_mean", "x_test_embeddings", "labels_nhwc", "x_y", "train", "arr_2"] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn arrays_without_names_count_only_when_they_are_all() {
        let names = |names: &[&str]| told_apart(names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(names(&["arr_0", "arr_1"]).len(), 2);
        assert_eq!(names(&["arr_0", "arr_1", "arr_2", "arr_3"]).len(), 0);
        assert_eq!(names(&["images", "labels", "arr_0"]), ["images", "labels"]);
    }
}
