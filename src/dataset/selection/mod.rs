//! The images to evaluate, of all that a format found.

mod identity;
mod part;
mod slices;
pub(super) mod subset;

use std::ops::Range;
use std::path::PathBuf;

use super::file_stamp;
use super::{Content, Dataset, Entry, Image, Images, JPEG_DECODER, Picture, decode};
use crate::error::{Error, Result};
use crate::plan::{DatasetSpec, OnBadImage};
use crate::preprocess::Decoding;
use crate::record::{DatasetIdentity, ShardIdentity, WholeIdentity};

/// All that a format found, or a part of it.
pub(super) struct Selection {
    identity: DatasetIdentity,
    chosen: Chosen,
    /// The stretch of `chosen` that is evaluated here.
    stretch: Range<usize>,
    images: Box<dyn Images>,
    slices: Vec<String>,
    /// Index of each of `slices` among the columns of the format.
    columns: Vec<usize>,
    on_bad_image: OnBadImage,
    decoding: Decoding,
}

impl Selection {
    /// The part of `content` that `spec` asks for, decoded as `decoding` says.
    pub(super) fn of(content: Content, format: &str, spec: &DatasetSpec, decoding: Decoding) -> Result<Self> {
        let chosen = Chosen::of(&content, spec)?;
        let columns = slices::columns(&content, chosen.stretch(0..chosen.count()), &spec.slices)?;
        let Content { name, split, classes, passed_over, columns: names, images } = content;
        let digest = |stretch| identity::digest(chosen.stretch(stretch), images.as_ref());
        let whole = WholeIdentity { images: chosen.count(), sha256: digest(0..chosen.count())? };
        let stretch = spec.shard.map_or(0..chosen.count(), |shard| shard.range(chosen.count()));
        let shard = spec.shard.map(|shard| ShardIdentity { shard, whole: whole.clone() });
        let identity = DatasetIdentity {
            name,
            format: format.to_owned(),
            split,
            images: stretch.len(),
            own_classes: if spec.model_names_classes { classes.overruled().to_vec() } else { Vec::new() },
            classes: classes.names().to_vec(),
            sha256: if shard.is_some() { digest(stretch.clone())? } else { whole.sha256 },
            decoder: decoder(chosen.stretch(0..chosen.count()), images.as_ref()),
            shard,
            passed_over,
        };
        let slices = columns.iter().map(|&column| names[column].clone()).collect();
        Ok(Self {
            identity,
            chosen,
            stretch,
            images,
            slices,
            columns,
            on_bad_image: spec.on_bad_image,
            decoding,
        })
    }

    /// What the format holds of image `index`, not decoded. The error names the image.
    pub(super) fn picture(&self, index: usize) -> Result<Picture> {
        let index = self.original(index)?;
        self.images.read(index).map_err(|error| self.located(error, index))
    }

    /// The pixels of what [`Selection::picture`] gave of image `index`. The error names the image.
    pub(super) fn decoded(&self, picture: Picture, index: usize) -> Result<Image> {
        let index = self.original(index)?;
        match picture {
            Picture::File(bytes) => decode(&bytes, self.decoding).map_err(|error| self.located(error, index)),
            Picture::Pixels(image) => Ok(image),
        }
    }

    /// The file of image `index`, or the one with all of them; none where there is nothing to decode.
    pub(super) fn file(&self, index: usize) -> Option<PathBuf> {
        self.images.files(self.original(index).ok()?).into_iter().next()
    }

    /// Index of image `index` among all that the format found.
    fn original(&self, index: usize) -> Result<usize> {
        let place = Some(index).filter(|&index| index < self.count()).map(|index| self.stretch.start + index);
        place.and_then(|place| self.chosen.get(place)).ok_or_else(|| {
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

/// What decodes the images, unless the first one needs no decoding: a format holds files or pixels.
fn decoder(mut indices: impl Iterator<Item = usize>, images: &dyn Images) -> Option<String> {
    match images.read(indices.next()?) {
        Ok(Picture::Pixels(_)) => None,
        Ok(Picture::File(_)) | Err(_) => Some(JPEG_DECODER.into()),
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
        self.decoded(self.picture(index)?, index)
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        file_stamp::of(&self.images.files(self.original(index).ok()?))
    }

    fn slices(&self) -> &[String] {
        &self.slices
    }

    fn slice_values(&self, index: usize) -> Result<Vec<&str>> {
        let index = self.original(index)?;
        Ok(self.columns.iter().map(|&column| self.images.value(column, index)).collect())
    }
}

/// The images that are meant, on all machines together.
enum Chosen {
    /// As many as the format found.
    All(usize),
    /// Their indices among those, in order.
    Some(Vec<usize>),
}

impl Chosen {
    /// Conditions first, then the limit: so many of those that are meant.
    fn of(content: &Content, spec: &DatasetSpec) -> Result<Self> {
        let meant = match part::chosen(content, &spec.part)? {
            Some(indices) => Self::Some(indices),
            None => Self::All(content.images.count()),
        };
        let Some(limit) = spec.limit else { return Ok(meant) };
        let place = |at: usize| meant.get(at).unwrap_or(at);
        let label = |at: usize| content.images.label(place(at));
        let drawn = subset::stratified(meant.count(), label, limit, spec.seed)?;
        Ok(match drawn {
            Some(drawn) => Self::Some(drawn.into_iter().map(place).collect()),
            None => meant,
        })
    }

    fn count(&self) -> usize {
        match self {
            Self::All(count) => *count,
            Self::Some(indices) => indices.len(),
        }
    }

    fn get(&self, place: usize) -> Option<usize> {
        match self {
            Self::All(count) => Some(place).filter(|place| place < count),
            Self::Some(indices) => indices.get(place).copied(),
        }
    }

    fn stretch(&self, stretch: Range<usize>) -> impl Iterator<Item = usize> + Clone + '_ {
        stretch.filter_map(|place| self.get(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fake::content;
    use crate::plan::{Part, Shard};

    fn select(change: impl Fn(&mut DatasetSpec)) -> Selection {
        let mut spec = DatasetSpec::at("nowhere");
        change(&mut spec);
        Selection::of(content(), "fake", &spec, Decoding::default()).unwrap()
    }

    fn ids(data: &Selection) -> Vec<String> {
        (0..data.count()).map(|index| data.entry(index).unwrap().id).collect()
    }

    fn dogs_and_birds(spec: &mut DatasetSpec) {
        spec.part = Part { classes: vec!["dog".into(), "bird".into()], ..Part::default() };
    }

    #[test]
    fn a_limit_is_drawn_from_the_images_that_are_meant() {
        let data = select(|spec| {
            dogs_and_birds(spec);
            spec.limit = Some(4);
        });
        let labels: Vec<u32> = (0..4).map(|index| data.entry(index).unwrap().label).collect();
        assert_eq!(labels.iter().filter(|label| **label == 1).count(), 2, "{labels:?}");
        assert!(!labels.contains(&0));
        assert_eq!(data.identity().classes.len(), 3, "labels keep their meaning");
    }

    #[test]
    fn each_image_is_read_from_its_own_place() {
        let data = select(|spec| {
            dogs_and_birds(spec);
            spec.shard = Some(Shard::new(2, 2).unwrap());
        });
        assert_eq!(ids(&data), ["7.png", "8.png", "10.png", "11.png"]);
        assert_eq!(data.image(2).unwrap().pixels[0], 10);
        assert_eq!(data.slice_values(2).unwrap(), ["", "2024"]);
        assert!(data.entry(4).is_err());
    }

    #[test]
    fn a_shard_says_what_it_is_a_part_of() {
        let whole = select(dogs_and_birds);
        for (k, n) in [(1, 1), (1, 3), (3, 3)] {
            let shard = Shard::new(k, n).unwrap();
            let data = select(|spec| {
                dogs_and_birds(spec);
                spec.shard = Some(shard);
            });
            let told = data.identity().shard.as_ref().unwrap();
            assert_eq!((told.shard, told.whole.images), (shard, 8));
            assert_eq!(told.whole.sha256, whole.identity().sha256);
            assert_eq!(data.identity().sha256 == whole.identity().sha256, n == 1);
        }
        assert_eq!(whole.identity().shard, None);
    }

    #[test]
    fn the_shards_of_any_choice_are_its_images_one_after_the_other() {
        let choice = |spec: &mut DatasetSpec| {
            dogs_and_birds(spec);
            spec.limit = Some(5);
        };
        let whole = ids(&select(choice));
        for count in 1..=20 {
            let shard = |index| {
                let data = select(|spec| {
                    choice(spec);
                    spec.shard = Some(Shard::new(index, count).unwrap());
                });
                ids(&data)
            };
            assert_eq!((1..=count).flat_map(shard).collect::<Vec<_>>(), whole, "{count} shards");
        }
    }

    #[test]
    fn all_shards_have_the_slices_of_the_whole() {
        let whole = select(|_| ());
        assert_eq!(whole.slices(), ["source", "year"]);
        let data = select(|spec| spec.shard = Some(Shard::new(1, 4).unwrap()));
        assert_eq!(data.slices(), whole.slices(), "also where all of its images are from phones");
    }

    #[test]
    fn a_shard_may_be_empty() {
        let data = select(|spec| spec.shard = Some(Shard::new(1, 20).unwrap()));
        assert_eq!((data.count(), ids(&data).len()), (0, 0));
        assert!(data.image(0).is_err());
    }
}
