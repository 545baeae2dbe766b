//! Messages as they are on the wire, read by Mesos's own descriptors, so that a field which our
//! structs keep opaque or lack is seen too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What Mesos says of its messages: `extract.py` beside it tells where it comes from.
const FACTS: &str = include_str!("../../../mesos/tests/descriptors/mesos-v1.txt");

/// A field of a message.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Message(&'static str),
    Enum(&'static str),
    Scalar(&'static str),
}

#[derive(Default)]
struct Facts {
    fields: BTreeMap<(&'static str, u64), Field>,
    values: BTreeMap<(&'static str, u64), &'static str>,
}

static ALL: LazyLock<Facts> = LazyLock::new(|| {
    let mut facts = Facts::default();
    for line in FACTS.lines() {
        match *line.split(' ').collect::<Vec<_>>() {
            ["field", owner, name, number, _, ref kind @ ..] => {
                let kind = match *kind {
                    ["message", name] => Kind::Message(name),
                    ["enum", name] => Kind::Enum(name),
                    [name] => Kind::Scalar(name),
                    _ => panic!("{line}"),
                };
                facts.fields.insert((owner, number.parse().unwrap()), Field { name, kind });
            }
            ["value", owner, name, number] => {
                facts.values.insert((owner, number.parse().unwrap()), name);
            }
            _ => {}
        }
    }
    facts
});

/// A message, its fields in the order of their numbers.
#[derive(Clone, Debug)]
pub struct Message {
    /// Such as `mesos.v1.Offer`.
    pub name: &'static str,
    pub fields: Vec<(u64, Value)>,
}

#[derive(Clone, Debug)]
pub enum Value {
    Message(Message),
    Text(String),
    Bytes(Vec<u8>),
    Number(u64),
    Double(f64),
    /// Of a type without a name in `mesos.v1`, or a number that is none of its type's.
    Name(&'static str),
    Bool(bool),
}

/// Reads a message of that name.
pub fn read(name: &'static str, mut bytes: &[u8]) -> Message {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let raw = match key & 7 {
            0 => Raw::Varint(varint(&mut bytes)),
            1 => Raw::Fixed(take(&mut bytes, 8)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)).unwrap();
                Raw::Bytes(take(&mut bytes, length))
            }
            5 => Raw::Fixed(take(&mut bytes, 4)),
            other => panic!("wire type {other} in {name}"),
        };
        let field = ALL.fields.get(&(name, key >> 3));
        fields.push((key >> 3, value(field.map(|field| field.kind), raw)));
    }
    // The order on the wire says nothing.
    fields.sort_by_key(|(number, _)| *number);
    Message { name, fields }
}

/// The name of a field, or its number where `mesos.v1` has none.
pub fn field_name(message: &str, number: u64) -> String {
    let found = ALL.fields.iter().find(|((owner, n), _)| *owner == message && *n == number);
    found.map_or(number.to_string(), |(_, field)| field.name.to_owned())
}

enum Raw<'a> {
    Varint(u64),
    Fixed(&'a [u8]),
    Bytes(&'a [u8]),
}

fn value(kind: Option<Kind>, raw: Raw) -> Value {
    match (kind, raw) {
        (Some(Kind::Message(name)), Raw::Bytes(bytes)) => Value::Message(read(name, bytes)),
        (Some(Kind::Scalar("string")), Raw::Bytes(bytes)) => {
            Value::Text(String::from_utf8(bytes.to_vec()).unwrap())
        }
        (_, Raw::Bytes(bytes)) => Value::Bytes(bytes.to_vec()),
        (Some(Kind::Enum(name)), Raw::Varint(number)) => {
            ALL.values.get(&(name, number)).map_or(Value::Number(number), |name| Value::Name(name))
        }
        (Some(Kind::Scalar("bool")), Raw::Varint(number)) => Value::Bool(number != 0),
        (_, Raw::Varint(number)) => Value::Number(number),
        (_, Raw::Fixed(bytes)) => match <[u8; 8]>::try_from(bytes) {
            Ok(eight) => Value::Double(f64::from_le_bytes(eight)),
            Err(_) => Value::Double(f32::from_le_bytes(bytes.try_into().unwrap()).into()),
        },
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

impl Message {
    pub fn all(&self, field: &str) -> impl Iterator<Item = &Value> {
        let is_it = move |number| field_name(self.name, number) == field;
        self.fields.iter().filter(move |(number, _)| is_it(*number)).map(|(_, value)| value)
    }

    /// The message in a field, along a path.
    pub fn inside(&self, path: &[&str]) -> Option<&Message> {
        path.iter().try_fold(self, |message, field| match message.all(field).next()? {
            Value::Message(inner) => Some(inner),
            _ => None,
        })
    }

    /// The `value` of an ID, or another text, at the end of a path.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        let (last, path) = path.split_last()?;
        match self.inside(path)?.all(last).next()? {
            Value::Text(text) => Some(text),
            Value::Name(name) => Some(name),
            _ => None,
        }
    }

    pub fn bytes(&self, path: &[&str]) -> Option<&[u8]> {
        let (last, path) = path.split_last()?;
        match self.inside(path)?.all(last).next()? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}
