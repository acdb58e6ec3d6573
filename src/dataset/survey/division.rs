//! A list of images divided into parts to train, to choose and to test with: reproducible, each class
//! in its proportion, images that are the same never apart.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;
use rand_pcg::Pcg64;

use crate::dataset::selection::subset;
use crate::error::{Error, Result};

/// Most parts.
const MOST_PARTS: usize = 100;
/// Largest share.
const MOST_SHARE: u64 = 1_000_000;
/// Most digits behind the point of a share.
const DIGITS: usize = 6;
/// A share of one, in the smallest share that there is.
const ONE: u64 = 10_u64.pow(DIGITS as u32);

/// In which proportions: `80/16/4`, `80/20`, `33.3/33.3/33.4`, `1/1/1/1`. In millionths, since sums of
/// binary fractions would depend on their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares(Vec<u64>);

impl Shares {
    /// Names of the parts: train and test; train, val and test; or numbers from 1 on.
    pub fn names(&self) -> Vec<String> {
        match self.0.len() {
            2 => ["train", "test"].map(str::to_owned).to_vec(),
            3 => ["train", "val", "test"].map(str::to_owned).to_vec(),
            count => (1..=count).map(|part| format!("part-{part}")).collect(),
        }
    }
}

impl FromStr for Shares {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shares: Option<Vec<u64>> = text.split('/').map(millionths).collect();
        match shares {
            Some(shares) if (2..=MOST_PARTS).contains(&shares.len()) => Ok(Self(shares)),
            _ => Err(format!(
                "write 2 to {MOST_PARTS} numbers above 0: 80/20 (train, test), 80/16/4 (train, val, test), 1/1/1/1"
            )),
        }
    }
}

/// A share such as `80` or `33.3`; none where it is another text, nothing, or too much.
fn millionths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > DIGITS {
        return None;
    }
    let share = format!("{whole}{fraction:0<DIGITS$}").parse().ok()?;
    (1..=MOST_SHARE * ONE).contains(&share).then_some(share)
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |share: &u64| match (share / ONE, share % ONE) {
            (whole, 0) => whole.to_string(),
            (whole, rest) => format!("{whole}.{rest:0DIGITS$}").trim_end_matches('0').to_owned(),
        };
        f.write_str(&self.0.iter().map(text).collect::<Vec<_>>().join("/"))
    }
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Ids of its images, in the order of the data set.
    pub ids: Vec<String>,
    /// Its images of each class, in label order.
    pub by_class: Vec<usize>,
}

/// The parts of a list of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// In the order of the shares.
    pub parts: Vec<Part>,
    /// Groups of images that are the same, each of which was kept in one part.
    pub groups: usize,
    /// Images that are in no part, since they cannot be read.
    pub left_out: usize,
}

/// An image to divide.
pub(super) struct Item {
    pub id: String,
    pub label: u32,
    /// The same number for images that belong together; none for one alone.
    pub group: Option<usize>,
}

/// Divides `items` of `classes` classes, `left_out` others not counted. Each class gets its shares
/// rounded up or down, so that the parts as a whole come as near to theirs as they can; who goes where
/// is drawn with `seed`: the same on every platform. A group counts as of the class of its first
/// image and goes to one part, so that shares may be off by as much as the groups are large; what a
/// part is off by in one class is made good in the next. Fails where a part gets no image.
pub(super) fn divide(
    items: Vec<Item>,
    classes: usize,
    shares: &Shares,
    seed: u64,
    left_out: usize,
) -> Result<Division> {
    let units = units(&items);
    let groups = units.values().flatten().filter(|unit| unit.len() > 1).count();
    let assigned = assign(units, items.len(), shares, seed);
    let mut parts: Vec<Part> = shares
        .names()
        .into_iter()
        .map(|name| Part { name, ids: Vec::new(), by_class: vec![0; classes] })
        .collect();
    for (item, part) in items.into_iter().zip(assigned) {
        if let Some(count) = parts[part].by_class.get_mut(item.label as usize) {
            *count += 1;
        }
        parts[part].ids.push(line(item.id)?);
    }
    match parts.iter().find(|part| part.ids.is_empty()) {
        Some(part) => Err(without_images(part, shares, groups)),
        None => Ok(Division { parts, groups, left_out }),
    }
}

fn without_images(part: &Part, shares: &Shares, groups: usize) -> Error {
    let error = Error::usage(format!("the part `{}` gets no image of {shares}", part.name));
    if groups == 0 {
        return error.help("give it a larger share, or divide more images");
    }
    error
        .because(format!(
            "images that belong together stay in one part, and there are {groups} groups of them"
        ))
        .help("give it a larger share, divide more images, or tear groups apart: --together none")
}

/// An id that is a line of a list.
fn line(id: String) -> Result<String> {
    if id.is_empty() || id.contains(['\n', '\r']) || id.starts_with('\u{feff}') {
        return Err(Error::unusable("the id of an image cannot stand in a list")
            .at(format!("{id:?}"))
            .help("rename the image: a list has one id a line"));
    }
    Ok(id)
}

/// The indices of images that stay together, by the class of the first.
type Units = BTreeMap<u32, Vec<Vec<usize>>>;

fn units(items: &[Item]) -> Units {
    let mut known: HashMap<usize, (u32, usize)> = HashMap::new();
    let mut units = Units::new();
    for (index, item) in items.iter().enumerate() {
        if let Some((label, unit)) = item.group.and_then(|group| known.get(&group).copied()) {
            let unit = units.get_mut(&label).and_then(|units| units.get_mut(unit));
            unit.into_iter().for_each(|unit| unit.push(index));
            continue;
        }
        let of_class = units.entry(item.label).or_default();
        known.extend(item.group.map(|group| (group, (item.label, of_class.len()))));
        of_class.push(vec![index]);
    }
    units
}

/// The part of each of `count` images.
fn assign(units: Units, count: usize, shares: &Shares, seed: u64) -> Vec<usize> {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut quotas = Quotas::of(shares);
    let mut parts = vec![0; count];
    for units in units.into_values() {
        let images = units.iter().map(Vec::len).sum();
        let mut room = quotas.next(images);
        let mut order = subset::draw((0..units.len()).collect(), units.len(), &mut random);
        // Groups first, while there is room for them; the sort keeps the drawn order.
        order.sort_by_key(|&unit| Reverse(units[unit].len()));
        for unit in order {
            let part = match units[unit].len() {
                1 => first_open(&room),
                _ => quotas.neediest(&room),
            };
            room[part] -= units[unit].len().cast_signed();
            units[unit].iter().for_each(|&index| parts[index] = part);
        }
        quotas.carry(&room);
    }
    parts
}

/// Single images fill one part after the other, which is as good as any draw since their order is
/// drawn. There is a part with room: each image takes one place of as many.
fn first_open(room: &[isize]) -> usize {
    room.iter().position(|&room| room > 0).unwrap_or(0)
}

/// How many images of one class after the other each part gets. What a part is short of in one class,
/// by rounding or by groups, it is first in turn for in the next: were each class rounded by itself, a
/// part of 4 % would get nothing of a thousand classes of ten images, nor of many classes of two groups.
struct Quotas<'a> {
    shares: &'a Shares,
    /// Sum of the shares.
    whole: i128,
    /// What each part is short of so far, in images × `whole`.
    owed: Vec<i128>,
}

impl<'a> Quotas<'a> {
    fn of(shares: &'a Shares) -> Self {
        let whole = shares.0.iter().copied().map(i128::from).sum();
        Self { shares, whole, owed: vec![0; shares.0.len()] }
    }

    /// The quotas of a class of `images`: exact shares, rounded up or down.
    fn next(&mut self, images: usize) -> Vec<isize> {
        let exact: Vec<i128> =
            self.shares.0.iter().map(|&share| i128::from(share) * images as i128).collect();
        let mut quotas: Vec<i128> = exact.iter().map(|exact| exact / self.whole).collect();
        let left = images as i128 - quotas.iter().sum::<i128>();
        // A share that needs no rounding is never rounded up.
        let mut in_turn: Vec<usize> =
            (0..quotas.len()).filter(|&part| exact[part] % self.whole > 0).collect();
        in_turn.sort_by_key(|&part| Reverse(exact[part] % self.whole + self.owed[part]));
        in_turn.iter().take(left as usize).for_each(|&part| quotas[part] += 1);
        for ((owed, exact), quota) in self.owed.iter_mut().zip(exact).zip(&quotas) {
            *owed += exact - quota * self.whole;
        }
        quotas.into_iter().map(|quota| quota as isize).collect()
    }

    /// The part that is shortest of images with what earlier classes left; the first of equals.
    fn neediest(&self, room: &[isize]) -> usize {
        let short = |part: usize| room[part] as i128 * self.whole + self.owed[part];
        (0..room.len()).rev().max_by_key(|&part| short(part)).unwrap_or(0)
    }

    /// Remembers what is left over of a class, less than nothing where a part got more than its quota.
    fn carry(&mut self, room: &[isize]) {
        for (owed, room) in self.owed.iter_mut().zip(room) {
            *owed += *room as i128 * self.whole;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(labels: &[u32], group: impl Fn(usize) -> Option<usize>) -> Vec<Item> {
        let item =
            |(index, &label): (usize, &u32)| Item { id: index.to_string(), label, group: group(index) };
        labels.iter().enumerate().map(item).collect()
    }

    /// The part of each image.
    fn parts(labels: &[u32], group: impl Fn(usize) -> Option<usize>, shares: &str, seed: u64) -> Vec<usize> {
        assign(units(&items(labels, group)), labels.len(), &shares.parse().unwrap(), seed)
    }

    fn alone(_: usize) -> Option<usize> {
        None
    }

    #[test]
    fn shares_are_two_or_more_numbers_above_nothing() {
        let names = |text: &str| text.parse::<Shares>().unwrap().names();
        assert_eq!(names("80/16/4"), ["train", "val", "test"]);
        assert_eq!(names("4/1"), ["train", "test"]);
        assert_eq!(names("1/1/1/1"), ["part-1", "part-2", "part-3", "part-4"]);
        for text in ["80/20", "33.3/33.3/33.4", "0.8/0.2", "1000000/0.000001"] {
            assert_eq!(text.parse::<Shares>().unwrap().to_string(), text);
        }
        assert_eq!("080/.50".parse::<Shares>().unwrap().to_string(), "80/0.5");
        let many = "1/".repeat(200);
        let wrong = [
            "80",
            "80/20/",
            "100/0",
            "0.0/1",
            "./1",
            "a/b",
            "-1/2",
            "1e3/1",
            "1.5.5/1",
            "80%/20%",
            "1000001/1",
            &many,
        ];
        for wrong in wrong {
            assert!(wrong.parse::<Shares>().is_err(), "{wrong}");
        }
        assert!("0.0000001/1".parse::<Shares>().is_err(), "finer than anything that is divided");
    }

    #[test]
    fn shares_that_say_the_same_divide_the_same() {
        let labels: Vec<u32> = (0..200).map(|index| index % 7).collect();
        let of = |shares: &str| parts(&labels, |index| (index % 9 == 0).then_some(index / 45), shares, 7);
        assert_eq!(of("0.8/0.16/0.04"), of("80/16/4"));
        assert_eq!(of("20/4/1"), of("80/16/4"));
    }

    #[test]
    fn the_parts_for_a_seed_are_fixed_for_ever() {
        let labels: Vec<u32> = (0..20).map(|index| index % 2).collect();
        let parts = parts(&labels, |index| [1, 19].contains(&index).then_some(0), "60/20/20", 7);
        assert_eq!(parts, [0, 0, 2, 0, 2, 1, 0, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0]);
    }

    #[test]
    fn a_small_share_gets_its_images_of_many_small_classes() {
        let labels: Vec<u32> = (0..500).map(|index| index / 5).collect();
        let parts = parts(&labels, alone, "80/16/4", 7);
        let of = |wanted| parts.iter().filter(|&&part| part == wanted).count();
        assert_eq!([of(0), of(1), of(2)], [400, 80, 20]);
    }

    #[test]
    fn what_groups_take_too_much_of_in_one_class_comes_back_in_the_others() {
        // Twenty classes of ten images, in groups of so many.
        let labels: Vec<u32> = (0..200).map(|index| index / 10).collect();
        for (group, shares, share) in
            [(5, "80/20", 0.2), (10, "50/50", 0.5), (2, "90/10", 0.1), (2, "50/50", 0.5), (5, "90/10", 0.1)]
        {
            let parts = parts(&labels, |index| Some(index / group), shares, 7);
            let last = parts.iter().filter(|&&part| part == 1).count();
            let wanted = (200.0 * share) as usize;
            assert!(
                last.abs_diff(wanted) <= group,
                "{last} of {wanted} images in groups of {group} at {shares}"
            );
        }
    }

    #[test]
    fn a_part_without_images_is_refused_and_so_is_an_id_that_is_no_line() {
        let shares = "98/1/1".parse().unwrap();
        let error = divide(items(&[0; 10], alone), 1, &shares, 7, 0).unwrap_err();
        assert!(error.what.contains("gets no image") && error.help.is_some(), "{error}");
        let error = divide(items(&[0; 10], |_| Some(0)), 1, &shares, 7, 0).unwrap_err();
        assert!(error.cause.is_some() && error.help.unwrap().contains("--together none"));
        for id in ["", "a\nb", "\u{feff}a", "a\r"] {
            assert!(line(id.into()).is_err(), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_disjoint_cover_all_and_come_back_by_their_seed(
            labels in prop::collection::vec(0u32..3, 30..200),
            seed: u64,
        ) {
            let shares: Shares = "2/1/1".parse().unwrap();
            let of = |seed| divide(items(&labels, alone), 3, &shares, seed, 0).unwrap();
            let division = of(seed);
            let mut all: Vec<usize> =
                division.parts.iter().flat_map(|part| &part.ids).map(|id| id.parse().unwrap()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            for part in &division.parts {
                prop_assert_eq!(part.by_class.iter().sum::<usize>(), part.ids.len());
                let order: Vec<usize> = part.ids.iter().map(|id| id.parse().unwrap()).collect();
                prop_assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "the order of the data");
            }
            prop_assert_eq!(&division, &of(seed));
        }

        #[test]
        fn every_class_and_the_whole_have_their_shares(
            labels in prop::collection::vec(0u32..6, 1..300),
            seed: u64,
        ) {
            let parts = parts(&labels, alone, "80/16/4", seed);
            let count = |part: usize, label: Option<u32>| {
                let here = |at: &usize| parts[*at] == part && label.is_none_or(|label| labels[*at] == label);
                (0..labels.len()).filter(here).count() as f64
            };
            for (part, share) in [0.8, 0.16, 0.04].into_iter().enumerate() {
                for label in 0..6 {
                    let of_class = labels.iter().filter(|&&it| it == label).count() as f64;
                    prop_assert!((count(part, Some(label)) - share * of_class).abs() < 1.0);
                }
                prop_assert!((count(part, None) - share * labels.len() as f64).abs() < 2.0);
            }
        }

        #[test]
        fn groups_are_never_apart(
            groups in prop::collection::vec(prop::option::of(0usize..40), 1..200),
            seed: u64,
        ) {
            let labels: Vec<u32> = (0..groups.len() as u32).map(|index| index % 3).collect();
            let parts = parts(&labels, |index| groups[index], "2/1", seed);
            let mut of: HashMap<usize, usize> = HashMap::new();
            for (group, part) in groups.iter().zip(parts) {
                if let Some(group) = group {
                    prop_assert_eq!(*of.entry(*group).or_insert(part), part);
                }
            }
        }
    }
}
