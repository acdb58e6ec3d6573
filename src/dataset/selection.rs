//! The images to evaluate, of all that a format found.

use super::{Content, Dataset, Entry, Image, Images, Picture, decode, identity, subset};
use crate::error::{Error, Result};
use crate::plan::{DatasetSpec, OnBadImage};
use crate::record::DatasetIdentity;

/// All that a format found, or a part of it.
pub(super) struct Selection {
    identity: DatasetIdentity,
    /// Indices within `images`; absent when all are used.
    indices: Option<Vec<usize>>,
    images: Box<dyn Images>,
    on_bad_image: OnBadImage,
}

impl Selection {
    /// The part of `content` that `spec` asks for.
    pub(super) fn of(content: Content, format: &str, spec: &DatasetSpec) -> Result<Self> {
        let Content { name, split, classes, passed_over, columns: _, images } = content;
        let indices = match spec.limit {
            Some(limit) => subset::stratified(images.count(), |index| images.label(index), limit, spec.seed)?,
            None => None,
        };
        let sha256 = identity::digest(indices.as_deref(), images.as_ref())?;
        let identity = DatasetIdentity {
            name,
            format: format.to_owned(),
            split,
            images: indices.as_ref().map_or(images.count(), Vec::len),
            classes,
            sha256,
            passed_over,
        };
        Ok(Self { identity, indices, images, on_bad_image: spec.on_bad_image })
    }

    /// Index of image `index` among all that the format found.
    fn original(&self, index: usize) -> Result<usize> {
        let found = match &self.indices {
            Some(indices) => indices.get(index).copied(),
            None => Some(index).filter(|&index| index < self.images.count()),
        };
        found.ok_or_else(|| {
            Error::usage(format!("image {index} of a data set of {} was asked for", self.count()))
        })
    }

    /// Says which image it was and what can be done, unless the format has said so.
    fn located(&self, mut error: Error, index: usize) -> Error {
        let advice = match self.on_bad_image {
            OnBadImage::Skip => "repair or remove the image",
            OnBadImage::Fail => "repair or remove the image, or set `--on-bad-image skip`",
        };
        error.place.get_or_insert_with(|| self.images.place(index));
        error.help.get_or_insert_with(|| advice.into());
        error
    }
}

impl Dataset for Selection {
    fn identity(&self) -> &DatasetIdentity {
        &self.identity
    }

    fn entry(&self, index: usize) -> Result<Entry> {
        let index = self.original(index)?;
        Ok(Entry { id: self.images.id(index), label: self.images.label(index) })
    }

    fn image(&self, index: usize) -> Result<Image> {
        let index = self.original(index)?;
        let decoded = self.images.read(index).and_then(|picture| match picture {
            Picture::File(bytes) => decode(&bytes),
            Picture::Pixels(image) => Ok(image),
        });
        decoded.map_err(|error| self.located(error, index))
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        self.images.stamp(self.original(index).ok()?)
    }
}
