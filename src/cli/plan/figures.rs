//! The figures of a plan, as data. Everything is a share: of images, or of repetitions.

use serde::Serialize;

use crate::metric::LEVEL;
use crate::stats::{
    half_width, images_for_margin, smallest_difference, smallest_margin, unpaired_half_width,
};

/// Layout of the JSON that `bench plan --json` writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Images with different outcomes below which the normal approximation behind all of this is rough.
pub const LEAST_DISCORDANT: f64 = 20.0;

/// What is asked, with every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// Images to evaluate both models on.
    pub images: Option<u64>,
    /// Classes among them.
    pub classes: Option<u64>,
    /// Shares of images that one model alone gets right, in order.
    pub disagreements: Vec<f64>,
    /// Those of them that the user named.
    #[serde(skip)]
    pub asked: Vec<f64>,
    /// Margins, in order.
    pub margins: Vec<f64>,
    /// Those of them that the user named.
    #[serde(skip)]
    pub asked_margins: Vec<f64>,
    /// candidate − baseline, if all images there are were evaluated.
    pub true_difference: f64,
    /// Probability with which what is there is to be found.
    pub power: f64,
    /// Accuracy of both models, for separate test sets.
    pub accuracy: f64,
}

/// What can be seen and how much is needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Layout of this document.
    pub schema_version: u32,
    /// Confidence level: two-sided for `half_width` and `smallest_difference`, one-sided for margins.
    pub level: f64,
    /// What was asked.
    #[serde(flatten)]
    pub question: Question,
    /// What all images show, one for each disagreement; empty without a number of images.
    pub all_images: Vec<Seen>,
    /// What the images of one class show, all classes having equally many.
    pub one_class: Vec<Seen>,
    /// Images that each margin needs at each disagreement.
    pub needed: Vec<Needed>,
    /// What comes of both models seeing the same images, one for each disagreement.
    pub pairing: Vec<Pairing>,
}

/// What a number of images shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// The images.
    pub images: u64,
    /// Share of them that one model alone gets right.
    pub disagreement: f64,
    /// Half of the interval of the accuracy difference.
    pub half_width: Option<f64>,
    /// The smallest true difference that is found with the power asked for; null where not even the
    /// largest possible one is.
    pub smallest_difference: Option<f64>,
    /// The smallest margin within which a candidate of the true difference is found good enough
    /// with the power asked for.
    pub smallest_margin: Option<f64>,
    /// `half_width` if each model had so many images of its own.
    pub unpaired_half_width: Option<f64>,
    /// Whether too few images are discordant for these figures to be more than rough.
    pub rough: bool,
}

/// Images that a margin needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Needed {
    /// The margin.
    pub margin: f64,
    /// Share of images that one model alone gets right.
    pub disagreement: f64,
    /// So many; null where no number is enough, the true difference not being within the margin.
    pub images: Option<u64>,
    /// Whether so few of them are discordant that the number is rough.
    pub rough: bool,
}

/// What comes of both models seeing the same images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pairing {
    /// Share of images that one model alone gets right.
    pub disagreement: f64,
    /// How many times the images each of two separate test sets would need for the same half-width.
    pub times_fewer_images: Option<f64>,
}

impl Figures {
    /// The answers to a question.
    pub fn of(question: Question) -> Self {
        let seen = |images: Option<u64>| -> Vec<Seen> {
            let at = |images| question.disagreements.iter().map(move |&d| (images, d));
            images.into_iter().flat_map(at).map(|(images, d)| question.seen(images, d)).collect()
        };
        let needed = |&margin| question.disagreements.iter().map(move |&d| (margin, d));
        let needed = question.margins.iter().flat_map(needed);
        Self {
            schema_version: SCHEMA_VERSION,
            level: LEVEL,
            all_images: seen(question.images),
            one_class: seen(question.images_of_a_class()),
            needed: needed.map(|(margin, d)| question.needed(margin, d)).collect(),
            pairing: question.disagreements.iter().map(|&d| question.pairing(d)).collect(),
            question,
        }
    }
}

impl Question {
    /// Images of one class, all having equally many.
    pub fn images_of_a_class(&self) -> Option<u64> {
        self.images.zip(self.classes).and_then(|(images, classes)| images.checked_div(classes))
    }

    fn seen(&self, images: u64, disagreement: f64) -> Seen {
        Seen {
            images,
            disagreement,
            half_width: half_width(images, disagreement, LEVEL),
            smallest_difference: smallest_difference(images, disagreement, LEVEL, self.power),
            smallest_margin: smallest_margin(images, disagreement, self.true_difference, LEVEL, self.power),
            unpaired_half_width: unpaired_half_width(images, self.accuracy, LEVEL),
            rough: is_rough(images, disagreement),
        }
    }

    fn needed(&self, margin: f64, disagreement: f64) -> Needed {
        let images = images_for_margin(margin, disagreement, self.true_difference, LEVEL, self.power);
        let rough = images.is_some_and(|images| is_rough(images, disagreement));
        Needed { margin, disagreement, images, rough }
    }

    fn pairing(&self, disagreement: f64) -> Pairing {
        // Widths go with the root of the number of images, whatever that is.
        let apart = unpaired_half_width(1, self.accuracy, LEVEL);
        let ratio = apart.zip(half_width(1, disagreement, LEVEL)).map(|(apart, paired)| apart / paired);
        Pairing { disagreement, times_fewer_images: ratio.map(|ratio| ratio * ratio) }
    }
}

fn is_rough(images: u64, disagreement: f64) -> bool {
    // A hair less, so that 2,000 images at 1 % are enough.
    images as f64 * disagreement < LEAST_DISCORDANT * (1.0 - 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(images: u64, classes: u64, disagreements: &[f64], margins: &[f64]) -> Question {
        Question {
            images: Some(images),
            classes: Some(classes),
            disagreements: disagreements.to_vec(),
            asked: Vec::new(),
            margins: margins.to_vec(),
            asked_margins: Vec::new(),
            true_difference: 0.0,
            power: 0.8,
            accuracy: 0.9,
        }
    }

    fn in_points(share: Option<f64>) -> f64 {
        (share.unwrap() * 1e4).round() / 1e2
    }

    #[test]
    fn the_half_widths_are_those_of_the_published_table() {
        let table = [
            (1_000, [0.62, 1.07, 1.39, 1.96], 2.63),
            (2_000, [0.44, 0.76, 0.98, 1.39], 1.86),
            (10_000, [0.20, 0.34, 0.44, 0.62], 0.83),
        ];
        for (images, paired, apart) in table {
            let figures = Figures::of(question(images, 1, &[0.01, 0.03, 0.05, 0.1], &[]));
            let found: Vec<f64> = figures.all_images.iter().map(|seen| in_points(seen.half_width)).collect();
            assert_eq!(found, paired, "{images}");
            assert_eq!(in_points(figures.all_images[0].unpaired_half_width), apart, "{images}");
        }
    }

    #[test]
    fn one_class_of_a_hundred_cannot_show_less_than_four_points() {
        let figures = Figures::of(question(10_000, 100, &[0.05, 0.1], &[]));
        let class = figures.one_class[0];
        assert_eq!((class.images, class.rough, figures.one_class[1].rough), (100, true, true));
        assert_eq!(in_points(class.half_width), 4.38);
        assert_eq!(class.smallest_difference, None);
    }

    #[test]
    fn the_images_for_a_margin_are_those_of_the_published_table() {
        let margins = [0.005, 0.01, 0.02];
        let figures = Figures::of(question(1, 1, &[0.02, 0.03, 0.05, 0.1], &margins));
        let table = [4_950, 7_420, 12_370, 24_730, 1_240, 1_855, 3_090, 6_180, 310, 465, 775, 1_545];
        for (needed, wanted) in figures.needed.iter().zip(table) {
            assert!(needed.images.unwrap().abs_diff(wanted) <= 5, "{needed:?}");
        }
        assert_eq!(figures.needed.len(), table.len());
    }

    #[test]
    fn so_many_images_that_a_margin_needs_them_are_enough_for_it() {
        let needed = Figures::of(question(1, 1, &[0.03], &[0.005])).needed[0].images.unwrap();
        let margin = |images| Figures::of(question(images, 1, &[0.03], &[])).all_images[0].smallest_margin;
        assert!(margin(needed).unwrap() <= 0.005 && margin(needed - 1).unwrap() > 0.005);
    }

    #[test]
    fn pairing_saves_as_much_as_the_models_agree_beyond_chance() {
        let times = |d| Figures::of(question(1, 1, &[d], &[])).pairing[0].times_fewer_images.unwrap();
        assert!((times(0.03) - 6.0).abs() < 1e-9);
        assert!((times(0.18) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn rough_begins_below_twenty_discordant_images() {
        assert!(!is_rough(2_000, 0.01) && is_rough(1_999, 0.01));
    }
}
