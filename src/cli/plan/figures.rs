//! The figures of a plan, as data. Everything is a share: of images, or of repetitions.

use serde::Serialize;

use crate::compare::Margin;
use crate::metric::LEVEL;
use crate::stats::{
    half_width, images_for_margin, smallest_difference, smallest_margin, unpaired_half_width,
};

/// Layout of the JSON that `bench plan --json` writes.
pub const SCHEMA_VERSION: u32 = 1;

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
    /// Those of them that the user named, as they were written.
    #[serde(skip)]
    pub asked_margins: Vec<(Margin, f64)>,
    /// candidate − baseline, if all images there are were evaluated.
    pub true_difference: f64,
    /// Probability with which what is there is to be found.
    pub power: f64,
    /// Accuracy of the baseline, for separate test sets and margins that depend on it.
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
}

/// What comes of both models seeing the same images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pairing {
    /// Share of images that one model alone gets right.
    pub disagreement: f64,
    /// How many times the images each of two separate test sets would need for the same half-width,
    /// where images are many; null where models of this accuracy cannot disagree so often.
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
        }
    }

    fn needed(&self, margin: f64, disagreement: f64) -> Needed {
        let images = images_for_margin(margin, disagreement, self.true_difference, LEVEL, self.power);
        Needed { margin, disagreement, images }
    }

    /// The variance of a difference of accuracies is 2·p(1 − p)/n on separate images, and d/n on the
    /// same ones.
    fn pairing(&self, disagreement: f64) -> Pairing {
        let possible = disagreement <= self.most_disagreement() + 1e-9;
        let times = 2.0 * self.accuracy * (1.0 - self.accuracy) / disagreement;
        Pairing { disagreement, times_fewer_images: possible.then_some(times) }
    }

    /// The largest share of images that one model alone can get right: where both are wrong on none,
    /// or both right on none. Below 0 where no candidate can differ so much from the baseline.
    pub fn most_disagreement(&self) -> f64 {
        let candidate = self.accuracy + self.true_difference;
        let lost = self.accuracy.min(1.0 - candidate);
        2.0 * lost + self.true_difference
    }
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
        let table = [(2_000, [0.76, 0.98, 1.39], 1.86), (10_000, [0.34, 0.44, 0.62], 0.83)];
        for (images, paired, apart) in table {
            let figures = Figures::of(question(images, 1, &[0.03, 0.05, 0.1], &[]));
            // The table is that of z·√(d/n); few discordant images show a little less.
            for (seen, wanted) in figures.all_images.iter().zip(paired) {
                let found = in_points(seen.half_width);
                assert!((wanted..wanted + 0.021).contains(&found), "{images}: {found} {wanted}");
            }
            assert!((in_points(figures.all_images[0].unpaired_half_width) - apart).abs() < 0.011, "{images}");
        }
    }

    #[test]
    fn one_class_of_a_hundred_cannot_show_less_than_four_points() {
        let figures = Figures::of(question(10_000, 100, &[0.05, 0.1], &[]));
        let class = figures.one_class[0];
        assert_eq!(class.images, 100);
        assert!((4.4..5.7).contains(&in_points(class.half_width)), "{class:?}");
        assert_eq!(class.smallest_difference, None);
    }

    #[test]
    fn the_images_for_a_margin_are_those_of_the_published_table_and_more_where_few_are_discordant() {
        let margins = [0.005, 0.01, 0.02];
        let figures = Figures::of(question(1, 1, &[0.02, 0.03, 0.05, 0.1], &margins));
        let table = [4_950, 7_420, 12_370, 24_730, 1_240, 1_855, 3_090, 6_180, 310, 465, 775, 1_545];
        for (needed, wanted) in figures.needed.iter().zip(table) {
            let discordant = wanted as f64 * needed.disagreement;
            let more = needed.images.unwrap() as f64 / wanted as f64;
            assert!((1.0..1.0 + 2.5 / discordant.sqrt()).contains(&more), "{needed:?} {more}");
        }
        assert_eq!(figures.needed.len(), table.len());
    }

    #[test]
    fn so_many_images_that_a_margin_needs_them_are_enough_for_it() {
        let needed = Figures::of(question(1, 1, &[0.03], &[0.005])).needed[0].images.unwrap();
        let margin = |images| Figures::of(question(images, 1, &[0.03], &[])).all_images[0].smallest_margin;
        assert!(margin(needed).unwrap() <= 0.005 && margin(needed - 1).unwrap() > 0.00499);
    }

    #[test]
    fn pairing_saves_as_much_as_the_models_agree_beyond_chance() {
        let times = |d| Figures::of(question(1, 1, &[d], &[])).pairing[0].times_fewer_images;
        assert!((times(0.03).unwrap() - 6.0).abs() < 1e-9);
        assert!((times(0.18).unwrap() - 1.0).abs() < 1e-9);
        // Two models of 90 % are together wrong on at most 20 %.
        assert!(times(0.2).is_some() && times(0.3).is_none());
    }
}
