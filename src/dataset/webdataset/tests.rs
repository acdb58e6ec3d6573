//! Stories about shards in memory; those about shards on disk are in `tests/shards.rs`.

use std::io::Cursor;

use proptest::prelude::*;

use super::archive::Kind;
use super::*;
use crate::record::PassedOver;

/// An archive that is packed member by member.
#[derive(Clone, Default)]
struct Packed(Vec<u8>);

impl Packed {
    fn file(self, name: &str, content: &[u8]) -> Self {
        self.member(b'0', name, content)
    }

    /// A label and an image that hold as much as is looked at here.
    fn sample(self, key: &str, label: &str) -> Self {
        self.file(&format!("{key}.png"), b"pixels").file(&format!("{key}.cls"), label.as_bytes())
    }

    fn member(self, kind: u8, name: &str, content: &[u8]) -> Self {
        self.declared(kind, name, content, &format!("{:011o}\0", content.len()))
    }

    /// A member whose header gives any size.
    fn declared(mut self, kind: u8, name: &str, content: &[u8], size: &str) -> Self {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..124 + size.len()].copy_from_slice(size.as_bytes());
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        self.0.extend(summed(header));
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }

    fn refusal(self) -> Error {
        refusal(&self.end())
    }
}

/// A header with its checksum.
fn summed(mut header: [u8; 512]) -> [u8; 512] {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn index(bytes: &[u8]) -> Result<Index> {
    let mut index = Index::default();
    index.add("s.tar".into(), Cursor::new(bytes)).map(|()| index)
}

fn refusal(bytes: &[u8]) -> Error {
    index(bytes).and_then(|index| index.finish(None)).err().unwrap()
}

fn opened(bytes: &[u8]) -> (ShardImages, Vec<String>) {
    let (images, classes) = index(bytes).and_then(|index| index.finish(None)).unwrap();
    (images, classes.names().to_vec())
}

fn ids(images: &ShardImages) -> Vec<String> {
    (0..images.count()).map(|index| images.id(index)).collect()
}

/// What lies in `bytes` where an image is said to be.
fn bytes_of<'a>(images: &ShardImages, index: usize, bytes: &'a [u8]) -> &'a [u8] {
    let part = images.parts[index];
    &bytes[part.offset as usize..][..part.bytes as usize]
}

#[test]
fn a_key_is_all_before_the_first_dot_of_the_name() {
    let shard = Packed::default()
        .file("a.b/1.PNG", b"one")
        .file("a.b/1.cls", b" 1\n")
        .file("a.b/1.seg.png", b"a mask")
        .file("./2.jpeg", b"two")
        .file("./2.json", b"{\"cls\": 0}")
        .end();
    let (images, classes) = opened(&shard);
    assert_eq!(ids(&images), ["s/a.b/1", "s/2"]);
    assert_eq!((bytes_of(&images, 0, &shard), bytes_of(&images, 1, &shard)), (&b"one"[..], &b"two"[..]));
    assert_eq!((images.label(0), images.label(1), classes), (1, 0, vec!["0".to_owned(), "1".to_owned()]));
    assert_eq!(images.place(1), "member `2.jpeg` at byte 3584 of s.tar");
}

#[test]
fn parts_of_a_sample_may_lie_apart() {
    let shard = Packed::default().file("1.cls", b"0").sample("2", "1").file("1.png", b"late").end();
    let (images, _) = opened(&shard);
    assert_eq!(
        (ids(&images), bytes_of(&images, 0, &shard)),
        (vec!["s/1".into(), "s/2".into()], &b"late"[..])
    );
}

#[test]
fn fields_of_the_json_become_columns_and_the_label_in_its_own_file_goes_first() {
    let json = br#"{"label": "cat", "light": "dim", "hour": 3, "sharp": true, "box": [1], "none": null}"#;
    let shard =
        Packed::default().sample("1", "7").file("1.json", json).file("2.png", b"").file("2.json", json).end();
    let index = index(&shard).unwrap();
    assert_eq!((index.labels.get(0), index.labels.get(1)), ("7", "cat"));
    let names =
        (0..8).map(|class| if class == 0 { "cat".to_owned() } else { class.to_string() }).collect::<Vec<_>>();
    let (images, _) = index.finish(Some(names.into())).unwrap();
    assert_eq!((images.label(0), images.label(1)), (7, 0));
    assert_eq!(images.columns.names(), ["hour", "light", "sharp"]);
    let row: Vec<&str> = (0..3).map(|column| images.value(column, 1)).collect();
    assert_eq!(row, ["3", "dim", "true"]);
}

#[test]
fn labels_of_another_field_are_taken_where_it_is_asked_for() {
    let json = br#"{"label": "cat", "class_id": 3}"#;
    let shard = Packed::default().sample("1", "cat").file("1.json", json).end();
    let asked = |field: &str| {
        let mut index = Index { label_field: Some(field.to_owned()), ..Index::default() };
        index.add("s.tar".into(), Cursor::new(&shard[..])).map(|()| index)
    };
    let index = asked("class_id").unwrap();
    assert_eq!((index.labels.get(0), index.columns.names()), ("3", vec!["label".to_owned()]));
    let error = asked("species").err().unwrap();
    assert_eq!(error.what, "the JSON of sample `1` has no species");
}

#[test]
fn an_image_without_label_and_a_label_without_image_are_named() {
    let error = Packed::default().sample("1", "0").file("2.png", b"").refusal();
    assert_eq!(error.what, "sample `2` has an image and no label");
    assert_eq!(error.place.unwrap(), "member `2.png` at byte 2560 of s.tar");
    let error = Packed::default().file("photo.v2.jpg", b"").file("photo.cls", b"0").refusal();
    assert_eq!(error.what, "sample `photo` has a label and no image");
    assert!(error.help.unwrap().ends_with("here it is `v2.jpg`"));
    let error = Packed::default().file("1.png", b"").file("1.json", b"{\"name\": 1}").refusal();
    assert_eq!(error.what, "the JSON of sample `1` has no label, cls, class");
}

#[test]
fn two_labels_of_one_sample_must_agree() {
    let both = |cls: &str, json: &str| {
        Packed::default().sample("1", cls).file("1.json", format!("{{\"label\": {json}}}").as_bytes()).end()
    };
    for (cls, json) in [("1", "0"), ("cat", "\"dog\"")] {
        let error = refusal(&both(cls, json));
        let json = json.trim_matches('"');
        assert_eq!(error.what, format!("sample `1` has label `{cls}` in its .cls and `{json}` in its JSON"));
        assert!(error.place.unwrap().starts_with("member `1.cls`") && error.help.is_some());
    }
    for (cls, json) in [("1", "1"), ("01", "1"), ("1", "\"1\""), ("cat", "\"cat\""), ("1", "\"cat\"")] {
        assert_eq!(opened(&both(cls, json)).0.count(), 1, "{cls} and {json}");
    }
}

#[test]
fn samples_with_a_dot_in_their_key_are_counted_and_told_by_name() {
    let shard = Packed::default()
        .file("README", b"hello")
        .sample("img1", "0")
        .sample("img.v2.0", "1")
        .sample("img.v2.2", "0")
        .end();
    let index = index(&shard).unwrap();
    let told = index.strays.told().unwrap();
    assert_eq!(told.count, 5);
    assert!(
        told.first.starts_with("img.v2.0.png, where the key of a sample ends at the first dot"),
        "{}",
        told.first
    );
    assert!(told.first.contains("here `img`"), "{}", told.first);
    assert_eq!(ids(&index.finish(None).unwrap().0), ["s/img1"]);
}

#[test]
fn a_sample_with_a_dot_in_its_key_is_not_hidden_by_another_that_has_the_key_before() {
    let shard = Packed::default().sample("x.y.z", "0").sample("x", "1").end();
    let index = index(&shard).unwrap();
    assert_eq!(index.strays.told().unwrap().count, 2);
    assert_eq!(ids(&index.finish(None).unwrap().0), ["s/x"]);
}

#[test]
fn masks_and_further_labels_of_a_sample_are_parts_of_it() {
    let shard = Packed::default()
        .sample("1", "0")
        .file("1.seg.png", b"a mask")
        .file("1.coarse.cls", b"3")
        .file("1.meta.json", b"{}")
        .end();
    assert_eq!(index(&shard).unwrap().strays.told(), None);
}

#[test]
fn where_all_keys_have_dots_the_refusal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.tar");
    std::fs::write(&path, Packed::default().sample("a.0", "0").sample("a.1", "1").end()).unwrap();
    let error = list(&DatasetSpec::at(path)).err().unwrap();
    assert_eq!(error.what, "the shards hold no image");
    assert!(error.cause.unwrap().contains("a.0.png, where the key of a sample ends"));
}

#[test]
fn a_last_block_that_is_cut_is_told_as_such() {
    let shard = Packed::default().file("1.png", b"p").0;
    let error = refusal(&shard[..shard.len() - 100]);
    assert_eq!(error.cause.unwrap(), "the last block of a member is cut: each has 512 bytes, this one 412");
}

#[test]
fn a_key_that_comes_twice_is_named() {
    for (name, kind) in [("1.png", "image"), ("1.jpg", "image"), ("1.cls", "cls")] {
        let error = Packed::default().sample("1", "0").file(name, b"0").refusal();
        assert_eq!(error.what, format!("sample `1` has a second {kind}"));
        assert!(error.place.unwrap().starts_with(&format!("member `{name}` at byte ")));
    }
}

#[test]
fn the_same_key_in_two_shards_is_two_images() {
    let shard = Packed::default().sample("1", "0").end();
    let mut index = Index::default();
    for name in ["a.tar", "empty.tar", "b.tar"] {
        let bytes = if name == "empty.tar" { Packed::default().end() } else { shard.clone() };
        index.add(name.into(), Cursor::new(bytes)).unwrap();
    }
    assert_eq!(ids(&index.finish(None).unwrap().0), ["a/1", "b/1"]);
}

#[test]
fn labels_that_say_nothing_are_named() {
    let too_long = "x".repeat(5000);
    let too_long_json = format!("{{\"label\": \"{too_long}\"}}");
    for (label, what) in [
        ("", "not one line"),
        ("a\nb", "not one line"),
        ("-1", "label -1 is no class"),
        ("none", "is a class name, others are indices"),
        (too_long.as_str(), "more than 4096"),
    ] {
        let error = Packed::default().sample("1", "0").sample("2", label).refusal();
        assert!(error.what.contains(what), "{error}");
        assert!(error.place.as_ref().unwrap().starts_with("member `2."), "{error}");
    }
    for (json, what) in [
        ("{", "not understood"),
        ("[1]", "not understood"),
        ("{\"label\": 1.5}", "the label is 1.5, neither"),
        ("{\"label\": null}", "the label is null, neither"),
        ("{\"label\": [1]}", "the label is [1], neither"),
        (too_long_json.as_str(), "the label has 5000 bytes, more than 4096"),
    ] {
        let error = Packed::default().file("1.png", b"").file("1.json", json.as_bytes()).refusal();
        assert!(error.what.contains(what) && error.place.unwrap().contains("`1.json`"), "{}", error.what);
    }
}

#[test]
fn links_and_devices_are_counted_and_not_followed() {
    let shard = Packed::default()
        .member(b'2', "link.png", b"")
        .member(b'1', "hard.png", b"")
        .member(b'6', "pipe.png", b"")
        .member(b'5', "folder/", b"")
        .member(b'0', "folder.png/", b"")
        .file("README", b"hello")
        .file("notes.txt", b"hello")
        .file("._1.png", b"left by macOS")
        .file("__meta__/1.json", b"of the writer")
        .sample("1", "0")
        .end();
    let index = index(&shard).unwrap();
    assert_eq!(index.strays.told(), Some(&PassedOver { count: 5, first: "link.png".into() }));
    assert_eq!(ids(&index.finish(None).unwrap().0), ["s/1"]);
}

#[test]
fn names_that_lead_out_are_refused_and_so_are_sparse_members() {
    for name in ["/etc/1.png", "../1.png", "a/../../1.png", "./../1.png", ".//etc/1.png"] {
        let error = Packed::default().file(name, b"").refusal();
        assert!(error.what.contains("leads out"), "{name}: {error}");
    }
    assert!(Packed::default().member(b'S', "1.png", b"").refusal().what.contains("sparse"));
    let sparse = b"22 GNU.sparse.major=1\n";
    assert!(Packed::default().member(b'x', "", sparse).sample("1", "0").refusal().what.contains("sparse"));
}

#[test]
fn extended_headers_give_names_and_sizes() {
    let long = "folder/".repeat(40);
    let name = format!("{long}1.png\0");
    let record = format!("{}1.cls", long);
    let record = format!("{} path={record}\n", record.len() + " path=\n".len() + 3);
    let shard = Packed::default()
        .member(b'g', "", b"11 comment=\n".get(..0).unwrap())
        .member(b'L', "././@LongLink", name.as_bytes())
        .declared(b'0', "short.png", b"pixels", "00000000006\0")
        .member(b'x', "", [record.as_bytes(), b"9 size=1\n"].concat().as_slice())
        .declared(b'0', "short.cls", b"7", "00000000000\0")
        .end();
    let (images, _) = opened(&shard);
    assert_eq!((ids(&images), images.label(0)), (vec![format!("s/{long}1")], 7));
    for (kind, content) in
        [(b'g', &b"9 size=1\n"[..]), (b'x', b"9 size=x\n"), (b'x', b"8 size=1\n"), (b'x', b"junk")]
    {
        let error = Packed::default().member(kind, "", content).sample("1", "0").refusal();
        assert_eq!(
            (error.what.as_str(), error.place.as_deref()),
            ("the shard is damaged", Some("byte 0 of s.tar"))
        );
    }
    let lonely = Packed::default().sample("1", "0").member(b'L', "././@LongLink", b"name").refusal();
    assert!(lonely.cause.unwrap().contains("no member"));
}

#[test]
fn sizes_beyond_the_file_are_refused_before_anything_is_read() {
    for size in ["00000004000\0", "77777777777\0", "\u{1}2", "9"] {
        let error = Packed::default().sample("1", "0").declared(b'0', "2.png", b"", size).refusal();
        assert_eq!(error.place.unwrap(), "member `2.png` at byte 2048 of s.tar");
    }
    let huge = b"29 size=18446744073709551615\n";
    let error = Packed::default().member(b'x', "", huge).sample("1", "0").refusal();
    assert!(error.cause.unwrap().contains("18446744073709551615 bytes by its header, and 2560 follow"));
    let long =
        Packed::default().declared(b'L', "././@LongLink", &[b'a'; 2 << 20], "00010000000\0").sample("1", "0");
    assert!(long.refusal().cause.unwrap().contains("an extended header has 2097152 bytes"));
}

#[test]
fn a_shard_cut_short_anywhere_before_its_end_mark_is_refused_with_the_place() {
    let whole = Packed::default().sample("1", "0").sample("2", "1").end();
    let mark = whole.len() - 1024;
    for length in 0..mark + 512 {
        let error = refusal(&whole[..length]);
        assert!(error.place.as_ref().unwrap().ends_with("of s.tar"), "cut to {length}: {error}");
        assert!(
            error.what.contains("cut short") || error.what.contains("no tar"),
            "cut to {length}: {error}"
        );
    }
    assert_eq!(opened(&whole[..mark + 512]).0.count(), 2, "half an end mark is one");
}

#[test]
fn a_second_archive_behind_the_first_is_not_lost_in_silence() {
    let one = Packed::default().sample("1", "0").end();
    let error = refusal(&[one.clone(), one.clone()].concat());
    assert!(error.what.contains("goes on behind its end mark"), "{error}");
    let padded = [one, vec![0; 9000]].concat();
    assert_eq!(opened(&padded).0.count(), 1);
}

#[test]
fn a_wrong_checksum_and_a_packed_shard_are_told() {
    let mut shard = Packed::default().sample("1", "0").end();
    shard[1024] ^= 1;
    let error = refusal(&shard);
    assert_eq!(
        (error.what.as_str(), error.place.as_deref()),
        ("the shard is damaged", Some("byte 1024 of s.tar"))
    );
    assert_eq!(refusal(&[7; 600]).what, "this is not a tar archive");
    let packed = [&[0x1f, 0x8b, 8][..], &[7; 600]].concat();
    assert_eq!(refusal(&packed).what, "the shard is compressed by gzip");
}

#[test]
fn members_are_where_tarfile_finds_them() {
    #[derive(serde::Deserialize)]
    struct Expected {
        name: String,
        file: bool,
        offset: u64,
        bytes: u64,
    }
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/shards"));
    let text = std::fs::read(root.join("expected.json")).unwrap();
    let shards: std::collections::BTreeMap<String, Vec<Expected>> = serde_json::from_slice(&text).unwrap();
    assert_eq!(shards.len(), 6);
    for (path, members) in shards {
        let mut archive = Archive::new(File::open(root.join(&path)).unwrap(), path.clone()).unwrap();
        for expected in members {
            let found = archive.next_member().unwrap().unwrap();
            assert_eq!(String::from_utf8(found.name).unwrap(), expected.name, "{path}");
            assert_eq!((found.offset, found.bytes), (expected.offset, expected.bytes), "{}", expected.name);
            assert_eq!(found.kind == Kind::File, expected.file, "{}", expected.name);
        }
        assert_eq!(archive.next_member().unwrap(), None, "{path}");
    }
}

/// A shard with all that a header can say.
fn rich() -> Vec<u8> {
    Packed::default()
        .member(b'x', "", b"12 path=1.cl\n")
        .member(b'L', "", b"1.cls\0")
        .file("short", b"cat")
        .file("1.json", b"{\"label\": 1, \"light\": \"dim\"}")
        .sample("2", "dog")
        .file("1.png", b"")
        .end()
}

proptest! {
    #[test]
    fn damaged_shards_never_panic_and_images_stay_within(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut: prop::sample::Index,
        mend: bool,
    ) {
        let mut bytes = rich();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if mend {
            // With fitting checksums the damage is not found at once.
            for block in bytes.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
                let header = summed((&*block).try_into().unwrap());
                block.copy_from_slice(&header);
            }
        }
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            if let Ok((images, classes)) = index(bytes).and_then(|index| index.finish(None)) {
                for index in 0..images.count() {
                    let part = images.parts[index];
                    prop_assert!(part.offset + part.bytes <= bytes.len() as u64);
                    prop_assert!((images.label(index) as usize) < classes.names().len());
                }
            }
        }
    }

    #[test]
    fn arbitrary_blocks_with_fitting_checksums_never_panic(blocks in prop::collection::vec(
        (prop::array::uniform12(any::<u8>()), prop::sample::select(b"0LxgKS15\0".to_vec()), any::<[u8; 32]>()), 0..8,
    )) {
        let mut bytes = vec![];
        for (size, kind, name) in blocks {
            let mut header = [0; 512];
            header[..32].copy_from_slice(&name);
            header[124..136].copy_from_slice(&size);
            header[156] = kind;
            bytes.extend(summed(header));
        }
        let _ = index(&bytes);
    }
}
