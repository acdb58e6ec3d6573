use proptest::prelude::*;

use super::*;
use crate::dataset::open;
use crate::dataset::table_fixtures::{check, expected, pixels, says, table};
use crate::plan::{DataColumns, DatasetFormat};
use crate::record::PassedOver;

/// A manifest in a scratch folder with two images, `a.png` and `b/c d.png`.
struct Scene(tempfile::TempDir);

impl Scene {
    fn with(name: &str, text: impl AsRef<[u8]>) -> (Self, DatasetSpec) {
        let scene = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(scene.0.path().join("b")).unwrap();
        for image in ["a.png", "b/c d.png"] {
            std::fs::copy(table("manifests/images/1.png"), scene.0.path().join(image)).unwrap();
        }
        let spec = DatasetSpec::at(scene.0.path().join(name));
        std::fs::write(&spec.path, text).unwrap();
        (scene, spec)
    }
}

fn rows(name: &str, text: &str) -> Vec<(String, u32)> {
    let (_scene, spec) = Scene::with(name, text);
    let data = open(&spec).unwrap_or_else(|error| panic!("{text}: {error}"));
    (0..data.count()).map(|index| data.entry(index).map(|entry| (entry.id, entry.label)).unwrap()).collect()
}

fn refused(name: &str, text: impl AsRef<[u8]>) -> Error {
    let (_scene, spec) = Scene::with(name, &text);
    open(&spec).err().unwrap_or_else(|| panic!("read: {}", String::from_utf8_lossy(text.as_ref())))
}

#[test]
fn every_form_gives_the_same_rows() {
    let tables = expected();
    let mut seen = 0;
    for (name, expected) in tables.iter().filter(|(name, _)| name.starts_with("manifests")) {
        let content = list(&DatasetSpec::at(table(name))).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(name, &content, expected);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn a_manifest_is_found_by_its_name_in_the_folder_and_by_its_split() {
    let (scene, _) = Scene::with("train.csv", "path,label\na.png,0\nb/c d.png,1\n");
    std::fs::write(scene.0.path().join("test.csv"), "path,label\na.png,1\n").unwrap();
    std::fs::write(scene.0.path().join("metadata.csv"), "author,year\nme,2020\n").unwrap();
    let data = open(&DatasetSpec::at(scene.0.path())).unwrap();
    let identity = data.identity();
    assert_eq!(
        (identity.format.as_str(), identity.split.as_deref(), identity.images),
        ("manifest", Some("test"), 1)
    );
    let train = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(scene.0.path()) };
    assert_eq!(open(&train).unwrap().count(), 2);
    let val = DatasetSpec { split: Some("val".into()), ..train };
    assert!(open(&val).err().unwrap().help.unwrap().contains("test, train"));
}

/// The split that is taken of a manifest with these lines, and its ids.
fn divided(name: &str, text: &str, change: impl Fn(&mut DatasetSpec)) -> (Option<String>, Vec<String>) {
    let (_scene, mut spec) = Scene::with(name, text);
    change(&mut spec);
    let data = open(&spec).unwrap_or_else(|error| panic!("{text}: {error}"));
    let ids = (0..data.count()).map(|index| data.entry(index).unwrap().id).collect();
    (data.identity().split.clone(), ids)
}

#[test]
fn a_column_of_splits_divides_a_manifest() {
    let lines = "path,label,Split\na.png,cat,train\nb/c d.png,dog,Test\n./a.png,cat,training\n";
    let taken = |split: Option<&str>| divided("x.csv", lines, |spec| spec.split = split.map(str::to_owned));
    let test = (Some("test".to_owned()), vec!["b/c d.png".to_owned()]);
    assert_eq!((taken(None), taken(Some("Test"))), (test.clone(), test));
    assert_eq!(taken(Some("train")), (Some("train".into()), vec!["a.png".into()]));
    let (scene, spec) = Scene::with("x.csv", lines);
    assert_eq!(open(&spec).unwrap().identity().classes, ["cat", "dog"], "of all rows, so that splits agree");
    assert_eq!(open(&spec).unwrap().entry(0).unwrap().label, 1);
    assert!(open(&spec).unwrap().image(0).is_ok());
    assert_eq!(splits(&spec).unwrap(), ["test", "train", "training"]);
    let val = DatasetSpec { split: Some("val".into()), ..spec };
    assert!(open(&val).err().unwrap().help.unwrap().contains("test, train"));
    std::fs::rename(&val.path, scene.0.path().join("labels.csv")).unwrap();
    let in_folder = DatasetSpec { split: Some("training".into()), ..DatasetSpec::at(scene.0.path()) };
    assert_eq!(open(&in_folder).unwrap().entry(0).unwrap().id, "./a.png");
    let objects = "{\"path\": \"a.png\", \"label\": 1, \"split\": \"train\"}\n{\"path\": \"b/c d.png\", \"label\": 0, \"split\": \"validation\"}\n";
    let (split, ids) = divided("x.jsonl", objects, |_| {});
    assert_eq!((split.as_deref(), ids.len()), (Some("validation"), 1));
}

#[test]
fn a_column_that_is_asked_for_or_says_something_else_divides_nothing() {
    let lines = "path,label,split\na.png,0,train\nb/c d.png,1,test\n";
    let all = (None, vec!["a.png".to_owned(), "b/c d.png".to_owned()]);
    assert_eq!(divided("x.csv", lines, |spec| spec.slices = vec!["split".into()]), all);
    let (_, train) = divided("x.csv", lines, |spec| {
        spec.part.conditions.insert("split".into(), vec!["train".into()]);
    });
    assert_eq!(train, ["a.png"]);
    for odd in [lines.replace("test", "fold 3"), lines.replace("test", "")] {
        assert_eq!(divided("x.csv", &odd, |_| {}), all, "{odd}");
    }
    assert_eq!(divided("train.csv", lines, |_| {}), (Some("train".into()), all.1), "the name goes first");
}

#[test]
fn a_manifest_that_was_found_tells_of_the_images_that_it_does_not_list() {
    let (scene, spec) = Scene::with("labels.csv", "path,label\nb/c d.png,0\n");
    let folder = scene.0.path();
    let add = |name: &str| {
        std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        std::fs::copy(folder.join("a.png"), folder.join(name)).unwrap();
    };
    let told = |path: &Path| open(&DatasetSpec::at(path)).unwrap().identity().passed_over.clone();
    assert_eq!(told(folder), None, "all that lies in class folders is listed");
    ["c/1.png", "c/2.png", "test/c/3.png", "c/notes.txt"].iter().for_each(|name| add(name));
    let first = "c/1.png, which labels.csv does not list".to_owned();
    assert_eq!(told(folder), Some(PassedOver { count: 3, first }));
    assert_eq!(told(&spec.path), None, "who names a manifest means it");
    std::fs::write(folder.join("train.csv"), "path,label\nc/1.png,0\n").unwrap();
    let labels = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(folder) };
    assert_eq!(open(&labels).unwrap().identity().passed_over, None, "the others have manifests of their own");
}

#[test]
fn columns_of_a_list_without_any_are_refused() {
    let (_scene, mut spec) = Scene::with("x.txt", "a.png 1\n");
    spec.columns.label = Some("class".into());
    says(&open(&spec).err().unwrap(), "no columns", "x.txt");
}

#[test]
fn a_folder_of_classes_stays_one_where_a_list_beside_it_says_nothing_of_images() {
    let (scene, _) = Scene::with("labels.csv", "id,name\n0,cat\n");
    let data = open(&DatasetSpec::at(scene.0.path())).unwrap();
    assert_eq!(data.identity().format, "folder");
}

#[test]
fn columns_separators_and_spaces_are_found() {
    let expected = vec![("a.png".to_owned(), 1), ("b/c d.png".to_owned(), 0)];
    for (name, text) in [
        ("x.csv", "path,label\na.png,1\nb/c d.png,0\n"),
        ("x.csv", "\n\u{feff}filename ; class \n a.png ; 1\n\nb/c d.png;0"),
        ("x.csv", "label\tfile\n1\ta.png\r\n0\tb/c d.png\r\n"),
        ("x.txt", "a.png 1\nb/c d.png   0\n"),
        (
            "x.ndjson",
            "{\"label\": 1, \"file_name\": \"a.png\"}\n\n{\"label\": \"0\", \"file_name\": \"b/c d.png\"}",
        ),
    ] {
        let text = text.strip_prefix("\n\u{feff}").map_or(text.to_owned(), |rest| format!("\u{feff}{rest}"));
        assert_eq!(rows(name, &text), expected, "{text}");
    }
}

#[test]
fn another_extension_is_read_where_the_format_is_said() {
    let (_scene, spec) = Scene::with("list", "a.png 0\n");
    let spec = DatasetSpec { format: Some(DatasetFormat::Manifest), ..spec };
    assert_eq!(open(&spec).unwrap().count(), 1);
}

#[test]
fn columns_that_are_asked_for_are_taken() {
    let (_scene, spec) = Scene::with("x.csv", "where,path,what\na.png,-,dog\n");
    let columns = DataColumns { image: Some("where".into()), label: Some("what".into()) };
    let content = list(&DatasetSpec { columns, ..spec }).unwrap();
    assert_eq!(
        (content.classes.names(), content.columns),
        (&["dog".to_owned()][..], vec!["path".to_owned()])
    );
    assert_eq!(content.images.value(0, 0), "-");
}

#[test]
fn names_beside_the_manifest_give_the_order() {
    let (scene, spec) = Scene::with("x.csv", "path,label\na.png,cat\n");
    std::fs::write(scene.0.path().join("classes.txt"), "dog\ncat\n").unwrap();
    let data = open(&spec).unwrap();
    assert_eq!((data.entry(0).unwrap().label, data.identity().classes.len()), (1, 2));
    std::fs::write(&spec.path, "path,label\na.png,cat\nb/c d.png,cta\n").unwrap();
    says(&open(&spec).err().unwrap(), "no class `cta`", "x.csv:3");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let long = format!("path,label\na.png,{}\n", "x".repeat(1 << 20));
    let long_label = format!("path,label\na.png,{}\n", "x".repeat(5000));
    let long_path = format!("path,label\n{},0\n", "x".repeat(5000));
    let quote = format!("path,label\na.png,\"0\n{}", "a.png,0\n".repeat(200_000));
    for (name, text, what, place) in [
        ("x.csv", "path,label\na.png,0\n../b.png,0\n", "`../b.png` leads out", "x.csv:3"),
        ("x.csv", "path,label\n/etc/hostname,0\n", "leads out", "x.csv:2"),
        ("x.csv", "path,label\na.png,0\nnowhere.png,0\n", "not there", "x.csv:3 (nowhere.png)"),
        ("x.csv", "path,label\na.png,0,1\n", "3 fields, the first has 2", "x.csv:2"),
        ("x.csv", "path,label\na.png\n", "has 1 field, the first has 2", "x.csv:2"),
        ("x.csv", "path,label\n\"a.png,0\na.png,1\n", "begins with `a.png,0` goes on", "x.csv:2"),
        ("x.csv", "path,label\na.png,\"0\na.png,1\n", "begins with `0` goes on", "x.csv:2"),
        ("x.csv", &long_label, "the label has 5000 bytes, more than 4096", "x.csv:2"),
        ("x.csv", &long_path, "the path has 5000 bytes, more than 4096", "x.csv:2"),
        ("x.csv", "path,label\n.,0\n", "`.` is the folder itself", "x.csv:2"),
        ("x.csv", "path,label\n,0\n", "names no image", "x.csv:2"),
        ("x.csv", "path,label\na.png,\n", "no label", "x.csv:2"),
        ("x.csv", "path,label\na.png,cat\n\na.png,1\n", "`1` is an index", "x.csv:4"),
        ("x.csv", "path,label\r\na.png,cat\r\n\r\na.png,1\r\n", "`1` is an index", "x.csv:4"),
        ("x.csv", "path,note,label\na.png,\"b\nc\",cat\na.png,,1\n", "`1` is an index", "x.csv:4"),
        ("x.csv", "path,colour\na.png,0\n", "no column of labels", "x.csv:1"),
        ("x.csv", "path,label\n", "names no image", "x.csv"),
        ("x.csv", "", "names no image", "x.csv"),
        ("x.csv", &long, "longer than", "x.csv:2"),
        ("x.csv", &quote, "longer than", "x.csv:2"),
        ("y_labels.csv", "a.png,2,0\na.png,3,0\n", "3 classes, those before say 2", "y_labels.csv:2"),
        ("y_labels.csv", "a.png,2,2\n", "label 2 is out of range", "y_labels.csv:1"),
        ("y_labels.csv", "a.png,999999999999,2\n", "no number of classes", "y_labels.csv:1"),
        (
            "x.jsonl",
            "{\"path\": \"a.png\", \"label\": 0}\n{\"path\": \"a.png\"}\n",
            "no `label`",
            "x.jsonl:2",
        ),
        ("x.jsonl", "{\"path\": \"a.png\", \"label\": 0}\n[1]\n", "no JSON object", "x.jsonl:2"),
        ("x.jsonl", "{\"path\": \"a.png\", \"label\": 1.5}\n", "no index", "x.jsonl:1"),
        ("val_map.txt", "a.png 0\na.png\n", "no space", "val_map.txt:2"),
    ] {
        says(&refused(name, text), what, place);
    }
    says(&refused("x.csv", b"path,label\na.png,0\n\xff.png,0\n"), "not UTF-8", "x.csv:3");
    says(&refused("x.csv", b"\xff\xfep\0a\0"), "UTF-16", "x.csv");
}

#[test]
fn who_skips_bad_images_skips_files_that_are_not_there() {
    let (_scene, spec) = Scene::with("x.csv", "path,label\nnowhere.png,0\na.png,0\n");
    let data = open(&DatasetSpec { on_bad_image: OnBadImage::Skip, ..spec }).unwrap();
    says(&data.image(0).unwrap_err(), "cannot be read", "x.csv:2 (nowhere.png)");
    data.image(1).unwrap();
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_what_the_help_is_about() {
    for text in
        ["path,label\n\"a.png,0\na.png,1\n", "path,label\na.png,\"0\na.png,1\n", "path,label\n\"a.png,0"]
    {
        let help = refused("x.csv", text).help.unwrap();
        assert!(help.contains("quotation mark") && help.contains("close"), "{help}");
    }
}

#[test]
fn what_is_no_path_of_a_file_here_is_told_by_its_kind() {
    for (path, hint) in [
        ("http://x/y.png", "fetch the files"),
        (".\\a.png", "write / between"),
        ("c.png", "correct the path"),
    ] {
        let error = refused("x.csv", format!("path,label\n{path},0\n"));
        assert!(error.help.as_ref().unwrap().contains(hint), "{error}");
    }
    let (_scene, spec) = Scene::with("x.csv", "path,label\nb,0\nhttp://x/y.png,0\n");
    let data = open(&DatasetSpec { on_bad_image: OnBadImage::Skip, ..spec }).unwrap();
    says(&data.image(0).unwrap_err(), "this is a folder, not an image file", "x.csv:2 (b)");
    says(&data.image(1).unwrap_err(), "the path is an address, and nothing is downloaded", "x.csv:3");
}

#[test]
fn an_image_named_twice_has_its_row_as_id() {
    assert_eq!(rows("x.csv", "path,label\na.png,0\na.png,1\n"), [("0".into(), 0), ("1".into(), 1)]);
}

#[test]
fn absolute_paths_within_the_folder_are_fine() {
    let (scene, spec) = Scene::with("x.csv", "");
    let path = scene.0.path().canonicalize().unwrap().join("a.png");
    std::fs::write(&spec.path, format!("path,label\n{},0\n", path.display())).unwrap();
    assert_eq!(pixels(&list(&spec).unwrap(), 0).unwrap()[..3], [10, 254, 1]);
}

#[test]
fn raw_pixels_are_square() {
    assert_eq!(raw_side("a.bin", 96 * 96 * 3), Some(96));
    assert_eq!([raw_side("a.bin", 490), raw_side("a.bin", 0), raw_side("a.png", 3)], [None; 3]);
}

proptest! {
    #[test]
    fn whatever_is_in_the_file_the_answer_names_it(
        name in prop::sample::select(&["x.csv", "x.tsv", "x.jsonl", "x.txt", "y_labels.csv"][..]),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        text in "([a-b./,;\"\t {}:0-2-]|path|label|\n){0,60}",
    ) {
        for content in [bytes, text.into_bytes()] {
            let (_scene, spec) = Scene::with(name, content);
            if let Err(error) = list(&spec) {
                prop_assert!(error.place.unwrap().contains(name));
            }
        }
    }

    #[test]
    fn a_cut_or_changed_manifest_never_panics(
        name in prop::sample::select(&["quoted.csv", "tabs.tsv", "objects.jsonl", "val_map.txt", "y_labels.csv"][..]),
        place: prop::sample::Index,
        byte: u8,
        cut: prop::sample::Index,
    ) {
        let mut bytes = std::fs::read(table("manifests").join(name)).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len() + 1));
        let (_scene, spec) = Scene::with(name, bytes);
        if let Err(error) = list(&spec) {
            prop_assert!(error.place.unwrap().contains(name));
        }
    }

    #[test]
    fn rows_come_back_as_they_were_written(
        rows in prop::collection::vec(("[a-z]{1,6}", 0u32..5, "[^\u{0}\r]{0,8}"), 1..20),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["path", "label", "note"]).unwrap();
        for (path, label, note) in &rows {
            writer.write_record([path, &label.to_string(), note.trim()]).unwrap();
        }
        let (_scene, spec) = Scene::with("x.csv", writer.into_inner().unwrap());
        let content = list(&spec).unwrap();
        for (index, (_, label, note)) in rows.iter().enumerate() {
            prop_assert_eq!(content.images.label(index), *label);
            prop_assert_eq!(content.images.value(0, index), note.trim());
        }
    }
}
