//! The stack machine that a pickle is a program for.

use std::collections::HashMap;

use super::globals::{self, Global};
use super::source::{Source, Span, cut_short};
use super::{Object, Text, Value};
use crate::error::{Error, Result};

/// Most operations of one pickle: enough for half a million images, and few enough that whatever they
/// build fits memory.
const MAX_STEPS: u32 = 4_000_000;

impl Text {
    /// A string that stands for itself.
    pub(super) fn plain(span: Span) -> Self {
        Self { span, escaped: false, as_characters: false }
    }
}

/// The state of the machine.
pub(super) struct Machine {
    pub(super) source: Source,
    objects: Vec<Object>,
    stack: Vec<Value>,
    /// How long the stack was at each open mark.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

/// Runs the program in `source`; returns the objects it makes and the outermost value.
pub(super) fn run(source: Source) -> Result<(Source, Vec<Object>, Value)> {
    let mut machine =
        Machine { source, objects: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    for _ in 0..MAX_STEPS {
        let operation = machine.source.byte()?;
        if operation == b'.' {
            let root = machine.pop()?;
            return Ok((machine.source, machine.objects, root));
        }
        machine.step(operation)?;
    }
    Err(Error::unusable(format!("the pickle has more than {MAX_STEPS} operations")))
}

impl Machine {
    /// One operation. The letters are those of Python's `pickletools`.
    fn step(&mut self, operation: u8) -> Result<()> {
        match operation {
            // PROTO, FRAME: nothing to do; what follows says by itself how it is written.
            0x80 => self.source.bytes::<1>().map(drop),
            0x95 => self.source.bytes::<8>().map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop_or_unmark(),
            b'1' => self.since_mark().map(drop),
            b'2' => self.top().map(|value| self.stack.push(value)),
            b'a' => self.pop().and_then(|item| self.append(vec![item])),
            b'e' => self.since_mark().and_then(|items| self.append(items)),
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(&[key, value])
            }
            b'u' => self.since_mark().and_then(|pairs| self.set(&pairs)),
            b'p' => self.line_number().and_then(|place| self.remember(place)),
            b'q' => self.source.byte().and_then(|place| self.remember(place.into())),
            b'r' => self.source.bytes().and_then(|place| self.remember(u32::from_le_bytes(place))),
            // MEMOIZE: at most as many as steps, so it fits.
            0x94 => self.remember(self.memo.len() as u32),
            b'b' => {
                let state = self.pop()?;
                let target = self.top()?;
                globals::build(self, target, state)
            }
            _ => self.value(operation).map(|value| self.stack.push(value)),
        }
    }

    /// An operation that leaves a new value on the stack.
    fn value(&mut self, operation: u8) -> Result<Value> {
        match operation {
            b'N' => Ok(Value::None),
            0x88 => Ok(Value::Bool(true)),
            0x89 => Ok(Value::Bool(false)),
            b'K' => self.source.byte().map(|byte| Value::Integer(byte.into())),
            b'M' => self.source.bytes().map(|bytes| Value::Integer(u16::from_le_bytes(bytes).into())),
            b'J' => self.source.bytes().map(|bytes| Value::Integer(i32::from_le_bytes(bytes).into())),
            b'I' | b'L' => self.line_integer(),
            0x8a => self.long(),
            b'G' => self.source.bytes::<8>().map(|_| Value::Float),
            b'F' => self.source.line().map(|_| Value::Float),
            b'h' => self.source.byte().and_then(|place| self.recall(place.into())),
            b'j' => self.source.bytes().and_then(|place| self.recall(u32::from_le_bytes(place))),
            b'g' => self.line_number().and_then(|place| self.recall(place)),
            b']' | b')' => Ok(self.add(Object::Sequence(Vec::new()))),
            b'}' => Ok(self.add(Object::Dictionary(Vec::new()))),
            b'l' | b't' => self.since_mark().map(|items| self.add(Object::Sequence(items))),
            b'd' => {
                let pairs = self.since_mark()?;
                let dictionary = self.add(Object::Dictionary(Vec::new()));
                self.stack.push(dictionary);
                self.set(&pairs)?;
                self.pop()
            }
            0x85..=0x87 => self.tuple(usize::from(operation - 0x84)),
            b'c' => {
                let module = self.source.line()?;
                let name = self.source.line()?;
                self.global(module, name)
            }
            0x93 => {
                let name = self.pop_text()?;
                let module = self.pop_text()?;
                self.global(module, name)
            }
            b'R' => {
                let arguments = self.pop()?;
                let function = self.pop()?;
                let object = globals::call(self, function, arguments)?;
                Ok(self.add(object))
            }
            _ => self.string(operation),
        }
    }

    /// An operation that leaves a string: text or bytes, after a length of 1, 4 or 8 bytes.
    fn string(&mut self, operation: u8) -> Result<Value> {
        let length = match operation {
            b'V' => {
                let span = self.source.line()?;
                return Ok(self.add(Object::Text(Text { escaped: true, ..Text::plain(span) })));
            }
            b'U' | b'C' | 0x8c => self.source.byte()?.into(),
            b'T' | b'X' | b'B' => u32::from_le_bytes(self.source.bytes()?).into(),
            0x8d | 0x8e | 0x96 => u64::from_le_bytes(self.source.bytes()?),
            _ => return Err(self.unknown(operation)),
        };
        let span = self.source.string(length)?;
        Ok(self.add(Object::Text(Text::plain(span))))
    }

    fn unknown(&self, operation: u8) -> Error {
        let at = self.source.position().saturating_sub(1);
        if at == 0 {
            return Error::unusable("this is no pickle");
        }
        let shown = match operation {
            b'!'..=b'~' => format!("`{}`", char::from(operation)),
            _ => format!("{operation:#04x}"),
        };
        Error::unusable(format!(
            "the pickle has operation {shown} at byte {at}, which plain data does not need"
        ))
        .help("read it in Python and pickle dictionaries, lists, numbers, text and NumPy arrays only")
    }

    pub(super) fn object(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(index) => self.objects.get(index),
            _ => None,
        }
    }

    pub(super) fn object_mut(&mut self, value: Value) -> Option<&mut Object> {
        match value {
            Value::Object(index) => self.objects.get_mut(index),
            _ => None,
        }
    }

    /// Whether `value` is this very text.
    pub(super) fn is_text(&self, value: Value, text: &str) -> bool {
        matches!(self.object(value), Some(Object::Text(found)) if self.source.is(found.span, text))
    }

    fn add(&mut self, object: Object) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    /// The lowest part of the stack that is not behind a mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    fn top(&self) -> Result<Value> {
        self.stack[self.floor()..].last().copied().ok_or_else(|| cut_short("it takes what it has not put"))
    }

    fn pop_or_unmark(&mut self) -> Result<()> {
        if self.stack.len() == self.floor() && self.marks.pop().is_some() {
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn pop_text(&mut self) -> Result<Span> {
        let value = self.pop()?;
        match self.object(value) {
            Some(Object::Text(text)) => Ok(text.span),
            _ => Err(cut_short("a name is no text")),
        }
    }

    /// Takes all that was put since the last mark.
    fn since_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().ok_or_else(|| cut_short("there is no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, items: Vec<Value>) -> Result<()> {
        let list = self.top()?;
        match self.object_mut(list) {
            Some(Object::Sequence(list)) => {
                list.extend(items);
                Ok(())
            }
            _ => Err(cut_short("it appends to what is no list")),
        }
    }

    fn set(&mut self, items: &[Value]) -> Result<()> {
        let dictionary = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        match self.object_mut(dictionary) {
            Some(Object::Dictionary(dictionary)) if rest.is_empty() => {
                dictionary.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => Err(cut_short("it sets items of what is no dictionary")),
        }
    }

    fn tuple(&mut self, length: usize) -> Result<Value> {
        let start = self.stack.len().checked_sub(length).filter(|&start| start >= self.floor());
        let items = self.stack.split_off(start.ok_or_else(|| cut_short("a tuple lacks items"))?);
        Ok(self.add(Object::Sequence(items)))
    }

    fn global(&mut self, module: Span, name: Span) -> Result<Value> {
        let too_long = || Error::unusable("the pickle asks for something of a very long name");
        let module = self.source.held(module).ok_or_else(too_long)?;
        let name = self.source.held(name).ok_or_else(too_long)?;
        let found: Global = globals::find(module, name)?;
        Ok(self.add(Object::Global(found)))
    }

    fn remember(&mut self, place: u32) -> Result<()> {
        let value = self.top()?;
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&self, place: u32) -> Result<Value> {
        self.memo.get(&place).copied().ok_or_else(|| cut_short(format!("item {place} was never put")))
    }

    /// Digits up to the end of the line; `00` and `01` are how protocols 0 and 1 say false and true.
    fn line_integer(&mut self) -> Result<Value> {
        let line = self.source.line()?;
        match self.source.held(line) {
            Some(b"00") => Ok(Value::Bool(false)),
            Some(b"01") => Ok(Value::Bool(true)),
            digits => digits
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| digits.strip_suffix('L').unwrap_or(digits).parse().ok())
                .map(Value::Integer)
                .ok_or_else(|| Error::unusable("the pickle has a number that is none of 64 bits")),
        }
    }

    fn line_number(&mut self) -> Result<u32> {
        match self.line_integer()? {
            Value::Integer(number) => number.try_into().map_err(|_| cut_short("a place is no place")),
            Value::Bool(number) => Ok(number.into()),
            _ => Err(cut_short("a place is no place")),
        }
    }

    /// LONG1: little-endian, in as few bytes as do.
    fn long(&mut self) -> Result<Value> {
        let length = self.source.byte()?;
        if length > 8 {
            return Err(Error::unusable("the pickle has a number of more than 64 bits"));
        }
        let span = self.source.string(length.into())?;
        let bytes = self.source.held(span).unwrap_or_default();
        let unsigned = bytes.iter().rev().fold(0, |value: u64, &byte| value << 8 | u64::from(byte));
        let unused = 64 - 8 * u32::from(length);
        // The sign bit moves to the top and back; without a byte the number is 0.
        Ok(Value::Integer(if length == 0 { 0 } else { ((unsigned << unused) as i64) >> unused }))
    }
}
