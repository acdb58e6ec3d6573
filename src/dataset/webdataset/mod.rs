//! WebDataset shards: tar archives whose members belong together by their keys, `key.jpg` with
//! `key.cls` or `key.json`. One pass over the headers finds where every image lies; after that each is
//! read at its place, in any order and by many threads at once.
//!
//! Labels are numbers of classes or names; names are numbered by `classes.txt`, or in byte order.
//! Other fields of the JSON become columns. Ids are `shard/key`.

mod archive;
mod braces;
mod header;
mod samples;
mod shards;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use archive::Archive;
use samples::{Part, Sample, Strays};
use shards::Shards;
pub(super) use shards::{is_here, is_pattern, splits};

use super::classes::{self, ClassNames};
use super::columns::Columns;
use super::file_names::FileNames;
use super::files::{EXTENSIONS, MAX_FILE_BYTES};
use super::labels::{self, Labels};
use super::text_column::TextColumn;
use super::{Content, Images, Picture, unreadable};
use crate::error::{Error, Result};
use crate::plan::DatasetSpec;
use crate::regular_file;

/// Lists the images and reads the labels.
pub(super) fn list(spec: &DatasetSpec) -> Result<Content> {
    let Shards { name, split, files, folders, passed_over } = shards::locate(spec)?;
    let label_field = spec.columns.label.clone();
    let mut index = Index { strays: Strays::of(passed_over), label_field, ..Index::default() };
    for file in files {
        index.add_file(file)?;
    }
    if index.parts.is_empty() {
        let error = Error::unusable("the shards hold no image");
        let error = match index.strays.told() {
            Some(strays) => error.because(format!("passed over: {}", strays.first)),
            None => error,
        };
        return Err(error
            .at_path(&spec.path)
            .help(format!("an image is KEY.{}, with a label in KEY.cls", EXTENSIONS.join(", KEY."))));
    }
    let passed_over = index.strays.told().cloned();
    let (images, classes) = index.finish(classes::given(spec, folders.iter().map(PathBuf::as_path))?)?;
    Ok(Content {
        name,
        split,
        classes,
        passed_over,
        columns: images.columns.names(),
        images: Box::new(images),
    })
}

/// What is known of the shards read so far.
#[derive(Default)]
struct Index {
    shards: Vec<Shard>,
    keys: FileNames,
    parts: Vec<Part>,
    labels: TextColumn,
    columns: Columns,
    strays: Strays,
    /// The field of the JSON that holds the labels, where it is asked for.
    label_field: Option<String>,
}

/// A shard and the index of its first image.
struct Shard {
    path: PathBuf,
    first: usize,
}

impl Index {
    fn add_file(&mut self, path: PathBuf) -> Result<()> {
        let file = regular_file::open(&path).map_err(|cause| unreadable(&path, &cause))?;
        self.add(path, file)
    }

    fn add(&mut self, path: PathBuf, shard: impl Read + Seek) -> Result<()> {
        let mut archive = Archive::new(shard, path.display().to_string())?;
        let samples = samples::read(&mut archive, self.label_field.as_deref(), &mut self.strays)?;
        self.shards.push(Shard { path, first: self.parts.len() });
        samples.iter().for_each(|sample| self.push(sample));
        Ok(())
    }

    fn push(&mut self, sample: &Sample) {
        let row = self.parts.len();
        for (field, value) in &sample.facts {
            if let Some(column) = self.columns.add(field) {
                self.columns.say(column, row, value);
            }
        }
        self.keys.push(OsStr::new(&sample.key));
        self.parts.push(sample.image);
        self.labels.push(&sample.label);
    }

    /// The images, and the class names in label order.
    fn finish(self, given: Option<ClassNames>) -> Result<(ShardImages, ClassNames)> {
        let Self { shards, keys, parts, labels: texts, columns, .. } = self;
        let mut images = ShardImages { shards, keys, parts, labels: Vec::new(), columns: columns.complete() };
        let Labels { labels, classes } = labels::from_texts(&texts, given, &|image| images.place(image))?;
        images.labels = labels;
        Ok((images, classes))
    }
}

/// 28 bytes, the key and a few numbers an image.
struct ShardImages {
    shards: Vec<Shard>,
    keys: FileNames,
    parts: Vec<Part>,
    labels: Vec<u32>,
    columns: Columns,
}

impl ShardImages {
    fn shard(&self, index: usize) -> &Path {
        // Shards without images share their first with the next: the last of them holds the image.
        &self.shards[self.shards.partition_point(|shard| shard.first <= index) - 1].path
    }

    fn key(&self, index: usize) -> String {
        self.keys.get(index).to_string_lossy().into_owned()
    }
}

impl Images for ShardImages {
    fn count(&self) -> usize {
        self.parts.len()
    }

    fn id(&self, index: usize) -> String {
        format!("{}/{}", shards::stem(self.shard(index)), self.key(index))
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }

    fn read(&self, index: usize) -> Result<Picture> {
        let (path, part) = (self.shard(index), self.parts[index]);
        if part.bytes > MAX_FILE_BYTES {
            let what = format!("the image has {} bytes, more than {MAX_FILE_BYTES}", part.bytes);
            return Err(Error::unusable(what));
        }
        // Opened for each image: no handle is kept for thousands of shards, and no lock is needed.
        let bytes = regular_file::open(path).and_then(|file| read_at(file, part.offset, part.bytes));
        bytes.map(Picture::File).map_err(|cause| unreadable(path, &cause).at(self.place(index)))
    }

    fn place(&self, index: usize) -> String {
        let part = self.parts[index];
        let extension = EXTENSIONS.get(usize::from(part.extension)).copied().unwrap_or_default();
        let name = format!("{}.{extension}", self.key(index));
        format!("member `{name}` at byte {} of {}", part.offset, self.shard(index).display())
    }

    fn files(&self, index: usize) -> Vec<PathBuf> {
        vec![self.shard(index).to_owned()]
    }

    /// The length, as for files in folders: reading every image would cost as much as the evaluation.
    fn fingerprint(&self, index: usize, digest: &mut Sha256) -> Result<()> {
        digest.update(self.parts[index].bytes.to_le_bytes());
        Ok(())
    }

    fn value(&self, column: usize, index: usize) -> &str {
        self.columns.value(column, index)
    }

    fn left_out(&self) -> &[String] {
        self.columns.left_out()
    }
}

fn read_at(mut file: File, offset: u64, count: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(count as usize);
    file.take(count).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == count {
        Ok(bytes)
    } else {
        Err(std::io::Error::new(
            std::io::ErrorKind::UnexpectedEof,
            "the shard is shorter than when it was listed",
        ))
    }
}
