//! Pickles of Python, as far as they hold plain data: dictionaries, lists, numbers, text and arrays
//! of NumPy, in protocols 0 to 5. Nothing is ever executed: what a pickle asks to be called is looked
//! up in a short list (`globals`), and anything else is an error that names it.
//!
//! Python's own reader builds objects on a stack machine, and so does this one, but with indices into
//! one list of objects: what refers to itself or nests deeply is then as harmless as anything else.
//! Long strings, such as all pixels of a batch, stay in the file.

mod globals;
mod machine;
mod source;

use std::path::{Path, PathBuf};

use globals::Global;
use source::{Source, Span};

use crate::dataset::arrays::array::{Array, Element, Shape, check_fits_memory, cut_short};
use crate::dataset::file_names::FileNames;
use crate::dataset::labels::{self, Place};
use crate::dataset::raw::stored::Stored;
use crate::dataset::unreadable;
use crate::error::{Error, Result};
use crate::regular_file;

/// Most bytes of all the texts of one list together.
const MAX_TEXTS: usize = 1 << 28;

/// A value: small ones themselves, others by their place in the list of objects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Integer(i64),
    /// A float, which nothing here asks for.
    Float,
    Object(usize),
}

/// What a pickle is made of beside small values.
#[derive(Debug)]
enum Object {
    Text(Text),
    /// A list or a tuple.
    Sequence(Vec<Value>),
    /// Pairs in the order in which they were set: a later one replaces an earlier one of the same key.
    Dictionary(Vec<(Value, Value)>),
    Global(Global),
    /// NumPy's `dtype`: its code, and its byte order once that is known.
    Element {
        code: Value,
        order: Value,
    },
    /// NumPy's `ndarray`, or a scalar of it; empty until its state is known.
    Array(Option<Parts>),
}

/// What an array is made of.
#[derive(Clone, Copy, Debug)]
struct Parts {
    element: Value,
    /// Absent for a scalar.
    shape: Option<Value>,
    first_moves_fastest: bool,
    data: Value,
}

/// Text or bytes: Python 2 did not tell them apart, and neither do we.
#[derive(Clone, Copy, Debug)]
struct Text {
    span: Span,
    /// Text of protocol 0, with `\uXXXX` in it.
    escaped: bool,
    /// Bytes that protocols below 3 write as text, one character each.
    as_characters: bool,
}

/// A pickle whose outermost object is a dictionary.
pub(super) struct Pickle {
    path: PathBuf,
    source: Source,
    objects: Vec<Object>,
    root: Vec<(Value, Value)>,
}

impl Pickle {
    /// Reads the structure of the pickle at `path`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = regular_file::open(path).map_err(|cause| unreadable(path, &cause))?;
        let source = Source::new(file).map_err(|cause| unreadable(path, &cause))?;
        Self::read(source, path).map_err(|error| error.at_path(path))
    }

    fn read(source: Source, path: &Path) -> Result<Self> {
        let (source, objects, root) = machine::run(source)?;
        let root = match root {
            Value::Object(index) => match &objects[index] {
                Object::Dictionary(pairs) => pairs.clone(),
                _ => return Err(Error::unusable("the pickle holds no dictionary")),
            },
            _ => return Err(Error::unusable("the pickle holds no dictionary")),
        };
        Ok(Self { path: path.to_owned(), source, objects, root })
    }

    /// What the dictionary holds under `key`.
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        let is_key = |value: Value| self.text(value).is_some_and(|text| self.source.is(text.span, key));
        self.root.iter().rev().find(|(found, _)| is_key(*found)).map(|&(_, value)| value)
    }

    /// The texts of a list.
    pub(super) fn texts(&self, value: Value) -> Result<FileNames> {
        let (mut names, mut left) = (FileNames::default(), MAX_TEXTS);
        for &item in self.sequence(value)? {
            let text = self.text(item).ok_or_else(|| Error::unusable("a name in the pickle is no text"))?;
            let Some(bytes) = self.source.held(text.span) else {
                return Err(Error::unusable("a name in the pickle is longer than any name"));
            };
            left = left.checked_sub(bytes.len()).ok_or_else(|| Error::unusable("the names are too many"))?;
            names.push(String::from_utf8_lossy(bytes).as_ref().as_ref());
        }
        Ok(names)
    }

    /// The labels of a list of integers or of an array.
    pub(super) fn labels(&self, value: Value, place: Place<'_>) -> Result<Vec<u32>> {
        if let Some(Object::Array(Some(_))) = self.object(value) {
            return self.array(value)?.labels(place);
        }
        let integers: Result<Vec<i128>> =
            self.sequence(value)?.iter().map(|&item| self.integer(item)).collect();
        labels::from_integers(integers?, place)
    }

    /// An array, its elements still in the file where they lie there as they are.
    pub(super) fn array(&self, value: Value) -> Result<Array> {
        let Some(Object::Array(Some(parts))) = self.object(value) else {
            return Err(Error::unusable("the pickle holds something else where an array belongs"));
        };
        let axes = match parts.shape {
            Some(shape) => self.sequence(shape)?.iter().map(|&axis| size(axis)).collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let shape = Shape {
            element: self.element(parts.element)?,
            axes,
            first_moves_fastest: parts.first_moves_fastest,
        };
        Array::new(shape, self.bytes(parts.data)?)
    }

    fn object(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(index) => self.objects.get(index),
            _ => None,
        }
    }

    fn text(&self, value: Value) -> Option<Text> {
        match self.object(value) {
            Some(Object::Text(text)) => Some(*text),
            _ => None,
        }
    }

    fn sequence(&self, value: Value) -> Result<&[Value]> {
        match self.object(value) {
            Some(Object::Sequence(items)) => Ok(items),
            _ => Err(Error::unusable("the pickle holds something else where a list belongs")),
        }
    }

    /// A plain integer, or one of NumPy's.
    fn integer(&self, value: Value) -> Result<i128> {
        match (value, self.object(value)) {
            (Value::Integer(number), _) => Ok(number.into()),
            // Without a shape there is nothing in it that could hold itself.
            (_, Some(Object::Array(Some(Parts { shape: None, .. })))) => self.array(value)?.integer(),
            _ => Err(Error::unusable("a label in the pickle is no integer")),
        }
    }

    fn element(&self, value: Value) -> Result<Element> {
        let Some(Object::Element { code, order }) = self.object(value) else {
            return Err(Error::unusable("the pickle holds something else where an element type belongs"));
        };
        let held = |value| self.text(value).and_then(|text| self.source.held(text.span));
        let code = String::from_utf8_lossy(held(*code).unwrap_or_default());
        Element::parse(&format!("{}{code}", String::from_utf8_lossy(held(*order).unwrap_or_default())))
    }

    /// The bytes of an array.
    fn bytes(&self, value: Value) -> Result<Stored> {
        let Some(text) = self.text(value) else {
            return Err(Error::unusable("an array in the pickle holds objects, not bytes"));
        };
        if !text.as_characters && !text.escaped {
            return self.source.stored(text.span, &self.path);
        }
        check_fits_memory(text.span.length())?;
        let raw = self.source.read(text.span).map_err(cut_short)?;
        let characters = if text.escaped {
            unescaped(&raw)?
        } else {
            String::from_utf8(raw).map_err(|_| Error::unusable("a text in the pickle is not UTF-8"))?
        };
        narrowed(&characters).map(Stored::Memory)
    }
}

fn size(axis: Value) -> Result<u64> {
    match axis {
        Value::Integer(size) => u64::try_from(size).ok(),
        _ => None,
    }
    .ok_or_else(|| Error::unusable("an array in the pickle has an axis that is no length"))
}

/// The bytes that were written as the characters 0 to 255.
fn narrowed(characters: &str) -> Result<Vec<u8>> {
    let narrow = |character| u8::try_from(u32::from(character)).ok();
    let bytes: Option<Vec<u8>> = characters.chars().map(narrow).collect();
    bytes.ok_or_else(|| Error::unusable("a text that stands for bytes has characters that are none"))
}

/// Text of protocol 0: a byte a character, others as `\uXXXX`; so are line ends and backslashes.
fn unescaped(raw: &[u8]) -> Result<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after.strip_prefix(b"u").filter(|_| byte == b'\\');
        let (character, after) = match escape {
            Some(digits) => digits
                .split_at_checked(4)
                .and_then(|(digits, after)| Some((hexadecimal(digits)?, after)))
                .ok_or_else(|| Error::unusable("a text in the pickle has a broken escape"))?,
            None => (char::from(byte), after),
        };
        text.push(character);
        rest = after;
    }
    Ok(text)
}

fn hexadecimal(digits: &[u8]) -> Option<char> {
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACE: Place<'static> = &|image| format!("image {image}");

    fn open(bytes: &[u8]) -> Result<Pickle> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Pickle::open(file.path())
    }

    fn refusal(bytes: &[u8]) -> String {
        open(bytes).err().unwrap().to_string()
    }

    /// `{"a": [3, 300, 70000], "b": "né"}` in each protocol's own way.
    const SAME: [&[u8]; 3] = [
        b"(dp0\nVa\np1\n(lp2\nI3\naI300\naL70000L\nasVb\np3\nVn\xe9\np4\ns.",
        b"\x80\x02}q\x00(U\x01aq\x01]q\x02(K\x03M\x2c\x01J\x70\x11\x01\x00eX\x01\x00\x00\x00bX\x03\x00\x00\x00n\xc3\xa9u.",
        b"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x03M\x2c\x01\x8a\x03\x70\x11\x01e\x8c\x01b\x8c\x03n\xc3\xa9u.",
    ];

    #[test]
    fn the_same_data_reads_alike_in_every_protocol() {
        for bytes in SAME {
            let pickle = open(bytes).unwrap();
            assert_eq!(pickle.labels(pickle.get("a").unwrap(), PLACE).unwrap(), [3, 300, 70000]);
            assert!(pickle.get("c").is_none());
            assert!(pickle.texts(pickle.get("a").unwrap()).is_err(), "numbers are no names");
            assert!(pickle.labels(pickle.get("b").unwrap(), PLACE).is_err(), "text is no list");
        }
    }

    #[test]
    fn a_command_is_named_and_not_run() {
        let error = refusal(b"cposix\nsystem\n(Vtouch pwned\ntR.");
        assert!(error.contains("`posix.system`"), "{error}");
        let error = refusal(b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.");
        assert!(error.contains("`posix.system`"), "{error}");
        for name in ["builtins eval", "numpy.core.multiarray scalarx", "os numpy", "numpy load"] {
            let line = format!("c{}\n.", name.replace(' ', "\n"));
            assert!(refusal(line.as_bytes()).contains(&name.replace(' ', ".")));
        }
    }

    #[test]
    fn what_the_stack_does_not_hold_cannot_be_taken() {
        for bytes in
            [&b"."[..], b"0.", b"e.", b"(0.", b"s.", b"R.", b"b.", b"\x85.", b"h\x00.", b"]1.", b"}(u(0u."]
        {
            assert!(open(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_that_the_file_does_not_have_are_refused() {
        for bytes in [
            &b"\x80\x02}X\xff\xff\xff\xffa"[..],
            b"\x80\x02}T\xff\xff\xff\xffa",
            b"\x80\x04}\x8e\xff\xff\xff\xff\xff\xff\xff\xffa",
            b"\x80\x05}\x96\xff\xff\xff\xff\xff\xff\xff\x7fa",
            b"Vno end of line",
        ] {
            let error = refusal(bytes);
            assert!(error.contains("cut short"), "{error}");
        }
    }

    #[test]
    fn what_holds_itself_is_harmless() {
        let pickle = open(b"\x80\x02}q\x00(U\x01aq\x01h\x00U\x01bq\x02]q\x03h\x03au.").unwrap();
        let held = pickle.get("b").unwrap();
        assert!(
            pickle.labels(held, PLACE).is_err() && pickle.texts(held).is_err() && pickle.array(held).is_err()
        );
    }

    #[test]
    fn text_of_protocol_0_is_unescaped() {
        assert_eq!(unescaped(b"a\\u000ab\xe9\\n").unwrap(), "a\nb\u{e9}\\n");
        for broken in [&b"\\u12"[..], b"\\ud800", b"\\uzzzz"] {
            assert!(unescaped(broken).is_err());
        }
        assert_eq!(narrowed("\u{0}\u{ff}").unwrap(), [0, 255]);
        assert!(narrowed("\u{100}").is_err());
    }

    #[test]
    fn a_file_cut_short_anywhere_is_refused() {
        for whole in SAME {
            for length in 0..whole.len() {
                assert!(open(&whole[..length]).is_err(), "cut to {length} of {}", whole.len());
            }
        }
    }

    proptest! {
        #[test]
        fn arbitrary_programs_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = open(&bytes);
        }

        #[test]
        fn programs_of_real_operations_never_panic(
            parts in prop::collection::vec(prop::sample::select(OPERATIONS), 0..40),
        ) {
            let program = [&b"\x80\x02}"[..], &parts.concat(), b"."].concat();
            if let Ok(pickle) = open(&program) {
                for (_, value) in pickle.root.clone() {
                    let _ = (pickle.labels(value, PLACE), pickle.texts(value), pickle.array(value));
                }
            }
        }
    }

    const OPERATIONS: &[&[u8]] = &[
        b"(",
        b"0",
        b"1",
        b"2",
        b"]",
        b"}",
        b")",
        b"a",
        b"e",
        b"s",
        b"u",
        b"t",
        b"l",
        b"d",
        b"\x85",
        b"\x86",
        b"\x87",
        b"R",
        b"b",
        b"N",
        b"\x88",
        b"K\x01",
        b"K\x02",
        b"U\x02u1",
        b"X\x06\x00\x00\x00latin1",
        b"C\x01\x07",
        b"q\x00",
        b"q\x01",
        b"h\x00",
        b"h\x01",
        b"\x94",
        b"cnumpy\ndtype\n",
        b"cnumpy\nndarray\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cnumpy.core.multiarray\nscalar\n",
        b"cnumpy.core.numeric\n_frombuffer\n",
        b"c_codecs\nencode\n",
        b"c__builtin__\nbytearray\n",
        b"ccollections\nOrderedDict\n",
        b"\x93",
        b"U\x04data",
    ];
}
