//! Twelve images that are nowhere, with columns: for tests of what all formats share.

use sha2::{Digest, Sha256};

use super::{Content, Image, Images, Picture};
use crate::error::Result;

/// Cats, dogs and birds in turn. The column `source` says `phone` for the first six, `web` for the
/// next four and nothing for the last two; `year` is 2024 and 2025 in turn;
/// `url` was left out.
pub(super) fn content() -> Content {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
    Content {
        name: "animals".into(),
        split: None,
        classes: owned(&["cat", "dog", "bird"]).into(),
        passed_over: None,
        columns: owned(&["source", "year"]),
        images: Box::new(Animals { left_out: owned(&["url"]) }),
    }
}

struct Animals {
    left_out: Vec<String>,
}

impl Images for Animals {
    fn count(&self) -> usize {
        12
    }

    fn id(&self, index: usize) -> String {
        format!("{index}.png")
    }

    fn label(&self, index: usize) -> u32 {
        index as u32 % 3
    }

    fn read(&self, index: usize) -> Result<Picture> {
        let pixels = vec![index as u8; 16];
        Ok(Picture::Pixels(Image { width: 4, height: 4, channels: 1, pixels }))
    }

    fn place(&self, index: usize) -> String {
        format!("image {index}")
    }

    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        digest.update([index as u8]);
        Ok(())
    }

    fn value(&self, column: usize, index: usize) -> &str {
        match (column, index) {
            (0, 0..6) => "phone",
            (0, 6..10) => "web",
            (1, index) if index.is_multiple_of(2) => "2024",
            (1, _) => "2025",
            _ => "",
        }
    }
    fn left_out(&self) -> &[String] {
        &self.left_out
    }
}
