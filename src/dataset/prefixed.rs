//! Images of all classes in one folder, called `cat.0.jpg`, `dog.0.jpg` …, as Dogs vs. Cats comes: the
//! word before the first point is the class. Labels follow the byte order of the words.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sha2::Sha256;

use super::file_names::FileNames;
use super::files::{self, folders_in, read_file, readable, short_name, sorted_in};
use super::folder::{split_in, usual_splits};
use super::{Content, Images, Picture, classes};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::record::PassedOver;

/// Images by the words that their names begin with.
type Words = BTreeMap<String, Vec<OsString>>;

/// Whether `path`, or a split in it, is such a folder.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    Ok(path.is_dir() && (words(path)?.is_some() || !usual_splits(path, is_split)?.is_empty()))
}

/// Lists the images; reads none.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    if !spec.path.is_dir() {
        return Err(Error::unusable("this is no folder of images")
            .at_path(&spec.path)
            .help("name the folder that holds cat.0.jpg, dog.0.jpg …, or leave `--format` out"));
    }
    let split = match &spec.split {
        None if words(&spec.path)?.is_some() => None,
        asked => split(&spec.path, asked.as_deref())?,
    };
    let root = split.as_ref().map_or_else(|| spec.path.clone(), |split| spec.path.join(split));
    let Some(words) = words(&root)? else { return Err(not_prefixed(&root)) };
    let names = classes::or_own(classes::given(spec, [])?, words.keys().cloned().collect())?;
    let images = PrefixedImages::of(root.clone(), words, names.numbers());
    let others = sorted_in(&root)?.others;
    let passed_over = others.first().map(|first| PassedOver { count: others.len(), first: readable(first) });
    Ok(Content {
        name: short_name(&spec.path),
        split,
        classes: names,
        passed_over,
        columns: Vec::new(),
        images: Box::new(images),
    })
}

/// The usual splits that are here; none where the images themselves are.
pub(super) fn splits(root: &Path) -> Result<Vec<String>> {
    match root.is_dir() && words(root)?.is_none() {
        true => usual_splits(root, is_split),
        false => Ok(Vec::new()),
    }
}

fn split(root: &Path, asked: Option<&str>) -> Result<Option<String>> {
    split_in(root, asked, is_split)
}

fn is_split(folder: &Path) -> Result<bool> {
    Ok(words(folder)?.is_some())
}

/// The images of `folder` by their words; nothing where an image is called otherwise, where all
/// begin with the same word, or where folders say what the classes are.
fn words(folder: &Path) -> Result<Option<Words>> {
    let mut words = Words::new();
    for name in sorted_in(folder)?.images {
        let Some(word) = word(&name) else { return Ok(None) };
        words.entry(word).or_default().push(name);
    }
    Ok(Some(words).filter(|words| words.len() > 1).filter(|_| !has_class_folder(folder)))
}

fn has_class_folder(folder: &Path) -> bool {
    let holds_images =
        |name: &OsString| sorted_in(&folder.join(name)).is_ok_and(|found| !found.images.is_empty());
    folders_in(folder).is_ok_and(|folders| folders.iter().any(holds_images))
}

/// `cat.0.jpg` → `cat`.
fn word(name: &OsString) -> Option<String> {
    let mut parts = name.to_str()?.split('.');
    let (word, number, _extension) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = parts.next().is_none() && !word.is_empty() && !is_number(word) && is_number(number);
    fits.then(|| word.to_owned())
}

fn not_prefixed(folder: &Path) -> Error {
    Error::unusable("the names of the images do not tell their classes")
        .at_path(folder)
        .help("call every image WORD.NUMBER.jpg, with at least two words (cat.0.jpg, dog.0.jpg)")
}

struct PrefixedImages {
    root: PathBuf,
    /// The label of each word.
    labels: Vec<u32>,
    /// Index of the first image of each.
    firsts: Vec<usize>,
    files: FileNames,
}

impl PrefixedImages {
    fn of(root: PathBuf, words: Words, labels: Vec<u32>) -> Self {
        let (mut firsts, mut files) = (Vec::with_capacity(words.len()), FileNames::default());
        for names in words.into_values() {
            firsts.push(files.count());
            names.iter().for_each(|name| files.push(name));
        }
        Self { root, labels, firsts, files }
    }

    fn path(&self, index: usize) -> PathBuf {
        self.root.join(self.files.get(index))
    }
}

impl Images for PrefixedImages {
    fn count(&self) -> usize {
        self.files.count()
    }

    fn id(&self, index: usize) -> String {
        readable(self.files.get(index))
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[self.firsts.partition_point(|&first| first <= index) - 1]
    }

    fn read(&self, index: usize) -> Result<Picture> {
        read_file(&self.path(index)).map(Picture::File)
    }

    fn place(&self, index: usize) -> String {
        self.path(index).display().to_string()
    }

    fn files(&self, index: usize) -> Vec<PathBuf> {
        vec![self.path(index)]
    }

    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        files::fingerprint(&self.path(index), digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, open};

    const CIRCLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/shapes/circle/2.png");

    fn scene(paths: &[&str]) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        for path in paths {
            let path = scratch.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(CIRCLE, path).unwrap();
        }
        scratch
    }

    fn entries(data: &dyn Dataset) -> Vec<(String, u32)> {
        (0..data.count()).map(|index| data.entry(index).unwrap()).map(|one| (one.id, one.label)).collect()
    }

    #[test]
    fn the_word_before_the_number_is_the_class() {
        let scene = scene(&["dog.0.jpg", "cat.10.jpg", "cat.9.jpg", "cat-big.1.png"]);
        std::fs::write(scene.path().join("readme.txt"), "").unwrap();
        let data = open(&DatasetSpec::at(scene.path())).unwrap();
        assert_eq!(data.identity().format, "prefixed");
        assert_eq!(data.identity().classes, ["cat", "cat-big", "dog"]);
        let wanted = [("cat.10.jpg", 0), ("cat.9.jpg", 0), ("cat-big.1.png", 1), ("dog.0.jpg", 2)];
        assert_eq!(entries(data.as_ref()), wanted.map(|(id, label)| (id.to_owned(), label)));
        assert_eq!(data.image(3).unwrap().width, 8);
        assert_eq!(data.identity().passed_over.as_ref().unwrap().first, "readme.txt");
    }

    #[test]
    fn given_names_that_are_the_words_say_their_order() {
        let scene = scene(&["dog.0.jpg", "cat.0.jpg"]);
        let class_names = ["dog", "cat"].map(String::from).into();
        let data = open(&DatasetSpec { class_names, ..DatasetSpec::at(scene.path()) }).unwrap();
        assert_eq!(data.identity().classes, ["dog", "cat"]);
        assert_eq!(entries(data.as_ref()), [("cat.0.jpg".to_owned(), 1), ("dog.0.jpg".to_owned(), 0)]);
    }

    #[test]
    fn a_split_of_such_images_is_no_class() {
        let scene = scene(&["train/dog.0.jpg", "train/cat.0.jpg", "test1/1.jpg", "test1/2.jpg"]);
        let data = open(&DatasetSpec::at(scene.path())).unwrap();
        assert_eq!((data.identity().split.as_deref(), data.count()), (Some("train"), 2));
    }

    #[test]
    fn the_training_images_are_not_taken_for_a_test_without_words() {
        let scene = scene(&["train/dog.0.jpg", "train/cat.0.jpg", "test/1.jpg"]);
        let error = open(&DatasetSpec::at(scene.path())).err().unwrap();
        assert!(error.help.unwrap().contains("`--split train`"));
        let train = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(scene.path()) };
        assert_eq!(open(&train).unwrap().count(), 2);
    }

    #[test]
    fn class_folders_are_class_folders_whatever_their_images_are_called() {
        for paths in
            [&["cat/cat.0.jpg", "dog/dog.0.jpg"][..], &["cat.0.jpg", "dog.0.jpg", "a/1.png", "b/1.png"]]
        {
            let scene = scene(paths);
            assert_eq!(open(&DatasetSpec::at(scene.path())).unwrap().identity().format, "folder");
        }
    }

    #[test]
    fn one_image_of_another_name_or_one_word_alone_is_not_guessed_at() {
        for paths in
            [&["cat.0.jpg", "dog.0.jpg", "3.jpg"][..], &["cat.0.jpg", "cat.1.jpg"], &["1.0.jpg", "2.0.jpg"]]
        {
            let scene = scene(paths);
            assert!(open(&DatasetSpec::at(scene.path())).is_err(), "{paths:?}");
            let format = Some(crate::plan::DatasetFormat::Prefixed);
            let error = open(&DatasetSpec { format, ..DatasetSpec::at(scene.path()) }).err().unwrap();
            assert!(error.help.unwrap().contains("cat.0.jpg"));
        }
    }
}
