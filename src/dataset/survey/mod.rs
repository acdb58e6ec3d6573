//! What is in a data set, image by image: counts, sizes, files that cannot be read, and images that
//! occur more than once; and how to divide it so that none of those stand on two sides.
//!
//! Every image is read and decoded once, by all cores; about 80 bytes of it are kept, so that memory
//! does not grow with the pixels. Images that may look alike are read a second time (`near`).
//!
//! | | |
//! |---|---|
//! | `source` | the lists of images that are looked at |
//! | `look`, `perceptual`, `thumbnail` | what is kept of one image |
//! | `groups`, `near` | which images are the same |
//! | `counts`, `measures`, `duplicates` | what all that amounts to |
//! | `division`, `examples`, `overlap` | parts, samples of each class, and images used twice |
//! | `watch` | all cores, progress, and the way out |

mod counts;
mod division;
mod duplicates;
mod examples;
mod groups;
mod look;
mod measures;
mod near;
mod overlap;
mod perceptual;
mod source;
mod thumbnail;
mod watch;

use std::collections::HashMap;

use serde::Serialize;

use counts::Rows;
pub use counts::{ClassCount, Classes, SliceCount, SplitCount, Unreadable};
pub use division::{Division, Part, Shares};
pub use duplicates::{Between, Duplicates, Group, Member, Repeated, Shared};
pub use examples::{Drawing, Examples};
pub use look::Kind;
pub use measures::{First, Measures, Noticed, Size, Spread};
pub use overlap::overlap;
pub use source::{Source, beside, name_of, sources};
pub use watch::Watch;

use crate::error::Result;
use division::Item;
use groups::{Groups, Place};
use look::{Looked, Seen};

/// What is in a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Survey {
    /// A short name.
    pub name: String,
    /// The format that was read.
    pub format: String,
    /// What decoded JPEG files, where images are files.
    pub decoder: Option<String>,
    /// Each split, or the one list of images.
    pub splits: Vec<SplitCount>,
    /// Images by class.
    pub classes: Classes,
    /// Sizes, channels and kinds of files.
    pub measures: Measures,
    /// Images that cannot be read, with the reason.
    pub unreadable: Vec<Unreadable>,
    /// Columns with few values, and images by value.
    pub slices: Vec<SliceCount>,
    /// Images that occur more than once.
    pub duplicates: Duplicates,
}

impl Survey {
    /// Images of all splits.
    pub fn images(&self) -> usize {
        self.splits.iter().map(|split| split.images).sum()
    }
}

/// Which images stay in one part when a data set is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Together {
    /// Images whose pixels are the same.
    #[default]
    Exact,
    /// Images that look the same too.
    Near,
    /// Each image goes its own way.
    None,
}

/// A data set of which every image was looked at.
pub struct Examined {
    sources: Vec<Source>,
    /// What was seen, for each image of each source.
    looked: Vec<Vec<Looked>>,
    groups: Groups,
}

/// The name of a class, and where its images are.
type Members = (String, Vec<Place>);

impl Examined {
    /// Looks at every image of `sources`, of which there must be one at least. All are of one data
    /// set, but for those that are only compared with it ([`beside`]). Fails when it is stopped; an
    /// image that cannot be read is part of the answer.
    pub fn of(sources: Vec<Source>, watch: &Watch<'_>) -> Result<Self> {
        let looked: Vec<Vec<Looked>> =
            sources.iter().map(|source| look::all(source, watch)).collect::<Result<_>>()?;
        let groups = Groups::find(&sources, &looked, watch)?;
        Ok(Self { sources, looked, groups })
    }

    /// What is there.
    pub fn survey(&self) -> Result<Survey> {
        let (own, rows) = (self.own(), Rows::of(&self.sources));
        let first = self.sources.first().map(Source::identity);
        let seen = own.iter().flat_map(|(_, looked)| looked.iter().filter_map(Looked::seen));
        Ok(Survey {
            name: first.map(|identity| identity.name.clone()).unwrap_or_default(),
            format: first.map(|identity| identity.format.clone()).unwrap_or_default(),
            decoder: first.and_then(|identity| identity.decoder.clone()),
            splits: own.iter().map(|(source, looked)| SplitCount::of(source, looked)).collect(),
            classes: Classes::of(&self.sources, &rows)?,
            measures: Measures { first: self.firsts()?, ..Measures::of(seen) },
            unreadable: counts::unreadable(&self.sources, &self.looked)?,
            slices: counts::slices(&own)?,
            duplicates: Duplicates::of(&self.sources, &self.groups, &rows)?,
        })
    }

    fn firsts(&self) -> Result<First> {
        Ok(First {
            misnamed: self.first(|seen| seen.misnamed)?,
            turned: self.first(|seen| seen.turned)?,
            grey: self.first(|seen| seen.channels == 1)?,
            in_colour: self.first(|seen| seen.channels == 3)?,
        })
    }

    /// The first image of the data set that `is` so.
    fn first(&self, is: impl Fn(&Seen) -> bool) -> Result<Option<Noticed>> {
        for (source, looked) in self.own() {
            if let Some(index) = looked.iter().position(|looked| looked.seen().is_some_and(&is)) {
                let id = source.entry(index)?.id;
                return Ok(Some(Noticed { split: source.name().to_owned(), id }));
            }
        }
        Ok(None)
    }

    /// Divides the images of the first list that can be read, by class, with `seed`. The same images
    /// give the same parts wherever they lie.
    pub fn divide(&self, shares: &Shares, seed: u64, together: Together) -> Result<Division> {
        let groups = self.kept_together(together);
        let (Some(source), Some(looked)) = (self.sources.first(), self.looked.first()) else {
            return division::divide(Vec::new(), 0, shares, seed, 0);
        };
        let mut items = Vec::new();
        for (index, _) in looked.iter().enumerate().filter(|(_, looked)| looked.seen().is_some()) {
            let entry = source.entry(index)?;
            let group = groups.get(&(0, index as u32)).copied();
            items.push(Item { id: entry.id, label: entry.label, group });
        }
        let left_out = looked.len() - items.len();
        division::divide(items, source.identity().classes.len(), shares, seed, left_out)
    }

    /// Examples of each class, over all splits.
    pub fn examples(&self, drawing: Drawing, watch: &Watch<'_>) -> Result<Vec<Examples>> {
        examples::draw(self, drawing, watch)
    }

    /// The number of the group of each image that is to stay with others.
    fn kept_together(&self, together: Together) -> HashMap<Place, usize> {
        let groups: Vec<Vec<Place>> = match together {
            Together::None => Vec::new(),
            Together::Exact => self.groups.exact.clone(),
            // Pictures of a near group come with all their places; copies of others follow.
            Together::Near => {
                let near = self.groups.near.iter().map(|pictures| pictures.concat());
                near.chain(self.groups.exact.iter().cloned()).collect()
            }
        };
        let mut numbers = HashMap::new();
        for (number, places) in groups.into_iter().enumerate() {
            for place in places {
                numbers.entry(place).or_insert(number);
            }
        }
        numbers
    }

    /// The readable images of each class of the data set, by its name, in label order.
    fn members(&self) -> Result<Vec<Members>> {
        let rows = Rows::of(&self.sources);
        let mut places = vec![Vec::new(); rows.names.len()];
        let all = self.sources.iter().zip(&self.looked).enumerate();
        for (number, (source, looked)) in all {
            for (index, _) in looked.iter().enumerate().filter(|(_, looked)| looked.seen().is_some()) {
                let row = rows.row_of(number, source.entry(index)?.label);
                if let Some(places) = row.and_then(|row| places.get_mut(row)) {
                    places.push((number as u32, index as u32));
                }
            }
        }
        Ok(rows.names.into_iter().zip(places).collect())
    }

    /// The splits of the data set, without what they are compared with.
    fn own(&self) -> Vec<(&Source, &[Looked])> {
        let all = self.sources.iter().zip(&self.looked);
        all.filter(|(source, _)| !source.is_beside())
            .map(|(source, looked)| (source, looked.as_slice()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::DatasetSpec;

    const SHAPES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/shapes");

    #[test]
    fn two_classes_of_one_name_stay_two_in_every_split() {
        let scratch = tempfile::tempdir().unwrap();
        for (from, to) in
            [("circle", "test/a"), ("circle", "test/b"), ("square", "train/a"), ("triangle", "train/b")]
        {
            let folder = scratch.path().join(to);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::copy(format!("{SHAPES}/{from}/2.png"), folder.join("1.png")).unwrap();
        }
        let class_names = vec!["crane".to_owned(); 2];
        let spec = DatasetSpec { class_names, ..DatasetSpec::at(scratch.path()) };
        let examined = Examined::of(sources(&spec).unwrap(), &Watch::NONE).unwrap();
        let survey = examined.survey().unwrap();
        let counts: Vec<&[usize]> =
            survey.classes.counts.iter().map(|class| class.by_split.as_slice()).collect();
        assert_eq!(counts, [[1, 1], [1, 1]]);
        assert_eq!(survey.duplicates.exact.across_classes, 1, "one picture with two labels");
        let members = examined.members().unwrap();
        let crane = |places| ("crane".to_owned(), places);
        assert_eq!(members, [crane(vec![(0, 0), (1, 0)]), crane(vec![(0, 1), (1, 1)])]);
    }
}
