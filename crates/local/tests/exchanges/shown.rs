//! Events and answers as text, one field a line where they are long.

use std::collections::BTreeMap;

use crate::facts::{Message, Value, field_name};
use crate::names::Names;
use crate::wire::{Answer, Head};

const WIDTH_MAX: usize = 112;
/// What is longer, and comes again, is written once.
const BLOCK_LINES_MIN: usize = 4;

/// Writes a message's fields.
pub fn message(message: &Message, names: &Names, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, value) in ordered(message, names) {
        let name = field_name(message.name, number);
        let line = inline(message.name, &name, value, names);
        let pad = " ".repeat(indent);
        match value {
            Value::Message(inner) if indent + line.len() > WIDTH_MAX => {
                lines.push(format!("{pad}{name} {{"));
                lines.extend(self::message(inner, names, indent + 2));
                lines.push(format!("{pad}}}"));
            }
            _ => lines.push(format!("{pad}{line}")),
        }
    }
    lines
}

fn inline(owner: &str, name: &str, value: &Value, names: &Names) -> String {
    let Value::Message(inner) = value else {
        return format!("{name}: {}", names.shown(owner, name, value));
    };
    let field = |(number, value): (u64, &Value)| {
        inline(inner.name, &field_name(inner.name, number), value, names)
    };
    let fields: Vec<String> = ordered(inner, names).into_iter().map(field).collect();
    match fields.is_empty() {
        true => format!("{name} {{}}"),
        false => format!("{name} {{ {} }}", fields.join(", ")),
    }
}

/// In which order a master lists the executors of an offer is chance.
fn ordered<'a>(message: &'a Message, names: &Names) -> Vec<(u64, &'a Value)> {
    let mut fields: Vec<_> = message.fields.iter().map(|(n, value)| (*n, value)).collect();
    if message.name == "mesos.v1.Offer" {
        fields.sort_by_key(|(number, value)| {
            let name = field_name(message.name, *number);
            let text = || inline(message.name, &name, value, names);
            (*number, if name == "executor_ids" { text() } else { String::new() })
        });
    }
    fields
}

/// The beginning of an answer: what of it does not change by itself.
pub fn head(head: &Head, body_len: usize, names: &Names) -> String {
    let mut headers: Vec<String> = head
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("date"))
        .map(|(name, value)| match value.parse() == Ok(body_len) && body_len > 0 {
            // It counts the IDs in it.
            true => format!("{}: <length>", titled(name)),
            false => format!("{}: {}", titled(name), names.replace(value)),
        })
        .collect();
    headers.sort();
    if head.get("Date").is_none() {
        headers.push("no Date".to_owned());
    }
    [vec![head.status.clone()], headers].concat().join(", ")
}

/// `content-length` and `Content-Length` are the same.
fn titled(name: &str) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(1.min(part.len()));
        first.to_uppercase() + &rest.to_lowercase()
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

pub fn answer(answer: &Answer, names: &Names) -> Vec<String> {
    let mut lines = vec![head(&answer.head, answer.body.len(), names)];
    if answer.body.is_empty() {
        return lines;
    }
    let body = String::from_utf8_lossy(&answer.body);
    match serde_json::from_str(&body) {
        Ok(value) => json("", &value, names, &mut lines),
        Err(_) => lines.push(format!("  {:?}", names.replace(&body))),
    }
    lines
}

/// A line for each leaf, so that a part of an object can be compared.
fn json(path: &str, value: &serde_json::Value, names: &Names, lines: &mut Vec<String>) {
    use serde_json::Value as V;
    let leaf = |value: String| format!("  {path} = {value}");
    match value {
        V::Object(fields) if fields.is_empty() => lines.push(leaf("{}".to_owned())),
        V::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            for (name, value) in fields {
                json(&format!("{path}.{name}"), value, names, lines);
            }
        }
        V::Array(items) => {
            let items = items.iter().filter(|item| !is_strange(path, item, names));
            let before = lines.len();
            for (index, value) in items.enumerate() {
                json(&format!("{path}[{index}]"), value, names, lines);
            }
            if lines.len() == before {
                lines.push(leaf("[]".to_owned()));
            }
        }
        V::Number(number) if number.as_f64().is_some_and(|number| number > 1e9) => {
            lines.push(leaf("<time>".to_owned()));
        }
        other => lines.push(leaf(names.replace(&other.to_string()))),
    }
}

/// A master remembers the frameworks of other exchanges.
fn is_strange(path: &str, item: &serde_json::Value, names: &Names) -> bool {
    let id = item["id"].as_str().filter(|_| path.ends_with("frameworks"));
    id.is_some_and(|id| !names.replace(id).starts_with("<f"))
}

/// Blocks that were written already.
#[derive(Default)]
pub struct Blocks(BTreeMap<Vec<String>, usize>);

impl Blocks {
    /// A title and what it stands above; the second time a reference to the first.
    pub fn write(&mut self, title: &str, lines: Vec<String>) -> Vec<String> {
        if lines.len() < BLOCK_LINES_MIN {
            return [vec![title.to_owned()], lines].concat();
        }
        if let Some(number) = self.0.get(&lines) {
            return vec![format!("{title}, as in [{number}]")];
        }
        let number = self.0.len() + 1;
        self.0.insert(lines.clone(), number);
        [vec![format!("{title} [{number}]")], lines].concat()
    }
}
