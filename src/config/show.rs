//! `config show`: what holds, key by key, and where it came from.

use serde_json::Value;

use super::Configuration;
use super::layers::Layers;
use super::proxy::ProxyConfiguration;
use super::tree::Tree;
use crate::plugins::Prepared;
use crate::program::{PROXY, Program, SCHEDULER};

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
        let mut page = Page::of(&SCHEDULER, &self.layers, &self.tree);
        page.plugin("persist", &self.persist);
        page.plugins("discovery", &self.discovery);
        page.plugin("health", &self.health);
        page.plugin("placement", &self.placement);
        page.all
    }

    /// What holds, as TOML lines; with `with_origin`, where each came from.
    pub fn show(&self, with_origin: bool) -> String {
        text(&self.shown(), with_origin)
    }
}

impl ProxyConfiguration {
    /// Every key that means something to the proxy, in the order of the sections.
    pub fn shown(&self) -> Vec<Shown> {
        let mut page = Page::of(&PROXY, &self.layers, &self.tree);
        page.plugins("discovery", &self.discovery);
        page.all
    }

    /// What holds, as TOML lines; with `with_origin`, where each came from.
    pub fn show(&self, with_origin: bool) -> String {
        text(&self.shown(), with_origin)
    }
}

/// What is shown, as it grows.
struct Page<'a> {
    layers: &'a Layers,
    all: Vec<Shown>,
}

impl<'a> Page<'a> {
    /// With all keys of the tree that mean something to the program.
    fn of(program: &Program, layers: &'a Layers, tree: &Tree) -> Page<'a> {
        let mut page = Page { layers, all: Vec::new() };
        page.collect("", &serde_json::to_value(tree).unwrap_or_default());
        page.all.retain(|shown| (program.reads)(&shown.key));
        page
    }

    fn plugin<T>(&mut self, kind: &str, plugin: &Prepared<T>) {
        self.one(&format!("{kind}.plugin"), &Value::from(plugin.name));
        self.collect(&format!("{kind}.{}", plugin.name), &plugin.shown);
    }

    /// One is shown by its name, several as a list.
    fn plugins<T>(&mut self, kind: &str, plugins: &[Prepared<T>]) {
        match plugins {
            [] => {}
            [one] => self.plugin(kind, one),
            several => {
                let names: Vec<&str> = several.iter().map(|plugin| plugin.name).collect();
                self.one(&format!("{kind}.plugin"), &Value::from(names));
                for plugin in several {
                    self.collect(&format!("{kind}.{}", plugin.name), &plugin.shown);
                }
            }
        }
    }

    fn collect(&mut self, prefix: &str, value: &Value) {
        let Value::Object(fields) = value else { return self.one(prefix, value) };
        for (name, value) in fields {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            self.collect(&key, value);
        }
    }

    fn one(&mut self, key: &str, value: &Value) {
        let origin = self.layers.origin_of(key).unwrap_or_else(|| "default".to_owned());
        self.all.push(Shown { key: key.to_owned(), value: value.clone(), origin });
    }
}

fn text(all: &[Shown], with_origin: bool) -> String {
    let mut text = String::new();
    let mut section = String::new();
    for shown in all {
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

/// A value as TOML writes it; JSON's text, numbers, switches and lists are the same there.
pub(crate) fn toml_value(value: &Value) -> String {
    match value {
        Value::Array(all) => {
            format!("[{}]", all.iter().map(toml_value).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
