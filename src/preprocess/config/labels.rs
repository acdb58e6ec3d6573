//! Class names of a `config.json`.

use std::collections::BTreeMap;

use super::fields::{Fields, REPAIR};
use crate::error::{Error, Result};

/// Most classes that a file may name.
const MOST: usize = 1_000_000;

/// ImageNet's 1,000 classes behind one of background, as Google's checkpoints have them.
const WITH_BACKGROUND: usize = 1001;

/// What the outputs of a model stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Names in the order of the outputs, without that of the background.
    pub names: Vec<String>,
    /// Whether an output before them stands for background, which no data set has.
    pub background: bool,
    /// The field that holds them.
    pub key: String,
}

/// Reads the class names of the text of a `config.json`: `id2label` (or `label2id` alone) of Hugging
/// Face, `label_names` of timm. None where there are none, or only `LABEL_0`, `LABEL_1` ….
pub fn labels(text: &str) -> Result<Option<Labels>> {
    let mut root = Fields::parse(text)?;
    let Some((key, mut names)) = named(&mut root)? else { return Ok(None) };
    check_counts(&mut root, key, names.len())?;
    if names.iter().enumerate().all(|(id, name)| *name == format!("LABEL_{id}")) {
        return Ok(None);
    }
    let background = names.len() == WITH_BACKGROUND && names[0].eq_ignore_ascii_case("background");
    if background {
        names.remove(0);
    }
    Ok(Some(Labels { names, background, key: key.to_owned() }))
}

fn named(root: &mut Fields) -> Result<Option<(&'static str, Vec<String>)>> {
    let by_name = root.object("label2id")?.map(|ids| numbers_of(&ids)).transpose()?;
    if let Some(by_id) = root.object("id2label")? {
        let names = in_order("id2label", texts_of(&by_id)?)?;
        if let Some(by_name) = by_name {
            contradiction(&names, &by_name)?;
        }
        return Ok((!names.is_empty()).then_some(("id2label", names)));
    }
    if let Some(ids) = by_name.filter(|ids| !ids.is_empty()) {
        let pairs = ids.into_iter().map(|(name, id)| (id, name)).collect();
        return Ok(Some(("label2id", in_order("label2id", pairs)?)));
    }
    for key in ["label_names", "labels"] {
        if let Some(names) = root.texts(key)?.filter(|names| !names.is_empty()) {
            return Ok(Some((key, names)));
        }
    }
    Ok(None)
}

fn texts_of(fields: &Fields) -> Result<Vec<(usize, String)>> {
    let pair = |(id, name): (&str, &serde_json::Value)| {
        let name =
            name.as_str().ok_or_else(|| super::fields::wrong(&format!("id2label.{id}"), name, "a name"))?;
        Ok((number(id, "id2label")?, name.to_owned()))
    };
    fields.entries().map(pair).collect()
}

fn numbers_of(fields: &Fields) -> Result<Vec<(String, usize)>> {
    let pair = |(name, id): (&str, &serde_json::Value)| {
        // Some files hold the numbers as texts.
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        Ok((name.to_owned(), number(&text, "label2id")?))
    };
    fields.entries().map(pair).collect()
}

fn number(text: &str, key: &str) -> Result<usize> {
    text.parse().ok().filter(|&id| id < MOST).ok_or_else(|| {
        Error::usage(format!("`{key}` has a class of the number {text:?}, which is not one from 0 to {MOST}"))
            .help(REPAIR)
    })
}

/// Every number from 0 on must have its name: one missing would shift all behind it.
fn in_order(key: &str, pairs: Vec<(usize, String)>) -> Result<Vec<String>> {
    let mut by_id = BTreeMap::new();
    for (id, name) in pairs {
        if let Some(other) = by_id.insert(id, name) {
            let again = Error::usage(format!("`{key}` names class {id} twice, once as {other:?}"));
            return Err(again.help(REPAIR));
        }
    }
    match by_id.keys().enumerate().find(|(position, id)| position != *id) {
        Some((missing, _)) => {
            Err(Error::usage(format!("`{key}` names {} classes, and none is class {missing}", by_id.len()))
                .help(REPAIR))
        }
        None => Ok(by_id.into_values().collect()),
    }
}

/// Names that stand for several classes, as `crane` does in ImageNet, have only one number in `label2id`.
fn contradiction(names: &[String], ids: &[(String, usize)]) -> Result<()> {
    let fits = |(name, id): &&(String, usize)| names.get(*id) == Some(name);
    match ids.iter().find(|pair| !fits(pair)) {
        Some((name, id)) => Err(Error::usage(format!(
            "`label2id` says that {name:?} is class {id}, `id2label` says {}",
            names
                .get(*id)
                .map_or("that there is no such class".to_owned(), |other| format!("that this is {other:?}"))
        ))
        .help(REPAIR)),
        None => Ok(()),
    }
}

fn check_counts(root: &mut Fields, key: &str, names: usize) -> Result<()> {
    let inner =
        root.object("pretrained_cfg")?.map(|mut inner| inner.whole("num_classes")).transpose()?.flatten();
    let counts =
        [("num_labels", root.whole("num_labels")?), ("num_classes", root.whole("num_classes")?.or(inner))];
    for (count_key, count) in counts {
        if let Some(count) = count.filter(|&count| count != names as u64) {
            return Err(
                Error::usage(format!("`{key}` names {names} classes, `{count_key}` is {count}")).help(REPAIR)
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        labels(text).unwrap().unwrap().names
    }

    fn refusal(text: &str) -> String {
        labels(text).unwrap_err().what
    }

    #[test]
    fn names_are_in_the_order_of_the_numbers_and_not_of_the_text() {
        let pairs: Vec<String> = (0..12).map(|id| format!("\"{id}\": \"class {id}\"")).collect();
        let text = format!("{{\"id2label\": {{{}}}}}", pairs.join(","));
        assert_eq!(names(&text)[9..], ["class 9", "class 10", "class 11"]);
    }

    #[test]
    fn the_other_fields_are_read_where_there_is_no_id2label() {
        assert_eq!(names(r#"{"label2id": {"dog": 1, "cat": "0"}}"#), ["cat", "dog"]);
        assert_eq!(names(r#"{"label_names": ["n1", "n2"], "num_classes": 2}"#), ["n1", "n2"]);
        assert_eq!(labels(r#"{"num_labels": 2}"#).unwrap(), None);
    }

    #[test]
    fn names_that_only_count_are_none() {
        assert_eq!(labels(r#"{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#).unwrap(), None);
    }

    #[test]
    fn gaps_repeats_and_contradictions_are_refused_by_their_class() {
        assert!(refusal(r#"{"id2label": {"0": "a", "2": "c"}}"#).contains("none is class 1"));
        assert!(refusal(r#"{"id2label": {"1": "a", "01": "b", "0": "c"}}"#).contains("class 1 twice"));
        assert!(refusal(r#"{"id2label": {"0": "a", "x": "b"}}"#).contains("\"x\""));
        assert!(refusal(r#"{"id2label": {"0": 7}}"#).contains("`id2label.0` is 7"));
        let swapped = r#"{"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 1, "b": 0}}"#;
        assert!(refusal(swapped).contains("`label2id` says that \"a\" is class 1"), "{}", refusal(swapped));
        assert!(refusal(r#"{"id2label": {"0": "a"}, "num_labels": 3}"#).contains("`num_labels` is 3"));
    }

    #[test]
    fn one_name_of_two_classes_is_no_contradiction() {
        let text =
            r#"{"id2label": {"0": "crane", "1": "dog", "2": "crane"}, "label2id": {"crane": 2, "dog": 1}}"#;
        assert_eq!(names(text), ["crane", "dog", "crane"]);
    }

    #[test]
    fn background_before_a_thousand_classes_is_none_of_them() {
        let class = |id: usize| if id == 0 { "background".to_owned() } else { format!("c{id}") };
        let list = |count: usize| (0..count).map(class).collect::<Vec<_>>();
        let read =
            |count| labels(&serde_json::json!({ "label_names": list(count) }).to_string()).unwrap().unwrap();
        assert_eq!((read(1001).names.len(), read(1001).background), (1000, true));
        assert_eq!(read(1001).names[0], "c1");
        assert_eq!((read(5).names.len(), read(5).background), (5, false));
    }
}
