//! A few images of each class, drawn with a seed, to look at.

use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::Examined;
use super::thumbnail::fit;
use super::watch::Watch;
use crate::dataset::Image;
use crate::dataset::selection::subset;
use crate::error::Result;

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Most images of a class.
    pub each: usize,
    /// Most classes, the first ones.
    pub classes: usize,
    /// Longer side of an example, pixels.
    pub side: u32,
    /// Seed of the draw.
    pub seed: u64,
}

/// The examples of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examples {
    /// Its label, in the split with most classes.
    pub label: usize,
    /// Its name.
    pub class: String,
    /// Its images in all splits that can be read.
    pub images: usize,
    /// Some of them, in colour and small, in the order of the data.
    pub pictures: Vec<Image>,
}

/// Examples of each class that has images, of the images that can be read.
pub(super) fn draw(examined: &Examined, drawing: Drawing, watch: &Watch<'_>) -> Result<Vec<Examples>> {
    let mut random = Pcg64::seed_from_u64(drawing.seed);
    let mut rows = Vec::new();
    let mut chosen = Vec::new();
    for (label, (class, members)) in examined.members()?.into_iter().enumerate().take(drawing.classes) {
        let images = members.len();
        let places = (0..images).collect();
        let mut drawn = subset::draw(places, drawing.each.min(images), &mut random);
        drawn.sort_unstable();
        chosen.extend(drawn.iter().map(|&place| (rows.len(), members[place])));
        rows.push(Examples { label, class, images, pictures: Vec::new() });
    }
    let pictures = watch.each_alone("drawing examples", chosen.len(), |at| {
        let (_, (source, index)) = chosen[at];
        // What could be read a moment ago and no longer can is left out.
        let image = examined.sources[source as usize].image(index as usize).ok();
        image.map(|image| fit(&image, drawing.side))
    })?;
    for ((row, _), picture) in chosen.into_iter().zip(pictures) {
        rows[row].pictures.extend(picture);
    }
    rows.retain(|row| row.images > 0);
    Ok(rows)
}
