//! `config show`: what holds, key by key, and where it came from.

use serde_json::Value;

use super::Configuration;

/// A key, what holds, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The key.
    pub key: String,
    /// What holds; secrets are hidden.
    pub value: Value,
    /// Where it came from: `default`, or a layer.
    pub origin: String,
}

impl Configuration {
    /// Every key, in the order of the sections.
    pub fn shown(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        let tree = serde_json::to_value(&self.tree).unwrap_or_default();
        self.collect("", &tree, &mut all);
        let discovery = self.discovery.as_ref().map(|d| (d.name, &d.shown));
        let chosen = [
            ("persist", Some((self.persist.name, &self.persist.shown))),
            ("discovery", discovery),
            ("health", Some((self.health.name, &self.health.shown))),
            ("placement", Some((self.placement.name, &self.placement.shown))),
        ];
        for (kind, plugin) in chosen {
            let Some((name, section)) = plugin else { continue };
            self.one(&format!("{kind}.plugin"), &Value::from(name), &mut all);
            self.collect(&format!("{kind}.{name}"), section, &mut all);
        }
        all
    }

    fn collect(&self, prefix: &str, value: &Value, all: &mut Vec<Shown>) {
        let Value::Object(fields) = value else { return self.one(prefix, value, all) };
        for (name, value) in fields {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            self.collect(&key, value, all);
        }
    }

    fn one(&self, key: &str, value: &Value, all: &mut Vec<Shown>) {
        let origin = self.layers.origin_of(key).unwrap_or_else(|| "default".to_owned());
        all.push(Shown { key: key.to_owned(), value: value.clone(), origin });
    }

    /// What holds, as TOML lines; with `with_origin`, where each came from.
    pub fn show(&self, with_origin: bool) -> String {
        let mut text = String::new();
        let mut section = String::new();
        for shown in self.shown() {
            let (of, name) = shown.key.rsplit_once('.').unwrap_or(("", &shown.key));
            if of != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                text.push_str(&format!("{gap}[{of}]\n"));
                section = of.to_owned();
            }
            let origin = if with_origin { format!("  # {}", shown.origin) } else { String::new() };
            match &shown.value {
                Value::Null => text.push_str(&format!("# {name} is not set\n")),
                value => text.push_str(&format!("{name} = {}{origin}\n", toml_value(value))),
            }
        }
        text
    }
}

/// A value as TOML writes it; JSON's text, numbers, switches and lists are the same there.
pub(crate) fn toml_value(value: &Value) -> String {
    match value {
        Value::Array(all) => {
            format!("[{}]", all.iter().map(toml_value).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
