//! The fields of a JSON object, read by type; what has another type is refused by the field's name.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The longest text of a value that an error shows.
const SHOWN: usize = 60;

/// An object and which of its fields were asked for. A field that is `null` counts as missing, as it
/// does for the libraries that write these files.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    map: Map<String, Value>,
    asked: BTreeSet<String>,
}

impl Fields {
    /// Reads a whole file, which must hold an object.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self::new(map)),
            Ok(_) => Err(Error::usage("the file holds no JSON object").help(REPAIR)),
            Err(cause) => Err(Error::usage("the file is not JSON").because(cause).help(REPAIR)),
        }
    }

    pub fn new(map: Map<String, Value>) -> Self {
        Self { map, asked: BTreeSet::new() }
    }

    /// The value of `key`, if it is there and not `null`.
    pub fn get(&mut self, key: &str) -> Option<&Value> {
        self.asked.insert(key.to_owned());
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Counts `key` as asked for.
    pub fn pass(&mut self, key: &str) {
        self.asked.insert(key.to_owned());
    }

    /// Whether `key` is there and not `null`; does not count as asking.
    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// All fields, whatever they hold.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.map.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub fn text(&mut self, key: &str) -> Result<Option<String>> {
        self.typed(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub fn number(&mut self, key: &str) -> Result<Option<f64>> {
        self.typed(key, "a number", finite)
    }

    /// A whole number of at least 0.
    pub fn whole(&mut self, key: &str) -> Result<Option<u64>> {
        self.typed(key, "a whole number", whole)
    }

    pub fn object(&mut self, key: &str) -> Result<Option<Self>> {
        self.typed(key, "an object", |value| value.as_object().cloned().map(Self::new))
    }

    pub fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.typed(key, "a list of texts", |value| value.as_array()?.iter().map(text).collect())
    }

    /// One number for all channels, or a list of one for each of 1 or 3.
    pub fn per_channel(&mut self, key: &str) -> Result<Option<Vec<f64>>> {
        let numbers = self.typed(key, "a number or a list of numbers", |value| match value {
            Value::Array(list) => list.iter().map(finite).collect(),
            one => finite(one).map(|one| vec![one]),
        })?;
        match numbers {
            Some(list) if !matches!(list.len(), 1 | 3) => {
                Err(Error::usage(format!("`{key}` has {} values; images have 1 or 3 channels", list.len()))
                    .help(REPAIR))
            }
            numbers => Ok(numbers),
        }
    }

    fn typed<T>(&mut self, key: &str, wanted: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| wrong(key, value, wanted))
    }

    /// Fields that nobody asked for and that are neither `null`, `false` nor empty.
    pub fn left(&self) -> impl Iterator<Item = (&str, &Value)> {
        let idle = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        let left = self.map.iter().filter(move |(key, value)| !self.asked.contains(*key) && !idle(value));
        left.map(|(key, value)| (key.as_str(), value))
    }
}

/// What to do about a file that cannot be used as it is.
pub(super) const REPAIR: &str = "repair the file, or set `config_files = false` under [model] in \
    bench.toml (`--config-files false`) and give the settings yourself";

/// The error for a value of the wrong kind.
pub(super) fn wrong(key: &str, value: &Value, wanted: &str) -> Error {
    Error::usage(format!("`{key}` is {}, which is not {wanted}", shown(value))).help(REPAIR)
}

/// A value as an error shows it: one line, not too long.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// Writers of JSON differ in whether 224 is `224` or `224.0`.
pub(super) fn whole(value: &Value) -> Option<u64> {
    let number = finite(value)?;
    (number >= 0.0 && number.fract() == 0.0 && number <= 2f64.powi(53)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::parse(text).unwrap()
    }

    #[test]
    fn what_is_no_object_is_refused_in_words() {
        for (text, said) in [("", "not JSON"), ("{\"a\": 1", "not JSON"), ("[1]", "no JSON object")] {
            let error = Fields::parse(text).unwrap_err();
            assert!(error.what.contains(said), "{error}");
            assert!(error.help.unwrap().contains("config_files = false"));
        }
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_its_field() {
        let mut wrong = fields(r#"{"a": "yes", "b": [1, "x"], "c": 1.5, "d": [1, 2], "e": true}"#);
        assert_eq!(wrong.flag("a").unwrap_err().what, "`a` is \"yes\", which is not true or false");
        assert!(wrong.per_channel("b").unwrap_err().what.starts_with("`b` is [1,\"x\"]"));
        assert!(wrong.whole("c").is_err() && wrong.number("e").is_err());
        assert_eq!(wrong.per_channel("d").unwrap_err().what, "`d` has 2 values; images have 1 or 3 channels");
    }

    #[test]
    fn null_is_missing_and_whole_numbers_may_have_a_point() {
        let mut fields = fields(r#"{"a": null, "b": 224.0, "c": 0.5}"#);
        assert_eq!((fields.flag("a").unwrap(), fields.whole("b").unwrap()), (None, Some(224)));
        assert_eq!(fields.per_channel("c").unwrap(), Some(vec![0.5]));
    }

    #[test]
    fn what_nobody_asked_for_is_left_unless_it_is_idle() {
        let mut fields = fields(r#"{"a": 1, "b": true, "c": false, "d": null, "e": {}, "f": [1]}"#);
        fields.get("a");
        assert_eq!(fields.left().map(|(key, _)| key).collect::<Vec<_>>(), ["b", "f"]);
    }
}
