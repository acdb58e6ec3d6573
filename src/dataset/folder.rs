//! A folder with one folder of images a class: `root/class/*.jpg` or `root/split/class/*.jpg`.
//! Labels follow the byte order of the class folders' names, as in torchvision. Hidden files and what
//! file managers leave are not seen. Files without an image's extension, folders within a class and
//! links to nothing are passed over and counted.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::classes::{self, Wanted};
use super::file_names::{self, FileNames};
use super::splits;
use super::{Content, Images, Picture, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::record::PassedOver;

/// Extensions of image files, without the dot.
pub(super) const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "bmp", "webp", "gif"];
/// What archives and file managers leave beside the images; hidden names are such litter too.
pub(super) const LITTER: [&str; 3] = ["__MACOSX", "Thumbs.db", "desktop.ini"];
/// Largest image file that is read, bytes.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;

/// Whether `path` is such a folder.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    Ok(path.is_dir() && (default_split(path)?.is_some() || has_classes(path)?))
}

/// Lists the images; reads none.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    if !spec.path.is_dir() {
        return Err(Error::unusable("this is no folder of class folders").at_path(&spec.path));
    }
    let split = match &spec.split {
        Some(split) => Some(checked_split(&spec.path, split)?),
        None => default_split(&spec.path)?,
    };
    let root = split.as_ref().map_or_else(|| spec.path.clone(), |split| spec.path.join(split));
    let folders = class_folders(&root)?;
    let names = class_names(spec, &folders)?;
    let mut strays = Strays::default();
    strays.add_all(loose_in(&root)?, &|name| readable(name));
    let (classes, files) = list_files(&root, &folders, &mut strays)?;
    Ok(Content {
        name: short_name(&spec.path),
        split,
        classes: names,
        passed_over: strays.told(),
        columns: Vec::new(),
        images: Box::new(FolderImages { root, classes, files }),
    })
}

/// The last part of the path, also where it is written as `.` or `..`.
pub(super) fn short_name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| whole.display().to_string(), readable)
}

pub(super) fn checked_split(root: &Path, split: &str) -> Result<String> {
    let single = Path::new(split).components().count() == 1 && !split.starts_with('.');
    if single && root.join(split).is_dir() {
        return Ok(split.to_owned());
    }
    let found: Vec<String> = folders_in(root)?.iter().map(|name| readable(name)).collect();
    Err(Error::usage(format!("there is no split `{split}`"))
        .at_path(root)
        .help(format!("the folders here are: {}; set `--split`", found.join(", "))))
}

/// `test`, `val` … is a split when it holds class folders; one that holds images is a class that
/// happens to have that name.
fn default_split(root: &Path) -> Result<Option<String>> {
    for split in splits::USUAL {
        let folder = root.join(split);
        if folder.is_dir() && sorted_in(&folder)?.images.is_empty() && has_classes(&folder)? {
            return Ok(Some(split.to_owned()));
        }
    }
    Ok(None)
}

fn has_classes(root: &Path) -> Result<bool> {
    for class in folders_in(root)? {
        if !sorted_in(&root.join(class))?.images.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn class_folders(root: &Path) -> Result<Vec<OsString>> {
    let folders = folders_in(root)?;
    if folders.is_empty() {
        return Err(Error::unusable("there are no class folders here")
            .at_path(root)
            .help("put the images of each class into a folder with the class's name"));
    }
    Ok(folders)
}

fn class_names(spec: &DatasetSpec, folders: &[OsString]) -> Result<Vec<String>> {
    if spec.class_names.is_empty() {
        return Ok(folders.iter().map(|folder| readable(folder)).collect());
    }
    classes::check(&spec.class_names, &Wanted::Exactly(folders.len()))?;
    Ok(spec.class_names.clone())
}

/// A class folder and the index of its first image.
struct ClassFolder {
    name: OsString,
    first: usize,
}

fn list_files(
    root: &Path,
    folders: &[OsString],
    strays: &mut Strays,
) -> Result<(Vec<ClassFolder>, FileNames)> {
    if u32::try_from(folders.len()).is_err() {
        return Err(Error::unusable("there are too many classes").at_path(root));
    }
    let (mut classes, mut files) = (Vec::with_capacity(folders.len()), FileNames::default());
    for class in folders {
        let path = root.join(class);
        let found = sorted_in(&path)?;
        if found.images.is_empty() {
            return Err(empty_class(&path));
        }
        strays.add_all(found.others, &|name| id(class, name));
        classes.push(ClassFolder { name: class.clone(), first: files.count() });
        found.images.iter().for_each(|name| files.push(name));
    }
    Ok((classes, files))
}

/// What was passed over so far.
#[derive(Default)]
struct Strays {
    count: usize,
    first: Option<String>,
}

impl Strays {
    fn add_all(&mut self, names: Vec<OsString>, told: &dyn Fn(&OsStr) -> String) {
        self.count += names.len();
        if self.first.is_none() {
            self.first = names.first().map(|name| told(name));
        }
    }

    fn told(self) -> Option<PassedOver> {
        self.first.map(|first| PassedOver { count: self.count, first })
    }
}

/// Refused and not passed over: without the folder every class after it would get another label.
fn empty_class(path: &Path) -> Error {
    Error::unusable("a class folder holds no image").at_path(path).help(format!(
        "put images into it (.{}; folders within it are not read), or remove it: classes are numbered by the folders",
        EXTENSIONS.join(", .")
    ))
}

/// Names of the visible folders, in byte order; links are followed.
pub(super) fn folders_in(path: &Path) -> Result<Vec<OsString>> {
    visible(path, |name| path.join(name).is_dir())
}

/// What a class folder holds, in byte order.
#[derive(Default)]
pub(super) struct Found {
    pub images: Vec<OsString>,
    pub others: Vec<OsString>,
}

/// Tells images from all else that is visible; links are followed. Only regular files are images: a
/// named pipe with an image's name would be waited on for ever.
pub(super) fn sorted_in(path: &Path) -> Result<Found> {
    let is_image = |name: &OsString| has_image_extension(name) && path.join(name).is_file();
    let (images, others) = visible(path, |_| true)?.into_iter().partition(is_image);
    Ok(Found { images, others })
}

/// What lies beside the class folders and may have been meant as data: images that are in no class,
/// and links to nothing, each of which may stand for a class. A list or a licence is fine there.
fn loose_in(root: &Path) -> Result<Vec<OsString>> {
    visible(root, |name| {
        let path = root.join(name);
        !path.is_dir() && (has_image_extension(name) || !path.is_file())
    })
}

fn visible(path: &Path, wanted: impl Fn(&OsStr) -> bool) -> Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in path.read_dir().map_err(|cause| unreadable(path, &cause))? {
        let name = entry.map_err(|cause| unreadable(path, &cause))?.file_name();
        if !is_litter(&name) && wanted(&name) {
            names.push(name);
        }
    }
    names.sort_unstable_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
    Ok(names)
}

fn is_litter(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || LITTER.iter().any(|litter| name == *litter)
}

fn has_image_extension(name: &OsStr) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// A name as text.
pub(super) fn readable(name: &OsStr) -> String {
    file_names::readable(name.as_encoded_bytes())
}

/// `class/file`.
fn id(class: &OsStr, file: &OsStr) -> String {
    format!("{}/{}", readable(class), readable(file))
}

struct FolderImages {
    root: PathBuf,
    classes: Vec<ClassFolder>,
    files: FileNames,
}

impl FolderImages {
    fn class(&self, index: usize) -> usize {
        self.classes.partition_point(|class| class.first <= index) - 1
    }

    fn path(&self, index: usize) -> PathBuf {
        self.root.join(&self.classes[self.class(index)].name).join(self.files.get(index))
    }
}

impl Images for FolderImages {
    fn count(&self) -> usize {
        self.files.count()
    }

    fn id(&self, index: usize) -> String {
        id(&self.classes[self.class(index)].name, self.files.get(index))
    }

    fn label(&self, index: usize) -> u32 {
        // `list_files` refuses more classes than fit.
        self.class(index) as u32
    }

    fn read(&self, index: usize) -> Result<Picture> {
        read_file(&self.path(index)).map(Picture::File)
    }

    fn place(&self, index: usize) -> String {
        self.path(index).display().to_string()
    }

    fn file(&self, index: usize) -> Option<PathBuf> {
        Some(self.path(index))
    }

    /// The length of the file: reading every file would cost as much as the evaluation.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        let path = self.path(index);
        let length = path.metadata().map_err(|cause| unreadable(&path, &cause))?.len();
        digest.update(length.to_le_bytes());
        Ok(())
    }
}

/// The bytes of the image file at `path`.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>> {
    let length = path.metadata().map_err(|cause| unreadable(path, &cause))?.len();
    if length > MAX_FILE_BYTES {
        return Err(Error::unusable(format!(
            "the image file has {length} bytes, more than {MAX_FILE_BYTES}"
        )));
    }
    std::fs::read(path).map_err(|cause| unreadable(path, &cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, open};
    use crate::plan::OnBadImage;

    const SHAPES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/shapes");

    /// A data set in a scratch folder; each path gets a copy of one small image.
    struct Scene(tempfile::TempDir);

    impl Scene {
        fn with(paths: &[&str]) -> Self {
            let scene = Self(tempfile::tempdir().unwrap());
            for path in paths {
                scene.image(path);
            }
            scene
        }

        fn image(&self, path: impl AsRef<Path>) {
            let path = self.0.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(format!("{SHAPES}/circle/2.png"), path).unwrap();
        }

        fn spec(&self) -> DatasetSpec {
            DatasetSpec::at(self.0.path())
        }

        fn open(&self) -> Box<dyn Dataset> {
            open(&self.spec()).unwrap()
        }

        fn refusal(&self) -> Error {
            open(&self.spec()).err().unwrap()
        }
    }

    fn ids(data: &dyn Dataset) -> Vec<String> {
        (0..data.count()).map(|index| data.entry(index).unwrap().id).collect()
    }

    #[test]
    fn labels_follow_the_byte_order_of_the_folders() {
        let data = Scene::with(&["b/1.png", "B/1.png", "a10/1.png", "a9/1.png"]).open();
        assert_eq!(data.identity().classes, ["B", "a10", "a9", "b"]);
        assert_eq!(ids(data.as_ref()), ["B/1.png", "a10/1.png", "a9/1.png", "b/1.png"]);
        assert_eq!(data.entry(3).unwrap().label, 3);
        assert!(data.entry(4).is_err());
    }

    #[test]
    fn only_visible_image_files_count() {
        let scene = Scene::with(&["a/x.PNG", "a/.hidden.png", "a/notes.txt", "a/deeper/y.png", ".git/z.png"]);
        std::fs::create_dir(scene.0.path().join("a/folder.png")).unwrap();
        let data = scene.open();
        assert_eq!(ids(data.as_ref()), ["a/x.PNG"]);
        let passed_over = PassedOver { count: 3, first: "a/deeper".into() };
        assert_eq!(data.identity().passed_over, Some(passed_over), "hidden files are nobody's business");
    }

    #[test]
    fn what_archives_and_file_managers_leave_is_not_seen() {
        let scene = Scene::with(&["a/1.png", "__MACOSX/a/._1.png", ".thumbnails/2.png"]);
        for litter in ["Thumbs.db", ".DS_Store", "a/Thumbs.db", "a/.DS_Store", "a/desktop.ini"] {
            std::fs::write(scene.0.path().join(litter), "").unwrap();
        }
        let data = scene.open();
        assert_eq!((ids(data.as_ref()), &data.identity().passed_over), (vec!["a/1.png".into()], &None));
    }

    #[test]
    fn images_in_no_class_are_counted_and_a_licence_is_not() {
        let scene = Scene::with(&["a/1.png", "loose.png", "b/1.png", "b/2.tiff"]);
        std::fs::write(scene.0.path().join("LICENSE"), "").unwrap();
        let passed_over = PassedOver { count: 2, first: "loose.png".into() };
        assert_eq!(scene.open().identity().passed_over, Some(passed_over));
    }

    #[test]
    fn who_skips_bad_images_already_is_not_told_to() {
        let scene = Scene::with(&["a/1.png"]);
        std::fs::write(scene.0.path().join("a/1.png"), "").unwrap();
        let data = open(&DatasetSpec { on_bad_image: OnBadImage::Skip, ..scene.spec() }).unwrap();
        assert_eq!(data.image(0).unwrap_err().help.unwrap(), "repair or remove the image");
    }

    #[test]
    fn a_split_is_found_or_chosen() {
        let scene = Scene::with(&["train/a/1.png", "train/a/2.png", "test/a/3.png"]);
        let data = scene.open();
        assert_eq!(
            (data.identity().split.as_deref(), ids(data.as_ref())),
            (Some("test"), vec!["a/3.png".into()])
        );
        let train = open(&DatasetSpec { split: Some("train".into()), ..scene.spec() }).unwrap();
        assert_eq!(ids(train.as_ref()), ["a/1.png", "a/2.png"]);
        let error = open(&DatasetSpec { split: Some("val".into()), ..scene.spec() }).err().unwrap();
        assert!(error.help.unwrap().contains("test, train"));
    }

    #[test]
    fn a_class_that_is_called_train_is_a_class() {
        let data = Scene::with(&["train/1.png", "plane/1.png"]).open();
        assert_eq!((data.identity().split.as_ref(), data.identity().classes.len()), (None, 2));
    }

    #[test]
    fn an_empty_class_is_refused_by_name_and_so_is_a_folder_of_nothing() {
        let scene = Scene::with(&["a/1.png", "c/1.png"]);
        std::fs::create_dir(scene.0.path().join("b")).unwrap();
        let error = scene.refusal();
        assert!(error.place.unwrap().ends_with('b') && error.what.contains("holds no image"));
        let error = Scene::with(&["1.png"]).refusal();
        assert!(error.help.unwrap().contains("looked for IDX files"));
    }

    #[test]
    fn given_class_names_must_be_as_many_as_the_folders() {
        let scene = Scene::with(&["0/1.png", "1/1.png"]);
        let named = |names: &[&str]| {
            open(&DatasetSpec {
                class_names: names.iter().map(|&name| name.into()).collect(),
                ..scene.spec()
            })
        };
        assert_eq!(named(&["cat", "dog"]).unwrap().identity().classes, ["cat", "dog"]);
        let error = named(&["cat", "dog", "bird"]).err().unwrap();
        assert!(error.what.contains("3 class names") && error.what.contains("2 classes"), "{error}");
    }

    #[test]
    fn a_file_of_another_length_is_another_data_set() {
        let scene = Scene::with(&["a/1.png", "a/2.png"]);
        let before = scene.open().identity().sha256.clone();
        assert_eq!(scene.open().identity().sha256, before);
        std::fs::copy(format!("{SHAPES}/circle/0.bmp"), scene.0.path().join("a/2.png")).unwrap();
        assert_ne!(scene.open().identity().sha256, before);
    }

    #[test]
    fn an_error_of_an_image_names_the_file_and_what_to_do() {
        let scene = Scene::with(&["a/1.png", "a/2.png"]);
        std::fs::write(scene.0.path().join("a/2.png"), "").unwrap();
        let data = scene.open();
        data.image(0).unwrap();
        let error = data.image(1).unwrap_err();
        assert!(error.place.unwrap().ends_with("2.png"));
        assert!(error.help.unwrap().contains("--on-bad-image skip"));
        assert!(data.image(2).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf8_are_told_apart_and_open() {
        use std::os::unix::ffi::OsStrExt;
        let scene = Scene::with(&["a/\\xff.png"]);
        for name in [b"\xff.png".as_slice(), b"\xfe.png"] {
            scene.image(Path::new("a").join(OsStr::from_bytes(name)));
        }
        let data = scene.open();
        assert_eq!(ids(data.as_ref()), ["a/\\\\xff.png", "a/\\xfe.png", "a/\\xff.png"]);
        (0..3).for_each(|index| assert_eq!(data.image(index).unwrap().width, 8));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_do_not_matter() {
        let scene = Scene::with(&["a/1.png"]);
        std::os::unix::fs::symlink("..", scene.0.path().join("a/loop.png")).unwrap();
        std::os::unix::fs::symlink("1.png", scene.0.path().join("a/link.png")).unwrap();
        std::os::unix::fs::symlink("nowhere", scene.0.path().join("a/dangling.png")).unwrap();
        std::os::unix::fs::symlink("nowhere", scene.0.path().join("b")).unwrap();
        let data = scene.open();
        assert_eq!(ids(data.as_ref()), ["a/1.png", "a/link.png"]);
        let passed_over = PassedOver { count: 3, first: "b".into() };
        assert_eq!(data.identity().passed_over, Some(passed_over));
    }
}
