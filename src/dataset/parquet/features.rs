//! What Hugging Face's `datasets` library writes about the columns into a file's metadata: a JSON
//! text under the key `huggingface`. Arrow's own copy of the schema (`ARROW:schema`) repeats it, so
//! that it need not be read.

use std::collections::BTreeMap;

use parquet::file::metadata::KeyValue;
use serde_json::Value;

/// Metadata key.
const KEY: &str = "huggingface";

/// What a column is, where the metadata says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    /// Images.
    Image,
    /// Indices of classes with these names.
    ClassLabel(Vec<String>),
}

/// The columns that the metadata tells more about than their types do, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Features(BTreeMap<String, Feature>);

impl Features {
    /// From the metadata of a file. What is not understood is as if it was not there: the types and
    /// names of the columns remain.
    pub(super) fn of(metadata: Option<&Vec<KeyValue>>) -> Self {
        let text = metadata.and_then(|pairs| pairs.iter().find(|pair| pair.key == KEY)?.value.as_deref());
        text.map(Self::parse).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let whole: Value = serde_json::from_str(text).unwrap_or_default();
        let columns = whole.pointer("/info/features").and_then(Value::as_object);
        let features = columns.into_iter().flatten();
        Self(features.filter_map(|(name, value)| Some((name.clone(), feature(value)?))).collect())
    }

    /// Whether column `name` holds images.
    pub(super) fn is_image(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Feature::Image)
    }

    /// The class names of column `name`.
    pub(super) fn classes(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name) {
            Some(Feature::ClassLabel(names)) => Some(names),
            _ => None,
        }
    }
}

fn feature(value: &Value) -> Option<Feature> {
    match value.get("_type")?.as_str()? {
        "Image" => Some(Feature::Image),
        "ClassLabel" => {
            let names = value.get("names")?.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
            names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty()).map(Feature::ClassLabel)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_class_names_are_told() {
        let features = Features::parse(
            r#"{"info": {"features": {"img": {"_type": "Image"}, "id": {"dtype": "int64", "_type": "Value"},
                "label": {"num_classes": 2, "names": ["cat", "dog"], "_type": "ClassLabel"}}}}"#,
        );
        assert!(features.is_image("img") && !features.is_image("label") && !features.is_image("id"));
        assert_eq!(features.classes("label").unwrap(), ["cat", "dog"]);
        assert_eq!(features.classes("id"), None);
    }

    #[test]
    fn what_is_not_understood_is_as_if_it_was_not_there() {
        for text in [
            "",
            "[]",
            r#"{"info": 1}"#,
            r#"{"info": {"features": {"l": {"_type": "ClassLabel", "names": [1]}}}}"#,
        ] {
            assert_eq!(Features::parse(text), Features::default(), "{text}");
        }
    }
}
