//! Small pictures of the images that flipped, from the data set where it is still at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::compare::Comparison;
use crate::dataset::{self, Dataset};
use crate::record::RunRecord;
use crate::report::{CARDS, Gallery, Picture, Pictures};

/// How many pictures for each candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// None: data that must not leave its place.
    None,
    /// At most so many.
    AtMost(usize),
}

impl Default for Images {
    fn default() -> Self {
        Self::AtMost(CARDS)
    }
}

impl Images {
    /// Flipped images that are listed for each candidate, with a picture or without.
    pub fn cards(self) -> usize {
        match self {
            Self::None => CARDS,
            Self::AtMost(count) => count,
        }
    }
}

impl FromStr for Images {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("none" | "0", _) => Ok(Self::None),
            (_, Ok(count)) => Ok(Self::AtMost(count)),
            _ => Err("write a number, or none".into()),
        }
    }
}

impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::AtMost(count) => write!(f, "{count}"),
        }
    }
}

/// Pictures of the worst flips of each candidate; without the data, a note that says so. Nothing here
/// fails: a page without pictures is still a page.
pub fn pictures(comparison: &Comparison, images: Images) -> Pictures {
    let Images::AtMost(limit) = images else { return Pictures::default() };
    let galleries = Gallery::all(comparison, limit);
    let mut wanted: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for gallery in galleries.iter().filter(|gallery| !gallery.cards.is_empty()) {
        wanted
            .entry(gallery.reference)
            .or_default()
            .extend(gallery.cards.iter().map(|card| card.id.as_str()));
    }
    let (mut by_id, mut notes) = (BTreeMap::new(), Vec::new());
    for (reference, wanted) in wanted {
        let Some(column) = comparison.columns.get(reference) else { continue };
        match open(&column.record) {
            Err(note) => notes.push(note),
            Ok(data) => {
                let found = small(data.as_ref(), &wanted);
                notes.extend(missing(wanted.len() - found.len()));
                by_id.extend(found.into_iter().map(|(id, picture)| ((reference, id), picture)));
            }
        }
    }
    Pictures { by_id, note: (!notes.is_empty()).then(|| notes.join(" ")) }
}

/// The data of `record`, if it is what was evaluated, or why there are no pictures.
fn open(record: &RunRecord) -> Result<Box<dyn Dataset>, String> {
    let (Some(spec), Some(identity)) = (&record.job.dataset, &record.dataset) else {
        return Err("Without pictures: the record does not say where the data lay.".into());
    };
    let place = spec.path.display();
    let data = dataset::open_with(spec, record.job.preprocess.decoding())
        .map_err(|_| format!("Without pictures: the data set {place} cannot be read here."))?;
    match data.identity().sha256 == identity.sha256 {
        true => Ok(data),
        false => Err(format!("Without pictures: the data set {place} is not the one that was evaluated.")),
    }
}

/// The pictures of the wanted images that could be read.
fn small(data: &dyn Dataset, wanted: &BTreeSet<&str>) -> BTreeMap<String, Picture> {
    let mut by_id = BTreeMap::new();
    for index in 0..data.count() {
        let Some(entry) = data.entry(index).ok().filter(|entry| wanted.contains(entry.id.as_str())) else {
            continue;
        };
        let picture = data.image(index).and_then(|image| Picture::of(&image));
        by_id.extend(picture.ok().map(|picture| (entry.id, picture)));
    }
    by_id
}

fn missing(count: usize) -> Option<String> {
    (count > 0).then(|| format!("Images without a picture could not be read: {count}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_none_says_how_many() {
        let read = |text: &str| text.parse::<Images>();
        assert_eq!(
            (read("12"), read("none"), read("0")),
            (Ok(Images::AtMost(12)), Ok(Images::None), Ok(Images::None))
        );
        assert!(read("many").is_err() && read("-1").is_err());
        assert_eq!(Images::default().to_string().parse::<Images>(), Ok(Images::default()));
    }

    #[test]
    fn without_pictures_the_flips_are_still_listed() {
        assert_eq!((Images::None.cards(), Images::AtMost(3).cards()), (CARDS, 3));
    }
}
