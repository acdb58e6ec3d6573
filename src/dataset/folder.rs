//! A folder with one folder of images a class: `root/class/*.jpg` or `root/split/class/*.jpg`.
//! Labels follow the byte order of the class folders' names, as in torchvision, unless those are all
//! among the class names that the user or the model gives. Hidden files and what file managers leave are
//! not seen. Files without an image's extension and links to nothing are passed
//! over and counted. Folders within a class belong to it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use sha2::Sha256;

use super::classes::{self, ClassNames};
use super::file_names::FileNames;
use super::files::{
    self, EXTENSIONS, Visible, folders_in, has_image_extension, read_file, readable, short_name,
    sorted_below, sorted_in, visible,
};
use super::{Content, Images, Picture, splits};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::record::PassedOver;

/// Whether `path` is such a folder.
pub(super) fn is_here(path: &Path) -> Result<bool> {
    Ok(path.is_dir() && (!usual_splits(path, is_split)?.is_empty() || has_classes(path)?))
}

/// Lists the images; reads none.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    if !spec.path.is_dir() {
        return Err(Error::unusable("this is no folder of class folders")
            .at_path(&spec.path)
            .help("name the folder that holds one folder of images a class, or leave `--format` out"));
    }
    let split = split(&spec.path, spec.split.as_deref())?;
    let root = split.as_ref().map_or_else(|| spec.path.clone(), |split| spec.path.join(split));
    let folders = class_folders(&root)?;
    let names = class_names(spec, &folders)?;
    let mut strays = Strays::default();
    if let Some(split) = split.as_ref().filter(|_| spec.split.is_none()) {
        let before = before(&spec.path, split)?;
        strays.add_all(before, &|name| format!("{}, which has no class folders with images", readable(name)));
    }
    strays.add_all(loose_in(&root)?, &|name| readable(name));
    let (classes, files) = list_files(&root, folders.iter().zip(names.numbers()), &mut strays)?;
    Ok(Content {
        name: short_name(&spec.path),
        split,
        classes: names,
        passed_over: strays.told(),
        columns: Vec::new(),
        images: Box::new(FolderImages { root, classes, files }),
    })
}

/// The folder in `root` that is the split asked for, else the most usual of those that hold a data
/// set as `is_one` tells; nothing where there is none and none is asked for. Nobody means to evaluate
/// on training images: those are refused where none is asked for and a folder that would be taken
/// before them is here, holding no such data.
pub(super) fn split_in(
    root: &Path,
    asked: Option<&str>,
    is_one: impl Fn(&Path) -> Result<bool>,
) -> Result<Option<String>> {
    let all: Vec<String> =
        folders_in(root)?.iter().filter_map(|name| name.to_str().map(str::to_owned)).collect();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    // Folders that are no splits are not told as such.
    let found = match asked {
        Some(asked) if splits::choose(&names, Some(asked)).is_ok() => all,
        _ => usual_splits(root, is_one)?,
    };
    if found.is_empty() && asked.is_none() {
        return Ok(None);
    }
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let chosen = splits::choose(&found, asked).map_err(|error| error.at_path(root))?;
    if asked.is_none() && splits::is_for_training(&chosen) {
        refuse_training(root, &chosen)?;
    }
    Ok(Some(chosen))
}

fn refuse_training(root: &Path, training: &str) -> Result<()> {
    let before = before(root, training)?;
    let Some(first) = before.first().map(|name| readable(name)) else { return Ok(()) };
    Err(Error::usage(format!("nothing tells the classes of the images in `{first}`, and `{training}` is for training"))
        .at_path(root)
        .help(format!(
            "put the images of `{first}` into class folders, or list them with their labels in a .csv file; `--split {training}` evaluates on the training images"
        )))
}

/// The folders in `root` that are called as splits and would be taken before `split`, one that holds
/// images with labels, if they did so too.
fn before(root: &Path, split: &str) -> Result<Vec<OsString>> {
    let is_before =
        |name: &OsString| name.to_str().is_some_and(|name| splits::rank(name) < splits::rank(split));
    Ok(folders_in(root)?.into_iter().filter(is_before).collect())
}

/// The folders in `root` that are called as splits and hold a data set as `is_one` tells.
pub(super) fn usual_splits(root: &Path, is_one: impl Fn(&Path) -> Result<bool>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in folders_in(root)?.iter().filter_map(|name| name.to_str()) {
        if splits::usual(name).is_some() && is_one(&root.join(name))? {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

/// The usual splits that are here.
pub(super) fn splits(root: &Path) -> Result<Vec<String>> {
    if root.is_dir() { usual_splits(root, is_split) } else { Ok(Vec::new()) }
}

/// `test`, `val` … is a split when it holds class folders; one that holds images, or more of them than
/// its folders do, is a class that happens to have that name.
fn split(root: &Path, asked: Option<&str>) -> Result<Option<String>> {
    split_in(root, asked, is_split)
}

fn is_split(folder: &Path) -> Result<bool> {
    let loose = sorted_in(folder)?.images.len();
    if loose == 0 {
        return has_classes(folder);
    }
    let mut in_folders = 0;
    for class in folders_in(folder)? {
        in_folders += sorted_below(&folder.join(class))?.images.len();
    }
    Ok(in_folders > loose)
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

fn class_names(spec: &DatasetSpec, folders: &[OsString]) -> Result<ClassNames> {
    let own = folders.iter().map(|folder| readable(folder)).collect();
    classes::or_own(classes::given(spec, [])?, own)
}

/// A class folder and the index of its first image.
struct ClassFolder {
    name: OsString,
    label: u32,
    first: usize,
}

/// Of `folders` with the labels of their images.
fn list_files<'a>(
    root: &Path,
    folders: impl Iterator<Item = (&'a OsString, u32)>,
    strays: &mut Strays,
) -> Result<(Vec<ClassFolder>, FileNames)> {
    let (mut classes, mut files) = (Vec::new(), FileNames::default());
    for (class, label) in folders {
        let path = root.join(class);
        let found = sorted_below(&path)?;
        if found.images.is_empty() {
            return Err(empty_class(&path));
        }
        strays.add_all(found.others, &|name| id(class, name));
        classes.push(ClassFolder { name: class.clone(), label, first: files.count() });
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
        "put images into it (.{}), or remove it: classes are numbered by the folders",
        EXTENSIONS.join(", .")
    ))
}

/// What lies beside the class folders and may have been meant as data: images that are in no class,
/// and links to nothing, each of which may stand for a class. A list or a licence is fine there.
fn loose_in(root: &Path) -> Result<Vec<OsString>> {
    let is_loose =
        |entry: &Visible| !entry.is_folder() && (has_image_extension(&entry.name) || !entry.is_file());
    Ok(visible(root)?.into_iter().filter(is_loose).map(|entry| entry.name).collect())
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
        self.classes[self.class(index)].label
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
    fn given_names_that_are_the_folders_own_say_their_order() {
        let scene = Scene::with(&["10/1.png", "2/1.png", "1/1.png"]);
        let label = |names: &[&str], id: &str| {
            let class_names = names.iter().map(|&name| name.to_owned()).collect();
            let data = open(&DatasetSpec { class_names, ..scene.spec() }).unwrap();
            let entry = |index: usize| data.entry(index).unwrap();
            (0..3).map(entry).find(|entry| entry.id == id).unwrap().label
        };
        assert_eq!(label(&[], "10/1.png"), 1, "1, 10, 2");
        assert_eq!(label(&["1", "2", "10"], "10/1.png"), 2);
        assert_eq!(label(&["one", "ten", "two"], "10/1.png"), 1, "other words tell of no order");
        assert_eq!(label(&["1", "1", "10"], "10/1.png"), 1, "neither do some of the names");
    }

    #[test]
    fn only_visible_image_files_count() {
        let scene = Scene::with(&["a/x.PNG", "a/.hidden.png", "a/notes.txt", "a/deeper/y.png", ".git/z.png"]);
        std::fs::create_dir(scene.0.path().join("a/folder.png")).unwrap();
        let data = scene.open();
        assert_eq!(ids(data.as_ref()), ["a/x.PNG", "a/deeper/y.png"]);
        let passed_over = PassedOver { count: 1, first: "a/notes.txt".into() };
        assert_eq!(data.identity().passed_over, Some(passed_over), "hidden files are nobody's business");
        assert!(data.image(1).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_back_to_a_folder_above_ends() {
        let scene = Scene::with(&["a/1.png", "a/deeper/2.png"]);
        std::os::unix::fs::symlink("..", scene.0.path().join("a/deeper/up")).unwrap();
        assert_eq!(ids(scene.open().as_ref()), ["a/1.png", "a/deeper/2.png"]);
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
        for paths in [
            &["train/1.png", "plane/1.png"][..],
            &["train/1.png", "train/2.png", "train/twice/1.png", "plane/1.png"],
        ] {
            let data = Scene::with(paths).open();
            assert_eq!((data.identity().split.as_ref(), data.identity().classes.len()), (None, 2));
        }
    }

    #[test]
    fn a_stray_image_makes_no_other_split_of_a_folder() {
        let scene =
            Scene::with(&["Test/a/1.png", "Test/b/2.png", "Test/9.png", "Train/a/3.png", "Train/b/4.png"]);
        let data = scene.open();
        assert_eq!(data.identity().split.as_deref(), Some("Test"));
        assert_eq!(ids(data.as_ref()), ["a/1.png", "b/2.png"]);
        assert_eq!(data.identity().passed_over, Some(PassedOver { count: 1, first: "9.png".into() }));
        assert_eq!(splits(scene.0.path()).unwrap(), ["Test", "Train"]);
        for (asked, first) in [("test", "a/1.png"), ("Train", "a/3.png"), ("training", "a/3.png")] {
            let data = open(&DatasetSpec { split: Some(asked.into()), ..scene.spec() }).unwrap();
            assert_eq!(ids(data.as_ref())[0], first, "{asked}");
        }
    }

    #[test]
    fn training_images_are_not_taken_for_those_of_a_test_without_labels() {
        for beside in [&["test/1.png"][..], &["test/x/y/1.png"], &["Val/1.png", "test/1.png"]] {
            let scene = Scene::with(&[&["train/a/1.png", "train/b/1.png"], beside].concat());
            let error = scene.refusal();
            assert!(error.what.contains("`train` is for training"), "{error}");
            assert!(error.help.unwrap().contains("`--split train` evaluates"));
            let train = open(&DatasetSpec { split: Some("train".into()), ..scene.spec() }).unwrap();
            assert_eq!((train.count(), &train.identity().passed_over), (2, &None));
        }
        assert_eq!(Scene::with(&["train/a/1.png", "maps/1.png"]).open().count(), 1);
    }

    #[test]
    fn another_split_than_the_usual_one_is_taken_with_a_note() {
        let data = Scene::with(&["test/1.png", "val/a/1.png", "train/a/1.png"]).open();
        assert_eq!(data.identity().split.as_deref(), Some("val"));
        let passed_over =
            PassedOver { count: 1, first: "test, which has no class folders with images".into() };
        assert_eq!(data.identity().passed_over, Some(passed_over));
    }

    #[test]
    fn an_empty_class_is_refused_by_name_and_so_is_a_folder_of_nothing() {
        let scene = Scene::with(&["a/1.png", "c/1.png"]);
        std::fs::create_dir(scene.0.path().join("b")).unwrap();
        let error = scene.refusal();
        assert!(error.place.unwrap().ends_with('b') && error.what.contains("holds no image"));
        let error = Scene::with(&["1.png"]).refusal();
        assert!(error.cause.unwrap().contains("1 image lies directly in it"));
    }

    #[test]
    fn other_class_names_must_be_as_many_as_the_folders() {
        let scene = Scene::with(&["0/1.png", "1/1.png"]);
        let named = |names: &[&str]| {
            open(&DatasetSpec {
                class_names: names.iter().map(|&name| name.into()).collect(),
                ..scene.spec()
            })
        };
        assert_eq!(named(&["cat", "dog"]).unwrap().identity().classes, ["cat", "dog"]);
        let error = named(&["cat", "dog", "bird"]).err().unwrap();
        assert!(
            error.what.contains("3 classes are named") && error.what.contains("has 2 classes"),
            "{error}"
        );
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
