//! The keys that there are, out of the types that read them: what `--help`, `config example` and
//! `docs/configuration.md` say.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// A key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its whole name: `section.key`, `section.plugin.key`.
    pub name: String,
    /// What it is.
    pub about: String,
    /// What it holds: text, a number, a list, …
    pub holds: String,
    /// What holds where nothing is given; none where nothing holds.
    pub default: Option<Value>,
    /// Whether it must be given.
    pub is_required: bool,
}

impl Key {
    /// The key that chooses a plugin.
    pub fn choice(kind: &str, default: Option<&str>, names: &[&str]) -> Key {
        Key {
            name: format!("{kind}.plugin"),
            about: format!("The {kind} plugin"),
            holds: format!("one of {}", names.join(", ")),
            default: default.map(Value::from),
            is_required: false,
        }
    }

    /// The key that chooses discoveries: several, in order. Each program has a default of its own.
    pub fn choice_of_several(kind: &str, names: &[&str]) -> Key {
        Key {
            name: format!("{kind}.plugin"),
            about: format!(
                "The {kind} plugins, the preferred one first: a name, a list, or names with commas \
                 between them. Each is asked where those before it fail. By default the proxy takes \
                 `{}`, and the scheduler needs none",
                super::proxy::DEFAULT_DISCOVERY
            ),
            holds: format!("some of {}", names.join(", ")),
            default: None,
            is_required: false,
        }
    }

    /// The section that it is in.
    pub fn section(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(section, _)| section)
    }
}

/// The form of a section, with everything in its place.
pub fn schema_of<T: JsonSchema>() -> Schema {
    let inline = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    inline.into_generator().into_root_schema_for::<T>()
}

/// The keys of a section and of all sections within it, in the order of the type.
pub fn flatten(schema: &Schema, prefix: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    walk(schema.as_value(), prefix, &mut keys);
    keys
}

fn walk(schema: &Value, prefix: &str, keys: &mut Vec<Key>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in properties {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if property["properties"].is_object() {
            walk(property, &name, keys);
            continue;
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        keys.push(Key {
            about: property["description"].as_str().unwrap_or_default().replace('\n', " "),
            holds: holds(property),
            default: property.get("default").filter(|value| !value.is_null()).cloned(),
            is_required: required.iter().any(|r| r == last),
            name,
        });
    }
}

/// What a value is, in a word or two.
fn holds(property: &Value) -> String {
    if let Some(choices) = choices(property) {
        return format!("one of {}", choices.join(", "));
    }
    match property["format"].as_str() {
        Some("length of time") => return "length of time".to_owned(),
        Some("secret") => return "secret".to_owned(),
        Some(_) | None => {}
    }
    let kind = match &property["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") => "text",
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("boolean") => "true or false",
        Some("array") => "list",
        Some("object") => "table",
        Some(other) => other,
        None => "anything",
    }
    .to_owned()
}

fn choices(property: &Value) -> Option<Vec<&str>> {
    let named = |value: &Value| value["enum"].as_array().cloned();
    if let Some(all) = property["oneOf"].as_array() {
        return all.iter().map(|one| one["const"].as_str()).collect();
    }
    named(property)?;
    property["enum"].as_array()?.iter().map(Value::as_str).collect()
}
