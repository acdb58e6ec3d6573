use std::path::Path;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::*;
use crate::dataset::open;
use crate::dataset::table_fixtures::{check, expected, pixels, says, table};
use crate::plan::{DataColumns, DatasetFormat};

fn listed(name: &str) -> Content {
    list(&DatasetSpec::at(table(name))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn refused(name: &str) -> Error {
    list(&DatasetSpec::at(table(name))).err().unwrap_or_else(|| panic!("{name} was read"))
}

/// Lists a file with these bytes and reads all that it has.
fn read_all(bytes: &[u8]) -> Result<usize> {
    let file = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let content = list(&DatasetSpec::at(file.path()))?;
    let count = content.images.count();
    (0..count).try_for_each(|index| content.images.read(index).map(drop))?;
    Ok(count)
}

#[test]
fn every_way_to_write_a_table_gives_the_same_rows() {
    let tables = expected();
    let mut seen = 0;
    for (name, expected) in tables.iter().filter(|(name, _)| !name.starts_with("manifests")) {
        check(name, &listed(name), expected);
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[test]
fn rows_are_found_in_any_order_and_by_many_threads_at_once() {
    let content = listed("pages.parquet");
    let colours: Vec<Vec<u8>> = (0..40).map(|index| pixels(&content, index).unwrap()).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (content, colours) = (&content, &colours);
            scope.spawn(move || {
                for step in 0..200 {
                    let index = (step * 17 + thread * 11) % 40;
                    assert_eq!(pixels(content, index).unwrap(), colours[index]);
                }
            });
        }
    });
}

#[test]
fn a_repository_is_found_by_its_folder_and_split() {
    let data = open(&DatasetSpec::at(table("hugging-face"))).unwrap();
    let identity = data.identity();
    assert_eq!((identity.format.as_str(), identity.name.as_str()), ("parquet", "hugging-face"));
    assert_eq!((identity.split.as_deref(), identity.images), (Some("test"), 11));
    let train = DatasetSpec { split: Some("train".into()), ..DatasetSpec::at(table("hugging-face")) };
    assert_eq!(open(&train).unwrap().count(), 4);
}

#[test]
fn columns_that_are_asked_for_are_taken() {
    let asked = |image: Option<&str>, label: Option<&str>| {
        let columns = DataColumns { image: image.map(str::to_owned), label: label.map(str::to_owned) };
        list(&DatasetSpec { columns, ..DatasetSpec::at(table("hugging-face")) })
    };
    let coarse = asked(None, Some("coarse_label")).unwrap();
    assert_eq!(
        (coarse.classes.names().to_vec(), coarse.columns),
        (
            vec!["mammal".into(), "other".into()],
            vec!["fine_label".into(), "weather".into(), "session".into()],
        )
    );
    let by_text = asked(Some("img"), Some("session")).unwrap();
    assert_eq!(by_text.classes.names(), ["0", "1", "2"]);
    for (image, label, what) in [
        (Some("picture"), None, "no column `picture`"),
        (Some("session"), None, "holds no images"),
        (Some("weather"), None, "holds no images"),
        (None, Some("taken"), "holds no labels"),
        (None, Some("img"), "holds no labels"),
    ] {
        says(&asked(image, label).err().unwrap(), what, "test-00000-of-00002.parquet");
    }
}

#[test]
fn given_class_names_must_be_as_many_as_the_file_has() {
    let named = |names: &[&str]| {
        let classes = names.iter().map(|&name| name.into()).collect();
        list(&DatasetSpec { class_names: classes, ..DatasetSpec::at(table("snappy-1.parquet")) })
    };
    assert_eq!(named(&["a", "b", "c"]).unwrap().classes.names(), ["a", "b", "c"]);
    assert!(named(&["a", "b"]).err().unwrap().what.contains("2 classes are named"));
}

#[test]
fn what_cannot_be_used_is_refused_with_file_and_row() {
    for (name, what, place) in [
        ("unlabelled.parquet", "label -1 is no class", "unlabelled.parquet, row 2"),
        ("null-label.parquet", "no label", "null-label.parquet, row 1"),
        (
            "out-of-range.parquet",
            "label 3 is out of range: there are 3 class names",
            "out-of-range.parquet, row 2",
        ),
        ("not-utf8.parquet", "the label is not UTF-8", "not-utf8.parquet, row 1"),
        ("no-label.parquet", "no column with labels", "no-label.parquet"),
        ("no-image.parquet", "no column with images", "no-image.parquet"),
        ("no-rows.parquet", "no rows", "no-rows.parquet"),
        ("brotli.parquet", "BROTLI", "brotli.parquet, row group 0, column label"),
    ] {
        says(&refused(name), what, place);
    }
    let delta = listed("delta-byte-array.parquet");
    says(&delta.images.read(3).unwrap_err(), "DELTA_BYTE_ARRAY", "row group 0, column image");
}

/// A file of two rows: the paths of their images, their labels and a remark on each.
fn rows_of(texts: [[&str; 2]; 3]) -> Result<Content> {
    let schema = "message table { required group image { required binary bytes; required binary path (UTF8); } \
        required binary label (UTF8); required binary note (UTF8); }";
    let file = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(file.reopen().unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in [["", ""]].into_iter().chain(texts) {
        let mut writer = group.next_column().unwrap().unwrap();
        writer.typed::<ByteArrayType>().write_batch(&column.map(ByteArray::from), None, None).unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    list(&DatasetSpec::at(file.path()))
}

#[test]
fn a_text_that_is_longer_than_any_label_or_path_is_refused_by_its_row() {
    let (long, longest) = ("x".repeat(4097), "x".repeat(4096));
    let error = rows_of([["a", "b"], ["cat", &long], ["", ""]]).err().unwrap();
    says(&error, "the label has 4097 bytes, more than 4096", ".parquet, row 1");
    let error = rows_of([["a", &long], ["cat", "dog"], ["", ""]]).err().unwrap();
    says(&error, "the path of the image has 4097 bytes", ".parquet, row 1");
    let content = rows_of([["a", &longest], ["cat", &longest], ["day", &longest]]).unwrap();
    assert_eq!((content.images.count(), content.columns), (2, vec!["note".to_owned()]));
    let content = rows_of([["a", "b"], ["cat", "dog"], ["day", &long]]).unwrap();
    assert_eq!((content.columns.len(), content.images.left_out()), (0, &["note".to_owned()][..]));
}

#[test]
fn images_beside_the_file_are_read_from_its_folder_only() {
    let content = listed("paths.parquet");
    assert_eq!(pixels(&content, 0).unwrap()[..3], [0, 255, 0]);
    assert!(content.images.read(1).unwrap_err().what.contains("leads out of the folder"));
    assert!(content.images.read(2).unwrap_err().what.contains("leads out of the folder"));
    assert!(content.images.read(3).unwrap_err().what.contains("no image"));
    assert_eq!(content.images.id(0), "0", "one row has no path, so none is an id");
}

#[test]
fn shards_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in ["snappy-1.parquet", "plain.parquet"].iter().enumerate() {
        let shard = format!("test-0000{number}-of-00002.parquet");
        std::fs::copy(table(name), folder.path().join(shard)).unwrap();
    }
    let error = list(&DatasetSpec::at(folder.path())).err().unwrap();
    says(&error, "other columns or classes", "test-00001-of-00002.parquet");
}

#[test]
fn the_digest_tells_files_apart() {
    let digest = |name: &str| open(&DatasetSpec::at(table(name))).unwrap().identity().sha256.clone();
    assert_eq!(digest("pages.parquet"), digest("pages.parquet"));
    assert_ne!(digest("pages.parquet"), digest("delta.parquet"));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = std::fs::read(table("snappy-1.parquet")).unwrap();
    for length in 0..whole.len() {
        let error = read_all(&whole[..length]).unwrap_err();
        says(&error, "cut short", ".parquet");
    }
    assert_eq!(read_all(&whole).unwrap(), 6);
}

#[test]
fn any_other_file_is_no_parquet_file_unless_it_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        is_here(&path).unwrap()
    };
    assert!(file("a.parquet", b"") && file("b", b"PAR1..."));
    assert!(!file("c", b"PAR") && !file("d.csv", b"path,label"));
    let forced =
        DatasetSpec { format: Some(DatasetFormat::Parquet), ..DatasetSpec::at(folder.path().join("c")) };
    assert!(open(&forced).err().unwrap().what.contains("no Parquet file"));
}

/// Tables whose bytes are damaged below: every codec, both page formats, every encoding.
const DAMAGED: [&str; 8] = [
    "snappy-1.parquet",
    "zstd-2.parquet",
    "gzip-1.parquet",
    "lz4-2.parquet",
    "none-1.parquet",
    "plain.parquet",
    "delta.parquet",
    "pages.parquet",
];

#[test]
fn no_flipped_byte_brings_the_reader_down() {
    for name in ["snappy-1.parquet", "none-2.parquet"] {
        let whole = std::fs::read(table(name)).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x80 >> (at % 8);
            let _ = read_all(&damaged);
        }
    }
}

#[test]
fn a_flipped_bit_below_a_checksum_is_noticed() {
    let path = table("pages.parquet");
    let (whole, intact) = (std::fs::read(&path).unwrap(), listed("pages.parquet"));
    // Some byte of the first image: its colour or its checksum.
    let image = pixels(&intact, 0).unwrap();
    assert_eq!(image[..3], [0, 255, 0]);
    let at = whole.windows(4).position(|bytes| bytes == b"IDAT").unwrap() + 6;
    let mut damaged = whole;
    damaged[at] ^= 1;
    assert!(read_all(&damaged).unwrap_err().what.contains("checksum is wrong"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_files_never_panic(
        name in prop::sample::select(&DAMAGED[..]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut: Option<prop::sample::Index>,
    ) {
        let mut bytes = std::fs::read(table(name)).unwrap();
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let whole = bytes.len();
        // What is cut out is in the middle: the footer stays.
        if let Some(cut) = cut {
            bytes.drain(cut.index(whole)..(cut.index(whole) + 9).min(whole));
        }
        if let Err(error) = read_all(&bytes) {
            prop_assert!(error.place.is_some() && !error.what.is_empty(), "{}", error);
        }
    }

    #[test]
    fn arbitrary_bytes_between_the_marks_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let size = (bytes.len() as u32).to_le_bytes();
        let file = [MAGIC_START, &bytes, &size, MAGIC_START].concat();
        prop_assert!(read_all(&file).is_err());
    }
}

const MAGIC_START: &[u8] = b"PAR1";

#[test]
fn a_group_that_says_more_rows_than_its_pages_is_refused() {
    let whole = std::fs::read(table("pages.parquet")).unwrap();
    let metadata = footer(&table("pages.parquet")).unwrap();
    let length = whole.len() as u64;
    let path: Arc<Path> = table("pages.parquet").into();
    let column = metadata.row_group(0).column(0);
    let wrong = column.clone().into_builder().set_num_values(26).build().unwrap();
    says(
        &located(Chunk::of(&path, length, 0, 25, &wrong).err().unwrap()),
        "26 values in a row group of 25",
        "here",
    );
    let chunk = Chunk::of(&path, length, 0, 26, &wrong).unwrap();
    says(&chunk.pages().unwrap_err(), "its pages have 25", "row group 0, column image");
    let beyond = column.clone().into_builder().set_total_compressed_size(1 << 40).build().unwrap();
    says(&located(Chunk::of(&path, length, 0, 25, &beyond).err().unwrap()), "beyond the end", "here");
}

fn located(error: Error) -> Error {
    error.at("here")
}
