//! The tables of `fixtures/tables`, and what the tests expect of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Content, Picture, decode};
use crate::error::{Error, Result};
use crate::preprocess::Decoding;

/// What a table holds.
#[derive(serde::Deserialize)]
pub(super) struct Expected {
    classes: Vec<String>,
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    id: String,
    label: u32,
    colour: Vec<u8>,
    values: Vec<String>,
}

/// Path of the table `name`.
pub(super) fn table(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tables")).join(name)
}

/// What each readable table holds, by name.
pub(super) fn expected() -> BTreeMap<String, Expected> {
    serde_json::from_slice(&std::fs::read(table("expected.json")).unwrap()).unwrap()
}

/// Holds everything in `content` against what is expected.
pub(super) fn check(name: &str, content: &Content, expected: &Expected) {
    assert_eq!(
        (content.classes.names(), &content.columns),
        (expected.classes.as_slice(), &expected.columns),
        "{name}"
    );
    assert_eq!(content.images.count(), expected.rows.len(), "{name}");
    for (index, row) in expected.rows.iter().enumerate() {
        let images = &content.images;
        assert_eq!((images.id(index), images.label(index)), (row.id.clone(), row.label), "{name}");
        let values: Vec<&str> =
            (0..content.columns.len()).map(|column| images.value(column, index)).collect();
        assert_eq!(values, row.values, "{name}, row {index}");
        assert_eq!(pixels(content, index).unwrap()[..3], row.colour, "{name}, row {index}");
    }
}

/// Pixels of image `index`.
pub(super) fn pixels(content: &Content, index: usize) -> Result<Vec<u8>> {
    let image = match content.images.read(index)? {
        Picture::File(bytes) => decode(&bytes, Decoding::default())?,
        Picture::Pixels(image) => image,
    };
    Ok(image.pixels)
}

/// Holds an error against words of what it says and of where; it must say what to do, too.
pub(super) fn says(error: &Error, what: &str, place: &str) {
    let told = format!("{}: {}", error.what, error.cause.as_deref().unwrap_or_default());
    assert!(told.contains(what), "`{what}` is not in: {error}");
    assert!(error.place.as_deref().unwrap_or_default().contains(place), "`{place}` is not in: {error}");
    assert!(error.help.is_some(), "no help: {error}");
}
