//! What a user should know about a data set, and what to do about it.

use serde::Serialize;

use super::document::{List, Lists};
use crate::dataset::survey::{Between, ClassCount, Noticed, Repeated, Survey};
use crate::plan::DatasetFormat;
use crate::report::number::{counted, whole};

/// A largest class of so many times the smallest is told.
const IMBALANCE: f64 = 3.0;
/// Most classes that a remark names.
const NAMED: usize = 5;

/// Kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkCode {
    /// Some images cannot be read.
    Unreadable,
    /// The same picture is in several classes.
    LabelConflict,
    /// Two splits share images.
    SharedBySplits,
    /// The data and what it was compared with share images.
    SharedWithOther,
    /// The same picture is there several times.
    Repeated,
    /// So many images look alike that not all pairs were compared.
    Incomplete,
    /// Splits number their classes differently.
    OtherClasses,
    /// A class has no image, or none in one of several splits.
    EmptyClass,
    /// A class has no image in one of the lists that were made.
    NotInList,
    /// The largest class is several times the smallest.
    Imbalance,
    /// Grey images among those in colour.
    MixedChannels,
    /// Files with the name of another kind.
    Misnamed,
    /// Images whose metadata ask for them to be turned.
    Turned,
    /// Files among the images were not read.
    FilesPassedOver,
}

/// Something to know, and what to do about it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Remark {
    /// Its kind.
    pub code: RemarkCode,
    /// What is so.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// The remarks on a survey, the gravest first.
pub fn of(survey: &Survey) -> Vec<Remark> {
    let mut found: Vec<Remark> = Vec::new();
    found.extend(other_classes(survey));
    found.extend(unreadable(survey));
    found.extend(unreadable_beside(survey));
    found.extend(survey.duplicates.between.iter().filter_map(shared));
    found.extend(conflicts(&survey.duplicates.exact));
    found.extend(repeated(survey));
    found.extend(incomplete(survey));
    found.extend(empty_classes(survey));
    found.extend(survey.splits.iter().enumerate().filter_map(|(at, _)| absent_from(survey, at)));
    found.extend(imbalance(survey));
    found.extend(mixed_channels(survey));
    found.extend(misnamed(survey));
    found.extend(turned(survey));
    found.extend(passed_over(survey));
    found
}

fn remark(code: RemarkCode, what: String, advice: &str) -> Option<Remark> {
    Some(Remark { code, what, advice: advice.to_owned() })
}

fn images(count: usize) -> String {
    counted(count as u64, "image", "images")
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn other_classes(survey: &Survey) -> Option<Remark> {
    let splits = &survey.classes.other_names;
    if splits.is_empty() {
        return None;
    }
    remark(
        RemarkCode::OtherClasses,
        format!("classes are not the same, or not in the same order, in the split {}", splits.join(", ")),
        "a label there means another class: give every split the same class folders, or names by --class-names",
    )
}

/// Those of the data itself.
fn own_unreadable(survey: &Survey) -> usize {
    survey.splits.iter().map(|split| split.unreadable).sum()
}

fn unreadable(survey: &Survey) -> Option<Remark> {
    let count = own_unreadable(survey);
    if count == 0 {
        return None;
    }
    remark(
        RemarkCode::Unreadable,
        format!("{} cannot be read", images(count)),
        "repair or remove them, or evaluate with --on-bad-image skip, which leaves them out and says so",
    )
}

fn unreadable_beside(survey: &Survey) -> Option<Remark> {
    let count = survey.unreadable.len().saturating_sub(own_unreadable(survey));
    if count == 0 {
        return None;
    }
    remark(
        RemarkCode::Unreadable,
        format!("{} of the data that this was compared with cannot be read", images(count)),
        "whether they are here too is not known: repair them and look again",
    )
}

fn shared(between: &Between) -> Option<Remark> {
    let Between { split, other, beside, exact, near, by_id, .. } = between;
    let by_id = by_id.unwrap_or(0);
    if exact + near + by_id == 0 {
        return None;
    }
    let of = |count: usize| match split.as_str() {
        "all" => images(count),
        split => format!("{} of {split}", images(count)),
    };
    let look = if *near == 1 { "looks" } else { "look" };
    let parts = [
        (*exact > 0).then(|| format!("{} {} in {other} too", of(*exact), are(*exact))),
        (*near > 0).then(|| format!("{} {look} like one in {other}", of(*near))),
        // Those that can be read are among the former.
        (by_id > *exact).then(|| format!("{} {} named in {other}", of(by_id), are(by_id))),
    ];
    let what = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    match beside {
        true => remark(
            RemarkCode::SharedWithOther,
            what,
            "a figure on images that a model was fitted or calibrated with flatters it: leave them out of one side (--json names them)",
        ),
        false => remark(
            RemarkCode::SharedBySplits,
            what,
            "a figure on images that a model was trained with flatters it: leave them out of one split (--json names them)",
        ),
    }
}

fn conflicts(exact: &Repeated) -> Option<Remark> {
    let count = exact.across_classes;
    if count == 0 {
        return None;
    }
    let pictures = counted(count as u64, "picture is", "pictures are");
    remark(
        RemarkCode::LabelConflict,
        format!("{pictures} in several classes at once"),
        "at most one of the labels is right: look at them (--json names them) and keep one",
    )
}

fn repeated(survey: &Survey) -> Option<Remark> {
    let (exact, near) = (survey.duplicates.exact.surplus, survey.duplicates.near.surplus);
    let look = if near == 1 { "looks" } else { "look" };
    let copies = counted(exact as u64, "image is a copy of another", "images are copies of others");
    let what = match (exact, near) {
        (0, 0) => return None,
        (_, 0) => copies,
        (0, _) => format!("{} {look} like another", images(near)),
        _ => format!("{copies}, {} more {look} like another", whole(near as u64)),
    };
    remark(
        RemarkCode::Repeated,
        what,
        "they count several times in every figure, so that intervals are too narrow; a --split keeps copies in one list, with --together near all of them",
    )
}

fn incomplete(survey: &Survey) -> Option<Remark> {
    survey.duplicates.incomplete.then_some(())?;
    remark(
        RemarkCode::Incomplete,
        "so many images look alike that not all pairs were compared".to_owned(),
        "there are more near duplicates than are named here: look at the contact sheet for plain pictures",
    )
}

fn empty_classes(survey: &Survey) -> Option<Remark> {
    let empty = survey.classes.counts.iter().filter(|class| class.images == 0);
    let (classes, names) = named(empty.map(|class| class.name.as_str()).collect())?;
    remark(
        RemarkCode::EmptyClass,
        format!("{classes} no image: {names}"),
        "nothing can be said of them; averages over classes leave them out",
    )
}

/// Classes that split `at` of several has no image of, and others have; a split with classes of its own
/// is told as such.
fn absent_from(survey: &Survey, at: usize) -> Option<Remark> {
    let split = survey.splits.get(at).filter(|split| !survey.classes.other_names.contains(&split.name))?;
    let here = |class: &ClassCount| class.by_split.get(at).is_some_and(|&images| images > 0);
    let absent = survey.classes.counts.iter().filter(|class| class.images > 0 && !here(class));
    let (classes, names) = named(absent.map(|class| class.name.as_str()).collect())?;
    remark(
        RemarkCode::EmptyClass,
        format!("{classes} no image in the split {}: {names}", split.name),
        "a figure on that split says nothing of them",
    )
}

/// Remarks on the lists that were made of the first split.
pub fn of_lists(lists: &Lists, survey: &Survey) -> Vec<Remark> {
    let names: &[String] = survey.splits.first().map_or(&[], |split| &split.classes);
    let divided = |class: usize| lists.parts.iter().any(|list| list.by_class.get(class) > Some(&0));
    let of_list = |list: &List| {
        let absent = (0..names.len()).filter(|&class| divided(class) && list.by_class.get(class) == Some(&0));
        let (classes, names) = named(absent.map(|class| names[class].as_str()).collect())?;
        remark(
            RemarkCode::NotInList,
            format!("{classes} no image in the list {}: {names}", list.name),
            "there are too few images for these shares: give that list a larger one, or add images",
        )
    };
    lists.parts.iter().filter_map(of_list).collect()
}

/// `2 classes have`, and the names of the first few; none of none.
fn named(classes: Vec<&str>) -> Option<(String, String)> {
    let names = classes.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if classes.len() > NAMED { " …" } else { "" };
    let have = counted(classes.len() as u64, "class has", "classes have");
    (!classes.is_empty()).then(|| (have, names + more))
}

fn imbalance(survey: &Survey) -> Option<Remark> {
    let times = survey.classes.imbalance.filter(|times| *times >= IMBALANCE)?;
    remark(
        RemarkCode::Imbalance,
        format!("the largest class has {times:.1} times the images of the smallest"),
        "accuracy is mostly that of large classes: read macro recall and the figures of each class too",
    )
}

fn mixed_channels(survey: &Survey) -> Option<Remark> {
    let of = |channels: u8| survey.measures.channels.get(&channels).copied().unwrap_or(0);
    let (grey, colour) = (of(1), of(3));
    if grey == 0 || colour == 0 {
        return None;
    }
    let first = &survey.measures.first;
    let first = match grey <= colour {
        true => first_of(&first.grey, "first in grey", survey),
        false => first_of(&first.in_colour, "first in colour", survey),
    };
    remark(
        RemarkCode::MixedChannels,
        format!("{} {} grey and {} in colour{first}", images(grey), are(grey), whole(colour as u64)),
        "grey is repeated where a model wants colour, and colour made grey where it wants one channel, as in Pillow",
    )
}

fn misnamed(survey: &Survey) -> Option<Remark> {
    let count = survey.measures.misnamed;
    if count == 0 {
        return None;
    }
    let first = first_of(&survey.measures.first.misnamed, "first", survey);
    let files = counted(count as u64, "file has", "files have");
    remark(
        RemarkCode::Misnamed,
        format!("{files} the ending of another kind of image{first}"),
        "they are read by their content here; other programs may go by the name",
    )
}

/// ` (first: cat/1.png)`, with its split where there are several; nothing where there is none.
fn first_of(first: &Option<Noticed>, what: &str, survey: &Survey) -> String {
    let Some(Noticed { split, id }) = first else { return String::new() };
    match survey.splits.len() {
        1 => format!(" ({what}: {id})"),
        _ => format!(" ({what}: {id} in {split})"),
    }
}

fn turned(survey: &Survey) -> Option<Remark> {
    let count = survey.measures.turned;
    if count == 0 {
        return None;
    }
    let ask = if count == 1 { "asks" } else { "ask" };
    let first = first_of(&survey.measures.first.turned, "first", survey);
    remark(
        RemarkCode::Turned,
        format!("{} {ask} by EXIF or XMP to be turned{first}", images(count)),
        "they are taken as stored, as by Pillow's open; if training turned them, evaluate with --exif-orientation",
    )
}

fn passed_over(survey: &Survey) -> Option<Remark> {
    let found = survey.splits.iter().filter_map(|split| split.passed_over.as_ref());
    let count: usize = found.clone().map(|it| it.count).sum();
    let first = found.map(|it| it.first.as_str()).next()?;
    let files = counted(count as u64, "file or folder is", "files or folders are");
    let advice = match survey.format.as_str() {
        format if format == DatasetFormat::Webdataset.name() => {
            "they were passed over: convert images of other formats, and give what belongs to one sample one name up to its first dot"
        }
        format if format == DatasetFormat::Manifest.name() => {
            "they were passed over: list them too, or take the folders as they are with --format folder"
        }
        _ => "they were passed over: convert images of other formats, and put images into class folders",
    };
    remark(RemarkCode::FilesPassedOver, format!("{files} not read as an image (first: {first})"), advice)
}
