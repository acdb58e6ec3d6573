//! The samples of one shard: members that share a key, which is all before the first dot of the name,
//! folders included. Of a sample the image, the label and the JSON are of use; other parts are not read.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek};

use serde_json::{Map, Value};

use super::archive::{Archive, Kind, Member};
use crate::dataset::file_names::readable;
use crate::dataset::files::{EXTENSIONS, LITTER};
use crate::dataset::text_column::{MAX_TEXT, check_length};
use crate::dataset::wording::shortened;
use crate::error::{Error, Result};
use crate::record::PassedOver;

/// Most bytes of a JSON.
const MAX_JSON: u64 = 1 << 20;
/// Fields of a JSON that hold the label, in the order in which they are looked for.
const LABEL_FIELDS: [&str; 3] = ["label", "cls", "class"];

/// An image with its label.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// The key as text.
    pub key: String,
    pub image: Part,
    /// The label as it is written.
    pub label: String,
    /// What else the JSON says: field and value.
    pub facts: Vec<(String, String)>,
}

/// Where an image lies in its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub offset: u64,
    pub bytes: u64,
    /// Index of the extension among [`EXTENSIONS`].
    pub extension: u8,
}

/// What lay among the images and was not read.
#[derive(Debug, Default)]
pub(super) struct Strays {
    found: Option<PassedOver>,
    /// Whether the first is one that has a dot in its key.
    dotted: bool,
}

impl Strays {
    /// What was passed over before.
    pub(super) fn of(found: Option<PassedOver>) -> Self {
        Self { found, dotted: false }
    }

    /// What was passed over so far.
    pub(super) fn told(&self) -> Option<&PassedOver> {
        self.found.as_ref()
    }

    fn add(&mut self, name: &[u8]) {
        let first = || PassedOver { count: 0, first: shortened(&readable(name)) };
        self.found.get_or_insert_with(first).count += 1;
    }

    /// Adds a part of a sample that is lost since its key has a dot. The first of them goes before all
    /// else that was passed over, since images are lost with it.
    fn add_dotted(&mut self, name: &[u8], key: &str) {
        self.add(name);
        if let Some(found) = self.found.as_mut().filter(|_| !self.dotted) {
            found.first = format!(
                "{}, where the key of a sample ends at the first dot of its name, here `{}`: pack it again under a name without other dots",
                shortened(&readable(name)),
                shortened(key)
            );
            self.dotted = true;
        }
    }
}

/// The samples of `archive` in the order of their first members, with labels of the field of their JSON
/// that is `asked` for, else of a `.cls` or a usual field. The bytes of images are not read. Members of a
/// sample need not lie one behind the other.
pub(super) fn read(
    archive: &mut Archive<impl Read + Seek>,
    asked: Option<&str>,
    strays: &mut Strays,
) -> Result<Vec<Sample>> {
    let asked = asked.map(|field| [field]);
    let label_fields = asked.as_ref().map_or(LABEL_FIELDS.as_slice(), |asked| asked.as_slice());
    let mut drafts = Drafts { label_fields, list: Vec::new(), places: HashMap::new() };
    while let Some(member) = archive.next_member()? {
        match member.kind {
            Kind::Folder => {}
            Kind::Other => strays.add(&member.name),
            Kind::File => drafts.add(archive, member, strays)?,
        }
    }
    let samples = drafts.list.into_iter().map(|draft| draft.finish(archive, label_fields, strays));
    samples.filter_map(Result::transpose).collect()
}

/// What is known of the samples so far.
struct Drafts<'a> {
    /// Where labels are; `cls` is also a part of its own.
    label_fields: &'a [&'a str],
    list: Vec<Draft>,
    places: HashMap<Vec<u8>, usize>,
}

#[derive(Default)]
struct Draft {
    key: String,
    image: Option<(Member, u8)>,
    label: Option<(Member, String)>,
    json: Option<(Member, Json)>,
    /// The first part that is none of these, and its suffix.
    other: Option<(Member, String)>,
    dotted: Vec<Dotted>,
}

/// A part whose suffix has further dots and ends as that of an image or a label does: `seg.png` of a
/// mask, and `v2.0.png` of a sample that was meant to have the key `img.v2.0`.
struct Dotted {
    name: Vec<u8>,
    /// The suffix up to its last dot.
    stem: String,
    is_image: bool,
}

impl Dotted {
    fn of(name: &[u8], suffix: &str) -> Option<Self> {
        let (stem, end) = suffix.rsplit_once('.')?;
        let is_image = EXTENSIONS.contains(&end);
        let is_part = is_image || matches!(end, "cls" | "json");
        is_part.then(|| Self { name: name.to_owned(), stem: stem.to_owned(), is_image })
    }
}

/// Those of `parts` that make samples of their own: an image with a label of the same stem, and where
/// the key has no image (`has_image`), an image alone.
fn lost(parts: &[Dotted], has_image: bool) -> impl Iterator<Item = &Dotted> {
    let stems = |is_image: bool| -> HashSet<&str> {
        parts.iter().filter(|part| part.is_image == is_image).map(|part| part.stem.as_str()).collect()
    };
    let (images, labels) = (stems(true), stems(false));
    parts.iter().filter(move |part| {
        let stem = part.stem.as_str();
        images.contains(stem) && (!has_image || labels.contains(stem))
    })
}

impl Drafts<'_> {
    fn add(
        &mut self,
        archive: &mut Archive<impl Read + Seek>,
        member: Member,
        strays: &mut Strays,
    ) -> Result<()> {
        let name = harmless(&member.name).map_err(|error| error.at(archive.place(&member)))?;
        if is_litter(name) {
            return Ok(());
        }
        let Some((key, suffix)) = split(name) else {
            strays.add(&member.name);
            return Ok(());
        };
        let label_fields = self.label_fields;
        self.of(key).add(archive, member.clone(), &suffix, label_fields)
    }

    fn of(&mut self, key: &[u8]) -> &mut Draft {
        let next = self.list.len();
        let at = *self.places.entry(key.to_vec()).or_insert(next);
        if at == next {
            self.list.push(Draft { key: readable(key), ..Draft::default() });
        }
        &mut self.list[at]
    }
}

impl Draft {
    fn add(
        &mut self,
        archive: &mut Archive<impl Read + Seek>,
        member: Member,
        suffix: &str,
        label_fields: &[&str],
    ) -> Result<()> {
        let extension = EXTENSIONS.iter().zip(0..).find(|(extension, _)| **extension == suffix);
        let place = archive.place(&member);
        let second = match (suffix, extension) {
            (_, Some((_, extension))) => self.image.replace((member, extension)).is_some(),
            ("cls", None) if label_fields.contains(&"cls") => {
                let text = label_text(archive, &member).map_err(|error| error.at(&place))?;
                self.label.replace((member, text)).is_some()
            }
            ("json", None) => {
                let json = Json::read(archive, &member, label_fields).map_err(|error| error.at(&place))?;
                self.json.replace((member, json)).is_some()
            }
            (other, None) => {
                self.dotted.extend(Dotted::of(&member.name, other));
                self.other.get_or_insert_with(|| (member, other.to_owned()));
                false
            }
        };
        if second {
            let kind = if extension.is_some() { "image" } else { suffix };
            return Err(Error::unusable(format!("sample `{}` has a second {kind}", self.key)).at(place).help(
                "give each sample of a shard a key of its own: it is all before the first dot of the name",
            ));
        }
        Ok(())
    }

    /// The sample; nothing where there is neither image nor label.
    fn finish(
        self,
        archive: &Archive<impl Read + Seek>,
        label_fields: &[&str],
        strays: &mut Strays,
    ) -> Result<Option<Sample>> {
        let Self { key, image, label, json, other, dotted } = self;
        let mut is_lost = false;
        for part in lost(&dotted, image.is_some()) {
            strays.add_dotted(&part.name, &key);
            is_lost = true;
        }
        let (json_member, json) = json.unzip();
        let Json { label: field, facts } = json.unwrap_or_default();
        if let (Some((member, text)), Some(field)) = (&label, &field) {
            check_agreement(&key, text, field).map_err(|error| error.at(archive.place(member)))?;
        }
        let label = label.or_else(|| json_member.clone().zip(field));
        match (image, label) {
            (Some((member, extension)), Some((_, label))) => {
                let image = Part { offset: member.offset, bytes: member.bytes, extension };
                Ok(Some(Sample { key, image, label, facts }))
            }
            (Some((member, _)), None) => {
                Err(no_label(&key, json_member, label_fields).at(archive.place(&member)))
            }
            (None, Some((member, _))) => Err(no_image(&key, other).at(archive.place(&member))),
            (None, None) if is_lost => Ok(None),
            (None, None) => {
                if let Some((member, _)) = other.or(json_member.map(|member| (member, String::new()))) {
                    strays.add(&member.name);
                }
                Ok(None)
            }
        }
    }
}

/// Holds the label in its own file against that in the JSON. An index and a name may mean the same.
fn check_agreement(key: &str, text: &str, field: &str) -> Result<()> {
    let differ = match (text.parse::<i128>(), field.parse::<i128>()) {
        (Ok(text), Ok(field)) => text != field,
        (Err(_), Err(_)) => text != field,
        _ => false,
    };
    if !differ {
        return Ok(());
    }
    let (text, field) = (shortened(text), shortened(field));
    Err(Error::unusable(format!("sample `{key}` has label `{text}` in its .cls and `{field}` in its JSON"))
        .help("make both the same, or leave one of them out: which is right cannot be told"))
}

fn no_label(key: &str, json: Option<Member>, fields: &[&str]) -> Error {
    let what = match json {
        Some(_) => format!("the JSON of sample `{key}` has no {}", fields.join(", ")),
        None => format!("sample `{key}` has an image and no label"),
    };
    Error::unusable(what).help(
        "a label is text in KEY.cls, or the field `label` of KEY.json; another is named by `--label-column`",
    )
}

fn no_image(key: &str, other: Option<(Member, String)>) -> Error {
    let there = other.map(|(_, suffix)| format!("; here it is `{suffix}`")).unwrap_or_default();
    Error::unusable(format!("sample `{key}` has a label and no image")).help(format!(
        "an image is KEY.{}, where the key ends at the first dot of the name{there}",
        EXTENSIONS.join(", KEY.")
    ))
}

/// A name without a leading `./`. One that leads out of the folder is refused: nobody packs images so.
fn harmless(name: &[u8]) -> Result<&[u8]> {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    if name.starts_with(b"/") || name.split(|&byte| byte == b'/').any(|part| part == b"..") {
        return Err(Error::unusable("a member of the shard has a name that leads out of it")
            .help("pack the shard again, with names that do not begin with / and hold no .."));
    }
    Ok(name)
}

/// Hidden names, what file managers leave, and WebDataset's own `__notes__`.
fn is_litter(name: &[u8]) -> bool {
    let parts = || name.split(|&byte| byte == b'/');
    let is_note = |part: &[u8]| part.len() > 3 && part.starts_with(b"__") && part.ends_with(b"__");
    let is_left = |part: &[u8]| LITTER.iter().any(|litter| part == litter.as_bytes());
    parts().next().is_some_and(is_note) || parts().any(|part| part.starts_with(b".") || is_left(part))
}

/// Key and suffix in small letters; nothing where the name has no dot.
fn split(name: &[u8]) -> Option<(&[u8], String)> {
    let base = name.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    let dot = base + name[base..].iter().position(|&byte| byte == b'.')?;
    Some((&name[..dot], readable(&name[dot + 1..]).to_lowercase()))
}

fn content<'a>(archive: &'a mut Archive<impl Read + Seek>, member: &Member, most: u64) -> Result<&'a [u8]> {
    if member.bytes > most {
        let what = format!("the label has {} bytes, more than {most}", member.bytes);
        return Err(
            Error::unusable(what).help("a label is text in KEY.cls, or the field `label` of KEY.json")
        );
    }
    archive.content(member)
}

fn label_text(archive: &mut Archive<impl Read + Seek>, member: &Member) -> Result<String> {
    let bytes = content(archive, member, MAX_TEXT as u64)?;
    let text = std::str::from_utf8(bytes)
        .map_err(|cause| Error::unusable("the label is no text").because(cause))?
        .trim_start_matches('\u{feff}')
        .trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err(Error::unusable("the label is not one line of text")
            .help("write the number of the class, or its name"));
    }
    Ok(text.to_owned())
}

/// What a JSON says of its sample.
#[derive(Debug, Default)]
struct Json {
    label: Option<String>,
    facts: Vec<(String, String)>,
}

impl Json {
    fn read(archive: &mut Archive<impl Read + Seek>, member: &Member, label_fields: &[&str]) -> Result<Self> {
        let bytes = content(archive, member, MAX_JSON)?;
        let mut fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(|cause| {
            Error::unusable("the JSON of a sample is not understood")
                .because(cause)
                .help("write one object, such as {\"label\": 3}")
        })?;
        let label = label_fields.iter().find_map(|field| fields.remove(*field));
        let facts = fields.into_iter().filter_map(|(field, value)| Some((field, scalar(&value)?)));
        Ok(Self { facts: facts.collect(), label: label.as_ref().map(label_value).transpose()? })
    }
}

fn label_value(value: &Value) -> Result<String> {
    match value {
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        Value::String(name) if !name.trim().is_empty() => {
            check_length("the label", name.trim().len())?;
            Ok(name.trim().to_owned())
        }
        other => {
            let shown = shortened(&other.to_string());
            Err(Error::unusable(format!("the label is {shown}, neither a whole number nor a name"))
                .help("write the number of the class, or its name"))
        }
    }
}

/// A value that may divide images into slices.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
