//! Sizes as Hugging Face files write them.

use serde_json::Value;

use super::fields::{REPAIR, shown, whole};
use crate::error::{Error, Result};
use crate::preprocess::Size;

/// Longest side: that of the largest JPEG, and more than any classifier takes.
const MAX_SIDE: u64 = 65_535;

/// What a `size` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edges {
    /// This width and height.
    Exact(Size),
    /// This length of the shorter side.
    Shorter(u32),
}

/// A side of `key`, from 1 to 65,535.
pub(super) fn side(key: &str, value: &Value) -> Result<u32> {
    match whole(value) {
        Some(length) if (1..=MAX_SIDE).contains(&length) => Ok(length as u32),
        _ => Err(Error::usage(format!(
            "`{key}` is {}, which is not a length from 1 to {MAX_SIDE}",
            shown(value)
        ))
        .help(REPAIR)),
    }
}

/// A length that was computed from those of a file.
pub(super) fn computed(key: &str, length: f64) -> Result<u32> {
    if (1.0..=MAX_SIDE as f64).contains(&length) {
        return Ok(length as u32);
    }
    Err(Error::usage(format!("`{key}` leads to a length of {length}, which is not from 1 to {MAX_SIDE}"))
        .help(REPAIR))
}

/// Reads an integer, `[height, width]`, `{"height", "width"}` or `{"shortest_edge"}`. `square` says
/// what an integer means to the processor: a square, or the shorter side. Where that is not known, an
/// integer is refused.
pub(super) fn edges(key: &str, value: &Value, square: Option<bool>) -> Result<Edges> {
    match value {
        Value::Number(_) => match square {
            Some(true) => side(key, value).map(|side| Edges::Exact(Size { width: side, height: side })),
            Some(false) => side(key, value).map(Edges::Shorter),
            None => Err(Error::usage(format!(
                "`{key}` is {value}, and it is not known whether this processor makes a square or a \
                 shorter side of it"
            ))
            .help(format!("write `{key}` as {{\"height\", \"width\"}} or {{\"shortest_edge\"}}"))),
        },
        Value::Array(list) => match list.as_slice() {
            [one] => edges(key, one, square),
            [height, width] => exact(key, height, width).map(Edges::Exact),
            _ => Err(no_size(key, value)),
        },
        Value::Object(map) => {
            let keys: Vec<&str> =
                map.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str()).collect();
            match (keys.as_slice(), map.get("height"), map.get("width"), map.get("shortest_edge")) {
                (["height", "width"] | ["width", "height"], Some(height), Some(width), _) => {
                    exact(key, height, width).map(Edges::Exact)
                }
                (["shortest_edge"], _, _, Some(edge)) => {
                    side(&format!("{key}.shortest_edge"), edge).map(Edges::Shorter)
                }
                _ => Err(no_size(key, value)),
            }
        }
        _ => Err(no_size(key, value)),
    }
}

/// A window: a square for an integer.
pub(super) fn window(key: &str, value: &Value) -> Result<Size> {
    match edges(key, value, Some(true))? {
        Edges::Exact(size) => Ok(size),
        Edges::Shorter(_) => Err(no_size(key, value)),
    }
}

fn exact(key: &str, height: &Value, width: &Value) -> Result<Size> {
    let (height, width) = (side(&format!("{key}.height"), height)?, side(&format!("{key}.width"), width)?);
    Ok(Size { width, height })
}

fn no_size(key: &str, value: &Value) -> Error {
    Error::usage(format!("`{key}` is {}, which bench cannot carry out", shown(value))).help(
        "it knows an integer, {\"height\", \"width\"} and {\"shortest_edge\"}; say what comes nearest with \
         --resize and --crop, and --config-files false",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_write_a_size_is_read() {
        let exact = |width, height| Edges::Exact(Size { width, height });
        assert_eq!(edges("size", &json!(224), Some(true)).unwrap(), exact(224, 224));
        assert_eq!(edges("size", &json!(224), Some(false)).unwrap(), Edges::Shorter(224));
        assert_eq!(edges("size", &json!([200, 300]), None).unwrap(), exact(300, 200));
        assert_eq!(edges("size", &json!({"height": 2, "width": 3}), None).unwrap(), exact(3, 2));
        let shorter = json!({"shortest_edge": 256, "longest_edge": null});
        assert_eq!(edges("size", &shorter, None).unwrap(), Edges::Shorter(256));
    }

    #[test]
    fn an_integer_is_refused_where_it_could_mean_two_things() {
        let error = edges("size", &json!(224), None).unwrap_err();
        assert!(error.what.contains("a square or a shorter side"), "{error}");
    }

    #[test]
    fn nothing_and_too_much_are_refused_with_the_field() {
        for value in [json!(0), json!(-1), json!(1e9), json!(2.5), json!("big"), json!([1, 2, 3]), json!({})]
        {
            let error = edges("size", &value, Some(true)).unwrap_err();
            assert!(error.what.starts_with("`size` is "), "{error}");
        }
        let error = edges("size", &json!({"height": 0, "width": 3}), None).unwrap_err();
        assert!(error.what.starts_with("`size.height` is 0"), "{error}");
        assert!(edges("size", &json!({"longest_edge": 300}), None).is_err());
        assert!(edges("size", &json!({"shortest_edge": 200, "longest_edge": 300}), None).is_err());
        assert!(window("crop_size", &json!({"shortest_edge": 200})).is_err());
    }
}
