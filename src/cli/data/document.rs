//! All that `bench data` tells, as data. The page and the JSON are both written from it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::remarks::{self, Remark};
use super::wish::Wish;
use crate::dataset::survey::{Division, Part, Shares, Survey, Together};

/// Layout of the JSON that `bench data --json` writes.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench data` tells.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Layout of this document.
    pub schema_version: u32,
    /// Path as the user gave it.
    pub path: String,
    /// What is there.
    #[serde(flatten)]
    pub survey: Survey,
    /// What to know, and what to do about it.
    pub remarks: Vec<Remark>,
    /// The lists that were written.
    pub division: Option<Lists>,
    /// The contact sheet that was written.
    pub contact_sheet: Option<SheetFacts>,
}

/// How the data was divided.
#[derive(Debug, Serialize)]
pub struct Lists {
    /// `80/16/4`.
    pub shares: String,
    /// Seed of the draw.
    pub seed: u64,
    /// Which images stayed together.
    pub together: Together,
    /// Groups of images that stayed together.
    pub groups: usize,
    /// Images that are in no list, since they cannot be read.
    pub left_out: usize,
    /// The parts.
    pub parts: Vec<List>,
}

/// One list.
#[derive(Debug, Serialize)]
pub struct List {
    /// Its name.
    pub name: String,
    /// The file, for `--list`.
    pub file: String,
    /// The flags by which other commands take its images.
    pub flags: String,
    /// Its images.
    pub images: usize,
    /// Its images of each class, in label order.
    pub by_class: Vec<usize>,
}

/// A contact sheet.
#[derive(Debug, Serialize)]
pub struct SheetFacts {
    /// The file.
    pub file: String,
    /// Classes on it.
    pub classes: usize,
    /// Most images of a class on it.
    pub each: usize,
}

impl Document {
    /// What was found at `path`.
    pub fn of(path: &Path, survey: Survey) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            path: path.display().to_string(),
            remarks: remarks::of(&survey),
            survey,
            division: None,
            contact_sheet: None,
        }
    }

    /// The same with the lists that were made.
    pub fn divided(mut self, lists: Lists) -> Self {
        self.remarks.extend(remarks::of_lists(&lists, &self.survey));
        Self { division: Some(lists), ..self }
    }
}

impl Lists {
    /// What `division` came to, for the files of `wish`.
    pub fn of(division: &Division, wish: &Wish, shares: &Shares, seed: u64, together: Together) -> Self {
        let list = |(part, file): (&Part, &PathBuf)| List {
            name: part.name.clone(),
            file: file.display().to_string(),
            flags: wish.flags(file),
            images: part.ids.len(),
            by_class: part.by_class.clone(),
        };
        Self {
            shares: shares.to_string(),
            seed,
            together,
            groups: division.groups,
            left_out: division.left_out,
            parts: division.parts.iter().zip(&wish.lists).map(list).collect(),
        }
    }
}
