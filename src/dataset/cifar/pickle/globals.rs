//! What a pickle may ask to be called, and what becomes of it. Nothing is called: each of these few
//! names stands for a kind of data, and the arguments say which.

use super::machine::Machine;
use super::source::Span;
use super::{Object, Parts, Text, Value};
use crate::dataset::wording::shortened;
use crate::error::{Error, Result};

/// The names that stand for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `numpy.ndarray`, which is only ever an argument.
    ArrayType,
    /// Makes an empty array; its state follows.
    Reconstruct,
    /// Makes an array of bytes, a type, a shape and an order (protocol 5).
    FromBuffer,
    /// `numpy.dtype`.
    ElementType,
    /// Makes a single number of NumPy's.
    Scalar,
    /// Turns text into bytes: how Python 3 writes bytes in protocols below 3.
    Encode,
    /// `bytes` or `bytearray`.
    Bytes,
    OrderedDictionary,
}

/// Module, name and what they stand for; NumPy 2 moved `core` to `_core`.
const KNOWN: &[(&str, &str, Global)] = &[
    ("numpy", "ndarray", Global::ArrayType),
    ("numpy", "dtype", Global::ElementType),
    ("numpy.core.multiarray", "_reconstruct", Global::Reconstruct),
    ("numpy._core.multiarray", "_reconstruct", Global::Reconstruct),
    ("numpy.core.multiarray", "scalar", Global::Scalar),
    ("numpy._core.multiarray", "scalar", Global::Scalar),
    ("numpy.core.numeric", "_frombuffer", Global::FromBuffer),
    ("numpy._core.numeric", "_frombuffer", Global::FromBuffer),
    ("_codecs", "encode", Global::Encode),
    ("__builtin__", "bytes", Global::Bytes),
    ("builtins", "bytes", Global::Bytes),
    ("__builtin__", "bytearray", Global::Bytes),
    ("builtins", "bytearray", Global::Bytes),
    ("collections", "OrderedDict", Global::OrderedDictionary),
];

/// Most items of the state of an array or of a type.
const LONGEST_STATE: usize = 9;

/// What `name` of `module` stands for.
pub(super) fn find(module: &[u8], name: &[u8]) -> Result<Global> {
    let is = |known: &&(&str, &str, Global)| known.0.as_bytes() == module && known.1.as_bytes() == name;
    KNOWN.iter().find(is).map(|known| known.2).ok_or_else(|| {
        let text = |bytes: &[u8]| shortened(&String::from_utf8_lossy(bytes));
        Error::unusable(format!("the pickle asks for `{}.{}`, which is not data", text(module), text(name)))
            .help("pickles may hold dictionaries, lists, numbers, text and NumPy arrays; nothing in them is run")
    })
}

/// What a call of `function` with `arguments` stands for.
pub(super) fn call(machine: &Machine, function: Value, arguments: Value) -> Result<Object> {
    let (Some(&Object::Global(global)), Some(Object::Sequence(arguments))) =
        (machine.object(function), machine.object(arguments))
    else {
        return Err(Error::unusable("the pickle calls what is no function"));
    };
    match (global, arguments.as_slice()) {
        (Global::Reconstruct, _) => Ok(Object::Array(None)),
        (Global::ElementType, &[code, ..]) => Ok(Object::Element { code, order: Value::None }),
        (Global::Scalar, &[element, data]) => {
            Ok(Object::Array(Some(Parts { element, shape: None, first_moves_fastest: false, data })))
        }
        (Global::FromBuffer, &[data, element, shape, order]) => {
            let first_moves_fastest = machine.is_text(order, "F");
            Ok(Object::Array(Some(Parts { element, shape: Some(shape), first_moves_fastest, data })))
        }
        (Global::Encode | Global::Bytes, &[text, coding]) => encoded(machine, text, coding),
        (Global::Bytes, &[text]) => bytes(machine, text),
        (Global::Bytes, []) => Ok(Object::Text(Text::plain(Span::Held { start: 0, length: 0 }))),
        (Global::OrderedDictionary, []) => Ok(Object::Dictionary(Vec::new())),
        _ => Err(Error::unusable(format!("the pickle makes a {global:?} of what does not make one"))),
    }
}

/// Bytes from text of characters 0 to 255.
fn encoded(machine: &Machine, text: Value, coding: Value) -> Result<Object> {
    let latin_1 = ["latin1", "latin-1", "latin_1"].iter().any(|name| machine.is_text(coding, name));
    match machine.object(text) {
        Some(Object::Text(text)) if latin_1 && !text.as_characters => {
            Ok(Object::Text(Text { as_characters: true, ..*text }))
        }
        _ => Err(Error::unusable("the pickle encodes text in a way that is not known")),
    }
}

fn bytes(machine: &Machine, text: Value) -> Result<Object> {
    match machine.object(text) {
        Some(Object::Text(text)) => Ok(Object::Text(*text)),
        _ => Err(Error::unusable("the pickle makes bytes of what is neither text nor bytes")),
    }
}

/// Gives `target`, which was made without one, its `state`.
pub(super) fn build(machine: &mut Machine, target: Value, state: Value) -> Result<()> {
    let state = match machine.object(state) {
        Some(Object::Sequence(items)) if items.len() <= LONGEST_STATE => items.clone(),
        _ => Vec::new(),
    };
    match (machine.object_mut(target), state.as_slice()) {
        (Some(Object::Array(parts @ None)), &[_, shape, element, order, data]) => {
            let first_moves_fastest = matches!(order, Value::Bool(true) | Value::Integer(1));
            *parts = Some(Parts { element, shape: Some(shape), first_moves_fastest, data });
            Ok(())
        }
        // Version, byte order, then what only types of several fields have.
        (Some(Object::Element { order, .. }), &[_, given, Value::None, Value::None, Value::None, ..]) => {
            *order = given;
            Ok(())
        }
        (Some(Object::Element { .. }), _) => {
            Err(Error::unusable("an array in the pickle holds records of several fields"))
        }
        _ => Err(Error::unusable("the pickle gives a state to what has none")),
    }
}
