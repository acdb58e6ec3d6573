//! JSON for people to read: indented, but the numbers of a list stand side by side. A record holds
//! a time for every run, which a line each would make four times as long.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// `value` as indented JSON with a newline at its end.
pub(crate) fn indented(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Readable::default()))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| serde_json::Error::io(io::Error::other(error)))
}

/// What a [`PrettyFormatter`] writes, but for lists of numbers.
#[derive(Default)]
struct Readable {
    pretty: PrettyFormatter<'static>,
    /// Whether the value of a list that comes next is its first; nothing when none is due.
    due: Option<bool>,
    /// Whether the last value of a list stands beside the one before.
    beside: bool,
}

impl Readable {
    /// Before a number.
    fn beside<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.due.take() {
            None => Ok(()),
            Some(first) => {
                self.beside = true;
                writer.write_all(if first { b"" } else { b", " })
            }
        }
    }

    /// Before any other value.
    fn below<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.due.take() {
            None => Ok(()),
            Some(first) => {
                self.beside = false;
                self.pretty.begin_array_value(writer, first)
            }
        }
    }
}

/// Methods that write a number of a type.
macro_rules! numbers {
    ($($method:ident: $number:ty),*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, writer: &mut W, value: $number) -> io::Result<()> {
            self.beside(writer)?;
            self.pretty.$method(writer, value)
        }
    )*};
}

impl Formatter for Readable {
    numbers! {
        write_i8: i8, write_i16: i16, write_i32: i32, write_i64: i64, write_i128: i128,
        write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128,
        write_f32: f32, write_f64: f64
    }

    fn write_null<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.below(writer)?;
        self.pretty.write_null(writer)
    }

    fn write_bool<W: ?Sized + Write>(&mut self, writer: &mut W, value: bool) -> io::Result<()> {
        self.below(writer)?;
        self.pretty.write_bool(writer, value)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.below(writer)?;
        self.pretty.begin_string(writer)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.below(writer)?;
        self.pretty.begin_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        self.due = Some(first);
        Ok(())
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.beside { Ok(()) } else { self.pretty.end_array_value(writer) }
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.beside = false;
        self.pretty.end_array(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.below(writer)?;
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.beside = false;
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn numbers_stand_side_by_side_and_all_else_has_a_line() {
        let value = json!({
            "names": ["cat", "dog"],
            "none": [],
            "rounds": [{ "samples": [1, 2.5, -3] }, { "samples": [4] }],
            "rows": [[1, 2], [3, 4]]
        });
        let expected = r#"{
  "names": [
    "cat",
    "dog"
  ],
  "none": [],
  "rounds": [
    {
      "samples": [1, 2.5, -3]
    },
    {
      "samples": [4]
    }
  ],
  "rows": [
    [1, 2],
    [3, 4]
  ]
}
"#;
        assert_eq!(indented(&value).unwrap(), expected);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
            "[a-z\"\\\\]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,2}", inner, 0..4).prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(value in any_value()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&indented(&value).unwrap()).unwrap(), value);
        }
    }
}
