//! Reading types out of the merged layers: every problem at once, each with where it came from.
//!
//! `serde` ends at the first error. Here each error is noted, the value that it is about is taken
//! out, and reading begins again, until nothing is wrong any more.

use figment::error::{Error, Kind};
use figment::value::{Dict, Tag, Value};
use serde::de::DeserializeOwned;

use super::layers::Layers;
use super::problem::{Problem, suggestion};

/// What is said of a key that is missing and has no default.
pub(crate) const MUST_BE_GIVEN: &str = "it must be given";

/// More problems than anybody reads.
const PROBLEMS_MAX: usize = 100;

/// Reads a type out of a table whose keys begin with the prefix; none where something is missing.
pub(crate) fn read<T: DeserializeOwned>(
    layers: &Layers,
    mut table: Dict,
    prefix: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let mut is_spoiled = false;
    for _ in 0..PROBLEMS_MAX {
        let error = match Value::from(table.clone()).deserialize::<T>() {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        if reinterpret(layers, &mut table, &error) {
            continue;
        }
        let is_missing = matches!(error.kind, Kind::MissingField(_));
        // A value that was wrong is not missing too.
        if !(is_missing && is_spoiled) {
            problems.push(problem(layers, &table, prefix, &error));
        }
        is_spoiled = true;
        if is_missing || !take(&mut table, &error.path) {
            return None;
        }
    }
    None
}

/// Variables, flags and `--set` give text: where a number, a switch or a list is wanted, the text
/// is read as TOML would read it. Says whether anything changed.
fn reinterpret(layers: &Layers, table: &mut Dict, error: &Error) -> bool {
    let Kind::InvalidType(..) = error.kind else { return false };
    let Some(value) = find(table, &error.path) else { return false };
    let Value::String(tag, text) = value else { return false };
    let (tag, text) = (*tag, text.clone());
    if !layers.is_text(tag) {
        return false;
    }
    let Ok(mut parsed) = toml::from_str::<Dict>(&format!("value = {text}")) else { return false };
    match parsed.remove("value") {
        None | Some(Value::String(..)) => false,
        Some(better) => {
            *value = retagged(better, tag);
            true
        }
    }
}

/// The same value, from there.
pub(crate) fn retagged(value: Value, tag: Tag) -> Value {
    match value {
        Value::String(_, v) => Value::String(tag, v),
        Value::Char(_, v) => Value::Char(tag, v),
        Value::Bool(_, v) => Value::Bool(tag, v),
        Value::Num(_, v) => Value::Num(tag, v),
        Value::Empty(_, v) => Value::Empty(tag, v),
        Value::Dict(_, v) => {
            Value::Dict(tag, v.into_iter().map(|(k, v)| (k, retagged(v, tag))).collect())
        }
        Value::Array(_, v) => Value::Array(tag, v.into_iter().map(|v| retagged(v, tag)).collect()),
    }
}

fn find<'a>(table: &'a mut Dict, path: &[String]) -> Option<&'a mut Value> {
    let (last, parents) = path.split_last()?;
    let mut dict = table;
    for name in parents {
        match dict.get_mut(name) {
            Some(Value::Dict(_, inner)) => dict = inner,
            Some(_) | None => return None,
        }
    }
    dict.get_mut(last)
}

/// Takes out the value at the path, or the nearest one above it.
fn take(table: &mut Dict, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    if let Some(Value::Dict(_, inner)) = table.get_mut(first)
        && take(inner, rest)
    {
        return true;
    }
    table.remove(first).is_some()
}

fn problem(layers: &Layers, table: &Dict, prefix: &str, error: &Error) -> Problem {
    let mut path: Vec<&str> = Some(prefix).filter(|p| !p.is_empty()).into_iter().collect();
    path.extend(error.path.iter().map(String::as_str));
    if let Kind::MissingField(name) = &error.kind {
        path.push(name);
    }
    let tag = find(&mut table.clone(), &error.path).map(|value| origin_tag(value));
    let origin = tag.and_then(|tag| layers.origin(tag));
    Problem { key: Some(path.join(".")), origin, text: words(&error.kind) }
}

/// The tag of a value, or of the first one in a section: sections themselves have none.
fn origin_tag(value: &Value) -> Tag {
    match value {
        Value::Dict(tag, inner) => inner.values().next().map_or(*tag, origin_tag),
        other => other.tag(),
    }
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::UnknownField(name, known) => match suggestion(name, known.iter().copied()) {
            Some(near) => format!("there is no such key; did you mean `{near}`?"),
            None => format!("there is no such key; known here: {}", known.join(", ")),
        },
        Kind::UnknownVariant(name, known) => {
            format!("`{name}` is none of {}", known.join(", "))
        }
        Kind::MissingField(_) => MUST_BE_GIVEN.to_owned(),
        Kind::InvalidType(found, wanted) => format!("{wanted} is wanted, not {found}"),
        Kind::InvalidValue(found, wanted) => format!("{wanted} is wanted, not {found}"),
        Kind::Message(text) => text.clone(),
        other => other.to_string(),
    }
}
